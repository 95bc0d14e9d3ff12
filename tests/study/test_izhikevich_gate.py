"""Inhibition of Izhikevich neurons works both ways, in size and synchrony, and opening needs the slow variable."""

import numpy as np
import pytest

import synfer as sf
from synfer.study.catalog import izhikevich_gate as experiment
from synfer.study.experiment import silent

TINY = experiment.PRESETS["quick"].replace(
    layers=4, depth=(1.0, 4.0), before=(-5.0, 0.0, 5.0, 20.0), tail=25.0, h=0.8, dw=1.2,
    drives=((2.5, 6.0), (5.0, 3.0)), settling=400.0, spiking_dt=0.1, n=16384,
)  # fmt: skip


@pytest.fixture(scope="module")
def ds():
    return experiment.run(TINY, silent)


def rows_of(ds):
    return {row.claim: row for row in experiment.verdict(ds)}


def find(ds, *words):
    (row,) = [row for claim, row in rows_of(ds).items() if all(word in claim for word in words)]
    return row


def test_the_density_at_rest_is_that_of_spiking_neurons(ds):
    """Ten numbers: abs(z) > 5 once in 2e5 such runs, and an rms of sd .22, were they independent.

    Eight time constants of u after a start that is itself within .3 % leave nothing of it. The rates have standard
    errors of .05 %; the density's are .1 % high there, and a step of .1 ms moves the spikes' by less.
    """
    assert find(ds, "largest abs z").holds
    assert find(ds, "rms z").holds
    assert find(ds, "relative difference").measured < 0.003


def test_inhibition_takes_spikes_when_it_overlaps_and_adds_some_when_it_ended_before(ds):
    a = ds["single_a"].sel(neuron="u free", depth=4.0) / ds["alone_a"].sel(neuron="u free")
    assert float(a.sel(before=-5.0)) < 0.1
    assert float(a.sel(before=5.0)) > 1.3
    assert find(ds, "takes spikes").holds
    assert find(ds, "adds spikes", "ended 5 ms before").holds


def test_the_answer_is_sharper_after_inhibition(ds):
    sigma_t = ds["single_sigma_t"].sel(neuron="u free", before=5.0) / ds["alone_sigma_t"].sel(neuron="u free")
    assert (sigma_t < 0.95).all()
    assert (sigma_t.diff("depth") < 0).all()


def test_with_u_held_the_same_neuron_is_never_opened(ds):
    """The control rests at the neuron's rate and answers the lone volley as it does."""
    np.testing.assert_allclose(ds["alone_a"].sel(neuron="u held"), ds["alone_a"].sel(neuron="u free"), rtol=1e-3)
    # The volley's own spikes count against the twin's refilling after the gate: no more than rounding of the window.
    assert (ds["single_a"].sel(neuron="u held") <= 1.01 * ds["alone_a"].sel(neuron="u held")).all()


def test_chains_are_closed_and_opened(ds):
    last = ds["chain_a"].isel(layer=-1) / TINY.width
    assert float(last.sel(A=36.0, gate="overlapping")) < 0.1 < 0.5 < float(last.sel(A=36.0, gate="no gate"))
    moving = float(last.sel(A=28.0, gate="ended before, travelling"))
    assert moving > 0.8
    assert moving > 2 * float(last.sel(A=28.0, gate="no gate"))


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("single_a", lambda x: x.where(x["before"] > 0, x.max()), ("takes spikes",)),
        ("single_a", lambda x: x * 0 + 10, ("adds spikes", "Inhibition that ended")),
        ("single_sigma_t", lambda x: x * 0 + 9.0, ("sharpens the answer", "Inhibition that ended")),
        ("chain_a", lambda x: x * 0, ("travelling with",)),
        ("chain_a", lambda x: x * 0 + 90, ("overlap close",)),
        ("fine_a", lambda x: x + 10, ("answer of a layer",)),
        ("base_rate", lambda x: x * x["refined"], ("base rate",)),
        ("rest_w_sd", lambda x: x * 1.03, ("largest abs z",)),
        ("rest_rate", lambda x: x * 1.02, ("relative difference",)),
        ("spiking_w_mean_se", lambda x: x / 6, ("rms z",)),
    ],
    ids=["takes", "adds", "sharpens", "opens", "closes", "mesh", "rate", "density", "spikes", "errors"],
)
def test_what_does_not_hold_is_shown_as_failing(ds, name, change, words):
    wrong = ds.assign({name: change(ds[name])})
    assert not find(wrong, *words).holds


def test_a_density_whose_width_tells_the_spread_would_hold(ds):
    """The rank correlation is 1 where the two are the same, and 0 where there is nothing to rank."""
    told = ds.assign(single_V_iqr=ds["single_sigma_t"] * 0 + np.arange(8.0).reshape(2, 4) + 1.0)
    told = told.assign(single_sigma_t=told["single_V_iqr"], single_a=ds["single_a"] * 0 + 50)
    assert find(told, "narrower", "u held").measured == pytest.approx(1.0)
    still = told.assign(single_sigma_t=told["single_sigma_t"] * 0 + 1.0)
    assert find(still, "narrower", "u held").measured == 0


def test_every_figure_has_labels_units_and_a_statement(ds):
    from synfer import plot

    with plot.style():
        figures = experiment.figures(ds)
    assert set(figures) == {"single", "width", "density", "chains"}
    for figure in figures.values():
        assert figure.get_label().endswith(".")


def test_every_variable_has_a_unit(ds):
    assert [name for name, variable in ds.variables.items() if not variable.attrs.get("units")] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"depth": (0.0, 1.0)}, "depth"),
        ({"depth": (1.0,)}, "depth"),
        ({"before": (0.0, 5.0)}, "before"),
        ({"before": (-5.0, 10.0)}, "chain_before"),
        ({"before": (-40.0, 5.0)}, "begin before"),
        ({"A_closed": 40.0}, "A_closed"),
        ({"drives": ()}, "drives"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(change, words):
    with pytest.raises(sf.ParameterError, match=words):
        TINY.replace(**change)
