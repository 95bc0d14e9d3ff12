"""Time evolution of many densities: tiles of lanes, chunks of steps."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...core.errors import NumericalError, ParameterError
from ...core.jit import kernel
from .mesh import Lanes, counts
from .records import FIELDS, record_tile
from .run import Records, Table, TileRun, copy_density
from .state import State
from .step import stage_fractions, step_tile
from .tile import WIDTH, build, delays, group

# Steps whose drive is held in memory at once, at most, and its size in numbers.
CHUNK_STEPS = 512
CHUNK_NUMBERS = 2**23
# Steps in the longest refractory queue.
LONGEST_QUEUE = 10**6

# (mu, sigma, g, gE) and the kicks, see `evolve`.
Inputs = Callable[[int, int], Sequence[Any]]


@kernel(no_cfunc_wrapper=True)
def advance_tile(tile, work, drive, kicks, dt, stages, first, every, scratch, out, snapshots, lanes):
    """Run drive.shape[0] steps from step `first`, recording every `every` steps, and node 0, into out[record].

    drive: (steps, stages, 4, W); kicks: (steps, W); snapshots: (records, n, W) or (0, n, W).
    """
    record = 0
    for i in range(-1, drive.shape[0]):
        if i >= 0:
            step_tile(tile, work, drive[i], kicks[i], dt, stages, first + i, lanes)
        elif first > 0:
            continue
        node = first + i + 1
        if node % every == 0:
            record_tile(tile, work, node, dt, scratch, out[record], lanes)
            if snapshots.shape[0] > 0:
                copy_density(work.density[work.current[0]], snapshots[record])
            record += 1


class _Chunk(NamedTuple):
    """The drive of consecutive steps: four signals (steps, stages, L), kicks (steps, L), all possibly broadcast."""

    first: int
    steps: int
    drive: list[np.ndarray]
    kicks: np.ndarray


def _advance(
    run: TileRun, chunk: "_Chunk", dt: float, stages: int, every: int, record_p: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Records (nodes, FIELDS, W) and snapshots (nodes or 0, n, W) of the chunk."""
    records = (chunk.first + chunk.steps) // every - chunk.first // every + (chunk.first == 0)
    out = np.zeros((records, FIELDS, run.width))
    n = run.tile.psi.shape[0]
    snapshots = np.zeros((records if record_p else 0, n, run.width), run.tile.psi.dtype)
    drive = np.empty((chunk.steps, stages, 4, run.width))
    # A slice copies faster than an index, and most full tiles hold consecutive lanes.
    first, last = int(run.members[0]), int(run.members[-1])
    consecutive = len(run.members) == run.width and bool(np.all(np.diff(run.members) == 1))
    columns = slice(first, last + 1) if consecutive else run.source
    for row, values in enumerate(chunk.drive):
        drive[:, :, row] = values[:, :, columns]
    kicks = np.ascontiguousarray(chunk.kicks[:, columns])
    scratch = np.zeros((8, run.width))
    advance_tile(run.tile, run.work, drive, kicks, dt, stages, chunk.first, every, scratch, out, snapshots, run.lanes)
    run.mark_failures(out)
    return out, snapshots


def _fetch(inputs: Inputs, first: int, steps: int, stages: int, size: int) -> _Chunk:
    values = list(inputs(first, steps)) if steps > 0 else [0.0] * 4
    drive = [np.broadcast_to(np.asarray(value, float), (steps, stages, size)) for value in values[:4]]
    kicks = 0.0 if len(values) < 5 or values[4] is None else values[4]
    return _Chunk(first, steps, drive, np.broadcast_to(np.asarray(kicks, float), (steps, size)))


def check(lanes: Lanes, initial: State, n: np.ndarray, dt: float, steps: int, every: int, dtype: Any) -> int:
    """Lanes per tile, when the arguments of `evolve` are in order."""
    width = WIDTH.get(np.dtype(dtype))
    if width is None:
        raise ParameterError(f"dtype = {np.dtype(dtype)} must be float64 or float32")
    if not np.all((lanes.t_ref >= 0) & np.isfinite(lanes.t_ref)):
        raise ParameterError(f"t_ref = {np.min(lanes.t_ref)} ms must be finite and >= 0 ms")
    if not (np.isfinite(dt) and dt > 0):
        raise ParameterError(f"dt = {dt} ms must be finite and > 0 ms")
    if steps < 0 or every < 1:
        raise ParameterError(f"steps = {steps} must be >= 0 and every = {every} must be >= 1")
    if lanes.slow is not None and np.dtype(dtype) != np.float64:
        raise ParameterError(f"dtype = {np.dtype(dtype)} must be float64 for densities with a slow variable")
    if initial.p.ndim != (2 if lanes.slow is None else 3):
        raise ParameterError(f"initial.p has shape {initial.p.shape}; use stationary(lanes, ...) of the same lanes")
    if initial.p.shape[0] != len(n) or initial.p.shape[1] < n.max():
        raise ParameterError(
            f"initial.p has shape {initial.p.shape}, the lanes need ({len(n)}, {n.max()}); "
            "use the same lanes, or stationary(lanes, ...)"
        )
    if initial.dt is not None and initial.dt != dt:
        raise ParameterError(f"initial was recorded with dt = {initial.dt} ms, got dt = {dt} ms; use the same dt")
    needed = int(delays(lanes.t_ref, dt)[0].max()) + 1
    if needed > LONGEST_QUEUE:
        raise ParameterError(f"dt = {dt} ms divides t_ref into {needed} steps; at most {LONGEST_QUEUE} are allowed")
    if initial.dt is not None and initial.queue.shape[1] < needed:
        raise ParameterError(f"initial.queue holds {initial.queue.shape[1]} steps, t_ref needs {needed}")
    columns = [()] * len(n) if lanes.slow is None else [(slice(int(count)),) for count in lanes.slow.columns]
    if not all(np.isfinite(initial.p[(i, slice(-n[i], None), *columns[i])]).all() for i in range(len(n))):
        raise NumericalError("initial.p is not finite; drop the lanes whose status is not 0")
    return width


