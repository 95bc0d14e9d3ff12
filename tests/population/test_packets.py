"""Volleys in chains against published and independent numbers, and searches against their own definition."""

import numpy as np
import pytest
import xarray as xr

import synfer as sf
from synfer.core.errors import NumericalError, ParameterError, SynferWarning
from synfer.population.packets import launch
from synfer.population.packets.bracket import first_change
from synfer.population.packets.trials import wilson

DIESMANN = sf.SynfireChain(
    sf.LIF.diesmann1999(), sf.Noise(-61.78725, 2.8516575), layers=8, width=100, weight=0.15795, tau_s=0.325
)
H1 = sf.Noise(-64.22720614, 2)
EIF = sf.SynfireChain(sf.EIF.fourcaud2003(), H1, layers=10, width=100, weight=0.1473, tau_s=0.325)
LIF = EIF.replace(neuron=sf.LIF(tau_m=10, V_th=-59.60470308, V_reset=-68, t_ref=1.7), weight=0.1003)
COARSE = {"h": 0.2, "dt": 0.1}


def packet(a, sigma_t=1.0, t0=10.0):
    return sf.PulsePacket(a=a, sigma_t=sigma_t, t0=t0)


@pytest.mark.parametrize("tolerance", [0.1, 0.005, 1e-6])
def test_search_finds_every_threshold_within_its_tolerance(tolerance):
    thresholds = np.array([0.011, 0.5, 3.0, 99.0])
    found = first_change(lambda i, x: x >= thresholds[i], np.full(4, 0.01), np.full(4, 100.0), tolerance=tolerance)
    assert np.all((found.low < thresholds) & (thresholds <= found.high))
    assert np.all(found.high - found.low <= tolerance * found.high)


def test_search_opens_where_there_is_no_threshold():
    always = np.array([True, False])
    found = first_change(lambda i, x: always[i], np.ones(2), np.full(2, 9.0), tolerance=0.1)
    assert (found.low.tolist(), found.high.tolist()) == ([-np.inf, 9.0], [1.0, np.inf])


def test_search_takes_the_first_of_several_changes():
    found = first_change(lambda i, x: (x > 2) & (x < 4) | (x > 50), np.ones(1), np.full(1, 100.0), tolerance=0.01)
    assert found.low[0] < 2.0 < found.high[0] * (1 + 1e-12)


def test_search_asks_about_zero_and_stops_above_it():
    """With a threshold of 0+ the bracket cannot shrink to a fraction of itself; it stops at one of `lowest`."""
    found = first_change(lambda i, x: x > 0, np.ones(1), np.full(1, 9.0), tolerance=0.1, zero=True)
    assert found.low[0] == 0
    assert 0 < found.high[0] <= 0.1
    everywhere = first_change(lambda i, x: x >= 0, np.ones(1), np.full(1, 9.0), tolerance=0.1, zero=True)
    assert everywhere.low[0] == -np.inf


def test_search_needs_four_batches_for_half_a_percent():
    batches = []

    def changed(index, values):
        batches.append(values.size)
        return values >= 3.3

    first_change(changed, np.full(5, 0.02), np.full(5, 20.0), tolerance=0.005)
    assert batches == [80, 40, 40, 40]


def test_search_in_turn_finds_the_same_and_asks_at_most_one_step_beyond():
    thresholds = np.array([0.5, 3.0, 200.0])

    def changed(index, values):
        assert np.all(values <= 1.36 * np.maximum(thresholds[index], 0.2))
        return values >= thresholds[index]

    ends = np.full(3, 0.2), np.full(3, 20.0)
    found = first_change(changed, *ends, tolerance=0.005, in_turn=True)
    at_once = first_change(lambda i, x: x >= thresholds[i], *ends, tolerance=0.005)
    assert [end.tolist() for end in found] == [end.tolist() for end in at_once]


@pytest.mark.parametrize(
    ("ends", "tolerance"), [((0, 1), 0.1), ((2, 1), 0.1), ((1, np.inf), 0.1), ((1, 2), 0), ((1, 2), 2)]
)
def test_search_refuses_bad_bounds(ends, tolerance):
    with pytest.raises(ParameterError, match=r"bounds|tolerance"):
        first_change(lambda i, x: x > 0, np.array([ends[0]]), np.array([ends[1]]), tolerance=tolerance)


