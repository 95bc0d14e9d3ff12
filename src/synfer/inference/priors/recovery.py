"""How well priors are recovered from behaviour: agents whose prior is known, and every estimate of it."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.errors import NumericalError
from synfer.core.machine import cores
from synfer.core.points import broadcast, is_sequence
from synfer.core.results import dataset

from ..agent import learn
from ..agent.learn import own_seed
from ..agent.modulation import RiskModulation
from ..model import GenerativeModel
from ..tasks import Task
from .estimate import collect, decision_frequency, fit_prior, replay_plan
from .replay import actions_of
from .results import prior_result

ESTIMATORS = {
    "frequency": ("", 1),
    "likelihood": ("decisions", 1),
    "likelihood, all trials": ("decisions", None),
    "actions": ("actions", 1),
    "actions, all trials": ("actions", None),
}
"""By name: what is seen, and in how many of the last trials; a frequency is of decisions too."""


def prior_recovery(
    model: GenerativeModel | Sequence[GenerativeModel],
    task: Task | Sequence[Task],
    trials: int,
    seed: int | Sequence[int],
    *,
    T: int = 20_000,
    modulation: RiskModulation | None = None,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Estimates of E by action from agents that have learned, against the E that they have.

    Args:
        model: Of each agent, with its true E; a sequence gives each its own, and so do those of task and seed.
        task: What agents learn; one that begins in one state.
        trials: How many they learn for; estimates are from the last one, and from all.
        seed: Of the decisions; one seed gives each agent its own.
        T, modulation: As in `learn`.
        workers: Threads; default one for each core. Results do not depend on it.
        progress: Called with the fraction done.

    Returns:
        `E_action` (agent, estimator, action) with `_se`, `_low`, `_high`; `E_true` (agent, action); and by estimator
        and action `bias` with its standard error over agents, `z_sd` (root mean square of (estimate - truth) / se; 1
        where standard errors are right) and `coverage`, the fraction of agents whose 95 % interval holds the truth.
        Estimates are NaN where behaviour does not determine them, which `determined` (agent, estimator) tells.
        Estimators are "frequency" (of decisions in the last trial), "likelihood", "likelihood, all trials", and
        "actions" and "actions, all trials", which see no more of a decision than the action it begins with.

    Example:
        >>> import synfer as sf
        >>> mazes = [sf.Maze.generate(seed=k) for k in range(2)]
        >>> found = sf.prior_recovery(sf.maze_model(0.25), mazes, trials=2, seed=1, T=1000)
        >>> found.coverage.sel(estimator="likelihood").shape
        (4,)
    """
    points, _ = broadcast(model=model, task=task, seed=seed)
    seeds = [p["seed"] if is_sequence(seed) else own_seed(p["seed"], k) for k, p in enumerate(points)]
    lock, done = threading.Lock(), 0

    def one(k: int) -> list[xr.Dataset]:
        nonlocal done
        found = _one(points[k]["model"], points[k]["task"], trials, seeds[k], T, modulation)
        with lock:
            done += 1
            if progress is not None:
                progress(done / len(points))
        return found

    with ThreadPoolExecutor(workers or cores()) as pool:
        found = list(pool.map(one, range(len(points))))
    truth = np.array([_truth(p["model"], p["task"]) for p in points])
    names = ("E_action", "E_action_se", "E_action_low", "E_action_high")
    value, se, low, high = (np.array([[own[name].values for own in agent] for agent in found]) for name in names)
    error = value - truth[:, None]
    known = np.isfinite(error).all(2)
    n = known.sum(0)[:, None]
    by = ("estimator", "action")
    variables: dict[str, tuple[Any, ...]] = {
        name: (("agent", *by), array) for name, array in zip(names, (value, se, low, high), strict=True)
    }
    variables |= {
        "E_true": (("agent", "action"), truth),
        "determined": (("agent", "estimator"), known),
        "bias": (by, _mean(error, n)),
        "bias_se": (by, np.sqrt(_mean((error - _mean(error, n)) ** 2, n) / np.maximum(n - 1, 1))),
        "z_sd": (by, np.sqrt(_mean((error / se) ** 2, n))),
        "coverage": (
            by,
            _mean(np.where(np.isnan(error), np.nan, (low <= truth[:, None]) & (truth[:, None] <= high)), n),
        ),
    }
    coords: dict[str, tuple[Any, ...]] = {
        "agent": (("agent",), np.arange(len(points))),
        "action": (("action",), np.arange(truth.shape[1]), {"units": "1", "long_name": "action"}),
    }
    coords |= {"estimator": (("estimator",), list(ESTIMATORS), {"units": "1", "long_name": "estimator"})}
    return dataset(variables, coords, verb="prior_recovery", trials=trials, T=T, seed=seeds)


def _one(
    model: GenerativeModel, task: Task, trials: int, seed: int, T: int, modulation: RiskModulation | None
) -> list[xr.Dataset]:
    """Every estimate from one agent."""
    d = learn(model, task, trials, seed, T=T, modulation=modulation, record="d", workers=1).d.values
    n_actions = task.n_actions
    action = actions_of(model, n_actions)
    series = [own[own >= 0] for own in d]
    plan = replay_plan(series, modulation, "original", "table", 1)
    evidence = {
        "decisions": collect(model, task, series, plan, False),
        "actions": collect(model, task, [action[own] for own in series], plan, True),
    }
    found = []
    for seen, last in ESTIMATORS.values():
        if not seen:
            found.append(decision_frequency(series[-1], model.n_decisions, n_actions))
            continue
        own = evidence[seen][-last:] if last else evidence[seen]
        try:
            fitted = fit_prior(model, n_actions, own, seen, "action")  # type: ignore[arg-type]
            found.append(prior_result(model, n_actions, fitted, own, "action"))
        except NumericalError:
            found.append(xr.full_like(found[0], np.nan, dtype=np.float64))
    return found


def _mean(values: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Over agents of which n are not NaN; NaN of none."""
    return np.divide(np.nansum(values, axis=0), n, out=np.full(values.shape[1:], np.nan), where=n > 0)


def _truth(model: GenerativeModel, task: Task) -> np.ndarray:
    assert model.E is not None
    return np.bincount(actions_of(model, task.n_actions), model.E[0])
