"""States, synapses, free energy, forecast and nulls, by other routes."""

import numpy as np
import pytest

from synfer.core.errors import ParameterError, SynferWarning
from synfer.inference.network import activity, neural_cost
from synfer.inference.recordings import ImplicitFreeEnergy, nulls, responses, synthetic_cultures
from synfer.inference.recordings.analysis import Sums, analyse, normalise, predict, skill, trend
from synfer.inference.recordings.intervals import resampled
from synfer.inference.recordings.states import Conventions, cultures

CONVENTIONS = Conventions(learn_sessions=4, eps=1e-300)
BASE = 5.9


@pytest.fixture(scope="module")
def fit(small):
    return ImplicitFreeEnergy(4, eps=1e-300, permutations=19, resamples=20).fit(small)


def x_by_hand(rec, culture, ensemble, conventions, base):
    """The states straight from their definition, session by session."""
    c = rec.isel(culture=culture)
    y = c.spikes.values[..., c.ensemble.values == ensemble].mean(-1)
    state = (2 * c.stimulus.values[..., 0] + c.stimulus.values[..., 1]).astype(int)
    first = np.array([y[0][state[0] == k].mean() for k in range(4)])
    left = np.array([own - first[k] - own.mean() + y[0].mean() for own, k in zip(y, state, strict=True)])
    z = (left - left.mean()) / left.std(ddof=1)
    return np.clip(0.5 + z * conventions.x_gain + (y[0].mean() - base) / base * conventions.rate_gain, 0, 1)


def test_states_are_those_of_their_definition(small, fit):
    # independent route; rounding of sums of 1536 numbers of size 10
    for k in range(2):
        for e in range(2):
            by_hand = x_by_hand(small, k, e, CONVENTIONS, BASE)
            assert np.abs(fit.result_.x.values[k, ..., e] - by_hand).max() < 1e-12
    assert (fit.result_.in_ensemble.values == (small.ensemble.values[:, None] == [[0], [1]])).all()


def test_free_energy_is_the_neural_cost_of_the_implied_network(small, fit):
    # independent route: networks know nothing of recordings. eps = 1e-300 keeps ln of 0 finite and does no more.
    name = str(small.culture.values[1])
    for session in (0, 7, 23):
        net = fit.network(name, session)
        x = fit.result_.x.values[1, session]
        cost = neural_cost(net, np.vstack([[0.5, 0.5], x]), None, small.input.values[1, session])
        own = fit.result_.isel(culture=1, session=session)
        assert abs(float(cost.neural_cost.sum() - own.free_energy)) < 1e-9 * abs(float(own.free_energy))
        for term in ("likelihood", "prior", "entropy"):
            assert float(cost.terms.sel(term=term).sum()) == pytest.approx(
                float(own.terms.sel(term=term)), rel=1e-9, abs=1e-9
            )


def test_the_implied_model_has_the_counts_of_the_responses(small, fit):
    session, x, o = 9, fit.result_.x.values[0], small.input.values[0]
    model = fit.model(str(small.culture.values[0]), session)
    seen = np.einsum("stj,sti->ij", x[:session], o[:session])
    np.testing.assert_allclose(model.a[0, :, 0], 1500 + seen, rtol=1e-12)
    np.testing.assert_allclose(model.D.sum(0), 1, rtol=1e-12)


def test_expected_responses_are_those_of_the_network_it_would_be(small, fit):
    # in the first forecast session: synapses are those implied by all sessions before, for gain cancels
    name = str(small.culture.values[0])
    told = fit.forecast().x_forecast.values[0, 4]
    found = activity(fit.network(name, 4), small.input.values[0, 4]).x.values[1:]
    assert np.abs(told - found).max() < 1e-12


def test_forecast_learns_from_its_own_responses(small, fit):
    forecast = fit.forecast()
    x, o = forecast.x_forecast.values[0], small.input.values[0].astype(float)
    seen = fit.result_.x.values[0, :4]
    for value, own in ((1, lambda v: v), (0, lambda v: 1 - v)):
        hebb = 2 * (1500 + np.einsum("stj,sti->ji", own(seen), o[:4]))
        home = 2 * (3000 + own(seen).sum((0, 1)))
        hebb += np.einsum("stj,sti->ji", own(x[4:-1]), o[4:-1])
        home += own(x[4:-1]).sum((0, 1))
        told = forecast.W_hat_forecast.sel(value=value).values[0, -1]
        np.testing.assert_allclose(told, hebb / home[:, None], rtol=1e-12)


