"""Stationary states: published parameters, two independent methods, limits and refusals."""

import numpy as np
import pytest

import synfer as sf

EIF = sf.EIF.fourcaud2003()
LIF = sf.LIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=2)
H1 = sf.Noise(mu=-64.22720614, sigma=2)


@pytest.mark.parametrize(
    ("mu", "rate", "mean", "sd"), [(-65, 5.960361, -63.945915, 3.869685), (-64, 10.223835, -63.075832, 4.060195)]
)
def test_eif_reference_points(mu, rate, mean, sd):
    s = sf.stationary(EIF, sf.Noise(mu=mu, sigma=3))
    # The references are rounded to their last digit.
    assert float(s.rate) == pytest.approx(rate, abs=6e-7)
    assert float(s.V_mean) == pytest.approx(mean, abs=6e-7)
    assert float(s.V_sd) == pytest.approx(sd, abs=6e-7)


def test_h1_depths_become_points_with_their_depth_as_coordinate():
    s = sf.stationary(EIF, [H1 + sf.Inhibition(depth=d) for d in (0, 1, 2, 4)])
    assert s.rate.dims == ("point",)
    assert s.depth.values.tolist() == [0, 1, 2, 4]
    assert s.V_sd.values == pytest.approx([3.121049, 2.699183, 2.394733, 2.145632], abs=6e-7)
    assert float(s.V_u[0]) == pytest.approx(-57.72, abs=5e-3)


def test_controls_fire_at_the_rate_of_the_eif():
    lif, linear = sf.rate_matched(EIF, H1), sf.rate_matched(EIF, H1, kind="linear")
    assert lif.V_th == pytest.approx(-59.60470308, abs=1e-7)
    assert linear.V_th == pytest.approx(-57.3946, abs=6e-5)
    assert sf.stationary([EIF, lif, linear], H1).rate.values == pytest.approx(5.0, rel=1e-7)


@pytest.mark.parametrize("seed", range(6))
def test_controls_match_at_fresh_points_also_under_a_shunt(seed):
    rng = np.random.default_rng(seed)
    drive = sf.Noise(rng.uniform(-68, -64), rng.uniform(1.5, 4)) + sf.Shunt(g=rng.uniform(0, 0.3), E_rev=-70)
    target = float(sf.stationary(EIF, drive).rate)
    for kind in ("lif", "linear"):
        assert float(sf.stationary(sf.rate_matched(EIF, drive, kind=kind), drive).rate) == pytest.approx(
            target, rel=1e-8
        )


