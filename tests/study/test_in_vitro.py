"""The experiment on recordings says what chance gives, and which cultures are synthetic."""

import numpy as np
import pytest

from synfer.study.catalog import in_vitro as experiment
from synfer.study.catalog.in_vitro.spec import PUBLISHED
from synfer.study.experiment import silent

TINY = experiment.PRESETS["quick"].replace(
    recordings="synthetic", cultures=2, sessions=16, steps=64, learn_sessions=3, permutations=199, resamples=20,
    fixed=6, fixed_permutations=19, repeats=2, plasticity=(30.0,), power_cultures=3, shifts=(1.0,), shift_cultures=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def ds():
    return experiment.run(TINY, silent)


def rows(ds, words):
    return [row for row in experiment.verdict(ds) if words in row.claim]


def test_synthetic_cultures_are_called_so(ds):
    assert ds.attrs["recordings"] == "synthetic"
    assert all(figure.get_label().startswith("Synthetic") for figure in experiment.figures(ds).values())
    assert not rows(ds, "published")


def test_what_chance_gives_stands_beside_every_number(ds):
    assert ds["free_energy_permuted"].dims == ("culture", "null", "end", "session")
    low, high = (ds["free_energy_permuted"].sel(end=end) for end in ("low", "high"))
    assert (low <= high).all()
    for name in ("fall", "skill"):
        assert ((ds[f"{name}_p"] >= 1 / 200) & (ds[f"{name}_p"] <= 1)).all()
        np.testing.assert_allclose(ds[f"{name}_excess"], ds[name] - ds[f"{name}_permuted"])


def test_a_test_that_finds_what_is_not_there_is_noticed(ds):
    claim = "with fixed synapses"
    assert len(rows(ds, claim)) == 4
    assert all(row.holds for row in rows(ds.assign(fixed_rejected=ds["fixed_rejected"] * 0 + 0.05), claim))
    assert not any(row.holds for row in rows(ds.assign(fixed_rejected=ds["fixed_rejected"] * 0 + 0.9), claim))


def test_intervals_that_miss_power_that_lacks_and_shifts_that_do_not_help_are_noticed(ds):
    for words, name in (("intervals", "fixed_coverage"), ("Power", "power_rejected"), ("knows of", "shifted_better")):
        found = [[row.holds for row in rows(ds.assign({name: ds[name] * 0 + value}), words)] for value in (0.1, 0.9)]
        assert not any(found[0])
        assert all(found[1])


def test_published_numbers_are_held_against_those_found(ds):
    known = PUBLISHED["mix0"]
    four = ds.isel(culture=[0, 1, 0, 1]).assign_coords(origin=("culture", ["mix0"] * 4))
    four["W_error"] = four["W_error"] * 0 + np.array([known["forecast"], known["persistence"], (0,) * 4]).T[..., None]
    four["change_correlation"] = ("culture", list(known["change"]))
    assert [row.holds for row in rows(four, "as published")][:3] == [True] * 3
    four["W_error"] = four["W_error"] + 1e-4
    assert [row.holds for row in rows(four, "as published")][:3] == [False, False, True]
    assert "p by culture" in rows(four, "exceeds")[0].claim
