"""Displaced priors do what the equations say, and counter-shifts undo it."""

from math import comb

import numpy as np
import pytest
from scipy.special import expit, logit

from synfer.core.errors import NumericalError, ParameterError
from synfer.inference.aberrant import (
    CuedChoice,
    condition,
    counter_shift,
    displace_decisions,
    displace_states,
    draw_percepts,
    percept_rate,
    rescue,
)
from synfer.inference.beliefs import infer, sampling_law
from synfer.inference.equivalence import to_model, to_network
from synfer.inference.model import GenerativeModel
from synfer.inference.network import CanonicalNetwork, Neuromodulator, activity
from synfer.inference.tasks import check_task


def model(n=2, inputs=5, p=0.7, D=0.3, **others):
    A1 = np.full((inputs, n), p)
    return GenerativeModel.from_probabilities(
        A1=A1, A0=1 - A1, D=np.full(n, D), total=40, expectation="ratio", **others
    )


def chooser(**others):
    half = np.full((2, 2), 0.5)
    return GenerativeModel.from_probabilities(
        A1=[[0.9, 0.5], [0.5, 0.9]], A0=[[0.1, 0.5], [0.5, 0.1]], C1=half, C0=half, E=[0.5, 0.5], total=10,
        expectation="ratio", **others,
    )  # fmt: skip


# Displacement


def test_a_displacement_moves_the_log_odds_and_keeps_the_weight():
    own = model().replace(D=[[0.2, 3.0], [0.05, 1.0]])
    moved = displace_states(own, [1.3, -2.1])
    # A few roundings of exp and log.
    assert np.log(moved.D[0] / moved.D[1]) == pytest.approx(
        np.log(own.D[0] / own.D[1]) + np.array([1.3, -2.1]), abs=1e-14
    )
    assert moved.D.sum(0) == pytest.approx(own.D.sum(0), rel=1e-15)
    assert np.array_equal(moved.a, own.a)


@pytest.mark.parametrize("E", [[0.2, 0.5, 0.3], [[0.2, 0.7, 0.4], [0.3, 0.1, 0.4]]])
def test_a_network_is_displaced_as_its_model_is(E):
    own = model(C1=np.full((2, 3), 0.6), C0=np.full((2, 3), 0.4), E=E)
    for displace, shift in ((displace_states, [0.7, -31.0]), (displace_decisions, [0.4, 0.0, -1.9])):
        net, back = displace(to_network(own), shift), displace(own, shift)
        found = to_model(net)
        np.testing.assert_allclose(found.D, back.D, rtol=1e-12)
        np.testing.assert_allclose(found.E, back.E, rtol=1e-12)


def test_exclusive_decisions_move_in_their_odds_to_one_another():
    own = model(C1=np.full((2, 3), 0.6), C0=np.full((2, 3), 0.4), E=[0.2, 0.5, 0.3])
    moved = displace_decisions(own, 1.1, which="d2").E[0]
    assert moved.sum() == pytest.approx(1, abs=1e-15)
    assert moved[1] / moved[0] == pytest.approx(2.5, rel=1e-14)
    assert moved[2] / moved[0] == pytest.approx(1.5 * np.exp(1.1), rel=1e-14)


def test_a_displacement_and_its_opposite_are_nothing():
    net = to_network(model())
    back = displace_states(displace_states(net, 2.5, "s1"), -2.5, 1)
    assert back.phi == pytest.approx(net.phi, abs=1e-14)


# Percepts


@pytest.mark.parametrize("rule", ["sample", "threshold"])
def test_percept_rates_are_binomial_sums(rule):
    """The number of active inputs is binomial; written here by hand, for a displaced prior."""
    p, D, d, n, q = 0.8, 0.35, 0.9, 7, 0.45
    found = percept_rate(displace_states(model(1, n, p, D), d), q, rule=rule).percept_rate.item()
    total = 0.0
    for k in range(n + 1):
        z = (2 * k - n) * logit(p) + logit(D) + d
        total += comb(n, k) * q**k * (1 - q) ** (n - k) * (expit(z) if rule == "sample" else float(z > 0))
    # 2^7 products of 7 factors.
    assert found == pytest.approx(total, abs=1e-13)


