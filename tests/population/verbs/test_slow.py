"""Verbs on neurons with a slow variable: limits, conservation, meshes from the parameters, and refusals."""

import numpy as np
import pytest

import synfer as sf
from synfer.population.verbs import resting
from synfer.population.verbs.columns import BELOW, MOST
from synfer.population.verbs.common import Points, check_step
from synfer.population.verbs.mesh import choose

AEIF, EIF, REST = sf.AdaptiveEIF.example(), sf.EIF.fourcaud2003(), sf.Noise(-62, 2)
STILL = AEIF.replace(a_w=0, b=0)
NAN = float("nan")
RS = sf.Izhikevich.regular_spiking()
COARSE = sf.Mesh(h=0.4, dw=0.25)
CHAIN = sf.SynfireChain(AEIF, REST, layers=2, weight=0.14, tau_s=0.325)
PACKET = sf.PulsePacket(a=60, sigma_t=1, t0=5)


def volley(t0):
    return sf.PulsePacket(a=1, sigma_t=1, t0=t0, weight=6, tau_s=0.325)


GATED = REST + sf.Inhibition(3, on=1, off=4) + volley(6)


def test_without_adaptation_every_verb_gives_what_it_gives_in_one_dimension():
    """a_w = b = 0: one column, and the same cells; equal to rounding, which 300 steps add up to 1e-12."""
    flat, slow = (sf.evolve(neuron, GATED, t=15, every=1) for neuron in (EIF, STILL))
    for name in ("rate", "n_spikes", "V_mean", "V_sd", "V_iqr"):
        assert slow[name].values == pytest.approx(flat[name].values, rel=1e-12)
    rates = [float(sf.stationary(neuron, REST, method="density").rate) for neuron in (EIF, STILL)]
    assert rates[1] == pytest.approx(rates[0], rel=1e-12)
    flat, slow = (sf.propagate(CHAIN.replace(neuron=neuron), PACKET, t=25) for neuron in (EIF, STILL))
    assert slow.a.values == pytest.approx(flat.a.values, rel=1e-11)
    assert "edge_mass" not in flat


def test_the_reference_rate_and_what_inhibition_does_to_the_next_count():
    """6.89 +- .08 Hz; after 4 mV x 30 ms a volley of A 6 gives x .45 +- .03 at its end, x 1.24 +- .03 20 ms later.

    On a coarse mesh, which moves the rate by half a percent and the ratios by one.
    """
    assert float(sf.stationary(AEIF, REST, h=COARSE).rate) == pytest.approx(6.89, abs=0.08)

    def count(gate, t0):
        d = sf.evolve(AEIF, [rest + volley(t0) if i == 0 else rest for i, rest in enumerate([gate, gate])],
                      t=t0 + 15, every=1, h=COARSE)  # fmt: skip
        evoked = d.n_spikes.isel(point=0) - d.n_spikes.isel(point=1)
        return float(evoked.sel(time=slice(t0 - 4.5, None)).sum())

    free, gate = count(REST, 10), REST + sf.Inhibition(4, on=0, off=30)
    assert count(gate, 30) / free == pytest.approx(0.45, abs=0.03)
    assert count(gate, 50) / free == pytest.approx(1.24, abs=0.03)


def test_densities_and_moments_agree_with_each_other():
    d = sf.evolve(AEIF, GATED, t=9, every=3, h=COARSE, record=("p", "p_w", "p_Vw"))
    h, dw = (float(d[x][1] - d[x][0]) for x in ("V", "w"))
    assert d.p_Vw.sum("w").values * dw == pytest.approx(d.p.values, abs=1e-14)
    assert d.p_Vw.sum("V").values * h == pytest.approx(d.p_w.values, abs=1e-14)
    assert float(d.p_Vw.min()) >= 0
    # At rest 1.7 ms of the rate are refractory.
    assert float(d.p_w[0].sum()) * dw == pytest.approx(1 - 1.7e-3 * float(d.rate[0]), abs=1e-12)
    free = d.p_w / d.p_w.sum("w")
    assert (free * d.w).sum("w").values == pytest.approx(d.w_mean.values, rel=1e-9)
    assert ((free * d.w**2).sum("w") - d.w_mean**2).values == pytest.approx(d.w_sd.values**2, rel=1e-6)
    s = sf.stationary(AEIF, REST + sf.Inhibition(0), h=sf.Mesh(0.4, 0.25, (float(d.w[0]) - dw / 2, 15)))
    for name in ("rate", "V_mean", "V_sd", "w_mean", "w_sd"):
        assert float(s[name]) == pytest.approx(float(d[name][0]), rel=1e-9)


