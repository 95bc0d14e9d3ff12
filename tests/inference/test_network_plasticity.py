"""Plasticity: descent of a cost written out in 50 digits, counts, traces, modulators, schedules."""

import mpmath
import numpy as np
import pytest
from scipy.special import expit

from synfer.core.errors import ParameterError
from synfer.inference.beliefs import learn_online, update_counts
from synfer.inference.equivalence import to_model
from synfer.inference.network import (
    CanonicalNetwork,
    EligibilityTrace,
    Neuromodulator,
    activity,
    adapt,
    hebbian_gradient,
    neural_cost,
    plasticity,
)

ONLY_COUNTS = ("a", "b", "c")


def trajectory(net, steps, seed, decisions=False):
    rng = np.random.default_rng(seed)
    x, o = rng.uniform(0, 1, (steps + 1, net.n_hidden)), rng.integers(0, 2, (steps, net.n_inputs)).astype(float)
    y = rng.uniform(0, 1, (steps + 1, net.n_outputs))
    if decisions and net.n_outputs:
        y = np.eye(net.n_outputs)[rng.integers(0, net.n_outputs, steps + 1)]
    return x, y, o


def relative(new, reference):
    return max(abs(getattr(new, k) / getattr(reference, k) - 1).max() for k in ONLY_COUNTS)


def literal(net, x, y, o, Gamma):
    """L by the equation of the paper, one number at a time, in the precision of mpmath."""
    one, ln, exp = mpmath.mpf(1), mpmath.log, mpmath.exp

    def below(w):
        return ln(1 - 1 / (1 + exp(-w)))

    L = mpmath.mpf(0)
    for t in range(1, len(x)):
        for pathway in "10":
            W, K, V = (net.get(block + pathway) for block in "WKV")
            fires = [one * v if pathway == "1" else one - v for v in x[t]]
            emits = [one * v if pathway == "1" else one - v for v in y[t]]
            for j, f in enumerate(fires):
                drive = sum(w * v + below(w) for w, v in zip(W[j], o[t - 1], strict=True)) + net["phi" + pathway][j]
                if K:
                    drive += sum(w * v + below(w) for w, v in zip(K[j], x[t - 1], strict=True))
                L += f * (ln(f) - drive)
            for k, f in enumerate(emits):
                drive = net["psi" + pathway][k]
                if V:
                    drive += (1 - 2 * one * Gamma[t - 1]) * sum(
                        w * v + below(w) for w, v in zip(V[k], x[t - 1], strict=True)
                    )
                L += f * (ln(f) - drive)
    return L


@pytest.mark.parametrize(("Nx", "Ny", "K", "V"), [(2, 2, True, True), (1, 1, False, True), (2, 0, True, False)])
def test_plasticity_descends_the_cost(random_network, Nx, Ny, K, V):
    """dL / dw by a difference over 1e-20 in 60 digits, of every synapse."""
    net = random_network(31 + Nx, 3, Nx, Ny, K=K, V=V)
    x, y, o = trajectory(net, 3, 32)
    Gamma = np.array([0.1, 0.9, 0.4])
    names = [block + v for block, there in (("W", True), ("K", K), ("V", V)) for v in "10" if there]
    rule = hebbian_gradient(net, x, y, o, Gamma)
    assert sorted(rule) == sorted(names)
    with mpmath.workdps(60):
        mp = {k: getattr(net, k).tolist() for k in [*names, "phi1", "phi0", *(["psi1", "psi0"] if Ny else [])]}
        mp = {
            k: mpmath.matrix(v).tolist() if isinstance(v[0], list) else [mpmath.mpf(w) for w in v]
            for k, v in mp.items()
        }
        step = mpmath.mpf("1e-20")
        rows = x.tolist(), y.tolist(), o.tolist(), Gamma.tolist()
        assert float(literal(mp, *rows)) == pytest.approx(
            float(neural_cost(net, x, y, o, Gamma).neural_cost.sum()), rel=1e-13
        )
        for name in names:
            for j, row in enumerate(mp[name]):
                for i, w in enumerate(row):
                    row[i] = w + step
                    up = literal(mp, *rows)
                    row[i] = w - step
                    slope = (up - literal(mp, *rows)) / (2 * step)
                    row[i] = w
                    assert float(-slope) == pytest.approx(rule[name][j, i], abs=1e-11 * 3)  # three steps, each <= 1


