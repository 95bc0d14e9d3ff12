"""Contract: the public surface runs as written."""

import numpy as np
import pytest

import synfer as sf


def test_the_first_block_of_the_public_surface():
    eif = sf.EIF.fourcaud2003()
    assert eif == sf.EIF(tau_m=10, V_T=-59.9, Delta_T=3.48, V_cut=-30, V_reset=-68, t_ref=1.7)
    lif = sf.LIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=2)
    rest = sf.Noise(mu=-65, sigma=3)
    poisson = sf.Noise.from_poisson([1000.0, 800.0], [0.15, -0.1], V_rest=-70, tau_m=10)
    # Campbell: mu = -70 + 10 (0.15 * 1 - 0.1 * 0.8), sigma^2 = 10 (0.15^2 * 1 + 0.1^2 * 0.8)/2.
    assert (poisson.mu, poisson.sigma) == (pytest.approx(-69.3), pytest.approx(np.sqrt(10 * (0.0225 + 0.008) / 2)))
    s = sf.stationary(eif, rest)
    assert float(s.rate) == pytest.approx(5.960361, abs=1e-6)
    assert s.p.dims == ("V",)
    assert float(s.V_sd) > float(s.V_iqr) / 2
    assert float(s.V_mean) == pytest.approx(-63.945915, abs=1e-6)
    s = sf.stationary(eif, rest + sf.Inhibition(depth=2))  # sustained
    assert float(s.rate) < 5.960361
    control = sf.rate_matched(eif, rest, kind="lif")
    assert float(sf.stationary(control, rest).rate) == pytest.approx(5.960361, abs=1e-6)
    r = sf.response(eif, rest, frequency=[1, 10, 100])
    assert r.susceptibility.dtype == complex
    assert r.susceptibility.attrs["units"] == "Hz/mV"
    volley = sf.PulsePacket(a=45, sigma_t=1.0, t0=10, weight=0.15795, tau_s=0.325)
    d = sf.evolve(lif, sf.Noise(mu=-61.8, sigma=2.85) + volley, t=30, h=0.05, dt=0.05)
    m = sf.simulate(lif, sf.Noise(mu=-61.8, sigma=2.85) + volley, t=30, n=100_000, dt=0.02, seed=1)
    z = sf.compare(d, m)  # z-scores, by variable
    assert set(z) == {"rate", "V_mean", "V_sd", "V_iqr"}
    assert all(float(abs(z[name]).max()) < 5.5 for name in z)
    gates = sf.Inhibition(depth=2, on=100, off=130) + sf.Shunt(g=0.2, E_rev=-75, on=100, off=130)
    d = sf.evolve(eif, rest + gates, t=200, record=("p",), every=1)
    ax = sf.plot.density(d)
    assert "mV" in ax.get_ylabel()


def test_a_gated_run_without_p_can_be_drawn_too():
    """As the public surface writes it: no record, then plot.density."""
    eif, rest = sf.EIF.fourcaud2003(), sf.Noise(mu=-65, sigma=3)
    gated = rest + sf.Inhibition(depth=2, on=100, off=130) + sf.Shunt(g=0.2, E_rev=-75, on=100, off=130)
    d = sf.evolve(eif, gated, t=200)
    assert d.rate.sizes["time"] == 4001
    assert sf.plot.density(d).get_xlabel() == "time [ms]"


