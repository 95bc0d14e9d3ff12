"""The state-plane experiment finds the published picture, by densities and by spikes."""

import numpy as np
import pytest

import synfer as sf
from synfer.study.catalog import synfire_state_plane as experiment
from synfer.study.experiment import silent

SMALL = experiment.PRESETS["quick"].replace(
    a_in=(0.2, 0.8),
    sigma_t_in=(0.5, 2.0),
    settling=((0.8, 2.0), (1.0, 0.25)),
    widths=(25, 100),
    survival_start=(0.4, 0.5),
    survival_trials=60,
    small_trials=20,
    large_start=(0.6,),
    large_trials=10,
    t=40.0,
)
TINY = SMALL.replace(
    layers=2, attractor_layers=2, a_in=(0.8,), widths=(20,), large=50, large_trials=2, small_trials=2,
    survival_trials=2, t=30.0, h=0.4, dt=0.1, tolerance=0.2,
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


def test_every_claim_holds(rows):
    assert [row.claim for row in rows.values() if not row.holds] == []


def test_the_attractor_and_the_separatrix_lie_where_published(rows):
    # Reference numbers of the Diesmann chain, with the tolerance that their digits allow.
    assert find(rows, "attractor holds").measured == pytest.approx(0.96, abs=0.01)
    assert find(rows, "It is sharp").measured == pytest.approx(0.26, abs=0.03)
    assert find(rows, "The separatrix at sigma_t").measured == pytest.approx(0.46, abs=0.015)


def test_trajectories_end_on_their_side_of_the_separatrix(ds):
    above = ds["a_in"] > ds["a_separatrix"]
    alive = ds["survived"].isel(layer=-1).transpose(*above.dims)
    assert (above == alive).all()
    assert above.any()
    assert not above.all()


def test_a_verdict_on_other_data_fails(ds):
    """The mutant: spikes that miss the density, a separatrix that the mesh moves, survivors below it."""
    wrong = ds.assign(
        large_a=ds["large_a"] + 0.05,
        critical_a=ds["critical_a"] + ds["fineness"],
        survival=ds["survival"] * 0 + 0.5,
        settling_a=ds["settling_a"] - 5,
    )
    failed = {row.claim for row in experiment.verdict(wrong) if not row.holds}
    for words in ("follow the density", "move the separatrix", "of 0.4 N", "of 0.5 N", "attractor holds"):
        assert any(words in claim for claim in failed), words


def test_every_figure_has_labels_units_and_a_statement(ds):
    from synfer import plot

    with plot.style():
        figures = experiment.figures(ds)
    assert set(figures) == {"plane", "large", "small", "survival", "volleys"}
    for figure in figures.values():
        assert figure.get_label().endswith(".")
        assert all(ax.get_xlabel() or ax.get_ylabel() for ax in figure.axes)


def test_every_variable_has_a_unit(ds):
    assert [name for name, variable in ds.variables.items() if not variable.attrs.get("units")] == []


def test_another_seed_gives_other_spikes_and_the_same_densities():
    a, other = (experiment.run(TINY.replace(seed=seed), silent) for seed in (1, 2))
    assert a["a"].identical(other["a"])
    assert not np.array_equal(a["large_a"], other["large_a"])


def test_a_chain_that_carries_nothing_is_a_named_error():
    with pytest.raises(sf.ParameterError, match="dies at every a"):
        experiment.run(TINY.replace(A=3.0), silent)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"a_in": (0.5, 0.5)}, "a_in"), ({"widths": ()}, "widths"), ({"settling": ()}, "settling"), ({"A": 0.0}, "A")],
)
def test_a_spec_that_makes_no_sense_is_refused(change, words):
    with pytest.raises(sf.ParameterError, match=words):
        SMALL.replace(**change)
