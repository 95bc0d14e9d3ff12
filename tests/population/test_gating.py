"""Gates on chains: against reference numbers, against `propagate` itself, and against charges known by hand."""

import warnings

import numpy as np
import pytest
import xarray as xr

import synfer as sf
from synfer.core.errors import NumericalError, ParameterError, SynferWarning
from synfer.population.gating.strength import turned
from synfer.population.packets import launch

H1 = sf.Noise(-64.22720614, 2)
EIF = sf.SynfireChain(sf.EIF.fourcaud2003(), H1, layers=10, width=100, weight=0.1473, tau_s=0.325)
LIF = EIF.replace(neuron=sf.LIF(tau_m=10, V_th=-59.60470308, V_reset=-68, t_ref=1.7), weight=0.1003)
SHORT = LIF.replace(layers=3)
FADING = 25
VOLLEY = sf.PulsePacket(a=90, sigma_t=1.0, t0=10)
COARSE = {"h": 0.2, "dt": 0.1}


def last(out):
    return out.isel(layer=-1)


def test_sustained_inhibition_closes_both_chains_near_one_millivolt():
    """EIF-H1 at A 14.73 mV: 1.0-1.3 mV, LIF-H1 at A 10.03 mV: .9-1.25 mV (both at 1.15 of their critical weight)."""
    closing = sf.closing_depth([EIF, LIF], VOLLEY, bounds=(0.3, 3), tolerance=0.02)
    eif, lif = closing.depth.values
    assert 1.0 < eif < 1.3
    assert 0.9 < lif < 1.25
    ends = sf.propagate(EIF, VOLLEY, gate=[sf.Inhibition(float(closing[k][0])) for k in ("depth_low", "depth_high")])
    assert last(ends).survived.values.tolist() == [True, False]


def test_at_equal_weight_the_linear_neuron_takes_far_more():
    """The EIF needs A 12.8 mV and the LIF 8.7: at 14.73 mV one is close to failure and the other is not."""
    depth = sf.closing_depth([EIF, LIF.replace(weight=EIF.weight)], VOLLEY, tolerance=0.02, **COARSE).depth.values
    assert depth[1] > 3 * depth[0]


def test_margin_counts_from_the_critical_weight():
    closing = sf.closing_depth(SHORT, VOLLEY, margin=1.15, tolerance=0.02, **COARSE)
    critical = sf.critical_weight(SHORT, tolerance=0.02, **COARSE)
    assert float(closing.A) == pytest.approx(1.15 * float(critical.A), rel=1e-12)


def test_silencing_upstream_helps_to_close():
    both = sf.closing_depth(
        EIF, VOLLEY, disfacilitation=[False, True], bounds=(0.3, 3), tolerance=0.05, **COARSE
    ).depth.values
    assert both[1] < 0.7 * both[0]


def test_short_windows_delay_the_eif_and_stop_the_lif():
    """+-5 ms around each layer's ungated arrival. At 1.25 mV both pass; at 2 and 3 mV the LIF is closed, while the
    EIF's volley comes out late: .71 N at 3 mV, 38 ms after the ungated one.
    """
    depths = [0, 1.25, 2, 3]
    curves = {}
    for name, chain in (("eif", EIF), ("lif", LIF)):
        gate = sf.gate_windows(chain, VOLLEY, sf.Inhibition(0), before=5, after=5)
        curves[name] = last(sf.gating_curve(chain, depth=depths, packet=VOLLEY, gate=gate))
    eif, lif = curves["eif"], curves["lif"]
    # The spec's .86, .83 (EIF) and .88, .03, 0 (LIF), each on one mesh: within .03 N.
    assert eif.a.sel(depth=[1.25, 2]).values == pytest.approx([86, 83], abs=3)
    assert lif.a.sel(depth=[1.25, 2, 3]).values == pytest.approx([88, 3, 0], abs=3)
    assert float(eif.a.sel(depth=3)) == pytest.approx(71, abs=2)
    assert float(eif.t_packet.sel(depth=3) - eif.t_packet.sel(depth=0)) == pytest.approx(38, abs=2)


