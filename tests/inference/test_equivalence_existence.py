"""Whether an activity equation descends a cost: known ones that do, and known ones that do not."""

import numpy as np
import pytest
from scipy.special import expit, logit

from synfer.core.errors import NumericalError, ParameterError
from synfer.inference.equivalence import cost_exists
from synfer.inference.equivalence.existence import _jacobians
from synfer.inference.network.activity import Wiring

W = np.random.default_rng(71).normal(size=(4, 4))
SYMMETRIC = W + W.T
DRIVE = np.random.default_rng(72).normal(size=4)
RATES = {"low": 0.05, "high": 0.95}
SLOPES = np.array([0.5, 1.0, 2.0, 3.0])


def relu(u):
    return np.maximum(u, 0)


def canonical(network):
    """u' = -u + I with the recurrent input one step ago, held: no coupling at the same instant."""
    wiring, before = Wiring.of(network), np.full((2, network.n_hidden), 0.5)
    return lambda u: -u + wiring.drive(np.ones(network.n_inputs), before)[0]


@pytest.mark.parametrize(
    ("activity", "given"),
    [
        (lambda u: -u + SYMMETRIC @ expit(u) + DRIVE, {"transfer": "logistic"}),
        (lambda u: -u + SYMMETRIC @ np.tanh(u), {"transfer": "tanh"}),
        (lambda u: -u + SYMMETRIC @ u**3, {"transfer": lambda u: u**3, "low": 0.5}),
        (lambda u: -u + SYMMETRIC @ np.exp(u), {"transfer": np.exp}),
        (lambda u: -u + SYMMETRIC @ expit(SLOPES * u), {"transfer": lambda u: expit(SLOPES * u)}),
        (lambda u: -u + SYMMETRIC @ u, {}),
        (lambda x: -logit(x) + SYMMETRIC @ x, RATES),
        (lambda u: -SYMMETRIC @ np.tanh(SYMMETRIC @ u), {}),  # of sum ln cosh(S u)
        (lambda u: np.zeros(4), {}),
    ],
)
def test_symmetric_coupling_has_a_cost(activity, given):
    answer = cost_exists(activity, 4, **given)
    assert answer.exists
    assert answer.reason.startswith("a cost exists")
    assert answer.asymmetry <= answer.tolerance


@pytest.mark.parametrize(
    ("activity", "given"),
    [
        (lambda u: -u + W @ expit(u) + DRIVE, {"transfer": "logistic"}),
        (lambda u: -u + W @ np.tanh(u), {"transfer": "tanh"}),
        (lambda u: -u + W @ u, {}),
        (lambda x: -logit(x) + W @ x, RATES),
        (lambda u: -u + SYMMETRIC @ expit(u), {}),  # of x, not of u
        (lambda u: -u + SYMMETRIC @ expit(u), {"transfer": "tanh"}),  # of another x
        (lambda u: -u + SYMMETRIC @ relu(u), {}),
        (lambda x: x * (1 - x) * (-logit(x) + SYMMETRIC @ x), RATES),  # of x by another measure of distance
        (lambda u: -u + (SYMMETRIC + 1e-6 * W) @ expit(u), {"transfer": "logistic"}),
    ],
)
def test_asymmetric_coupling_has_none(activity, given):
    answer = cost_exists(activity, 4, **given)
    assert not answer.exists
    assert answer.asymmetry > answer.tolerance


def test_no_cost_exists_because(random_network):
    A = np.array([[0.0, 2.0], [3.0, 0.0]])
    answer = cost_exists(lambda u: -u + A @ expit(u), 2, transfer="logistic")
    assert answer.reason.startswith("no cost exists because df_1/dx_2 = 2 but df_2/dx_1 = 3 at u = [")
    assert answer.pair == (1, 2)
    assert answer.asymmetry == pytest.approx(1, abs=answer.tolerance)


def test_canonical_activity_descends_a_cost_whatever_its_synapses(random_network):
    """K is not symmetric; it acts on x one step ago."""
    net = random_network(73)
    assert abs(net.K1 - net.K1.T).max() > 0.1
    assert cost_exists(canonical(net), 3, transfer="logistic").exists
    assert cost_exists(canonical(net), 3).exists


def test_one_neuron_always_descends_a_cost():
    assert cost_exists(lambda u: np.sin(u) - u**2, 1).exists
    with pytest.raises(NumericalError, match="activity gives nan for neuron 1"):
        cost_exists(lambda u: np.nan * u, 1)


