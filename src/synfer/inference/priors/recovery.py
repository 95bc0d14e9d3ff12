"""How well priors are recovered from behaviour: agents whose prior is known, and every estimate of it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.checks import check_count
from synfer.core.errors import NumericalError
from synfer.core.points import broadcast, is_sequence
from synfer.core.results import dataset
from synfer.core.seeds import check_seed
from synfer.inference.agent import learn
from synfer.inference.agent.fit import actions_of, check_fit
from synfer.inference.agent.learn import own_seed
from synfer.inference.agent.modulation import RiskModulation
from synfer.inference.agent.parallel import Progress, side_by_side
from synfer.inference.model import GenerativeModel
from synfer.inference.priors.estimate import check_actions, collect, decision_frequency, fit_prior, replay_plan
from synfer.inference.priors.results import prior_result
from synfer.inference.tasks import Task
from synfer.inference.tasks.contract import words

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
    *,
    trials: int,
    T: int = 20_000,
    modulation: RiskModulation | None = None,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
    seed: int | Sequence[int],
) -> xr.Dataset:
    """Estimates of E by action from agents that have learned, against the E that they have.

    Args:
        model: Of each agent, with its true E; a sequence gives each its own, and so do those of task and seed.
        task: What agents learn; one that begins in one state.
        trials: How many they learn for; estimates are from the last one, and from all.
        T, modulation: As in `learn`.
        workers: Threads; default one for each core. Results do not depend on it.
        progress: Called with the fraction done.
        seed: Of the decisions; one seed gives each agent its own.

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
    trials = check_count("trials", trials)
    for point in points:
        check_fit(point["model"], point["task"])
    check_actions([point["task"] for point in points])
    seeds = [check_seed(p["seed"]) if is_sequence(seed) else own_seed(p["seed"], k) for k, p in enumerate(points)]
    done = Progress(len(points), progress)

    def one(k: int, stopped: Callable[[], bool]) -> list[xr.Dataset]:
        found = _one(points[k]["model"], points[k]["task"], trials, seeds[k], T, modulation, stopped)
        done()
        return found

    found = side_by_side(one, len(points), workers)
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
        "action": (("action",), np.arange(truth.shape[1])),
        "estimator": (("estimator",), list(ESTIMATORS)),
    }
    told: dict[str, Any] = {"model": [p["model"].digest() for p in points], "task": [words(p["task"]) for p in points]}
    return dataset(variables, coords, verb="prior_recovery", trials=trials, T=T, seed=seeds, **told)


class _Stopped(Exception):
    """Another agent has failed; nobody reads what comes of this one."""


def _one(
    model: GenerativeModel, task: Task, trials: int, seed: int, T: int, modulation: RiskModulation | None,
    stopped: Callable[[], bool],
) -> list[xr.Dataset]:  # fmt: skip
    """Every estimate from one agent."""

    def halt(_: float) -> None:
        if stopped():
            raise _Stopped

    run = learn(model, task, trials=trials, seed=seed, T=T, modulation=modulation, record="d", workers=1, progress=halt)
    n_actions = task.n_actions
    action = actions_of(model.n_decisions, n_actions)
    series = [own[own >= 0] for own in run["d"].values]
    plan = replay_plan(series, modulation)
    statistics = {
        "decisions": collect(model, task, series, plan, False),
        "actions": collect(model, task, [action[own] for own in series], plan, True),
    }
    found = []
    for seen, last in ESTIMATORS.values():
        if not seen:
            found.append(decision_frequency(series[-1], model.n_decisions, n_actions))
            continue
        own = statistics[seen][-last:] if last else statistics[seen]
        try:
            fitted = fit_prior(model, n_actions, own, seen, "action")
            found.append(prior_result(model, n_actions, fitted, own, "action"))
        except NumericalError:
            found.append(xr.full_like(found[0], np.nan, dtype=np.float64))
    return found


def _mean(values: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Over agents of which n are not NaN; NaN of none."""
    return np.divide(np.nansum(values, axis=0), n, out=np.full(values.shape[1:], np.nan), where=n > 0)


def _truth(model: GenerativeModel, task: Task) -> np.ndarray:
    assert model.E is not None
    return np.bincount(actions_of(model.n_decisions, task.n_actions), model.E[0])
