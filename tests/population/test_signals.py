"""Contract and analytic: drives lowered to step means keep every charge and every edge."""

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.population.drive import Inhibition, Noise, PulsePacket, Shunt, Timeseries, as_drive
from synfer.population.neurons import LIF, LinearisedEIF
from synfer.population.signals import at_rest, lowest_potential, signals, sustained
from synfer.population.synapse import volley_cumulative

REST = Noise(mu=-65, sigma=3)
VOLLEY = PulsePacket(a=45, sigma_t=1.0, t0=10, weight=0.15795, tau_s=0.325)


def edges(t, dt):
    return dt * np.arange(round(t / dt) + 1)


@pytest.mark.parametrize("dt", [0.05, 0.3])
@pytest.mark.parametrize(
    "volley",
    [
        VOLLEY,
        VOLLEY.replace(sigma_t=0),
        VOLLEY.replace(kernel="exponential", sigma_t=0),
        VOLLEY.replace(kernel="biexponential", tau_r=0.1),
    ],
)
def test_a_volley_delivers_its_charge_for_any_step(volley, dt):
    mu = signals(REST + volley, 10.0, edges(60, dt)).mu[:, 0] + 65
    # 45 spikes of 0.15795 mV move a membrane of tau_m 10 ms by 45 J: the integral of I is tau_m a J.
    assert np.sum(mu) * dt == pytest.approx(10 * 45 * 0.15795, rel=1e-12)


@pytest.mark.parametrize("gamma", [0.3, 0.5])
def test_two_stages_keep_the_mean_and_end_on_the_value_at_the_end(gamma):
    grid = edges(30, 0.05)
    drive = Noise(mu=Timeseries([0, 30], [-65, -59]), sigma=3) + VOLLEY
    one, two = signals(drive, 10.0, grid).mu, signals(drive, 10.0, grid, gamma).mu
    assert np.allclose((1 - gamma) * two[:, 0] + gamma * two[:, 1], one[:, 0], rtol=0, atol=1e-12)
    ramp = signals(Noise(mu=Timeseries([0, 30], [-65, -59]), sigma=3) + Inhibition(0), 10.0, grid, gamma).mu
    assert np.allclose(ramp[:, 1], -65 + 6 * grid[1:] / 30)
    # The volley's intensity by an independent central difference, good to (1e-4)^2.
    late = volley_cumulative(grid[1:] - 10 + 1e-4, 1.0, "alpha", 0.325)
    early = volley_cumulative(grid[1:] - 10 - 1e-4, 1.0, "alpha", 0.325)
    assert np.allclose(two[:, 1] - ramp[:, 1], 10 * 45 * 0.15795 * (late - early) / 2e-4, atol=1e-6)


@pytest.mark.parametrize("kernel", ["delta", "exponential"])
def test_a_volley_shorter_than_a_step_stays_positive_in_both_stages(kernel):
    sharp = VOLLEY.replace(kernel=kernel, tau_s=None if kernel == "delta" else 0.01, sigma_t=0.004, t0=1.02)
    current = signals(REST + sharp, 10.0, edges(3, 0.05), 0.29).mu + 65
    assert current.min() >= -1e-12
    assert np.sum(current @ [0.71, 0.29]) * 0.05 == pytest.approx(10 * 45 * 0.15795, rel=1e-9)


def test_a_delta_volley_without_width_is_one_kick():
    kick = VOLLEY.replace(kernel="delta", tau_s=None, sigma_t=0)
    for dt, t0 in ((0.05, 10.0), (0.3, 10.0), (0.05, 0.0)):
        shift = signals(REST + kick.replace(t0=t0), 10.0, edges(30, dt)).kick
        assert np.flatnonzero(shift).tolist() == [int(t0 / dt + 1e-9)]
        assert shift.sum() == pytest.approx(45 * 0.15795)


def test_kicks_are_the_same_in_one_piece_and_in_chunks():
    kick = VOLLEY.replace(kernel="delta", tau_s=None, sigma_t=0, t0=1.5)
    grid = edges(3, 0.05)
    whole = signals(REST + kick, 10.0, grid).kick
    for cut in range(1, 60):
        parts = [signals(REST + kick, 10.0, grid[: cut + 1]).kick, signals(REST + kick, 10.0, grid[cut:]).kick]
        assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("dt", [0.05, 0.07])
