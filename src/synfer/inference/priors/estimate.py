"""Estimates of the prior E of decisions from behaviour: the verbs."""

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr

from synfer.core.checks import check_choice, check_count, check_kind
from synfer.core.errors import NumericalError, ParameterError
from synfer.core.points import is_sequence
from synfer.inference.agent.fit import actions_of, check_fit
from synfer.inference.agent.learn import LIMIT, Method, Ordering
from synfer.inference.agent.modulation import RiskModulation
from synfer.inference.agent.trial import Plan
from synfer.inference.model import GenerativeModel
from synfer.inference.priors.behaviour import check_choices, check_keys, series_of
from synfer.inference.priors.likelihood import UNKNOWN, Fit, fit
from synfer.inference.priors.replay import Statistics, action_classes, decision_classes, replay
from synfer.inference.priors.results import labelled, prior_result, within
from synfer.inference.tasks import Task
from synfer.inference.tasks.contract import words

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
    action = actions_of(n_decisions, n_actions)
    chosen = check_choices("d", d, n_decisions)
    counts = np.bincount(chosen[chosen >= 0], minlength=n_decisions)
    E = counts / counts.sum()
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
    depth: int | None = None,
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
    check_choice("seen", seen, get_args(Seen))
    check_choice("by", by, get_args(By))
    if seen == "actions" and by == "decision":
        raise ParameterError("seen = 'actions' tells nothing about single decisions; give by='action'")
    several: Any = task if is_sequence(task) else [task]
    tasks: list[Task] = list(several)
    for own in tasks or [()]:
        check_fit(model, own)
    n_actions = check_actions(tasks)
    series = series_of(d, len(tasks), model.n_decisions if seen == "decisions" else n_actions)
    last = None if last is None else check_count("last", last)
    starts = [None] * len(tasks) if keys is None else check_keys(keys, len(tasks), len(series[0]))
    statistics = []
    for own, trials, start in zip(tasks, series, starts, strict=True):
        plan = replay_plan(trials, modulation, ordering, method, depth)
        statistics += collect(model, own, trials, plan, seen == "actions", last, start)
    found = fit_prior(model, n_actions, statistics, seen, by)
    return prior_result(
        model, n_actions, found, statistics, by, verb="estimate_prior", seen=seen, model=model.digest(),
        task=[words(own) for own in tasks],
    )  # fmt: skip


def check_actions(tasks: Sequence[Task]) -> int:
    """How many actions all of the tasks have."""
    counts = {task.n_actions for task in tasks}
    if len(counts) > 1:
        raise ParameterError(f"tasks have {sorted(counts)} actions and must have as many as each other; part them")
    return int(counts.pop())


def collect(
    model: GenerativeModel, task: Task, trials: Sequence[np.ndarray], plan: Plan, by_action: bool,
    last: int | None = None, keys: Sequence[int] | None = None,
) -> list[Statistics]:  # fmt: skip
    """The statistics of the last trials of one agent."""
    classes = action_classes(model, task.n_actions) if by_action else decision_classes(model)
    skipped = 0 if last is None else len(trials) - last
    found = enumerate(replay(model, task, trials, keys, plan, classes, by_action))
    return [own for number, own in found if number >= skipped]


def replay_plan(
    trials: Sequence[np.ndarray], modulation: RiskModulation | None, ordering: str = "original", method: str = "table",
    depth: int | None = None,
) -> Plan:  # fmt: skip
    """How to run trials again that are as long as these."""
    risk = RiskModulation() if modulation is None else modulation
    return Plan(
        trials=len(trials),
        first=0,
        T=max(own.size for own in trials) + 1,
        method=check_choice("method", method, get_args(Method)),
        depth=None if depth is None else check_count("depth", depth),
        infers_first=check_choice("ordering", ordering, get_args(Ordering)) == "port",
        legacy=False,
        modulation=check_kind("modulation", risk, RiskModulation, "for example sf.RiskModulation(window=100)"),
        limit=LIMIT,
    )


def fit_prior(model: GenerativeModel, n_actions: int, statistics: Sequence[Statistics], seen: str, by: str) -> Fit:
    """Maximum likelihood from collected statistics."""
    action = actions_of(model.n_decisions, n_actions)
    classes = action_classes(model, n_actions) if seen == "actions" else decision_classes(model)
    kinds = np.arange(n_actions) if seen == "actions" else action
    group = np.arange(model.n_decisions) if by == "decision" else kinds
    taken = np.bincount(group, np.sum([own.seen.sum(0) for own in statistics], axis=0))
    if not taken.all():
        raise ParameterError(
            f"{by} {int(np.argmin(taken))} is never taken in the trials fitted to, so that nothing bounds its E from "
            f"below; give more trials" + (", or by='action'" if by == "decision" else "")
        )
    members = np.ones(taken.size) if by == "decision" else np.bincount(action).astype(np.float64)
    found = fit(statistics, classes, group, members)
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
