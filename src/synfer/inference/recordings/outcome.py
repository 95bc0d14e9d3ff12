"""All that is found of one culture."""

from dataclasses import dataclass

import numpy as np

from synfer.core.errors import ParameterError
from synfer.inference.recordings import intervals, nulls
from synfer.inference.recordings.analysis import Analysis, Sums, analyse, normalise, predict, skill
from synfer.inference.recordings.base import Base
from synfer.inference.recordings.prior import Implied, implied_prior
from synfer.inference.recordings.states import Conventions, Culture


@dataclass(frozen=True, eq=False)
class Outcome:
    """Of one culture: the analysis, forecast, nulls (null, statistic, permutation), their band, and intervals.

    `summary` and `reach` are of fall and skill; `implied` (ensemble, 2) and `implied_reach` (ensemble, 2, 2) of logit D
    and plasticity, intervals at least NaN where `why` (ensemble) says why.
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
    culture: Culture, base: Base, conventions: Conventions, orders: np.ndarray, resamples: int, level: float, seed: int
) -> Outcome:
    """Everything of one culture.

    Raises:
        ParameterError: no threshold, no skill, or a summary that is not finite.
    """
    order, k = np.arange(len(culture.n)), conventions.learn_sessions
    sums = normalise(culture, base.value, conventions, order)
    found = analyse(culture, sums, conventions, order)
    W_forecast, x_forecast = predict(culture, found, conventions, order)
    own = (found.fall, skill(found, W_forecast, k))
    permuted, reach = tested(culture, sums, own, base, conventions, orders, resamples, level, seed)
    some = slice(nulls.BAND)
    band = nulls.band(culture, sums, base.permuted[some], conventions, orders[some], level)
    told = implied(culture, base.value, conventions, level, seed, base.se)
    return Outcome(culture, sums, found, W_forecast, x_forecast, np.array(own), reach, permuted, band, *told)


def tested(
    culture: Culture, sums: Sums, own: tuple[float, float], base: Base, conventions: Conventions, orders: np.ndarray,
    resamples: int, level: float, seed: int,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Of fall and skill: those of permuted sessions (null, statistic, permutation), and intervals (statistic, 2)."""
    permuted = nulls.permuted(culture, sums, base.permuted, conventions, orders)
    reach = intervals.summary_intervals(
        culture, own, base.value, conventions, draws=resamples, level=level, seed=seed
    )  # fmt: skip
    for name, values in (("own", np.array(own)), ("permuted", permuted), ("resampled", reach)):
        if not np.isfinite(values).all():
            raise ParameterError(
                f"culture {culture.name!r} has a fall or a skill that is not finite ({name} sessions); bring "
                f"insensitivity, gain and eps nearer to their defaults"
            )
    return permuted, reach


def implied(
    culture: Culture, base: float, conventions: Conventions, level: float, seed: int, base_se: float | None = None
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """logit D and plasticity (ensemble, 2), their intervals (ensemble, 2, 2), and why there are none (ensemble).

    Intervals are NaN too where a prior is determined at the base, and a standard error from it is not.
    """
    k, value, reach, why = conventions.learn_sessions, np.full((2, 2), np.nan), np.full((2, 2, 2), np.nan), ["", ""]

    def at(base: float, e: int) -> Implied:
        return implied_prior(culture.y[e, :k] / (2 * base), culture.o[:k], culture.n[:k], conventions.insensitivity)

    for e in range(2):
        try:
            prior = at(base, e)
            value[e] = prior.logit_D, prior.plasticity
            ends = intervals.implied_intervals(prior, level=level, seed=seed, name=f"{culture.name} {e}")
            if base_se:
                moved = [at(base * np.exp(sign * base_se / base), e) for sign in (-1, 1)]
                ends = intervals.widened(prior, ends, moved, level)
            reach[e] = ends
        except ParameterError as error:
            known = np.isfinite(value[e]).all() and base_se
            why[e] = f"base {base:.3g} +- {base_se:.2g} is not known well enough: {error}" if known else str(error)
    return value, reach, why
