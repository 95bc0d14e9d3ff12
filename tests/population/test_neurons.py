"""Contract: what a neuron is, and what none can be."""

import numpy as np
import pytest

import synfer as sf
from synfer.core.errors import ParameterError
from synfer.population.neurons import Neuron

LIF = {"tau_m": 10, "V_th": -55, "V_reset": -70, "t_ref": 2}
EIF = {"tau_m": 10, "V_T": -59.9, "Delta_T": 3.48, "V_cut": -30, "V_reset": -68, "t_ref": 1.7}
TANGENT = {"tau_m": 10, "V_th": -55, "V_reset": -70, "t_ref": 2, "V_0": -64, "psi_0": 1.0, "slope": 0.25}


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
    with pytest.raises(TypeError, match="use LIF, EIF or LinearisedEIF"):
        ask(Neuron(tau_m=10, V_reset=-70, t_ref=0))


@pytest.mark.parametrize("neuron", [sf.LIF(**LIF), sf.EIF(**EIF), sf.LinearisedEIF(**TANGENT)])
def test_a_neuron_survives_json(neuron):
    assert type(neuron).model_validate_json(neuron.spec()) == neuron
