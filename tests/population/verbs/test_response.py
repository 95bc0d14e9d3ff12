"""Linear response: reference values, its limit at zero frequency, and time-stepped densities."""

import numpy as np
import pytest

import synfer as sf

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
