"""Synthetic cultures against their law written out, the Poisson law, and the published choice of ensembles."""

import numpy as np
import pytest
from scipy.special import expit, logit

from synfer.core.errors import ParameterError
from synfer.inference.recordings.layout import check_responses
from synfer.inference.recordings.synthetic import COUNTS, START, synthetic_cultures
from synfer.inference.tasks import Sources

D1 = (0.35, 0.6)
SHIFT = {"shift": [0.5, -1], "shift_after": 12}


@pytest.fixture(scope="module")
def fixed():
    """A culture that learns nothing."""
    return synthetic_cultures(1, sessions=80, steps=96, plasticity=0, D1=D1, seed=14)


@pytest.fixture(scope="module")
def learning():
    return synthetic_cultures(1, sessions=30, steps=128, plasticity=0.7, D1=D1, **SHIFT, seed=15)


def test_responses_are_posteriors_by_bayes(fixed):
    """By products of probabilities of all inputs; 32 factors round to 32 eps."""
    own = Sources().own.T
    first = np.where(own, *START)
    for t in range(96):
        o = fixed["input"].values[0, 0, t]
        on, off = (np.where(o, P, 1 - P).prod(1) for P in (first, 1 - first))
        p = on * np.array(D1) / (on * np.array(D1) + off * (1 - np.array(D1)))
        np.testing.assert_allclose(fixed["truth_x"].values[0, 0, t], p, rtol=1e-13)


def test_synapses_grow_by_counts(learning):
    """Counts summed over all sessions before, at once; what is on when the ensemble is on, and when it is off."""
    o, x = learning["input"].values[0].astype(float), learning["truth_x"].values[0]
    first = COUNTS * np.where(Sources().own.T, *START)
    for t in (0, 1, 13, 29):
        grown = [
            (start + 0.7 * np.einsum("tsj,tsi->ji", y[:t], o[:t])) / (COUNTS + 0.7 * y[:t].sum((0, 1)))[:, None]
            for start, y in ((first, x), (COUNTS - first, 1 - x))
        ]
        W = logit(grown[0]) - logit(grown[1])
        np.testing.assert_allclose(learning["truth_W"].values[0, t], W, rtol=1e-10, atol=1e-12)
        prior = logit(D1) + (t >= 12) * np.array([0.5, -1])
        u = o[t] @ W.T + (np.log(1 - grown[0]) - np.log(1 - grown[1])).sum(1) + prior
        np.testing.assert_allclose(x[t], expit(u), rtol=1e-10)


def test_a_shift_moves_the_log_odds_of_fixed_synapses_and_nothing_before_it():
    rec = synthetic_cultures(2, sessions=6, steps=64, plasticity=0, shift=[[0.5, -0.5], [1, 0]], shift_after=2, seed=3)
    odds = logit(rec["truth_x"].values)
    np.testing.assert_allclose(odds[:, :2], odds[:, :1].repeat(2, axis=1), rtol=1e-12)
    moved = odds[:, 2:] - odds[:, :1]
    np.testing.assert_allclose(moved, np.broadcast_to(rec["shift"].values[:, None, None], moved.shape), atol=1e-12)


def test_counts_are_poisson_about_the_response(fixed):
    """Sum over sessions of (r - m)^2 / m, m = 2 rate g x with g from the unit's own total, is chi^2: z of its mean.

    40 units x 96 stimuli x 80 sessions. Of 4 standard errors one in 1.6e4 runs goes astray; an sd 1 % too large is 4.4.
    """
    spikes, x, ensemble = fixed["spikes"].values[0], fixed["truth_x"].values[0], fixed["ensemble"].values[0]
    assert np.bincount(ensemble + 1).tolist() == [24, 20, 20]
    index, cells = [], 0
    for unit in np.flatnonzero(ensemble >= 0):
        own = x[..., ensemble[unit]]
        m = own * spikes[..., unit].sum() / own.sum()
        index.append(((spikes[..., unit] - m) ** 2 / m).sum() - (m.size - 1))
        cells += m.size
    # The variance of a cell is 2 + 1 / m, m between .5 and 20.
    assert abs(sum(index)) < 4 * np.sqrt(cells * 2.3)


def test_ensembles_fire_at_the_given_rate():
    """Gains are 1 on average: all spikes of an ensemble over 2 rate sum x, a Poisson number; 4.5 standard errors."""
    rec = synthetic_cultures(3, sessions=10, steps=64, units=32, rate=2.6, plasticity=0, seed=8)
    for k in range(3):
        for j in (0, 1):
            own = rec["ensemble"].values[k] == j
            mean = 2 * 2.6 * own.sum() * rec["truth_x"].values[k, ..., j].sum()
            assert abs(rec["spikes"].values[k][..., own].sum() - mean) < 4.5 * np.sqrt(mean)
    assert rec.attrs["base"] == 2.6
    assert rec.attrs["condition"] == "synthetic"