def test_every_variable_says_its_unit():
    d = sf.evolve(CHAIN, PACKET, t=40, every=5, h=COARSE, record=("p", "p_w", "p_Vw"))
    for ds in (d, sf.evolve(AEIF, REST, t=1, h=COARSE)):
        for name, variable in ds.variables.items():
            assert {"units", "long_name"} <= set(variable.attrs), name
    assert d.p_Vw.dims == ("layer", "time", "V", "w")
    assert d.edge_mass.dims == d.mesh_error.dims == ("layer",)


def test_a_continued_run_equals_the_unbroken_one_to_the_last_bit():
    whole = sf.evolve(AEIF, GATED, t=8, h=COARSE)
    first = sf.evolve(AEIF, GATED, t=5, h=COARSE)
    second = sf.evolve(AEIF, GATED, t=3, h=COARSE, initial=first)
    for name in ("rate", "w_mean", "w_sd", "V_sd"):
        assert second[name].values.tobytes() == whole[name][100:].values.tobytes()


def test_a_run_goes_on_under_a_drive_that_needs_more_room():
    """Cells and columns are added, in step with those that were: nothing moves at the seam but by rounding."""
    first = sf.evolve([STILL, AEIF], REST, t=2, every=1)
    on = sf.evolve([STILL, AEIF], sf.Noise(-56, 3) + sf.Inhibition(9, on=3), t=2, every=1, initial=first)
    for name in ("rate", "V_mean", "w_mean", "w_sd"):
        assert on[name][:, 0].values == pytest.approx(first[name][:, -1].values, rel=1e-9)


@pytest.mark.parametrize(
    ("neuron", "drive"),
    [
        (AEIF, REST),
        (AEIF.replace(a_w=-0.3), REST),
        (AEIF.replace(b=0), REST),
        (AEIF, sf.Noise(-55, 3) + sf.Inhibition(6, on=5) + sf.Shunt(g=0.5, E_rev=-75)),
        (sf.AdaptiveLIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=2, tau_w=100, a_w=0.2, b=1, E_w=-65), sf.Noise(-58, 3)),
        (RS, sf.Current(4, 1)),
        (sf.Izhikevich.chattering(), sf.Current(4, 1)),
        (sf.Izhikevich.thalamo_cortical(), sf.Current(2, 1)),
    ],
)
def test_the_default_mesh_holds_the_state_and_divides_the_jump(neuron, drive):
    drive = drive if isinstance(drive, sf.Drive) else sf.Drive((drive,))
    h, V_lb, columns = choose({"neuron": neuron, "drive": drive, "h": None}, Points())
    assert (neuron.V_top - V_lb) / h <= 600 * (1 + 1e-12)
    assert 96 <= columns.count <= MOST + BELOW + 3
    steps = neuron.slow.jump / columns.dw
    assert steps == pytest.approx(round(steps), abs=1e-9)
    rest = sf.Drive(tuple(part for part in drive.parts if not getattr(part, "timed", False)))
    s = sf.stationary(neuron, rest)
    assert float(s.edge_mass) < 1e-6
    assert 0 < float(s.mesh_error) < 0.05


@pytest.mark.parametrize("drive", [sf.Current(4, 0.04), sf.Current(-500, 2)])
def test_the_default_mesh_resolves_weak_noise_without_a_word(drive):
    """Five cells to the sd of the free membrane at least, whatever their number, and columns that hold the state."""
    cells = choose({"neuron": RS, "drive": sf.Drive((drive,)), "h": None}, Points())
    state = resting.settled([{"neuron": RS, "mesh": cells}], np.array([[drive.I], [drive.D**0.5], [0], [0]]))
    masses = state.p[0].sum(axis=0) * cells.h
    assert max(masses[0], masses[-1]) < 1e-6