def test_without_evidence_percepts_come_at_the_prior():
    own = displace_states(model(1, 6, 0.5, 0.2), 1.7)
    assert percept_rate(own, 0.9).percept_rate.item() == pytest.approx(expit(logit(0.2) + 1.7), abs=1e-14)


def test_a_network_hallucinates_as_often_as_enumeration_says():
    rng, d, steps = np.random.default_rng(7), np.array([-1.5, 2.0]), 4000
    own = displace_states(model(inputs=4), d)
    x = activity(to_network(own), rng.integers(0, 2, (steps, 4)).astype(float)).x.values[1:]
    law = percept_rate(own, 0.5).percept_rate.values
    rate = draw_percepts(x, seed=3).mean(0)
    # Two rates of independent percepts, in standard errors; chance of a miss 1e-4.
    assert (abs(rate - law) < 4 * np.sqrt(law * (1 - law) / steps)).all()


def test_the_digamma_model_is_enumerated_with_its_own_logs():
    own = model(1, 3).replace(expectation="digamma")
    patterns = np.array([[i >> k & 1 for k in range(3)] for i in range(8)], float)
    assert percept_rate(own, 0.5).percept_rate.item() == pytest.approx(
        infer(own, patterns).s.values[1:].mean(), abs=1e-14
    )


# Rescue


def test_the_counter_shift_undoes_an_unknown_displacement():
    u = np.random.default_rng(0).normal(-1, 2, 500)
    # The mean is a sum of 500 numbers; the root is found to 1e-10.
    assert counter_shift(u + 2.3, expit(u).mean()) == pytest.approx(-2.3, abs=1e-9)


@pytest.mark.parametrize("u", [[800.0, 900.0], [-800.0]])
def test_potentials_far_away_are_brought_back(u):
    r = counter_shift(u, 0.25)
    assert expit(np.array(u) + r).mean() == pytest.approx(0.25, abs=1e-9)


def test_recorded_potentials_overcorrect_recurrent_neurons():
    rng = np.random.default_rng(1)
    B1 = np.array([[0.9, 0.5], [0.5, 0.9]])
    healthy = to_network(model(B1=B1, B0=1 - B1))
    o = rng.integers(0, 2, (400, 5)).astype(float)
    rate = float(activity(healthy, o).x.values[1:, 1].mean())
    sick = displace_states(healthy, 1.0, 1)
    cured, shift = rescue(sick, o, rate, which="s1")
    # With the same inputs the healthy network is the root.
    assert shift == pytest.approx(-1, abs=1e-5)
    assert activity(cured, o).x.values[1:, 1].mean() == pytest.approx(rate, abs=1e-6)
    assert counter_shift(activity(sick, o).u.values[1:, 1], rate) < -1.05


def test_the_rescue_of_frozen_thresholds_is_what_absorbing_them_says():
    net = to_network(model(1)).freeze().replace(W1=np.full((1, 5), 1.5), W0=np.full((1, 5), -1.5))
    known = net.absorb().phi - net.thaw().phi
    o = np.random.default_rng(2).integers(0, 2, (300, 5)).astype(float)
    rate = float(activity(net.thaw(), o).x.values[1:].mean())
    assert rescue(net, o, rate)[1] == pytest.approx(known[1, 0] - known[0, 0], abs=1e-8)


# Behaviour


@pytest.mark.parametrize("reversed_", [False, True])
def test_the_choice_task_is_a_task(reversed_):
    task = CuedChoice(length=6, reversed=reversed_)
    check_task(task, key=4)
    state = task.step(task.init(4), 0)
    assert task.outcome(state, state) == 0.5
    while not task.done(state):
        cue = int(state.cues[state.step - 1])
        after = task.step(state, cue)
        assert task.outcome(state, after) == float(reversed_)
        state = after
    assert state.step == 7


def test_before_learning_responses_follow_the_sampling_law_of_E():
    own = displace_decisions(chooser(), [0.0, 0.8])
    taken = np.concatenate([
        condition(own, [CuedChoice(length=40)], seed=seed)[1].d.values.ravel() for seed in range(30)
    ])  # fmt: skip
    p = sampling_law(log_odds=np.log(own.E[0] / own.E[1]))[1]
    assert p == pytest.approx(expit(1.6), abs=1e-6)  # the odds count twice, up to the ceiling of 1e-6
    assert abs(taken.mean() - p) < 4 * np.sqrt(p * (1 - p) / taken.size)


