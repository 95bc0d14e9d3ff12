"""Estimates of the prior E of decisions from behaviour: the verbs."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr

from synfer.core.errors import NumericalError, ParameterError, did_you_mean

from ..agent.learn import Method, Ordering
from ..agent.modulation import RiskModulation
from ..agent.trial import Plan
from ..model import GenerativeModel
from ..tasks import Task
from .behaviour import check_choices, series_of
from .likelihood import UNKNOWN, Fit, fit
from .replay import Evidence, action_classes, actions_of, decision_classes, replay
from .results import labelled, prior_result, within

Seen = Literal["decisions", "actions"]
By = Literal["action", "decision"]
WIDEST = 0.5
"""Standard error of the log odds of an action's E above which it counts as not determined: a factor of 7 in 95 %."""


def decision_frequency(d: Any, n_decisions: int, n_actions: int = 4) -> xr.Dataset:
    """How often each decision was taken, by its first action.

    It estimates the prior E without bias only before anything is learned, in the first trial of a fresh agent: later,
    decisions follow what was learned too, and `estimate_prior` takes that into account.

    Args:
        d: Decisions 0 .. n_decisions - 1 in any shape, as `learn(record="d")` keeps them; -1 is none.
        n_decisions: How many there are.
        n_actions: Decision k begins with the action k x n_actions // n_decisions.

    Returns:
        `E_action` (action), sums over the decisions that begin with it, and `E` (decision), both with standard errors
        (`_se`, of independent draws) and 95 % intervals (`_low`, `_high`, symmetric in log odds); `n`, decisions.

    Raises:
        ParameterError: a decision that there is not, or none at all.

    Example:
        >>> decision_frequency([0, 1, 1, 3], n_decisions=4, n_actions=2).E_action.values.tolist()
        [0.75, 0.25]
    """
    _check_actions(n_decisions, n_actions)
    chosen = check_choices("d", d, n_decisions)
    counts = np.bincount(chosen[chosen >= 0], minlength=n_decisions)
    E = counts / counts.sum()
    action = np.arange(n_decisions) * n_actions // n_decisions
    covariance = (np.diag(E) - np.outer(E, E)) / counts.sum()
    return labelled(E, covariance, action, int(counts.sum()), verb="decision_frequency")


def estimate_prior(
    model: GenerativeModel,
    task: Task | Sequence[Task],
    d: Any,
    *,
    seen: Seen = "decisions",
    by: By = "action",
    last: int | None = None,
    keys: Any = None,
    modulation: RiskModulation | None = None,
    ordering: Ordering = "original",
    method: Method = "table",
    depth: int = 1,
) -> xr.Dataset:
    """The prior E of decisions under which what agents did is most likely, with what they learned taken into account.

    Beliefs and counts are replayed from the task and the decisions, which does not take E. All that is left unknown in
    the law of decisions is ln E - ln(1 - E), of which the likelihood is concave, but where habits saturate that law.

    Args:
        model: Of the agents before the first trial; its E is not used.
        task: What they did it in; or a sequence, one for each agent. Agents share E.
        d: (trial, step) decisions as `learn(record="d")` keeps them, from the first trial on, -1 where there is none;
            with several agents (agent, trial, step).
        seen: "decisions"; or "actions", where d are actions: counts of decisions are then those expected.
        by: "action": decisions that begin with the same action share E. "decision": each has its own; all have to have
            been taken.
        last: Fit to the last trials only, this many, after a replay of those before; default to all.
        keys: (trial,) or (agent, trial) keys of `init`, for tasks that do not begin in one state.
        modulation: As in `learn`; so are ordering, method and depth.

    Returns:
        `E_action` (action) and `E` (decision), both with standard errors (`_se`, from the Fisher information) and 95 %
        intervals (`_low`, `_high`, symmetric in log odds); `log_likelihood` [nats]; `n`, decisions fitted to.

    Raises:
        ParameterError: decisions that do not fit the task, or one (by="action": an action) never taken.
        NumericalError: behaviour does not determine E. In the maze with E_right .15 or .35 it does in the first trials,
            and hardly later, when unlearned decisions are all but certain one by one, and as likely as one another.

    Accuracy: after 30 trials in the maze, E_right .25, 200 agents: 95 % intervals hold the truth in 92 to 97 % (all
        trials; standard error of an estimate .0007, bias below 1e-4) and 95 to 99 % (the last one; .004). Seen by
        actions alone the bias is below 1e-4 too, and with E_right .35 (24 agents) below a half of the standard error:
        what is expected to have been learned is not what was, but decisions that begin alike learn nearly alike.

    References:
        Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, estimate E by decision_frequency.

    Example:
        >>> import synfer as sf
        >>> model, maze = sf.maze_model(0.35), sf.Maze.generate(seed=3)
        >>> run = sf.learn_maze(model, maze, trials=2, seed=1, T=2000, record="d")
        >>> bool(abs(estimate_prior(model, maze, run.d).E_action[3] - 0.35) < 0.05)
        True
    """
    seen = _choice("seen", seen, get_args(Seen))
    by = _choice("by", by, get_args(By))
    if seen == "actions" and by == "decision":
        raise ParameterError("seen = 'actions' tells nothing about single decisions; give by='action'")
    tasks: list[Any] = list(task) if isinstance(task, (list, tuple)) else [task]
    for own in tasks:
        _check_fit(model, own)
    series = series_of(d, len(tasks), model.n_decisions if seen == "decisions" else tasks[0].n_actions)
    if last is not None and (isinstance(last, bool) or not isinstance(last, (int, np.integer)) or last < 1):
        raise ParameterError(f"last = {last!r} must be a whole number of trials >= 1, or None for all")
    starts = None if keys is None else np.reshape(np.asarray(keys, dtype=np.int64), (len(tasks), -1))
    if starts is not None and starts.shape[1] != len(series[0]):
        raise ParameterError(
            f"keys has {starts.shape[1]} for each agent and must have {len(series[0])}, one for each trial"
        )
    evidence = []
    for k, own in enumerate(tasks):
        plan = replay_plan(series[k], modulation, ordering, method, depth)
        key = None if starts is None else starts[k].tolist()
        evidence += collect(model, own, series[k], plan, seen == "actions", last, key)
    n_actions = tasks[0].n_actions
    found = fit_prior(model, n_actions, evidence, seen, by)
    return prior_result(model, n_actions, found, evidence, by, seen=seen)


