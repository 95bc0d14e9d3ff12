"""Behaviour as users give it: decisions or actions by trial and step, -1 where there is none."""

from typing import Any

import numpy as np

from synfer.core.checks import place
from synfer.core.errors import ParameterError


def series_of(d: Any, agents: int, kinds: int) -> list[list[np.ndarray]]:
    """(agent, trial) decisions without what is not one."""
    array = check_choices("d", d, kinds)
    array = array[None] if agents == 1 and array.ndim == 2 else array
    if array.ndim != 3 or len(array) != agents:
        raise ParameterError(
            f"d has shape {np.shape(d)} and must be (trial, step), or ({agents}, trial, step) for {agents} agents, as "
            f"learn(record='d') keeps it"
        )
    series = []
    for own in array:
        series.append([trial[trial >= 0] for trial in own])
        for number, (trial, whole) in enumerate(zip(series[-1], own, strict=True)):
            start = int(np.argmax(whole >= 0))
            if not trial.size or (whole[start : start + trial.size] < 0).any():
                raise ParameterError(
                    f"trial {number} has {trial.size} decisions, and must have some, without a gap; -1 may stand "
                    f"before the first and after the last"
                )
    return series


def check_choices(name: str, value: Any, kinds: int) -> np.ndarray:
    """Whole numbers 0 .. kinds - 1, or -1 for none; at least one of them."""
    array = whole_numbers(name, value)
    wrong = (array < -1) | (array >= kinds)
    if wrong.any():
        raise ParameterError(f"{place(name, array, wrong)} must be in 0 .. {kinds - 1}, or -1 for none")
    if not (array >= 0).any():
        raise ParameterError(f"{name} holds no decision; give some >= 0")
    return array


def check_keys(keys: Any, agents: int, trials: int) -> list[list[int]]:
    """(agent, trial) keys of `init`."""
    array = whole_numbers("keys", keys)
    if array.shape != (agents, trials) and not (agents == 1 and array.shape == (trials,)):
        raise ParameterError(
            f"keys has shape {array.shape} and must have ({agents}, {trials}), one for each agent and trial"
        )
    if (array < 0).any():
        raise ParameterError(f"{place('keys', array, array < 0)} must be >= 0")
    return array.reshape(agents, trials).tolist()


def whole_numbers(name: str, value: Any) -> np.ndarray:
    """An array of whole numbers from that."""
    try:
        array = np.asarray(value)
    except ValueError:
        raise ParameterError(f"{name} has rows of unlike lengths; pad them with -1") from None
    if array.dtype.kind not in "iu":
        raise ParameterError(f"{name} is of type {array.dtype} and must be whole numbers")
    return array