def test_the_second_block_of_the_public_surface():
    chain = sf.SynfireChain(
        sf.LIF.diesmann1999(), noise=sf.Noise(mu=-61.78725, sigma=2.8516575), layers=10, width=100, weight=0.15795,
        tau_s=0.325,
    )  # fmt: skip
    gate = sf.Inhibition(depth=1, on=5, off=35, lag=3)
    out = sf.evolve(chain, sf.PulsePacket(a=60, sigma_t=1.0, t0=10), t=120, gate=gate, disfacilitation=False)
    assert out.a.dims == out.sigma_t.dims == ("layer",)
    # The attractor of the Diesmann chain, which this gate leaves open.
    assert float(out.a[-1]) == pytest.approx(96, abs=1)
    mc = sf.simulate(chain, sf.PulsePacket(a=60, sigma_t=1.0, t0=10), t=120, trials=20, seed=1)
    assert mc.a.dims == ("trial", "layer")
    assert float(mc.survived[:, -1].mean()) > 0.9
    packet = sf.critical_packet(chain, sigma_t=1.0)
    assert packet.a.attrs["units"] == "spikes"
    assert float(packet.a_low) < float(packet.a) < float(packet.a_high)
    weight = sf.critical_weight(chain)
    assert weight.weight.attrs["units"] == "mV"
    assert float(weight.weight) < chain.weight
    plane = sf.state_plane(chain, a_in=[20, 40, 60, 80, 100], sigma_t_in=[0.5, 1, 2, 3])
    assert plane.a.dims == ("a_in", "sigma_t_in", "layer")
    curve = sf.gating_curve(
        chain, depth=[0, 0.5, 1, 1.5], packet=sf.PulsePacket(a=90, sigma_t=1.0, t0=10), disfacilitation=False
    )
    assert curve.a.dims == curve.sigma_t.dims == ("depth", "layer")
    assert bool(curve.survived[0, -1])
    # Inhibition delays what it does not stop.
    assert float(curve.t_packet[-1, -1]) > float(curve.t_packet[0, -1]) + 1


def test_the_third_block_of_the_public_surface():
    model = sf.maze_model(E_right=0.25)
    maze = sf.Maze.generate(seed=0)
    run = sf.learn_maze(model, maze, trials=100, seed=0)
    assert run.steps.dims == run.reached.dims == run.free_energy.dims == ("trial",)
    # Habits that risk modulates: more of the last trials reach the goal than the exact law gives the first one.
    first = sf.hitting_time(model, maze)
    assert 0 < float(first.probability) < float(run.reached[50:].mean())
    assert float(run.steps[50:].mean()) < float(first.steps_mean) <= 20_000
    net = sf.to_network(model)
    again = sf.to_model(net)
    np.testing.assert_allclose(again.c, model.c, rtol=1e-12)
    rng = np.random.default_rng(1)
    o, Gamma = rng.integers(0, 2, (20, 121)), rng.uniform(0, 0.6, 20)
    beliefs = sf.infer(model, o)
    s = beliefs.s.values.copy()
    s[0] = model.initial[0]
    F = sf.free_energy(model, s, beliefs.q_d, o, Gamma)
    L = sf.neural_cost(net, s, beliefs.q_d, o, Gamma)
    assert F.term.values.tolist() == ["likelihood", "transition", "prior", "decision", "entropy"]
    np.testing.assert_allclose(L.terms, F.terms, rtol=1e-11)


def test_the_last_lines_of_the_public_surface(monkeypatch, data_file):
    monkeypatch.chdir(data_file("invitro"))
    rec = sf.load_responses("response_data_mix0.mat")
    assert dict(rec.sizes) == {"culture": 4, "session": 100, "step": 256, "unit": 64, "source": 2, "input": 32}
    fit = sf.ImplicitFreeEnergy(learn_sessions=10).fit(rec)
    told = fit.forecast()
    # published: errors of the forecast and of persistence, squared and relative
    last = told.W_error.isel(session=-1)
    np.testing.assert_allclose(last.sel(predictor="forecast"), [0.0108, 0.0316, 0.0167, 0.0339], atol=5e-5)
    np.testing.assert_allclose(last.sel(predictor="persistence"), [0.0662, 0.0461, 0.0639, 0.0314], atol=5e-5)
    assert {"trend"} < set(last.predictor.values)
    assert (told.skill_p.sel(null="sessions") < told.skill_p.sel(null="states") + 0.05).all()
