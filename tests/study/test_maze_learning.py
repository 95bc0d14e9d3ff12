"""The experiment on mazes compares with exact first trials and published blocks, and notices when they differ."""

import numpy as np
import pytest
import xarray as xr

import synfer as sf
from synfer.study.catalog import maze_learning as experiment
from synfer.study.catalog.maze_learning.spec import BLOCKS, PUBLISHED
from synfer.study.experiment import silent

TINY = experiment.PRESETS["quick"].replace(
    E_right=0.35, other_E_right=(), trials=20, mazes=2, other_mazes=2, null_mazes=2, first_mazes=1, first_runs=25,
    first_maze=7004, seed=5, shown_step=100,
)  # fmt: skip


@pytest.fixture(scope="module")
def ds():
    return experiment.run(TINY, silent)


@pytest.fixture(scope="module")
def learned():
    """Mazes that are learned as published, an agent without risk that walks for ever, and one that learns nothing."""
    rng = np.random.default_rng(3)
    kinds = [("risk modulates", E, 30) for E in PUBLISHED] + [("Gamma = 0", 0.25, 10), ("Gamma = 1/2", 0.25, 10)]
    steps = []
    for name, E, count in kinds:
        mean = np.full(100, 20_000.0 if name == "Gamma = 0" else 18_300.0)
        if name == "risk modulates":
            for (start, _), value in zip(BLOCKS, PUBLISHED[E].steps, strict=True):
                mean[start - 1 :] = value
        steps.append(mean + rng.normal(0, 0 if name == "Gamma = 0" else 1500, (count, 1)))
    many = [count for *_, count in kinds]
    steps = np.concatenate(steps)
    return xr.Dataset(
        {"steps": (("run", "trial"), steps), "free_energy": (("run", "trial"), -np.arange(100.0) * steps)},
        coords={
            "condition": ("run", np.repeat([name for name, *_ in kinds], many)),
            "E_right": ("run", np.repeat([E for _, E, _ in kinds], many)),
        },
        attrs={"E_right": 0.25, "T": 20_000},
    )


def published(ds):
    from synfer.study.catalog.maze_learning.verdict import _published

    return list(_published(ds))


def test_first_trials_are_those_of_the_markov_chain(ds):
    """25 agents: abs z > 4 once in 1.6e4, and the distribution's limit is that of once in a thousand."""
    assert [row.claim for row in experiment.verdict(ds)[:3] if not row.holds] == []
    assert 0 < float(ds["first_probability"].max()) < 1


def test_other_first_trials_are_noticed(ds):
    soon = ds.assign(first_steps=ds["first_steps"] * 0 + 2000)
    assert [row.holds for row in experiment.verdict(soon)[:2]] == [False, False]
    assert not experiment.verdict(ds.assign(first_ks=ds["first_ks"] + 2))[2].holds


def test_the_same_agents_go_through_the_same_mazes(ds):
    """First trials do not depend on what risk does after them."""
    first = ds["steps"].isel(trial=0).values.reshape(3, TINY.mazes)
    np.testing.assert_array_equal(first, first[:1].repeat(3, axis=0))
    np.testing.assert_allclose(ds["terms"].sum("term"), ds["free_energy"], rtol=1e-12)


def test_learning_as_published_holds_and_any_other_does_not(learned):
    rows = published(learned)
    assert len(rows) == 16
    assert all(row.holds for row in rows)
    for factor in (0.6, 1.5):
        wrong = published(learned.assign(steps=learned["steps"] * factor))
        assert sum(not row.holds for row in wrong) >= 15


def test_blocks_that_were_not_run_and_too_few_mazes_are_not_judged(learned):
    assert len(published(learned.isel(trial=slice(0, 20)))) == 8
    few = learned.isel(run=[0, 1, 30, 31, 60, 61])
    assert not any("within 3" in str(row.reference) for row in published(few))


def test_shams_that_learn_are_noticed(learned):
    from synfer.study.catalog.maze_learning.verdict import _learning, _shams

    assert all(row.holds for row in [*_learning(learned), *_shams(learned)])
    same = learned["steps"].isel(run=slice(30, 40)).values
    wrong = learned.copy(deep=True)
    wrong["steps"][90:100] = same
    assert [row.holds for row in _shams(wrong)] == [False, True]
    flat = learned.assign(steps=learned["steps"].isel(trial=[0] * 100))
    assert [row.holds for row in _learning(flat.assign(steps=flat["steps"] + np.arange(100)))] == [False, False]


def test_every_figure_has_a_statement_and_every_variable_a_unit(ds):
    from synfer import plot

    with plot.style():
        figures = experiment.figures(ds)
    assert set(figures) == {"first", "curves", "shams", "energy", "maze"}
    assert all(figure.get_label().endswith(".") for figure in figures.values())
    assert [name for name, variable in ds.variables.items() if not variable.attrs.get("units")] == []


@pytest.mark.parametrize(
    ("change", "words"), [({"other_E_right": (0.5,)}, "other_E_right"), ({"null_mazes": 9}, "null_mazes = 9")]
)
def test_a_spec_that_makes_no_sense_is_refused(change, words):
    with pytest.raises(sf.ParameterError, match=words):
        TINY.replace(**change)
