"""Densities over (V, w) in time: conservation, positivity, order, and the one-dimensional densities they hold."""

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.population import density
from synfer.population.density.coupling import Synapses

DT = 0.05


def lanes_of(size=1, *, V_th=None, tau=50.0, jump=2.0, a_w=0.5, low=-3.0, high=12.0, columns=60, t_ref=1.7, h=0.4):
    """The aEIF neuron of the spec on `columns` columns in [low, high] mV; with V_th an adaptive LIF."""

    def one(x):
        return np.broadcast_to(np.asarray(x, float), (size,)).copy()

    top = -30.0 if V_th is None else V_th
    slow = density.Slow(
        one(tau), one(jump), one(low), one((high - low) / columns), np.full(size, columns),
        lambda V, _lane: a_w * (np.minimum(V, min(top, -40.0)) + 65.0),
    )  # fmt: skip
    psi = (lambda V, _lane: 3.48 * np.exp((V + 59.9) / 3.48)) if V_th is None else None
    return density.Lanes(one(10.0), one(top), one(-68.0), one(t_ref), one(h), one(-82.0), psi, slow)


def wave(dt, depth=3.0, period=20.0, kick=0.0, scheme="sdirk2"):
    """mu = -62 mV and a slow wave on it, sigma 2 mV; a kick [mV] at 1 ms."""
    fractions = np.array(density.stage_fractions(scheme))

    def inputs(first, steps):
        step = first + np.arange(steps)
        mu = -62 + depth * np.sin(np.pi * (step[:, None] + fractions) * dt / period) ** 2
        return mu[..., None], 2.0, 0.0, 0.0, np.where(step == round(1 / dt), kick, 0.0)[:, None]

    return inputs


def evolved(lanes, t, dt=DT, *, initial=None, inputs=None, scheme="sdirk2", **options):
    initial = density.stationary(lanes, -62.0, 2.0) if initial is None else initial
    inputs = wave(dt, scheme=scheme) if inputs is None else inputs
    return density.evolve(lanes, inputs, steps=round(t / dt), dt=dt, initial=initial, scheme=scheme, **options)


@pytest.mark.parametrize("t_ref", [1.7, 0.0])
def test_probability_and_positivity_hold_for_ten_thousand_steps(t_ref):
    run = evolved(lanes_of(t_ref=t_ref, columns=8), t=10_000 * DT, every=100)
    # Rounding of 1e4 sums of 1e3 terms; measured 4e-14.
    np.testing.assert_allclose(run.mass, 1.0, rtol=0, atol=1e-11)
    # Without spikes within the step no cell is negative; with them cells that hold nothing may be, below 1e-30.
    assert np.nanmin(run.state.p) >= (0.0 if t_ref > 0 else -1e-30)
    assert run.status[0] == density.OK
    assert run.rate.max() > 2 * run.rate.min() > 0


@pytest.mark.parametrize("t_ref", [1.7, 1.73, 0.03, 0.0])
@pytest.mark.parametrize("scheme", ["sdirk2", "backward-euler"])
def test_without_adaptation_it_is_the_one_dimensional_density(t_ref, scheme):
    slow = lanes_of(t_ref=t_ref, jump=0.0, a_w=0.0, low=-0.1, high=0.1, columns=1)
    flat = slow._replace(slow=None)
    inputs = wave(DT, kick=2.0, scheme=scheme)
    one, two = (evolved(lanes, 10.0, inputs=inputs, scheme=scheme) for lanes in (flat, slow))
    for name in ("rate", "spikes", "V_mean", "V_sd", "V_iqr", "mass"):
        # Rounding: sums are taken in another order.
        np.testing.assert_allclose(getattr(two, name), getattr(one, name), rtol=1e-9, atol=1e-13, err_msg=name)
    np.testing.assert_allclose(two.state.p[..., 0], one.state.p, rtol=1e-9, atol=1e-18)


def test_a_slow_variable_that_never_moves_makes_every_column_a_density_of_its_own():
    slow = lanes_of(tau=1e12, jump=0.0, low=-2.0, high=3.0, columns=5, t_ref=1.0)
    centres = -1.5 + np.arange(5)
    flat = density.Lanes(*(np.repeat(field, 5) for field in slow[:6]), psi=slow.psi)
    rest = density.stationary(flat, -62.0 - centres, 2.0)
    shares = np.array([0.1, 0.3, 0.2, 0.25, 0.15])
    queue = (rest.queue * shares[:, None, None]).transpose(1, 2, 0)[None]
    state = density.State((rest.p.T * shares)[None], queue, np.array([rest.rate @ shares]))
    run = evolved(slow, 15.0, initial=state, inputs=wave(DT))
    alone = evolved(
        flat, 15.0, initial=rest, inputs=lambda first, steps: (wave(DT)(first, steps)[0] - centres, 2.0, 0.0, 0.0)
    )
    np.testing.assert_allclose(run.rate[0], shares @ alone.rate, rtol=1e-9)
    # The reset spreads no probability between columns, and none moves by itself in 1e-11 of its time constant.
    np.testing.assert_allclose(run.state.p[0] / shares, alone.state.p.T, rtol=1e-7, atol=1e-15)


