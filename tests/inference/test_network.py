"""Canonical networks: activity against solvers and a filter, cost against sums, bad input."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import expit, logit

from synfer.core.errors import NumericalError, ParameterError
from synfer.inference.network import CanonicalNetwork, activity, neural_cost
from synfer.inference.network.cost import terms

EPS = np.finfo(float).eps


def potentials_at_rest(net, o, x_before):
    """I of one step, written out."""
    I = np.zeros(net.n_hidden)
    for sign, W, K, phi in ((1, net.W1, net.K1, net.phi1), (-1, net.W0, net.K0, net.phi0)):
        for j in range(net.n_hidden):
            h = sum(np.log(expit(-w)) for w in W[j]) + sum(np.log(expit(-k)) for k in K[j]) + phi[j]
            I[j] += sign * (W[j] @ o + K[j] @ x_before + h)
    return I


@pytest.mark.parametrize("hold", [0.1, 3.0, 40.0])
def test_potentials_approach_rest_exponentially(random_network, hold):
    net = random_network(3, tau=8.0)
    o = np.random.default_rng(4).integers(0, 2, (12, net.n_inputs)).astype(float)
    out = activity(net, o, hold=hold)
    for t in range(1, 13):
        I = potentials_at_rest(net, o[t - 1], out.x.values[t - 1])
        start, end = abs(out.u.values[t - 1] - I), abs(out.u.values[t] - I)
        # I is a sum of 2 x (2 No + 2 Nx + 1) terms of |w| < 10, each rounded.
        rounding = 4 * (net.n_inputs + net.n_hidden) * 10 * EPS
        assert (end <= start * np.exp(-hold / 8.0) * (1 + 1e-12) + rounding).all()


@pytest.mark.parametrize("hold", [0.3, 2.0, 30.0])
def test_activity_solves_its_equation_in_x(random_network, hold):
    """tau x' = x (1 - x) (-logit(x) + I) by a stiff solver, through the transient."""
    net = random_network(5, tau=2.0)
    o = np.random.default_rng(6).uniform(0, 1, (3, net.n_inputs))
    out, x = activity(net, o, hold=hold), None
    for t in range(3):
        x = out.x.values[0] if x is None else x
        I = potentials_at_rest(net, o[t], x)
        rates = lambda _, z, I=I: z * (1 - z) * (I - logit(z)) / 2.0  # noqa: E731
        x = solve_ivp(rates, (0, hold), x, method="Radau", rtol=1e-11, atol=1e-13).y[:, -1]
        assert abs(x - out.x.values[t + 1]).max() < 1e-8  # the tolerance of the solver x its steps, with 100 to spare


def test_the_form_without_x_1_minus_x_has_the_same_rest_and_gets_there_sooner(random_network):
    """tau x' = -logit(x) + I: the same fixed point, |u - I| falls at least as fast as e^{-4 t / tau}."""
    net = random_network(7, tau=2.0)
    o = np.random.default_rng(8).uniform(0, 1, (1, net.n_inputs))
    x0 = np.random.default_rng(9).uniform(0.2, 0.8, net.n_hidden)
    I = potentials_at_rest(net, o[0], x0)
    literal = lambda _, z: (I - logit(z)) / 2.0  # noqa: E731
    for hold in (0.2, 1.0, 60.0):
        x = solve_ivp(literal, (0, hold), x0, method="Radau", rtol=1e-11, atol=1e-13).y[:, -1]
        own = activity(net, o, hold=hold, x0=x0)
        assert (abs(logit(x) - I) <= abs(logit(x0) - I) * np.exp(-4 * hold / 2.0) * (1 + 1e-6) + 1e-8).all()
        assert (abs(logit(x) - I) <= abs(own.u.values[1] - I) + 1e-8).all()
    assert abs(x - own.x.values[1]).max() < 1e-8


@pytest.mark.parametrize(("K", "V"), [(True, True), (False, True), (True, False), (False, False)])
def test_activity_at_rest_is_a_filter(random_network, K, V):
    """x = sig(ln s~1 - ln s~0), each ln P of a table written out, from probabilities and not from weights."""
    net = random_network(11, K=K, V=V)
    o = np.random.default_rng(12).integers(0, 2, (6, net.n_inputs)).astype(float)
    out = activity(net, o)

    def evidence(one, zero, pre):
        P, Q = expit(one), expit(zero)
        return np.log(P / Q) @ pre + np.log((1 - P) / (1 - Q)) @ (1 - pre)

    x = expit(net.phi1 - net.phi0)
    for t in range(6):
        y = net.psi1 - net.psi0 + (evidence(net.V1, net.V0, x) if V else 0)
        z = evidence(net.W1, net.W0, o[t]) + (evidence(net.K1, net.K0, x) if K else 0) + net.phi1 - net.phi0
        x = expit(z)
        # Sums of some 20 logarithms below 10, and errors of x_{t-1} that |K| < 10 carries on for six steps.
        assert abs(out.x.values[t + 1] - x).max() < 1e-12
        assert abs(out.y.values[t + 1] - expit(y)).max() < 1e-12