def evolve(
    lanes: Lanes,
    inputs: Inputs,
    *,
    steps: int,
    dt: float,
    initial: State,
    scheme: str = "sdirk2",
    dtype: Any = np.float64,
    every: int = 1,
    record_p: bool = False,
    record_w: bool = False,
    record_joint: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Records:
    """Evolve L densities dp/dt = -dJ/dV + r(t - t_ref) delta(V - V_reset) side by side.

    Lanes with a slow variable are densities over (V, w), see `slow_step`.

    Args:
        lanes: neurons and meshes of L lanes.
        inputs: inputs(first_step, n_steps) -> (mu, sigma, g, gE) or (mu, sigma, g, gE, kicks). The first four
            broadcast to (n_steps, stages, L): values at (step + stage_fractions(scheme)) dt, in mV, mV, leaks, mV.
            kicks broadcasts to (n_steps, L): voltage shift at the start of the step [mV], or None.
        steps, dt: number and length [ms] of the steps.
        initial: state at the first node, from `stationary` or from an earlier run with the same lanes and dt.
        scheme: "sdirk2", or "backward-euler", whose density is never negative.
        dtype: float64 or float32, of density and solve; probability is summed in float64 anyway.
        every: steps between records. record_p: also record the density in V; record_w, record_joint: of 2-D lanes
            that in w, and in both.
        progress: called with the number of steps done.

    Returns:
        Records. A lane's numbers do not depend on the other lanes, to the last bit, and a run continued from
        Records.state equals the unbroken one.

    Raises:
        MeshError: a mesh that is too large or does not hold V_reset.
        ParameterError: dt, steps, every or initial out of bounds or not of these lanes.
        NumericalError: initial is not finite.

    Accuracy: second order in h and, with SDIRK2, in dt; probability to rounding (1e-12 in 1e4 steps). LIF-2 under a
    volley (h = dt = .05): spikes per neuron within .012 %, peak within .034 %. Linear response of LIF and EIF-F at
    h = sigma/40: within 3e-4 of the response at 1 Hz at 10 and 100 Hz, the phase of `mesh` above.
    """
    if lanes.slow is not None:
        return _apart(
            lanes,
            inputs,
            steps=steps,
            dt=dt,
            initial=initial,
            scheme=scheme,
            dtype=dtype,
            every=every,
            record_p=record_p,
            record_w=record_w,
            record_joint=record_joint,
            progress=progress,
        )
    if record_w or record_joint:
        raise ParameterError("record_w and record_joint need lanes with a slow variable; leave them out")
    n = counts(lanes)
    size = len(n)
    stages = len(stage_fractions(scheme))
    width = check(lanes, initial, n, dt, steps, every, dtype)
    short = delays(lanes.t_ref, dt)[0] == 0
    runs = [TileRun(own, *build(lanes, own, dt, dtype), initial) for own in group(n, short, width)]
    table = Table(n, steps // every + 1, dtype, record_p)
    chunk_steps = max(1, min(CHUNK_STEPS, CHUNK_NUMBERS // (4 * stages * size)))
    for first in range(0, max(steps, 1), chunk_steps):
        chunk = _fetch(inputs, first, min(chunk_steps, steps - first), stages, size)
        node = first // every + 1 if first else 0
        for run in runs:
            table.place(run, *_advance(run, chunk, dt, stages, every, record_p), node)
        if progress is not None:
            progress(first + chunk.steps)
    return table.collect(runs, steps, dt, max(run.work.flux.shape[0] for run in runs) - 1)


def _apart(
    lanes: Lanes, inputs: Inputs, *, steps: int, progress: Callable[[int], None] | None, **options: Any
) -> Records:
    """2-D lanes as networks of one density each, without synapses."""
    from .coupling import Synapses
    from .network import evolve_networks  # which builds on this module

    own = np.arange(len(lanes.h))
    stages = len(stage_fractions(options["scheme"]))
    none = Synapses(*(np.zeros(0, kind) for kind in (int, int, int, float, float, float, float, float)))

    def chosen(first: int, count: int, signals: np.ndarray) -> list[np.ndarray]:
        chunk = _fetch(inputs, first, count, stages, len(own))
        return [*(values[..., signals] for values in chunk.drive), chunk.kicks[..., signals]]

    told = None if progress is None else (lambda fraction: progress(round(fraction * steps)))
    return evolve_networks(lanes, none, own, own, chosen, steps=steps, progress=told, **options).records
