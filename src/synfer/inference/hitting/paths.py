"""Chains on paths: where beliefs bear on decisions, a node is the last few states, and older ones are bounded."""

import numpy as np

from synfer.inference.hitting.chain import Chain
from synfer.inference.hitting.laws import Beliefs, Decisions
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks import TaskGraph

Path = tuple[bool, tuple[int, ...]]
"""Whether the path is young, that is, begins where the trial does; and its states, the last of which is the present."""
ROUNDS = 8
"""Of narrowing bounds on beliefs: any number is valid, and more hardly change them."""


def path_chain(model: GenerativeModel, graph: TaskGraph, decide: Decisions, depth: int) -> Chain:
    """Nodes are paths of up to depth + 2 states; decisions follow from what was seen in all but the last.

    Young paths begin with the belief that the trial begins with, and are exact. On others s is known between bounds;
    its middle decides. With abs(d ln w / dz) <= 1 weights of decisions are then off by e^{+-r} at most, and two laws
    with such weights are no more than tanh(r / 2) apart in total variation.
    """
    beliefs = Beliefs(model, graph)
    paths, following = _paths(graph, depth + 2)
    n_actions = graph.next.shape[1]
    p, error = np.empty((len(paths), n_actions)), np.zeros(len(paths))
    for k, (young, path) in enumerate(paths):
        if young:
            pair = beliefs.initial
            for state in path[:-1]:
                pair = beliefs.after(state, pair)
            p[k] = decide.law(pair, n_actions)
    old = [k for k, (young, _) in enumerate(paths) if not young]
    if old:
        seen, which = np.unique([paths[k][1][:-1] for k in old], axis=0, return_inverse=True)
        low, high = (bound[seen[:, 0]] for bound in _bounds(beliefs, graph))
        for state in seen.T[1:]:
            low, high = beliefs.between(state, low, high)
        s = 0.5 * (low + high)
        p[old] = decide.law(np.stack([s, 1 - s], axis=-2), n_actions)[which]
        reach = decide.slopes.between(low, high)[1].max(-1)
        error[old] = np.tanh(0.5 * reach)[which]
    present = [path[-1] for _, path in paths]
    return Chain(following, p, graph.done[present], error)


def _paths(graph: TaskGraph, length: int) -> tuple[list[Path], np.ndarray]:
    """Every path that can come up, and the one after each action."""
    table = graph.next.tolist()
    first: Path = (True, (graph.start,))
    place: dict[Path, int] = {first: 0}
    paths: list[Path] = [first]
    following: list[list[int]] = []
    for young, path in paths:  # grows while it is read
        row = []
        for state in table[path[-1]]:
            grown = (*path, state)
            after = (young and len(grown) <= length, grown[-length:])
            if after not in place:
                place[after] = len(paths)
                paths.append(after)
            row.append(place[after])
        following.append(row)
    return paths, np.array(following)


def _bounds(beliefs: Beliefs, graph: TaskGraph) -> tuple[np.ndarray, np.ndarray]:
    """(S, Ns) lower and upper bounds on s after the observation in each state, whatever came before."""
    states = np.arange(len(graph.done))
    before, after = (x.ravel() for x in np.broadcast_arrays(states[:, None], graph.next))
    first = beliefs.after(graph.start, beliefs.initial)[0]
    low, high = np.zeros_like(beliefs.evidence), np.ones_like(beliefs.evidence)
    for _ in range(ROUNDS):
        least, most = np.ones_like(low), np.zeros_like(high)
        np.minimum.at(least, after, low[before])
        np.maximum.at(most, after, high[before])
        # Where nothing leads to a start, least > most; any belief will do there beside the first.
        low, high = beliefs.between(states, least, np.maximum(least, most))
        low[graph.start] = np.minimum(low[graph.start], first)
        high[graph.start] = np.maximum(high[graph.start], first)
    return low, high
