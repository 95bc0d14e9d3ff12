"""evolve through its public face: the reference transient, conservation, points, continuation, refusals."""

import numpy as np
import pytest

import synfer as sf

EIF = sf.EIF.fourcaud2003()
LIF = sf.LIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=2)
REST = sf.Noise(mu=-61.8, sigma=2.85)
VOLLEY = sf.PulsePacket(a=45, sigma_t=1.0, t0=10, weight=0.15795, tau_s=0.325)


def count(d, start, end):
    inside = (d.time.values > start + 1e-9) & (d.time.values <= end + 1e-9)
    return float(d.n_spikes.values[inside].sum())


def test_the_reference_transient():
    d = sf.evolve(LIF, REST + VOLLEY, t=30, h=0.05, dt=0.05)
    assert count(d, 5, 25) == pytest.approx(0.564690, rel=2e-3)
    assert float(d.rate.max()) == pytest.approx(197.523, rel=5e-3)
    assert float(d.time[np.argmax(d.rate.values)]) == pytest.approx(11.24, abs=0.05)


@pytest.mark.parametrize(("scheme", "low", "high"), [("backward-euler", 0.9, 1.1), ("sdirk2", 1.8, 2.2)])
def test_order_in_time_on_the_transient(scheme, low, high):
    """Count and rates at fixed times, from three halvings of the step; the mesh cancels in the differences.

    Backward Euler starts finer: at dt 0.1 its error of 4 % has not reached its asymptotic order.
    """

    def measured(dt):
        d = sf.evolve(LIF, REST + VOLLEY, t=20, h=0.1, dt=dt, scheme=scheme)
        return np.array([count(d, 5, 20), *d.rate.sel(time=[10.8, 11.2, 13.2], method="nearest").values])

    steps = np.array([0.1, 0.05, 0.025, 0.0125]) / (4 if scheme == "backward-euler" else 1)
    values = np.array([measured(dt) for dt in steps])
    differences = np.abs(np.diff(values, axis=0))
    order = np.log2(
        np.linalg.norm(differences[:-1] / values[-1], axis=1) / np.linalg.norm(differences[1:] / values[-1], axis=1)
    )
    assert np.all((order > low) & (order < high)), order


def test_the_kick_of_a_delta_volley():
    """What crosses at once: the diffusive flux in the step of the kick, linear in dt << h^2/D, is extrapolated away."""
    kicks = [sf.PulsePacket(a=A, sigma_t=0, t0=0.01, weight=1.0, kernel="delta") for A in (4, 8, 10)]
    drives = [sf.Noise(mu=-61.78725, sigma=2.8516575) + kick for kick in kicks]

    def crossed(dt):
        d = sf.evolve(sf.LIF.diesmann1999(), drives, t=0.012, h=0.05, dt=dt)
        return d.n_spikes.values[:, round(0.01 / dt) + 1]

    # The references have four digits; the mesh shifts the density with an error of (h/sigma)^2 = 3e-4.
    assert 2 * crossed(1e-4) - crossed(2e-4) == pytest.approx([0.1116, 0.5922, 0.8140], abs=3e-4)


@pytest.mark.parametrize("scheme", ["sdirk2", "backward-euler"])
def test_a_population_at_rest_stays_at_rest(scheme):
    d = sf.evolve([EIF, LIF], REST + sf.Inhibition(depth=1), t=5, scheme=scheme)
    for name in ("rate", "V_mean", "V_sd", "V_iqr"):
        assert np.ptp(d[name].values, axis=-1) == pytest.approx(0, abs=1e-9)


def test_a_timed_gate_starts_from_the_ungated_state_and_a_sustained_one_does_not():
    timed = sf.evolve(EIF, sf.Noise(-65, 3) + sf.Inhibition(depth=2, on=5, off=9), t=20, every=1)
    free = sf.stationary(EIF, sf.Noise(-65, 3), method="density")
    held = sf.stationary(EIF, sf.Noise(-65, 3) + sf.Inhibition(depth=2), method="density")
    assert float(timed.rate[0]) == pytest.approx(float(free.rate), rel=1e-6)
    assert float(timed.V_mean.sel(time=9)) < float(free.V_mean) - 0.4
    sustained = sf.evolve(EIF, sf.Noise(-65, 3) + sf.Inhibition(depth=2), t=1)
    assert float(sustained.rate[0]) == pytest.approx(float(held.rate), rel=1e-6)


