"""How well the estimator does where the truth is known: on synthetic cultures, with synapses that learn or do not."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.special import expit

from synfer.core.checks import check_count, check_kind, check_numbers, shortly
from synfer.core.errors import ParameterError
from synfer.core.results import dataset
from synfer.core.seeds import check_seed, child, generator
from synfer.inference.agent.parallel import Progress, side_by_side
from synfer.inference.recordings.analysis import normalise
from synfer.inference.recordings.base import Base
from synfer.inference.recordings.estimator import ImplicitFreeEnergy
from synfer.inference.recordings.labelled import FAILED, OK
from synfer.inference.recordings.nulls import NULLS, STATISTICS, orders, p_value, summary
from synfer.inference.recordings.outcome import implied, tested
from synfer.inference.recordings.states import Conventions, Culture
from synfer.inference.recordings.states import culture as culture_of
from synfer.inference.recordings.synthetic import synthetic_cultures

MEASURES = (*STATISTICS, "D", "plasticity")


class _Found(NamedTuple):
    """Of one culture; statistics are along the first axis, or sources, and ends of intervals along the last."""

    summary: np.ndarray
    reach: np.ndarray
    true: np.ndarray
    p: np.ndarray
    implied: np.ndarray
    implied_reach: np.ndarray
    logit_D: np.ndarray
    right: bool


def recovery(
    estimator: ImplicitFreeEnergy | None = None,
    *,
    cultures: int = 200,
    plasticity: float | Sequence[float] = 0.0,
    D1: float | Sequence[float] = 0.5,
    sessions: int = 100,
    steps: int = 256,
    units: int = 64,
    repeats: int = 20,
    alpha: float = 0.05,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
    seed: int,
) -> xr.Dataset:
    """The estimator on synthetic cultures: how often its tests reject, and how often intervals hold the truth.

    At a plasticity of 0 tests reject by mistake, and at others with the power they have. The base is that of the
    estimator or the true one, as from a control, and is taken as exact: coverage is of intervals without `base_se`, and
    far less where a base is off by a few per cent. The truth of skill and of the fall of the free energy, which their
    intervals are about, is the mean over the same culture recorded anew with the same stimuli.

    Args:
        estimator: Whose arguments are used, but for the seed; by default with 99 permutations and 50 resamples.
        cultures: Of each plasticity; the k-th one has the same stimuli and units in all.
        plasticity: One number, or several to go through.
        D1, sessions, steps, units: Of `synthetic_cultures`; D1 one number, or one for each source.
        repeats: How often a culture is recorded anew, >= 2.
        alpha: Level of the tests, in [1 / (permutations + 1), 1).
        workers: Threads; default one for each core. Results do not depend on it.
        progress: Called with the fraction done.
        seed: Integer in [0, 2^63).

    Returns:
        Dataset of `rejected` (plasticity, statistic, null), the part of cultures with p <= alpha, and `coverage`
        (measure, plasticity), the part of intervals that hold the truth; their standard errors `_se` are those of
        (hits + 1) / (n + 2), never 0. By plasticity and culture `fall` and `skill` with ends of intervals, `_low` and
        `_high`, with their truth `_true`, and `_p` (null); by source `D` with the same and `plasticity_found`, NaN
        where not determined. `right`: whether the ensembles found are the true ones, else there is no `_true`.
        `status`: 0, or 2 where a culture cannot be analysed and is left out, for the reason in attrs["reasons"].

    Raises:
        ParameterError: names the argument.

    Accuracy: at the defaults tests reject in .04 to .06 of 200 cultures without plasticity. 90 % intervals hold .90
        (fall), .89 (skill), .93 (D, at .3, .5 and .6) and .92 (plasticity) of truths. Against a plasticity of .001 the
        power of the null "sessions" is .7 (fall) and .5 (skill), from .003 to .3 almost 1; of one that is over within
        the learnt sessions less is left, .9 at 1, and .4 (fall) and .7 (skill) for the null "states".

    Example:
        >>> quick = ImplicitFreeEnergy(4, permutations=19, resamples=20)
        >>> found = recovery(quick, cultures=3, plasticity=[0, 3], sessions=12, steps=64, repeats=2, seed=1)
        >>> found.rejected.dims, found.coverage.sel(measure="D").shape
        (('plasticity', 'statistic', 'null'), (2,))
    """
    estimator = ImplicitFreeEnergy(permutations=99, resamples=50) if estimator is None else estimator
    conventions, seed = conventions_of(estimator), check_seed(seed)
    n, repeats = check_count("cultures", cultures), check_count("repeats", repeats, 2)
    strengths = series("plasticity", plasticity)
    level, least = check_numbers("alpha", alpha), 1 / (estimator.permutations + 1)
    if level.ndim or not least <= level < 1:
        raise ParameterError(
            f"alpha = {shortly(alpha)} must be a number in [{least:.3g}, 1), as {estimator.permutations} permutations "
            f"tell no smaller p; raise permutations of the estimator"
        )
    how = {"D1": D1, "sessions": enough(sessions, conventions), "steps": steps, "units": units}
    done = Progress(len(strengths) * n, progress)

    def one(place: int, stopped: Callable[[], bool]) -> _Found | str:
        at, k = divmod(place, n)
        rec = synthetic_cultures(1, plasticity=strengths[at], seed=child(seed, "culture", str(k)), **how)
        found = _recover(rec, f"c{k}", estimator, conventions, repeats, child(seed, "analysis"))
        done()
        return found

    found = side_by_side(one, len(strengths) * n, workers)
    told = how | {"cultures": n, "repeats": repeats, "alpha": float(level), "seed": seed}
    return _result(found, strengths, n, float(level), {"estimator": estimator.get_params(), "spec": told})


def conventions_of(estimator: ImplicitFreeEnergy) -> Conventions:
    return check_kind("estimator", estimator, ImplicitFreeEnergy, "give ImplicitFreeEnergy(...) or None").conventions()


def series(name: str, value: Any) -> np.ndarray:
    """One number, or several, as (n,)."""
    numbers = np.atleast_1d(check_numbers(name, value))
    if numbers.ndim > 1 or not len(numbers):
        raise ParameterError(f"{name} has shape {numbers.shape} and must be one number, or several in a row")
    return numbers


def enough(sessions: int, conventions: Conventions) -> int:
    return check_count("sessions", sessions, 2 * conventions.learn_sessions)


def only(rec: xr.Dataset, name: str, conventions: Conventions) -> Culture:
    spikes, s, o, valid = (rec[part].values[0] for part in ("spikes", "stimulus", "input", "valid"))
    return culture_of(name, spikes, s, o, valid, conventions)


def _recover(
    rec: xr.Dataset, name: str, estimator: ImplicitFreeEnergy, conventions: Conventions, repeats: int, seed: int
) -> _Found | str:
    """All that is found of the only culture of a recording, or the reason why nothing is."""
    base = float(conventions.base or rec.attrs["base"])
    try:
        culture = only(rec, name, conventions)
        own, reach, p = _tested(culture, base, estimator, conventions, seed)
    except ParameterError as error:
        return str(error)
    right = bool((culture.units == (rec.ensemble.values == [[0], [1]])).all())
    true = np.full(2, np.nan)
    if right:
        rng = generator(seed, "record anew", name)
        true = np.mean([_anew(rec, culture, base, conventions, rng) for _ in range(repeats)], axis=0)
    value, ends, _ = implied(culture, base, conventions, estimator.level, seed)
    return _Found(own, reach, true, p, value, ends, rec.logit_D.values[0], right)


def _tested(
    culture: Culture, base: float, estimator: ImplicitFreeEnergy, conventions: Conventions, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fall and skill, their intervals, and p (statistic, null)."""
    order = np.arange(len(culture.n))
    sums = normalise(culture, base, conventions, order)
    own = summary(culture, sums, conventions, order)
    exact = Base(base, None, np.full(estimator.permutations, base), None)
    shuffled = orders(culture, estimator.permutations, seed)
    null, reach = tested(
        culture, sums, own, exact, conventions, shuffled, estimator.resamples, estimator.level, seed
    )  # fmt: skip
    return np.array(own), reach, p_value(np.broadcast_to(own, (2, 2)), null).T


