"""One culture analysed in a given order of its sessions: thresholds, implied synapses, free energy, forecast.

With X = (x, 1 - x), W^ = (lambda / 2 + sum X o) / (lambda + sum X) of the sessions before, phi = ln <X> of the learnt
ones, h = sum ln(1 - W^) + phi and W = logit W^,
    L = sum_t X . (ln(X + eps) - W o - h).
The forecast takes the counts of the learnt sessions, and from there on learns from the responses
    x = sig((W1 - W0) o + h1 - h0) that it expects itself.
"""

from dataclasses import dataclass

import numpy as np

from synfer.core.errors import ParameterError
from synfer.inference.recordings import compiled
from synfer.inference.recordings.states import Conventions, Culture

TERMS = ("likelihood", "prior", "entropy")
PREDICTORS = ("forecast", "persistence", "trend")


@dataclass(frozen=True, eq=False)
class Sums:
    """Normalised responses of the sessions in some order, x (2, S, T) or empty, and what the analysis takes of them.

    x_sum (S, 2), xo_sum (S, 2, No) and entropy (S, 2) are sums over the steps of a session of x, x o and
    X ln(X + eps); the last is 0 where it was not asked for.
    """

    x: np.ndarray
    x_sum: np.ndarray
    xo_sum: np.ndarray
    entropy: np.ndarray

    def reordered(self, order: np.ndarray) -> "Sums":
        """The same sessions in another order, normalised as they are."""
        return Sums(self.x[:, :0], self.x_sum[order], self.xo_sum[order], self.entropy[order])


@dataclass(frozen=True, eq=False)
class Analysis:
    """Thresholds, synapses and free energy; `half` 0 is x and 1 is 1 - x.

    Attributes:
        phi: (half, ensemble) thresholds.
        W_hat, W_window: (S, half, ensemble, input) before each session, and of each session alone.
        terms: (3, S) of the free energy, by TERMS; not all in sessions that were not asked for.
        fall: of the free energy from the first learn_sessions to the last, in nats per session of mean length.
    """

    phi: np.ndarray
    W_hat: np.ndarray
    W_window: np.ndarray
    terms: np.ndarray
    fall: float


def normalise(
    culture: Culture, base: float, conventions: Conventions, order: np.ndarray, *, whole: bool = True
) -> Sums:
    """Responses x and their sums; unless whole, x is not kept, and the entropy of first and last sessions only."""
    A, B = _scale(culture, base, conventions, order)
    x = np.zeros(culture.y.shape if whole else (2, 0, 0))
    ends = len(order) if whole else conventions.learn_sessions
    sums = compiled.session_sums(
        culture.y, culture.state, culture.o, culture.n, order, A, B, conventions.eps, ends, x, whole
    )
    return Sums(x, *sums)


