"""Sheets: densities over (V, w), each a row of tiles whose lanes are the columns of w.

A lane holds the density in V of one column [1/mV], so that columns add up to the density of the population. Tiles of a
sheet share its neuron and its scratch space; sheets of a stack need not be equally wide.
"""

from typing import Any, NamedTuple

import numpy as np

from .mesh import Lanes, Slow, counts
from .slow_grid import column_faces, goals, jump_split
from .stack import stack
from .tile import WIDTH, Tile, Work, aligned

# Columns that a path of the slow variable may cross in one go.
LONGEST_SLIDE = 0.9


class Sheets(NamedTuple):
    """S densities over (V, w) in T tiles of W columns, n cells tall."""

    tiles: Any  # a Tile whose fields are (S, ...), alike in all lanes
    works: Any  # a Work likewise: scratch, and the step's fluxes of one tile at a time
    first: np.ndarray  # (S + 1,) first tile of every sheet
    columns: np.ndarray  # (S,)
    density: np.ndarray  # (2, T n, W) 1/mV
    current: np.ndarray  # (S,) which of the two is the density
    ring: np.ndarray  # (T, depth, 2, W) 1/ms, through V_top, ring of steps, by stage
    w: np.ndarray  # (T, W) mV, centre of every column
    level: np.ndarray  # (S, n), see slow_advect
    faces: np.ndarray  # (T, W)
    gate: np.ndarray  # (T, W)
    slides: np.ndarray  # (S,) slides in half a step
    jump: np.ndarray  # (S,) whole columns that a spike climbs
    part: np.ndarray  # (S,) share of the next one
    source: np.ndarray  # (2, T, W) 1/ms, into V_reset, by stage
    known: np.ndarray  # (T, W) scratch of one stage
    response: np.ndarray  # (T, W) flux caused by a unit of source in the same stage
    burst: np.ndarray  # (T, W) 1/ms, mass kicked over V_top in this step
    b: np.ndarray  # (T n, W) factors of every tile; no rows unless a sheet has t_ref < dt
    unit: np.ndarray  # (T n, W) response to a unit of source; likewise
    spare: np.ndarray  # (T n, W) density of a step that is redone; likewise
    flux: np.ndarray  # (T, W) 1/ms, of a stage; likewise
    total: np.ndarray  # (T, W) 1/ms, mean over substeps; likewise
    mean_source: np.ndarray  # (T, W) 1/ms; likewise
    late: np.ndarray  # (1, 4, 1) drive of a stage
    drive: np.ndarray  # (2, 4, W) drive of one tile
    rate: np.ndarray  # (S,) 1/ms, at the latest node
    mean: np.ndarray  # (S,) 1/ms, mean of the latest step
    spikes: np.ndarray  # (S,) per neuron since the last record
    peak: np.ndarray  # (S,) largest density of the last step
    fallbacks: np.ndarray  # (S,) steps redone by backward Euler
    edge: np.ndarray  # (S,) largest probability seen in an outermost column


class CoupledSheets(Sheets):
    """Sheets some of whose spikes come back within the step they happen in (t_ref < dt)."""


SHEETS = (Sheets, CoupledSheets)


def tiles_of(slow: Slow) -> np.ndarray:
    """Tiles that each lane's columns take."""
    width = WIDTH[np.dtype(np.float64)]
    return -(-np.asarray(slow.columns) // width)


def sheets(lanes: Lanes, members: np.ndarray, dt: float) -> Sheets:
    """The sheets of these lanes, with zero density and empty history."""
    slow, n, width = _slow(lanes), counts(lanes)[members], WIDTH[np.dtype(np.float64)]
    base = stack(lanes, [np.array([member]) for member in members], dt, np.float64)
    fields: list[Any] = [np.ascontiguousarray(field) for field in base.tiles]
    tiles, works = Tile(*fields), Work(*base.works)
    tall, size = int(n.max()), len(members)
    first = np.concatenate([[0], np.cumsum(tiles_of(slow)[members])]).astype(np.int64)
    total = int(first[-1])
    instant = bool(np.any(tiles.instant))

    def rows(count: int) -> np.ndarray:
        return aligned((count, width), np.float64)

    w, faces, gate, level = rows(total), rows(total), rows(total), np.zeros((size, tall))
    slides, jump, part = np.ones(size, np.int64), np.zeros(size, np.int64), np.zeros(size)
    for s, lane in enumerate(members):
        own = slice(int(first[s]), int(first[s + 1]))
        dw, count = float(slow.dw[lane]), int(slow.columns[lane])
        j = np.arange((own.stop - own.start) * width).reshape(-1, width)
        lower = column_faces(slow, int(lane), j.size)[:-1].reshape(j.shape)
        w[own] = lower + 0.5 * dw
        gate[own] = (j > 0) & (j < count)
        target = goals(lanes, slow, int(lane), int(n[s]))
        if count > 1:
            longest = np.abs(np.add.outer(target, -lower[gate[own] > 0])).max() / dw
            slides[s] = _slides(float(longest), dt / float(slow.tau[lane]))
        growth = np.expm1(0.5 * dt / slides[s] / slow.tau[lane]) / dw
        level[s, tall - int(n[s]) :], faces[own] = growth * target, growth * lower
        jump[s], part[s] = jump_split(slow, int(lane))
    return (CoupledSheets if instant else Sheets)(
        tiles=tiles, works=works, first=first, columns=np.asarray(slow.columns)[members].astype(np.int64),
        density=aligned((2, total * tall, width), np.float64), current=np.zeros(size, np.int64),
        ring=np.zeros((total, works.flux.shape[1], 2, width)), w=w, level=level, faces=faces, gate=gate, slides=slides,
        jump=jump, part=part, source=np.zeros((2, total, width)), known=np.zeros((total, width)),
        response=np.zeros((total, width)), burst=np.zeros((total, width)),
        b=rows(total * tall * instant), unit=rows(total * tall * instant), spare=rows(total * tall * instant),
        flux=np.zeros((total * instant, width)), total=np.zeros((total * instant, width)),
        mean_source=np.zeros((total * instant, width)), late=np.zeros((1, 4, 1)),
        drive=np.zeros((2, 4, width)), rate=np.zeros(size), mean=np.zeros(size), spikes=np.zeros(size),
        peak=np.zeros(size), fallbacks=np.zeros(size, np.int64), edge=np.zeros(size),
    )  # fmt: skip


def _slow(lanes: Lanes) -> Slow:
    assert lanes.slow is not None
    return lanes.slow


def _slides(longest: float, decay: float) -> int:
    """Slides in half a step so that none is longer than LONGEST_SLIDE columns; `longest` in columns per tau."""
    count = 1
    while longest * np.expm1(0.5 * decay / count) > LONGEST_SLIDE:
        count += 1
    return count