def _anew(
    rec: xr.Dataset, culture: Culture, base: float, conventions: Conventions, rng: np.random.Generator
) -> tuple[float, float]:
    """Fall and skill of a culture recorded anew: the sum over an ensemble of Poisson counts is one of their sum."""
    c, x, size = culture, np.moveaxis(rec.truth_x.values[0], -1, 0), culture.units.sum(1)[:, None, None]
    y = rng.poisson(2 * rec.attrs["base"] * size * x) / size
    hot = (np.arange(4)[:, None] == c.state[:, None]).astype(np.float64)
    means = (hot @ y[..., None])[..., 0] / c.counts
    within = ((y - (means[:, :, None] @ hot)[:, :, 0]) ** 2).sum((1, 2))
    other = replace(c, y=y, means=means, within=within, session_mean=(means * c.counts).sum(2) / c.n)
    order = np.arange(len(c.n))
    return summary(other, normalise(other, base, conventions, order, whole=False), conventions, order)


def _result(
    found: list[_Found | str], strengths: np.ndarray, n: int, alpha: float, told: dict[str, Any]
) -> xr.Dataset:  # fmt: skip
    """The dataset of all cultures, each plasticity after the other."""
    size = (len(strengths), n)

    def stack(name: str, *shape: int) -> np.ndarray:
        nothing = np.full(shape, np.nan)
        return np.array([nothing if isinstance(own, str) else getattr(own, name) for own in found]).reshape(
            *size, *shape
        )

    by: tuple[str, ...] = ("plasticity", "culture")
    own, reach, true, p = stack("summary", 2), stack("reach", 2, 2), stack("true", 2), stack("p", 2, 2)
    variables: dict[str, tuple[Any, ...]] = {}
    inside = {}
    for k, name in enumerate(STATISTICS):
        variables |= _measure(name, by, own[..., k], reach[..., k, :], true[..., k])
        variables[f"{name}_p"] = ((*by, "null"), p[..., k, :])
        inside[name] = _inside(reach[..., k, :], true[..., k])
    value, ends, logit_D = stack("implied", 2, 2), stack("implied_reach", 2, 2, 2), stack("logit_D", 2)
    inside["D"] = _inside(ends[..., 0, :], logit_D)
    inside["plasticity"] = _inside(ends[..., 1, :], np.broadcast_to(strengths[:, None, None], logit_D.shape))
    variables |= _measure("D", (*by, "source"), expit(value[..., 0]), expit(ends[..., 0, :]), expit(logit_D))
    variables |= _measure("plasticity_found", (*by, "source"), value[..., 1], ends[..., 1, :])
    rejected, rejected_se = part_of(np.where(np.isnan(p), np.nan, p <= alpha * (1 + 1e-9)), 1)
    parts = [part_of(inside[name].reshape(len(strengths), -1), 1) for name in MEASURES]
    held = {"units": "1", "long_name": "fraction of intervals that hold the truth"}
    variables |= {
        "rejected": (("plasticity", "statistic", "null"), rejected),
        "rejected_se": (("plasticity", "statistic", "null"), rejected_se),
        "coverage": (("measure", "plasticity"), np.array([part for part, _ in parts]), held),
        "coverage_se": (("measure", "plasticity"), np.array([se for _, se in parts]), _se_of(held)),
        "right": (by, np.array([not isinstance(own, str) and own.right for own in found]).reshape(size)),
        "status": (by, status_of(found, strengths)),
    }
    texts = {"statistic": STATISTICS, "null": NULLS, "measure": MEASURES}
    coords: dict[str, tuple[Any, ...]] = {name: ((name,), list(words)) for name, words in texts.items()}
    coords |= {"plasticity": (("plasticity",), strengths), "culture": (("culture",), [f"c{k}" for k in range(n)])}
    return dataset(variables, coords, verb="recovery", reasons=reasons(found), **told)


