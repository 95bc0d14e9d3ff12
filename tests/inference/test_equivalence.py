"""A network and its model are one: cost and free energy by term, round trips, a network of one's own."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synfer.core.errors import ParameterError
from synfer.inference.beliefs import TERMS, free_energy, infer
from synfer.inference.equivalence import check_equivalence, correspondence, to_model, to_network
from synfer.inference.model import GenerativeModel
from synfer.inference.network import CanonicalNetwork, activity, hebbian_gradient, neural_cost


def trajectory(net, steps, rng):
    x, y = rng.uniform(0, 1, (steps + 1, net.n_hidden)), rng.uniform(0, 1, (steps + 1, net.n_outputs))
    # Some firing, inputs and risks exactly 0 or 1.
    for z in (x, y):
        z[:] = np.where(rng.uniform(size=z.shape) < 0.1, rng.integers(0, 2, z.shape), z)
    if net.initial is not None:
        x[0] = net.initial[0]
    shape = (steps, net.n_inputs)
    o = np.where(rng.uniform(size=shape) < 0.5, rng.integers(0, 2, shape), rng.uniform(size=shape))
    return x, y if net.n_outputs else None, o, rng.choice([0.0, 0.5, 1.0, rng.uniform()], steps)


def absolute_terms(net, x, y, o, Gamma):
    """Sums of the absolute values of what each term of L adds up, by step."""
    post = np.stack([x[1:], 1 - x[1:]])
    before = np.stack([x[:-1], 1 - x[:-1]])
    if net.initial is not None:
        before[:, 0] = net.initial
    sums = dict.fromkeys(TERMS, np.zeros(len(o)))

    def add(term, fires, one, zero, pre, mass, by=1.0):
        for f, w in zip(fires, (one, zero), strict=True):
            sums[term] = sums[term] + by * (f * (pre @ abs(w).T + mass @ np.logaddexp(0, w).T)).sum(1)

    add("likelihood", post, net.W1, net.W0, o, np.ones_like(o))
    if net.K1 is not None:
        add("transition", post, net.K1, net.K0, before[0], before.sum(0))
    sums["prior"] = sum((f * abs(phi)).sum(1) for f, phi in zip(post, net.phi, strict=True))
    sums["entropy"] = sum((f * abs(np.log(np.where(f > 0, f, 1)))).sum(1) for f in post)
    if net.n_outputs:
        out = np.stack([y[1:], 1 - y[1:]])
        if net.V1 is not None:
            add("decision", out, net.V1, net.V0, before[0], before.sum(0), abs(1 - 2 * Gamma))
        for f, psi in zip(out, net.psi, strict=True):
            sums["decision"] = sums["decision"] + (f * (abs(np.log(np.where(f > 0, f, 1))) + abs(psi))).sum(1)
    return sums


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(st.integers(1, 6), st.integers(1, 5), st.integers(0, 4), st.integers(1, 5)),
    K=st.booleans(),
    V=st.booleans(),
    initial=st.booleans(),
)
def test_cost_is_free_energy_by_term(random_network, seed, sizes, K, V, initial):
    """|L - F| <= 1e-13 x the sum of absolute terms, each term and all; and back to the network to 1e-12."""
    No, Nx, Ny, steps = sizes
    rng = np.random.default_rng(seed)
    start = {"initial": rng.uniform(0.05, 2.0, (2, Nx))} if initial else {}
    net = random_network(rng, No, Nx, Ny, K=K, V=V, **start)
    x, y, o, Gamma = trajectory(net, steps, rng)
    model = to_model(net)
    L, F = neural_cost(net, x, y, o, Gamma), free_energy(model, x, y, o, Gamma)
    scales = absolute_terms(net, x, y, o, Gamma)
    assert tuple(L.term.values) == tuple(F.term.values) == TERMS
    for term, one, other in zip(TERMS, L.terms.values, F.terms.values, strict=True):
        assert (abs(one - other) <= 1e-13 * scales[term]).all()
    assert (abs(L.neural_cost.values - F.free_energy.values) <= 1e-13 * sum(scales.values())).all()
    assert_same(to_network(model), net)
    back = to_model(to_network(model))
    for name in ("a", "b", "c", "D", "E"):
        if getattr(model, name) is not None:
            assert abs(getattr(back, name) / getattr(model, name) - 1).max() < 1e-12


def assert_same(net, other):
    for name in ("W1", "W0", "K1", "K0", "V1", "V0", "phi1", "phi0", "psi1", "psi0"):
        one, two = getattr(net, name), getattr(other, name)
        assert (one is None) == (two is None)
        if one is not None:
            assert (abs(one - two) <= 1e-12 * np.maximum(1, abs(two))).all()
    for block in "WKV":
        if net.weights(block) is not None:
            ratio = getattr(net, f"lambda_{block}") / getattr(other, f"lambda_{block}")
            assert abs(ratio - 1).max() < 1e-12


@pytest.mark.parametrize(("b", "Nd"), [(True, 3), (False, 2), (True, 0), (False, 0)])
def test_models_come_back_with_counts_priors_and_names(random_model, b, Nd):
    names = {"states": ("left", "right"), "observations": ("p", "q", "r")}
    model = random_model(61, Nd=Nd, transitions=b, expectation="ratio", initial=[[0.4, 3.0], [0.2, 1.0]], **names)
    back = to_model(to_network(model, tau=7.0, hold=20.0))
    assert (back.states, back.observations, back.expectation) == (model.states, model.observations, "ratio")
    for name in ("a", "b", "c", "D", "E", "initial"):
        one, two = getattr(back, name), getattr(model, name)
        assert (one is None) == (two is None)
        assert one is None or abs(one / two - 1).max() < 1e-12


def test_a_network_at_rest_infers_what_its_model_does(random_model):
    model = random_model(62, 4, 3, 2, expectation="ratio", initial=[[0.4, 3.0, 1.0], [0.2, 1.0, 0.1]])
    o = np.random.default_rng(63).integers(0, 2, (30, 4)).astype(float)
    out, posterior = activity(to_network(model), o), infer(model, o)
    # Some 30 logarithms below 10 a step; weights B below 4 carry an error of x on by less than 1 x x (1 - x) x 4.
    assert abs(out.x.values - posterior.s.values).max() < 1e-12
    assert abs(out.y.values - posterior.q_d.values).max() < 1e-12


def test_digamma_has_no_network(random_model):
    with pytest.raises(ParameterError, match=r"'digamma' has no canonical network.*replace\(expectation='ratio'\)"):
        to_network(random_model(64))


def test_frozen_thresholds_have_no_model_until_absorbed(random_network):
    net = random_network(65).freeze()
    to_model(net)  # frozen where they are anyway
    moved = net.replace(W1=net.W1 + 0.1)
    with pytest.raises(ParameterError, match=r"W_h, which differs from W by up to 0.1: .*net.absorb\(\)"):
        to_model(moved)
    model = to_model(moved.absorb())
    shift = np.logaddexp(0, moved.W1).sum(1) - np.logaddexp(0, net.W1).sum(1)
    assert abs(np.log(model.D[0]) - net.phi1 - shift).max() < 1e-12


def test_weights_beyond_counts_are_refused():
    for name, fields in (
        ("W1", {"W1": [[800.0]]}), ("W0", {"W0": [[-800.0]]}), ("phi1", {"phi1": 800.0}), ("phi0", {"phi0": -800.0}),
        ("psi0", {"psi1": [0.0], "psi0": [800.0]}),
    ):  # fmt: skip
        with pytest.raises(ParameterError, match=rf"^{name}\[0.* = -?800 .* give -700 \.\. 700"):
            to_model(CanonicalNetwork(**{"W1": [[0.0]], "W0": [[0.0]]} | fields))


@pytest.fixture(scope="module")
def own(random_network):
    net = random_network(66)
    rng = np.random.default_rng(67)
    x, y = rng.uniform(0, 1, (7, net.n_hidden)), rng.uniform(0, 1, (7, net.n_outputs))
    return net, x, y, rng.uniform(0, 1, (6, net.n_inputs)), np.array([0.0, 0.2, 0.5, 0.6, 0.9, 1.0])


def failing(table):
    return {row.term for row in table if not row.holds}


def test_a_canonical_network_passes_with_a_table(own):
    table = check_equivalence(*own)
    assert table.holds
    assert table.reason == ""
    assert [row.term for row in table[:6]] == [*TERMS, "total"]
    assert {row.term for row in table[6:]} == {
        "threshold W", "threshold K", "threshold V", "activity x", "activity y", "W1", "W0", "K1", "K0", "V1", "V0",
    }  # fmt: skip
    assert "likelihood" in str(table)
    assert table.to_dataset().holds.all()
    assert check_equivalence(to_model(own[0]), *own[1:]).holds
    assert table[:6].holds
    assert len(str(table[:2]).splitlines()) == 4


@pytest.mark.parametrize("seed", range(8))
def test_strong_synapses_pass(random_network, seed):
    """Weights of sd 60: logs of a / (a + b) near 1 carry the rounding of 1, however small they are themselves."""
    rng = np.random.default_rng(seed)
    net = random_network(seed, 1, 1, 1)
    strong = {name: rng.normal(0, 60, (1, 1)) for name in ("W1", "W0", "K1", "K0", "V1", "V0")}
    net = net.replace(**strong)
    certain = np.array(list(itertools.product((0.0, 1.0), repeat=4)))  # all of what was, is, is emitted and seen
    for x_before, x, y, o in certain:
        table = check_equivalence(net, [[x_before], [x]], [[0.5], [y]], [[o]], 0.3)
        assert table.holds, table.reason


def test_weights_near_1_pass_though_their_logs_vanish(own):
    net, *rest = own
    phi = np.array([1e-3, 1e-7, 1e-12])
    assert check_equivalence(net.replace(phi1=phi, phi0=-phi, psi1=phi[:2], psi0=0.0), *rest).holds


def test_emitted_decisions_pass_too(own):
    net, x, _, o, Gamma = own
    table = check_equivalence(net, x, np.eye(net.n_outputs)[[0, 1, 0, 0, 1, 1, 0]], o, Gamma)
    assert table.holds
    assert "activity y" not in {row.term for row in table}


def plain_hebb(net, x, y, o, Gamma):
    """Without homeostasis in W1."""
    return hebbian_gradient(net, x, y, o, Gamma) | {"W1": x[1:].T @ o}


def modulated_priors(net, x, y, o, Gamma):
    """A cost whose modulator multiplies psi as well."""
    terms = neural_cost(net, x, y, o, Gamma).terms
    cost = {term: terms.sel(term=term).values for term in TERMS}
    psi = sum((f[1:] * p).sum(1) for f, p in zip((y, 1 - y), net.psi, strict=True))
    return cost | {"decision": cost["decision"] + 2 * Gamma * psi}


def linear_leak(net):
    """x with another transfer function: a leak of x in place of logit(x)."""

    def rates(x, x_before, o):
        drive = (net.W1 - net.W0) @ o + (net.K1 - net.K0) @ x_before + net.h[0] - net.h[1]
        return -(4 * x - 2) + drive

    return rates


@pytest.mark.parametrize(
    ("part", "terms", "hint"),
    [
        (lambda net: {"rule": plain_hebb}, {"W1"}, "less homeostatic sums"),
        (lambda net: {"cost": modulated_priors}, {"decision", "total"}, "not psi = ln E"),
        (lambda net: {"activity": linear_leak(net)}, {"activity x"}, "must descend the cost"),
    ],
)
def test_a_network_that_is_not_canonical_fails_by_name(own, part, terms, hint):
    table = check_equivalence(*own, **part(own[0]))
    assert failing(table) == terms
    assert not table.holds
    assert hint in table.reason
    assert "NO" in str(table)


def test_frozen_thresholds_fail_by_name(own):
    net, *rest = own
    table = check_equivalence(net.freeze().replace(K1=net.K1 + 0.1), *rest)
    assert {"transition", "total", "threshold K"} <= failing(table)
    assert not {"likelihood", "prior", "decision", "entropy", "threshold W", "threshold V"} & failing(table)
    assert "net.thaw()" in table.reason


def test_a_network_and_the_model_of_another_differ_where_they_do(own):
    net, *rest = own
    other = to_model(net.replace(phi1=net.phi1 + 1e-9))
    assert failing(check_equivalence(net, *rest, model=other)) == {"prior", "total"}
    digamma = to_model(net).replace(expectation="digamma")
    assert {"likelihood", "transition", "decision"} <= failing(check_equivalence(net, *rest, model=digamma))


def test_bad_functions_of_ones_own_are_refused(own):
    with pytest.raises(ParameterError, match="cost gives no term 'likelihood'"):
        check_equivalence(*own, cost=lambda *_: {"likelyhood": 0})
    with pytest.raises(ParameterError, match="rule gives no change of W1"):
        check_equivalence(*own, rule=lambda *_: {})
    with pytest.raises(ParameterError, match=r"cost gives likelihood of shape \(1,\) and must give \(6,\)"):
        check_equivalence(*own, cost=lambda *_: dict.fromkeys(TERMS, np.zeros(1)))
    with pytest.raises(ParameterError, match=r"activity gives \(2,\) rates and must give \(3,\)"):
        check_equivalence(*own, activity=lambda *_: np.zeros(2))


def test_the_correspondence_prints_both_sides():
    model = GenerativeModel.from_probabilities(
        A1=[[0.9], [0.7]], A0=[[0.2], [0.1]], C1=[[0.6, 0.6]], C0=[[0.5, 0.5]], E=[0.75, 0.25], total=50,
        expectation="ratio",
    )  # fmt: skip
    table = correspondence(model)
    rows = {row.network: row for row in table}
    assert rows["sig W1"].network_values == rows["sig W1"].model_values == "0.7 ... 0.9"
    assert rows["sig V0"].model_values == "0.5"
    assert rows["psi1"].network_values == f"{np.log(0.25):.4g} ... {np.log(0.75):.4g}"
    assert rows["lambda_W, insensitivity"].network_values == "50"
    assert "sig K1" not in rows
    assert all(row.network_values == row.model_values for row in table if row.network.startswith(("sig", "psi", "lam")))
    assert len(str(table).splitlines()) == len(table) + 2
    assert correspondence(to_network(model)) == table
    assert table.to_dataset().network_values.attrs["units"] == "1"
    assert not hasattr(table, "holds")


@pytest.mark.parametrize("place", [(0, 0), (-1, -1)])
def test_a_rule_that_is_off_by_a_little_anywhere_fails(random_network, place):
    net = random_network(66)
    rng = np.random.default_rng(67)
    x, y = rng.uniform(0, 1, (7, net.n_hidden)), rng.uniform(0, 1, (7, net.n_outputs))

    def off(*arguments):
        rule = hebbian_gradient(*arguments)
        rule["W0"][place] += 1e-8
        return rule

    table = check_equivalence(net, x, y, rng.uniform(0, 1, (6, net.n_inputs)), 0.2, rule=off)
    assert [row.term for row in table if not row.holds] == ["W0"]


def test_a_threshold_near_0_has_no_more_than_its_rounding():
    """phi1 = -1e-9, the log of a number near 1, of which 1e-16 is rounded: 5e-15 nats too much are not."""
    net = CanonicalNetwork(W1=[[1.0]], W0=[[-1.0]], phi1=-1e-9, phi0=float(np.log(1e-9)))
    given = (np.ones((2, 1)), None, np.ones((1, 1)))

    def cost(*own):
        terms = neural_cost(*own).terms
        return {name: terms.sel(term=name).values + 5e-15 * (name == "prior") for name in TERMS}

    assert check_equivalence(net, *given).holds
    assert check_equivalence(net, *given, cost=cost).reason.startswith(
        "prior: differs by 5.03e-15 at step 1, where rounding allows 1e-15"
    )