def test_run_that_ends_early_takes_a_late_volley_for_a_stopped_one():
    gate = turned(sf.gate_windows(EIF, VOLLEY, sf.Inhibition(0), before=5, after=5), 3)
    long = float(last(sf.propagate(EIF, VOLLEY, gate=gate, t=150)).a)
    with pytest.warns(SynferWarning, match="is not over at the end of the run, t = 68 ms"):
        short = float(last(sf.propagate(EIF, VOLLEY, gate=gate, t=68)).a)
    assert float(last(sf.propagate(EIF, VOLLEY, gate=gate)).a) == pytest.approx(long, rel=1e-6)
    assert short < 25
    assert long > 65


def test_depth_zero_is_no_gate_and_every_depth_is_its_own_run():
    gate = sf.Inhibition(7, on=5, off=15, lag=1)
    curve = sf.gating_curve(SHORT, depth=[0, 2], packet=VOLLEY, gate=gate, **COARSE)
    runs = sf.propagate(SHORT, VOLLEY, gate=[None, gate.replace(depth=2)], **COARSE)
    for name in ("a", "sigma_t", "t_packet"):
        # A gate of depth 0 deepens no mesh, but its twins are steps of a run instead of a constant.
        np.testing.assert_allclose(curve[name], runs[name], rtol=1e-6)
    assert curve.a.dims == ("depth", "layer")
    assert curve.depth.attrs["units"] == "mV"


def test_shunts_are_turned_by_their_conductance():
    mesh = {"h": 0.1, "dt": 0.1}  # the shunt narrows the density to sd 1.75 mV
    curve = sf.gating_curve(SHORT, depth=[0, 0.3], packet=VOLLEY, gate=sf.Shunt(g=0, E_rev=-75), **mesh)
    assert curve.a.dims == ("g", "layer")
    assert not last(curve).survived.sel(g=0.3)
    closing = sf.closing_depth(SHORT, VOLLEY, gate=sf.Shunt(g=0, E_rev=-75), bounds=(0.02, 0.3), tolerance=0.05, **mesh)
    assert 0.02 < float(closing.g_low) < float(closing.g) < 0.3


def test_points_and_depths_are_separate_axes():
    curve = sf.gating_curve([SHORT, SHORT.replace(weight=0.12)], depth=[0, 1, 2], packet=VOLLEY, **COARSE)
    assert curve.a.sizes == {"point": 2, "depth": 3, "layer": 3}
    assert np.all(curve.a.isel(point=1) >= curve.a.isel(point=0) - 1e-9)


def test_windows_follow_the_ungated_arrival():
    times = sf.propagate(SHORT, VOLLEY).t_packet.values
    gate = sf.gate_windows(SHORT, VOLLEY, sf.Inhibition(1.25), before=3, after=4)
    assert [part.layers for part in gate.parts] == [(1,), (2,), (3,)]
    assert [part.on for part in gate.parts] == pytest.approx(times - 3)
    assert [part.off for part in gate.parts] == pytest.approx(times + 4)
    early = sf.gate_windows(SHORT, VOLLEY, sf.Inhibition(1.25), before=50, after=4)
    assert [part.on for part in early.parts] == [0, 0, 0]


def test_longer_windows_take_less_depth_and_more_charge():
    price = sf.closing_charge(SHORT, VOLLEY, length=[5, 10, 20], tolerance=0.02, **COARSE)
    assert np.all(np.diff(price.depth) < 0)
    assert np.all(np.diff(price.charge) > 0)
    np.testing.assert_allclose(price.charge, price.depth * price.length, rtol=1e-12)
    arriving = [90, *sf.propagate(SHORT, VOLLEY, **COARSE).a.values[:-1]]
    np.testing.assert_allclose(price.charge / price.charge_fraction, 1.003 * np.mean(arriving), rtol=1e-9)