def test_points_equal_single_runs_to_the_last_bit():
    drives = [REST + VOLLEY.replace(a=a) + sf.Inhibition(depth=d, on=3, off=20) for a, d in ((30, 0), (45, 1), (60, 3))]
    neurons = [LIF, EIF, sf.rate_matched(EIF, sf.Noise(-65, 3), kind="linear")]
    together = sf.evolve(neurons, drives, t=25, every=0.5, record="p")
    for i, (neuron, drive) in enumerate(zip(neurons, drives, strict=True)):
        alone = sf.evolve(neuron, drive, t=25, every=0.5)
        for name in ("rate", "V_mean", "V_sd", "V_iqr", "n_spikes"):
            assert np.array_equal(together[name].isel(point=i).values, alone[name].values)
    assert together.a.values.tolist() == [30, 45, 60]


def test_p_is_the_density_of_the_moments():
    d = sf.evolve([LIF, EIF], REST + VOLLEY, t=15, every=5, record=("p",))
    h = float(d.V[1] - d.V[0])
    mass = d.p.sum("V") * h
    at_rest = 1 - d.rate.isel(time=0) / 1000 * np.array([LIF.t_ref, EIF.t_ref])
    # At rest the refractory mass is r t_ref; both sides are sums of the same cells.
    assert mass.isel(time=0).values == pytest.approx(at_rest.values, abs=1e-9)
    mean = (d.p * d.V).sum("V") * h / mass
    assert mean.values == pytest.approx(d.V_mean.values, abs=1e-9)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_continued_run_is_the_unbroken_one_bit_for_bit(dtype):
    drive = REST + VOLLEY + sf.Inhibition(depth=1, on=12, off=18) + sf.Timeseries([0, 4.2, 13, 40], [0, 1, -1, 2])
    whole = sf.evolve([LIF, EIF], drive, t=30, dtype=dtype)
    first = sf.evolve([LIF, EIF], drive, t=11, dtype=dtype)
    second = sf.evolve([LIF, EIF], drive, t=19, dtype=dtype, initial=first)
    assert second.time.values == pytest.approx(whole.time.values[220:])
    for name in ("rate", "V_sd"):
        assert np.array_equal(second[name].values[:, 1:], whole[name].values[:, 221:])


def test_a_run_continues_on_another_mesh_with_its_probability():
    first = sf.evolve(LIF, REST + VOLLEY, t=11, h=0.1)
    fine = sf.evolve(LIF, REST + VOLLEY, t=4, h=0.05, initial=first)
    same = sf.evolve(LIF, REST + VOLLEY, t=4, h=0.1, initial=first)
    assert fine.rate.values[-1] == pytest.approx(same.rate.values[-1], rel=0.01)


def test_steps_may_differ_between_points_on_common_nodes():
    d = sf.evolve(LIF, REST + VOLLEY, t=20, dt=[0.1, 0.05, 0.025], h=[0.1, 0.1, 0.05], every=0.5)
    assert d.dt.values.tolist() == [0.1, 0.05, 0.025]
    assert d.rate.sel(time=11).values == pytest.approx(float(d.rate.sel(time=11)[2]), rel=0.01)


def test_the_mesh_of_a_point_is_its_own():
    narrow, wide = sf.Noise(-61.8, 1.0), sf.Noise(-61.8, 5.0)
    together = sf.evolve(LIF, [narrow, wide], t=2, record="p")
    assert np.array_equal(together.rate[0].values, sf.evolve(LIF, narrow, t=2).rate.values)
    h = float(together.V[1] - together.V[0])
    assert h == pytest.approx(0.05)


def test_float32_agrees_with_float64():
    d64, d32 = (sf.evolve(LIF, REST + VOLLEY, t=30, dtype=dtype) for dtype in ("float64", "float32"))
    error = float(np.abs(d64.rate - d32.rate).sum() / d64.rate.sum())
    assert error < 5e-4


