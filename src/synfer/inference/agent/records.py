"""What is kept of every trial, and how the trials of several tasks are put together."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit

from synfer.core.errors import ParameterError
from synfer.inference.agent.rows import accumulate
from synfer.inference.agent.trial import Trial
from synfer.inference.model import GenerativeModel

WIDEST = 8
"""Numbers that make up a state, at most."""


class Record(NamedTuple):
    """Something that is kept on request.

    Attributes:
        of: What it is of one trial; rows by step or window are padded by NaN or -1.
        dims: Its dimensions, without the trial; the first may differ in length from trial to trial.
        bytes: Of one step, at most, given the model.
    """

    of: Callable[[Trial], Any]
    dims: tuple[str, ...]
    bytes: Callable[[GenerativeModel], float]


def _decisions(trial: Trial) -> np.ndarray:
    return trial.course.decision[: trial.course.t_end + 1]


def _estimate(trial: Trial) -> np.ndarray:
    """Frequencies of d_2 .. d_{t_end}."""
    later, size = _decisions(trial)[2:], trial.weights.E.difference.size
    return np.bincount(later, minlength=size) / len(later) if len(later) else np.full(size, np.nan)


def _states(trial: Trial) -> np.ndarray:
    """(t_end + 1, parts) numbers of the state that is observed; that at t = 0 is the one at t = 1."""
    try:
        table = np.array(trial.states)
        table = table.reshape(len(trial.states), -1)
    except ValueError:
        table = np.array([[None]])
    if table.dtype.kind not in "biuf" or table.shape[1] > WIDEST:
        raise ParameterError(
            f"states such as {trial.states[0]!r} are not up to {WIDEST} numbers, and cannot be recorded; leave 'state' "
            f"out of record"
        )
    order = trial.course.state[: trial.course.t_end + 1].copy()
    order[0] = order[1]
    return table[order].astype(np.float64 if table.dtype.kind == "f" else np.int64)


def _beliefs(trial: Trial) -> np.ndarray:
    s = trial.beliefs.s[trial.course.row[: trial.course.t_end + 1]]
    s[0] = trial.beliefs.first[0]
    return s


def _posteriors(trial: Trial) -> np.ndarray:
    """q_d; at t = 0 it is E."""
    s, own = _beliefs(trial), trial.weights.C
    z = np.tile(own.h + trial.weights.E.difference, (len(s), 1))
    z[1] += own.first - own.h
    for t in range(2, len(s)):
        accumulate(s[t - 1], own.W, z[t])
    z[0] = trial.weights.E.difference
    return expit(z)


RECORDS: Mapping[str, Record] = {
    "terms": Record(lambda trial: trial.terms, ("term",), lambda model: 0),
    "E_est": Record(_estimate, ("decision",), lambda model: 0),
    "Gamma": Record(lambda trial: trial.Gamma, ("window",), lambda model: 0.1),
    "d": Record(_decisions, ("step",), lambda model: 4),
    "outcome": Record(lambda trial: trial.course.outcome[: trial.course.t_end + 1], ("step",), lambda model: 8),
    "state": Record(_states, ("step", "part"), lambda model: 16),
    "s": Record(_beliefs, ("step", "state"), lambda model: 8 * model.n_states),
    "q_d": Record(_posteriors, ("step", "decision"), lambda model: 8 * model.n_decisions),
}
ALWAYS = {
    "steps": Record(lambda trial: trial.course.t_end + 1, (), lambda model: 0),
    "free_energy": Record(lambda trial: trial.terms.sum(), (), lambda model: 0),
    "memory": Record(lambda trial: trial.depth, (), lambda model: 0),
    "truncation": Record(lambda trial: trial.truncation, (), lambda model: 0),
}


class Keeper:
    """The records of one task, trial by trial."""

    def __init__(self, names: Sequence[str]) -> None:
        self.records = ALWAYS | {name: RECORDS[name] for name in names}
        self.kept: dict[str, list[np.ndarray]] = {name: [] for name in self.records}

    def __call__(self, trial: Trial) -> None:
        for name, record in self.records.items():
            self.kept[name].append(np.array(record.of(trial)))


def gather(keepers: Sequence[Keeper]) -> dict[str, tuple[tuple[str, ...], Any]]:
    """Variables (task, trial, ...)."""
    variables: dict[str, tuple[tuple[str, ...], Any]] = {}
    for name, record in keepers[0].records.items():
        values = _stacked([keeper.kept[name] for keeper in keepers])
        variables["state_number" if name == "state" else name] = (("trial", *record.dims), values)
    return variables


def _stacked(rows: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """(task, trial, ...), padded where rows are shorter than others; what is stacked is let go of."""
    flat = [own for task in rows for own in task]
    shape = np.max([own.shape for own in flat], axis=0).astype(int) if flat[0].ndim else ()
    kind = flat[0].dtype
    out = np.full((len(rows), len(rows[0]), *shape), np.nan if kind.kind == "f" else -1, dtype=kind)
    for i, task in enumerate(rows):
        for k, own in enumerate(task):
            out[(i, k, *(slice(n) for n in own.shape))] = own
    return out