def test_gate_that_leaves_at_the_speed_of_the_volley_is_as_good_as_windows_on_its_arrivals():
    """The LIF's volley moves at .7 +- .1 ms per layer, so that a lag of that puts a window of 6 ms in place."""
    own = sf.closing_charge(SHORT, VOLLEY, length=[6], tolerance=0.02, **COARSE)
    travelling = sf.closing_charge(SHORT, VOLLEY, length=[6], lag=[0.7, 6.0], tolerance=0.02, **COARSE)
    assert travelling.depth.dims == ("length", "lag")
    assert float(travelling.depth[0, 0]) == pytest.approx(float(own.depth[0]), rel=0.04)
    assert float(travelling.depth[0, 1]) > 1.5 * float(own.depth[0])


@pytest.mark.parametrize(
    ("options", "t"),
    [
        ({"length": [40]}, 40.0),  # begins before the run on all layers
        ({"length": [12], "centre": 4.0}, 13.0),  # ends after it on some
        ({"length": [12], "lag": [-5.0]}, 30.0),  # over before the run begins on the last layer
        ({"length": [6], "lag": [0.7]}, 30.0),  # all in the run
    ],
)
def test_charge_that_closes_is_what_the_gate_costs_in_the_run(options, t):
    """To rounding, against the integral of the gate over a run by another verb."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SynferWarning)  # of volleys that the end of the run cuts
        price = sf.closing_charge(SHORT, VOLLEY, **options, bounds=(0.5, 20), t=t, tolerance=0.2, **COARSE)
        depth, length = price.depth.item(), options["length"][0]
        middles = sf.propagate(SHORT, VOLLEY, t=t, **COARSE).t_packet.values + options.get("centre", 0.0)
        if "lag" in options:
            gate = sf.Inhibition(depth, on=middles[0] - length / 2, off=middles[0] + length / 2, lag=options["lag"][0])
        else:
            ends = enumerate(zip(middles - length / 2, middles + length / 2, strict=True), start=1)
            gate = sum_of([sf.Inhibition(depth, on=on, off=off, layers=(i,)) for i, (on, off) in ends])
        cost = sf.cost(SHORT, VOLLEY, gate, t=t, **COARSE)
    assert price.charge.item() == pytest.approx(float(cost.charge.mean()), rel=1e-9)
    whole = "lag" in options and options["lag"][0] > 0
    assert (price.charge.item() == pytest.approx(depth * length)) == whole


def sum_of(gates):
    total = gates[0]
    for gate in gates[1:]:
        total = total + gate
    return total


def test_ungated_chain_is_run_once_for_the_charge_that_closes_it(monkeypatch):
    seen, propagate = [], launch.propagate

    def counted(chains, packets, *, gate, **others):
        seen.append(sum(one is None for one in gate))
        return propagate(chains, packets, gate=gate, **others)

    monkeypatch.setattr(launch, "propagate", counted)
    sf.closing_charge(SHORT, VOLLEY, length=[10], tolerance=0.2, **COARSE)
    assert sum(seen) == 1


def test_windows_that_nothing_within_bounds_can_close_cost_infinitely_much():
    price = sf.closing_charge(SHORT, VOLLEY, length=[5], bounds=(0.1, 0.5), tolerance=0.1, **COARSE)
    assert float(price.depth_low[0]) == 0.5
    assert np.isinf(price.depth[0])
    assert np.isinf(price.charge_fraction[0])


def test_charge_of_currents_is_depth_times_time_on_the_layers_they_act_on():
    """Overlapping, lagging and partial gates, to rounding; the run ends at 40 ms."""
    gate = sf.Inhibition(2, on=5, off=15, layers=(1, 2)) + sf.Inhibition(1, on=10, lag=10) + sf.Inhibition(0.5)
    price = sf.cost(SHORT, VOLLEY, gate, t=40, **COARSE)
    assert price.charge.values == pytest.approx([20 + 30 + 20, 20 + 20 + 20, 0 + 10 + 20])
    assert price.charge_pA.values == pytest.approx(10 * price.charge.values)
    # 1 mV ms at 10 nS = 62,415 ions, half an ATP each.
    assert price.atp.values == pytest.approx(price.charge.values * 62_415.09 / 2, rel=1e-6)


def test_charge_of_a_sustained_shunt_is_that_of_its_stationary_membrane():
    """g (<V> - E_rev) t with the stationary mean of an independent method; a packet of .01 spikes moves nothing.

    The mean of the density at h = .1 mV, sigma = 2 mV is within .001 mV of it, of 11 mV of driving force.
    """
    shunt = sf.Shunt(g=0.3, E_rev=-75)
    price = sf.cost(SHORT, VOLLEY.replace(a=0.01), shunt, t=30)
    V = float(sf.stationary(SHORT.neuron, H1 + shunt).V_mean)
    assert price.charge.values == pytest.approx([0.3 * (V + 75) * 30] * 3, rel=1e-3)


@pytest.mark.parametrize("E_rev", [-50.0, -64.0])
def test_ions_that_flow_out_of_a_shunt_cost_as_those_that_flow_in(E_rev):
    """E_rev above <V> throughout, and between <V> at rest and in the volley; a second shunt adds its own charge."""
    shunt, other = sf.Shunt(g=0.05, E_rev=E_rev), sf.Shunt(g=0.02, E_rev=-80)
    mesh = {"h": 0.1, "dt": 0.1}
    run = sf.evolve(SHORT, VOLLEY, gate=shunt + other, t=30, **mesh)
    V = 0.5 * (run.V_mean.values[:, 1:] + run.V_mean.values[:, :-1])
    assert np.any(E_rev > V)
    expected = (0.05 * np.abs(V - E_rev) + 0.02 * (V + 80)).sum(axis=1) * mesh["dt"]
    price = sf.cost(SHORT, VOLLEY, shunt + other, t=30, **mesh)
    assert price.charge.values == pytest.approx(expected, rel=1e-9)
    assert (price.atp > 0).all()


def test_gated_run_that_fails_is_no_price(monkeypatch):
    def failing(chain, packet, **others):
        return xr.Dataset({"status": (("point", "layer"), np.array([[0, 0, 0], [0, 1, 0]]))}, attrs={"warnings": []})

    monkeypatch.setattr("synfer.population.gating.price.evolve", failing)
    with pytest.raises(NumericalError, match="1 of 6 layers did not stay finite"):
        sf.cost(SHORT, VOLLEY, sf.Inhibition(1), t=20)


def test_sustained_gate_takes_the_background_that_stationary_rates_say():
    """(r0 - r) t, to the density's .4 (h/sigma)^2 = .1 % of a rate; 4 mV stop a volley of nearly all neurons."""
    gate = sf.Inhibition(4)
    price = sf.cost(SHORT, VOLLEY, gate, t=60)
    rates = [float(sf.stationary(SHORT.neuron, drive).rate) for drive in (H1, H1 + gate)]
    assert price.quiet_suppressed.values == pytest.approx([(rates[0] - rates[1]) * 0.06] * 3, rel=2e-3)
    open_ = sf.propagate(SHORT, VOLLEY).a.values / 100
    assert float(price.volley_suppressed[-1]) == pytest.approx(open_[-1], abs=0.02)
    arriving = np.array([0.9, *open_[:-1]])
    assert price.volley_charge.values == pytest.approx(10 * 10.03 * arriving, rel=1e-6)
    spike = sf.EnergyBudget.howarth2012()
    per_spike = spike.action_potential + 2000 * spike.vesicle
    assert price.volley_atp.values == pytest.approx(per_spike * open_, rel=1e-6)
    assert price.atp_fraction.values == pytest.approx((price.atp / price.volley_atp).values)