def test_zero_synapses_are_not_absent_synapses(random_network):
    """K = 0 says that P = 1/2, at ln 2 a pre neuron: it costs, and drives nothing."""
    net = random_network(13, K=False)
    zero = net.replace(K1=np.zeros((net.n_hidden,) * 2), K0=np.zeros((net.n_hidden,) * 2))
    o = np.random.default_rng(14).uniform(0, 1, (4, net.n_inputs))
    one, two = activity(net, o), activity(zero, o)
    assert abs(one.x - two.x).max() < 1e-15  # h1 and h0 shift by the same, up to the rounding of both
    cost = neural_cost(zero, one.x, one.y, o).terms.sel(term="transition")
    assert cost.values == pytest.approx(np.full(4, net.n_hidden**2 * np.log(2)), rel=1e-14)


@pytest.mark.parametrize("Gamma", [0.0, 0.3, 1.0])
def test_cost_is_its_sum_written_out(random_network, Gamma):
    net = random_network(15)
    rng = np.random.default_rng(16)
    x, y = rng.uniform(0, 1, (4, net.n_hidden)), rng.uniform(0, 1, (4, net.n_outputs))
    o = rng.uniform(0, 1, (3, net.n_inputs))
    L = 0.0
    for t in range(3):
        now, out, before = x[t + 1], y[t + 1], x[t]
        for s, W, K, h, V, psi in ((0, net.W1, net.K1, net.h[0], net.V1, net.psi1),
                                   (1, net.W0, net.K0, net.h[1], net.V0, net.psi0)):  # fmt: skip
            fires, emits = (now, out) if s == 0 else (1 - now, 1 - out)
            L += fires @ (np.log(fires) - W @ o[t] - K @ before - h)
            L += emits @ (np.log(emits) - (1 - 2 * Gamma) * (V @ before + np.log(expit(-V)).sum(1)) - psi)
    cost = neural_cost(net, x, y, o, Gamma)
    assert float(cost.neural_cost.sum()) == pytest.approx(L, abs=1e-12)  # some 100 terms below 50, 1e-14 each


def test_firing_at_0_or_1_costs_no_entropy(random_network):
    net = random_network(17)
    x, y = np.ones((3, net.n_hidden)), np.zeros((3, net.n_outputs))
    cost = neural_cost(net, x, y, np.ones((2, net.n_inputs)))
    assert (cost.terms.sel(term="entropy") == 0).all()
    assert np.isfinite(cost.neural_cost).all()


def test_frozen_thresholds_stay_and_are_displaced_priors(random_network):
    net = random_network(18)
    moved = net.freeze().replace(W1=net.W1 + 0.5, V0=net.V0 - 0.25)
    # Both thresholds come of the same sums in the same order, up to the addition of phi.
    assert abs(moved.h - net.h).max() < 1e-13
    assert abs(moved.m - net.m).max() < 1e-13
    assert abs(moved.thaw().h - net.h).max() > 0.1
    o = np.random.default_rng(19).uniform(0, 1, (5, net.n_inputs))
    one, two = activity(moved, o, hold=2.0), activity(moved.absorb(), o, hold=2.0)
    assert abs(one.u[1:] - two.u[1:]).max() > 0.01  # they begin at phi, which differs
    x0 = np.full(net.n_hidden, 0.4)
    one, two = activity(moved, o, x0=x0), activity(moved.absorb(), o, x0=x0)
    assert abs(one.u - two.u).max() < 1e-12
    assert abs(one.v[1:] - two.v[1:]).max() < 1e-12


def test_a_network_is_saved_and_loaded(random_network, tmp_path):
    net = random_network(20, tau=3.0, hold=50.0, lambda_phi=4.0, normalised=True).freeze()
    sizes = f"{net.n_inputs} inputs, {net.n_hidden} hidden, {net.n_outputs} outputs"
    assert repr(net) == f"CanonicalNetwork({sizes}, tau=3.0 ms, hold=50.0 ms, digest='{net.digest()}')"
    net.save(tmp_path / "net.npz")
    assert CanonicalNetwork.load(tmp_path / "net.npz") == net
    assert net.replace(tau=4.0) != net
    (tmp_path / "bad.npz").write_bytes(b"PK nothing")
    with pytest.raises(ParameterError, match="not a saved CanonicalNetwork"):
        CanonicalNetwork.load(tmp_path / "bad.npz")
    with pytest.raises(ParameterError, match="no file"):
        CanonicalNetwork.load(tmp_path / "none.npz")