def _measure(
    name: str, dims: tuple[str, ...], value: np.ndarray, reach: np.ndarray, true: np.ndarray | None = None
) -> dict[str, tuple[Any, ...]]:
    named = {name: value, f"{name}_low": reach[..., 0], f"{name}_high": reach[..., 1]}
    if true is not None:
        named[f"{name}_true"] = true
    return {own: (dims, array) for own, array in named.items()}


def _inside(reach: np.ndarray, true: np.ndarray) -> np.ndarray:
    """1 where an interval holds the truth, NaN where there is none."""
    unknown = np.isnan(reach).any(-1) | np.isnan(true)
    return np.where(unknown, np.nan, (reach[..., 0] <= true) & (true <= reach[..., 1]))


def part_of(hits: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Part of those that are not NaN, NaN of none, and its standard error, that of (hits + 1) / (n + 2)."""
    n, k = (~np.isnan(hits)).sum(axis), np.nansum(hits, axis)
    kept = (k + 1) / (n + 2)
    none = np.full(n.shape, np.nan)
    part = np.divide(k, n, out=none.copy(), where=n > 0)
    return part, np.divide(np.sqrt(kept * (1 - kept)), np.sqrt(n), out=none, where=n > 0)


def _se_of(attrs: dict[str, str]) -> dict[str, str]:
    return attrs | {"long_name": f"standard error of the {attrs['long_name']}"}


def status_of(found: Sequence[Any], points: np.ndarray) -> np.ndarray:
    return np.reshape([FAILED if isinstance(own, str) else OK for own in found], (len(points), -1)).astype(np.int8)


def reasons(found: Sequence[Any]) -> list[str] | None:
    """Why cultures could not be analysed."""
    return [own for own in found if isinstance(own, str)] or None