def test_dearer_spikes_make_a_gate_relatively_cheaper():
    cheap, dear = (
        sf.cost(SHORT, VOLLEY, sf.Inhibition(2), t=40, budget=budget, **COARSE).atp_fraction
        for budget in (sf.EnergyBudget.howarth2012(), sf.EnergyBudget.attwell2001())
    )
    # (1.19e8 + 3.26e8)/(3.84e8 + 3.26e8)
    assert (dear / cheap).values == pytest.approx(0.627, abs=0.001)


MIXED = sf.Inhibition(1) + sf.Shunt(g=0.1, E_rev=-75)


@pytest.mark.parametrize(
    ("study", "words"),
    [
        (lambda: sf.gating_curve(SHORT, depth=[1], packet=VOLLEY, gate=MIXED), "sum of one kind"),
        (lambda: sf.gating_curve(SHORT, depth=[1], packet=VOLLEY, gate=H1), "must be Inhibition"),
        (lambda: sf.gating_curve(SHORT, depth=[1], packet=VOLLEY, gate=list(MIXED.parts)), "study them apart"),
        (lambda: sf.gating_curve(SHORT, depth=[-1], packet=VOLLEY), "depth"),
        (lambda: sf.gating_curve(SHORT, depth=[], packet=VOLLEY), "depth"),
        (lambda: sf.gate_windows(SHORT, VOLLEY, sf.Inhibition(1, on=3), before=1, after=1), "without on, off"),
        (lambda: sf.gate_windows(SHORT, VOLLEY, sf.Inhibition(1), before=1, after=-2), "no window"),
        (lambda: sf.gate_windows(SHORT, VOLLEY, sf.Inhibition(1), before=50, after=-40), "before the run begins"),
        (
            lambda: sf.gate_windows(
                SHORT.replace(weight=0.001), VOLLEY.replace(a=1), sf.Inhibition(1), before=1, after=1
            ),
            "is dead by layer",
        ),
        (lambda: sf.closing_depth(SHORT, VOLLEY.replace(a=10), **COARSE), "dies without a gate"),
        (lambda: sf.closing_depth(SHORT, VOLLEY, bounds=(0.1, 0.2), **COARSE), "survives every depth up to 0.2 mV"),
        (lambda: sf.closing_depth(SHORT, VOLLEY, margin=0, **COARSE), "margin = 0"),
        (lambda: sf.closing_charge(SHORT, VOLLEY, length=[0]), "length"),
        (lambda: sf.closing_charge(SHORT, VOLLEY, length=[1], centre=-30), "outside the run on every layer"),
        (lambda: sf.closing_charge(SHORT, VOLLEY, length=[1, 9], centre=300, t=90.0), "outside the run"),
        # 25 spikes in 3 layers: too few to survive, too many to be dead.
        (lambda: sf.closing_charge(SHORT, VOLLEY.replace(a=FADING), length=[9], **COARSE), "dies without a gate"),
        (lambda: sf.closing_charge(SHORT, VOLLEY + VOLLEY, length=[9]), "must be one PulsePacket"),
        (lambda: sf.closing_charge(SHORT, VOLLEY, length=[9], disfacilitation=[True]), "takes one disfacilitation"),
        (lambda: sf.closing_charge([SHORT], VOLLEY, length=[9]), "closing_charge takes one chain"),
        (lambda: sf.cost(SHORT, VOLLEY + VOLLEY, sf.Inhibition(1), t=20), "must be one PulsePacket"),
        (lambda: sf.cost(SHORT, [VOLLEY], sf.Inhibition(1), t=20), "cost takes one packet"),
        (lambda: sf.cost(SHORT, VOLLEY, sf.Inhibition(1), t=20, disfacilitation=[True]), "one disfacilitation"),
        (lambda: sf.cost(SHORT, VOLLEY, MIXED, t=20), "sum of one kind"),
        (lambda: sf.cost(SHORT, VOLLEY, sf.Inhibition(1), t=20, g_L=0), "g_L"),
        (lambda: sf.cost(SHORT.neuron, VOLLEY, sf.Inhibition(1), t=20), "must be a SynfireChain"),
    ],
)
def test_bad_questions_are_named(study, words):
    with pytest.raises(ParameterError, match=words):
        study()