def test_a_step_is_told_that_is_coarse_for_the_slow_variable():
    fast = sf.Drive((REST,)), AEIF.replace(tau_w=0.5)
    with pytest.warns(sf.SynferWarning, match=r"a slow variable of time constant 0.5 ms; lower dt to 0.05 ms"):
        check_step(Points(neuron=fast[1], drive=fast[0], dt=0.2))


def test_a_slow_slow_variable_stays_at_its_mean():
    """The limit of long tau: at 2000 ms .31 % of the rate are missing, of which .1 % is the mesh of the density."""
    slow = AEIF.replace(tau_w=2000, b=0.05)
    exact, held = (sf.stationary(slow, REST, method=method) for method in ("density", "theory"))
    assert float(held.rate) == pytest.approx(float(exact.rate), rel=6e-3)
    assert float(held.w_mean) == pytest.approx(float(exact.w_mean), abs=0.02)


def test_the_estimate_of_the_mesh_bounds_what_a_finer_one_changes():
    coarse, fine = (sf.stationary(AEIF, REST, h=h) for h in (None, sf.Mesh(0.1, 1 / 17)))
    assert abs(float(coarse.rate / fine.rate) - 1) < float(coarse.mesh_error)


def test_a_number_is_a_mesh_and_equal_layers_are_solved_once():
    a, b = (sf.stationary(AEIF, REST, h=h) for h in (0.4, sf.Mesh(0.4)))
    assert a.p_Vw.values.tobytes() == b.p_Vw.values.tobytes()
    before = resting._remembered.cache_info()
    sf.propagate(CHAIN, PACKET, t=25, h=0.4)
    after = resting._remembered.cache_info()
    # One state, and the five on wider meshes that its error is estimated from.
    assert after.misses - before.misses <= 6


def test_layers_of_both_kinds_make_a_chain_and_no_point_depends_on_the_others():
    mixed = CHAIN.replace(neuron=(EIF, AEIF), noise=(sf.Noise(-64, 2), REST))
    flat = CHAIN.replace(neuron=EIF, noise=sf.Noise(-64, 2))
    own = {"disfacilitation": True, "gate": sf.Inhibition(2, on=3, off=9), "t": 40, "h": 0.2, "every": 5}
    both = sf.evolve([flat, mixed], PACKET, **own)
    for i, chain in enumerate((flat, mixed)):
        alone = sf.evolve(chain, PACKET, **own)
        assert alone.rate.values.tobytes() == both.rate[i].values.tobytes()
    # Layer 1 is the same neuron under the same drive, once in cells alone, once in a column of them.
    assert both.rate[1, 0].values == pytest.approx(both.rate[0, 0].values, rel=1e-11)
    assert (both.w_mean[0] == 0).all()
    assert (both.w_mean[1, 1] > 1).all()


def test_a_gate_closes_an_adaptive_chain_and_its_studies_run_on_it():
    curve = sf.gating_curve(CHAIN, depth=[0, 8], packet=PACKET, h=COARSE)
    assert curve.survived[:, -1].values.tolist() == [True, False]


@pytest.mark.parametrize("kind", ["lif", "linear"])
def test_an_adaptive_control_fires_at_the_rate_of_its_model(kind):
    control = sf.rate_matched(AEIF, REST, kind)
    assert (control.tau_w, control.a_w, control.b, control.E_w) == (50, 0.5, 2, -65)
    # Both on the meshes that they are given: 1e-6 of the search, where the meshes have stayed the same.
    assert float(sf.stationary(control, REST).rate) == pytest.approx(float(sf.stationary(AEIF, REST).rate), rel=1e-6)


def test_a_noise_is_found_for_an_adaptive_neuron():
    found = sf.noise_for_rate(AEIF, rate=5, sigma=2)
    assert float(sf.stationary(AEIF, found).rate) == pytest.approx(5, rel=1e-6)
    with pytest.raises(sf.ParameterError, match=r"no Noise drives Izhikevich.*choose a Current"):
        sf.noise_for_rate(RS, rate=5, sigma=2)