def _scale(
    culture: Culture, base: float, conventions: Conventions, order: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """A (2,) and B (2, S, state) of x = clip(A y + B[state])."""
    means, counts, session_mean = culture.means[:, order], culture.counts[order], culture.session_mean[:, order]
    r1 = session_mean[:, :1]
    taken = np.repeat(means[:, :1], len(order), axis=1)
    if conventions.detrend:
        taken = taken + (session_mean - r1)[..., None]
    size, left = counts.sum(), means - taken
    mean = (counts * left).sum((1, 2)) / size
    square = culture.within + (counts * (left - mean[:, None, None]) ** 2).sum((1, 2))
    if not (square > 0).all():
        raise ParameterError(
            f"culture {culture.name!r} has units whose responses do not vary about the mean of a state of the sources, "
            f"which is the scale of x; give counts of single trials"
        )
    A = conventions.x_gain / np.sqrt(square / (size - 1))
    level = 0.5 + conventions.rate_gain * (r1 - base) / base
    return A, level[..., None] - A[:, None, None] * (taken + mean[:, None, None])


def analyse(
    culture: Culture, sums: Sums, conventions: Conventions, order: np.ndarray, *, whole: bool = True
) -> Analysis:
    """Thresholds, implied synapses and free energy of sessions in that order.

    Raises:
        ParameterError: x is 0, or 1, throughout the learnt sessions.
    """
    k, n = conventions.learn_sessions, culture.n[order]
    mean = sums.x_sum[:k].sum(0) / n[:k].sum()
    if not ((mean > 0) & (mean < 1)).all():
        raise ParameterError(
            f"culture {culture.name!r} has <x> = {mean.tolist()} in the first {k} sessions, at an end of [0, 1], where "
            f"a threshold is infinite; its rate is too far from base: give the base of its own control"
        )
    phi = np.log(np.stack([mean, 1 - mean]))
    both = np.stack([sums.xo_sum, culture.sum_o[order, None] - sums.xo_sum], 1)
    alone = np.stack([sums.x_sum, n[:, None] - sums.x_sum], 1)
    W_hat = (conventions.insensitivity / 2 + _before(both)) / (conventions.insensitivity + _before(alone))[..., None]
    W_window = (conventions.window / 2 + both) / (conventions.window + alone)[..., None]
    ends = np.arange(len(n)) if whole else np.r_[:k, len(n) - k : len(n)]
    q, on, all_ = W_hat[ends], both[ends], alone[ends, ..., None]
    terms = np.zeros((3, len(n)))
    terms[0, ends] = -(on * np.log(q) + (all_ - on) * np.log1p(-q)).sum((1, 2, 3))
    terms[1] = -(phi * alone).sum((1, 2))
    terms[2] = sums.entropy.sum(1)
    L = terms.sum(0)
    fall = (L[:k].sum() / n[:k].sum() - L[-k:].sum() / n[-k:].sum()) * n.mean()
    return Analysis(phi, W_hat, W_window, terms, float(fall))


def _before(sums: np.ndarray) -> np.ndarray:
    """Sums over all sessions before each."""
    return np.concatenate([np.zeros_like(sums[:1]), np.cumsum(sums[:-1], axis=0)])


def predict(
    culture: Culture, found: Analysis, conventions: Conventions, order: np.ndarray, *,
    shift: np.ndarray | None = None, whole: bool = True,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """W^ (S, half, ensemble, input) expected before each session, and x (2, S, T); from the learnt sessions on.

    Up to there W^ is as found, and x is what it implies, or 0 unless whole.
    """
    k, c = conventions.learn_sessions, culture
    home = conventions.gain * (conventions.insensitivity + np.exp(found.phi) * c.n[order[:k]].sum())
    hebb, prior = found.W_hat[k] * home[..., None], found.phi[0] - found.phi[1]
    W_hat, x = found.W_hat.copy(), np.zeros(c.y.shape)
    inputs = (c.o, c.o_by_input, c.sum_o, c.n)
    if whole:
        compiled.forecast(W_hat, hebb, home, prior, *inputs, order[:k], 0, False, x)
    later = prior if shift is None else prior + shift
    compiled.forecast(W_hat, hebb, home, later, *inputs, order, k, True, x)
    return W_hat, x


def trend(W_hat: np.ndarray, learnt: int) -> np.ndarray:
    """W^ (S, ...) on straight lines through that of the learnt sessions, kept in [0, 1]; their own up to there."""
    t = np.arange(len(W_hat), dtype=np.float64)
    known = W_hat[:learnt]
    off = t[:learnt] - t[:learnt].mean()
    slope = np.tensordot(off, known, 1) / (off @ off)
    line = known.mean(0) + np.multiply.outer(t - t[:learnt].mean(), slope)
    return np.where((t < learnt).reshape(-1, *[1] * (W_hat.ndim - 1)), W_hat, np.clip(line, 0, 1))


def relative_error(observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """sum (W^ - expected)^2 / sum W^^2 over the last three axes."""
    axes = (-3, -2, -1)
    return ((observed - expected) ** 2).sum(axes) / (observed**2).sum(axes)


def errors(found: Analysis, expected: np.ndarray, learnt: int) -> np.ndarray:
    """(3, S) relative errors of W^, by PREDICTORS: the forecast, W^ of the last learnt session, straight lines."""
    rivals = (expected, found.W_hat[learnt - 1], trend(found.W_hat, learnt))
    return np.stack([relative_error(found.W_hat, rival) for rival in rivals])


def skill(found: Analysis, expected: np.ndarray, learnt: int) -> float:
    """(e_p - e_f) / (e_p + e_f) of the errors e_f of the forecast and e_p of persistence in the last session.

    1 if the forecast is without error, 0 if it is no better than persistence, -1 if only persistence is without error.

    Raises:
        ParameterError: both are without error.
    """
    last = found.W_hat[-1]
    e_f, e_p = relative_error(last, expected[-1]), relative_error(last, found.W_hat[learnt - 1])
    if not e_p + e_f > 0:
        raise ParameterError(
            "W^ of the last session is that of the learnt ones and that of the forecast to the last digit, so that no "
            "forecast is better than another; lower insensitivity"
        )
    return float((e_p - e_f) / (e_p + e_f))
