"""The stationary density over (V, w): a fixed point found by other means, limits, vanishing rates, refusals."""

import numpy as np
import pytest

import synfer as sf
from synfer.core.errors import NumericalError, UsageError
from synfer.population import density
from synfer.population.density.slow_generator import rates_along_w
from synfer.population.density.slow_slope import slope_factors
from synfer.population.density.slow_stationary import slow_stationary


def one(x):
    return np.array([x], dtype=float)


@pytest.fixture
def alif():
    """alif(...): one lane of a LIF neuron with a_w .5 and E_w -65 mV on columns of dw from low on."""

    def lanes(*, tau=50.0, jump=2.0, a_w=0.5, low=-3.0, dw=0.5, columns=24, t_ref=0.0, h=0.5, V_lb=-75.0):
        slow = density.Slow(
            one(tau), one(jump), one(low), one(dw), np.array([columns]),
            lambda V, _lane: a_w * (np.minimum(V, -56.0) + 65.0),
        )  # fmt: skip
        return density.Lanes(one(10.0), one(-55.0), one(-70.0), one(t_ref), one(h), one(V_lb), slow=slow)

    return lanes


@pytest.fixture
def aeif():
    """aeif(N, C, ...): the aEIF neuron of the examples on N cells from -76 mV and C columns in [-4, 14] mV."""

    def psi(V, _lane):
        return 3.48 * np.exp((V + 59.9) / 3.48)

    def lanes(N=64, C=64, *, tau=50.0, jump=2.0, a_w=0.5, low=-4.0, high=14.0, t_ref=1.7):
        slow = density.Slow(
            one(tau), one(jump), one(low), one((high - low) / C), np.array([C]),
            lambda V, _lane: a_w * (np.minimum(V, -40.0) + 65.0),
        )  # fmt: skip
        return density.Lanes(
            one(10.0), one(-30.0), one(-68.0), one(t_ref), one(46.0 / N), one(-76.0), psi=psi, slow=slow
        )

    return lanes


def step_for_long(lanes, mu, sigma, t, dt):
    """The density (N, C) of content 1 that explicit Euler steps of the equations reach; written from the equations."""
    slow, h, dw = lanes.slow, lanes.h[0], lanes.slow.dw[0]
    n, C = int(density.counts(lanes)[0]), int(slow.columns[0])
    V, V_face = density.centres(-55.0, h, n), density.faces(-55.0, h, n)
    w_face = slow.low[0] + dw * np.arange(C + 1)
    w = (w_face[1:] + w_face[:-1]) / 2
    D = sigma**2 / 10.0
    P = (mu - V_face[:, None] - w) / 10.0 * h / D
    top = 2 * D / h * (P[-1] / 2) / (1 - np.exp(-P[-1] / 2))
    up, down = D / h * P / (1 - np.exp(-P)), D / h * P / (np.exp(P) - 1)
    velocity = (slow.target(V, 0)[:, None] - w_face[1:-1]) / slow.tau[0]
    capacity = np.ones((n, 1))
    capacity[-1] = density.TOP_CAPACITY
    below = int(np.floor((-70.0 - V[0]) / h))
    above = (-70.0 - V[below]) / h
    jump = slow.jump[0] / dw
    landing = np.zeros((C, C))
    for k in range(C):
        landing[min(k + int(jump), C - 1), k] += 1 - jump % 1
        landing[min(k + int(jump) + 1, C - 1), k] += jump % 1
    p = np.ones((n, C)) / (n - 1 + density.TOP_CAPACITY) / C
    for _ in range(round(t / dt)):
        J = np.vstack([up[:-1] * p[:-1] - down[:-1] * p[1:], top * p[-1]])
        q = np.pad(p, ((0, 0), (1, 1)))
        s = np.clip((q[:, 2:] - q[:, :-2]) / 2, -1.5 * p, 1.5 * p)
        G = np.where(velocity > 0, velocity * (p + s / 2)[:, :-1], velocity * (p - s / 2)[:, 1:])
        change = -np.diff(J, axis=0, prepend=0) / h - capacity * np.diff(np.pad(G, ((0, 0), (1, 1))), axis=1) / dw
        back = landing @ J[-1] / h
        change[below] += (1 - above) * back
        change[below + 1] += above * back
        p = p + dt * change / capacity
    return p


