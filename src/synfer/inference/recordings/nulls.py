"""What the same analysis finds where there is nothing to find: sessions in another order.

"sessions": raw sessions, each with its stimuli, inputs and responses, are permuted and all of the analysis is run
    again. Where sessions are exchangeable this test is exact. It finds any change over sessions, of whatever kind.
"states": x is taken from the first session as in the recording, and the later ones are permuted afterwards. What tells
    all of them from the first one is in this null too; only their order counts as excess. Exact where they can be
    exchanged.
"""

import numpy as np

from synfer.core.seeds import generator
from synfer.inference.recordings.analysis import Sums, analyse, normalise, predict, skill
from synfer.inference.recordings.states import Conventions, Culture

NULLS = ("sessions", "states")
STATISTICS = ("fall", "skill")
ENDS = ("low", "mean", "high")
BAND = 100
"""Permutations, at most, of which the free energy of every session is kept for a band."""


def summary(culture: Culture, sums: Sums, conventions: Conventions, order: np.ndarray) -> tuple[float, float]:
    """Fall of the free energy and skill of the forecast of sessions in that order."""
    found = analyse(culture, sums, conventions, order, whole=False)
    expected, _ = predict(culture, found, conventions, order, whole=False)
    return found.fall, skill(found, expected, conventions.learn_sessions)


def orders(culture: Culture, n: int, seed: int) -> np.ndarray:
    """(n, S) permutations of the sessions of a culture, of a stream by its name."""
    rng = generator(seed, "permute sessions", culture.name)
    return np.stack([rng.permutation(len(culture.n)) for _ in range(n)])


def after_first(order: np.ndarray) -> np.ndarray:
    """The same order of the later sessions, behind the first one."""
    return np.concatenate([[0], order[order != 0]])


def permuted(
    culture: Culture, observed: Sums, base: np.ndarray, conventions: Conventions, shuffled: np.ndarray
) -> np.ndarray:
    """(null, statistic, permutation), by NULLS and STATISTICS; base (permutation,) is that of "sessions"."""
    found = np.empty((2, 2, len(shuffled)))
    for p, order in enumerate(shuffled):
        anew = normalise(culture, base[p], conventions, order, whole=False)
        found[0, :, p] = summary(culture, anew, conventions, order)
        later = after_first(order)
        found[1, :, p] = summary(culture, observed.reordered(later), conventions, later)
    return found


def band(
    culture: Culture, observed: Sums, base: np.ndarray, conventions: Conventions, shuffled: np.ndarray, level: float
) -> np.ndarray:
    """(null, end, S) free energy by place in the order: its lower and upper quantile, and the mean between them."""
    L = np.empty((2, len(shuffled), len(culture.n)))
    for p, order in enumerate(shuffled):
        later = after_first(order)
        pairs = ((normalise(culture, base[p], conventions, order), order), (observed.reordered(later), later))
        for k, (sums, own) in enumerate(pairs):
            L[k, p] = analyse(culture, sums, conventions, own).terms.sum(0)
    low, high = np.quantile(L, [(1 - level) / 2, (1 + level) / 2], axis=1)
    return np.stack([low, L.mean(1), high], axis=1)


def p_value(observed: np.ndarray, null: np.ndarray) -> np.ndarray:
    """(1 + #{null >= observed}) / (1 + n) over the last axis; NaN where any of them is."""
    own = np.asarray(observed, dtype=np.float64)[..., None]
    p = (1 + (null >= own).sum(-1)) / (1 + null.shape[-1])
    return np.where(np.isnan(own + null).any(-1), np.nan, p)
