"""Trials of one agent on one task, each learned from before the next begins."""

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

import numpy as np

from synfer.core.errors import NumericalError, ParameterError
from synfer.core.seeds import generator

from ..beliefs import uniforms
from ..model import GenerativeModel
from ..tasks import Task, TaskGraph, explore
from ..tasks.contract import judged
from . import counting, stepwise
from .memory import remember
from .modulation import RiskModulation
from .table import no_table
from .walks import Beliefs, Course, Setting, walk_dense, walk_table
from .weights import Prior, Weights, mapping, no_mapping

TERMS = ("likelihood", "transition", "prior", "decision", "entropy")


class Plan(NamedTuple):
    """How to run, whatever the model and the task."""

    trials: int
    first: int
    T: int
    method: str
    depth: int
    infers_first: bool
    legacy: bool
    modulation: RiskModulation
    limit: int


class Trial(NamedTuple):
    """What came of one trial, before what was learned from it."""

    course: Course
    beliefs: Beliefs
    Gamma: np.ndarray
    terms: np.ndarray
    weights: Weights
    shown: np.ndarray
    states: Sequence[Hashable]


class Agent:
    """Counts that grow, of a model whose priors stay.

    Counts of decisions are kept transposed: [value of d, d, value of s, s].
    """

    def __init__(self, model: GenerativeModel) -> None:
        assert model.c is not None
        assert model.D is not None
        assert model.E is not None
        self.a = model.a.copy()
        self.b = None if model.b is None else model.b.copy()
        self.c = np.ascontiguousarray(model.c.transpose(2, 3, 0, 1))
        self.D, self.E = (Prior(np.log(w[0] / w[1]), float(np.log(w[1]).sum())) for w in (model.D, model.E))
        pair = model.D / model.D.sum(0) if model.initial is None else model.initial
        self.first = np.array(pair)  # writable in any case: a read-only one would be another type to kernels
        self.digamma = model.expectation == "digamma"

    def weights(self) -> Weights:
        """Of the present counts."""
        one, zero = self.first
        nothing = np.zeros(self.a.shape[1])
        n = self.a.shape[3]
        return Weights(
            mapping(self.a, self.digamma, nothing, nothing),
            no_mapping(n, n) if self.b is None else mapping(self.b, self.digamma, one, zero),
            mapping(self.c.transpose(2, 3, 0, 1), self.digamma, one, zero),
            self.D,
            self.E,
        )

    def learn(self, trial: Trial, modulation: RiskModulation) -> None:
        """Count what happened in a trial."""
        counting.count_observations(self.a, trial.course, trial.beliefs, trial.shown)
        if self.b is not None:
            counting.count_transitions(self.b, trial.course, trial.beliefs)
        counting.count_decisions(self.c, trial.course, trial.beliefs, trial.Gamma, modulation.window, modulation.floor)

    def counts(self) -> dict[str, np.ndarray]:
        """As the fields of a model."""
        own = {"a": self.a, "b": self.b, "c": np.ascontiguousarray(self.c.transpose(2, 3, 0, 1))}
        return {name: value for name, value in own.items() if value is not None}


def run(
    model: GenerativeModel,
    task: Task,
    seed: int,
    plan: Plan,
    keep: Callable[[Trial], None],
    stopped: Callable[[], bool],
) -> dict[str, np.ndarray]:
    """All trials; `keep` is called with each in turn, and `stopped` before. Returns the counts at the end."""
    agent, world = Agent(model), World(task, plan, model)
    bounds, values = np.array(plan.modulation.net), np.array(plan.modulation.risk)
    legacy = stepwise.Legacy(seed) if plan.legacy else None
    for number in range(plan.first, plan.first + plan.trials):
        if stopped():
            break
        key = int(generator(seed, "init", str(number)).integers(2**31))
        weights = agent.weights()
        source = legacy or stepwise.Modern(uniforms(seed, plan.T - 1, number))
        course, beliefs, shown, states = world.trial(key, weights, agent.first, source)
        Gamma = counting.risks(course, plan.modulation.window, bounds, values)
        terms = counting.energy(course, beliefs, Gamma, plan.modulation.window)
        trial = Trial(course, beliefs, Gamma, terms, weights, shown, states)
        _check(trial, number)
        keep(trial)
        agent.learn(trial, plan.modulation)
    return agent.counts()


def _check(trial: Trial, number: int) -> None:
    wrong = ~np.isfinite(trial.terms)
    if wrong.any():
        raise NumericalError(
            f"the free energy of trial {number} is not finite: its {TERMS[int(np.argmax(wrong))]} term is "
            f"{trial.terms[np.argmax(wrong)]}; look for counts and priors near 0, or near the largest numbers"
        )


class World:
    """A task as it is walked through: by its graph from each start, or step by step where that is too large."""

    def __init__(self, task: Task, plan: Plan, model: GenerativeModel) -> None:
        self.task, self.plan = task, plan
        self.action = np.arange(model.n_decisions) * task.n_actions // model.n_decisions
        self.s = np.empty((plan.T if plan.method == "dense" else 0, model.n_states))
        self.tables: dict[Hashable, tuple[Setting, Sequence[Hashable]] | None] = {}

    def trial(
        self, key: int, weights: Weights, first: np.ndarray, source: stepwise.Modern | stepwise.Legacy
    ) -> tuple[Course, Beliefs, np.ndarray, Sequence[Hashable]]:
        """One trial from init(key), what each state in it shows, and these states."""
        start = self.task.init(key)
        if isinstance(source, stepwise.Legacy) or (known := self.known(start, key)) is None:
            order = self.plan.infers_first
            return stepwise.walk(self.task, start, weights, first, source, self.s, self.action, order)
        setting, states = known
        if self.plan.method == "table":
            table = no_table(len(setting.memory.state), len(weights.D.difference), len(weights.E.difference))
            return *walk_table(setting, weights, first, source.u, table), setting.observation, states
        return *walk_dense(setting, weights, first, source.u, self.s), setting.observation, states

    def known(self, start: Hashable, key: int) -> tuple[Setting, Sequence[Hashable]] | None:
        """The tables of what can follow a start, and its states; None if they are too many and need not be known."""
        if start not in self.tables:
            try:
                graph = explore(self.task, key, self.plan.limit)
            except ParameterError:
                if self.plan.method == "table":
                    raise
                graph = None
            self.tables[start] = None if graph is None else (self._setting(graph), graph.states)
        return self.tables[start]

    def _setting(self, graph: TaskGraph) -> Setting:
        start = graph.states[graph.start]
        memory = remember(graph, self.plan.depth if self.plan.method == "table" else 0)
        return Setting(
            memory, graph.observation.astype(np.float64), self.action, judged(self.task, start, start),
            self.plan.infers_first,
        )  # fmt: skip