def collect(
    model: GenerativeModel, task: Task, trials: Sequence[np.ndarray], plan: Plan, by_action: bool,
    last: int | None = None, keys: Sequence[int] | None = None,
) -> list[Evidence]:  # fmt: skip
    """The evidence of the last trials of one agent."""
    classes = action_classes(model, task.n_actions) if by_action else decision_classes(model)
    skipped = 0 if last is None else len(trials) - last
    found = enumerate(replay(model, task, trials, keys, plan, classes, by_action))
    return [own for number, own in found if number >= skipped]


def replay_plan(
    trials: Sequence[np.ndarray], modulation: RiskModulation | None, ordering: str, method: str, depth: int
) -> Plan:
    """How to run trials again that are as long as these."""
    return Plan(
        trials=len(trials),
        first=0,
        T=max(own.size for own in trials) + 1,
        method=_choice("method", method, get_args(Method)),
        depth=depth,
        infers_first=_choice("ordering", ordering, get_args(Ordering)) == "port",
        legacy=False,
        modulation=RiskModulation() if modulation is None else modulation,
        limit=20_000,
    )


def fit_prior(model: GenerativeModel, n_actions: int, evidence: Sequence[Evidence], seen: Seen, by: By) -> Fit:
    """Maximum likelihood from collected evidence."""
    action = actions_of(model, n_actions)
    classes = action_classes(model, n_actions) if seen == "actions" else decision_classes(model)
    kinds = np.arange(n_actions) if seen == "actions" else action
    group = np.arange(model.n_decisions) if by == "decision" else kinds
    taken = np.bincount(group, np.sum([own.seen.sum(0) for own in evidence], axis=0))
    if not taken.all():
        raise ParameterError(
            f"{by} {int(np.argmin(taken))} is never taken in the trials fitted to, so that nothing bounds its E from "
            f"below; give more trials" + (", or by='action'" if by == "decision" else "")
        )
    members = np.ones(taken.size) if by == "decision" else np.bincount(action).astype(np.float64)
    found = fit(evidence, classes, group, members)
    sums = within(action) if by == "decision" else np.eye(n_actions)
    S = sums @ found.S
    relative = np.sqrt(np.diag(sums @ found.covariance @ sums.T)) / np.maximum(S * (1 - S), 1e-300)
    if not relative.max() <= WIDEST:
        k = int(np.argmax(relative))
        raise NumericalError(
            f"E of action {k}, {S[k]:.3g}, is not determined: the standard error of its log odds is {relative[k]:.3g}, "
            f"more than {WIDEST:g}; {UNKNOWN}"
        )
    return found


def _check_fit(model: GenerativeModel, task: Task) -> None:
    if model.c is None or model.E is None:
        raise ParameterError("the model takes no decisions; give it c and E, as sf.maze_model() has them")
    if model.n_observations != task.n_observations:
        raise ParameterError(
            f"the model has {model.n_observations} observations (axis 1 of a) and the task {task.n_observations}; give "
            f"the model of the agents that did this task"
        )
    _check_actions(model.n_decisions, task.n_actions)


def _check_actions(n_decisions: int, n_actions: int) -> None:
    if not 0 < n_actions <= n_decisions or n_decisions % n_actions:
        raise ParameterError(
            f"there are {n_decisions} decisions, which must be a multiple of the {n_actions} actions, as many of each "
            f"that begin with it"
        )


def _choice(name: str, value: object, allowed: Sequence[str]) -> Any:
    if value not in allowed:
        raise ParameterError(f"{name} = {value!r} is unknown{did_you_mean(str(value), allowed)}")
    return value