@pytest.fixture(scope="module")
def plane():
    return sf.state_plane(DIESMANN, a_in=[20, 45, 60, 100], sigma_t_in=[0.5, 1, 3], tolerance=0.02)


def test_diesmanns_attractor_and_separatrix(plane):
    """a .96 N +- .01 N, sigma_t .26 +- .03 ms; separatrix .46 N +- .015 N at 1 ms, found by two routes."""
    assert float(plane.a_attractor) == pytest.approx(96, abs=1)
    assert float(plane.sigma_t_attractor) == pytest.approx(0.26, abs=0.03)
    # The one packet just above the separatrix, 45 spikes in .5 ms, is still on its way.
    assert 0.6 < float(plane.a_attractor_range) < 2.5
    arrived = plane.a.isel(layer=-1, a_in=[2, 3], sigma_t_in=[0, 1]).values
    assert np.ptp(arrived) < 0.6
    assert float(plane.a_separatrix.sel(sigma_t_in=1)) == pytest.approx(46, abs=1.5)


def test_broader_packets_must_be_larger(plane):
    assert np.all(np.diff(plane.a_separatrix) > 0)


def test_trajectories_are_those_of_propagate_and_divided_by_the_separatrix(plane):
    alone = sf.propagate(DIESMANN, packet(60))
    np.testing.assert_allclose(plane.a.sel(a_in=60, sigma_t_in=1), alone.a, rtol=1e-6)
    lives = plane.survived.isel(layer=-1)
    np.testing.assert_array_equal(lives, plane.a_in > plane.a_separatrix)


def test_field_is_what_the_first_layer_adds(plane):
    first = plane.sel(layer=1)
    np.testing.assert_allclose(plane.a_step, first.a - plane.a_in, rtol=1e-12)
    np.testing.assert_allclose(plane.sigma_t_step, first.sigma_t - plane.sigma_t_in, rtol=1e-12)


def test_attractor_is_where_the_largest_packet_ends_however_many_others_are_held_up():
    """Of four packets that survive three layers, three start at the separatrix and are still there."""
    plane = sf.state_plane(DIESMANN.replace(layers=3), a_in=[48, 50, 52, 100], sigma_t_in=[1], tolerance=0.2, **COARSE)
    ends = plane.a.isel(layer=-1, sigma_t_in=0)
    assert plane.survived.isel(layer=-1).all()
    assert float(plane.a_attractor) == float(ends[-1])
    assert float(plane.sigma_t_attractor) == float(plane.sigma_t[-1, 0, -1])
    assert float(plane.a_attractor_range) == float(np.ptp(ends.values)) > 20


def test_attractor_is_that_of_the_sharpest_of_the_largest_packets():
    plane = sf.state_plane(DIESMANN.replace(layers=2), a_in=[60, 90], sigma_t_in=[0.5, 2], tolerance=0.2, **COARSE)
    assert plane.survived.isel(layer=-1).sel(a_in=90).all()
    assert float(plane.sigma_t_attractor) == float(plane.sigma_t.isel(layer=-1).sel(a_in=90, sigma_t_in=0.5))


def test_plane_without_survivors_has_the_dead_attractor():
    plane = sf.state_plane(DIESMANN.replace(weight=0.05, layers=2), a_in=[50], sigma_t_in=[1], tolerance=0.2, **COARSE)
    assert float(plane.a_attractor) == 0
    assert np.isnan(plane.sigma_t_attractor)


def test_critical_packet_lies_between_a_dead_and_a_living_one():
    found = sf.critical_packet(DIESMANN, sigma_t=1.0, bounds=(30, 70), tolerance=0.01)
    assert float(found.a_high - found.a_low) <= 0.01 * float(found.a_high)
    ends = sf.propagate(DIESMANN, [packet(float(found.a_low)), packet(float(found.a_high))])
    assert ends.survived.isel(layer=-1).values.tolist() == [False, True]
    assert found.a.attrs["units"] == "spikes"
    assert found.a_low.attrs["long_name"].startswith("lower end")


