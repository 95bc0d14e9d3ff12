"""A small world, in which every trial can be followed by hand."""

from dataclasses import dataclass

import numpy as np
import pytest

from synfer.inference.model import GenerativeModel

SHOWN = np.array([[(7 * p + 3 * i + p * i) % 5 < 2 for i in range(5)] for p in range(7)], dtype=np.uint8)


@dataclass(frozen=True)
class Ring:
    """Places 0 .. n - 1; action 0 goes back (no further than 0), 1 stays, 2 goes on; done at the last."""

    n: int = 7
    n_observations: int = 5
    n_actions: int = 3

    def init(self, key):
        return key % 2

    def observe(self, state):
        return SHOWN[state % len(SHOWN)]

    def step(self, state, action):
        return max(state + action - 1, 0)

    def outcome(self, before, after):
        return 0.5 * (1 + before - after)

    def done(self, state):
        return state == self.n - 1


@pytest.fixture(scope="session")
def ring():
    return Ring


@pytest.fixture(scope="session")
def ring_model():
    """6 decisions on the ring, with few counts, so that beliefs and habits move fast and c meets its floor."""

    def of(seed=0, scale=20.0, **others):
        rng = np.random.default_rng(seed)

        def counts(pre, post):
            return rng.uniform(1.5, scale, (2, pre, 2, post))

        fields = {"a": counts(5, 4), "b": counts(4, 4), "c": counts(4, 6), "D": rng.uniform(0.1, 2.0, (2, 4))}
        fields |= {"E": rng.dirichlet(np.full(6, 3.0)), "initial": rng.uniform(0.1, 0.9, (2, 4))}
        return GenerativeModel(**(fields | others))

    return of
