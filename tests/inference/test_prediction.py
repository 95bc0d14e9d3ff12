"""Prediction of learning in tasks never seen: its error against enumeration, and its protocol."""

from itertools import permutations

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.inference.agent import maze_model
from synfer.inference.prediction import predict_learning, prediction_error
from synfer.inference.tasks import Maze

MAZES = [Maze.generate(seed=60 + k, width=39, height=11) for k in range(6)]
MODEL = maze_model(0.3).replace(c=maze_model(0.3).c / 100)
"""Habits form in some trials of a small maze."""


def test_the_permuted_error_is_that_of_all_permutations():
    rng = np.random.default_rng(5)
    o, p = rng.uniform(50, 100, 5), rng.uniform(50, 100, 5)
    found = prediction_error(o, p)
    assert float(found.error) == pytest.approx(np.mean(abs(p - o) / o), rel=1e-14)
    every = [np.mean(abs(p[list(order)] - o) / o) for order in permutations(range(5))]
    assert float(found.permuted) == pytest.approx(np.mean(every), rel=1e-12)
    assert float(found.error_se) == pytest.approx(np.std(abs(p - o) / o, ddof=1) / np.sqrt(5), rel=1e-12)


def test_the_published_error(data_file):
    # Runs 11-20 and 21-30 are on the same ten mazes; the latter have the estimated prior. Published: 5.6 %.
    steps = np.loadtxt(data_file("maze/nn_mdp_time_E0.25.csv"), delimiter=",").mean(0)
    found = prediction_error(steps[10:20], steps[20:30])
    assert float(found.error) == pytest.approx(0.056, abs=5e-4)
    assert float(found.permuted) == pytest.approx(0.32, abs=5e-3)


@pytest.fixture(scope="module")
def found():
    wrong = maze_model(0.2).replace(c=MODEL.c)
    return predict_learning(MODEL, MAZES[:4], trials=5, seed=3, known=MAZES[4:], wrong=wrong, replicates=2, T=4000)


def test_predictions_are_those_of_agents_with_the_estimated_prior(found):
    assert found.prior.values.tolist() == ["frequency", "likelihood", "swapped"]
    assert found.E_true.values == pytest.approx([0.25, 0.25, 0.2, 0.3])
    # Two first trials of up to 4000 steps: a standard error of .008 at most.
    assert np.allclose(found.E_action[:2], found.E_true, rtol=0, atol=0.05)
    assert np.allclose(found.E_action[2], [0.25, 0.25, 0.3, 0.2], rtol=0, atol=1e-12)
    means = found.steps.mean("trial")
    for k in range(3):
        own = prediction_error(found.steps_observed.mean("trial"), means[k])
        assert float(found.error[k]) == pytest.approx(float(own.error), rel=1e-12)
    # A prior that goes to the left is far slower; so says the error.
    assert float(found.error[2]) > float(found.error[:2].max())


def test_results_say_what_they_come_from(found):
    assert (found.verb, found.model) == ("predict_learning", MODEL.digest())
    assert (found.task, found.known) == ([repr(maze) for maze in MAZES[:4]], [repr(maze) for maze in MAZES[4:]])
    assert [name for name, variable in found.variables.items() if not variable.attrs.get("units")] == []


def test_results_do_not_depend_on_workers():
    arguments = {"trials": 2, "seed": 9, "known": MAZES[4:], "T": 1500, "estimators": ("likelihood",)}
    one = predict_learning(MODEL, MAZES[:3], workers=1, **arguments)
    assert one.identical(predict_learning(MODEL, MAZES[:3], workers=2, **arguments))
    other = predict_learning(MODEL, MAZES[:3], **(arguments | {"seed": 10}))
    assert not one.steps_observed.equals(other.steps_observed)


def test_progress_comes_to_its_end():
    told = []
    predict_learning(MODEL, MAZES[:2], trials=1, seed=1, known=MAZES[4:], T=1500, progress=told.append, workers=1)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"task": MAZES[:1]}, "task = .* must be a sequence of 2 or more tasks"),
        ({"task": 3}, "task = 3 must be a sequence"),
        ({"task": [MAZES[0], "maze"]}, "task = 'maze' is no task"),
        ({"known": []}, r"known = \[\] must be a sequence of 1 or more tasks"),
        ({"known": MAZES[4]}, "known = .* must be a sequence"),
        ({"known": MAZES[1:]}, "none of the tasks that are predicted"),
        ({"model": "maze"}, "model = 'maze' must be of kind GenerativeModel"),
        ({"trials": "a"}, "trials = 'a' must be a whole number"),
        ({"T": 2}, "T = 2 must be a whole number >= 3"),
        ({"seed": "a"}, "seed = 'a' must be"),
        ({"estimators": 3}, "estimators = 3 is unknown"),
        ({"estimators": ()}, "estimators is empty"),
        ({"modulation": 3}, "modulation = 3 must be of kind RiskModulation"),
        ({"workers": 0, "T": 10}, "workers = 0 must be a whole number >= 1"),
        ({"estimators": ("frequencies",)}, "estimators = 'frequencies' is unknown; did you mean frequency"),
        ({"estimators": ("frequency",), "known": MAZES[4:5], "T": 10}, "is never taken in the first trials"),
        ({"replicates": 0}, "replicates = 0 must be a whole number >= 1"),
        ({"wrong": 0.3}, "wrong = 0.3 must be of kind GenerativeModel"),
    ],
)
def test_what_does_not_fit_is_named(arguments, said):
    with pytest.raises(ParameterError, match=said):
        predict_learning(**{"model": MODEL, "task": MAZES[:2], "trials": 1, "seed": 1, "known": MAZES[4:]} | arguments)


@pytest.mark.parametrize(
    ("observed", "predicted", "said"),
    [
        ([1, 2], [1, 2, 3], r"shapes \(2,\) and \(3,\)"),
        ([1], [1], "2 or more"),
        ([0, 1], [1, 1], "observed must be > 0"),
        ([1, 2], [1, np.nan], r"predicted\[1\] = nan must be finite"),
        ("ab", [1, 2], "observed must be an array of real numbers"),
    ],
)
def test_means_that_make_no_error(observed, predicted, said):
    with pytest.raises(ParameterError, match=said):
        prediction_error(observed, predicted)