@pytest.mark.slow
def test_critical_packet_has_converged():
    """Measured: 45.82 at the defaults, 45.80 at h/2, unchanged at dt/2; brackets of .2 % add .05 each."""
    default, *finer = (
        float(sf.critical_packet(DIESMANN, sigma_t=1.0, bounds=(45, 47), tolerance=0.002, **mesh).a)
        for mesh in ({}, {"h": 0.05}, {"dt": 0.025})
    )
    assert finer == pytest.approx([default] * 2, abs=0.15)


def test_critical_weights_and_what_two_millivolts_do_to_them():
    """LIF-H1 8.72 mV +- 3 %; 2 mV of inhibition raise it by 1.27 +- .03 in the LIF and in the EIF."""
    gates = [sf.Inhibition(depth=0), sf.Inhibition(depth=2)]
    lif = sf.critical_weight(LIF, gate=gates, bounds=(7, 13), tolerance=0.01)
    eif = sf.critical_weight(EIF, gate=gates, bounds=(10, 20), tolerance=0.01)
    assert float(lif.A[0]) == pytest.approx(8.72, rel=0.03)
    assert float(lif.A[1] / lif.A[0]) == pytest.approx(1.27, abs=0.03)
    assert float(eif.A[1] / eif.A[0]) == pytest.approx(1.27, abs=0.03)
    assert lif.depth.values.tolist() == [0, 2]
    np.testing.assert_allclose(lif.weight * 100, lif.A, rtol=1e-12)


def test_points_of_a_search_do_not_see_each_other():
    both = sf.critical_packet([DIESMANN, DIESMANN.replace(weight=0.2)], sigma_t=1.0, tolerance=0.05, **COARSE)
    alone = sf.critical_packet(DIESMANN.replace(weight=0.2), sigma_t=1.0, tolerance=0.05, **COARSE)
    assert both.a.values[1] == pytest.approx(float(alone.a), rel=1e-12)


def test_points_of_a_search_do_not_see_each_other_through_a_timed_gate():
    """Each packet is centred at its own 10 ms, or 5 sigma_t where that is later, while the gate acts at 8 to 16 ms."""
    shared = {"gate": sf.Inhibition(1.5, on=8, off=16), "tolerance": 0.05} | COARSE
    chain = DIESMANN.replace(layers=3)
    both = sf.critical_packet(chain, [1.0, 5.0], **shared).a.values
    assert both[0] == float(sf.critical_packet(chain, 1.0, **shared).a)
    assert both[0] == float(sf.critical_packet(chain, 1.0, t0=10, **shared).a)
    assert both[1] == float(sf.critical_packet(chain, 5.0, t0=25, **shared).a)
    assert both[0] > 1.05 * float(sf.critical_packet(chain, 1.0, t0=25, **shared).a)


@pytest.mark.parametrize(("sigma_t", "t0", "centre"), [(0.5, None, 10), (2.0, None, 10), (2.1, None, 11), (9, 3, 3)])
def test_packets_are_centred_late_enough_to_lie_in_the_run(sigma_t, t0, centre):
    assert launch.start([1.0, sigma_t, 0.1], t0) == [t0 or 10, centre, t0 or 10]


TIMED = sf.Inhibition(1.5, on=8, off=16)
SLOW = sf.SynfireChain(
    sf.LIF(tau_m=30, V_th=-55, V_reset=-70, t_ref=2), sf.Noise(-61, 2), layers=8, width=100, weight=0.16, tau_s=8.0
)


def test_slow_chains_are_given_the_time_that_their_volleys_need():
    """20 ms a layer: within the 93 ms that are the default to begin with no packet is alive behind the last one."""
    found = sf.critical_packet(SLOW, 1.0, bounds=(50, 80), tolerance=0.02, **COARSE)
    assert 50 < float(found.a_low) < float(found.a_high) < 80
    ends = sf.propagate(SLOW, [packet(float(found.a_low)), packet(float(found.a_high))], t=800, **COARSE)
    assert ends.survived.isel(layer=-1).values.tolist() == [False, True]
    with pytest.warns(SynferWarning, match="is not over"), pytest.raises(ParameterError, match="dies at every a"):
        sf.critical_packet(SLOW, 1.0, bounds=(50, 80), tolerance=0.02, t=93.0, **COARSE)


