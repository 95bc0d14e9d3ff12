"""What an agent believes after an observation and how it decides, on the belief before, from its model's counts."""

from typing import NamedTuple

import numpy as np
from scipy.special import expit

from synfer.inference.beliefs import expected_log, sampling_law
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks import TaskGraph


class Slopes(NamedTuple):
    """What beliefs before say of something binary: log odds on^T s + off^T (1 - s)."""

    on: np.ndarray  # (Ns, n)
    off: np.ndarray  # (Ns, n)

    def of(self, pair: np.ndarray) -> np.ndarray:
        """(..., n) log odds of the pair (..., 2, Ns) [s; 1-s], which need not sum to 1."""
        return pair[..., 0, :] @ self.on + pair[..., 1, :] @ self.off

    def between(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(..., n) middle and half width of the log odds, where s is between bounds (..., Ns)."""
        difference = self.on - self.off
        return self.off.sum(0) + 0.5 * (low + high) @ difference, 0.5 * (high - low) @ np.abs(difference)


def slopes(model: GenerativeModel, counts: np.ndarray | None, n: int) -> Slopes:
    """Of counts (2, pre, 2, n); 0 where there are none."""
    if counts is None:
        return Slopes(*np.zeros((2, model.n_states, n)))
    log = expected_log(counts, model.expectation)
    return Slopes(*(log[:, :, 0] - log[:, :, 1]))


class Decisions(NamedTuple):
    """z = slopes of C + prior."""

    slopes: Slopes
    prior: np.ndarray  # (Nd,)

    @property
    def flat(self) -> bool:
        """Whether beliefs do not bear on decisions."""
        return not (self.slopes.on.any() or self.slopes.off.any())

    def law(self, pair: np.ndarray, n_actions: int) -> np.ndarray:
        """(..., n_actions) probabilities of actions on beliefs (..., 2, Ns)."""
        law = sampling_law(log_odds=self.slopes.of(pair) + self.prior)
        return law.reshape(*law.shape[:-1], n_actions, -1).sum(-1)


def decisions(model: GenerativeModel) -> Decisions:
    """Of a model that has E."""
    assert model.E is not None
    return Decisions(slopes(model, model.c, model.n_decisions), np.log(model.E[0]) - np.log(model.E[1]))


class Beliefs:
    """Beliefs after the observation in each of a task's states."""

    def __init__(self, model: GenerativeModel, graph: TaskGraph) -> None:
        assert model.D is not None
        seen = graph.observation.astype(np.float64)
        prior = np.log(model.D[0]) - np.log(model.D[1])
        self.evidence = (
            slopes(model, model.a, model.n_states).of(np.stack([seen, 1 - seen], axis=-2)) + prior
        )  # (S, Ns)
        self.slopes = slopes(model, model.b, model.n_states)
        self.initial = model.D / model.D.sum(0) if model.initial is None else model.initial

    def after(self, state: int, pair: np.ndarray) -> np.ndarray:
        """(2, Ns) [s; 1-s] after the observation in a state, on the pair before."""
        s = expit(self.evidence[state] + self.slopes.of(pair))
        return np.stack([s, 1 - s])

    def between(self, state: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n, Ns) bounds on s after the observations in states (n,), on bounds before."""
        middle, reach = self.slopes.between(low, high)
        middle = middle + self.evidence[state]
        return expit(middle - reach), expit(middle + reach)