@pytest.mark.parametrize(
    "case", [{}, {"jump": 0.3}, {"a_w": 0.0, "low": -3.3}, {"jump": 0.0}, {"columns": 7, "low": -1.2}]
)
def test_it_is_where_time_steps_of_the_equations_come_to_rest(alif, case):
    """30 time constants of w: 1e-13 of the start is left, and what tolerance the iterations have is 1e-11."""
    lanes = alif(**{"tau": 8.0, "h": 1.0, "dw": 0.6, "columns": 16} | case)
    s = slow_stationary(lanes, -58.03, 3.0)
    p = step_for_long(lanes, -58.03, 3.0, 240.0, 0.15)
    assert s.p[0] * lanes.h[0] == pytest.approx(p, abs=1e-9 * p.max())


@pytest.mark.parametrize(("mu", "sigma", "t_ref"), [(-62.0, 2.0, 1.7), (-55.0, 4.0, 0.0), (-73.0, 1.4, 1.7)])
def test_one_column_is_the_one_dimensional_density(aeif, mu, sigma, t_ref):
    """To rounding of some hundred additions, at 4e-9 Hz as at 50 Hz."""
    lanes = aeif(256, 1, a_w=0.0, jump=0.0, low=-0.5, high=0.5, t_ref=t_ref)
    s, exact = slow_stationary(lanes, mu, sigma), density.stationary(lanes._replace(slow=None), mu, sigma)
    assert s.rate == pytest.approx(exact.rate, rel=1e-11)
    assert s.p[0, :, 0] == pytest.approx(exact.p[0], rel=1e-11)
    assert s.queue.shape == (1, 1, 2, 1)


@pytest.mark.parametrize("tau", [2.0, 50.0, 1e6])
@pytest.mark.parametrize(("mu", "sigma"), [(-62.0, 2.0), (-72.0, 1.5), (-50.0, 3.0)])
def test_probability_is_one_and_no_cell_is_negative(aeif, mu, sigma, tau):
    lanes = aeif(tau=tau, jump=min(2.0, 1000 / tau), high=50.0, low=-10.0)
    s = slow_stationary(lanes, mu, sigma)
    content = lanes.h[0] * (s.p[0].sum() - (1 - density.TOP_CAPACITY) * s.p[0, -1].sum())
    assert content == pytest.approx(1 - s.rate[0] * 1.7, abs=1e-13)
    assert s.p.min() >= 0
    assert s.rate[0] > 0
    assert s.queue[0, 0, 0].sum() == pytest.approx(s.rate[0], rel=1e-13)


def test_the_rate_of_the_example_converges(aeif):
    """6.89 +- .08 Hz; order 1.8 in h, where V_reset moves in its cell, and about 2 in dw (1.98 to 3.4 below dw .5)."""
    rates = [1e3 * slow_stationary(aeif(N, 72), -62.0, 2.0).rate[0] for N in (64, 128, 256)]
    assert rates[-1] == pytest.approx(6.89, abs=0.02)
    assert np.log2((rates[0] - rates[1]) / (rates[1] - rates[2])) > 1.6
    rates = [1e3 * slow_stationary(aeif(128, C), -62.0, 2.0).rate[0] for C in (36, 72, 144)]
    assert np.log2((rates[0] - rates[1]) / (rates[1] - rates[2])) > 1.8


def test_lanes_stand_side_by_side(aeif):
    """Each as alone: equal ones are the same, others are aligned at V_top and at the lowest column."""
    a, b = aeif(64, 24), aeif(48, 32)

    def join(x, y):
        return np.concatenate([x, y, x])

    slow = density.Slow(*(join(x, y) for x, y in zip(a.slow[:5], b.slow[:5], strict=True)), a.slow.target)
    both = density.Lanes(*(join(x, y) for x, y in zip(a[:6], b[:6], strict=True)), psi=a.psi, slow=slow)
    s = slow_stationary(both, -62.0, 2.0)
    n = density.counts(both)
    for lane, single in enumerate((a, b, a)):
        alone = slow_stationary(single, -62.0, 2.0)
        columns = int(single.slow.columns[0])
        assert np.array_equal(s.p[lane, -n[lane] :, :columns], alone.p[0])
        assert np.isnan(s.p[lane]).sum() == s.p[lane].size - alone.p[0].size
        assert not s.queue[lane, ..., columns:].any()


def test_what_has_no_answer_is_refused(aeif):
    with pytest.raises(UsageError, match="no slow variable"):
        slow_stationary(aeif()._replace(slow=None), -62.0, 2.0)
    with pytest.raises(NumericalError, match=r"has not settled: after .* raise dw"), np.errstate(all="ignore"):
        slow_stationary(aeif(), np.nan, 2.0)


