"""The smallest value at which something changes, for many problems at once.

An engine that takes many chains in one call makes bisection wasteful: here every round asks about several values of
every problem in one batch, and narrows each bracket by their number.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synfer.core.errors import ParameterError
from synfer.population.verbs.common import numbers

Floats = NDArray[np.float64]
Changed = Callable[[NDArray[np.int64], Floats], NDArray[np.bool_]]
"""For problems (n,) and values (n,): whether the change has happened there, (n,)."""

FIRST_VALUES = 16
"""Values of the first round, ends included."""
VALUES = 8
"""Values inside every bracket in later rounds: each narrows it ninefold."""


class Brackets(NamedTuple):
    """The change lies in low < x <= high; low = -inf where it had happened at the lowest value already, high = inf
    where it had not at the highest."""

    low: Floats
    high: Floats


def bounds_of(bounds: Any, default: tuple[Any, Any]) -> tuple[Any, Any]:
    """Where to look: the two ends that a user gave, or the default."""
    if bounds is None:
        return default
    ends = numbers("bounds", bounds, "the value searched")
    if ends.size != 2:
        raise ParameterError(f"bounds = {bounds!r} must be two numbers, (low, high)")
    return float(ends[0]), float(ends[1])


def first_change(
    changed: Changed, lowest: Floats, highest: Floats, *, tolerance: float, zero: bool = False, in_turn: bool = False
) -> Brackets:
    """Brackets of the smallest value at which `changed` turns true, for every problem.

    The first round looks at FIRST_VALUES values in geometric progression (and at 0, with `zero`); the first that is
    true opens the bracket, so that a change back at higher values does not matter. An island of truth narrower than
    a step of that progression can be missed.

    Args:
        changed: Evaluates a batch.
        lowest, highest: Ends of the search, (problems,), 0 < lowest < highest.
        tolerance: Width of the final brackets over their upper end, or over `lowest` where that is larger.
        zero: Whether to ask about 0 as well.
        in_turn: Whether to ask about the values of a problem one after another, and no further than the first that is
            true; the answer is the same.

    Returns:
        Brackets of arrays (problems,).

    Raises:
        ParameterError: ends out of order, or a tolerance outside 1e-9 to 1.
    """
    lowest, highest = np.broadcast_arrays(np.asarray(lowest, float), np.asarray(highest, float))
    if not (np.all(lowest > 0) and np.all(highest > lowest) and np.all(np.isfinite(highest))):
        raise ParameterError(f"bounds = ({lowest.min():g}, {highest.max():g}) must be finite, > 0 and increasing")
    if not 1e-9 <= tolerance < 1:
        raise ParameterError(f"tolerance = {tolerance:g} must lie between 1e-9 and 1; 0.005 is half a percent")
    grid = np.geomspace(lowest, highest, FIRST_VALUES, axis=-1)
    if zero:
        grid = np.concatenate([np.zeros((len(grid), 1)), grid], axis=-1)
    low, high = _narrow(changed, np.arange(len(grid)), grid, in_turn=in_turn)
    finest = tolerance * np.maximum(np.where(np.isfinite(high), high, 0.0), lowest)
    while (index := np.flatnonzero(np.isfinite(high - low) & (high - low > finest))).size:
        inside = np.linspace(low[index], high[index], VALUES + 2, axis=-1)
        low[index], high[index] = _narrow(changed, index, inside[:, 1:-1], inside[:, 0], inside[:, -1], in_turn)
        finest[index] = tolerance * np.maximum(high[index], lowest[index])
    return Brackets(low, high)


def check_found(what: str, name: str, unit: str, low: float, high: float) -> None:
    """A ParameterError where a search for what survives ended at its bounds."""
    if not np.isfinite(high):
        raise ParameterError(
            f"{what} dies at every {name} up to {low:g} {unit}; raise bounds, the weight, or lower the gate"
        )
    if not np.isfinite(low):
        raise ParameterError(
            f"{what} survives at every {name} from {high:g} {unit}: there is no smallest within the bounds; lower them"
        )


def _narrow(
    changed: Changed,
    index: NDArray[np.int64],
    grid: Floats,
    low: Floats | float = -np.inf,
    high: Floats | float = np.inf,
    in_turn: bool = False,
) -> tuple[Floats, Floats]:
    """Brackets after one batch at the grid (problems, values), inside low and high; or a batch for each of the values,
    of the problems that have not changed before."""
    answers = np.zeros(grid.shape, np.bool_)
    for column in range(grid.shape[1]) if in_turn else [slice(None)]:
        open_ = np.flatnonzero(~answers.any(axis=1))
        if open_.size:
            asked = grid[open_, column].reshape(open_.size, -1)
            found = changed(np.repeat(index[open_], asked.shape[1]), asked.ravel())
            answers[open_, column] = found.reshape(grid[open_, column].shape)
    ends = np.column_stack([np.broadcast_to(low, len(grid)), grid, np.broadcast_to(high, len(grid))])
    first = np.where(answers.any(axis=1), answers.argmax(axis=1), grid.shape[1])
    row = np.arange(len(grid))
    return ends[row, first], ends[row, first + 1]
