"""Trials of one agent on one task, each learned from before the next begins."""

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

import numpy as np

from synfer.core.errors import NumericalError, ParameterError
from synfer.core.seeds import generator
from synfer.inference.agent import counting, stepwise
from synfer.inference.agent.fit import actions_of
from synfer.inference.agent.forgetting import DEEPEST, EVEN, Forgetting, good, one_step, places, random_walks
from synfer.inference.agent.memory import remember
from synfer.inference.agent.modulation import RiskModulation
from synfer.inference.agent.table import no_sight, no_table
from synfer.inference.agent.walks import Beliefs, Course, Setting, walk_dense, walk_table
from synfer.inference.agent.weights import Prior, Weights, mapping, no_mapping
from synfer.inference.beliefs import TERMS, uniforms
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks import Task, TaskGraph, explore
from synfer.inference.tasks.contract import begin, judged
from synfer.inference.tasks.graph import TooManyStates


class Plan(NamedTuple):
    """How to run, whatever the model and the task."""

    trials: int
    first: int
    T: int
    method: str
    depth: int | None
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
    depth: int
    truncation: float


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
        self.learn_states(trial)
        counting.count_decisions(self.c, trial.course, trial.beliefs, trial.Gamma, modulation.window, modulation.floor)

    def learn_states(self, trial: Trial) -> None:
        """Count what was seen and believed in a trial."""
        counting.count_observations(self.a, trial.course, trial.beliefs, trial.shown)
        if self.b is not None:
            counting.count_transitions(self.b, trial.course, trial.beliefs)

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
        trial = Trial(course, beliefs, Gamma, terms, weights, shown, states, world.depth, world.truncation)
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


class Known(NamedTuple):
    """What can follow a start: settings by depth, 0 for the recursion itself, filled in where needed."""

    graph: TaskGraph
    observation: np.ndarray
    rest: float
    walks: np.ndarray
    settings: dict[int, Setting]


class World:
    """A task as it is walked through: by its graph from each start, or step by step where that is too large.

    After a trial, `depth` tells how many states its table remembered, -1 for all of them, and `truncation` what that
    changes in the laws of decisions (`forgetting`).
    """

    def __init__(self, task: Task, plan: Plan, model: GenerativeModel) -> None:
        self.task, self.plan = task, plan
        self.action = actions_of(model.n_decisions, task.n_actions)
        self.s = np.empty((0, model.n_states))
        self.tables: dict[Hashable, Known | None] = {}
        self.depth, self.truncation = -1, 0.0

    def trial(
        self, key: int, weights: Weights, first: np.ndarray, source: stepwise.Modern | stepwise.Legacy,
        judging: Weights | None = None,
    ) -> tuple[Course, Beliefs, np.ndarray, Sequence[Hashable]]:  # fmt: skip
        """One trial from init(key), what each state in it shows, and these states.

        Tables are as deep as the weights need, or those that are given as `judging`.
        """
        start, infers_first = begin(self.task, key), self.plan.infers_first
        T = self.plan.T if isinstance(source, stepwise.Legacy) else source.u.size + 1
        self.depth, self.truncation = -1, 0.0
        if isinstance(source, stepwise.Legacy) or (known := self.known(start, key)) is None:
            return stepwise.walk(self.task, start, weights, first, source, self._buffer(T), self.action, infers_first)
        if self.plan.method == "table":
            found = self._by_table(known, weights, first, source.u, judging or weights)
            if found is not None:
                return *found, known.observation, known.graph.states
        setting = self._setting(known, 0)
        return *walk_dense(setting, weights, first, source.u, self._buffer(T)), known.observation, known.graph.states

    def _by_table(
        self, known: Known, weights: Weights, first: np.ndarray, u: np.ndarray, judging: Weights
    ) -> tuple[Course, Beliefs] | None:
        """A trial by a table that remembers enough; None where the recursion itself has to."""
        given, Ns, Nd = self.plan.depth, len(weights.D.difference), len(weights.E.difference)
        sight = no_sight(len(known.observation), Ns)
        forgetting = Forgetting(known.walks, known.observation, judging, sight)
        depth = given or forgetting.enough()
        while given or depth <= DEEPEST:
            try:
                memory = (setting := self._setting(known, depth)).memory
            except ParameterError:  # more nodes than a table may have
                if given:
                    raise
                return None
            course, beliefs = walk_table(setting, weights, first, u, sight, no_table(len(memory.state), Ns, Nd))
            variation, belief = np.zeros(1), np.zeros(1)
            if course.t_end > 1:
                steps = places(course.row, course.t_end, memory.parent, beliefs.s)
                variation, belief = one_step(
                    steps, course.row, course.state, beliefs.s, known.observation, judging, sight
                )
            before, _ = forgetting.at(depth)
            self.depth, self.truncation = depth, float(max(variation[:EVEN].mean(), before.mean()))
            if given or good(variation, belief):
                return course, beliefs
            depth += 1
        self.depth, self.truncation = -1, 0.0
        return None

    def known(self, start: Hashable, key: int) -> Known | None:
        """What can follow a start; None if it is too much and need not be known."""
        if start not in self.tables:
            try:
                graph = explore(self.task, key, self.plan.limit)
            except TooManyStates:
                if self.plan.method == "table":
                    raise
                graph = None
            self.tables[start] = None if graph is None else Known(
                graph, graph.observation.astype(np.float64), judged(self.task, start, start), random_walks(graph), {}
            )  # fmt: skip
        return self.tables[start]

    def _setting(self, known: Known, depth: int) -> Setting:
        if depth not in known.settings:
            memory = remember(known.graph, depth)
            known.settings[depth] = Setting(memory, known.observation, self.action, known.rest, self.plan.infers_first)
        return known.settings[depth]

    def _buffer(self, T: int) -> np.ndarray:
        """(T, Ns) beliefs of a trial that remembers everything."""
        if len(self.s) < T:
            self.s = np.empty((T, self.s.shape[1]))
        return self.s[:T]
