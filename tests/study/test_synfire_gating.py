"""The gating experiment says at which comparison weak inhibition tells an EIF chain from its controls."""

import numpy as np
import pytest

import synfer as sf
from synfer.study.catalog import synfire_gating as experiment
from synfer.study.experiment import silent

# Half the layers: the chain closes later, the comparisons stay.
SMALL = experiment.PRESETS["quick"].replace(
    layers=5, depth=(0.0, 1.0, 4.0), g=(0.0, 0.3), shown_layers=(1, 5), tolerance=0.06, hold=40.0
)


@pytest.fixture(scope="module")
def ds():
    return experiment.run(SMALL, silent)


@pytest.fixture(scope="module")
def rows(ds):
    return {row.claim: row for row in experiment.verdict(ds)}


def find(rows, *words):
    (row,) = [row for claim, row in rows.items() if all(word in claim for word in words)]
    return row


def test_the_contrast_is_one_of_weights(rows):
    assert find(rows, "of the LIF, equal synaptic weight").holds
    assert not find(rows, "of the LIF, equal safety margin").holds
    assert not find(rows, "linearised EIF, equal safety margin").holds


def test_inhibition_raises_both_critical_weights_alike(rows):
    eif, lif = find(rows, "critical weight of the EIF").measured, find(rows, "critical weight of the LIF").measured
    # Brackets of 1.2 % at either depth.
    assert eif == pytest.approx(lif, abs=0.04)
    assert eif > 1.1


def test_the_response_is_later_lower_and_broader(rows):
    assert not find(rows, "higher").holds
    assert not find(rows, "sharper").holds
    assert not find(rows, "earlier").holds


def test_the_switch_saves_inhibition(ds):
    depth = ds["closing_depth"]
    assert (depth.sel(case="disfacilitation") < 0.85 * depth.sel(case="equal margin")).all()


def test_chains_pass_below_their_closing_depth_and_are_closed_above(ds):
    closing, alive = ds["closing_depth"], ds["survived"].isel(layer=-1)
    # Depths of the curves that lie within a closing depth's bracket decide nothing.
    clear = (ds["depth"] < ds["closing_depth_low"]) | (ds["depth"] > ds["closing_depth_high"])
    agrees = (ds["depth"] < closing) == alive
    assert agrees.where(clear, True).all()
    assert clear.sum() > 20


def test_a_current_costs_its_depth_times_its_time(ds):
    charge = ds["cost_charge"].sel(gate="current")
    expected = SMALL.hold * ds["closing_depth_high"].sel(case="equal margin")
    np.testing.assert_allclose(charge, expected, rtol=1e-9)
    np.testing.assert_allclose(ds["cost_charge_pA"], SMALL.g_L * ds["cost_charge"], rtol=1e-12)


def test_a_finer_mesh_that_disagrees_is_a_failure(ds, rows):
    assert find(rows, "Half the cell").holds == bool(ds["fine_agrees"].all())
    wrong = ds.assign(fine_agrees=ds["fine_agrees"] & (ds["tested"] != "LIF"))
    assert not find({row.claim: row for row in experiment.verdict(wrong)}, "Half the cell").holds


def test_every_figure_has_labels_units_and_a_statement(ds):
    from synfer import plot

    with plot.style():
        figures = experiment.figures(ds)
    assert set(figures) == {"curves", "layers", "shunt", "closing", "cost", "volleys", "densities"}
    for figure in figures.values():
        assert figure.get_label().endswith(".")


def test_every_variable_has_a_unit(ds):
    assert [name for name, variable in ds.variables.items() if not variable.attrs.get("units")] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"depth": (1.0, 2.0)}, "depth"),
        ({"g": (0.0,)}, "g"),
        ({"shown_layers": (6,)}, "shown_layers"),
        ({"margin": 1.0}, "margin"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(change, words):
    with pytest.raises(sf.ParameterError, match=words):
        SMALL.replace(**change)