def test_a_series_moves_the_membrane_as_ornstein_and_uhlenbeck_say():
    """Far from threshold V is a free process: mean and variance have closed forms."""
    lif = sf.LIF(tau_m=10, V_th=0, V_reset=-60, t_ref=0)
    ramp = sf.Noise(mu=sf.Timeseries([0, 20], [-60, -50]), sigma=sf.Timeseries([0, 20], [3, 5]))
    d = sf.evolve(lif, ramp, t=20, h=0.1, every=20)
    # mean: m' = (mu - m)/tau, mu = -60 + t/2: m = -60 + (t - tau (1 - e^{-t/tau}))/2.
    assert float(d.V_mean[-1]) == pytest.approx(-60 + (20 - 10 * (1 - np.exp(-2))) / 2, abs=2e-3)
    # variance: v' = 2 (sigma^2 - v)/tau with sigma = 3 + t/10, by 2000-point quadrature.
    s = (np.arange(2000) + 0.5) / 100
    variance = 9 * np.exp(-4) + np.sum(0.2 * (3 + s / 10) ** 2 * np.exp(-(20 - s) / 5)) / 100
    assert float(d.V_sd[-1]) == pytest.approx(np.sqrt(variance), rel=1e-3)


def test_a_conductance_step_moves_the_membrane_as_the_theory_says():
    lif = sf.LIF(tau_m=10, V_th=0, V_reset=-60, t_ref=0)
    d = sf.evolve(lif, sf.Noise(-60, 3) + sf.Shunt(g=0.5, E_rev=-80, on=0), t=100, h=0.1, every=10)
    # Reference of the exact moments: mean(10) -65.17913, sd(10) 2.47979, sd(inf) 2.44949.
    assert float(d.V_mean.sel(time=10)) == pytest.approx(-65.17913, abs=5e-3)
    assert float(d.V_sd.sel(time=10)) == pytest.approx(2.47979, rel=1e-3)
    assert float(d.V_sd.sel(time=100)) == pytest.approx(2.44949, rel=1e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sf.evolve(LIF, REST, t=-1), "t = -1 ms must be finite and > 0"),
        (lambda: sf.evolve(LIF, REST, t=float("nan")), "t = nan"),
        (lambda: sf.evolve(LIF, REST, t="long"), "t = 'long'"),
        (lambda: sf.evolve(LIF, REST, t=10.01), "multiple of dt = 0.05 ms; did you mean t = 10?"),
        (lambda: sf.evolve(LIF, REST, t=10, every=0.07), "every = 0.07 ms must be a multiple"),
        (lambda: sf.evolve(LIF, REST, t=10, dt=[0.05, 0.1]), "common every="),
        (lambda: sf.evolve(LIF, REST, t=10, scheme="rk4"), "scheme = 'rk4' is unknown"),
        (lambda: sf.evolve(LIF, REST, t=10, dtype="float16"), "dtype = 'float16' is unknown"),
        (lambda: sf.evolve(LIF, REST, t=10, record="V"), "record = 'V' is unknown"),
        (lambda: sf.evolve(LIF, REST, t=10, initial=3), "initial must be a result of evolve"),
        (lambda: sf.evolve(LIF, REST + VOLLEY.replace(weight=None), t=10), "needs weight"),
        (lambda: sf.evolve(LIF, VOLLEY, t=10), "no Noise"),
        (lambda: sf.evolve(LIF, REST, t=10, h=0), "h = 0 mV must be finite and > 0"),
        (lambda: sf.evolve(LIF, REST, t=1e7, record="p"), "would take .* GB"),
        (lambda: sf.evolve(EIF, REST, t=1, initial=sf.evolve(LIF, REST, t=1)), "another neuron"),
        (lambda: sf.evolve(LIF.replace(t_ref=1), REST, t=1, initial=sf.evolve(LIF, REST, t=1)), "another neuron"),
        (lambda: sf.evolve(LIF.replace(t_ref=1e9), REST, t=1), "at most 1e\\+06"),
        (lambda: sf.evolve(LIF, REST, t=1, record=3), "record = 3 must be names"),
        (lambda: sf.evolve(LIF, REST, t=1, dt=0.1, initial=sf.evolve(LIF, REST, t=1)), "same dt"),
        (lambda: sf.evolve([LIF] * 3, REST, t=1, initial=sf.evolve([LIF] * 2, REST, t=1)), "same points"),
    ],
)
def test_bad_input_gets_a_typed_error(call, message):
    with pytest.raises(sf.ParameterError, match=message):
        call()