def test_survival_of_slow_chains_is_counted_when_their_volleys_have_arrived():
    """Its eighth layer fires at 117 +- 7 ms; the default duration to begin with is 93 ms."""
    out = sf.survival(SLOW, packet(100), trials=4, window=40.0, dt=0.1)
    assert (out.survival == 1).all()


def test_warnings_of_a_search_reach_its_caller():
    """The latest of every point, also of one whose search ended before the others'."""
    cut = {"t": 20.0, "bounds": (30, 70), "tolerance": 0.1} | COARSE
    with pytest.warns(SynferWarning, match="is not over at the end of the run, t = 20 ms"):
        found = sf.critical_packet(DIESMANN.replace(layers=3), 1.0, **cut)
    assert any("is not over" in text for text in found.attrs["warnings"])
    points = launch.Points(chain=DIESMANN.replace(layers=3), gate=None, disfacilitation=False)
    search = launch.Search(launch.Engine(t=13.5, h=0.2, dt=0.1))
    search.arrives([0], [points.points[0]], [packet(60)])
    search.arrives([1], [points.points[0]], [packet(0.1, t0=5)])
    with pytest.warns(SynferWarning, match="is not over"):
        search.report(points)


def test_weights_are_looked_for_from_sigma_where_the_mean_lies_above_the_threshold():
    """Noise of mean -54.9 and sd .5 mV at a threshold of -55: the search spans .1 to 10 mV, not -.02 to -2."""
    asked = []

    def recorded(chains, packets, **others):
        asked.extend(chain.A for chain in chains)
        alive = np.array([[chain.A > 1] for chain in chains])
        quiet = {"status": (("point",), np.zeros(len(chains), int)), "survived": (("point", "layer"), alive)}
        return xr.Dataset(quiet, attrs={"warnings": []})

    chain = sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-54.9, 0.5), weight=1, tau_s=0.325)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(launch, "propagate", recorded)
        sf.critical_weight(chain)
    assert (min(asked), max(asked)) == pytest.approx((0.1, 10))


@pytest.mark.parametrize(
    ("study", "words"),
    [
        (lambda c: sf.survival(c, packet(50) + packet(50)), "must be one PulsePacket"),
        (lambda c: sf.survival([c], packet(50)), "chain is a sequence, and survival takes one chain"),
        (lambda c: sf.state_plane([c, c], a_in=[50], sigma_t_in=[1]), "state_plane takes one chain"),
        (lambda c: sf.state_plane(c, a_in=[5], sigma_t_in=[1, 2], gate=[None] * 2), "state_plane takes one gate"),
        (lambda c: sf.state_plane(c, a_in=[5], sigma_t_in=[1, 3], gate=TIMED), "give one t0, for example t0=15"),
        (lambda c: sf.state_plane(c, a_in=[5], sigma_t_in=[1, 3], gate=TIMED + TIMED), "give one t0"),
        (lambda c: sf.critical_packet(c.network(), 1.0), "^chain must be a SynfireChain, not a Network; see .{,40}$"),
        (lambda c: sf.critical_packet(c, 1.0, bounds=(80, 90), **COARSE), "survives at every a from 80 spikes"),
        (lambda c: sf.critical_packet(c, 1.0, bounds=(1, 5), **COARSE), "dies at every a up to 5 spikes"),
        (lambda c: sf.critical_weight(c, bounds=(0.5, 1), **COARSE), "dies at every A up to 1 mV"),
        (lambda c: sf.critical_weight(c, bounds=(20, 25)), "survives at every A from 20 mV"),
        (lambda c: sf.critical_packet(c.neuron, 1.0), "must be a SynfireChain"),
        (lambda c: sf.critical_packet(c, 1.0, tolerance=0), "tolerance = 0"),
        (lambda c: sf.state_plane(c, a_in=[], sigma_t_in=[1]), "a_in"),
        (lambda c: sf.state_plane(c, a_in=[2, 1], sigma_t_in=[1]), "increasing"),
        (lambda c: sf.survival(c, packet(50), width=[0]), "width"),
        (lambda c: sf.survival(c, packet(50), width=[10.5]), "width"),
    ],
)
def test_bad_questions_are_named(study, words):
    with pytest.raises(ParameterError, match=words):
        study(DIESMANN.replace(layers=3))


