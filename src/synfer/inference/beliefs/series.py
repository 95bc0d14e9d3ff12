"""Series of observations, states and decisions as the equations take them: checked, and stacked over both values."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from synfer.core.checks import check_numbers
from synfer.core.errors import ParameterError
from synfer.inference.model import GenerativeModel, check_model

SAME = 1e-12
"""Relative difference at which the first state still is the model's initial one."""


def stack(x: np.ndarray) -> np.ndarray:
    """[x; 1 - x] along the last axis: both values, 1 first."""
    return np.concatenate([x, 1 - x], axis=-1)


def observed(model: GenerativeModel, o: Any) -> np.ndarray:
    """(T, No) observations of a model, both checked."""
    check_model(model)
    array = check_numbers("o", o, finite=False)
    if array.ndim != 2 or array.shape[1] != model.n_observations or not len(array):
        raise ParameterError(
            f"o has shape {array.shape} and must be (T, {model.n_observations}), one row for each step"
            + ("; give o[None, :] for a single step" if array.shape == (model.n_observations,) else "")
        )
    _in_unit_interval("o", array, 1, model.observations)
    return array


def state_pairs(model: GenerativeModel, s: Any, steps: int, *, nan: bool = False) -> np.ndarray:
    """(T + 1, 2 Ns) [s; 1 - s] of checked states; the first row is the model's initial state, if it has one."""
    array = _rows("s", s, steps, model.n_states, "state")
    _in_unit_interval(
        "s", array if model.initial is None else array[1:], int(model.initial is not None), model.states, nan
    )
    pairs = stack(array)
    if model.initial is not None:
        differ = ~np.isclose(array[0], model.initial[0], rtol=SAME, atol=0)
        if differ.any():
            j = int(np.argmax(differ))
            raise ParameterError(
                f"s[0, {j}] = {array[0, j]:.9g} must be {model.initial[0, j]:.9g}, the model's initial weight of "
                f"{model.states[j]} = 1; give s from infer(model, o), or model.replace(initial=None)"
            )
        pairs[0] = model.initial.ravel()
    return pairs


def decision_pairs(model: GenerativeModel, d: Any, steps: int, name: str, *, nan: bool = False) -> np.ndarray | None:
    """(T, 2 Nd) [d; 1 - d] of t = 1..T, checked; None without decisions."""
    if model.E is None:
        if d is not None:
            raise ParameterError(
                f"{name} is given, and the model has no decisions; give {name}=None, or a model with E"
            )
        return None
    if d is None:
        raise ParameterError(
            f"{name} is missing, and the model has {model.n_decisions} decisions; "
            f"give {name} of shape ({steps + 1}, {model.n_decisions})"
        )
    array = _rows(name, d, steps, model.n_decisions, "decision")
    _in_unit_interval(name, array[1:], 1, model.decisions, nan)
    return stack(array[1:])


def modulation(Gamma: Any, steps: int) -> np.ndarray:
    """(T,) 1 - 2 Gamma of a risk in [0, 1], one for all steps or one for each."""
    array = check_numbers("Gamma", Gamma, finite=False)
    if array.shape not in ((), (steps,)):
        raise ParameterError(f"Gamma has shape {array.shape} and must be one number or ({steps},), one for each step")
    wrong = ~((array >= 0) & (array <= 1))
    if wrong.any():
        place = f"[{int(np.argmax(wrong))}]" if array.ndim else ""
        raise ParameterError(
            f"Gamma{place} = {array[wrong].flat[0]:.6g} must be in [0, 1], the risk of a decision; "
            f"the modulation of learning, 1 - 2 Gamma, is what lies in [-1, 1]"
        )
    return np.broadcast_to(1 - 2 * array, (steps,))


def first_pair(model: GenerativeModel) -> np.ndarray:
    """(2 Ns,) the state before the first observation: the initial one, or D normalised."""
    if model.initial is not None:
        return model.initial.ravel()
    return stack(model.D[0] / model.D.sum(0))


def _rows(name: str, value: Any, steps: int, size: int, axis: str) -> np.ndarray:
    array = check_numbers(name, value, finite=False)
    if array.shape != (steps + 1, size):
        raise ParameterError(
            f"{name} has shape {array.shape} and must be ({steps + 1}, {size}), one row for each of the {steps} steps "
            f"of o and one before them, one column for each {axis}"
        )
    return array


def _in_unit_interval(name: str, array: np.ndarray, first: int, labels: Sequence[str], nan: bool = False) -> None:
    """`first` is the step of the first row."""
    wrong = ~((array >= 0) & (array <= 1))
    if nan:
        wrong &= ~np.isnan(array)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise ParameterError(
            f"{name} of {labels[column]} at step {first + row} is {array[row, column]:.6g} and must be in [0, 1]"
        )
