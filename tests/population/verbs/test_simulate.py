"""simulate through its public face: agreement with the density, errors, continuation, refusals."""

import numpy as np
import pytest

import synfer as sf

EIF = sf.EIF.fourcaud2003()
LIF = sf.LIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=2)
REST = sf.Noise(mu=-61.8, sigma=2.85)
VOLLEY = sf.PulsePacket(a=45, sigma_t=1.0, t0=10, weight=0.15795, tau_s=0.325)


def test_spikes_agree_with_the_density_through_a_volley_and_a_gate():
    drive = REST + VOLLEY + sf.Inhibition(depth=2, on=14, off=20) + sf.Shunt(g=0.3, E_rev=-70, on=22, off=25)
    for neuron in (LIF, EIF):
        d = sf.evolve(neuron, drive, t=30, h=0.05, dt=0.025)
        m = sf.simulate(neuron, drive, t=30, n=40_000, dt=0.02, every=0.2, seed=3)
        z = sf.compare(m, d, width=1.0)
        assert z.rate.sizes["time"] == 30
        # 30 nearly independent bins: |z| > 5 once in 6e4 runs; the rms of 30 has sd 0.13.
        assert float(abs(z.rate).max()) < 5
        assert 0.5 < float(np.sqrt((z.rate**2).mean())) < 1.6
        for name in ("V_mean", "V_sd", "V_iqr"):
            assert float(abs(z[name]).max()) < 5.5


def test_standard_errors_are_those_of_repeated_runs():
    m = sf.simulate(LIF, REST + VOLLEY, t=20, n=1024, every=2, seed=range(60))
    for name in ("rate", "V_mean", "V_sd", "V_iqr"):
        scatter = m[name].std("point", ddof=1) / np.sqrt((m[f"{name}_se"] ** 2).mean("point"))
        # The sd of 60 runs is known to 9 %, 10 bins of it to 3 %; the IQR's error rests on an estimated density.
        assert float(scatter.mean()) == pytest.approx(1, abs=0.15), name


def test_a_point_gives_the_same_bytes_alone_and_among_others():
    drives = [REST, REST + VOLLEY]
    together = sf.simulate([LIF, EIF], drives, t=12, n=[500, 700], every=1, seed=5)
    for i, (neuron, drive, n) in enumerate(zip([LIF, EIF], drives, [500, 700], strict=True)):
        alone = sf.simulate(neuron, drive, t=12, n=n, every=1, seed=5)
        for name in ("rate", "V_sd", "V_iqr_se"):
            assert np.array_equal(alone[name].values, together[name].isel(point=i).values)


def test_seeds_and_arguments_give_independent_streams():
    m = sf.simulate(LIF, [REST, REST, REST.replace(mu=-61.80001)], t=50, n=2000, every=50, seed=[1, 2, 1])
    assert len(set(m.V_mean.values.ravel().tolist())) == 3


@pytest.mark.parametrize("neuron", [LIF, EIF])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_continued_run_is_the_unbroken_one_bit_for_bit(neuron, dtype):
    options = {"n": 300, "every": 1.0, "dtype": dtype}
    drive = REST + VOLLEY + sf.Timeseries([0, 4, 12], [0, 0.3, -1])
    whole = sf.simulate(neuron, drive, t=20, seed=4, **options)
    first = sf.simulate(neuron, drive, t=9, seed=4, **options)
    second = sf.simulate(neuron, drive, t=11, initial=first, **options)
    assert second.time.values == pytest.approx(whole.time.values[9:])
    assert np.array_equal(second.rate.values, whole.rate.values[9:])
    assert np.array_equal(second.V_sd.values, whole.V_sd.values[9:])


def test_spike_trains_are_the_counts_and_keep_the_refractory_period():
    m = sf.simulate(EIF, sf.Noise(-60, 4), t=100, n=200, every=1, record="spikes", seed=2)
    assert m.sizes["spike"] == round(float(m.n_spikes.sum()) * 200)
    counted = np.histogram(m.spike_time, bins=np.arange(101))[0]
    assert np.array_equal(counted, np.round(m.n_spikes.values * 200))
    for neuron in range(200):
        gaps = np.diff(m.spike_time.values[m.spike_neuron.values == neuron])
        assert np.all(gaps >= EIF.t_ref - 1e-6)


def test_the_histogram_is_the_density():
    d = sf.evolve(EIF, sf.Noise(-65, 3), t=20, every=10, record="p")
    m = sf.simulate(EIF, sf.Noise(-65, 3), t=20, n=100_000, every=10, record="p", seed=6)
    h = float(m.V[1] - m.V[0])
    exact = d.p.isel(time=0).interp(V=m.V, kwargs={"fill_value": 0.0})
    error = np.sqrt(np.maximum(exact, 1e-12) / (100_000 * h))
    z = ((m.p.isel(time=0) - exact) / error).where(exact * h * 100_000 > 50, drop=True)
    assert float(abs(z).max()) < 5.5
    assert float(m.p.isel(time=0).sum() * h) == pytest.approx(float((d.p.isel(time=0)).sum() * 0.1), abs=3e-3)


