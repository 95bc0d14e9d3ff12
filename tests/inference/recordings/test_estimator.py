"""The conventions of estimators, predictions, scores and what a result holds."""

import inspect
from typing import Any

import numpy as np
import pytest

from synfer.core.errors import ParameterError, SynferWarning
from synfer.inference.recordings import ImplicitFreeEnergy, synthetic_cultures
from synfer.inference.recordings.layout import responses
from synfer.inference.recordings.states import Conventions

FAST: dict[str, Any] = {"learn_sessions": 4, "permutations": 19, "resamples": 20}


@pytest.fixture(scope="module")
def fit(small):
    return ImplicitFreeEnergy(**FAST).fit(small)


def clone(estimator):
    """What scikit-learn does to copy an estimator, and what it insists on."""
    params = estimator.get_params(deep=False)
    other = type(estimator)(**params)
    for name, value in other.get_params(deep=False).items():
        assert value is params[name], f"the constructor changed {name}"
    return other


def test_clones_have_the_arguments_and_no_results(fit):
    other = clone(fit)
    assert other.get_params() == fit.get_params()
    assert [name for name in vars(other) if name.endswith("_")] == []
    assert repr(other) == "ImplicitFreeEnergy(learn_sessions=4, permutations=19, resamples=20)"


def test_scikit_learn_clones_it(fit):
    base = pytest.importorskip("sklearn.base", reason="scikit-learn is not installed, and not needed")
    assert base.clone(fit).get_params() == fit.get_params()


def test_the_constructor_only_stores():
    estimator = ImplicitFreeEnergy(base="nonsense", permutations=-1)
    assert estimator.get_params()["base"] == "nonsense"
    assert estimator.set_params(base=2.0) is estimator
    assert estimator.base == 2.0
    with pytest.raises(ParameterError, match="did you mean permutations"):
        estimator.set_params(permutation=3)


def test_published_constants_are_the_defaults():
    defaults = {n: p.default for n, p in inspect.signature(ImplicitFreeEnergy).parameters.items()}
    fields = Conventions.model_fields
    assert {n: defaults[n] for n in fields if n != "kind"} == {n: f.default for n, f in fields.items() if n != "kind"}


def test_the_same_seed_gives_the_same_bytes_in_any_company(small, fit):
    again = ImplicitFreeEnergy(**FAST).fit(small.isel(culture=[1])).result_
    for name in ("fall_p", "skill_low", "D_low", "skill_permuted"):
        assert again[name].values.tobytes() == fit.result_[name].values[1:].tobytes(), name
    other = ImplicitFreeEnergy(**FAST, seed=1).fit(small).result_
    assert (other.skill_permuted != fit.result_.skill_permuted).all()


def test_score_is_the_mean_excess_of_skill_over_the_null(small, fit):
    assert fit.score(small) == pytest.approx(float(fit.result_.skill_excess.sel(null="sessions").mean()))
    assert fit.score(small.copy(deep=True)) == fit.score(small)
    states = ImplicitFreeEnergy(**FAST, null="states").fit(small)
    assert states.score(small) == pytest.approx(float(fit.result_.skill_excess.sel(null="states").mean()))


def test_predictions_of_later_sessions_are_the_forecast(small, fit):
    told = fit.predict(small.isel(session=slice(4, None)))
    np.testing.assert_array_equal(told, fit.forecast().x_forecast.isel(session=slice(4, None)))


def test_learnt_sessions_do_not_follow_upon_themselves(small, fit):
    # every session of these cultures shows the same inputs, so that only spikes tell them
    with pytest.warns(SynferWarning, match=r"sessions \[1, 2\] of culture 'c0' .*slice\(4, None\)"):
        fit.predict(small.isel(culture=[0], session=[5, 2, 3]))


def test_results_have_units_and_words(fit):
    with pytest.warns(SynferWarning, match="detrend=False to see it"):
        shifted = fit.forecast(shift=0.5)
    assert "detrend=False" in shifted.attrs["warnings"][0]
    assert "warnings" not in fit.forecast(shift=0).attrs
    for ds in (fit.result_, shifted):
        bare = [str(n) for n in ds if "units" not in ds[n].attrs and n not in ("valid", "shift")]
        assert bare == []


def test_every_result_names_its_nulls(fit):
    for ds in (fit.result_, fit.forecast()):
        assert ds.fall_p.null.values.tolist() == ["sessions", "states"]
        assert {"skill_permuted", "skill_excess", "skill_p", "fall_permuted", "fall_excess"} <= set(ds)
    assert fit.forecast().W_error.predictor.values.tolist() == ["forecast", "persistence", "trend"]
    last = fit.forecast().W_error.isel(session=-1)
    e_f, e_p = (last.sel(predictor=m) for m in ("forecast", "persistence"))
    np.testing.assert_allclose(fit.result_.skill, (e_p - e_f) / (e_p + e_f), rtol=1e-12)


@pytest.mark.parametrize("shift", [1.0, -0.5])
def test_a_forecast_with_the_true_shift_is_better_than_one_without(shift):
    # power: 8 of 8 here; over 100 cultures see recovery. The level of x is kept, or there were nothing to be seen.
    rec = synthetic_cultures(4, sessions=24, steps=64, units=32, shift=shift, shift_after=8, seed=7)
    fit = ImplicitFreeEnergy(8, detrend=False, permutations=19, resamples=20).fit(rec)
    errors = [fit.forecast(shift=s).x_error.sel(predictor="forecast") for s in (None, shift)]
    assert (errors[1] < errors[0]).all()