def test_trials_that_fail_are_reported_not_taken_for_dead(monkeypatch):
    def failing(chains, packets, *, trials, **others):
        dead = np.zeros((1, trials, 3), bool)
        status = np.arange(trials)[None] == 1
        return xr.Dataset({"survived": (("point", "trial", "layer"), dead), "status": (("point", "trial"), status)})

    monkeypatch.setattr("synfer.population.packets.trials.simulate", failing)
    with pytest.raises(NumericalError, match="1 of 5 trials with width = 50 did not stay finite"):
        sf.survival(DIESMANN.replace(layers=3), packet(50), width=50, trials=5)


def test_chain_that_fails_is_reported_not_taken_for_dead(monkeypatch):
    def failing(chains, packets, **others):
        dead = (("point", "layer"), np.zeros((len(chains), 1), bool))
        status = np.arange(len(chains)) == 3
        return xr.Dataset({"survived": dead, "status": (("point",), status.astype(int))}, attrs={"warnings": []})

    monkeypatch.setattr(launch, "propagate", failing)
    with pytest.raises(NumericalError, match="1 of 16 chains failed"):
        sf.critical_packet(DIESMANN, sigma_t=1.0)


@pytest.mark.parametrize(("k", "ends"), [(0, (0, 0.2775)), (5, (0.2366, 0.7634)), (10, (0.7225, 1))])
def test_wilson_interval(k, ends):
    """Published values for 10 trials, four digits."""
    assert wilson(np.array(k), 10) == pytest.approx(ends, abs=5e-5)


def test_other_widths_keep_a_over_n_and_the_drive_of_a_layer(monkeypatch):
    seen = []

    def recorded(chains, packets, *, seed, trials, **others):
        seen.append((chains[0].width, chains[0].A, packets[0].a, seed))
        alive = (("point", "trial", "layer"), np.ones((1, trials, 8), bool))
        return xr.Dataset({"survived": alive, "status": (("point", "trial"), np.zeros((1, trials), int))})

    monkeypatch.setattr("synfer.population.packets.trials.simulate", recorded)
    out = sf.survival(DIESMANN, packet(45), width=[50, 100, 400], trials=7)
    assert [x[0] for x in seen] == [50, 100, 400]
    assert [x[1] for x in seen] == pytest.approx([15.795] * 3)
    assert [x[2] for x in seen] == pytest.approx([22.5, 45, 180])
    assert len({x[3] for x in seen}) == 3
    assert out.survival.dims == ("width", "layer")
    assert np.all(out.survival == 1)
    assert np.all(out.survival_low < 1)


@pytest.mark.slow
def test_survival_of_a_hundred_neurons_turns_over_at_the_separatrix():
    """Below .25 at .40 N and above .75 at .50 N; expected about .1 and .9, s.e. .03 at 100 trials."""
    out = sf.survival(DIESMANN, [packet(40), packet(50)], trials=100, seed=1)
    low, high = out.survival.sel(layer=8, width=100).values
    assert low < 0.25
    assert high > 0.75


@pytest.mark.parametrize(
    "call",
    [
        lambda: sf.critical_packet(DIESMANN, sigma_t="one"),
        lambda: sf.critical_packet(DIESMANN, sf.PulsePacket(a=60, sigma_t=1, t0=10)),
        lambda: sf.critical_packet(DIESMANN, 1.0, t0="early"),
        lambda: sf.critical_weight(DIESMANN, bounds=5),
        lambda: sf.state_plane(DIESMANN, a_in=["x"], sigma_t_in=[1]),
        lambda: sf.closing_charge(DIESMANN, sf.PulsePacket(a=90, sigma_t=1, t0=10), length=[5], lag=[]),
        lambda: sf.cost(DIESMANN, sf.PulsePacket(a=90, sigma_t=1, t0=10), sf.Inhibition(1), t=40, budget="x"),
    ],
)
def test_what_is_no_number_is_a_named_error(call):
    with pytest.raises(sf.ParameterError, match="must"):
        call()
