"""A run in stretches of time: as many snapshots as fit in memory, blocks of tiles on threads.

Tiles do not interact and a state continues exactly, so neither the stretches nor the threads
can be seen in the result.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from synfer.core.errors import ParameterError
from synfer.population.spiking.advance import Schedule
from synfer.population.spiking.coefficients import Frame
from synfer.population.spiking.events import Cell, Lanes, Ledger
from synfer.population.spiking.snapshot import COLUMNS, bin_counts, describe
from synfer.population.spiking.tile import scratch_for

WIDTH = 64  # lanes of a tile, for both types: they then use the same random numbers
PAIRS = (0,) * (WIDTH // 2)  # its length is a constant to the compiler
ROWS_BYTES = 2**26  # snapshots held at a time


def run_segments(
    advance: Callable[..., None],
    lanes: Lanes,
    schedule: Schedule,
    ledger: Ledger,
    edges: np.ndarray,
    cell: Cell,
    frame: Frame,
    histogram: tuple[float, float, int] | None,
    workers: int,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Advance `lanes` through the whole schedule and look at every snapshot.

    Args:
        advance: the time loop of the kind of neuron.
        schedule: of the whole run.
        edges: (blocks + 1,) tiles at which the blocks begin and end.
        histogram: (V_lo, h, cells).

    Returns:
        snapshot.COLUMNS (snapshots, columns) and the histograms (snapshots, cells) or None.
    """
    real, snapshot = lanes.x.dtype.type, schedule.snapshot
    described, counted = [], []
    with ThreadPoolExecutor(workers) as pool:
        for first, last in segments(snapshot, max(1, ROWS_BYTES // lanes.x.nbytes)):
            rows = np.empty((np.count_nonzero(snapshot[first + 1 : last + 1] >= 0), lanes.x.size), real)
            stretch = schedule._replace(start=first, stop=last, first_snapshot=len(described))

            def run_block(b: int, rows: np.ndarray = rows, stretch: Schedule = stretch) -> None:
                scratch, own = scratch_for(WIDTH, real), (edges[b], edges[b + 1])
                advance(PAIRS, lanes, scratch, rows, stretch, ledger, b, own, cell)

            each(pool, workers, run_block, range(len(edges) - 1))
            looks = each(pool, workers, lambda row: look(row, frame, cell.reset, histogram), rows)
            described += [columns for columns, _ in looks]
            counted += [counts for _, counts in looks]
    table = np.array(described).reshape(-1, len(COLUMNS))
    return table, np.array(counted).reshape(-1, histogram[2]) if histogram else None


def each(pool: ThreadPoolExecutor, workers: int, function: Callable, items: Iterable) -> list:
    """function over items, in order, on the pool if it has more than one thread."""
    return list(pool.map(function, items)) if workers > 1 else [function(item) for item in items]


def look(row: np.ndarray, frame: Frame, centre: float, histogram: tuple[float, float, int] | None) -> tuple:
    """(snapshot.COLUMNS, histogram or None) of one row of x."""
    columns = np.empty(len(COLUMNS))
    describe(PAIRS, row, centre, frame.V_ref, frame.unit, columns)
    if histogram is None:
        return columns, None
    V_lo, h, cells = histogram
    counts = np.zeros(cells, np.int64)
    bin_counts(row, float(frame.to_x(V_lo)), frame.unit / h, counts)
    return columns, counts


def snapshot_numbers(steps: int, every: int, first: int | None) -> np.ndarray:
    """(steps + 1,) int64: the number of the snapshot at each step boundary, -1 where there is none."""
    number = np.full(steps + 1, -1)
    if every:
        first = every if first is None else first
        if first < 1:
            raise ParameterError(f"first_snapshot = {first} must be >= 1; the initial state is in `state` already")
        at = np.arange(first, steps + 1, every)
        number[at] = np.arange(len(at))
    return number


def segments(snapshot: np.ndarray, most: int) -> list[tuple[int, int]]:
    """(first, last) step boundaries of stretches with at most so many snapshots each, at their ends or before."""
    last = len(snapshot) - 1
    ends = [int(k) for k in np.flatnonzero(snapshot >= 0)[most - 1 :: most] if k < last]
    return list(zip([0, *ends], [*ends, last], strict=True))
