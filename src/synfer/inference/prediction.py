"""Prediction of learning: how agents will fare in mazes never seen, from how others began elsewhere.

The prior E is estimated from the first trials of some agents; agents with that prior then learn other tasks, and what
they need on average is held against what is observed there. A task is the unit: all its trials make one number.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr

from synfer.core.checks import check_choice, check_count, check_function, check_kind, check_numbers, shortly
from synfer.core.errors import ParameterError
from synfer.core.points import is_sequence
from synfer.core.results import dataset
from synfer.core.seeds import check_seed, child
from synfer.inference.agent import RiskModulation, learn
from synfer.inference.agent.fit import actions_of, check_fit
from synfer.inference.model import GenerativeModel
from synfer.inference.priors import estimate_prior
from synfer.inference.priors.estimate import check_actions
from synfer.inference.tasks import Task
from synfer.inference.tasks.contract import words

Estimator = Literal["frequency", "likelihood"]


def prediction_error(observed: Any, predicted: Any) -> xr.Dataset:
    """Relative error of predicted means over tasks, and what it would be for another task's prediction.

        error = mean_i abs(p_i - o_i) / o_i,     permuted = mean_i mean_j abs(p_j - o_i) / o_i
    with the mean over j that of all permutations of tasks.

    Args:
        observed: (n,) means > 0, one for each task.
        predicted: (n,) those predicted.

    Returns:
        `error` and `permuted` with standard errors over tasks, and `correlation` of observed and predicted, which says
        little: it stays high under a wrong prior, as hard mazes are hard for all.

    Example:
        >>> found = prediction_error([100.0, 200.0], [110.0, 190.0])
        >>> round(float(found.error), 3), round(float(found.permuted), 3)
        (0.075, 0.375)
    """
    o, p = check_numbers("observed", observed), check_numbers("predicted", predicted)
    if o.ndim != 1 or o.shape != p.shape or o.size < 2:
        raise ParameterError(
            f"observed and predicted have shapes {o.shape} and {p.shape} and must be (n,), a mean for "
            f"each of 2 or more tasks"
        )
    if not (o > 0).all():
        raise ParameterError("observed must be > 0; leave out tasks without a mean")
    off = abs(p - o) / o
    other = (abs(p - o[:, None]) / o[:, None]).mean(1)
    spread = np.ptp(o) > 0 and np.ptp(p) > 0
    root = np.sqrt(o.size)
    return dataset(
        {
            "error": ((), off.mean()),
            "error_se": ((), off.std(ddof=1) / root),
            "permuted": ((), other.mean()),
            "permuted_se": ((), other.std(ddof=1) / root),
            "correlation": ((), np.corrcoef(o, p)[0, 1] if spread else np.nan),
        },
        {},
        verb="prediction_error",
    )


def predict_learning(
    model: GenerativeModel,
    task: Sequence[Task],
    *,
    known: Sequence[Task],
    trials: int,
    wrong: GenerativeModel | None = None,
    estimators: Sequence[Estimator] = ("frequency", "likelihood"),
    replicates: int = 1,
    T: int = 20_000,
    modulation: RiskModulation | None = None,
    workers: int | None = None,
    progress: Callable[[float], None] | None = None,
    seed: int,
) -> xr.Dataset:
    """Predict how fast agents learn tasks, with a prior E estimated from agents in the first trial of other tasks.

    Agents with the model's own E are observed: in the first trial of each `known` task, and in all trials of each
    `task`. Agents of the same model whose E is what was estimated, or is wrong, predict the latter. All are fresh, and
    draw decisions of their own.

    Args:
        model: With the true E.
        task: Two or more, of which the trials are predicted.
        known: Tasks from whose first trials E is estimated, none of them in `task`.
        trials: In each task.
        wrong: The same with a prior that the agents do not have: the null of a prior swapped.
        estimators: "frequency", mean over the known tasks of the frequency of decisions from t = 2 on, as published;
            "likelihood", `estimate_prior` from all of them.
        replicates: Agents whose mean predicts each task.
        T, modulation: As in `learn`.
        workers: Threads; results do not depend on it.
        progress: Called with the fraction done.
        seed: Of all decisions.

    Returns:
        `steps_observed` (maze, trial); `steps` (prior, maze, trial), predicted, means over replicates, by prior: those
        of the estimators and "swapped", the wrong one; by prior also what `prediction_error` says of means over trials
        (`error`, `permuted`, their standard errors over tasks, `correlation`); `E_action` (prior, action) and `E_true`.

    Accuracy: 30 mazes of 100 trials, E_right .25, two replicates: error 5.2 % (s.e. .8), with a prior of .35 15.6 %,
        permuted 24 %. What is left is chance in the draws of single agents, observed ones included.

    References:
        Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55: 5.6 % for ten mazes at E_right .25.

    Example:
        >>> import synfer as sf
        >>> mazes = [sf.Maze.generate(seed=k) for k in range(4)]
        >>> found = sf.predict_learning(sf.maze_model(0.25), mazes[:2], known=mazes[2:], trials=2, T=4000, seed=1)
        >>> found.error.prior.values.tolist()
        ['frequency', 'likelihood']
    """
    tasks, others = _tasks("task", task, 2), _tasks("known", known, 1)
    _check_models(model, wrong, [*tasks, *others])
    if any(own in tasks for own in others):
        raise ParameterError("known must hold none of the tasks that are predicted; give others")
    trials, replicates = check_count("trials", trials), check_count("replicates", replicates)
    if progress is not None:
        check_function("progress", progress, "of the fraction that is done")
    T, seed, names = check_count("T", T, 3), check_seed(seed), _estimators(estimators, wrong)
    options: dict[str, Any] = {"T": T, "modulation": modulation, "workers": workers}
    first = learn(model, others, trials=1, seed=_seed(seed, "known"), record=("d", "E_est"), **options)
    models = {name: _estimated(model, others, first, name, modulation) for name in names}
    if wrong is not None:
        models["swapped"] = wrong
    runs = [("observed", model, 1), *((name, own, replicates) for name, own in models.items())]
    steps = _learned(runs, tasks, trials, seed, progress, options)
    variables = _compared(steps, [model, *models.values()], tasks[0].n_actions)
    coords: dict[str, tuple[Any, ...]] = {
        "prior": (("prior",), list(models)),
        "maze": (("maze",), np.arange(len(tasks))),
        "trial": (("trial",), np.arange(trials)),
        "action": (("action",), np.arange(tasks[0].n_actions)),
    }
    told: dict[str, Any] = {"model": model.digest(), "wrong": None if wrong is None else wrong.digest()}
    told |= {"task": [words(own) for own in tasks], "known": [words(own) for own in others]}
    told |= {"trials": trials, "replicates": replicates, "T": T, "seed": seed}
    return dataset(variables, coords, verb="predict_learning", **told)


def _tasks(name: str, given: Any, least: int) -> list[Task]:
    tasks = list(given) if is_sequence(given) else []
    if len(tasks) < least:
        raise ParameterError(
            f"{name} = {shortly(given)} must be a sequence of {least} or more tasks; for example "
            f"[sf.Maze.generate(seed=k) for k in range({least})]"
        )
    return tasks


def _check_models(model: GenerativeModel, wrong: GenerativeModel | None, tasks: Sequence[Task]) -> None:
    for own in tasks:
        check_fit(model, own)
    check_actions(tasks)
    if wrong is not None:
        check_kind("wrong", wrong, GenerativeModel, "for example sf.maze_model(0.35)")
        check_fit(wrong, tasks[0])


def _estimators(given: Any, wrong: object) -> list[str]:
    several = given if is_sequence(given) else [given]
    names = [check_choice("estimators", name, get_args(Estimator)) for name in several]
    if not names and wrong is None:
        raise ParameterError("estimators is empty and there is no wrong model, so that nothing predicts; give one")
    return names


def _learned(
    runs: Sequence[tuple[str, GenerativeModel, int]], tasks: Sequence[Task], trials: int, seed: int,
    progress: Callable[[float], None] | None, options: Mapping[str, Any],
) -> np.ndarray:  # fmt: skip
    """(run, task, trial) steps of agents of each model, their mean over replicates."""
    parts, done = sum(n for *_, n in runs), 0
    steps = np.zeros((len(runs), len(tasks), trials))
    for k, (name, own, n) in enumerate(runs):
        for replicate in range(n):
            tell = None if progress is None else _scaled(progress, done / parts, 1 / parts)
            found = learn(own, tasks, trials=trials, seed=_seed(seed, name, replicate), progress=tell, **options)
            steps[k] += found["steps"].values / n
            done += 1
    return steps


def _compared(steps: np.ndarray, models: Sequence[GenerativeModel], n_actions: int) -> dict[str, tuple[Any, ...]]:
    """What is observed comes first, then what each prior predicts; and by how much that is off."""
    action = actions_of(models[0].n_decisions, n_actions)
    E_true, *E_action = [np.bincount(action, own.E[0]) for own in models if own.E is not None]
    variables: dict[str, tuple[Any, ...]] = {
        "steps": (("prior", "maze", "trial"), steps[1:]),
        "steps_observed": (("maze", "trial"), steps[0]),
        "E_action": (("prior", "action"), np.array(E_action)),
        "E_true": (("action",), E_true),
    }
    mean = steps.mean(2)
    errors = [prediction_error(mean[0], own) for own in mean[1:]]
    return variables | {str(name): (("prior",), np.array([float(own[name]) for own in errors])) for name in errors[0]}


def _scaled(progress: Callable[[float], None], start: float, share: float) -> Callable[[float], None]:
    """The progress of a part of a whole."""
    return lambda fraction: progress(start + share * fraction)


def _estimated(
    model: GenerativeModel, known: Sequence[Task], first: xr.Dataset, name: str, modulation: RiskModulation | None
) -> GenerativeModel:
    """The model with E as it is estimated from first trials."""
    if name == "frequency":
        E = first["E_est"].values.mean((0, 1))
        if not (E > 0).all():
            missing = int(np.argmin(E))
            raise ParameterError(f"decision {missing} is never taken in the first trials; give more known tasks")
        return model.replace(E=E / E.sum())
    E = estimate_prior(model, list(known), first["d"].values, modulation=modulation)["E"].values
    return model.replace(E=E / E.sum())


def _seed(seed: int, name: str, replicate: int = 0) -> int:
    return child(seed, "predict_learning", name, str(replicate))