def test_the_cost_is_flat_at_the_ratio_of_counts(random_network):
    net = random_network(33)
    x, y, o = trajectory(net, 40, 34)
    learned = plasticity(net.replace(lambda_W=1e-9, lambda_K=1e-9, lambda_V=1e-9), x, y, o)
    for change in hebbian_gradient(learned, x, y, o).values():
        assert abs(change).max() < 1e-8  # what is left of lambda = 1e-9, of 40 counts


def test_gradient_flow_comes_to_rest_where_counts_are(random_network):
    net = random_network(35)
    x, y, o = trajectory(net, 30, 36)
    Gamma = np.linspace(0, 0.4, 30)
    counts = plasticity(net, x, y, o, Gamma)
    flow = plasticity(net, x, y, o, Gamma, rule="gradient", rate=0.09, steps=10_000)
    slopes = [one * zero / (one + zero) for one, zero in (counts.counts(block) for block in "WKV")]
    assert 0.09 * 10_000 * min(slope.min() for slope in slopes) > 25  # e-foldings: e^-25 x 9 < 1e-9
    for name in ("W1", "W0", "K1", "K0", "V1", "V0"):
        assert abs(expit(getattr(flow, name)) - expit(getattr(counts, name))).max() < 1e-9
    once = plasticity(net, x, y, o, Gamma, rule="gradient", rate=1e-3)
    for name, change in hebbian_gradient(net, x, y, o, Gamma).items():
        # Of 80 counts, each rounded, times the rate.
        assert abs((getattr(once, name) - getattr(net, name)) - 1e-3 * change).max() < 1e-14


def test_counts_are_those_of_beliefs(random_network):
    net = random_network(37, initial=np.array([[0.7, 0.2, 1.5], [0.4, 0.1, 0.3]]))
    x, d, o = trajectory(net, 50, 38, decisions=True)
    x[0] = net.initial[0]
    learned = to_model(plasticity(net, x, d, o, 0.2))
    assert relative(learned, update_counts(to_model(net), o, x, d, 0.2)) < 1e-12  # 50 sums, two logs and exps


def test_one_step_at_a_time_by_the_online_formula(random_network):
    """sig W <- sig W + (x o - x sig W) / (lambda + x), from step to step, is the batch of all."""
    net = random_network(39, Ny=0)
    x, _, o = trajectory(net, 25, 40)
    P, home = expit(net.W1), np.array(net.lambda_W[0])
    for t in range(25):
        fires = x[t + 1][:, None]
        P = P + (fires * o[t] - fires * P) / (home + fires)
        home = home + fires
    batch = plasticity(net, x, None, o)
    assert abs(expit(batch.W1) - P).max() < 1e-13
    assert abs(batch.lambda_W[0] - home).max() < 1e-12


@pytest.mark.parametrize("floor", [None, 1.0])
@pytest.mark.parametrize("steps", [1000, 950])
def test_traces_are_the_batch(random_network, floor, steps):
    """Release by release, floor included; and what the floor does written out."""
    net = random_network(41, lambda_V=400.0 if floor is None else 60.0)
    x, d, o = trajectory(net, steps, 42, decisions=True)
    window, risks = 200, np.array([0.45, 0.2, 1.0, 0.0, 0.55])
    Gamma = np.repeat(risks, window)[:steps]
    batch = plasticity(net, x, d, o, Gamma, window=window, floor=floor)
    own, trace, c, floored = net, EligibilityTrace.empty(net), np.stack(net.counts("V")), 0
    for t in range(steps):
        trace = trace.add(x[t], d[t + 1])
        if (t + 1) % window == 0 or t == steps - 1:
            for v, p, k, j in np.ndindex(c.shape):
                post = d[t - t % window + 1 : t + 2, k] if p == 0 else 1 - d[t - t % window + 1 : t + 2, k]
                pre = x[t - t % window : t + 1, j] if v == 0 else 1 - x[t - t % window : t + 1, j]
                c[v, p, k, j] += (1 - 2 * Gamma[t]) * (post @ pre)
                if floor is not None and c[v, p, k, j] < floor:
                    c[v, p, k, j], floored = floor, floored + 1
            own, trace = trace.release(own, Gamma[t], floor=floor)
    assert (floored > 0) == (floor is not None)
    assert abs(np.stack(batch.counts("V")) / c - 1).max() < 1e-10
    assert abs(np.stack(own.counts("V")) / c - 1).max() < 1e-10
    assert (
        abs(to_model(batch).c / update_counts(to_model(net), o, x, d, Gamma, window=window, floor=floor).c - 1).max()
        < 1e-10
    )


