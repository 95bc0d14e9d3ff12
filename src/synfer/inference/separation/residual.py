"""The prior of a source as it shows in beliefs that are seen: what the evidence leaves over.

    logit s_t - evidence_t = ln D1/D0,    evidence_t = sum_i E ln P(o_i | s = 1) - E ln P(o_i | s = 0)
at every step, the counts being those of the model and of what was seen and believed before.
"""

from typing import Any

import numpy as np
import xarray as xr
from scipy.special import expit, logit

from synfer.core.checks import check_kind, check_numbers, place
from synfer.core.errors import ParameterError
from synfer.core.results import dataset
from synfer.inference.beliefs import expected_log
from synfer.inference.model import GenerativeModel
from synfer.inference.separation.online import binary

CHUNK = 2048
"""Steps whose counts are held at a time."""


def residual_prior(model: GenerativeModel, o: Any, s: Any) -> xr.Dataset:
    """The prior D of beliefs that are seen while they are learned, the counts at the start being known.

    The mean of logit s - evidence over steps with weights (s (1 - s))^2, the inverse variance of a logit of numbers
    that are rounded. The mean of s itself, which is often taken for D1, is biased towards 1/2.

    Args:
        model: With the counts at the start; its D is not used.
        o: (T, No) observations, 0 or 1.
        s: (T + 1, Ns) beliefs, updated at every step, row 0 before the first observation; as `separate` gives them.

    Returns:
        By state: `D1`, and `logit_D`; `logit_D_sd`, the weighted sd of the residual over steps, near 0 if model and
        beliefs belong together; `s_mean`, the mean belief.

    Raises:
        ParameterError: shapes, values outside [0, 1], or a state all of whose beliefs are 0 or 1.

    Accuracy: 1e-12 in logit D for beliefs of float64.

    Example:
        >>> from synfer.inference.separation import separate, source_model
        >>> from synfer.inference.tasks import Sources
        >>> o = Sources().generate(500, seed=1)["input"]
        >>> found = residual_prior(source_model(), o, separate(source_model(0.2), o).s)
        >>> found.D1.values.round(9).tolist(), bool((found.s_mean > 0.2).all())
        ([0.2, 0.2], True)
    """
    check_kind("model", model, GenerativeModel, "for example source_model(0.5)")
    if model.b is not None or model.E is not None:
        raise ParameterError("the model has transitions or decisions, which are not counted; give source_model(0.5)")
    shown = binary("o", o, model.n_observations)
    beliefs = check_numbers("s", s)
    if beliefs.shape != (len(shown) + 1, model.n_states):
        raise ParameterError(f"s has shape {beliefs.shape} and must be ({len(shown) + 1}, {model.n_states})")
    beliefs = beliefs[1:]
    if (wrong := (beliefs < 0) | (beliefs > 1)).any():
        raise ParameterError(f"{place('s', beliefs, wrong)} must be in [0, 1]")
    inside = (beliefs > 0) & (beliefs < 1)
    if not inside.any(0).all():
        j = int(np.argmin(inside.any(0)))
        raise ParameterError(f"all beliefs in {model.states[j]} are 0 or 1, and do not tell its prior; give more steps")
    weight = np.where(inside, beliefs * (1 - beliefs), 0) ** 2
    weight /= weight.sum(0)
    left = logit(np.where(inside, beliefs, 0.5)) - _evidence(model, shown, beliefs)
    odds = (weight * left).sum(0)
    dims = ("state",)
    return dataset(
        {
            "D1": (dims, expit(odds), {"units": "1", "long_name": "prior probability of the state"}),
            "logit_D": (dims, odds, {"units": "nats", "long_name": "log odds of the prior"}),
            "logit_D_sd": (dims, np.sqrt((weight * (left - odds) ** 2).sum(0)),
                           {"units": "nats", "long_name": "sd of the residual"}),
            "s_mean": (dims, beliefs.mean(0), {"units": "1", "long_name": "mean belief"}),
        },
        {"state": (dims, list(model.states))},
    )  # fmt: skip


def _evidence(model: GenerativeModel, o: np.ndarray, s: np.ndarray) -> np.ndarray:
    """(T, Ns) what the inputs say for every state at every step, by the counts before it."""
    a, evidence = model.a, np.empty(s.shape)
    for at in range(0, len(o), CHUNK):
        part = slice(at, at + CHUNK)
        seen = np.stack([o[part], 1 - o[part]], axis=1).astype(float)
        believed = np.stack([s[part], 1 - s[part]], axis=1)
        grown = a + np.cumsum(seen[:, :, :, None, None] * believed[:, None, None], axis=0)
        before = np.concatenate([a[None], grown[:-1]])
        log = expected_log(before.swapaxes(0, 1), model.expectation)
        evidence[part] = np.einsum("tvi,vtij->tj", seen, log[..., 0, :] - log[..., 1, :])
        a = grown[-1]
    return evidence
