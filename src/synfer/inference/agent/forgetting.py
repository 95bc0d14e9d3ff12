"""How much of the past a table has to remember: beliefs and laws of decisions after few states against after many.

The beliefs of a table begin a few states back, at s = 1/2. How much that moves them and the laws of decisions changes
as an agent learns: what it believed comes to bear on what it believes (b), and beliefs on decisions (c). Before a trial
it is measured on a few walks at random, whose beliefs begin long before, in turn with s = 1 and with s = 0; that tells
how deep a table to try. After the trial it is measured on its course, where every belief that the table takes is held
against the one that follows from what was believed a step before: at steps that lie evenly, and where most was
forgotten.
"""

import numpy as np

from synfer.core.jit import kernel
from synfer.core.seeds import generator
from synfer.inference.agent.rows import COSTS, believe, decide, says
from synfer.inference.agent.table import ROUNDS, Sight, look
from synfer.inference.agent.weights import Weights
from synfer.inference.tasks import TaskGraph

WALKS, LONG = 6, 8
"""How many walks before a trial, and the states in each."""
EVEN, WORST = 16, 16
"""Steps of the course that are looked at after it: evenly, and those before which the table forgot most."""
DEEPEST = 4
"""Of a table; where more is remembered, the recursion itself is as fast."""
MEAN, MOST, BELIEF = 2e-7, 1e-4, 1e-2
"""What a table may change: total variation of laws, in the mean and at most; a belief, at most."""
SLOTS = 4
"""Nodes that come before a node, of which it is known that they have been looked at."""


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


@kernel
def laws(walks: np.ndarray, s: np.ndarray, observation: np.ndarray, weights: Weights, sight: Sight) -> np.ndarray:
    """(n, Nd) cumulative laws of the decision after each walk (n, L); s (n, Ns) is believed before it, then after."""
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


@kernel
def places(row: np.ndarray, t_end: int, parent: np.ndarray, s: np.ndarray) -> np.ndarray:
    """Steps of a course to look at: EVEN from 2 to t_end, and the last of each of the WORST nodes."""
    gap, at = np.zeros(len(parent)), np.zeros(len(parent), np.int64)
    known, turn = np.full((len(parent), SLOTS), -1, np.int32), np.zeros(len(parent), np.int32)
    for t in range(2, t_end + 1):
        node, last = row[t], row[t - 1]
        up = parent[node]
        if up < 0 or up == last:
            continue
        new = True
        for k in range(SLOTS):
            if known[node, k] == last:
                new = False
        if new:
            known[node, turn[node] % SLOTS] = last
            turn[node] += 1
            forgotten = 0.0
            for j in range(s.shape[1]):
                forgotten = max(forgotten, abs(s[last, j] - s[up, j]))
            if forgotten > gap[node]:
                gap[node], at[node] = forgotten, t
    worst = np.argsort(-gap)[:WORST]
    even = np.linspace(2, t_end, EVEN)
    chosen = np.empty(EVEN + len(worst), np.int64)
    for k in range(EVEN):
        chosen[k] = int(even[k])
    for k in range(len(worst)):
        chosen[EVEN + k] = at[worst[k]] if gap[worst[k]] > 0 else chosen[0]
    return chosen


@kernel
def one_step(
    chosen: np.ndarray, row: np.ndarray, state: np.ndarray, s: np.ndarray, observation: np.ndarray, weights: Weights,
    sight: Sight,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(n,) total variation of the law and largest change of a belief, between a row and what follows from the last."""
    Ns, Nd = weights.D.difference.size, weights.E.difference.size
    scratch, past, said, cost = np.empty((3, max(Ns, Nd))), np.empty(Ns), np.empty(Nd), np.empty(COSTS)
    own, law, other = np.empty(Ns), np.empty(Nd), np.empty(Nd)
    variation, belief = np.empty(len(chosen)), np.empty(len(chosen))
    for k in range(len(chosen)):
        t = chosen[k]
        p = state[t]
        if not sight.known[p]:
            look(p, observation, weights, sight)
        base = says(s[row[t - 1]], weights.B, past)
        believe(sight.says[p], sight.base[p], past, base, weights.D, own, cost, scratch)
        base = says(own, weights.C, said)
        decide(said, base, weights.E, law, cost, scratch)
        base = says(s[row[t]], weights.C, said)
        decide(said, base, weights.E, other, cost, scratch)
        variation[k], belief[k] = 0.0, np.max(np.abs(own - s[row[t]]))
        for d in range(Nd):
            p1 = (law[d] - law[d - 1] if d > 0 else law[0]) / law[-1]
            p2 = (other[d] - other[d - 1] if d > 0 else other[0]) / other[-1]
            variation[k] += 0.5 * abs(p1 - p2)
    return variation, belief


class Forgetting:
    """What tables of every depth forget on walks (n, LONG), with the weights of one trial."""

    def __init__(self, walks: np.ndarray, observation: np.ndarray, weights: Weights, sight: Sight) -> None:
        self.walks, self.given = walks, (observation, weights, sight)
        self.long = np.empty((len(walks), weights.D.difference.size))
        self.long[::2], self.long[1::2] = 1.0, 0.0
        self.law = self._law(walks, self.long)
        self.found: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def at(self, depth: int) -> tuple[np.ndarray, np.ndarray]:
        """(n,) total variation of the law and largest change of a belief, by a table of that depth."""
        if depth not in self.found:
            last = self.walks[:, -min(depth + 1, LONG) :]
            stayed, s = np.repeat(last[:, :1], ROUNDS - 1, axis=1), np.full(self.long.shape, 0.5)
            variation = 0.5 * abs(self._law(np.hstack([stayed, last]), s) - self.law).sum(1)
            self.found[depth] = variation, abs(s - self.long).max(1)
        return self.found[depth]

    def enough(self) -> int:
        """The least depth that is good enough, as far as this can tell; DEEPEST + 1 where none is."""
        return next((depth for depth in range(1, DEEPEST + 1) if good(*self.at(depth))), DEEPEST + 1)

    def _law(self, walks: np.ndarray, s: np.ndarray) -> np.ndarray:
        """Of the decision after each walk; s becomes the beliefs then."""
        cumulative = laws(np.ascontiguousarray(walks), s, *self.given)
        return np.diff(cumulative, axis=1, prepend=0) / cumulative[:, -1:]


def good(variation: np.ndarray, belief: np.ndarray) -> bool:
    """Whether so much may be forgotten; of more than EVEN steps, the mean is that of the even ones."""
    return bool(variation[:EVEN].mean() <= MEAN and variation.max() <= MOST and belief.max() <= BELIEF)
