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
from synfer.inference.recordings.analysis import analyse, normalise, predict, skill
from synfer.inference.recordings.estimator import ImplicitFreeEnergy
from synfer.inference.recordings.nulls import NULLS, STATISTICS, orders, p_value, summary
from synfer.inference.recordings.outcome import outcome
from synfer.inference.recordings.states import Conventions, Culture, conditional
from synfer.inference.recordings.states import culture as culture_of
from synfer.inference.recordings.synthetic import synthetic_cultures

MEASURES = (*STATISTICS, "D", "plasticity")
OK, FAILED = 0, 2


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

    At a plasticity of 0 tests reject by mistake, and at others with the power they have. The base is known, as from a
    control. The truth of skill and of the fall of the free energy, which their intervals are about, is the mean over
    the same culture recorded anew with the same stimuli.

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
        Dataset of `rejected` (statistic, plasticity, null), the part of cultures with p <= alpha, and `coverage`
        (measure, plasticity), the part of intervals that hold the truth; their standard errors `_se` are those of
        (hits + 1) / (n + 2), never 0. By plasticity and culture `fall` and `skill` with ends of intervals, `_low` and
        `_high`, with their truth `_true`, and `_p` (null); by source `D` with the same and `plasticity_found`, NaN
        where not determined. `right`: whether the ensembles found are the true ones, else there is no `_true`.
        `status`: 0, or 2 where a culture cannot be analysed and is left out, for the reason in attrs["reasons"].

    Raises:
        ParameterError: names the argument.

    Example:
        >>> quick = ImplicitFreeEnergy(4, permutations=19, resamples=20)
        >>> found = recovery(quick, cultures=3, plasticity=[0, 3], sessions=12, steps=64, repeats=2, seed=1)
        >>> found.rejected.dims, found.coverage.sel(measure="D").shape
        (('statistic', 'plasticity', 'null'), (2,))
    """
    estimator = ImplicitFreeEnergy(permutations=99, resamples=50) if estimator is None else estimator
    conventions, seed = _conventions(estimator), check_seed(seed)
    n, repeats = check_count("cultures", cultures), check_count("repeats", repeats, 2)
    strengths = np.atleast_1d(check_numbers("plasticity", plasticity))
    level, least = check_numbers("alpha", alpha), 1 / (estimator.permutations + 1)
    if level.ndim or not least <= level < 1:
        raise ParameterError(
            f"alpha = {shortly(alpha)} must be a number in [{least:.3g}, 1), as {estimator.permutations} permutations "
            f"tell no smaller p; raise permutations of the estimator"
        )
    how = {"D1": D1, "sessions": _sessions(sessions, conventions), "steps": steps, "units": units}
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


def shift_recovery(
    estimator: ImplicitFreeEnergy | None = None,
    *,
    shift: float | Sequence[float] = (-1.0, -0.5, 0.5, 1.0),
    cultures: int = 25,
    plasticity: float = 1.0,
    D1: float | Sequence[float] = 0.5,
    sessions: int = 100,
    steps: int = 256,
    units: int = 64,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
    seed: int,
) -> xr.Dataset:
    """How often the forecast that is told of a change of excitability is better than the one that is not.

    From the first forecast session on the log odds of the prior of both sources are shifted in synthetic cultures.

    Args:
        estimator: Whose arguments are used; by default with detrend=False, as the published analysis takes away the
            trend of the rate and with it nearly all that a shift does.
        shift: One number, or several to go through [nats].
        cultures: Of each shift; the k-th one has the same stimuli and units in all.
        plasticity, D1, sessions, steps, units: Of `synthetic_cultures`.
        workers, progress, seed: As in `recovery`.

    Returns:
        Dataset by shift. `better`, the part of cultures in which the mean square error of responses in later sessions
        is smaller with the shift, with `better_se` as in `recovery`; by culture `x_error` and `skill` of the forecast
        without it, `x_error_shifted` and `skill_shifted` with it, and `status`.

    Raises:
        ParameterError: names the argument.

    Example:
        >>> found = shift_recovery(ImplicitFreeEnergy(4, detrend=False), shift=1, cultures=2, sessions=12, seed=1)
        >>> found.better.values.tolist()
        [1.0]
    """
    estimator = ImplicitFreeEnergy(detrend=False) if estimator is None else estimator
    conventions, seed = _conventions(estimator), check_seed(seed)
    n, shifts = check_count("cultures", cultures), np.atleast_1d(check_numbers("shift", shift))
    k = conventions.learn_sessions
    how = {"plasticity": plasticity, "D1": D1, "sessions": _sessions(sessions, conventions), "steps": steps}
    how |= {"units": units, "shift_after": k}
    done = Progress(len(shifts) * n, progress)

    def one(place: int, stopped: Callable[[], bool]) -> np.ndarray | str:
        at, j = divmod(place, n)
        rec = synthetic_cultures(1, shift=shifts[at], seed=child(seed, "culture", str(j)), **how)
        try:
            found = _errors(_culture(rec, f"c{j}", conventions), float(shifts[at]), conventions, rec.attrs["base"])
        except ParameterError as error:
            return str(error)
        done()
        return found

    found = side_by_side(one, len(shifts) * n, workers)
    by = ("shift", "culture")
    names = ("x_error", "x_error_shifted", "skill", "skill_shifted")
    table = np.array([np.full((2, 2), np.nan) if isinstance(own, str) else own for own in found])
    table = table.reshape(len(shifts), n, 4)
    hits = np.where(np.isnan(table[..., 0]), np.nan, table[..., 1] < table[..., 0])
    variables: dict[str, tuple[Any, ...]] = {name: (by, table[..., m]) for m, name in enumerate(names)}
    better, se = _part(hits, 1)
    variables |= {"better": (("shift",), better), "better_se": (("shift",), se), "status": (by, _status(found, shifts))}
    coords = {"shift": (("shift",), shifts), "culture": (("culture",), [f"c{j}" for j in range(n)])}
    told = how | {"shift": shifts, "cultures": n, "seed": seed}
    return dataset(
        variables, coords, verb="shift_recovery", estimator=estimator.get_params(), spec=told, reasons=_reasons(found)
    )
