"""The T-maze: the cue says where the reward is, the arms are final, chance is drawn by the key."""

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.inference.tasks import TMaze, check_task, explore
from synfer.inference.tasks.tmaze import CUE, LEFT, OBSERVATIONS, RIGHT


def seen(task, state):
    return {name for name, value in zip(OBSERVATIONS, task.observe(state), strict=True) if value}


@pytest.mark.parametrize("key", range(4))
def test_who_follows_an_honest_cue_is_rewarded(key):
    task = TMaze(p_reward=1.0)
    start = task.init(key)
    assert seen(task, start) == {"at centre"}
    cue = task.step(start, CUE)
    (said,) = seen(task, cue) - {"at cue"}
    arm = LEFT if said == "cue left" else RIGHT
    for action, reward in ((arm, True), (LEFT + RIGHT - arm, False)):
        end = task.step(cue, action)
        assert task.done(end)
        assert ("reward" in seen(task, end)) == reward
        assert task.outcome(cue, end) == (0 if reward else 1)
        assert task.step(end, CUE) == end
    assert task.outcome(start, cue) == 0.5


def test_sides_and_luck_are_drawn_with_their_probabilities():
    # Binomial, 2,000 keys: within 4 standard errors.
    task, n = TMaze(p_reward=0.8, p_left=0.3), 2000
    starts = [task.init(key) for key in range(n)]
    for share, p in ((np.mean([s.honest for s in starts]), 0.8), (np.mean([s.side == LEFT for s in starts]), 0.3)):
        assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / n)
    assert starts[7] == task.init(7)


@pytest.mark.parametrize("key", [0, 1])
def test_it_keeps_the_contract_and_has_four_states(key):
    check_task(TMaze(), key=key)
    assert len(explore(TMaze(), key).states) == 4


def test_probabilities_out_of_bounds_are_refused():
    with pytest.raises(ParameterError, match=r"p_reward = 0.3 must be >= 0.5"):
        TMaze(p_reward=0.3)
