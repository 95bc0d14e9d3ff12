"""The experiment on cost and free energy finds the identities of canonical networks, and what breaks them."""

import numpy as np
import pytest

import synfer as sf
from synfer.study.catalog import equivalence as experiment
from synfer.study.experiment import silent

TINY = experiment.PRESETS["quick"].replace(
    networks=30, shammed=6, settled=4, learned=5, enumerated=8, states=4, seed=7, hold=(1.0, 4.0, 32.0)
)


@pytest.fixture(scope="module")
def ds():
    return experiment.run(TINY, silent)


def find(ds, *words):
    (row,) = [row for row in experiment.verdict(ds) if all(word in row.claim for word in words)]
    return row


def test_every_identity_holds_and_every_sham_is_noticed(ds):
    rows = experiment.verdict(ds)
    assert [row.claim for row in rows if not row.holds] == []
    assert sum(row.claim.startswith("Sham") for row in rows) == 8


def test_cost_and_free_energy_are_numbers_of_their_own(ds):
    """Sums of L and of F over a trajectory agree to the rounding of some 1e3 terms, and are not all 0."""
    np.testing.assert_allclose(ds["L"], ds["F"], rtol=1e-11, atol=1e-11)
    assert (abs(ds["L"].sel(term="total")) > 1e-3).mean() > 0.9


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("error", lambda x: x.where(x["identity"] != "decision", 1e-12), ("outputs, V, m",)),
        ("error", lambda x: x.where(x["identity"] != "V0", 1e-10), ("Plasticity of V",)),
        ("round_trip", lambda x: x + 1e-11, ("back",)),
        ("trace_error", lambda x: x + 1e-9, ("Traces",)),
        ("counts_error", lambda x: x + 1e-9, ("synapses learn",)),
        ("excess", lambda x: x + 1e-9, ("shrinks",)),
        ("distance", lambda x: x + 1e-9, ("Inputs that last 32",)),
        ("distance", lambda x: x * 0, ("stays away",)),
        ("marginal_error", lambda x: x + 1e-9, ("Posterior",)),
        ("least_error", lambda x: x + 1e-9, ("Least F_t",)),
        ("beyond", lambda x: x * 0 - 1e-3, ("other beliefs",)),
        ("cost_exists", lambda x: x | True, ("one-sided",)),
        ("sham_error", lambda x: x * 0, ("linear leak",)),
    ],
)
def test_what_does_not_hold_is_shown_as_failing(ds, name, change, words):
    assert not find(ds.assign({name: change(ds[name])}), *words).holds


def test_every_figure_has_a_statement_and_every_variable_a_unit(ds):
    from synfer import plot

    with plot.style():
        figures = experiment.figures(ds)
    assert set(figures) == {"cost", "differences", "settling", "correspondence"}
    assert all(figure.get_label().endswith(".") for figure in figures.values())
    assert [name for name, variable in ds.variables.items() if not variable.attrs.get("units")] == []


@pytest.mark.parametrize("hold", [(1.0,), (4.0, 1.0), (0.0, 40.0), (5.0, 40.0), (1.0, 8.0)])
def test_holds_that_say_nothing_are_refused(hold):
    with pytest.raises(sf.ParameterError, match="hold"):
        TINY.replace(hold=hold)