@pytest.mark.parametrize(
    ("jump", "where"),
    [
        (lambda u: np.sign(u), "0"),
        (lambda u: np.sign(u - 2.5), "2.5"),
        (lambda u: 1e-3 * np.sign(u.sum() - 1) * np.ones(4), "on a slant"),
    ],
)
def test_a_jump_is_not_read_as_smooth(jump, where):
    """Derivatives beside it are 0, of a coupling that has no cost."""
    skew = W - W.T
    with pytest.raises(NumericalError, match="activity jumps at u ="):
        cost_exists(lambda u: -u + skew @ jump(u), 4)


@pytest.mark.parametrize("corner", [1, -1])
def test_a_jump_in_a_corner_is_found(corner):
    """Beyond 2.9 in all of four: one in 3e7 draws is there, and the corner itself always."""
    step = lambda u: float((corner * u > 2.9).all()) * np.ones(4)  # noqa: E731
    with pytest.raises(NumericalError, match="activity jumps at u ="):
        cost_exists(lambda u: -u + step(u), 4, points=4)


def test_no_point_is_trusted_more_than_half_of_the_others():
    """f_1 = u_2^7, exact at u_2 = 0, where both widths give 0; elsewhere they differ by O(width^4)."""
    u = np.array([[0.3, 0.0], [0.3, 1.0], [0.3, 2.0]])
    _, error = _jacobians(lambda v: np.array([v[1] ** 7, 0.0]), None, u, 0.1)
    # Four points of width h miss a slope by -h^4 f^(5)/30; half the width, by 1/16 of it.
    assert error[1, 0, 1] == pytest.approx(15 / 16 * 0.1**4 * 2520 / 30, rel=0.1)
    assert error[0, 0, 1] == pytest.approx(error[1, 0, 1], rel=1e-6)
    assert error[2, 0, 1] > error[1, 0, 1]


def test_what_is_steep_or_has_a_kink_does_not_jump():
    assert cost_exists(lambda u: -u + expit(1e4 * (u - 0.3)), 4).exists
    assert cost_exists(lambda u: -u + relu(u) + np.cbrt(u), 4).exists
    assert cost_exists(lambda u: (1e9 + SYMMETRIC @ u) - 1e9, 4).exists  # rounded to 1.2e-7


@pytest.mark.parametrize("sign", [1, -1])
def test_couplings_of_another_size_are_seen(sign):
    """-1e10 beside 1 and +-1: rounding of f is 1e10 x 3 x 2e-16 over a width of 6e-3, 1e-3."""
    answer = cost_exists(lambda u: np.array([-1e10 * u[0] + u[1], sign * u[0] - u[1]]), 2)
    assert answer.exists == (sign == 1)
    assert answer.tolerance < 0.1


def test_draws_are_a_stream_of_their_own_and_numbers_are_plain():
    one, again, other = (cost_exists(lambda u: -u + W @ u, 4, seed=seed) for seed in (1, 1, 2))
    assert (one.at == again.at).all()
    assert (one.at != other.at).all()
    assert "np." not in repr(one)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cost_exists(lambda u: u[:1], 3), ParameterError, r"gives shape \(1,\) and must give \(3,\)"),
        (lambda: cost_exists(lambda u: u, 3, transfer="logistik"), ParameterError, "did you mean logistic"),
        (lambda: cost_exists(lambda u: u, 3, transfer=relu), ParameterError, "transfer must increase strictly"),
        (lambda: cost_exists(lambda u: u, 3, transfer=np.sum), ParameterError, r"transfer gives shape \(\)"),
        (lambda: cost_exists(lambda u: u, 0), ParameterError, "n = 0 must be a whole number >= 1"),
        (lambda: cost_exists(lambda u: u, 3, low=1.0, high=0.0), ParameterError, "low < high"),
        (lambda: cost_exists(lambda u: u, 3, low="a"), ParameterError, "low must be an array of real numbers"),
        (lambda: cost_exists(lambda u: u, 3, seed=-1), ParameterError, "seed = -1"),
        (lambda: cost_exists(lambda u: u, 3, points=1.5), ParameterError, "points = 1.5 must be a whole number"),
        (lambda: cost_exists(lambda u: u, 3, transfer=["tanh"]), ParameterError, "did you mean tanh"),
        (lambda: cost_exists("f", 3), ParameterError, "activity = 'f' must be a function"),
        (lambda: cost_exists(lambda u: 1j * u, 3), ParameterError, "it is complex"),
        (lambda: cost_exists(lambda u: [[1], [1, 2]], 2), ParameterError, "must be an array of real numbers"),
        (lambda: cost_exists(lambda u: u / 0.0 * np.inf, 3), NumericalError, "activity gives"),
        (lambda: cost_exists(lambda u: np.sin(1e6 * u), 3), NumericalError, "no derivative at any of the points"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_bad_questions_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
