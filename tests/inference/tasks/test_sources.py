"""Mixed sources: the law of the inputs, two streams of draws, refusals."""

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.inference.tasks import Sources


def test_the_law_of_two_sources_is_the_published_one():
    p = Sources().p([[1, 1], [1, 0], [0, 1], [0, 0]])
    first, second = np.array([1, 3 / 4, 1 / 4, 0]), np.array([1, 1 / 4, 3 / 4, 0])
    np.testing.assert_array_equal(p, np.repeat([first, second], 16, axis=0).T)


def test_three_sources_share_inputs_and_probabilities():
    """An input is on with the weight of the sources that are: 1 if all are, 0 if none is."""
    task = Sources(n_sources=3, n_inputs=7, mixing=0.3)
    assert task.own.sum(0).tolist() == [3, 2, 2]
    np.testing.assert_allclose(task.weights.sum(1), 1, rtol=1e-15)
    np.testing.assert_allclose(task.p([0, 1, 0]), np.where(task.own[:, 1], 0.7, 0.15), rtol=1e-15)


@pytest.mark.parametrize("stream", ["modern", "legacy"])
def test_draws_follow_the_law(stream):
    """20,000 steps: no state or input more than 4.5 binomial standard errors off, 1 in 1.5e5 for one of 130."""
    task = Sources(n_inputs=10, mixing=0.2)
    shown = task.generate(20_000, seed=11, stream=stream)
    s, o = shown["stimulus"].values, shown["input"].values
    for state in ([0, 0], [0, 1], [1, 0], [1, 1]):
        own = (s == state).all(1)
        assert abs(own.sum() - 5000) < 4.5 * np.sqrt(20_000 * 3 / 16)
        p = task.p(state)
        assert (abs(o[own].mean(0) - p) <= 4.5 * np.sqrt(p * (1 - p) / own.sum())).all()
    assert shown["step"].values[[0, -1]].tolist() == [1, 20_000]


def test_the_first_steps_do_not_depend_on_how_many_follow():
    task = Sources(n_sources=3, n_inputs=9)
    few, many = (task.generate(n, seed=5) for n in (7, 300))
    for name in ("stimulus", "input"):
        np.testing.assert_array_equal(few[name], many[name][:7])
    np.testing.assert_array_equal(few["total"], many["total"])
    assert not np.array_equal(many["input"], task.generate(300, seed=6)["input"])


def test_the_legacy_stream_draws_as_the_published_code_does():
    state, task = np.random.RandomState(3), Sources(n_inputs=4, mixing=0.1)
    shown = task.generate(5, seed=3, stream="legacy")
    for t in range(5):
        s = state.randint(2, size=2)
        np.testing.assert_array_equal(shown["stimulus"][t], s)
        np.testing.assert_array_equal(shown["input"][t], state.rand(4) < task.p(s))
    np.testing.assert_array_equal(shown["total"], 200 + 200 * state.rand(4, 2))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Sources(mixing=0.5), r"mixing = 0\.5 must be < 0\.5 with 2 sources"),
        (lambda: Sources(n_sources=5, n_inputs=4), "n_inputs = 4 must be >= n_sources = 5"),
        (lambda: Sources(n_sources=1), "n_sources = 1 must be >= 2"),
        (lambda: Sources().p([1, 0, 1]), r"s has shape \(3,\)"),
        (lambda: Sources().p([[1, 0], [2, 0]]), r"s\[1, 0\] = 2 must be 0 or 1"),
        (lambda: Sources().p("ab"), "s must be an array of real numbers"),
        (lambda: Sources().generate(0, seed=1), "steps = 0"),
        (lambda: Sources().generate(3, seed=1, stream="older"), "stream = 'older'"),
        (lambda: Sources().generate(3, seed=2**32, stream="legacy"), "must be < 2\\^32"),
    ],
)
def test_what_cannot_be_is_refused(make, words):
    with pytest.raises(ParameterError, match=words):
        make()
