"""The aberrant-priors experiment: what holds, what does not, and that shams are shams."""

import numpy as np
import pytest
from scipy.special import expit, logit

from synfer.study.catalog import aberrant_priors as experiment
from synfer.study.experiment import silent

SMALL = experiment.PRESETS["quick"].replace(
    inputs=6, contrast=0.75, D=0.25, shift=(-2.0, 0.0, 1.5), runs=16, steps=50, calibration=1600,
    learning_steps=1500, learning_shift=(0.0, 3.0), learners=8, agents=8, sessions=(3, 5), habit=(0.0, 3.0),
    lags=(-1, 0, 1), seed=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def ds():
    return experiment.run(SMALL, silent)


@pytest.fixture(scope="module")
def rows(ds):
    return {row.claim: row for row in experiment.verdict(ds)}


def find(rows, *words):
    (row,) = [row for claim, row in rows.items() if all(word in claim for word in words)]
    return row


def test_false_percepts_follow_the_displaced_prior(ds, rows):
    exact = ds["rate_exact"].sel(rule="sample", input="uninformative")
    assert exact.values == pytest.approx(expit(logit(0.25) + ds["shift"].values), abs=1e-12)
    for words in ("without evidence", "under noise come", "misses with it", "thresholded", "sensitivity"):
        assert find(rows, words).holds, words


def test_the_counter_shift_is_the_displacement_within_its_error(ds, rows):
    assert find(rows, "computed from recorded potentials").holds
    # Standard errors that say nothing would make the row above empty.
    assert float(ds["counter_shift_error"].max()) < 0.2
    assert find(rows, "Sham", "counter-shifts").holds


def test_synapses_learn_a_hallucination(ds, rows):
    assert find(rows, "taking the displacement back leaves them").holds
    assert find(rows, "Sham", "without displacement").holds
    assert find(rows, "restores false percepts").holds
    # The counter-shift after learning exceeds the displacement.
    assert float(ds["drift_counter"][-1]) < -3.5


def test_the_counter_shift_after_learning_does_not_restore_misses(ds, rows):
    """About four more in a hundred; too few networks here for the verdict's four standard errors."""
    misses = ds["drift_rate"].sel(kind_of_error="miss", stage="rescued")
    assert float(misses[-1] - ds["drift_healthy"].sel(kind_of_error="miss")) > 0.02
    assert "excess" in find(rows, "And misses (").claim


def test_thresholds(rows):
    for words in ("keeps its displacement", "frozen while", "As many as", "balanced code"):
        assert find(rows, words).holds, words


def test_habits_and_modulation(rows):
    for words in ("before learning", "too early", "too late", "another order", "Absent"):
        assert find(rows, words).holds, words


def test_displaced_agents_do_not_persevere_in_the_old_contingency(rows):
    """They have learned less of it: a claim that fails."""
    assert not find(rows, "old contingency").holds


def test_every_figure_is_drawn_with_labels_and_a_statement(ds):
    from synfer import plot

    with plot.style():
        figures = experiment.figures(ds)
    assert set(figures) == {"percepts", "learning", "thresholds", "habits", "modulation"}
    for figure in figures.values():
        assert figure.get_label().endswith(".")
        assert all(ax.get_xlabel() for ax in figure.axes)


def test_every_variable_has_a_unit(ds):
    assert [name for name, variable in ds.variables.items() if not variable.attrs.get("units")] == []


def test_the_same_seed_gives_the_same_numbers(ds):
    from synfer.study.catalog.aberrant_priors import percepts

    again = percepts.detection(SMALL)
    assert np.array_equal(again["rate"].values, ds["rate"].values)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shift": (1.0, 2.0)}, "have 0 in it"),
        ({"lags": (-3, 0)}, "nothing arrives before it is sent"),
        ({"sessions": (0, 3)}, "before and after"),
        ({"learning_shift": (-1.0, 0.0)}, ">= 0"),
    ],
)
def test_bad_specs_are_refused(changes, words):
    with pytest.raises(Exception, match=words):
        SMALL.replace(**changes)
