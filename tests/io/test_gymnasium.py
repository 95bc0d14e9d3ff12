"""Contract: tasks pass gymnasium's own check, and an episode there is a walk through the task."""

import sys
from importlib import import_module

import numpy as np
import pytest

from synfer.core.errors import ParameterError, UsageError
from synfer.inference.tasks import Maze, TMaze

gymnasium = pytest.importorskip("gymnasium", reason="extra gym is not installed")
env_checker = pytest.importorskip("gymnasium.utils.env_checker", reason="extra gym is not installed")
TaskEnv = pytest.importorskip("synfer.io.gymnasium", reason="extra gym is not installed").TaskEnv

MAZE = Maze.generate(seed=2, width=9, height=7)


@pytest.mark.parametrize("task", [Maze.generate(seed=0), TMaze()])
def test_gymnasium_accepts_the_environment(task):
    env_checker.check_env(TaskEnv(task))


def test_spaces_are_those_of_the_maze():
    env = TaskEnv(MAZE)
    assert env.observation_space == gymnasium.spaces.MultiBinary(121)
    assert env.action_space == gymnasium.spaces.Discrete(4)


def test_an_episode_is_a_walk_with_reward_1_less_2_G():
    env, state = TaskEnv(MAZE), MAZE.start
    observation, _ = env.reset(seed=1)
    env.action_space.seed(1)
    for n in range(1, 10_000):
        assert np.array_equal(observation, MAZE.observe(state))
        action = env.action_space.sample()
        before, state = state, MAZE.step(state, int(action))
        observation, reward, terminated, truncated, info = env.step(action)
        assert info == {"state": state, "outcome": MAZE.outcome(before, state), "steps": n}
        assert reward == 1 - 2 * info["outcome"]
        assert terminated == MAZE.done(state)
        assert not truncated
        if terminated:
            break
    assert terminated


def test_an_episode_is_cut_off_after_T_steps():
    env = TaskEnv(MAZE, T=3)
    env.reset(seed=1)
    assert [env.step(2)[3] for _ in range(3)] == [False, False, True]
    env.reset(seed=1)
    assert not env.step(2)[3]


def test_keys_are_drawn_by_the_seed_or_given():
    env = TaskEnv(TMaze())
    first = [env.reset(seed=s)[1]["state"] for s in (1, *[None] * 20)]
    assert [env.reset(seed=s)[1]["state"] for s in (1, *[None] * 20)] == first
    assert len({state.side for state in first}) == 2
    assert env.reset(options={"key": 5})[1]["state"] == TMaze().init(5)
    with pytest.raises(ParameterError, match=r"options of reset are \['keys'\]"):
        env.reset(options={"keys": 5})
    for key in ("a", -1, 1.5):
        with pytest.raises(ParameterError, match=f"key = {key!r} must be a whole number"):
            TaskEnv(MAZE).reset(options={"key": key})
    env.reset(seed=1)
    assert env.step(np.array(1))[4]["steps"] == 1


@pytest.mark.parametrize(("arguments", "said"), [((MAZE, 0), "T = 0 must be"), ((3,), "task = 3 is no task")])
def test_bad_arguments_are_refused(arguments, said):
    with pytest.raises(ParameterError, match=said):
        TaskEnv(*arguments)


def test_steps_that_cannot_be_taken_are_refused():
    env = TaskEnv(TMaze())
    with pytest.raises(ParameterError, match="step comes before the first reset"):
        env.step(0)
    env.reset(seed=1)
    for action in (-1, 4, 1.5, True, np.array([1])):
        with pytest.raises(ParameterError, match=r"must be a whole number in 0 \.\. 3"):
            env.step(action)


def test_without_gymnasium_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    monkeypatch.delitem(sys.modules, "synfer.io.gymnasium")
    with pytest.raises(UsageError, match=r"pip install 'synfer\[gym\]'"):
        import_module("synfer.io.gymnasium")
