"""Separation of sources while they are observed, and how well it went."""

from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.checks import check_count, check_kind, check_numbers, place, shortly
from synfer.core.errors import NumericalError, ParameterError
from synfer.core.results import dataset
from synfer.inference.model import GenerativeModel
from synfer.inference.separation import kernel


def separate(model: GenerativeModel, o: Any, *, every: int = 100) -> xr.Dataset:
    """Beliefs about hidden sources and synapses that learn to tell them apart, both updated at every step.

    What `learn_online` does for models without transitions and decisions and observations of 0 and 1, compiled.

    Args:
        model: Before the first step, for example source_model(0.5).
        o: (T, No) observations, 0 or 1.
        every: Steps from one record of the synapses to the next, >= 1.

    Returns:
        `s` (step, state), step = 0..T, 0 before the first observation; `A1` and `A0` (learned, observation, state),
        P(o = 1 | s = 1) and P(o = 1 | s = 0) by the counts after so many steps (0, every, ..., T); the final counts
        `a`: model.replace(a=result.a) goes on from them.

    Raises:
        ParameterError: a model with transitions or decisions, or observations of another shape or value.
        NumericalError: beliefs that are no numbers.

    Accuracy: the published separation of two sources, 25,600 steps, to 1e-12.
    References: Isomura & Friston (2020), Neural Comput. 32:2085.

    Example:
        >>> from synfer.inference.separation import source_model
        >>> from synfer.inference.tasks import Sources
        >>> shown = Sources().generate(2000, seed=1)
        >>> run = separate(source_model(), shown["input"])
        >>> abs(source_correlation(run, shown["stimulus"])).round(1).tolist()
        [[0.9, 0.3], [0.2, 0.9]]
    """
    check_kind("model", model, GenerativeModel, "for example source_model(0.5)")
    if model.b is not None or model.E is not None:
        raise ParameterError("the model has transitions or decisions, which separate does not know; use learn_online")
    shown, every = binary("o", o, model.n_observations), check_count("every", every)
    steps = len(shown)
    at = np.unique(np.append(np.arange(0, steps, every), steps))
    odds = np.log(model.D[0]) - np.log(model.D[1])
    counts = np.ascontiguousarray(model.a.transpose(3, 1, 2, 0))
    s, A = np.empty((steps, model.n_states)), np.empty((2, len(at), model.n_observations, model.n_states))
    A[:, 0] = _probabilities(counts)
    for k, (start, stop) in enumerate(pairwise(at)):
        kernel.learn(shown[start:stop], counts, odds, model.expectation == "ratio", s[start:stop])
        A[:, k + 1] = _probabilities(counts)
    if not np.isfinite(s).all():
        t, j = np.argwhere(~np.isfinite(s))[0]
        raise NumericalError(f"s of {model.states[j]} at step {t + 1} is {s[t, j]}: counts near 0 or above 1e300")
    final = model.replace(a=counts.transpose(3, 1, 2, 0)).to_dataset()[["a"]]
    before = (model.D[0] / model.D.sum(0))[None] if model.initial is None else model.initial[:1]
    dims = ("learned", "observation", "state")
    return dataset(
        {
            "s": (("step", "state"), np.concatenate([before, s])),
            "A1": (dims, A[0], {"units": "1", "long_name": "probability of the input where s = 1"}),
            "A0": (dims, A[1], {"units": "1", "long_name": "probability of the input where s = 0"}),
        },
        {
            "step": (("step",), np.arange(steps + 1)),
            "learned": (("learned",), at, {"units": "1", "long_name": "steps learned"}),
            "state": (("state",), list(model.states)),
            "observation": (("observation",), list(model.observations)),
        },
        expectation=model.expectation,
    ).merge(final)


def _probabilities(counts: np.ndarray) -> np.ndarray:
    """(2, No, Ns) P(o = 1 | s) for s = 1 and s = 0 of counts (Ns, No, 2, 2)."""
    return (counts[..., 0] / counts.sum(-1)).transpose(2, 1, 0)


def binary(name: str, value: Any, width: int) -> np.ndarray:
    """(T, width) uint8 of 0 and 1."""
    numbers = check_numbers(name, value)
    if numbers.ndim != 2 or numbers.shape[1] != width or not len(numbers):
        raise ParameterError(f"{name} has shape {numbers.shape} and must be (T, {width}), one row for each step")
    if (wrong := (numbers != 0) & (numbers != 1)).any():
        raise ParameterError(f"{place(name, numbers, wrong)} must be 0 or 1")
    return numbers.astype(np.uint8)


def source_correlation(run: Any, stimulus: Any, *, start: int | None = None) -> np.ndarray:
    """Correlation of every state with every source.

    Args:
        run: A result of `separate`.
        stimulus: (T, Ns) sources, 0 or 1, of the same steps.
        start: Steps left out at the beginning; the first half otherwise.

    Returns:
        (state, source). It is 0 for a state or a source that stays the same.

    Example:
        >>> run = xr.Dataset({"s": (("step", "state"), [[0.5], [0.1], [0.2], [0.9], [0.8]])})
        >>> source_correlation(run, [[0], [0], [1], [1]], start=0).round(2).tolist()
        [[0.99]]
    """
    if not isinstance(run, xr.Dataset) or "s" not in run:
        raise ParameterError(f"run = {shortly(run)} has no beliefs s; give a result of separate")
    s = check_numbers("run.s", run["s"].values)[1:]
    sources = check_numbers("stimulus", stimulus)
    if sources.ndim != 2 or len(sources) != len(s):
        raise ParameterError(f"stimulus has shape {sources.shape} and must be ({len(s)}, Ns), one row for each step")
    start = check_count("start", len(s) // 2 if start is None else start, 0, len(s) - 2)
    x, y = (part[start:] - part[start:].mean(0) for part in (s, sources))
    size = np.sqrt((x**2).sum(0))[:, None] * np.sqrt((y**2).sum(0))
    return np.divide(x.T @ y, size, out=np.zeros(size.shape), where=size > 0)