def test_unlearning_more_than_was_learned_is_refused(random_network):
    net = random_network(43, lambda_V=1.0)
    x, d, o = trajectory(net, 50, 44, decisions=True)
    with pytest.raises(ParameterError, match=r"V[10]\[\d, \d\] has seen -.* give floor=1.0, or a larger lambda_V"):
        plasticity(net, x, d, o, 1.0)


def test_a_gradient_that_nothing_would_stop_is_refused(random_network):
    """Where counts fall to 0 the weights have no rest: each step would move them as far as the last."""
    net = random_network(43, lambda_V=1.0)
    x, d, o = trajectory(net, 50, 44, decisions=True)
    with pytest.raises(ParameterError, match=r"V[10]\[\d, \d\] has seen -.* rule='counts' with floor=1.0"):
        plasticity(net, x, d, o, 1.0, rule="gradient", rate=1e-3, steps=2)
    once = plasticity(net, x, d, o, 1.0, rule="gradient", rate=1e-3)
    change = 1e-3 * hebbian_gradient(net, x, d, o, 1.0)["V1"]
    assert abs(once.V1 - net.V1 - change).max() < 1e-15  # of weights below 4


def test_weights_without_counts_are_named(random_network):
    net = random_network(43).replace(W1=np.where(np.eye(3, 4) > 0, 800.0, 1.0))
    x, d, o = trajectory(net, 5, 44)
    with pytest.raises(ParameterError, match=r"W1\[0, 0\] = 800 leaves no count of a silent input"):
        plasticity(net, x, d, np.ones_like(o))


def test_numbers_of_numpy_are_numbers(random_network):
    net = random_network(43)
    own = trajectory(net, 5, 44)
    flows = [plasticity(net, *own, rule="gradient", rate=rate).W1 for rate in (0.125, np.float32(0.125))]
    assert (flows[0] == flows[1]).all()


def test_thresholds_follow_weights_unless_frozen(random_network):
    net = random_network(45)
    x, y, o = trajectory(net, 20, 46)
    follows, stays = plasticity(net, x, y, o), plasticity(net.freeze(), x, y, o)
    assert (follows.W1 == stays.W1).all()
    assert (stays.h == net.h).all()
    parts = np.log(expit(-follows.W1)).sum(1) + np.log(expit(-follows.K1)).sum(1) + net.phi1
    assert abs(follows.h[0] - parts).max() < 1e-13


def test_phi_becomes_the_log_of_mean_activity(random_network):
    """phi1 = ln((d0 + sum x) / (2 d0 + T)), where the cost is flat under e^phi1 + e^phi0 = 1."""
    d0 = 3.0
    net = random_network(47, lambda_phi=2 * d0, phi1=np.log(0.5), phi0=np.log(0.5))
    x, y, o = trajectory(net, 20, 48)
    learned = plasticity(net, x, y, o)
    assert abs(learned.phi1 - np.log((d0 + x[1:].sum(0)) / (2 * d0 + 20))).max() < 1e-15
    again = plasticity(plasticity(net, x[:11], y[:11], o[:10]), x[10:], y[10:], o[10:])
    assert abs(again.phi1 - learned.phi1).max() < 1e-14
    mean = x[1:].mean(0)

    def prior(p):
        own = net.replace(lambda_phi=None, phi1=np.log(p), phi0=np.log(1 - p))
        return float(neural_cost(own, x, y, o).terms.sel(term="prior").sum())

    assert all(prior(mean) < prior(mean + shift) for shift in (-0.01, 0.01))