@pytest.mark.parametrize(("neuron", "sigma", "rate"), [(EIF, 2, 5), (EIF, 0.7, 20), (LIF, 5, 0.01), (LIF, 1, 80)])
def test_noise_for_rate_meets_the_rate(neuron, sigma, rate):
    noise = sf.noise_for_rate(neuron, rate=rate, sigma=sigma)
    assert float(sf.stationary(neuron, noise).rate) == pytest.approx(rate, rel=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_density_and_theory_agree_at_fresh_points(seed):
    """Threshold integration against the finite-volume recurrence, which share no code."""
    rng = np.random.default_rng(100 + seed)
    neuron = [EIF, LIF][seed % 2]
    noise = sf.Noise(rng.uniform(-68, -60), rng.uniform(2, 5))
    exact, mesh = sf.stationary(neuron, noise), sf.stationary(neuron, noise, method="density", h=0.05)
    # The mesh promises .05 % of the rate, .01 mV of the mean and .2 % of the sd at h = .05.
    assert float(mesh.rate) == pytest.approx(float(exact.rate), rel=5e-4)
    assert float(mesh.V_mean) == pytest.approx(float(exact.V_mean), abs=0.01)
    assert float(mesh.V_sd) == pytest.approx(float(exact.V_sd), rel=2e-3)
    assert float(mesh.V_iqr) == pytest.approx(float(exact.V_iqr), rel=2e-3)


def test_p_integrates_to_one_minus_the_refractory_mass():
    s = sf.stationary([EIF, LIF], sf.Noise(mu=-60, sigma=3))
    h = float(s.V[1] - s.V[0])
    refractory = s.rate.values / 1000 * [EIF.t_ref, LIF.t_ref]
    # A sum on a 0.1 mV grid with one kink at the reset: of order (h/sigma)^2 = 1e-3 there.
    assert s.p.sum("V").values * h == pytest.approx(1 - refractory, abs=5e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sf.stationary(EIF, H1 + sf.Inhibition(depth=1, on=5, off=9)), "cannot have a timed part"),
        (lambda: sf.stationary(EIF, H1 + sf.PulsePacket(a=1, sigma_t=1, t0=1)), "constant in time"),
        (lambda: sf.stationary(EIF, sf.Inhibition(depth=1)), "no Noise"),
        (lambda: sf.stationary(EIF, 3), "drive = 3"),
        (lambda: sf.stationary("lif", H1), "neuron = 'lif'"),
        (lambda: sf.stationary(LIF, sf.Noise(-60, 0)), "sigma = 0"),
        (lambda: sf.stationary(LIF, H1, method="exact"), "did you mean|known: density, theory"),
        (lambda: sf.stationary(LIF, H1, h=0.1), "h is the mesh of method='density'"),
        (lambda: sf.stationary(LIF, H1, method="density", h=3), "cannot resolve sigma"),
        (lambda: sf.stationary([EIF, LIF], [H1, H1, H1]), "equally long"),
        (lambda: sf.rate_matched(EIF, H1, kind="lin"), "kind = 'lin'"),
        (lambda: sf.rate_matched(EIF, sf.Noise(-50, 2), kind="linear"), "above the rheobase"),
        (lambda: sf.noise_for_rate(LIF, rate=600, sigma=2), "1/t_ref"),
        (lambda: sf.response(EIF, H1, frequency=[-1]), "frequency"),
        (lambda: sf.response(EIF, H1, frequency="fast"), "frequency"),
    ],
)
def test_bad_input_gets_a_typed_error(call, message):
    with pytest.raises(sf.ParameterError, match=message):
        call()


def test_a_low_cut_is_warned_of():
    with pytest.warns(sf.SynferWarning, match="below V_T"):
        s = sf.stationary(EIF.replace(V_cut=-40), H1)
    assert "below V_T" in s.attrs["warnings"][0]


def test_the_eif_rate_does_not_depend_on_the_cut():
    rates = sf.stationary([EIF, EIF.replace(V_cut=-15), EIF.replace(V_cut=0)], sf.Noise(-65, 3)).rate.values
    # Beyond V_cut the upstroke takes tau_m exp(-(V_cut - V_T)/Delta_T) = 2 us: 1e-5 of the interval.
    assert rates == pytest.approx(rates[0], rel=2e-5)


def test_the_eif_becomes_the_lif_as_its_sodium_current_sharpens():
    """Delta_T -> 0 at fixed V_T is the LIF with V_th = V_T; the way there is Delta_T ln((V_T - mu)/Delta_T)."""
    noise, sharpness = sf.Noise(-61, 3), np.array([0.1, 0.03, 0.01, 0.003])
    neurons = [sf.EIF(tau_m=10, V_T=-55, Delta_T=D, V_cut=-55 + 20 * D, V_reset=-70, t_ref=2) for D in sharpness]
    missing = 1 - sf.stationary(neurons, noise).rate.values / float(sf.stationary(LIF, noise).rate)
    shift = sharpness * np.log(6 / sharpness)
    assert np.all(np.diff(missing) < 0)
    # To first order the missing rate is proportional to the shift of the threshold.
    assert missing[-1] / shift[-1] == pytest.approx(missing[-2] / shift[-2], rel=0.2)
    assert missing[-1] < 0.02
