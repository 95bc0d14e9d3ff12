"""The experiment on mixed sources measures what is known, and notices what is not so."""

import numpy as np
import pytest

import synfer as sf
from synfer.study.catalog import source_separation as experiment
from synfer.study.experiment import silent

TINY = experiment.PRESETS["quick"].replace(
    D1=(0.05, 0.2, 0.5, 0.8), seeds=8, residual_seeds=1, residual_steps=500, agents_D1=(0.25, 0.75), agents=2, seed=3,
    every=2500,
)  # fmt: skip


@pytest.fixture(scope="module")
def ds():
    return experiment.run(TINY, silent)


def rows(ds):
    return {row.claim: row for row in experiment.verdict(ds)}


def failing(ds):
    return [claim[:40] for claim, row in rows(ds).items() if not row.holds]


def test_all_claims_hold_of_few_draws(ds):
    """The least certain one is that on .05, whose sd over draws is .01."""
    assert failing(ds) == []
    assert len(rows(ds)) == 13


def test_sources_that_are_not_told_apart_are_noticed(ds):
    mixed = ds.assign(own=ds["own"] * 0 + 0.58)
    assert any("stands for its own source" in claim for claim in rows(mixed) if not rows(mixed)[claim].holds)
    apart = ds.assign(other=ds["other"] - 0.04 * (ds["D1"] == 0.05))
    assert [row.holds for row in experiment.verdict(apart) if "for both alike" in row.claim] == [False]
    early = ds.assign(own=ds["own"] + 0.5 * (ds["D1"] == 0.2))
    assert [row.holds for row in experiment.verdict(early) if "best at" in row.claim] == [False]
    mirrored = ds.assign(mirrored=ds["mirrored"] | (ds["D1"] == 0.5))
    assert [row.holds for row in experiment.verdict(mirrored) if "are off" in row.claim] == [False]


def test_other_values_than_those_known_are_noticed_and_not_asked_for_elsewhere(ds):
    known = lambda ds: [row.holds for row in experiment.verdict(ds) if "independent program" in row.claim]  # noqa: E731
    assert known(ds) == [True, True]
    assert known(ds.assign(own=ds["own"] - 0.2, s_mean=ds["s_mean"] - 0.2)) == [False, False]
    assert known(ds.assign_attrs(as_known=0)) == []
    assert not TINY.replace(mixing=0.2).as_known


def test_a_biased_residual_and_an_unbiased_mean_are_noticed(ds):
    off = ds.assign(logit_error=ds["logit_error"] + 2e-6)
    assert [row.holds for row in experiment.verdict(off) if row.claim.startswith("The residual")] == [False]
    right = ds.assign(s_mean=ds["D1"] + 0 * ds["s_mean"] + 0.01 * np.random.default_rng(0).normal(size=(4, 8)))
    assert [row.holds for row in experiment.verdict(right) if "biased" in row.claim] == [False]
    same = ds.assign(residual_sd=ds["residual_sd"].isel(residual_estimator=[0, 0]))
    assert [row.holds for row in experiment.verdict(same) if row.claim.startswith("Sham")] == [False]


def test_predictions_no_better_than_nulls_are_noticed(ds):
    level = ds.assign(synapse_error=ds["synapse_error"] * 0 + 0.1)
    assert [row.holds for row in experiment.verdict(level)][-4:] == [False] * 4


def test_every_figure_has_a_statement_and_every_variable_a_unit(ds):
    from synfer import plot

    with plot.style():
        figures = experiment.figures(ds)
    assert set(figures) == {"sweep", "priors", "synapses"}
    assert all(figure.get_label().endswith(".") for figure in figures.values())
    assert all(ax.get_xlabel() and ax.get_ylabel() for figure in figures.values() for ax in figure.axes)
    assert [name for name, variable in ds.variables.items() if not variable.attrs.get("units")] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"D1": (0.5, 0.2)}, "D1 = .* rising"),
        ({"D1": (0.0, 0.2)}, r"in \(0, 1\)"),
        ({"agents_D1": (0.5,)}, "two or more"),
        ({"residual_seeds": 9}, "residual_seeds"),
        ({"residual_steps": 20_000}, "residual_steps"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(change, words):
    with pytest.raises(sf.ParameterError, match=words):
        TINY.replace(**change)
