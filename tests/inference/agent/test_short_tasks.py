"""A task of one's own, of a few steps, is learned where every decision meets its own outcome; README quotes this."""

from dataclasses import dataclass

import numpy as np

from synfer.inference.agent import RiskModulation, learn
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks import check_task

RUNS, TRIALS, LAST = 24, 60, 10


@dataclass(frozen=True)
class Corridor:
    """Six places in a row; actions go back and on; whatever does not lead on is a setback; done at the last place."""

    n_observations: int = 6
    n_actions: int = 2

    def init(self, key):
        return 0

    def observe(self, state):
        return np.eye(6)[state]

    def step(self, state, action):
        return min(max(state + 2 * action - 1, 0), 5)

    def outcome(self, before, after):
        return float(after <= before)

    def done(self, state):
        return state == 5


def test_a_corridor_takes_fewer_steps_at_the_end_than_at_the_start():
    """Statistical: sign tests over runs, with p = 1/2 and an sd of 2.4 runs where windows make no difference."""
    check_task(Corridor())
    own, flat = np.eye(6), np.full((6, 2), 0.5)
    model = GenerativeModel.from_probabilities(
        A1=0.5 + 0.45 * own, A0=0.5 - 0.45 * own, C1=flat, C0=flat, total=1000, E=[0.5, 0.5], expectation="ratio"
    )
    model = model.replace(c=model.c / 100)
    ways = {
        "maze": {},
        "own": {
            "modulation": RiskModulation(window=1, net=(-0.5, 0.5), risk=(1.0, 0.5, 0.0)),
            "ordering": "port",
        },
    }
    steps = {
        name: learn(model, [Corridor()] * RUNS, TRIALS, 0, T=500, **options).steps.values
        for name, options in ways.items()
    }
    last = {name: np.median(own[:, -LAST:], axis=1) for name, own in steps.items()}
    start = steps["own"][:, 0].mean()
    # Measured with this seed: 32 steps at first; at the end 9.5, in the median, and 81.5 under the windows of the maze.
    assert np.median(last["own"]) < 0.5 * start < np.median(last["maze"])
    assert (last["own"] < last["maze"]).sum() > RUNS / 2 + 3 * np.sqrt(RUNS) / 2
    assert 0 < (last["own"] == 500).mean() < 0.25  # some stick at the wrong end: 3 of 24