def test_a_shift_moves_the_log_odds_of_the_first_forecast_session_alone_by_its_size(fit):
    plain = fit.forecast()
    with pytest.warns(SynferWarning, match="detrend"):
        shifted = fit.forecast(shift=[0.5, -1.0])
    gap = np.log(shifted.x_forecast / (1 - shifted.x_forecast)) - np.log(plain.x_forecast / (1 - plain.x_forecast))
    assert np.abs(gap.isel(session=slice(0, 4))).max() == 0
    np.testing.assert_allclose(gap.isel(session=4).values, np.broadcast_to([0.5, -1.0], (2, 64, 2)), atol=1e-12)


def test_windows_hold_one_session(small, fit):
    x, o = fit.result_.x.values[0, 6], small.input.values[0, 6]
    by_hand = (1 + x.T @ o) / (2 + x.sum(0))[:, None]
    np.testing.assert_allclose(fit.result_.W_window.values[0, 6, 0], by_hand, rtol=1e-12)


def test_straight_lines_go_on_and_stay_within_bounds():
    W = np.concatenate([np.linspace(0.4, 0.6, 5), np.full(30, 0.7)])[:, None]
    line = trend(W, 5)[:, 0]
    assert line[4] == 0.6
    assert line[7] == pytest.approx(0.75)
    assert line[-1] == 1


def test_a_permuted_null_is_the_analysis_of_the_permuted_recording(small):
    # independent route: the recording itself is put into that order; base given and fitted
    own = cultures(small, CONVENTIONS)[0][0]
    order = nulls.orders(own, 3, seed=1)[2]
    shuffled = cultures(small.isel(session=order).assign_coords(session=small.session), CONVENTIONS)[0][0]
    identity = np.arange(24)
    sums = normalise(own, BASE, CONVENTIONS, identity)
    found = nulls.permuted(own, sums, np.array([BASE]), CONVENTIONS, order[None])[:, :, 0]
    direct = nulls.summary(shuffled, normalise(shuffled, BASE, CONVENTIONS, identity), CONVENTIONS, identity)
    np.testing.assert_allclose(found[0], direct, rtol=1e-9)
    # "states": x of the recording in that order, behind its first session
    order = np.r_[0, order[order > 0]]
    shuffled = cultures(small.isel(session=order).assign_coords(session=small.session), CONVENTIONS)[0][0]
    moved = Sums(sums.x, sums.x_sum[order], sums.xo_sum[order], sums.entropy[order])
    anew = analyse(shuffled, moved, CONVENTIONS, identity)
    expected, _ = predict(shuffled, anew, CONVENTIONS, identity)
    np.testing.assert_allclose(found[1], [anew.fall, skill(anew, expected, 4)], rtol=1e-9)


def test_a_fitted_base_is_fitted_anew_to_permuted_sessions(small):
    rec = small.drop_attrs()
    fit = ImplicitFreeEnergy(4, permutations=19, resamples=20, seed=3).fit(rec)
    own = cultures(rec, CONVENTIONS)[0]
    orders = [nulls.orders(c, 19, 3) for c in own]
    assert fit.base_ == pytest.approx(np.mean([c.y[:, :4].mean() for c in own]), rel=1e-12)
    bases = [np.mean([c.y[:, o[p, :4]].mean() for c, o in zip(own, orders, strict=True)]) for p in range(19)]
    c = Conventions(learn_sessions=4)
    falls = [
        nulls.summary(own[0], normalise(own[0], base, c, order), c, order)[0]
        for base, order in zip(bases, orders[0], strict=True)
    ]
    assert float(fit.result_.fall_permuted.sel(null="sessions")[0]) == pytest.approx(np.mean(falls), rel=1e-9)


def test_resampled_sessions_differ_as_sessions_do_where_nothing_changes():
    # statistical: 8 means in each of 60 sessions, resampled 20 times; the ratio of variances is known to 7 %
    rec = synthetic_cultures(1, sessions=60, steps=64, units=16, plasticity=0.0, seed=2)
    own, rng = cultures(rec, CONVENTIONS)[0][0], np.random.default_rng(0)
    drawn = np.stack([resampled(own, rng).means - own.means for _ in range(20)])
    assert (drawn**2).mean() == pytest.approx(own.means.var(1, ddof=1).mean(), rel=0.25)
    anew = resampled(own, rng)
    hot = (anew.state[:, None] == np.arange(4)[:, None]).astype(float)
    means = np.einsum("est,skt->esk", anew.y, hot) / anew.counts
    within = ((anew.y - np.einsum("esk,skt->est", means, hot)) ** 2).sum((1, 2))
    np.testing.assert_allclose(anew.means, means, atol=1e-12)
    np.testing.assert_allclose(anew.within, within, rtol=1e-12)