def test_the_slow_variable_alone_follows_its_own_equation():
    """At rest without spikes: w relaxes to the target exactly, and its sd shrinks, whatever the columns."""
    lanes = lanes_of(a_w=0.0, jump=0.0, low=-3.0, high=9.0, columns=96)
    V, w = density.voltages(lanes)[0], -3.0 + 0.125 * (np.arange(96) + 0.5)
    p = np.exp(-0.5 * ((V[:, None] + 75) / 1.0) ** 2 - 0.5 * ((w - 4.0) / 0.9) ** 2)
    p /= 0.4 * p.sum()
    state = density.State(p[None], np.zeros((1, 1, 2, 96)), np.zeros(1))
    run = density.evolve(
        lanes, lambda _first, _steps: (-75.0, 1.0, 0.0, 0.0), steps=400, dt=0.1, initial=state, every=100
    )
    time = 10.0 * np.arange(5)
    # The mean would be exact but for the bound on slopes in the tails: 2.6e-4 with 48 columns, 1.7e-5 with these.
    np.testing.assert_allclose(run.slow.w_mean[0], 4.0 * np.exp(-time / 50), rtol=4e-5)
    # Third order in the columns, .056 with 48 of them.
    np.testing.assert_allclose(run.slow.w_sd[0], 0.9 * np.exp(-time / 50), rtol=0.01)


@pytest.mark.parametrize(
    ("what", "values", "V_th"),
    [("h", (0.2, 0.1, 0.025), -56.0), ("columns", (24, 48, 192), None), ("dt", (0.2, 0.1, 0.025), None)],
)
def test_second_order(what, values, V_th):
    """In V for a smooth drift (an adaptive LIF; near V_cut of an EIF the drift exceeds what h resolves), w and dt.

    The finest run stands for the truth.
    """
    found = []
    for value in values:
        dt = value if what == "dt" else 0.1
        mesh = {"h": 0.4, "columns": 192 if what == "dt" else 32} | ({} if what == "dt" else {what: value})
        lanes = lanes_of(V_th=V_th, t_ref=1.6, low=-2.0, high=10.0, **mesh)
        run = evolved(lanes, 20.0, dt, inputs=wave(dt, period=40.0), every=round(2 / dt))
        found.append(np.stack([1000 * run.rate[0, 1:], run.V_mean[0, 1:], run.slow.w_mean[0, 1:]]))
    first, second = (abs(coarse - found[-1]).max(axis=1) for coarse in found[:-1])
    assert (np.log2(first / second) >= 1.8).all(), np.log2(first / second)


def test_a_run_goes_on_where_it_ended_bit_for_bit():
    lanes = lanes_of(columns=20)
    whole = evolved(lanes, 6.0)
    half = evolved(lanes, 3.0)

    def later(first, steps):
        return wave(DT)(first + 60, steps)

    rest = evolved(lanes, 3.0, initial=half.state, inputs=later)
    np.testing.assert_array_equal(rest.state.p, whole.state.p)
    np.testing.assert_array_equal(rest.rate[:, 1:], whole.rate[:, 61:])


def test_the_margins_are_those_of_the_joint_density():
    lanes = lanes_of(columns=40)
    run = evolved(lanes, 2.0, every=20, record_p=True, record_w=True, record_joint=True)
    dw = lanes.slow.dw[0]
    np.testing.assert_allclose(run.p, dw * run.slow.joint.sum(axis=-1), rtol=1e-12)
    weights = np.append(np.ones(run.p.shape[-1] - 1), density.TOP_CAPACITY)
    np.testing.assert_allclose(run.slow.p_w, 0.4 * np.einsum("ltij,i->ltj", run.slow.joint, weights), rtol=1e-12)
    w = lanes.slow.low[0] + dw * (np.arange(40) + 0.5)
    mean = (run.slow.p_w * w).sum(-1) / run.slow.p_w.sum(-1)
    np.testing.assert_allclose(run.slow.w_mean, mean, rtol=1e-10)


def test_a_negative_step_is_redone_and_keeps_probability():
    """A density of one cell near V_top under a strong drive makes SDIRK2 dip below zero."""
    for t_ref in (1.0, 0.0):
        lanes = lanes_of(columns=16, t_ref=t_ref)
        p = np.zeros((int(density.counts(lanes)[0]), 16))
        p[40, 5] = 1 / 0.4
        state = density.State(p[None], np.zeros((1, 1, 2, 16)), np.zeros(1))
        run = density.evolve(lanes, lambda _f, _s: (-20.0, 0.5, 0.0, 0.0), steps=40, dt=0.5, initial=state)
        assert run.fallbacks[0] > 0
        assert np.nanmin(run.state.p) >= -1e-10 * np.nanmax(run.state.p)
        np.testing.assert_allclose(run.mass, 1.0, atol=1e-12)


