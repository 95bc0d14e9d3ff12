"""How much of the past a table has to remember: laws of decisions after few states against those after many.

The beliefs of a table begin a few states back, at s = 1/2. How much that moves the law of decisions changes as an agent
learns: what it believed comes to bear on what it believes (b), and beliefs on decisions (c). It is measured on walks
whose beliefs begin long before, in turn with s = 1 and with s = 0: before a trial on a few at random, which tell how
deep a table to try, and after it on parts of its course, which tell whether that was enough.
"""

import numpy as np

from synfer.core.jit import kernel
from synfer.core.seeds import generator
from synfer.inference.agent.rows import COSTS, believe, decide, says
from synfer.inference.agent.table import ROUNDS, Sight, look
from synfer.inference.agent.weights import Weights
from synfer.inference.tasks import TaskGraph

WALKS, PARTS, LONG = 6, 16, 8
"""How many walks before and after a trial, and the states in each."""
DEEPEST = 4
"""Of a table; where more is remembered, the recursion itself is as fast."""
MEAN, MOST = 2e-7, 1e-4
"""Total variation that a table may have: mean and largest over the walks."""


def random_walks(graph: TaskGraph) -> np.ndarray:
    """(WALKS, LONG) states, by random actions from random states that are not the end; the same for every call."""
    rng = generator(0, "forgetting")
    ways = [[state for state in reached if not graph.done[state]] for reached in graph.next.tolist()]
    walks = np.empty((WALKS, LONG), np.int32)
    walks[:, 0] = rng.choice(np.flatnonzero(~graph.done), WALKS)
    for walk in walks:
        for t in range(1, LONG):
            walk[t] = rng.choice(ways[walk[t - 1]] or [walk[t - 1]])
    return walks


def parts(state: np.ndarray, t_end: int) -> np.ndarray:
    """(PARTS, LONG) states of a course (T,), up to steps that lie evenly in it."""
    ends = np.linspace(1, max(t_end - 1, 1), PARTS).astype(np.int64)
    return state[np.maximum(ends[:, None] + np.arange(1 - LONG, 1), 1)]


@kernel
def laws(walks: np.ndarray, s: np.ndarray, observation: np.ndarray, weights: Weights, sight: Sight) -> np.ndarray:
    """(n, Nd) cumulative laws of the decision that follows each walk (n, L), from the beliefs s (n, Ns) before it."""
    Ns, Nd = weights.D.difference.size, weights.E.difference.size
    scratch, past, said, cost = np.empty((3, max(Ns, Nd))), np.empty(Ns), np.empty(Nd), np.empty(COSTS)
    cumulative = np.empty((len(walks), Nd))
    for k in range(len(walks)):
        for p in walks[k]:
            if not sight.known[p]:
                look(p, observation, weights, sight)
            base = says(s[k], weights.B, past)
            believe(sight.says[p], sight.base[p], past, base, weights.D, s[k], cost, scratch)
        base = says(s[k], weights.C, said)
        decide(said, base, weights.E, cumulative[k], cost, scratch)
    return cumulative


class Forgetting:
    """What tables of every depth forget, with the weights of one trial."""

    def __init__(self, walks: np.ndarray, observation: np.ndarray, weights: Weights, sight: Sight) -> None:
        self.walks, self.given = walks, (observation, weights, sight)
        self.size = weights.D.difference.size
        begin = np.empty((len(walks), self.size))
        begin[::2], begin[1::2] = 1.0, 0.0
        self.flat = not (weights.C.W.any() or np.ptp(weights.C.h))
        self.full = self._law(walks, begin)

    def variation(self, depth: int) -> np.ndarray:
        """(n,) total variation between the law of a table of that depth and that of longer memory."""
        if self.flat:
            return np.zeros(len(self.walks))
        last = self.walks[:, -min(depth + 1, LONG) :]
        stayed = np.repeat(last[:, :1], ROUNDS - 1, axis=1)
        law = self._law(np.hstack([stayed, last]), np.full((len(last), self.size), 0.5))
        return 0.5 * abs(law - self.full).sum(1)

    def truncation(self, depth: int) -> float:
        """Their mean."""
        return float(self.variation(depth).mean())

    def enough(self, least: int = 1) -> int:
        """The least depth from `least` on that is good enough, as far as this can tell; DEEPEST + 1 where none is."""
        for depth in range(least, DEEPEST + 1):
            variation = self.variation(depth)
            if variation.mean() <= MEAN and variation.max() <= MOST:
                return depth
        return DEEPEST + 1

    def _law(self, walks: np.ndarray, begin: np.ndarray) -> np.ndarray:
        if self.flat:
            return np.zeros(0)
        cumulative = laws(np.ascontiguousarray(walks), begin, *self.given)
        return np.diff(cumulative, axis=1, prepend=0) / cumulative[:, -1:]