@pytest.mark.parametrize(("field", "factor"), [("tau", 1.5), ("jump", 1.5), ("low", 1.1), ("dw", 1.1)])
def test_lanes_that_differ_in_one_number_are_solved_apart(aeif, field, factor):
    from synfer.population.density.slow_stationary import slow_stationary

    a = aeif(64, 24)
    b = a._replace(slow=a.slow._replace(**{field: factor * getattr(a.slow, field)}))
    both = a._replace(
        **{name: np.tile(getattr(a, name), 2) for name in ("tau_m", "V_top", "V_reset", "t_ref", "h", "V_lb")},
        slow=a.slow._replace(
            **{
                name: np.concatenate([getattr(x.slow, name) for x in (a, b)])
                for name in ("tau", "jump", "low", "dw", "columns")
            }
        ),
    )
    rates = [float(slow_stationary(lanes, -62.0, 2.0).rate[0]) for lanes in (a, b)]
    assert slow_stationary(both, -62.0, 2.0).rate.tolist() == rates


AEIF = sf.AdaptiveEIF.example()
ALIF = sf.AdaptiveLIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=2, tau_w=100, a_w=0.4, b=0, E_w=-65)


@pytest.mark.parametrize(
    ("neuron", "drive", "tau"),
    [
        (AEIF.replace(b=0), sf.Noise(-60.5, 2.4), 1e4),
        (AEIF.replace(b=0, a_w=-0.3), sf.Noise(-64, 2), 1e5),
        (ALIF, sf.Noise(-57, 2.7), 1e5),
        (ALIF, sf.Noise(-57, 2.7), 1e6),
    ],
)
def test_a_w_that_hardly_moves_stays_at_its_mean(neuron, drive, tau):
    """Without jumps the limit of long tau is a density in V at fixed w, here by threshold integration."""
    neuron = neuron.replace(tau_w=tau)
    s, held = (sf.stationary(neuron, drive, method=method) for method in ("density", "theory"))
    assert float(s.rate) == pytest.approx(float(held.rate), rel=float(s.mesh_error))
    assert float(s.mesh_error) < 1e-3
    # w moves by the error of the mean of V, a small part of a cell of .125 mV.
    assert float(s.w_mean) == pytest.approx(float(held.w_mean), abs=0.02)


@pytest.mark.parametrize(
    ("make", "mu", "sigma", "dt"),
    [
        (lambda alif, _: alif(h=0.25, low=60.0, dw=0.5, columns=80, t_ref=2.0, V_lb=-90.0), 150.0, 2.0, 0.01),
        (
            lambda alif, _: alif(h=0.1, tau=1e5, jump=0.0, low=2.0, dw=0.01, columns=100, t_ref=2.0, V_lb=-80.0),
            -52.0,
            1.0,
            0.05,
        ),
        (lambda _, aeif: aeif(460, 72, high=10.0), -58.0, 0.5, 0.05),
    ],
    ids=["strong drive", "narrow", "sharp edge"],
)
def test_what_is_hard_to_settle_settles_where_time_steps_leave_it(alif, aeif, make, mu, sigma, dt):
    """Spikes in step, a w narrower than the columns, and one that begins within two columns."""
    lanes = make(alif, aeif)
    rest = slow_stationary(lanes, mu, sigma)
    run = density.evolve(lanes, lambda _f, _n: (mu, sigma, 0.0, 0.0), steps=20, dt=dt, initial=rest, every=5)
    # The splitting moves the rate by C dt^2, 1e-3 at most as in test_slow_evolution.
    np.testing.assert_allclose(run.rate[0], rest.rate[0], rtol=1e-3)
    np.testing.assert_allclose(run.slow.w_mean[0], run.slow.w_mean[0, 0], rtol=1e-5)


def test_rates_hold_the_slope_whose_derivative_the_response_takes():
    """s is of first degree in p: the sum of its derivatives times p. Faces hold between a quarter of p and 7/4."""
    p = np.exp(np.random.default_rng(3).normal(0, 1.2, (9, 7)))
    rise, fall = np.empty_like(p), np.empty_like(p)
    rates_along_w(p, np.ones((10, 7)), rise, fall, False)
    q, (below, here, above) = np.pad(p, ((1, 1), (0, 0))), slope_factors(p)
    rise[:, -1] /= density.TOP_CAPACITY
    np.testing.assert_allclose(2 * (rise - 1) * p, below * q[:-2] + here * p + above * q[2:], rtol=1e-12)
    assert rise.min() == pytest.approx(0.25)
    assert rise.max() == pytest.approx(1.75)
    assert not fall.any()
