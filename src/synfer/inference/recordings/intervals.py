"""Intervals by resampling sessions: of the prior and the plasticity, and of what the forecast is worth.

Sessions are resampled with replacement with all that they hold, but for the conditional means by state: those stay in
place, and noise is added to them, which is what sessions differ by from the mean of their neighbours, times sqrt(2/3).
So what drifts over sessions does not count as noise. An interval is about the same culture recorded anew with the same
stimuli; it says nothing of other cultures. Those of prior and plasticity are widened by what is not known of the base.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from synfer.core.seeds import generator
from synfer.inference.recordings.analysis import normalise
from synfer.inference.recordings.nulls import summary
from synfer.inference.recordings.prior import Implied
from synfer.inference.recordings.states import Conventions, Culture

DRAWS = 2000
"""Of the resampled influences of sessions on the prior."""
MOST_BEND = 0.25
"""By which skewness, which few draws tell badly, may stretch an interval on one side."""


def resampled(culture: Culture, rng: np.random.Generator) -> Culture:
    """The culture recorded anew, as far as its own sessions tell."""
    c, m = culture, culture.means
    chosen = rng.integers(1, len(c.n) - 1, size=len(c.n))
    noise = np.sqrt(2 / 3) * (m[:, 1:-1] - (m[:, :-2] + m[:, 2:]) / 2)[:, chosen - 1]
    means, state, counts, n = m + noise, c.state[chosen], c.counts[chosen], c.n[chosen]
    shift = means - m[:, chosen]
    used = np.arange(state.shape[1]) < n[:, None]
    y = (c.y[:, chosen] + np.take_along_axis(shift, np.broadcast_to(state.astype(np.int64), c.y.shape), 2)) * used
    own = np.take_along_axis(means, np.broadcast_to(state.astype(np.int64), c.y.shape), 2)
    return replace(
        c, y=y, state=state, o=c.o[chosen], o_by_input=c.o_by_input[chosen], n=n, means=means, counts=counts,
        within=(((y - own) * used) ** 2).sum((1, 2)), session_mean=(means * counts).sum(2) / n, sum_o=c.sum_o[chosen],
    )  # fmt: skip


def summary_intervals(
    culture: Culture, observed: tuple[float, float], base: float, conventions: Conventions, *, draws: int,
    level: float, seed: int,
) -> np.ndarray:  # fmt: skip
    """(2, 2) low and high of the fall of the free energy and of skill, in the fall and in atanh skill.

    Where draws have a skewness g their spread grows with what they are of: ends are not at normal quantiles z but at
    z / (1 - g z / 6) standard deviations, the acceleration of Efron (1987), J. Am. Stat. Assoc. 82:171.
    """
    rng, order = generator(seed, "resample sessions", culture.name), np.arange(len(culture.n))
    drawn = np.empty((draws, 2))
    for k in range(draws):
        anew = resampled(culture, rng)
        drawn[k] = summary(anew, normalise(anew, base, conventions, order, whole=False), conventions, order)
    drawn[:, 1] = np.arctanh(drawn[:, 1])
    centre, z = np.array([observed[0], np.arctanh(observed[1])]), ndtri((1 + level) / 2) * np.array([-1.0, 1.0])
    sd = drawn.std(0)
    skewness = np.divide(((drawn - drawn.mean(0)) ** 3).mean(0), sd**3, out=np.zeros(2), where=sd > 0)
    bend = np.clip(skewness[:, None] * z / 6, -MOST_BEND, MOST_BEND)
    ends = centre[:, None] + np.sqrt(draws / (draws - 1)) * sd[:, None] * z / (1 - bend)
    return np.stack([ends[0], np.tanh(ends[1])])


def implied_intervals(found: Implied, *, level: float, seed: int, name: str) -> np.ndarray:
    """(2, 2) low and high of logit D and plasticity: studentised bootstrap of the influence of sessions."""
    influence = found.influence
    sessions = len(influence)
    rng = generator(seed, "resample influences", name)
    drawn = influence[rng.integers(sessions, size=(DRAWS, sessions))]
    spread = np.sqrt(sessions) * drawn.std(1, ddof=1)
    t = np.divide(drawn.sum(1) - influence.sum(0), spread, out=np.zeros_like(spread), where=spread > 0)
    se = np.sqrt(sessions) * influence.std(0, ddof=1)
    centre = np.array([found.logit_D, found.plasticity])
    high, low = np.quantile(t, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.stack([centre - low * se, centre - high * se], axis=1)


def widened(found: Implied, ends: np.ndarray, moved: Sequence[Implied], level: float) -> np.ndarray:
    """(2, 2) intervals of logit D and plasticity with those found a standard error of base below it and above.

    On either side the distance to what is found there, times the normal quantile, is added in quadrature. Both bend
    with the base so much that one derivative would not do for both sides.
    """
    centre, *others = (np.array([own.logit_D, own.plasticity]) for own in (found, *moved))
    off, z = np.stack(others) - centre, ndtri((1 + level) / 2)
    down, up = np.maximum(-off.min(0), 0), np.maximum(off.max(0), 0)
    low, high = np.maximum(centre - ends[:, 0], 0), np.maximum(ends[:, 1] - centre, 0)
    return np.stack([centre - np.hypot(low, z * down), centre + np.hypot(high, z * up)], axis=1)
