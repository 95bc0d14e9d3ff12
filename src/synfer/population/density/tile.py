"""Tiles: W lanes side by side in arrays [cell][lane], aligned at V_top.

A tile is as tall as its tallest lane; the low cells of the others stay empty. Lanes are grouped by whether their
refractory time is shorter than a step (they need an implicit reset) and then by cell count, and a lane's numbers
never depend on that grouping.
"""

from typing import Any, NamedTuple

import numpy as np

from .mesh import Lanes, counts, psi_at_faces, reset_split

# Lanes per tile: two AVX-512 registers, enough to hide the latency of the division.
WIDTH = {np.dtype(np.float64): 16, np.dtype(np.float32): 32}
# With this many lanes or fewer left over, single-lane tiles cost less than one padded tile.
SINGLES = 2


class Tile(NamedTuple):
    """What stays constant in a run: meshes and neurons of W lanes."""

    psi: np.ndarray  # (n, W), mV at the upper face of every cell
    bottom: np.ndarray  # (1, W), first cell of every lane
    ragged: int  # largest entry of bottom
    tau_m: np.ndarray  # (W,) ms
    V_top: np.ndarray  # (W,) mV
    h: np.ndarray  # (W,) mV
    reset_row: np.ndarray  # (W,) lower of the two cells around V_reset
    reset_upper: np.ndarray  # (W,) share of the upper one
    delay: np.ndarray  # (W,) k of t_ref = (k + theta) dt
    theta: np.ndarray  # (W,)
    instant: bool  # every lane has k = 0; otherwise none has


class Work(NamedTuple):
    """What changes: densities, factors, flux history, and scratch."""

    density: np.ndarray  # (2, n, W), 1/mV: the density and the next one under construction
    current: np.ndarray  # (1,) which of the two is the density
    b: np.ndarray  # (n, W) b_i / X_i
    a: np.ndarray  # (n, W) a_i / X_i, kept for reuse
    w: np.ndarray  # (n, W) 1 / X_i, kept for reuse
    unit: np.ndarray  # (n, W) response to a unit of reset flux; no rows unless instant
    coefficients: np.ndarray  # (4, W)
    previous: np.ndarray  # (4, W) coefficients of the last factorisation
    factored: np.ndarray  # (1,) whether a, b, w hold the factors of `previous`
    saved: np.ndarray  # (2, W) density at V_reset before the source was added
    outflow: np.ndarray  # (1, W)
    summary: np.ndarray  # (3, W) least and largest density of the last stage, and its sum
    flux: np.ndarray  # (depth, 2, W) 1/ms, through V_top, ring of steps, by stage
    source: np.ndarray  # (2, W) 1/ms, into V_reset, by stage
    burst: np.ndarray  # (W,) 1/ms, mass kicked over V_top in this step
    spare: np.ndarray  # (n, W) density of a step that is redone
    trial: np.ndarray  # (3, W) 1/ms, flux of a substep, its mean, and the mean source
    drive: np.ndarray  # (4, W) drive of a substep
    tried: np.ndarray  # (3, W) summary of a redone step
    chosen: np.ndarray  # (W,) lanes whose step is redone
    mass: np.ndarray  # (W,) non-refractory probability, by account of the fluxes
    rate: np.ndarray  # (W,) 1/ms, at the latest node
    spikes: np.ndarray  # (W,) per neuron since the last record
    fallbacks: np.ndarray  # (W,) steps redone by backward Euler


def aligned(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Zeros that start on a cache line, so that no row of a tile straddles one more line than it must."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, np.uint8)
    offset = -raw.ctypes.data % 64
    return raw[offset : offset + size].view(dtype).reshape(shape)


def delays(t_ref: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """(k, theta) with t_ref = (k + theta) dt, theta in [0, 1); theta within 1e-9 of an integer is that integer."""
    ratio = np.asarray(t_ref, float) / dt
    nearest = np.round(ratio)
    ratio = np.where(np.abs(ratio - nearest) < 1e-9 * np.maximum(1.0, nearest), nearest, ratio)
    k = np.floor(ratio)
    return k.astype(np.int64), ratio - k


def group(n: np.ndarray, instant: np.ndarray, width: int) -> list[np.ndarray]:
    """Lanes of every tile: full tiles of `width` lanes of like height, few left-over lanes as tiles of one."""
    tiles = []
    for kind in (False, True):
        chosen = np.flatnonzero(instant == kind)
        chosen = chosen[np.argsort(n[chosen], kind="stable")]
        rest = len(chosen) % width
        if rest <= SINGLES:
            tiles += [chosen[i : i + 1] for i in range(rest)]
            chosen = chosen[rest:]
        tiles += [chosen[i : i + width] for i in range(0, len(chosen), width)]
    return tiles


def tile_width(members: np.ndarray, dtype: Any) -> int:
    """Lanes of the tile that holds these members: 1, or the full width with the last member repeated."""
    return 1 if len(members) == 1 else WIDTH[np.dtype(dtype)]


def build(
    lanes: Lanes, members: np.ndarray, dt: float, dtype: Any, width: int | None = None, tall: int = 0
) -> tuple[Tile, Work]:
    """The tile of these lanes, with zero density and empty history and at least `tall` cells."""
    width = tile_width(members, dtype) if width is None else width
    lane = np.append(members, np.repeat(members[-1:], width - len(members)))
    chosen = Lanes._make([*(np.asarray(x, float)[lane] for x in lanes[:6]), lanes.psi, None])
    n = counts(chosen)
    tall = max(int(n.max()), tall)
    bottom = tall - n
    psi = aligned((tall, width), dtype)
    for column, (index, size) in enumerate(zip(lane, n, strict=True)):
        psi[tall - size :, column] = psi_at_faces(lanes, int(index), int(size))
    lower, upper = reset_split(chosen, n)
    delay, theta = delays(chosen.t_ref, dt)
    bottom_row = aligned((1, width), dtype)
    bottom_row[0] = bottom
    instant = bool(np.all(delay == 0))
    geometry = Tile(
        psi, bottom_row, int(bottom.max()), chosen.tau_m, chosen.V_top, chosen.h,
        lower + bottom, upper, delay, theta, instant,
    )  # fmt: skip
    return geometry, workspace(tall, width, int(delay.max()) + 2, instant, dtype)


def workspace(n: int, width: int, depth: int, instant: bool, dtype: Any) -> Work:
    """Zeroed state and scratch for a tile of n cells with `depth` steps of flux history."""

    def cells(rows: int, kind: Any = dtype) -> np.ndarray:
        return aligned((rows, width), kind)

    return Work(
        density=aligned((2, n, width), dtype),
        current=np.zeros(1, np.int64),
        b=cells(n),
        a=cells(n),
        w=cells(n),
        unit=cells(n if instant else 0),
        coefficients=cells(4),
        previous=cells(4),
        factored=np.zeros(1, np.int64),
        saved=cells(2),
        outflow=cells(1),
        summary=cells(3, np.float64),
        flux=np.zeros((depth, 2, width)),
        source=np.zeros((2, width)),
        burst=np.zeros(width),
        spare=cells(n),
        trial=np.zeros((3, width)),
        drive=np.zeros((4, width)),
        tried=cells(3, np.float64),
        chosen=np.zeros(width, np.int64),
        mass=np.zeros(width),
        rate=np.zeros(width),
        spikes=np.zeros(width),
        fallbacks=np.zeros(width, np.int64),
    )
