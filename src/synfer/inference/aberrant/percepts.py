"""Percepts: what an agent reports of its beliefs, and how often it does so by the model alone.

A percept is 1 with the probability s ("sample"), or where s > 1/2 ("threshold"). Where nothing was there to perceive it
is a false one, a hallucination; where something was and the percept is 0, it is a miss. Without memory,
    P(percept) = E[sig(evidence + ln D1 - ln D0)],  evidence = sum_i ln P(o_i | s = 1) - ln P(o_i | s = 0),
over what inputs may show; uninformative inputs leave sig(logit D), the prior.
"""

from typing import Any, Literal, get_args

import numpy as np
import xarray as xr
from scipy.special import expit

from synfer.core.checks import check_choice, check_kind, check_numbers, place
from synfer.core.errors import ParameterError
from synfer.core.results import dataset
from synfer.core.seeds import check_seed, generator
from synfer.inference.beliefs import expected_log
from synfer.inference.model import GenerativeModel

Rule = Literal["sample", "threshold"]
MOST_INPUTS = 20


def draw_percepts(s: Any, *, rule: Rule = "sample", seed: int) -> np.ndarray:
    """Percepts 0 or 1 of beliefs s in [0, 1], of the same shape.

    Example:
        >>> draw_percepts([0.2, 0.7], rule="threshold", seed=0).tolist()
        [0, 1]
    """
    s, seed = check_numbers("s", s, finite=False), check_seed(seed)
    wrong = ~((s >= 0) & (s <= 1))
    if wrong.any():
        raise ParameterError(f"{place('s', s, wrong)} must be in [0, 1], the belief that a state is 1")
    sample = check_choice("rule", rule, get_args(Rule)) == "sample"
    edge = generator(seed, "percepts").random(s.shape) if sample else 0.5
    return (s > edge).astype(np.int64)


def percept_rate(model: GenerativeModel, p: Any, *, rule: Rule = "sample") -> xr.Dataset:
    """The probability of a percept of each state, exactly, by enumeration of all inputs.

    Args:
        model: Without b: beliefs do not depend on earlier ones.
        p: (No,) or a number; P(o_i = 1), inputs independent. 1/2 is noise; model.A[0, :, 0, j] a signal.
        rule: See the module.

    Returns:
        `percept_rate` (state): of false percepts where p is what comes without a signal, and 1 less the miss rate
        where p is what comes with it.

    Raises:
        ParameterError: a model with memory, more than 20 inputs, p outside [0, 1].

    Accuracy: rounding, 1e-13.

    Example:
        >>> model = GenerativeModel.from_probabilities(A1=[[0.5]], A0=[[0.5]], D=[0.2], total=10)
        >>> percept_rate(model, 0.5).percept_rate.values.round(6).tolist()
        [0.2]
    """
    check_kind("model", model, GenerativeModel, "for example GenerativeModel.from_probabilities(...)")
    thresholded = check_choice("rule", rule, get_args(Rule)) == "threshold"
    if model.b is not None:
        raise ParameterError(
            "the model has b: beliefs depend on those before, and no enumeration of one step gives their rates; "
            "give model.replace(b=None), or infer a long series and average"
        )
    n = model.n_observations
    if n > MOST_INPUTS:
        raise ParameterError(f"the model has {n} observations, and 2^{n} of their values are too many; at most 20")
    probability = check_numbers("p", p, finite=False)
    if probability.shape not in ((), (n,)) or not ((probability >= 0) & (probability <= 1)).all():
        raise ParameterError(f"p = {p!r} must be one probability, or ({n},) of them, in [0, 1]")
    patterns = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    weight = np.where(patterns, probability, 1 - probability).prod(1)
    log = expected_log(model.a, model.expectation)
    seen, unseen = log[:, :, 0] - log[:, :, 1]
    z = patterns @ seen + (1 - patterns) @ unseen + np.log(model.D[0]) - np.log(model.D[1])
    percept = (z > 0) if thresholded else expit(z)
    variables = {"percept_rate": (("state",), weight @ percept)}
    coords = {"state": (("state",), list(model.states))}
    return dataset(variables, coords, verb="percept_rate", model=model.digest(), p=probability, rule=rule)
