"""The maze-prediction experiment recovers priors and says what they predict, and what not."""

import numpy as np
import pytest

import synfer as sf
from synfer.study.catalog import maze_prediction as experiment
from synfer.study.experiment import silent

TINY = experiment.PRESETS["quick"].replace(mazes=3, known=2, trials=2, agents=2, recovery_trials=2, T=4000)


@pytest.fixture(scope="module")
def ds():
    return experiment.run(TINY, silent)


@pytest.fixture(scope="module")
def rows(ds):
    return {row.claim: row for row in experiment.verdict(ds)}


def find(rows, *words):
    return [row for claim, row in rows.items() if all(word in claim for word in words)]


def test_priors_are_recovered(ds, rows):
    # Errors over standard errors are normal: 2 agents x 4 sums exceed 4.5 once in 18,000 runs.
    z = (ds.recovery_E_action - ds.recovery_E_true) / ds.recovery_E_action_se
    assert float(abs(z.sel(estimator="likelihood, all trials")).max()) < 4.5
    assert [row.holds for row in find(rows, "likelihood of all trials", "hold the truth")] == [True]


def test_the_estimated_prior_is_nearer_than_the_wrong_one(ds):
    # Two first trials of 4000: a standard error of .006; the wrong prior is .1 off.
    off = abs(ds.E_action - ds.E_true).max("action").squeeze("E_right")
    assert float(off.sel(prior="frequency")) < 0.03
    assert float(off.sel(prior="likelihood")) < 0.03
    assert float(off.sel(prior="swapped")) == pytest.approx(0.1, abs=1e-12)


def test_the_verdict_holds_the_error_against_its_nulls(ds, rows):
    (row,) = find(rows, "over that of a prior of 0.25")
    own = ds.error.squeeze("E_right")
    assert row.measured == pytest.approx(float(own.sel(prior="frequency") / own.sel(prior="swapped")))
    assert row.holds == (row.measured <= 0.5)
    assert len(find(rows, "relative error of mean steps")) == 2
    assert len(find(rows, "permuted")) == 1


def test_every_figure_is_drawn_with_labels_and_a_statement(ds):
    from synfer import plot

    with plot.style():
        figures = experiment.figures(ds)
    assert set(figures) == {"recovery", "means", "errors", "curves"}
    for figure in figures.values():
        assert figure.get_label().endswith(".")
        assert all(ax.get_xlabel() or ax.get_ylabel() for ax in figure.axes)


def test_every_variable_has_a_unit(ds):
    missing = [name for name, variable in ds.variables.items() if not variable.attrs.get("units")]
    assert missing == []


def test_progress_rises_and_the_same_spec_gives_the_same_numbers(ds):
    told = []
    again = experiment.run(TINY, lambda stage, fraction: told.append(fraction))
    assert again.identical(ds)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"wrong": (0.3,)}, "must differ by .1 or more"),
        ({"wrong": (0.2, 0.1)}, "one prior for each of E_right"),
        ({"E_right": (0.6,)}, "between 0 and 1/2"),
        ({"recovery_E_right": (0.3, 0.2)}, "numbers that increase"),
    ],
)
def test_specs_that_make_no_sense(change, said):
    with pytest.raises(sf.ParameterError, match=said):
        TINY.replace(**change)


def test_the_presets_are_those_of_the_targets():
    full = experiment.PRESETS["full"]
    assert full.E_right == (0.15, 0.25, 0.3, 0.35)
    assert (full.mazes, full.trials, full.agents, full.recovery_trials) == (30, 100, 200, 30)
    assert np.all(np.abs(np.subtract(full.E_right, full.wrong)) >= 0.1 - 1e-12)


def test_a_null_of_nothing_is_none(ds):
    """Where nobody comes to the end of any maze all means are T, and predict each other without an error."""
    rows = experiment.verdict(ds.assign(error=0 * ds.error, permuted=0 * ds.permuted))
    assert [(row.measured, row.holds) for row in rows if "permuted" in row.claim] == [("the null is 0", False)]