@pytest.mark.parametrize(
    ("noise", "h", "message"),
    [
        (sf.Noise(-61.8, 0.05), 0.1, "cannot resolve sigma = 0.05 mV of the free membrane; did you mean h = 0.0025"),
        (sf.Noise(-61.8, 3), 1e-8, "cells"),
        (sf.Noise(-1e8, 3), None, "cells"),
        (sf.Noise(-61.8, 0), None, "sigma = 0 mV"),
        (sf.Noise(-61.8, 1e6), None, "cells"),
    ],
)
def test_a_mesh_that_cannot_work_is_refused(noise, h, message):
    with pytest.raises(sf.MeshError, match=message):
        sf.evolve(LIF, noise, t=1, h=h)


def test_a_coarse_mesh_is_warned_of():
    with pytest.warns(sf.SynferWarning, match="coarsely resolved"):
        d = sf.evolve(LIF, sf.Noise(-61.8, 0.5), t=1, h=0.1)
    assert d.attrs["warnings"]


def test_a_kick_between_steps_is_moved_and_the_user_told():
    kick = sf.PulsePacket(a=1, sigma_t=0, t0=1.03, weight=3.0, kernel="delta")
    with pytest.warns(sf.SynferWarning, match=r"t0 = 1.03 ms acts at 1 ms"):
        d = sf.evolve(LIF, REST + kick, t=2)
    aligned = sf.evolve(LIF, REST + kick.replace(t0=1.0), t=2)
    assert np.array_equal(d.rate.values, aligned.rate.values)


@pytest.mark.parametrize(
    ("drive", "dt", "message"),
    [
        (REST + VOLLEY.replace(kernel="delta", tau_s=None, sigma_t=0.01), 0.05, "lower dt below"),
        (sf.Noise(-61.8, 0.1) + VOLLEY, 0.05, "more than 0.1 mV"),
        (REST, 2.5, "coarse for a membrane time constant of 10 ms"),
        (REST + sf.Shunt(g=19, E_rev=-65), 0.25, "coarse for a membrane time constant of 0.5 ms"),
    ],
)
def test_a_step_too_coarse_for_the_drive_is_warned_of(drive, dt, message):
    with pytest.warns(sf.SynferWarning, match=message):
        sf.evolve(LIF, drive, t=2.5, dt=dt)
    with pytest.raises(sf.ParameterError, match="must be <= the membrane's time constant"):
        sf.evolve(LIF, drive, t=25, dt=12.5)


def test_a_shunt_narrows_the_membrane_and_so_the_mesh():
    """Under g = 1e4 the free sd is sigma/100: the default mesh follows, a coarse one is refused."""
    shunted = sf.Noise(-65, 3) + sf.Shunt(g=1e4, E_rev=-75)
    theory, density = sf.stationary(EIF, shunted), sf.stationary(EIF, shunted, method="density")
    assert float(density.V_sd) == pytest.approx(float(theory.V_sd), rel=5e-3)
    with pytest.raises(sf.MeshError, match="cannot resolve sigma"):
        sf.stationary(EIF, shunted, method="density", h=0.1)


def test_every_variable_says_its_unit():
    d = sf.evolve(
        [LIF, EIF], [REST + VOLLEY, REST + sf.Inhibition(1, on=1, off=2)], t=3, dt=[0.05, 0.1], every=1, record="p"
    )
    m = sf.simulate([LIF, EIF], [REST, REST + sf.Inhibition(1)], t=3, n=[64, 128], every=1, record=("p", "spikes"))
    s = sf.stationary(EIF, [REST, REST + sf.Inhibition(1)])
    r = sf.response(EIF, REST, frequency=[1, 2])
    for ds in (d, m, s, r):
        for name, variable in ds.variables.items():
            assert variable.attrs.get("units"), name
            assert variable.attrs.get("long_name"), name


def test_provenance_does_not_grow_over_continuations():
    d = sf.evolve(LIF, REST, t=1)
    lengths = []
    for _ in range(4):
        d = sf.evolve(LIF, REST, t=1, initial=d)
        lengths.append(len(d.attrs["spec"]))
    assert len(set(lengths)) == 1


def test_provenance_names_what_was_asked_and_nothing_of_the_machine():
    d = sf.evolve(LIF, REST, t=1)
    assert d.attrs["verb"] == "evolve"
    assert '"V_th":-55.0' in d.attrs["spec"]
    assert (d.attrs["t_start"], d.attrs["t_end"], d.attrs["status"]) == (0.0, 1.0, "ok")
    assert d.rate.attrs["units"] == "Hz"
