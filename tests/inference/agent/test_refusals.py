"""Contract: what does not fit is refused, with what to do."""

import re

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.inference.agent import RiskModulation, learn, learn_maze, maze_model
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks import Maze


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "tables"}, "method = 'tables' is unknown; did you mean table?"),
        ({"ordering": "ports"}, "did you mean port?"),
        ({"stream": "old"}, "stream = 'old' is unknown"),
        ({"stream": "legacy"}, "give method='dense' too"),
        ({"stream": "legacy", "method": "dense", "seed": 2**40}, "must be < 2^32"),
        ({"trials": 0}, "trials = 0 must be a whole number >= 1"),
        ({"T": 2.5}, "T = 2.5 must be a whole number"),
        ({"seed": -1}, "seed = -1 must be an integer"),
        ({"record": "positions"}, "record = 'positions' is unknown; known: E_est"),
        ({"record": "q_d", "trials": 10**9}, "record less, or lower trials or T"),
        ({"progress": "bar"}, "progress = 'bar' must be a function"),
        ({"modulation": 3}, "modulation = 3 must be of kind RiskModulation"),
        ({"limit": 3}, "more than limit = 3 states"),
        ({"workers": 0}, "workers = 0 must be a whole number"),
    ],
)
def test_options_that_do_not_fit(ring, ring_model, options, message):
    own = {"trials": 1, "seed": 1, "T": 50} | options
    with pytest.raises(ParameterError, match=re.escape(message)):
        learn(ring_model(), ring(), **own)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda m, r: (m, r(n_observations=6)), "has 5 observations and the task shows 6"),
        (lambda m, r: (m, r(n_actions=4)), "6 decisions, which must be a multiple of the 4 actions"),
        (lambda m, r: (m.replace(c=None), r()), "takes no decisions; give it c and E"),
        (lambda m, r: (m, "maze"), "it lacks n_observations, how many they are; n_actions"),
        (lambda m, r: ("model", r()), "must be of kind GenerativeModel"),
        (lambda m, r: ([m, maze_model()], r()), "has 121 observations and the task shows 5"),
        (lambda m, r: ([m] * 2, [r()] * 3), "equally long"),
        (lambda m, r: ([m, m.replace(b=None)], r()), "side by side differ in b"),
        (lambda m, r: ([m, m.replace(states=tuple("wxyz"))], r()), "side by side differ in states"),
    ],
)
def test_models_and_tasks_that_do_not_fit(ring, ring_model, make, message):
    model, task = make(ring_model(), ring)
    with pytest.raises(ParameterError, match=re.escape(message)):
        learn(model, task, 1, 1, T=50)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"risk": (0.5, 1.5, 0.0)}, "1.5 must be <= 1"),
        ({"risk": (0.5,)}, "risk has 1 values and must have 3"),
        ({"net": (10.0, 0.0)}, "must rise from bound to bound"),
        ({"window": 0}, "window = 0 must be >= 1"),
        ({"floor": 0.0}, "floor = 0.0 must be > 0"),
    ],
)
def test_modulations_that_do_not_fit(fields, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        RiskModulation(**fields)


@pytest.mark.parametrize("E_right", [0.0, 0.5, -1, "0.2", np.nan])
def test_a_prior_of_right_that_leaves_nothing_for_left(E_right):
    with pytest.raises(ParameterError, match=r"must be in \(0, 0.5\)"):
        maze_model(E_right)


@pytest.mark.parametrize("record", ["positions", None, 3, ["position", "q"], [None]])
def test_records_of_a_maze_that_there_are_not(record):
    said = r"record = .* is unknown; (did you mean position\?|known: E_est, .*position)"
    with pytest.raises(ParameterError, match=said):
        learn_maze(maze_model(), Maze.generate(seed=0, width=9, height=7), 1, 1, record=record)


def test_positions_and_states_may_both_be_kept():
    maze = Maze.generate(seed=0, width=5, height=3)
    run = learn_maze(maze_model(), np.array([maze, maze]), 1, 1, T=9, record=("state", "position"))
    assert run.position.dims == run.state_number.dims == ("maze", "trial", "step", "axis")
    assert run.position.equals(run.state_number)


def test_learn_maze_takes_mazes_alone(ring):
    with pytest.raises(ParameterError, match="must be of kind Maze; for example"):
        learn_maze(maze_model(), ring(), 1, 1)


def test_the_model_of_the_maze_is_the_published_one():
    model = maze_model(0.25)
    assert (model.n_observations, model.n_states, model.n_decisions) == (121, 121, 256)
    assert model.a[0, 3, 0, 3] == model.a[1, 3, 1, 3] == 1e9
    assert model.a[1, 3, 0, 3] == model.a[0, 2, 0, 3] == model.b[0, 3, 0, 3] == 1e7
    assert (model.D == 0.5 / 256).all()
    assert isinstance(model, GenerativeModel)
    assert model.E[0].sum() == pytest.approx(1, abs=1e-15)


def test_records_of_a_maze_are_named():
    run = learn_maze(
        maze_model(0.35), Maze.generate(seed=2), 2, seed=4, T=60, record=("position", "d", "Gamma", "terms", "E_est")
    )
    assert run.position.sel(axis="row")[0, 1] == 9
    assert run.position.sel(axis="column")[0, 1] == 1
    assert run.terms.sel(term="entropy").max() < 0
    np.testing.assert_allclose(run.terms.sum("term"), run.free_energy, rtol=1e-14)
    np.testing.assert_allclose(run.E_est.sum("decision"), 1, rtol=1e-12)
    assert run.attrs["verb"] == "learn"
    assert run.free_energy.attrs["units"] == "nats"


@pytest.mark.parametrize(("method", "limit"), [("table", 100), ("dense", 100), ("dense", 3)])
@pytest.mark.parametrize(
    ("observe", "message"),
    [
        (lambda state: np.zeros(8), "has shape (8,) and must have (5,)"),
        (lambda state: np.zeros(3), "has shape (3,) and must have (5,)"),
        (lambda state: np.full(5, 0.5), "[0] = 0.5 must be 0 or 1"),
    ],
)
def test_a_task_that_shows_something_else_than_it_declares(ring, ring_model, method, limit, observe, message):
    task = type("Other", (ring,), {"observe": lambda self, state: observe(state)})()
    with pytest.raises(ParameterError, match=re.escape(message)):
        learn(ring_model(), task, 1, 1, T=50, method=method, limit=limit)


@pytest.mark.parametrize(("method", "limit"), [("table", 100), ("dense", 3)])
@pytest.mark.parametrize("outcome", [7.0, float("nan")])
def test_an_outcome_beyond_its_range(ring, ring_model, method, limit, outcome):
    task = type("Other", (ring,), {"outcome": lambda self, before, after: outcome})()
    with pytest.raises(ParameterError, match=r"must be a number in \[0, 1\]"):
        learn(ring_model(), task, 1, 1, T=50, method=method, limit=limit)
