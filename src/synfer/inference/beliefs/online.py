"""Inference and learning in turn: counts that are updated while the filter goes on."""

from typing import Any

import numpy as np
import xarray as xr
from scipy.special import expit

from synfer.core.checks import check_floor
from synfer.inference.beliefs.filtering import LogOdds, check_finite, labelled
from synfer.inference.beliefs.learning import Counts, parts
from synfer.inference.beliefs.series import decision_pairs, first_pair, modulation, observed, stack
from synfer.inference.model import GenerativeModel


def learn_online(
    model: GenerativeModel, o: Any, d: Any = None, Gamma: Any = 0.0, *, every: int = 1, floor: float | None = None
) -> xr.Dataset:
    """Inference with counts that are updated while it goes on: `infer` and `update_counts` in turn.

    Args:
        model: Before the first step.
        o: (T, No) observations in [0, 1].
        d: (T + 1, Nd) decisions taken; None: the beliefs about them.
        Gamma: Risk in [0, 1], one number or (T,).
        every: Steps from one update to the next, >= 1. The beliefs of a step know the counts up to the last update.
        floor: > 0; the least that counts of decisions may become after an update, or None.

    Returns:
        What `infer` returns, and the counts at the end, `a`, `b`, `c`: `model.replace(a=result.a)` goes on from them.

    Raises:
        ParameterError, NumericalError: as `infer` and `update_counts`.

    Accuracy: the published separation of two sources, 25,600 updates, to 1.3e-14.
    References: Isomura & Friston (2020), Neural Comput. 32:2085.

    Example:
        >>> model = GenerativeModel.from_probabilities(A1=[[0.6]], A0=[[0.4]], total=10)
        >>> learn_online(model, [[1.0]] * 50).s.values[[1, 50], 0].round(2).tolist()
        [0.61, 0.52]
    """
    o = stack(observed(model, o))
    steps = len(o)
    decisions = None if d is None else decision_pairs(model, d, steps, "d")
    learning = modulation(Gamma, steps)
    least, counts, priors = check_floor(floor), Counts.of(model), LogOdds.of(model)
    pairs = np.empty((steps + 1, 2 * model.n_states))
    pairs[0] = first_pair(model)
    z = None if priors.E is None else np.empty((steps, model.n_decisions))
    for part, both in parts(steps, "every", every):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            pairs[both], own_z = priors.with_counts(counts.arrays(model), model.expectation).filter(
                o[part], pairs[both.start]
            )
        check_finite(model, pairs[both], own_z, both.start)
        taken = None if decisions is None else decisions[part]
        if z is not None and own_z is not None:
            z[part] = own_z
            taken = stack(expit(own_z)) if taken is None else taken
        counts = counts.grown(o[part], pairs[both], taken, learning[part], least)
    final = counts.arrays(model)
    return labelled("learn_online", model, pairs, z).merge(model.replace(**final).to_dataset()[list(final)])
