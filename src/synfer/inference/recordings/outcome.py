"""All that is found of one culture."""

from dataclasses import dataclass

import numpy as np

from synfer.core.errors import ParameterError
from synfer.inference.recordings import compiled, intervals, nulls
from synfer.inference.recordings.analysis import Analysis, Sums, analyse, normalise, predict, skill
from synfer.inference.recordings.prior import implied_prior
from synfer.inference.recordings.states import Conventions, Culture


@dataclass(frozen=True, eq=False)
class Outcome:
    """Of one culture: the analysis, forecast, nulls (null, statistic, permutation), their band, and intervals.

    `summary` and `reach` are of fall and skill; `implied` (ensemble, 2) and `implied_reach` (ensemble, 2, 2) of logit D
    and plasticity, NaN where `why` (ensemble) says why.
    """

    culture: Culture
    sums: Sums
    found: Analysis
    W_forecast: np.ndarray
    x_forecast: np.ndarray
    summary: np.ndarray
    reach: np.ndarray
    permuted: np.ndarray
    band: np.ndarray
    implied: np.ndarray
    implied_reach: np.ndarray
    why: list[str]


def outcome(
    culture: Culture, base: float, conventions: Conventions, orders: np.ndarray, bases: np.ndarray, resamples: int,
    level: float, seed: int,
) -> Outcome:  # fmt: skip
    """Everything of one culture; bases are those of the permuted recordings."""
    order, k = np.arange(len(culture.n)), conventions.learn_sessions
    sums = normalise(culture, base, conventions, order)
    found = analyse(culture, sums, conventions, order)
    W_forecast, x_forecast = predict(culture, found, conventions, order)
    own = (found.fall, skill(found, W_forecast, k))
    permuted = nulls.permuted(culture, sums, bases, conventions, orders)
    some = slice(nulls.BAND)
    band = nulls.band(culture, sums, bases[some], conventions, orders[some], level)
    reach = intervals.summary_intervals(
        culture, own, base, conventions, draws=resamples, level=level, seed=seed
    )  # fmt: skip
    implied, implied_reach, why = np.full((2, 2), np.nan), np.full((2, 2, 2), np.nan), ["", ""]
    for e in range(2):
        try:
            prior = implied_prior(
                culture.y[e, :k] / (2 * base), culture.o[:k], culture.n[:k], conventions.insensitivity
            )
        except ParameterError as error:
            why[e] = str(error)
            continue
        implied[e] = prior.logit_D, prior.plasticity
        implied_reach[e] = intervals.implied_intervals(prior, level=level, seed=seed, name=f"{culture.name} {e}")
    return Outcome(
        culture, sums, found, W_forecast, x_forecast, np.array(own), reach, permuted, band, implied, implied_reach, why
    )


def refit(own: Outcome, inputs: np.ndarray, valid: np.ndarray, conventions: Conventions) -> np.ndarray:
    """x (session, step, ensemble) expected of inputs (session, step, input) that follow the learnt sessions."""
    k, culture = conventions.learn_sessions, own.culture
    steps = np.argsort(~valid, axis=1, kind="stable")
    n = valid.sum(1)
    o = np.ascontiguousarray(np.take_along_axis(inputs, steps[..., None], 1), dtype=np.uint8)
    home = conventions.gain * (conventions.insensitivity + np.exp(own.found.phi) * culture.n[:k].sum())
    x = np.zeros((2, *valid.shape))
    compiled.forecast(
        np.empty((len(n), *home.shape, o.shape[2])), own.found.W_hat[k] * home[..., None], home,
        own.found.phi[0] - own.found.phi[1], o, np.ascontiguousarray(np.swapaxes(o, 1, 2)),
        o.sum(1, dtype=np.float64), n, np.arange(len(n)), 0, True, x,
    )  # fmt: skip
    whole = np.full((*valid.shape, 2), np.nan)
    np.put_along_axis(whole, steps[..., None], np.moveaxis(x, 0, -1), 1)
    whole[~valid] = np.nan
    return whole