def right(seed, delay, lag, signal=None):
    modulator = Neuromodulator.delayed(delay + lag)
    _, run = condition(chooser(), [CuedChoice()] * 6, seed=seed, delay=delay, modulator=modulator, signal=signal)
    return float(1 - run.outcome.values[-1, 1:].mean())


def test_only_a_modulator_in_time_teaches():
    timed, late, absent = (
        np.array([right(seed, 2, lag, signal) for seed in range(6)])
        for lag, signal in ((0, None), (1, None), (0, lambda G: np.full(G.shape, 0.5)))
    )
    assert timed.min() > 0.8
    # 120 responses at chance: sd .046; mistimed agents may drift off, but not all the same way.
    assert abs(absent.mean() - 0.5) < 4 * 0.046
    assert late.mean() < timed.mean() - 0.2


def test_learning_counts_what_credit_says():
    """The outcome of a response, released two steps later, meets its own trace: written out for one session."""
    own = chooser()
    learned, run = condition(own, CuedChoice(length=8), seed=5, delay=2)
    taken, outcome = run.d.values[0], run.outcome.values[0]
    # Outcomes of the last two responses are never released, and what is neutral teaches nothing.
    weight = np.where(np.arange(9) < 7, 1 - 2 * outcome, 0.0)
    taught = [weight[taken == k].sum() for k in range(2)]
    # Both values of a state before share what is counted: their sum is that of the responses alone.
    grown = (learned.c - own.c).sum(0)[:, 0, :]
    assert abs(weight).sum() > 2
    assert grown == pytest.approx(np.tile(taught, (2, 1)), abs=1e-9)


def test_the_same_seed_gives_the_same_sessions():
    one, two = (condition(chooser(), [CuedChoice()] * 2, seed=11)[1] for _ in range(2))
    assert one.identical(two)


def test_sessions_say_what_they_come_from():
    _, run = condition(chooser(), [CuedChoice()] * 2, seed=11)
    assert (run.verb, run.model, run.task) == ("condition", chooser().digest(), [repr(CuedChoice())] * 2)
    assert run.session.values.tolist() == [0, 1]
    rate = percept_rate(model(), 0.5)
    assert (rate.verb, rate.model) == ("percept_rate", model().digest())
    for ds in (run, rate):
        assert [name for name, variable in ds.variables.items() if not variable.attrs.get("units")] == []


