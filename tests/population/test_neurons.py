"""Contract: what a neuron is, and what none can be."""

import numpy as np
import pytest

import synfer as sf
from synfer.core.errors import ParameterError
from synfer.population.neurons import Neuron

LIF = {"tau_m": 10, "V_th": -55, "V_reset": -70, "t_ref": 2}
EIF = {"tau_m": 10, "V_T": -59.9, "Delta_T": 3.48, "V_cut": -30, "V_reset": -68, "t_ref": 1.7}
TANGENT = {"tau_m": 10, "V_th": -55, "V_reset": -70, "t_ref": 2, "V_0": -64, "psi_0": 1.0, "slope": 0.25}
SLOW = {"tau_w": 50, "a_w": 0.5, "b": 2, "E_w": -65}
RS = {"a": 0.02, "b": 0.2, "c": -65, "d": 8}
KINDS = [
    sf.LIF(**LIF),
    sf.EIF(**EIF),
    sf.LinearisedEIF(**TANGENT),
    sf.AdaptiveLIF(**LIF, **SLOW),
    sf.AdaptiveEIF.example(),
    sf.AdaptiveLinearisedEIF(**TANGENT, **SLOW),
    sf.Izhikevich.regular_spiking(),
]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sf.LIF(**LIF | {"V_reset": -55}), "V_reset = -55.0 mV must be < V_th = -55.0 mV"),
        (lambda: sf.LinearisedEIF(**TANGENT | {"V_reset": -50}), "V_reset = -50.0 mV must be < V_th = -55.0 mV"),
        (lambda: sf.EIF(**EIF | {"V_reset": -30}), "V_reset = -30.0 mV must be < V_cut = -30.0 mV"),
        (
            lambda: sf.EIF(**EIF | {"V_cut": -59.9}),
            "V_cut = -59.9 mV must be > V_T = -59.9 mV; V_T + 8 Delta_T is safe",
        ),
        (lambda: sf.EIF(**EIF | {"Delta_T": 0.04}), "psi(V_cut) overflows; lower V_cut to V_T + 8 Delta_T = -59.58 mV"),
        (lambda: sf.EIF(**EIF | {"Delta_T": 0}), "Delta_T = 0 mV must be > 0 mV"),
        (lambda: sf.LIF(**LIF | {"tau_m": -10}), "tau_m = -10 ms must be > 0 ms; did you mean tau_m = 10?"),
        (lambda: sf.LIF(**LIF | {"t_ref": -2}), "t_ref = -2 ms must be >= 0 ms; did you mean t_ref = 2?"),
        (lambda: sf.LIF(**LIF | {"V_th": float("nan")}), "V_th = nan mV must be finite"),
        (lambda: sf.LIF(**LIF | {"V_T": -55}), "unknown field V_T; did you mean V_th?"),
        (lambda: sf.LinearisedEIF(**TANGENT | {"slope": 1}), "slope = 1 must be < 1"),
        (lambda: sf.LIF(tau_m=10, V_th=-55, V_reset=-70), "t_ref is missing [ms]; give t_ref=..."),
        (lambda: sf.AdaptiveEIF(**EIF, **SLOW | {"tau_w": 0}), "tau_w = 0 ms must be > 0 ms"),
        (
            lambda: sf.AdaptiveEIF(**EIF, **SLOW | {"tau_w": -50}),
            "tau_w = -50 ms must be > 0 ms; did you mean tau_w = 50?",
        ),
        (
            lambda: sf.AdaptiveEIF(**EIF, **SLOW, V_clip=-20),
            "V_clip = -20.0 mV must lie above V_reset = -68.0 mV and not above V_cut = -30.0 mV; leave it out",
        ),
        (lambda: sf.AdaptiveLIF(**LIF, **SLOW, V_clip=-70), "V_clip = -70.0 mV must lie above V_reset = -70.0 mV"),
        (lambda: sf.AdaptiveLIF(**LIF, **SLOW | {"b": -2}), "b = -2 mV must be >= 0 mV; did you mean b = 2?"),
        (lambda: sf.AdaptiveLIF(**LIF, **SLOW | {"a_w": -1}), "a_w = -1 must be > -1"),
        (lambda: sf.AdaptiveEIF(**EIF, **SLOW | {"E_w": float("inf")}), "E_w = inf mV must be finite"),
        (lambda: sf.AdaptiveEIF(**EIF, tau_w=50), "a_w is missing"),
        (lambda: sf.Izhikevich(**RS | {"a": 0}), "a = 0 1/ms must be > 0 1/ms"),
        (lambda: sf.Izhikevich(**RS | {"d": -8}), "d = -8 mV must be >= 0 mV; did you mean d = 8?"),
        (lambda: sf.Izhikevich(**RS | {"c": 30}), "c = 30.0 mV must be < V_peak = 30.0 mV"),
    ],
)
def test_what_no_neuron_can_be_is_refused_by_name(make, message):
    with pytest.raises(ParameterError) as error:
        make()
    assert message in str(error.value)


def test_the_sharpest_eif_that_is_accepted_has_a_finite_psi():
    sharp = sf.EIF(**EIF | {"Delta_T": 29.9 / 600})
    assert np.isfinite(sharp.psi(np.array([sharp.V_cut]))).all()