def test_a_modulator_is_late_and_credits_what_was(random_network):
    """sum (1 - 2 Gamma) e with the credit is sum (1 - 2 signal) of traces that the kernel keeps."""
    rng = np.random.default_rng(49)
    signal, e, kernel = rng.uniform(0, 1, 30), rng.uniform(0, 1, 30), np.array([0.1, 0.6, 0.3])
    modulator = Neuromodulator("serotonin", kernel=kernel, baseline=0.4)
    arrived, left = 0.0, 0.0
    for t in range(30):
        arrived += (1 - 2 * signal[t]) * sum(kernel[k] * e[t - k] for k in range(3) if t >= k)
        left += (1 - 2 * 0.4) * sum(kernel[k] * e[t] for k in range(3) if t + k >= 30)
    assert ((1 - 2 * modulator.credit(signal)) * e).sum() == pytest.approx(arrived + left, abs=1e-13)
    assert Neuromodulator.delayed(2).at_synapse([1, 0, 0, 0]).tolist() == [0.5, 0.5, 1, 0]
    assert Neuromodulator.delayed(2).credit([0, 0, 1, 0]).tolist() == [1, 0, 0.5, 0.5]
    assert Neuromodulator.decaying(3.0, 5).kernel.sum() == pytest.approx(1, abs=1e-15)


def test_without_a_kernel_a_modulator_is_not_late():
    signal = [0.25, 1.0, 0.0]
    assert Neuromodulator().at_synapse(signal).tolist() == Neuromodulator().credit(signal).tolist() == signal


@pytest.mark.parametrize("modulator", [None, Neuromodulator("dopamine", kernel=[0.2, 0.3, 0.5], baseline=0.3)])
def test_schedules_learn_the_same_of_decisions_where_beliefs_do_not_learn(random_network, modulator):
    """Nothing moves W and K, so that x is the same, and so is what V sees: after steps, trials or the session."""
    net = random_network(50, lambda_W=1e14, lambda_K=1e14, lambda_V=40.0)
    rng = np.random.default_rng(51)
    o = rng.integers(0, 2, (3, 8, 4)).astype(float)
    d = np.eye(2)[rng.integers(0, 2, (3, 8))]
    Gamma = rng.uniform(0, 0.6, (3, 8))
    results = [adapt(net, o, schedule=s, d=d, Gamma=Gamma, modulator=modulator) for s in ("step", "trial", "session")]
    (step, run), (trial, _), (session, _) = results
    assert run.x.shape == (3, 9, 3)
    assert run.trial.values.tolist() == [0, 1, 2]
    assert (run.attrs["verb"], run.attrs["network"], run.attrs["schedule"]) == ("adapt", net.digest(), "step")
    assert abs(step.V1 - session.V1).max() < 1e-11  # x moves by 24 counts of 1e14, times weights below 10
    assert abs(trial.V1 - session.V1).max() < 1e-11


def test_learning_at_every_step_is_that_of_beliefs(random_network):
    net = random_network(52)
    o = np.random.default_rng(53).integers(0, 2, (40, 4)).astype(float)
    Gamma = np.random.default_rng(54).uniform(0, 0.5, 40)
    learned, run = adapt(net, o, schedule="step", Gamma=Gamma)
    reference = learn_online(to_model(net), o, Gamma=Gamma, every=1)
    # 40 updates, each two logarithms and exponentials of counts, carried on by weights below 10.
    assert abs(run.x.values[0] - reference.s.values).max() < 1e-11
    assert abs(run.y.values[0] - reference.q_d.values).max() < 1e-11
    model = to_model(learned)
    assert max(abs(getattr(model, k) / reference[k].values - 1).max() for k in ONLY_COUNTS) < 1e-10


def test_a_trial_is_activity_and_then_plasticity(random_network):
    net = random_network(55, lambda_phi=4.0, normalised=True)
    o = np.random.default_rng(56).integers(0, 2, (2, 9, 4)).astype(float)
    learned, run = adapt(net, o)
    own = net
    for k in range(2):
        out = activity(own, o[k])
        cost = neural_cost(own, out.x, out.y, o[k])
        assert float(run.neural_cost[k]) == pytest.approx(float(cost.neural_cost.sum()), rel=1e-13)
        own = plasticity(own, out.x, out.y, o[k])
    assert learned == own