# Refusals


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: displace_states(model(), np.nan), "finite"),
        (lambda: displace_states(model(), [1.0, 2.0, 3.0]), r"shape \(3,\)"),
        (lambda: displace_states(model(), 1.0, "s7"), "known: s0, s1"),
        (lambda: displace_states(model(), 1.0, 2), r"state = 2 must be a whole number in 0 \.\. 1"),
        (lambda: displace_states(model(), 1.0, 1.5), "which = 1.5 must be numbers or names of a state"),
        (lambda: displace_states(model(), 1.0, ["s0", 0]), "names a state twice"),
        (lambda: displace_states(model(), "a"), "shift must be an array of real numbers"),
        (lambda: displace_states("net", 1.0), "agent = 'net' must be of kind GenerativeModel; or a CanonicalNetwork"),
        (lambda: displace_decisions(3, 1.0), "agent = 3 must be of kind GenerativeModel"),
        (lambda: displace_decisions(model(), 1.0), "no decisions"),
        (lambda: displace_decisions(to_network(model()), 1.0), "no outputs"),
        (lambda: percept_rate(model(B1=np.full((2, 2), 0.6), B0=np.full((2, 2), 0.4)), 0.5), "b=None"),
        (lambda: percept_rate(model(inputs=21), 0.5), "at most 20"),
        (lambda: percept_rate(model(), 1.5), r"in \[0, 1\]"),
        (lambda: percept_rate(model(), "a"), "p must be an array of real numbers"),
        (lambda: percept_rate(to_network(model()), 0.5), "model = .* must be of kind GenerativeModel"),
        (lambda: draw_percepts("a", seed=0), "s must be an array of real numbers"),
        (lambda: draw_percepts([0.1, np.nan], seed=0), r"s\[1\] = nan must be in"),
        (lambda: draw_percepts([0.1], seed=-1), "seed = -1 must be"),
        (lambda: counter_shift([], 0.5), r"u has shape \(0,\)"),
        (lambda: counter_shift("a", 0.5), "u must be an array of real numbers"),
        (lambda: rescue(model(), np.zeros((3, 5)), 0.5), "net = .* must be of kind CanonicalNetwork"),
        (lambda: rescue(to_network(model()), np.zeros((3, 5)), "a"), r"rate = 'a' must be in \(0, 1\)"),
        (lambda: condition("model", CuedChoice(), seed=1), "model = 'model' must be of kind GenerativeModel"),
        (lambda: condition(chooser(), CuedChoice, seed=1), "CuedChoice is a class"),
        (lambda: condition(chooser(), CuedChoice(), seed="a"), "seed = 'a' must be"),
        (lambda: condition(chooser(), CuedChoice(), T=0, seed=1), "T = 0 must be a whole number >= 1"),
        (lambda: condition(chooser(), CuedChoice(), modulator=2, seed=1), "modulator = 2 must be of kind Neuromod"),
        (lambda: condition(chooser(), CuedChoice(), signal=2, seed=1), "signal = 2 must be a function"),
        (lambda: condition(chooser(), CuedChoice(), signal=str, seed=1), "signal must be an array of real numbers"),
        (lambda: CuedChoice().step(CuedChoice().init(1), 2), r"action = 2 must be a whole number in 0 \.\. 1"),
        (lambda: percept_rate(model(), 0.5, rule="treshold"), "did you mean"),
        (lambda: draw_percepts([1.2], seed=0), r"in \[0, 1\]"),
        (lambda: counter_shift([0.0, np.nan], 0.5), "finite"),
        (lambda: counter_shift([0.0], 1.0), r"in \(0, 1\)"),
        (lambda: rescue(to_network(model()), np.zeros((3, 5)), 0.5, which=[0, 1]), "one hidden neuron"),
        (lambda: condition(chooser(), [], seed=1), "task is empty"),
        (lambda: condition(chooser(), [CuedChoice()], seed=1, delay=-1), "whole number"),
        (lambda: condition(model(), [CuedChoice()], seed=1), "no decisions"),
        (lambda: condition(chooser(), [CuedChoice()], seed=1, signal=lambda G: G[:2]), r"shape \(2,\)"),
        (lambda: condition(chooser(), [CuedChoice()], seed=1, signal=lambda G: 3 * G), r"\[0, 1\]"),
    ],
)
def test_bad_input_is_refused(call, words):
    with pytest.raises(ParameterError, match=words):
        call()


def test_synapses_that_outweigh_any_threshold_are_named():
    net = CanonicalNetwork(W1=[[0.0]], W0=[[0.0]], K1=[[300.0]], K0=[[-300.0]], initial=[0.999])
    with pytest.raises(NumericalError, match="outweigh"):
        rescue(net, np.zeros((4, 1)), 0.3)


def test_condition_keeps_counts_at_the_floor():
    half = np.full((2, 2), 0.5)
    own = GenerativeModel.from_probabilities(
        A1=[[0.9, 0.5], [0.5, 0.9]],
        A0=[[0.1, 0.5], [0.5, 0.1]],
        C1=half,
        C0=half,
        E=[0.5, 0.5],
        total=4,
        expectation="ratio",
    )
    learned, _ = condition(own, [CuedChoice()] * 2, seed=1, signal=np.ones_like)
    assert learned.c.min() == 1.0


def test_a_belief_of_one_half_is_no_percept():
    assert draw_percepts([0.5, np.nextafter(0.5, 1)], rule="threshold", seed=0).tolist() == [0, 1]


def test_far_displacements_of_recurrent_neurons_are_brought_back():
    B1 = np.array([[0.6, 0.5], [0.5, 0.6]])
    A1 = np.full((5, 2), 0.7)
    healthy = to_network(
        GenerativeModel.from_probabilities(
            A1=A1, A0=1 - A1, B1=B1, B0=1 - B1, D=[0.3, 0.3], total=40, expectation="ratio"
        )
    )
    o = np.random.default_rng(1).integers(0, 2, (100, 5)).astype(float)
    rate = float(activity(healthy, o).x.values[1:, 1].mean())
    assert rescue(displace_states(healthy, 12.0, 1), o, rate, which=1)[1] == pytest.approx(-12, abs=1e-4)