W = [[1.0, 2.0]]
TWO_LAYERS = {"W1": W, "W0": W, "V1": [[1.0]], "V0": [[1.0]], "psi1": -1.0, "psi0": -1.0}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"W1": [1.0], "W0": [1.0]}, r"W1 has shape \(1,\) and must be \(Nx, No\)"),
        ({"W1": W, "W0": [[1.0, np.nan]]}, r"W0\[0, 1\] = nan must be finite"),
        ({"W1": W, "W0": [[1.0]]}, r"W0 has shape \(1, 1\) and must be \(1, 2\)"),
        ({"W1": W, "W0": None}, "W1 and W0 go together"),
        ({"W1": "x", "W0": W}, "W1 must be an array of real numbers"),
        ({"W1": W, "W0": W, "K1": [[1.0]]}, "K1 and K0 go together"),
        ({"W1": W, "W0": W, "K1": W, "K0": W}, r"K1 has shape \(1, 2\) and must be \(1, 1\)"),
        ({"W1": W, "W0": W, "V1": [[1.0]], "V0": [[1.0]]}, "give psi1 and psi0"),
        ({"W1": W, "W0": W, "psi1": -1.0, "psi0": -1.0}, r"psi1 has shape \(\) and must be \(Ny,\)"),
        (TWO_LAYERS | {"V0": W}, r"V0 has shape \(1, 2\) and must be \(1, 1\)"),
        ({"W1": W, "W0": W, "lambda_W": 0.0}, "lambda_W = 0 must be > 0"),
        ({"W1": W, "W0": W, "lambda_W": [1.0, 2.0]}, r"lambda_W has shape \(2,\) and must be \(2, 1, 2\)"),
        ({"W1": W, "W0": W, "lambda_phi": 2.0, "phi1": 0.0}, r"exp\(phi1\) \+ exp\(phi0\) = 1.5 for hidden neuron 0"),
        ({"W1": W, "W0": W, "phi1": None, "phi0": None}, "phi1 = None and phi0 = None must be numbers"),
        ({"W1": W, "W0": W, "phi1": None}, "phi1 and phi0 go together"),
        ({"W1": W, "W0": W, "lambda_K": 7}, "lambda_K is given without K1 and K0"),
        ({"W1": W, "W0": W, "lambda_V": np.full((2, 1, 1), 3.0)}, "lambda_V is given without V1 and V0"),
        ({"W1": [[1j, 0]], "W0": W}, "W1 must be an array of real numbers .it is complex"),
        ({"W1": W, "W0": W, "tau": "a"}, "tau = 'a' ms must be a number > 0 ms"),
        ({"W1": W, "W0": W, "hold": True}, "hold = True ms must be"),
        ({"W1": W, "W0": W, "inputs": "ab"}, "inputs = 'ab' must be a tuple of 2 names"),
        ({"W1": W, "W0": W, "hidden": None}, "hidden = None must be a tuple of 1 names"),
        ({"W1": W, "W0": W, "initial": [[0.5], [-1.0]]}, r"initial\[1, 0\] = -1 must be > 0"),
        ({"W1": W, "W0": W, "initial": [1.5]}, r"initial\[0\] = 1.5 must lie in \(0, 1\)"),
        ({"W1": W, "W0": W, "K_h": [[[1.0]]] * 2}, "K_h is given without K1"),
        ({"W1": W, "W0": W, "tau": 0.0}, "tau = 0.0 ms must be a number > 0 ms and finite"),
        ({"W1": W, "W0": W, "hold": -1.0}, "hold = -1.0 ms must be a number > 0 ms; "),
        ({"W1": W, "W0": W, "tau": np.inf}, "finite"),
        ({"W1": W, "W0": W, "inputs": ("a", "a")}, "inputs names 'a' twice"),
    ],
)
def test_bad_networks_are_refused(fields, message):
    with pytest.raises(ParameterError, match=message):
        CanonicalNetwork(**fields)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"o": np.zeros((3, 3))}, r"o has shape \(3, 3\) and must be \(T, 2\)"),
        ({"o": np.zeros((0, 2))}, r"o has shape \(0, 2\)"),
        ({"o": np.full((3, 2), 1.5)}, r"o\[0, 0\] = 1.5 must lie in \[0, 1\]"),
        ({"x": np.full((3, 1), 0.5)}, r"x has shape \(3, 1\) and must be \(4, 1\)"),
        ({"x": np.full((4, 1), -0.1)}, r"x\[0, 0\] = -0.1 must lie in \[0, 1\]"),
        ({"y": None}, "the network has 1 outputs"),
        ({"y": np.full((4, 1), np.nan)}, r"y\[0, 0\] = nan must be finite"),
        ({"Gamma": 1.2}, r"Gamma = 1.2 must lie in \[0, 1\]"),
        ({"Gamma": [0.1, 0.2]}, r"Gamma has shape \(2,\) and must be a number, or \(3,\)"),
    ],
)
def test_bad_trajectories_are_refused(arguments, message):
    given = {"x": np.full((4, 1), 0.5), "y": np.full((4, 1), 0.5), "o": np.zeros((3, 2)), "Gamma": 0.0} | arguments
    with pytest.raises(ParameterError, match=message):
        neural_cost(CanonicalNetwork(**TWO_LAYERS), **given)