def test_nothing_goes_before_a_fit(small):
    for call in (
        lambda e: e.forecast(),
        lambda e: e.predict(small),
        lambda e: e.score(small),
        lambda e: e.network("c0"),
    ):
        with pytest.raises(ParameterError, match="fit"):
            call(ImplicitFreeEnergy())


def test_scores_are_of_data_and_arguments_and_not_of_objects(small):
    # independent route: the fit of the changed recording with this base as a given one
    rec = small.drop_attrs().copy(deep=True)
    fit = ImplicitFreeEnergy(**FAST).fit(rec)
    before = fit.score(rec)
    assert before == float(fit.score_.mean())
    rec["spikes"][:] = rec.spikes.values[:, ::-1].copy()
    given = ImplicitFreeEnergy(**FAST, base=fit.base_).fit(rec)
    assert fit.score(rec) == float(given.score_.mean()) != before
    fit.set_params(null="states")
    assert fit.score(rec) == float(given.result_.skill_excess.sel(null="states").mean())


def test_a_fit_that_fails_leaves_the_one_before(small, fit):
    told, other = fit.forecast(), clone(fit).fit(small)
    with pytest.raises(ParameterError, match="must have >= 8"):
        other.fit(small.isel(session=slice(0, 5)))
    assert other.forecast().identical(told)
    with pytest.raises(ParameterError, match="must have >= 8"):
        other.score(small.isel(session=slice(0, 5)))


def test_networks_are_of_the_sessions_of_the_recording(small):
    rec = small.copy(deep=True)
    rec["valid"][0, 7] = False
    for name in ("spikes", "stimulus", "input"):
        rec[name][0, 7] = 0
    fit = ImplicitFreeEnergy(**FAST).fit(rec)
    net, W = fit.network("c0", 12), fit.result_.W_hat.values[0, 12, 0]
    np.testing.assert_allclose(1 / (1 + np.exp(-net.W1)), W, rtol=1e-12)
    np.testing.assert_array_equal(fit.network("c0").W1, fit.network("c0", -1).W1)
    with pytest.raises(ParameterError, match="'c0' has no session 7"):
        fit.network("c0", 7)
    np.testing.assert_allclose(fit.network("c1", 7).W1.shape, W.shape)


def test_arguments_of_any_kind_can_be_shown():
    assert repr(ImplicitFreeEnergy(base=np.array([1.0, 2.0]))) == "ImplicitFreeEnergy(base=array([1., 2.]))"


@pytest.mark.parametrize(
    "wrong",
    [{"learn_sessions": "4"}, {"base": True}, {"base": np.ones(2)}, {"detrend": "yes"}, {"insensitivity": 1e13},
     {"base_se": -0.1}, {"base_se": "1"}, {"base_se": True}, {"base_se": [0.1, 0.2]}],
)  # fmt: skip
def test_arguments_of_a_wrong_kind_are_told(small, wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        ImplicitFreeEnergy(**(FAST | wrong)).fit(small)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda f, rec: f.network(["c0"]), "was not fitted"),
        (lambda f, rec: f.predict(rec.isel(source=[0])), "and must have 2, one for each ensemble"),
        (lambda f, rec: f.forecast(shift=[1, 2, 3]), "shift has shape"),
        (lambda f, rec: f.network("c7"), "'c7' was not fitted; known: c0, c1"),
        (lambda f, rec: f.network("c0", 24), "session = 24"),
        (lambda f, rec: f.predict(rec.isel(input=slice(0, 8))), "8 inputs"),
        (lambda f, rec: f.predict(rec.assign_coords(culture=["c0", "other"])), "'other' was not fitted"),
        (lambda f, rec: f.fit("a file"), "the responses"),
        (lambda f, rec: f.fit(rec.isel(source=[0])), "1 sources and must have 2"),
    ],
)
def test_bad_calls_are_told(small, fit, call, words):
    with pytest.raises(ParameterError, match=words):
        call(clone(fit) if "fit(" in words or "responses" in words or "sources" in words else fit, small)


def test_sources_in_another_order_are_not_predicted():
    rec = synthetic_cultures(1, sessions=6, steps=64, units=16, seed=3)
    fit = ImplicitFreeEnergy(2, base=5.9, base_se=0.1, permutations=20, resamples=20).fit(rec)
    later = rec.isel(session=slice(2, None))
    with pytest.raises(ParameterError, match=r"rec has the sources \[1, 0\] .* rec\.sel\(source=\[0, 1\]\)"):
        fit.predict(later.isel(source=[1, 0]))
    assert fit.predict(later).notnull().all()


def test_cultures_that_are_no_group_are_told():
    rec = synthetic_cultures(3, sessions=6, steps=64, units=16, seed=3)
    del rec.attrs["base"]
    odd = rec.copy(deep=True)
    odd["spikes"] = odd["spikes"].astype(np.uint16)
    odd["spikes"][2] *= 4
    fit = ImplicitFreeEnergy(2, permutations=20, resamples=20)
    with pytest.warns(SynferWarning, match=r"rates of the cultures differ by \d+ % of their mean"):
        fit.fit(odd)
    fit.fit(rec)


def test_responses_without_noise_are_refused_in_words():
    s = np.random.default_rng(1).integers(2, size=(6, 64, 2))
    spikes = 2 * s.repeat(4, axis=2) + 1
    with pytest.raises(ParameterError, match="do not vary about the mean of a state of the sources"):
        ImplicitFreeEnergy(2, base=2.0, permutations=20, resamples=20, detrend=False).fit(
            responses(spikes, s, s.repeat(4, axis=2))
        )
