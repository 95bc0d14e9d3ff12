"""Models of mixed sources: one hidden state for each source, and prior counts that lean towards it."""

from typing import Any

import numpy as np

from synfer.core.checks import check_kind, check_numbers, place, shortly
from synfer.core.errors import ParameterError
from synfer.inference.model import Expectation, GenerativeModel
from synfer.inference.tasks.sources import Sources


def source_model(
    D1: Any = 0.5,
    *,
    task: Sources | None = None,
    own: float = 0.51,
    other: float = 0.5,
    total: Any = 100.0,
    expectation: Expectation = "ratio",
) -> GenerativeModel:
    """A model of `Sources` whose states know a little about the sources that are to be theirs.

        P(o_i = 1 | s_j = 1) = own if input i belongs to source j, else other;    P(o_i = 1 | s_j = 0) = 1 - that
    A state that leans to no source has nothing to tell it from the others, and they stay the same for ever.

    Args:
        D1: Prior probability of s = 1 in (0, 1), one number or (Ns,).
        task: The task; Sources() otherwise.
        own, other: In (0, 1).
        total: Counts of every pair, > 0, one number or (No, Ns): how slowly is learned.
        expectation: "ratio", with which a neural cost is the free energy, or "digamma".

    Returns:
        A model without transitions and decisions.

    Raises:
        ParameterError: names the argument.

    Example:
        >>> source_model(0.3).A[0, [0, 31], 0].round(2).tolist()
        [[0.51, 0.5], [0.5, 0.51]]
    """
    task = check_kind("task", Sources() if task is None else task, Sources, "for example Sources(mixing=0.1)")
    for name, value in (("own", own), ("other", other)):
        number = check_numbers(name, value)
        if number.ndim or not 0 < number < 1:
            raise ParameterError(f"{name} = {shortly(value)} must be one number in (0, 1); for example {name}=0.51")
    shape = (task.n_inputs, task.n_sources)
    counts = check_numbers("total", total)
    if counts.shape not in ((), shape):
        raise ParameterError(f"total has shape {counts.shape} and must be one number or {shape}, input x source")
    if (wrong := ~(counts > 0)).any():
        raise ParameterError(f"{place('total', counts, wrong)} must be > 0; for example 100")
    prior = check_numbers("D1", D1)
    if prior.shape not in ((), (task.n_sources,)):
        raise ParameterError(f"D1 has shape {prior.shape} and must be one number or ({task.n_sources},)")
    if (wrong := ~((prior > 0) & (prior < 1))).any():
        raise ParameterError(f"{place('D1', prior, wrong)} must be in (0, 1), a probability")
    P = np.where(task.own, own, other)
    on = np.stack([P, 1 - P], axis=1)
    return GenerativeModel(
        a=np.stack([on, 1 - on]) * counts.reshape(shape if counts.ndim else (1, 1))[:, None, :],
        D=np.broadcast_to(prior, task.n_sources),
        expectation=expectation,
    )
