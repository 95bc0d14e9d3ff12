"""A run in stretches of time: as many snapshots as fit in memory, blocks of tiles on threads.

Tiles do not interact and a state continues exactly, so neither the stretches nor the threads
can be seen in the result.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from synfer.core.errors import ParameterError
from synfer.population.spiking.coefficients import Frame
from synfer.population.spiking.events import Ledger
from synfer.population.spiking.snapshot import COLUMNS, bin_counts, describe

WIDTH = 64  # lanes of a tile, for both types: they then use the same random numbers
PAIRS = (0,) * (WIDTH // 2)  # its length is a constant to the compiler
ROWS_BYTES = 2**26  # snapshots held at a time
Histogram = tuple[float, float, int]
"""Lowest edge, width and number of cells to count in."""


class View(NamedTuple):
    """A variable of the neurons that snapshots are taken of."""

    frame: Frame
    centre: float  # in x, near its mean
    histogram: Histogram | None


class Looks(NamedTuple):
    """A variable at all snapshots."""

    columns: np.ndarray  # (snapshots, columns), see snapshot.COLUMNS
    histogram: np.ndarray | None  # (snapshots, cells)


def run_segments(
    advance: Callable[..., None],
    lanes: Any,
    x: np.ndarray,
    scratch_for: Callable[..., Any],
    schedule: Any,
    ledger: Ledger,
    edges: np.ndarray,
    cell: Any,
    views: Sequence[View],
    workers: int,
) -> list[Looks]:
    """Advance `lanes` through the whole schedule and look at every snapshot.

    Args:
        advance: the time loop of the kind of neuron.
        lanes: what it changes in place; its membranes are `x`.
        scratch_for: what gives a thread its work space, of a width and type.
        schedule: of the whole run.
        edges: (blocks + 1,) tiles at which the blocks begin and end.
        views: what to look at; the kernel stores one after the other, all snapshots of each.
    """
    real, snapshot = x.dtype.type, schedule.snapshot
    seen = [[] for _ in views]
    with ThreadPoolExecutor(workers) as pool:
        for first, last in segments(snapshot, max(1, ROWS_BYTES // (len(views) * x.nbytes))):
            number = np.count_nonzero(snapshot[first + 1 : last + 1] >= 0)
            rows = np.empty((len(views) * number, x.size), real)
            stretch = schedule._replace(start=first, stop=last, first_snapshot=len(seen[0]))

            def run_block(b: int, rows: np.ndarray = rows, stretch: Any = stretch) -> None:
                scratch, own = scratch_for(WIDTH, real), (edges[b], edges[b + 1])
                advance(PAIRS, lanes, scratch, rows, stretch, ledger, b, own, cell)

            each(pool, workers, run_block, range(len(edges) - 1))
            for i, view in enumerate(views):
                own = rows[i * number : (i + 1) * number]
                seen[i] += each(pool, workers, lambda row, view=view: look(row, view), own)
    return [gathered(view, looks) for view, looks in zip(views, seen, strict=True)]


def gathered(view: View, looks: list[tuple]) -> Looks:
    """The looks of one view, snapshot by snapshot, as arrays."""
    columns = np.array([columns for columns, _ in looks]).reshape(-1, len(COLUMNS))
    if view.histogram is None:
        return Looks(columns, None)
    return Looks(columns, np.array([counts for _, counts in looks]).reshape(-1, view.histogram[2]))


def each(pool: ThreadPoolExecutor, workers: int, function: Callable, items: Iterable) -> list:
    """function over items, in order, on the pool if it has more than one thread."""
    return list(pool.map(function, items)) if workers > 1 else [function(item) for item in items]


def look(row: np.ndarray, view: View) -> tuple:
    """(snapshot.COLUMNS, histogram or None) of one row of x."""
    columns, frame = np.empty(len(COLUMNS)), view.frame
    describe(PAIRS, row, view.centre, frame.V_ref, frame.unit, columns)
    if view.histogram is None:
        return columns, None
    V_lo, h, cells = view.histogram
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
