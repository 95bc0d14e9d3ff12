"""A trial step by step through the functions of a task: what `walks.walk_dense` does on a graph, with its arithmetic.

For tasks that are too large to be tabulated; and for the legacy stream, which draws each decision from its
probabilities, p ~ q / (1 - q + 1e-6) in that form.
"""

from collections.abc import Hashable, Sequence
from typing import Any, Protocol

import numpy as np

from synfer.core.seeds import check_legacy_seed
from synfer.inference.agent.rows import COSTS, believe, decide, pick, says
from synfer.inference.agent.walks import Beliefs, Course
from synfer.inference.agent.weights import Weights
from synfer.inference.beliefs.sampling import CEILING
from synfer.inference.tasks.contract import Task, call, ended, judged, observed


class Source(Protocol):
    """Where the decision at t comes from, given the cumulative law and the log odds z."""

    def draw(self, t: int, cumulative: np.ndarray, z: np.ndarray) -> int: ...


class Modern:
    """Uniform numbers u (T - 1,) for t = 1 .. T - 1."""

    def __init__(self, u: np.ndarray) -> None:
        self.u = u

    def draw(self, t: int, cumulative: np.ndarray, z: np.ndarray) -> int:
        return pick(cumulative, self.u[t - 1])


class Legacy:
    """The multinomial draws of numpy's RandomState, of published results; it goes on from trial to trial."""

    def __init__(self, seed: int) -> None:
        self.state = np.random.RandomState(check_legacy_seed(seed))

    def draw(self, t: int, cumulative: np.ndarray, z: np.ndarray) -> int:
        with np.errstate(over="ignore"):
            q = 1 / (1 + np.exp(-z))
        p = q / (1 - q + CEILING)
        return int(self.state.multinomial(1, p / p.sum()).argmax())


def walk(
    task: Task, start: Any, weights: Weights, first: np.ndarray, source: Source, s: np.ndarray, action: np.ndarray,
    infers_first: bool,
) -> tuple[Course, Beliefs, np.ndarray, Sequence[Hashable]]:  # fmt: skip
    """A trial of at most T - 1 steps with beliefs s (T, Ns); also (S, No) what its S states show, and these states."""
    T, Ns, Nd = len(s), weights.D.difference.size, weights.E.difference.size
    cost, first_cost, law, said = np.empty((T, COSTS)), np.empty(COSTS), np.empty(Nd), np.empty(Nd)
    state, decision, outcome = np.full(T, -1, np.int32), np.full(T, -1, np.int32), np.zeros(T)
    place: dict[Hashable, int] = {}
    shown: list[np.ndarray] = []
    sight: list[tuple[np.ndarray, float]] = []
    past, scratch = np.empty(Ns), np.empty((3, max(Ns, Nd)))
    here, t = start, 0
    while True:
        t += 1
        if t > 1 and not infers_first:
            before, here = here, call(task, "step", here, int(action[decision[t - 1]]))
            outcome[t] = judged(task, before, here)
        if here not in place:
            place[here] = len(shown)
            shown.append(observed(task, here).astype(np.float64))
            own = np.empty(Ns)
            sight.append((own, says(shown[-1], weights.A, own)))
        state[t] = place[here]
        seen, seen_base = sight[state[t]]
        if t == 1:
            believe(seen, seen_base, weights.B.first, weights.B.base, weights.D, s[1], cost[1], scratch)
            decide(weights.C.first, weights.C.base, weights.E, law, first_cost, scratch)
            outcome[1] = 0.0 if infers_first else judged(task, here, here)
        else:
            base = says(s[t - 1], weights.B, past)
            believe(seen, seen_base, past, base, weights.D, s[t], cost[t], scratch)
            base = says(s[t - 1], weights.C, said)
            decide(said, base, weights.E, law, cost[t - 1], scratch)
        decision[t] = source.draw(t, law, scratch[0, :Nd])
        if infers_first:
            before, here = here, call(task, "step", here, int(action[decision[t]]))
            outcome[t] = judged(task, before, here)
        if ended(task, here) or t == T - 1:
            course = Course(t, np.arange(T, dtype=np.int32), state, decision, outcome)
            return course, Beliefs(s, cost, first, first_cost), np.array(shown), tuple(place)