def test_a_gate_acts_from_on_to_off_for_any_step(dt):
    depth = -65 - signals(REST + Inhibition(depth=2, on=1.23, off=4.5), 10.0, edges(7, dt)).mu[:, 0]
    assert np.sum(depth) * dt == pytest.approx(2 * (4.5 - 1.23), rel=1e-12)
    assert set(np.round(depth[(edges(7, dt)[1:] <= 1.23) | (edges(7, dt)[:-1] >= 4.5)], 12)) == {0.0}


def test_a_gate_on_the_grid_has_no_partial_step():
    depth = -65 - signals(REST + Inhibition(depth=2, on=100, off=130), 10.0, edges(200, 0.05)).mu[:, 0]
    assert set(depth) == {0.0, 2.0}
    assert np.flatnonzero(depth)[[0, -1]].tolist() == [2000, 2599]


def test_shunts_add_conductance_and_reversal():
    s = signals(REST + Shunt(g=0.2, E_rev=-75) + Shunt(g=0.5, E_rev=-80, on=1, off=2), 10.0, edges(3, 0.5))
    assert s.g[:, 0].tolist() == [0.2, 0.2, 0.7, 0.7, 0.2, 0.2]
    assert s.gE[2, 0] == pytest.approx(-0.2 * 75 - 0.5 * 80)


def test_a_timeseries_is_averaged_exactly_and_constant_outside():
    drive = Noise(mu=Timeseries([1, 2], [-65, -61]), sigma=3) + Timeseries([0, 0.75, 4], [0, 3, 3])
    mu = signals(drive, 10.0, np.array([0, 1, 1.5, 2.5])).mu[:, 0]
    ramp = [-65, -64, (0.5 * -62 + 0.5 * -61)]
    current = [(0.75 * 1.5 + 0.25 * 3), 3, 3]
    assert mu == pytest.approx([r + c for r, c in zip(ramp, current, strict=True)])


def test_a_run_starts_from_the_sustained_parts_only():
    timed = REST + Inhibition(depth=2) + Inhibition(depth=5, on=0) + VOLLEY + Shunt(g=1, E_rev=-80, on=3, off=4)
    assert at_rest(timed) == (-67, 3, 0, 0)
    assert at_rest(as_drive(Noise(mu=Timeseries([-1, 1], [-66, -64]), sigma=3))) == (-65, 3, 0, 0)


@pytest.mark.parametrize(
    "part",
    [VOLLEY, Inhibition(depth=1, on=3), Timeseries([0, 1], [0, 1]), Inhibition(depth=Timeseries([0, 1], [0, 1]))],
)
def test_a_stationary_state_refuses_what_varies_in_time(part):
    with pytest.raises(ParameterError, match="stationary state"):
        sustained(REST + part)


@pytest.mark.parametrize(("changes", "missing"), [({"weight": None}, "weight"), ({"tau_s": None}, "tau_s")])
def test_a_volley_on_a_neuron_needs_weight_and_tau_s(changes, missing):
    with pytest.raises(ParameterError, match=f"needs {missing}"):
        signals(REST + VOLLEY.replace(**changes), 10.0, edges(3, 0.5))


def test_the_lowest_potential_counts_every_part():
    lif = LIF.diesmann1999()
    assert lowest_potential(lif, as_drive(REST)) == (-70, 3)
    assert lowest_potential(lif, REST + Inhibition(depth=9, on=1) + Shunt(g=1, E_rev=-73)) == (-74, 3)
    linear = LinearisedEIF(tau_m=10, V_th=-57, V_reset=-68, t_ref=1, V_0=-62, psi_0=1.9, slope=0.5)
    # tau_m V' = -64 - V + 1.9 + 0.5 (V + 62): mean 2 (-64 + 1.9 + 31), sd times sqrt 2.
    assert lowest_potential(linear, as_drive(Noise(-64, 2))) == (-68, pytest.approx(2 * 2**0.5))