def test_activity_begins_where_the_network_says():
    net = CanonicalNetwork(**TWO_LAYERS, initial=[0.25])
    assert activity(net, np.zeros((1, 2))).x.values[0] == 0.25
    with pytest.raises(ParameterError, match="x0 differs from the network's initial"):
        activity(net, np.zeros((1, 2)), x0=[0.5])
    with pytest.raises(ParameterError, match="x0 must be an array of real numbers"):
        activity(net, np.zeros((1, 2)), x0="a")
    with pytest.raises(ParameterError, match=r"x\[0, 0\] = 0.5 must be the network's initial\[0, 0\] = 0.25"):
        neural_cost(net, np.full((2, 1), 0.5), np.full((2, 1), 0.5), np.zeros((1, 2)))
    with pytest.raises(ParameterError, match=r"x0\[0\] = 1 must lie in \(0, 1\)"):
        activity(net.replace(initial=None), np.zeros((1, 2)), x0=[1.0])


def test_synapses_that_go_take_their_insensitivity_along():
    net = CanonicalNetwork(**TWO_LAYERS, lambda_V=5.0).freeze()
    one = net.replace(V1=None, V0=None)
    assert (one.V1, one.V_h, one.lambda_V) == (None, None, 1.0)
    assert one.replace(V1=[[1.0]], V0=[[2.0]], lambda_V=4.0).lambda_V[0, 0, 0] == 4


@pytest.mark.parametrize("hold", [None, 1.0])
def test_potentials_that_are_not_finite_are_named(hold):
    net = CanonicalNetwork(W1=[[0.0], [1e308]], W0=[[0.0], [-1e308]])
    with pytest.raises(NumericalError, match="potential u of h1 is nan at step 1"):
        activity(net, [[1.0], [0.0]], hold=hold)


def test_a_sum_of_costs_that_overflows_is_named():
    """Each term is finite, two of them 1.5e308."""
    net = CanonicalNetwork(W1=W, W0=W, **dict.fromkeys(("phi1", "phi0"), -1.5e308), psi1=[-1.5e308], psi0=[-1.5e308])
    with pytest.raises(NumericalError, match="neural_cost = inf at step 1"):
        neural_cost(net, np.ones((2, 1)), np.ones((2, 1)), np.zeros((1, 2)))


def test_results_say_what_made_them():
    net = CanonicalNetwork(**TWO_LAYERS)
    out = activity(net, np.zeros((2, 2)), hold=3.0)
    cost = neural_cost(net, out.x, out.y, np.zeros((2, 2)))
    assert (out.attrs["verb"], cost.attrs["verb"]) == ("activity", "neural_cost")
    assert out.attrs["network"] == cost.attrs["network"] == net.digest() != net.replace(tau=2.0).digest()
    assert (out.attrs["hold"], cost.terms.dims) == (3.0, ("term", "step"))
    assert all("units" in ds[name].attrs for ds in (out, cost) for name in ds.variables)


def test_a_cost_that_overflows_is_named():
    net = CanonicalNetwork(W1=[[1e308, 1e308]], W0=[[0.0, 0.0]])
    with pytest.raises(NumericalError, match="likelihood = inf at step 1"):
        neural_cost(net, np.ones((3, 1)), None, [[0.5, 0.5], [1.0, 1.0]])


def test_a_cost_that_is_not_finite_is_told_with_the_step_of_the_whole_sequence():
    net = CanonicalNetwork(W1=[[1.5e308]], W0=[[0.0]], phi1=-1.5e308)
    x = np.ones((3, 1))
    with pytest.raises(NumericalError, match=r"neural_cost = .*inf at step 5"):
        terms(net, x, np.zeros((3, 0)), np.stack([x[:-1], 1 - x[:-1]]), np.array([[1.0], [0.0]]), np.zeros(2), first=4)
