"""An agent that is made to take another's decisions believes and learns what the other did."""

import numpy as np
import pytest

from synfer.inference.agent import learn, maze_model
from synfer.inference.agent.forced import Follower, respond
from synfer.inference.agent.modulation import RiskModulation
from synfer.inference.agent.trial import Plan
from synfer.inference.beliefs import infer, sampling_law, uniforms
from synfer.inference.tasks import Maze

MAZE = Maze.generate(seed=5, width=19, height=7)
MODEL = maze_model(0.3).replace(c=maze_model(0.3).c / 100)
T = 400


def plan(method, ordering):
    return Plan(3, 0, T, method, None, ordering == "port", False, RiskModulation(), 20_000)


@pytest.mark.parametrize("ordering", ["original", "port"])
@pytest.mark.parametrize("method", ["dense", "table"])
def test_who_follows_learns_the_same(method, ordering):
    run = learn(MODEL, MAZE, trials=3, seed=4, T=T, method=method, ordering=ordering, record=("d", "s"))
    follower = Follower(MODEL.replace(E=np.full(256, 1 / 256)), MAZE, plan(method, ordering))
    for trial in range(3):
        d = run["d"].values[trial]
        followed = follower.follow(0, d[d >= 0])
        assert followed.t_end == run["steps"].values[trial] - 1
        # What c says of the beliefs of the run: the log odds of its decisions, but for E; 1e-13 of sums of 121 terms.
        model = MODEL.replace(**{n: v for n, v in follower.agent.counts().items() if n == "c"})
        if method == "dense":
            s = run["s"].values[trial][1 : followed.t_end]
            log = np.log(model.c / model.c.sum(0))
            says = log[:, :, 0] - log[:, :, 1]
            np.testing.assert_allclose(
                followed.alpha[followed.row[1:]], s @ says[0] + (1 - s) @ says[1], rtol=0, atol=1e-9
            )
        follower.learn(followed)
    for name, counts in follower.agent.counts().items():
        # A table may be one state deeper, as its depth does not follow from E.
        np.testing.assert_allclose(counts, run[name].values, rtol=0 if method == "dense" else 1e-6)


def test_decisions_that_are_expected_for_certain_are_learned_as_taken():
    run = learn(MODEL, MAZE, trials=1, seed=4, T=T, method="dense", record="d")
    d = run["d"].values[0]
    d = d[d >= 0]
    one, other = (Follower(MODEL, MAZE, plan("dense", "original")) for _ in range(2))
    one.learn(one.follow(0, d))
    other.learn(other.follow(0, d), expected=(d[:, None] == np.arange(256)).astype(float))
    for name, counts in one.agent.counts().items():
        # Sums of up to 400 numbers below 1 in another order, beside counts of 30 and more.
        np.testing.assert_allclose(other.agent.counts()[name], counts, rtol=0, atol=1e-10 if name == "c" else 0)


def test_an_agent_responds_by_its_beliefs_and_uniform_numbers():
    u = uniforms(3, 60, 0)
    found = respond(MODEL, MAZE, 0, u)
    beliefs = infer(MODEL, found.o)
    np.testing.assert_allclose(found.s, beliefs.s.values, rtol=0, atol=1e-12)
    cumulative = np.cumsum(sampling_law(log_odds=beliefs.log_odds.values[1:]), axis=1)
    # No u of 60 is so close to a bound of 256 intervals that a rounding of 1e-16 moves a decision.
    taken = (u[:, None] * cumulative[:, -1:] > cumulative).sum(1)
    assert found.d[1:].argmax(1).tolist() == taken.tolist()
    assert (found.d.sum(1) == [0] + [1] * 60).all()
    place = MAZE.start
    for t, decision in enumerate(taken):
        assert np.array_equal(found.o[t], MAZE.observe(place))
        before, place = place, MAZE.step(place, decision // 64)
        assert found.outcome[t] == MAZE.outcome(before, place)