@pytest.mark.parametrize("every", [0.02, 0.1, 0.5, 0.52, 1.04])
def test_moments_are_dated(every):
    """A ramp of mu moves V_mean at 10 mV/ms, which dates the snapshots independently of their label."""
    lif = sf.LIF(tau_m=1, V_th=500, V_reset=-60, t_ref=0)
    ramp = sf.Noise(mu=sf.Timeseries([-1, 0, 30], [-60, -60, 240]), sigma=0.1)
    m = sf.simulate(lif, ramp, t=15.6 if every > 0.5 else 8, n=2048, every=every, seed=1)
    late = m.time.values > 7
    taken = (m.V_mean.values[late] + 60) / 10 + 1
    # sigma/sqrt(n)/10 per ms, five times; the transient has left e^-7.
    assert np.abs(taken - m.V_time.values[late]).max() < 5 * 0.1 / np.sqrt(2048) / 10 + 1.5e-3
    half_step = 0.01 if round(every / 0.02) % 2 else 0.0
    assert m.V_time.values - m.time.values == pytest.approx(half_step, abs=1e-9)


@pytest.mark.parametrize(("t", "dt", "width"), [(30, 0.02, 0.5), (30, 0.1, 0.5), (0.4, 0.02, 0.4), (9.1, 0.1, 0.7)])
def test_default_bins_come_near_half_a_millisecond(t, dt, width):
    m = sf.simulate(LIF, REST, t=t, dt=dt, n=100)
    assert m.attrs["bin_ms"] == pytest.approx(width)


def test_sharp_volleys_agree_with_the_density_also_in_odd_bins():
    """Half a step of delay in the moments would show as tens of standard errors."""
    volley = sf.PulsePacket(a=60, sigma_t=0.3, t0=10, weight=0.15795, tau_s=0.2)
    d = sf.evolve(LIF, sf.Noise(-66, 2.85) + volley, t=15, dt=0.01, h=0.05)
    m = sf.simulate(LIF, sf.Noise(-66, 2.85) + volley, t=15, n=100_000, dt=0.02, every=0.5, dtype="float32", seed=1)
    z = sf.compare(d, m)
    assert all(float(abs(z[name]).max()) < 5.5 for name in ("V_mean", "V_sd"))


def test_a_continued_run_draws_anew_where_it_is_given_a_seed():
    first = sf.simulate(LIF, REST, t=5, n=128, every=1, seed=1)
    onward = sf.simulate(LIF, REST, t=5, n=128, every=1, initial=first)
    anew = sf.simulate(LIF, REST, t=5, n=128, every=1, initial=first, seed=[1, 2, 3])
    means = {onward.V_mean.values[-1], *anew.V_mean.values[:, -1]}
    assert len(means) == 4
    with pytest.raises(sf.ParameterError, match="give each its own seed"):
        sf.simulate([LIF, LIF], REST, t=5, n=128, every=1, initial=first)


def test_what_does_not_stay_finite_has_a_status(monkeypatch):
    """An injected NaN: one point fails and says so, the other is untouched; alone it is an error."""
    from synfer.population import spiking

    engine = spiking.simulate_population

    def poisoned(neuron, inputs, state, **options):
        result = engine(neuron, inputs, state, **options)
        if inputs.mu[0] == -60.0:
            result.state.lanes.x[0, 5] = np.nan
        return result

    monkeypatch.setattr(spiking, "simulate_population", poisoned)
    with pytest.warns(sf.SynferWarning, match="1 of 2 points did not stay finite"):
        m = sf.simulate(LIF, [REST, sf.Noise(-60, 3)], t=5, n=128, every=1)
    assert m.status.values.tolist() == [0, 1]
    assert np.isfinite(m.V_mean.values[0]).all()
    with pytest.raises(sf.NumericalError, match="no population stayed finite"):
        sf.simulate(LIF, sf.Noise(-60, 3), t=5, n=128, every=1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sf.simulate(LIF, REST, t=10, n=0), "n = 0 must be a whole number"),
        (lambda: sf.simulate(LIF, REST, t=10, n=2.5), "n = 2.5"),
        (lambda: sf.simulate(LIF, REST, t=9.98), "give every="),
        (lambda: sf.simulate(LIF.replace(t_ref=1e12), REST, t=1, every=1), "at most 1e\\+06"),
        (lambda: sf.simulate(LIF, REST, t=10, n=10**12), "would take"),
        (lambda: sf.simulate(LIF, REST, t=10, seed=-1), "seed = -1"),
        (lambda: sf.simulate(LIF, REST, t=10, dt=0.03), "multiple of dt"),
        (lambda: sf.simulate(LIF, REST, t=10, every=3), "t = 10 ms must be a multiple of every = 3 ms"),
        (lambda: sf.simulate(LIF, REST, t=10, record="V"), "record = 'V' is unknown"),
        (lambda: sf.simulate(LIF, sf.Noise(-60, 0), t=10), "sigma = 0 mV"),
        (lambda: sf.simulate(LIF, REST, t=10, initial=sf.evolve(LIF, REST, t=1)), "result of simulate"),
        (
            lambda: sf.simulate(LIF, REST, t=1, n=50, initial=sf.simulate(LIF, REST, t=1, n=60)),
            "continue with the same",
        ),
        (lambda: sf.simulate(EIF, REST, t=1, n=60, initial=sf.simulate(LIF, REST, t=1, n=60)), "another neuron"),
    ],
)
def test_bad_input_gets_a_typed_error(call, message):
    with pytest.raises(sf.ParameterError, match=message):
        call()