REFUSALS = {
    "range that loses mass": (
        lambda: sf.evolve(
            AEIF,
            REST + sf.PulsePacket(a=1, sigma_t=0.5, t0=5, weight=60, tau_s=2),
            t=12,
            h=sf.Mesh(h=0.4, w_range=(-1, 5)),
        ),
        sf.MeshError,
        r"reaches the ends of its columns, -1 to 5 mV, with a probability of .*; give h=sf.Mesh\(w_range=",
    ),
    "range off": (
        lambda: sf.stationary(AEIF, REST, h=sf.Mesh(w_range=(0, 3))),
        sf.MeshError,
        r"w_range = \(0, 3\) mV must hold .* did you mean w_range = ",
    ),
    "range reversed": (lambda: sf.Mesh(w_range=(9, 0)), sf.ParameterError, r"w_range .* did you mean \(0, 9\)\?"),
    "range of one number": (
        lambda: sf.Mesh(w_range=5),
        sf.ParameterError,
        "w_range = 5 must be two finite numbers of mV",
    ),
    "range of nothing": (
        lambda: sf.Mesh(w_range=(NAN, 1)),
        sf.ParameterError,
        "w_range = .* must be two finite numbers",
    ),
    "no noise": (lambda: sf.stationary(RS, sf.Current(4, 0)), sf.MeshError, r"^D = 0 mV\^2/ms .* give a small D"),
    "drive beyond all": (
        lambda: sf.stationary(RS, sf.Current(1e5, 2)),
        sf.MeshError,
        r"no range of w suggests itself .* at I = 100000 mV/ms; give h=",
    ),
    "rate beyond all": (
        lambda: sf.noise_for_rate(AEIF, rate=500, sigma=2),
        sf.ParameterError,
        "rate = 500 Hz takes more than mu = 160 mV of this neuron; lower it",
    ),
    "record of simulate": (
        lambda: sf.evolve(AEIF, REST, t=1, record="spikes"),
        sf.ParameterError,
        "record = 'spikes' is unknown here: simulate keeps it",
    ),
    "record of evolve": (
        lambda: sf.simulate(AEIF, REST, t=1, n=9, record="p_Vw"),
        sf.ParameterError,
        "record = 'p_Vw' is unknown here: evolve keeps it, and this run p, p_w, spikes",
    ),
    "no width": (lambda: sf.Mesh(dw=0), sf.ParameterError, "dw = 0 mV must be > 0 mV"),
    "wide columns": (
        lambda: sf.stationary(AEIF, REST, h=sf.Mesh(dw=3)),
        sf.MeshError,
        r"dw = 3 mV is too coarse .* its jump of 2 mV; did you mean dw = 0\.1",
    ),
    "beyond memory": (
        lambda: sf.evolve(AEIF, REST, t=1, h=sf.Mesh(h=0.001, dw=0.001)),
        sf.MeshError,
        r"cells x \d+ columns take .* GB, at most .* GB; raise h or dw",
    ),
    "columns of nothing": (
        lambda: sf.evolve(EIF, REST, t=1, h=sf.Mesh(dw=0.1)),
        sf.MeshError,
        "dw is for a slow variable, which EIF does not have; leave it out",
    ),
    "single precision": (
        lambda: sf.propagate(CHAIN, PACKET, dtype="float32"),
        sf.ParameterError,
        "float32' is for densities over V alone, and AdaptiveEIF has a slow variable; leave dtype out",
    ),
    "record of nothing": (
        lambda: sf.evolve(EIF, REST, t=1, record="p_Vw"),
        sf.ParameterError,
        "record = 'p_Vw' needs a slow variable, which these neurons do not have",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_no_mesh_can_be_is_refused_by_name(name):
    make, kind, message = REFUSALS[name]
    with pytest.raises(kind, match=message):
        make()


def test_a_run_does_not_go_on_in_columns_that_do_not_hold_it():
    first = sf.evolve(AEIF, REST + volley(1), t=3, h=COARSE)
    with pytest.raises(sf.MeshError, match=r"do not hold .* initial ended with"):
        sf.evolve(AEIF, REST, t=1, h=COARSE.replace(w_range=(-0.5, 4)), initial=first)


def test_a_range_that_nearly_loses_mass_is_told():
    with pytest.warns(sf.SynferWarning, match=r"reaches the ends of its columns.*w_range=\(-\d"):
        s = sf.stationary(AEIF, REST, h=sf.Mesh(0.4, w_range=(-1, 5)))
    assert 1e-6 < float(s.edge_mass) < 1e-3