def added(net, x_before, y):
    return EligibilityTrace.empty(net).add(x_before, y)


@pytest.mark.parametrize("excess", [0.99, 1.01])
def test_a_gradient_goes_as_fast_as_it_may_and_no_faster(excess):
    """Slope home / 4 at W = 0, where half of the counts are active: Euler steps of rate 8 / home still come to rest."""
    net = CanonicalNetwork(W1=[[0.1]], W0=[[0.1]], lambda_W=1.0)
    x, o = [[0.5], [1.0], [1.0]], [[1.0], [0.0]]
    rate = excess * 8 / 3  # the pathway up has seen lambda = 1, and fires twice
    if excess > 1:
        with pytest.raises(ParameterError, match=r"overshoots in W, where the counts come to 3; give rate <= 2.67"):
            plasticity(net, x, None, o, rule="gradient", rate=rate, steps=2)
        return
    rest = plasticity(net, x, None, o).W1
    assert abs(plasticity(net, x, None, o, rule="gradient", rate=rate, steps=3000).W1 - rest).max() < 1e-9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net, x, y, o: plasticity(net, x, y, o, rule="count"), "did you mean counts"),
        (lambda net, x, y, o: plasticity(net, x, y, o, rule="gradient"), "rate = None must be a number > 0"),
        (lambda net, x, y, o: plasticity(net, x, y, o, rate=1.0), "rate and steps belong to rule='gradient'"),
        (
            lambda net, x, y, o: plasticity(net, x, y, o, rule="gradient", rate=9.0, steps=2),
            "overshoots in W.* give rate <=",
        ),
        (lambda net, x, y, o: plasticity(net, x, y, o, rule="gradient", rate=1.0, steps=0), "steps = 0 must be"),
        (
            lambda net, x, y, o: plasticity(net, x, y, o, rule="gradient", rate=1.0, floor=1.0),
            "belong to rule='counts'",
        ),
        (lambda net, x, y, o: plasticity(net, x, y, o, window=0), "window = 0 must be a whole number"),
        (lambda net, x, y, o: plasticity(net, x, y, o, floor=-1.0), "floor = -1.0 must be a number > 0"),
        (lambda net, x, y, o: adapt(net, o, schedule="steps"), "did you mean step"),
        (lambda net, x, y, o: adapt(net, o, schedule="step", window=3), "window needs the schedule"),
        (lambda net, x, y, o: adapt(net, o[0]), r"o has shape \(4,\) and must be \(trials, T, No\)"),
        (lambda net, x, y, o: adapt(net, o, Gamma=[0.1]), r"Gamma has shape \(1,\) and must be \(\), \(5,\)"),
        (lambda net, x, y, o: adapt(net, o, d=y), r"d has shape \(1, 6, 2\) and must be \(1, 5, 2\)"),
        (lambda net, x, y, o: Neuromodulator(kernel=[0.5, 0.6]), "kernel sums to 1.1 and must sum to 1"),
        (lambda net, x, y, o: Neuromodulator(kernel=[1.5, -0.5]), "must be a row of shares >= 0"),
        (lambda net, x, y, o: Neuromodulator(baseline=1.5), "baseline = 1.5 must be <= 1"),
        (lambda net, x, y, o: Neuromodulator.delayed(-1), "steps = -1 must be a whole number >= 0"),
        (lambda net, x, y, o: Neuromodulator().credit([0.5, 1.5]), r"signal\[1\] = 1.5 must lie in \[0, 1\]"),
        (lambda net, x, y, o: EligibilityTrace.empty(net).add([0.5], [1.0, 0.0]), r"x_before has shape \(2, 1\)"),
        (lambda net, x, y, o: EligibilityTrace.empty(net.replace(V1=None, V0=None)), "the network has no V"),
        (lambda net, x, y, o: plasticity(net.replace(V1=None, V0=None), x, y, o, window=3.5), "window = 3.5 must be"),
        (lambda net, x, y, o: plasticity(net, x, y, o, floor="x"), "floor = 'x' must be a number > 0"),
        (lambda net, x, y, o: plasticity(net, x, y, o, floor=True), "floor = True must be a number > 0"),
        (lambda net, x, y, o: plasticity(net, x, y, o, rule="gradient", rate=True), "rate = True must be"),
        (lambda net, x, y, o: adapt(net, o, floor="x"), "floor = 'x' must be a number > 0"),
        (lambda net, x, y, o: adapt(net, o, window=0), "window = 0 must be a whole number"),
        (lambda net, x, y, o: adapt(net, o, modulator="dopamine"), "modulator = 'dopamine' must be of kind Neuromod"),
        (lambda net, x, y, o: Neuromodulator.decaying("a", 3), "tau = 'a' steps must be a number > 0"),
        (lambda net, x, y, o: Neuromodulator.decaying(3.0, 1.5), "length = 1.5 must be a whole number"),
        (lambda net, x, y, o: Neuromodulator().at_synapse([]), r"signal has shape \(0,\) and must be \(T,\)"),
        (lambda net, x, y, o: Neuromodulator().credit([[0.5]]), r"signal has shape \(1, 1\)"),
        (lambda net, x, y, o: added(net, "a", [0, 1]), "x_before must be an array of real numbers"),
        (lambda net, x, y, o: added(net, [[1], [1, 2]], [0, 1]), "x_before must be an array of real numbers"),
        (lambda net, x, y, o: added(net, [-3, 0, 0], [0, 1]), r"x_before\[0\] = -3 must lie in \[0, 1\]"),
        (lambda net, x, y, o: added(net, -np.ones((2, 3)), [0, 1]), r"x_before\[0, 0\] = -1 must be >= 0"),
        (lambda net, x, y, o: added(net, [1, 0, 0], [0, 2]), r"y\[1\] = 2 must lie in \[0, 1\]"),
        (lambda net, x, y, o: EligibilityTrace(np.zeros((2, 2, 3))), r"e has shape \(2, 2, 3\)"),
        (
            lambda net, x, y, o: EligibilityTrace(np.zeros((2, 2, 1, 1))).release(net, 0.0),
            r"shape \(2, 2, 1, 1\) and must be \(2, 2, 2, 3\)",
        ),
        (
            lambda net, x, y, o: EligibilityTrace.empty(net).release(net.replace(V1=None, V0=None), 0.0),
            "the network has no V",
        ),
    ],
)
def test_bad_learning_is_refused(random_network, call, message):
    net = random_network(57)
    with pytest.raises(ParameterError, match=message):
        call(net, *trajectory(net, 5, 58))