def test_sessions_of_fixed_synapses_are_exchangeable(fixed):
    """The same stimuli and means in all; no unit's counts drift: correlation with the session, 64 units, 4.5 SE."""
    for name in ("stimulus", "input"):
        assert (fixed[name] == fixed[name].isel(session=0)).all()
    assert (fixed["truth_x"] == fixed["truth_x"].isel(session=0)).all()
    assert (fixed["truth_W"] == fixed["truth_W"].isel(session=0)).all()
    totals = fixed["spikes"].values[0].sum(1, dtype=float)
    session = np.arange(80) - 39.5
    r = (session @ (totals - totals.mean(0))) / np.sqrt((session @ session) * ((totals - totals.mean(0)) ** 2).sum(0))
    assert abs(r).max() < 4.5 / np.sqrt(80)
    assert abs(np.arctanh(r).mean()) < 4 / np.sqrt(80 * 64)


def test_plastic_sessions_are_not(learning):
    assert (abs(learning["truth_W"].diff("session")).max(["source", "input"]) > 1e-3).all()
    assert float(abs(learning["truth_x"][0, -1] - learning["truth_x"][0, 0]).max()) > 0.2


@pytest.mark.parametrize(("D1", "plasticity"), [(0.5, 0), (0.5, 1), (0.3, 0.3), (0.7, 0)])
def test_the_published_choice_of_ensembles_finds_them(D1, plasticity):
    rec = check_responses(synthetic_cultures(2, sessions=40, D1=D1, plasticity=plasticity, seed=6))
    for k in range(2):
        r, s = rec["spikes"].values[k].astype(float), rec["stimulus"].values[k, 0]
        prefers = r[:, (s == [1, 0]).all(1)].mean((0, 1)) - r[:, (s == [0, 1]).all(1)].mean((0, 1))
        alive = (r.mean((0, 1)) > 1) & (r.mean(1).min(0) > 0.1)
        found = np.select([alive & (prefers > 0.5), alive & (prefers < -0.5)], [0, 1], -1)
        np.testing.assert_array_equal(found, rec["ensemble"].values[k])


def test_a_culture_is_the_same_however_many_there_are():
    one, three = (synthetic_cultures(n, sessions=2, steps=64, seed=4) for n in (1, 3))
    for name in ("spikes", "stimulus", "input", "truth_W", "ensemble"):
        np.testing.assert_array_equal(one[name][0], three[name][0])
    assert not np.array_equal(three["spikes"][0], three["spikes"][1])
    assert not np.array_equal(one["spikes"], synthetic_cultures(1, sessions=2, steps=64, seed=5)["spikes"])


def test_high_rates_do_not_overflow():
    rec = synthetic_cultures(1, sessions=1, steps=64, rate=300, plasticity=0, seed=1)
    own = rec["ensemble"].values[0] == 0
    mean = 600 * own.sum() * rec["truth_x"].values[0, ..., 0].sum()
    assert abs(rec["spikes"].values[0][..., own].sum() - mean) < 4.5 * np.sqrt(mean)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n": 0}, "n = 0"),
        ({"sessions": 2.0}, "sessions = 2.0"),
        ({"steps": 63}, "steps = 63 must be a whole number >= 64"),
        ({"units": 7}, "units = 7"),
        ({"plasticity": -0.1}, r"plasticity\[0\] = -0.1 must be in \[0, 1000\]"),
        ({"plasticity": [0.1, 0.2, 0.3]}, r"plasticity has shape \(3,\)"),
        ({"D1": 1.0}, r"D1\[0, 0\] = 1 must be in \(0, 1\)"),
        ({"D1": [0.2, 0.3, 0.4]}, r"D1 has shape \(3,\) and must be one number or \(2,\) or \(1, 2\)"),
        ({"shift": np.nan}, "shift = nan must be finite"),
        ({"shift_after": -1}, "shift_after = -1"),
        ({"rate": 0}, r"rate = 0 must be one number in \[0.1, 1000\]"),
        ({"rate": [1, 2]}, r"rate = \[1, 2\] must be one number"),
        ({"mixing": 0.5}, "mixing = 0.5"),
        ({"seed": -1}, "seed = -1"),
        ({"seed": "x"}, "seed = 'x'"),
    ],
)
def test_what_cannot_be_is_refused(change, words):
    with pytest.raises(ParameterError, match=words):
        synthetic_cultures(**({"n": 1, "sessions": 1, "steps": 64, "seed": 1} | change))