def test_a_chain_of_single_columns_is_the_chain_of_one_dimensional_lanes():
    slow = lanes_of(3, jump=0.0, a_w=0.0, low=-0.1, high=0.1, columns=1)
    flat = slow._replace(slow=None)
    alpha, none = 0.325, np.array([-1, -1])
    rates = density.stationary(flat, -64.0, 2.0).rate[:2]
    edges = Synapses(
        np.array([0, 1]), np.array([1, 2]), none, rates, np.full(2, 12.0), np.full(2, alpha), np.full(2, alpha),
        np.array([0.0, 0.7]),
    )  # fmt: skip

    def inputs(first, steps, wanted):
        t = (first + np.arange(steps)[:, None] + np.array(density.stage_fractions("sdirk2"))) * DT
        volley = 120 * np.exp(-0.5 * (t - 5) ** 2) / np.sqrt(2 * np.pi)
        return np.stack([-64 + volley, np.full_like(t, -64.0)], axis=-1)[..., wanted], 2.0, 0.0, 0.0, 0.0

    def run(lanes):
        return density.evolve_networks(
            lanes, edges, np.zeros(3, int), np.array([0, 1, 1]), inputs, steps=600, dt=DT, every=10,
            initial=density.stationary(lanes, -64.0, 2.0),
        )  # fmt: skip

    one, two = run(flat), run(slow)
    np.testing.assert_allclose(two.flux, one.flux, rtol=1e-9)
    np.testing.assert_allclose(two.records.rate, one.records.rate, rtol=1e-9)
    assert one.flux[2].max() > 20 * rates[0]


def test_a_lane_does_not_feel_wider_or_taller_mates():
    own, wide = lanes_of(columns=20), lanes_of(columns=36, h=0.3, jump=1.0)
    both = density.Lanes(
        *(np.concatenate(pair) for pair in zip(own[:6], wide[:6], strict=True)), own.psi,
        density.Slow(*(np.concatenate(pair) for pair in zip(own.slow[:5], wide.slow[:5], strict=True)), own.slow[5]),
    )  # fmt: skip
    together, alone = evolved(both, 2.0), evolved(own, 2.0)
    np.testing.assert_array_equal(together.rate[0], alone.rate[0])
    n = int(density.counts(own)[0])
    np.testing.assert_array_equal(together.state.p[0, -n:, :20], alone.state.p[0])


def test_a_lane_that_is_not_finite_says_so_and_leaves_its_mates():
    lanes = lanes_of(2, columns=16)

    def inputs(first, steps):
        mu = np.full((steps, 1, 2), -62.0)
        mu[max(0, 30 - first) :, :, 1] = np.nan
        return mu, 2.0, 0.0, 0.0

    run = evolved(lanes, 3.0, inputs=inputs)
    assert list(run.status) == [density.OK, density.NOT_FINITE]
    assert np.isfinite(run.rate[0]).all()
    assert np.isnan(run.rate[1, 31:]).all()
    assert np.isfinite(run.rate[1, :30]).all()


def test_float32_is_refused():
    lanes = lanes_of(columns=16)
    with pytest.raises(ParameterError, match="float64"):
        evolved(lanes, 1.0, dtype=np.float32)


@pytest.mark.parametrize("t_ref", [1.7, 0.03, 0.0])
@pytest.mark.parametrize(("jump", "columns"), [(2.0, 60), (2.1, 60), (0.2, 30)])
def test_a_stationary_state_stays_where_it_is(t_ref, jump, columns):
    """Whole, broken and less than whole columns of a jump, with spikes that come back later and within the step.

    The splitting moves the rate by C dt^2: 3e-4 at most at dt .05 ms."""
    from synfer.population import density

    lanes = lanes_of(jump=jump, columns=columns, t_ref=t_ref)
    rest = density.stationary(lanes, -62.0, 2.0)
    run = density.evolve(
        lanes, lambda _first, _steps: (-62.0, 2.0, 0.0, 0.0), steps=200, dt=0.05, initial=rest, every=20
    )
    np.testing.assert_allclose(run.rate[0], rest.rate[0], rtol=1e-3)
    np.testing.assert_allclose(run.slow.w_mean[0], run.slow.w_mean[0, 0], atol=1e-3)
    np.testing.assert_allclose(run.mass, 1.0, rtol=0, atol=1e-12)


def test_spikes_that_come_back_to_their_own_column_keep_probability():
    from synfer.population import density

    lanes = lanes_of(V_th=-55.0, jump=0.2, columns=30, t_ref=0.0)._replace(V_reset=np.array([-55.8]))
    rest = density.stationary(lanes, -62.0, 2.0)
    run = density.evolve(lanes, lambda _first, _steps: (-62.0, 2.0, 0.0, 0.0), steps=200, dt=0.05, initial=rest)
    np.testing.assert_allclose(run.mass, 1.0, rtol=0, atol=1e-12)
    np.testing.assert_allclose(run.rate[0], rest.rate[0], rtol=1e-2)
