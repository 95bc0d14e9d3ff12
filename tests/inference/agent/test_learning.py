"""Truth: the published learning curves; and three mistakes that must not pass for them.

Statistical: the unit is the maze. Published block means are over 20 mazes, of other random numbers; a statistic fails
if it is more than 3 combined standard errors away.
"""

import numba
import numpy as np
import pytest

from synfer.inference.agent import RiskModulation, learn_maze, maze_model, table, trial
from synfer.inference.tasks import Maze

TRIALS = 20
PUBLISHED = {
    0.25: {"1-10": (16728, 1524), "11-20": (13346, 2528), "1-20": (15037, 1890)},
    0.15: {"1-10": (19203, 900), "11-20": (18647, 1150)},
}
"""Mean steps by block of trials, and their sd over the 20 mazes; at E_right 0.15 only means are published, and the sd
is that of 30 mazes of ours."""
BLOCKS = {"1-10": slice(0, 10), "11-20": slice(10, 20), "1-20": slice(0, 20)}


def departure(E_right: float, mazes: int, **options) -> float:
    """The largest abs(z) of the block means of some mazes against the published ones."""
    worlds = [Maze.generate(seed=100 + k) for k in range(mazes)]
    steps = learn_maze(maze_model(E_right), worlds, TRIALS, seed=1, **options).steps.values
    z = []
    for block, (mean, sd) in PUBLISHED[E_right].items():
        own = steps[:, BLOCKS[block]].mean(1)
        z.append((own.mean() - mean) / np.hypot(sd / np.sqrt(20), own.std(ddof=1) / np.sqrt(mazes)))
    return float(np.abs(z).max())


@pytest.mark.slow
@pytest.mark.parametrize(("E_right", "mazes"), [(0.25, 10), (0.15, 6)])
def test_agents_learn_as_published(E_right, mazes):
    assert departure(E_right, mazes) <= 3


@pytest.mark.slow
def test_without_risk_nothing_is_learned():
    """Mutant: Gamma = 0 reinforces whatever was done; every trial ends at 20,000 soon."""
    assert departure(0.25, 5, modulation=RiskModulation(risk=(0.0, 0.0, 0.0))) > 3


@pytest.mark.slow
def test_a_transposed_C_does_not_pass(monkeypatch):
    """Mutant: P(d | s) in place of P(s | d), the counts c normalised along the other axis."""
    right = trial.Agent.weights

    def transposed(agent):
        c = agent.c.transpose(2, 3, 0, 1)
        l = np.log(np.ascontiguousarray(c / c.sum(2, keepdims=True)))
        by_one, by_zero = l[0, :, 0] - l[0, :, 1], l[1, :, 0] - l[1, :, 1]
        weights = right(agent)
        return weights._replace(C=weights.C._replace(W=by_one - by_zero, h=by_zero.sum(0)))

    monkeypatch.setattr(trial.Agent, "weights", transposed)
    assert departure(0.25, 10) > 3


@numba.njit(nogil=True)
def believe_all(memory, observation, weights, own):
    sight = table.no_sight(observation.shape[0], weights.D.difference.size)
    for node in range(memory.state.size):
        if not own.believed[node]:
            table.infer(node, memory, observation, weights, sight, own)


@pytest.mark.slow
def test_a_softmax_in_float32_does_not_pass(monkeypatch):
    """Mutant: e^z / sum e^z in float32, which overflows at z = 88; at E_right 0.15 the floor of c brings z there."""
    right = trial.walk_table

    def overflowing(setting, weights, first, u, sight, own):
        believe_all(setting.memory, setting.observation, weights, own)
        z = (own.s @ weights.C.W + weights.C.h + weights.E.difference).astype(np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            law = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        own.law[:], own.cost[:, 4:], own.decided[:] = np.cumsum(law, 1), 0, True
        return right(setting, weights, first, u, sight, own)

    monkeypatch.setattr(trial, "walk_table", overflowing)
    assert departure(0.15, 3) > 3  # every trial ends at 20,000


@pytest.mark.slow
def test_a_hundred_trials_at_low_E_right_stay_numbers():
    """Counts of decisions lie at the floor, and log odds in the hundreds."""
    run = learn_maze(maze_model(0.15), Maze.generate(seed=7), 100, seed=1)
    assert run.c.min() < 30
    for name in ("free_energy", "a", "b", "c"):
        assert np.isfinite(run[name]).all()
    assert (run.c >= 1).all()
