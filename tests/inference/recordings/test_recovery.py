"""What recovery tells, against the estimator itself, and what must happen where the truth is known."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import skew

from synfer.core.errors import ParameterError
from synfer.core.seeds import child
from synfer.inference.recordings import ImplicitFreeEnergy, intervals, synthetic_cultures
from synfer.inference.recordings.analysis import normalise
from synfer.inference.recordings.nulls import summary
from synfer.inference.recordings.recovery import _anew, only, part_of, recovery
from synfer.inference.recordings.shift_recovery import shift_recovery
from synfer.inference.recordings.states import Conventions

WRONG: Any = "a word"
QUICK: dict[str, Any] = {"learn_sessions": 4, "permutations": 19, "resamples": 20}
SMALL: dict[str, Any] = {"sessions": 12, "steps": 64, "units": 16}


@pytest.fixture(scope="module")
def found():
    return recovery(ImplicitFreeEnergy(**QUICK), cultures=3, plasticity=[0, 3], D1=[0.4, 0.6], repeats=2, seed=3,
                    **SMALL)  # fmt: skip


def own(k, plasticity):
    """The k-th culture of that recovery, by the public way."""
    rec = synthetic_cultures(1, plasticity=plasticity, D1=[0.4, 0.6], seed=child(3, "culture", str(k)), **SMALL)
    return rec.assign_coords(culture=[f"c{k}"])


def test_it_finds_what_the_estimator_finds(found):
    # independent route: fit, which is of one recording, and takes the base from it
    fit = ImplicitFreeEnergy(**QUICK, seed=child(3, "analysis")).fit(own(1, 3)).result_.isel(culture=0)
    ours = found.sel(plasticity=3, culture="c1")
    for name in (
        "fall",
        "fall_low",
        "fall_high",
        "fall_p",
        "skill",
        "skill_low",
        "skill_high",
        "skill_p",
        "D",
        "D_low",
    ):
        np.testing.assert_allclose(ours[name], fit[name], rtol=1e-12, err_msg=name)
    np.testing.assert_allclose(ours.plasticity_found_high, fit.plasticity_high, rtol=1e-12)


def test_parts_are_counted_from_cultures(found):
    p = np.stack([found.fall_p, found.skill_p], -1)
    np.testing.assert_array_equal(found.rejected, np.moveaxis((p <= 0.05).mean(1), -1, 1))
    for name in ("fall", "skill", "D"):
        inside = (found[f"{name}_low"] <= found[f"{name}_true"]) & (found[f"{name}_true"] <= found[f"{name}_high"])
        by = [d for d in inside.dims if d != "plasticity"]
        np.testing.assert_allclose(found.coverage.sel(measure=name), inside.mean(by), rtol=1e-12)
    near = (found.plasticity_found_low <= found.plasticity) & (found.plasticity <= found.plasticity_found_high)
    np.testing.assert_allclose(found.coverage.sel(measure="plasticity"), near.mean(["culture", "source"]), rtol=1e-12)
    np.testing.assert_allclose(found.D_true.values, np.broadcast_to([0.4, 0.6], (2, 3, 2)))
    assert found.right.all()
    assert (found.status == 0).all()


def test_it_is_the_same_for_any_workers(found):
    again = recovery(ImplicitFreeEnergy(**QUICK), cultures=2, plasticity=3, D1=[0.4, 0.6], repeats=2, workers=1, seed=3,
                     **SMALL)  # fmt: skip
    for name in ("fall_true", "skill_low", "skill_p", "D_high"):
        np.testing.assert_array_equal(again[name].values[0], found[name].values[1, :2], err_msg=name)


def test_recorded_anew_is_the_same_culture_with_other_noise():
    # statistical: 40 recordings of one culture against themselves. Ranks of its own fall and skill among those drawn
    # anew are uniform over cultures: mean .5, s.e. .29 / sqrt(12 cultures) = .08; z < 3.5
    conventions = Conventions(learn_sessions=4)
    ranks = []
    for k in range(12):
        rec = synthetic_cultures(1, plasticity=2, seed=100 + k, sessions=12, steps=64, units=16)
        culture, rng = only(rec, "c0", conventions), np.random.default_rng(k)
        order = np.arange(12)
        mine = summary(culture, normalise(culture, 5.9, conventions, order, whole=False), conventions, order)
        anew = np.array([_anew(rec, culture, 5.9, conventions, rng) for _ in range(40)])
        ranks.append((anew < mine).mean(0))
    assert np.abs(np.mean(ranks, axis=0) - 0.5).max() < 3.5 * 0.29 / np.sqrt(12)
    assert len(np.unique(anew[:, 0])) == 40


def test_errors_of_both_forecasts_are_those_of_the_estimator():
    estimator = ImplicitFreeEnergy(**QUICK, detrend=False)
    ours = shift_recovery(estimator, shift=[-1, 0.8], cultures=2, seed=3, **SMALL)
    seed = child(3, "culture", "1")
    rec = synthetic_cultures(1, shift=0.8, shift_after=4, seed=seed, **SMALL)
    fit = estimator.fit(rec)
    for name, told in (("", None), ("_shifted", 0.8)):
        forecast = fit.forecast(shift=told).isel(culture=0)
        one = ours.isel(shift=1, culture=1)
        assert float(one[f"x_error{name}"]) == pytest.approx(
            float(forecast.x_error.sel(predictor="forecast")), rel=1e-12
        )
        assert float(one[f"skill{name}"]) == pytest.approx(float(forecast[f"skill{name}"]), rel=1e-12)
    better = (ours.x_error_shifted < ours.x_error).mean("culture")
    np.testing.assert_array_equal(ours.better, better)


def test_a_shift_told_is_better_than_none_and_the_wrong_one_is_not():
    # power: a shift of 1.5 told in full halves the error, see shift_recovery; 4 of 4. Told in part it is still better.
    found = shift_recovery(ImplicitFreeEnergy(**QUICK, detrend=False), shift=[-1.5, 1.5], cultures=4, seed=8, **SMALL)
    np.testing.assert_array_equal(found.better, 1)
    assert (found.better_se > 0).all()


def test_tests_have_power_against_plasticity():
    # power: of 40 cultures of this size .98 reject with weak plasticity; P(< 5 of 8) = 1e-5.
    # Without plasticity P(>= 4 of 8 at .05) = 4e-4.
    found = recovery(ImplicitFreeEnergy(8, permutations=19, resamples=20), cultures=8, plasticity=[0, 0.3], repeats=2,
                     sessions=20, steps=128, units=16, seed=2)  # fmt: skip
    none, weak = found.rejected.sel(statistic="fall", null="sessions").values
    assert weak > 0.5
    assert none < 0.5


def test_intervals_reach_further_where_draws_have_their_tail(monkeypatch):
    # independent route: draws of a known law in place of resampled recordings, skewness by scipy. An end at
    # z / (1 - g z / 6) deviations on either side makes the ratio of the two sides (1 + g z / 6) / (1 - g z / 6).
    drawn = np.random.default_rng(0).gamma(16.0, size=(60, 2)) / 100
    following = iter(drawn)
    monkeypatch.setattr(intervals, "resampled", lambda culture, rng: culture)
    monkeypatch.setattr(intervals, "normalise", lambda *args, **kwargs: None)
    monkeypatch.setattr(intervals, "summary", lambda *args: next(following))
    culture = only(synthetic_cultures(1, seed=1, **SMALL), "c0", Conventions(learn_sessions=4))
    ends = intervals.summary_intervals(culture, (0.16, 0.16), 5.9, Conventions(), draws=60, level=0.9, seed=1)
    for k, values in enumerate((drawn[:, 0], np.arctanh(drawn[:, 1]))):
        (low, high), centre = (ends[0], 0.16) if k == 0 else (np.arctanh(ends[1]), np.arctanh(0.16))
        bend = skew(values) * 1.6448536 / 6
        assert (high - centre) / (centre - low) == pytest.approx((1 + bend) / (1 - bend), rel=1e-7)
        assert bend > 0.03
        assert high - centre == pytest.approx(1.6448536 * values.std(ddof=1) / (1 - bend), rel=1e-7)


def test_two_sessions_do_not_determine_a_prior():
    # limit: the first session tells no plasticity, so that nothing is left without the second
    rec = synthetic_cultures(1, seed=1, **SMALL)
    fit = ImplicitFreeEnergy(2, permutations=19, resamples=20).fit(rec)
    assert not fit.result_.determined.any()
    assert "2 sessions do not determine" in fit.result_.attrs["undetermined"][0]


def test_parts_have_errors_that_are_never_nothing():
    # analytic: 3 of 4, of which one is unknown: 2 of 3, and kept (2 + 1) / (3 + 2) = .6
    part, se = part_of(np.array([1.0, np.nan, 1.0, 0.0]), 0)
    assert part == pytest.approx(2 / 3)
    assert se == pytest.approx(np.sqrt(0.6 * 0.4 / 3))
    part, se = part_of(np.ones((2, 10)), 1)
    assert (se > 0.07).all()
    assert np.isnan(part_of(np.full(3, np.nan), 0)).all()


def test_cultures_that_cannot_be_analysed_are_left_out_with_their_reason():
    # the ensembles exceed no mean rate of 30 spikes per stimulus
    none = recovery(ImplicitFreeEnergy(**QUICK, mean_rate=30.0), cultures=2, repeats=2, seed=1, **SMALL)
    assert (none.status == 2).all()
    assert np.isnan(none.rejected).all()
    assert "has no unit for source 0" in none.attrs["reasons"][0]
    shifted = shift_recovery(ImplicitFreeEnergy(**QUICK, mean_rate=30.0), shift=1, cultures=2, seed=1, **SMALL)
    assert (shifted.status == 2).all()
    assert np.isnan(shifted.better).all()


def test_progress_tells_the_part_that_is_done():
    told = []
    shift_recovery(ImplicitFreeEnergy(**QUICK), shift=[0, 1], cultures=2, progress=told.append, seed=1, **SMALL)
    assert sorted(told) == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: recovery(WRONG, seed=1), "estimator = 'a word' must be of kind ImplicitFreeEnergy"),
        (lambda: recovery(alpha=0.005, seed=1), r"alpha = 0.005 must be a number in \[0.01, 1\)"),
        (lambda: recovery(cultures=0, seed=1), "cultures = 0"),
        (lambda: recovery(repeats=1, seed=1), "repeats = 1"),
        (lambda: recovery(sessions=19, seed=1), "sessions = 19 must be a whole number >= 20"),
        (lambda: recovery(plasticity=-1, cultures=1, seed=1), r"plasticity\[0\] = -1"),
        (lambda: recovery(plasticity=WRONG, cultures=1, seed=1), "plasticity"),
        (lambda: recovery(plasticity=[], cultures=1, seed=1), "plasticity"),
        (lambda: recovery(D1=2.0, cultures=1, seed=1), "D1"),
        (lambda: recovery(seed=-1), "seed = -1"),
        (lambda: recovery(workers=0, cultures=1, seed=1), "workers = 0"),
        (lambda: shift_recovery(shift=WRONG, seed=1), "shift must be an array of real numbers"),
        (lambda: shift_recovery(shift=[], seed=1), "shift"),
        (lambda: shift_recovery(ImplicitFreeEnergy(permutations=3), seed=1), "permutations = 3"),
    ],
)
def test_bad_arguments_are_told(call, words):
    with pytest.raises(ParameterError, match=words):
        call()
