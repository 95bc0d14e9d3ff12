"""Behaviour as users give it: decisions or actions by trial and step, -1 where there is none."""

from typing import Any

import numpy as np

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
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise ParameterError(f"{name} is of type {array.dtype} and must be whole numbers, each that of a decision")
    wrong = (array < -1) | (array >= kinds)
    if wrong.any():
        place = np.argwhere(wrong)[0].tolist()
        raise ParameterError(f"{name}{place} = {array[tuple(place)]} must be in 0 .. {kinds - 1}, or -1 for none")
    if not (array >= 0).any():
        raise ParameterError(f"{name} holds no decision; give some >= 0")
    return array