@pytest.mark.parametrize(("observed", "p"), [(2.5, 2 / 5), (4.0, 2 / 5), (5.0, 1 / 5), (0.0, 1.0)])
def test_p_counts_permutations_at_least_as_large(observed, p):
    # enumeration
    assert nulls.p_value(np.array(observed), np.array([1.0, 2.0, 2.0, 4.0])) == p


def test_a_p_of_what_is_no_number_is_none():
    p = nulls.p_value(np.array([np.nan, 1.0, 1.0]), np.array([[0.0, 1.0], [0.0, np.nan], [0.0, 1.0]]))
    np.testing.assert_array_equal(p, [np.nan, np.nan, 2 / 3])


def test_a_summary_that_is_not_finite_fails_its_culture_alone(small, monkeypatch):
    real = nulls.permuted
    spoil = {"c0": np.nan, "c1": 1.0}
    monkeypatch.setattr(nulls, "permuted", lambda culture, *rest: real(culture, *rest) * spoil[culture.name])
    with pytest.warns(SynferWarning, match="1 of 2 cultures cannot be analysed, culture 'c0' has a fall or a skill"):
        fit = ImplicitFreeEnergy(4, permutations=19, resamples=20).fit(small)
    assert fit.result_.status.values.tolist() == [2, 0]
    assert np.isnan(fit.result_.skill_p.values[0]).all()


def test_steps_left_out_are_as_if_they_had_not_been_there(small):
    # short sessions with holes, and a session that one culture lacks
    rec = small.isel(culture=[0])
    valid = np.random.default_rng(0).random((24, 64)) < 0.9
    valid[7] = False
    mask = valid[None, ..., None]
    other = small.isel(culture=[1])
    both = responses(
        np.concatenate([rec.spikes.values * mask, other.spikes.values]),
        np.concatenate([rec.stimulus.values * mask, other.stimulus.values]),
        np.concatenate([rec.input.values * mask, other.input.values]),
        valid=np.concatenate([valid[None], np.ones((1, 24, 64), bool)]), base=BASE,
    )  # fmt: skip
    fit = ImplicitFreeEnergy(4, permutations=19, resamples=20).fit(both)
    r, kept = fit.result_.isel(culture=0), np.delete(np.arange(24), 7)
    assert np.isfinite(r.x.values[valid]).all()
    assert np.isnan(r.x.values[~valid]).all()
    assert r.n_steps.values[7] == 0
    assert np.isnan(r.W_hat.values[7]).all()
    x, o = r.x.values, both.input.values[0]
    seen = sum(x[s][valid[s]].T @ o[s][valid[s]] for s in kept[:-1])
    total = sum(x[s][valid[s]].sum(0) for s in kept[:-1])
    np.testing.assert_allclose(r.W_hat.values[-1, 0], (1500 + seen) / (3000 + total)[:, None], rtol=1e-12)
    L = r.free_energy.values[kept]
    n = valid.sum(1)[kept]
    assert float(r.fall) == pytest.approx((L[:4].sum() / n[:4].sum() - L[-4:].sum() / n[-4:].sum()) * n.mean())
    told = fit.predict(both.isel(session=slice(4, None))).values[0]
    np.testing.assert_array_equal(told, fit.forecast().x_forecast.values[0, 4:])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"least_rate": 50.0}, "no unit for source 0: of 16 units .* least_rate = 50"),
        ({"learn_sessions": 13}, "24 sessions and must have >= 26"),
        ({"learn_sessions": 0}, "learn_sessions = 0 must be >= 2"),
        ({"permutations": 5}, "permutations = 5"),
        ({"level": 1}, "level = 1"),
        ({"null": "state"}, "did you mean states"),
        ({"seed": -1}, "seed"),
        ({"base": 0.2}, "give the base of its own control"),
    ],
)
def test_bad_arguments_are_told(small, change, words):
    with pytest.raises(ParameterError, match=words):
        ImplicitFreeEnergy(**({"permutations": 19, "resamples": 20} | change)).fit(small)


def test_a_culture_that_cannot_be_analysed_leaves_the_others(small):
    quiet = small.copy(deep=True)
    quiet.spikes[0, 3] = quiet.spikes[0, 3] * 0
    with pytest.warns(Warning, match="1 of 2 cultures"):
        fit = ImplicitFreeEnergy(4, permutations=19, resamples=20).fit(quiet)
    assert fit.result_.status.values.tolist() == [2, 0]
    assert "least_rate" in fit.result_.attrs["reasons"][0]
    assert np.isnan(fit.forecast().skill.values).tolist() == [True, False]
    assert fit.score_.sizes["culture"] == 1
