"""Linear response: reference values, its limit at zero frequency, and time-stepped densities."""

import numpy as np
import pytest

import synfer as sf
from synfer.population import density
from synfer.population.density.slow_response import slow_susceptibility

EIF = sf.EIF.fourcaud2003()
LIF = sf.LIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=2)


def test_reference_values():
    eif = sf.response(EIF, sf.Noise(-65, 3), frequency=[10, 100]).susceptibility.values
    assert np.allclose(eif, [2.577256 - 1.926921j, -0.061682 - 0.349831j], atol=1e-6, rtol=0)
    lif = sf.response(LIF, sf.Noise(-60, 5), frequency=[1, 10, 100]).susceptibility.values
    assert np.allclose(lif, [4.418827 - 0.054204j, 4.349224 - 0.534462j, 1.818539 - 1.659372j], atol=1e-6, rtol=0)


@pytest.mark.parametrize("noise", [sf.Noise(-62, 2), sf.Noise(-66, 4)])
def test_zero_frequency_is_the_slope_of_the_rate(noise):
    r = sf.response(EIF, noise, frequency=0)
    up, down = (sf.stationary(EIF, noise.replace(mu=noise.mu + d)).rate for d in (1e-3, -1e-3))
    # A central difference: third derivative times 1e-6, and the rate's 1e-9 over 2e-3.
    assert float(r.susceptibility.real.item()) == pytest.approx(float(up - down) / 2e-3, rel=1e-5)


@pytest.mark.parametrize("frequency", [10.0, 40.0, 100.0])
@pytest.mark.parametrize(("neuron", "noise"), [(EIF, sf.Noise(-65, 3)), (LIF, sf.Noise(-60, 5))])
def test_time_stepped_density_responds_as_theory_says(neuron, noise, frequency):
    """A modulation of 0.05 mV, read by projecting the last periods on its phase."""
    epsilon, period = 0.05, 1000 / frequency
    dt = period / round(period / 0.05)
    periods = max(4, int(np.ceil(120 / period)))
    time = np.arange(periods * round(period / dt) + 1) * dt
    wave = sf.Timeseries(time, epsilon * np.cos(2 * np.pi * time / period))
    d = sf.evolve(neuron, noise + wave, t=periods * period, dt=dt, h=0.05)
    last = d.time.values > (periods - 2) * period + dt / 2
    phase = np.exp(-2j * np.pi * d.time.values[last] / period)
    measured = 2 * np.mean(d.rate.values[last] * phase) / epsilon
    exact = sf.response(neuron, noise, frequency=[1, frequency]).susceptibility.values
    assert abs(measured - exact[1]) < 0.01 * abs(exact[0])


def test_with_a_slow_variable_zero_frequency_is_the_slope_of_the_rate():
    """On the same mesh; differences of 1e-4 mV leave 1e-8 of rounding and settling, branches of the slope 1e-6."""
    neuron, mesh = sf.AdaptiveEIF.example(), sf.Mesh(h=0.4, dw=0.5, w_range=(-3, 12))
    r = sf.response(neuron, sf.Noise(-62, 2), frequency=[0, 10], h=mesh)
    up, down = (sf.stationary(neuron, sf.Noise(-62 + d, 2), h=mesh).rate for d in (1e-4, -1e-4))
    assert complex(r.susceptibility[0]) == pytest.approx(float(up - down) / 2e-4, rel=1e-5)
    assert abs(complex(r.susceptibility[1])) > 1.5 * float(r.susceptibility[0].real)  # adaptation passes high tones


@pytest.mark.parametrize("frequency", [0.0, 10.0, 100.0])
def test_one_column_responds_as_theory_says(frequency):
    """1e-4 of R(0) at h = .05 mV; a spike re-enters after t_ref."""
    at = [np.array([x]) for x in (10.0, -30.0, -68.0, 1.7, 0.05, -92.0)]
    slow = density.Slow(*(np.array([x]) for x in (50.0, 0.0, -0.5, 1.0, 1)), lambda V, _lane: 0 * V)
    lanes = density.Lanes(*at, psi=lambda V, _lane: EIF.psi(V), slow=slow)
    omega = np.array([2e-3 * np.pi * frequency])
    rate, found = slow_susceptibility(lanes, -65.0, 3.0, 0.0, 0.0, omega)
    exact = sf.response(EIF, sf.Noise(-65, 3), frequency=[0, frequency])
    assert 1e3 * rate == pytest.approx(float(exact.rate), rel=1e-4)
    assert abs(1e3 * found[0] - exact.susceptibility.values[1]) < 1.2e-4 * abs(exact.susceptibility.values[0])


def test_a_mesh_for_a_neuron_without_a_slow_variable_is_refused():
    with pytest.raises(sf.ParameterError, match="which LIF does not have; leave it out"):
        sf.response(LIF, sf.Noise(-60, 5), frequency=10, h=0.1)
