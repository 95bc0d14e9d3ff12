"""Estimates of E as labelled results, with standard errors and intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import expit, logit

from synfer.core.results import dataset, label
from synfer.inference.agent.fit import actions_of
from synfer.inference.model import GenerativeModel
from synfer.inference.priors.likelihood import Fit
from synfer.inference.priors.replay import Statistics

Z95 = 1.959963984540054


def prior_result(
    model: GenerativeModel, n_actions: int, found: Fit, statistics: Sequence[Statistics], by: str, /, **attrs: Any
) -> xr.Dataset:
    """A fit as a labelled result."""
    action = actions_of(model.n_decisions, n_actions)
    spread = np.eye(model.n_decisions)
    if by == "action":
        spread = (action[:, None] == np.arange(n_actions)) / np.bincount(action)
    E, covariance = spread @ found.S, spread @ found.covariance @ spread.T
    n = int(sum(own.seen.sum() for own in statistics))
    result = labelled(E, covariance, action, n, model.decisions, by=by, **attrs)
    return result.assign(log_likelihood=((), found.log_likelihood, label("log_likelihood")))


def interval(p: np.ndarray, se: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % intervals that are symmetric in log odds and lie in [0, 1]; of p = 0 or 1 nothing but that."""
    inside = (p > 0) & (p < 1)
    safe = np.where(inside, p, 0.5)
    reach = Z95 * np.where(inside, se, 0) / (safe * (1 - safe))
    return np.where(inside, expit(logit(safe) - reach), 0.0), np.where(inside, expit(logit(safe) + reach), 1.0)


def labelled(
    E: np.ndarray, covariance: np.ndarray, action: np.ndarray, n: int, names: Sequence[str] = (), **attrs: Any
) -> xr.Dataset:
    sums = within(action)
    parts = {"E_action": ("action", sums @ E, sums @ covariance @ sums.T), "E": ("decision", E, covariance)}
    variables: dict[str, tuple[Any, ...]] = {"n": ((), n, {"units": "1", "long_name": "decisions that were seen"})}
    for name, (dim, value, spread) in parts.items():
        se = np.sqrt(np.maximum(np.diag(spread), 0))
        low, high = interval(value, se)
        own = {name: value, f"{name}_se": se, f"{name}_low": low, f"{name}_high": high}
        variables |= {key: ((dim,), array) for key, array in own.items()}
    labels = list(names) or [f"d{k}" for k in range(E.size)]
    coords = {"action": (("action",), np.arange(len(sums))), "decision": (("decision",), labels)}
    return dataset(variables, coords, **attrs)


def within(action: np.ndarray) -> np.ndarray:
    """(actions, Nd) sums over the decisions that begin with each action."""
    return (action == np.arange(action[-1] + 1)[:, None]).astype(np.float64)