@pytest.mark.parametrize("floor", [None, 1.0])
def test_steps_with_a_floor_are_those_of_beliefs(random_network, floor):
    net = random_network(52, lambda_V=30.0 if floor is None else 4.0)
    o = np.random.default_rng(53).integers(0, 2, (40, 4)).astype(float)
    Gamma = np.random.default_rng(54).uniform(0, 0.5, 40) if floor is None else 0.9
    learned, _run = adapt(net, o, schedule="step", Gamma=Gamma, floor=floor)
    reference = learn_online(to_model(net), o, Gamma=Gamma, every=1, floor=floor)
    assert (abs(reference.c - 1).min() < 1e-12) == (floor is not None)
    assert abs(to_model(learned).c / reference.c.values - 1).max() < 1e-10


def test_the_cost_of_steps_is_that_of_the_trial_where_nothing_moves(random_network):
    net = random_network(50, lambda_W=1e14, lambda_K=1e14, lambda_V=1e14)
    o = np.random.default_rng(51).integers(0, 2, (2, 8, 4)).astype(float)
    Gamma = np.random.default_rng(52).uniform(0, 0.6, (2, 8))
    modulator = Neuromodulator("dopamine", kernel=[0.2, 0.3, 0.5], baseline=0.3)
    costs = [
        adapt(net, o, schedule=s, Gamma=Gamma, modulator=modulator)[1].neural_cost.values
        for s in ("step", "trial", "session")
    ]
    assert np.allclose(costs, costs[0], rtol=1e-11, atol=0)