def test_the_presets_are_the_published_numbers():
    """Diesmann et al. (1999), and table 1 of Fourcaud-Trocme et al. (2003) with its V_cut."""
    assert sf.LIF.diesmann1999() == sf.LIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=1)
    assert sf.EIF.fourcaud2003() == sf.EIF(**EIF)


def test_a_spike_is_at_the_threshold_or_the_cut():
    assert [neuron.V_top for neuron in (sf.LIF(**LIF), sf.EIF(**EIF), sf.LinearisedEIF(**TANGENT))] == [-55, -30, -55]


def test_psi_is_nothing_an_exponential_or_a_line():
    V = np.array([-80.0, -59.9, -56.42])
    assert sf.LIF(**LIF).psi(V).tolist() == [0, 0, 0]
    # At V_T psi is Delta_T and its slope 1; one Delta_T higher it is e times as large.
    assert sf.EIF(**EIF).psi(V)[1:] == pytest.approx([3.48, 3.48 * np.e], rel=1e-12)
    assert sf.LinearisedEIF(**TANGENT).psi(np.array([-64.0, -60.0])).tolist() == [1, 2]


def test_the_free_membrane_of_a_tangent_is_its_own_ornstein_uhlenbeck_process():
    """tau dV = mu - V + psi_0 + s (V - V_0): leak 1 - s, so the drift is zero at the mean and the sd grows."""
    neuron = sf.LinearisedEIF(**TANGENT)
    mean, sd = neuron.free_membrane(-65.0, 3.0)
    assert -65.0 - mean + neuron.psi(np.array(mean)) == pytest.approx(0, abs=1e-12)
    assert sd == pytest.approx(3.0 / np.sqrt(0.75), rel=1e-15)
    for other in (sf.LIF(**LIF), sf.EIF(**EIF)):
        assert other.free_membrane(-65.0, 3.0) == (-65.0, 3.0)


@pytest.mark.parametrize("ask", [lambda n: n.V_top, lambda n: n.psi(np.zeros(1))])
def test_a_neuron_without_a_kind_is_abstract(ask):
    with pytest.raises(TypeError, match="use LIF, EIF, AdaptiveEIF, Izhikevich or another kind"):
        ask(Neuron())


@pytest.mark.parametrize("neuron", KINDS, ids=lambda neuron: neuron.kind)
def test_a_neuron_survives_json(neuron):
    assert type(neuron).model_validate_json(neuron.spec()) == neuron


def test_adaptation_follows_the_membrane_up_to_its_clip():
    """tau_w dw/dt = a_w (min(V, V_clip) - E_w) - w; without a clip the spike is the end."""
    V = np.array([-75.0, -65.0, -40.0, -31.0])
    assert sf.AdaptiveEIF.example().slow_target(V).tolist() == [-5.0, 0.0, 12.5, 12.5]
    assert sf.AdaptiveEIF.example().replace(V_clip=None).slow_target(V).tolist() == [-5.0, 0.0, 12.5, 17.0]
    assert sf.AdaptiveLIF(**LIF, **SLOW).slow == (50, 2)
    assert sf.LIF(**LIF).slow is None
    with pytest.raises(TypeError, match="LIF has no slow variable"):
        sf.LIF(**LIF).slow_target(V)


@pytest.mark.parametrize("kind", [k for k in vars(sf.Izhikevich) if isinstance(vars(sf.Izhikevich)[k], classmethod)])
def test_an_izhikevich_neuron_is_the_published_equation_in_units_of_a_millisecond(kind):
    """dv/dt = .04 v^2 + 5 v + 140 - u + I and du/dt = a (b v - u): with tau_m = 1 ms the common form, w = u."""
    n = getattr(sf.Izhikevich, kind)()
    v, u, current = np.array([-80.0, -60.0, 10.0]), np.array([-15.0, 0.0, 4.0]), 3.0
    drift = (current - v + n.psi(v) - u) / n.tau_m
    assert drift == pytest.approx(0.04 * v**2 + 5 * v + 140 - u + current, rel=1e-14)
    assert (n.slow_target(v) - u) / n.slow.tau == pytest.approx(n.a * (n.b * v - u), rel=1e-14)
    assert (n.V_reset, n.V_top, n.slow.jump, n.t_ref) == (n.c, 30.0, n.d, 0.0)
    # Where the free membrane rests, nothing moves: 0 = .04 v^2 + (5 - b) v + 140 at I = 0 (b = .26 has no such v).
    rest = n.free_membrane(0.0, 1.0)[0]
    if (5 - n.b) ** 2 > 22.4:
        assert 0.04 * rest**2 + (5 - n.b) * rest + 140 == pytest.approx(0, abs=1e-9)


def test_the_presets_of_izhikevich_are_the_published_ones():
    """Izhikevich (2003), fig. 2: a, b, c, d."""
    of = {"regular_spiking": (0.02, 0.2, -65, 8), "chattering": (0.02, 0.2, -50, 2), "fast_spiking": (0.1, 0.2, -65, 2)}
    for name, (a, b, c, d) in of.items():
        assert getattr(sf.Izhikevich, name)() == sf.Izhikevich(a=a, b=b, c=c, d=d)
