"""Inference: posterior beliefs about states and decisions, step by step.

    ln s~_t = lnA^T [o; o-]_t + lnB^T [s; s-]_{t-1} + ln D,    s_t = sig(ln s~_t1 - ln s~_t0),
    ln d~_t = lnC^T [s; s-]_{t-1} + ln E
with the expected logs lnA, lnB, lnC of the counts. Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55.
"""

from typing import Any, NamedTuple, Self

import numpy as np
import xarray as xr
from scipy.special import expit

from synfer.core.errors import NumericalError
from synfer.core.results import dataset
from synfer.inference.beliefs.expectation import log_mean
from synfer.inference.beliefs.series import first_pair, observed, stack
from synfer.inference.model import AXES, Expectation, GenerativeModel


class LogOdds(NamedTuple):
    """What speaks for 1 against 0 in every state and decision: differences of expected logs [nats], by block row."""

    A: np.ndarray
    B: np.ndarray | None
    C: np.ndarray | None
    D: np.ndarray
    E: np.ndarray | None

    @classmethod
    def of(cls, model: GenerativeModel) -> Self:
        """(2 No, Ns), (2 Ns, Ns), (2 Ns, Nd), (Ns,) and (Nd,) of a model."""
        D, E = (None if pair is None else np.log(pair[0]) - np.log(pair[1]) for pair in (model.D, model.E))
        A, B, C = (odds(counts, model.expectation) for counts in (model.a, model.b, model.c))
        return cls(A, B, C, D, E)  # type: ignore[arg-type]

    def with_counts(self, counts: dict[str, np.ndarray], expectation: Expectation) -> Self:
        """The same priors with other counts a, b, c."""
        A, B, C = (odds(counts.get(name), expectation) for name in AXES)
        return self._replace(A=A, B=B, C=C)

    def filter(self, o: np.ndarray, pair: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Pairs [s; s-] (n + 1, 2 Ns) with the given one first, and log odds of decisions (n, Nd); o is (n, 2 No)."""
        z = o @ self.A + self.D
        pairs = np.empty((len(z) + 1, 2 * z.shape[1]))
        pairs[0] = pair
        if self.B is None:
            pairs[1:] = stack(expit(z))
        else:
            for t in range(len(z)):
                pairs[t + 1] = stack(expit(z[t] + pairs[t] @ self.B))
        if self.E is None:
            return pairs, None
        return pairs, np.zeros((len(z), 1)) + self.E if self.C is None else pairs[:-1] @ self.C + self.E


def odds(counts: np.ndarray | None, expectation: Expectation) -> Any:
    """(2 pre, post) E ln P(pre | post = 1) - E ln P(pre | post = 0) of counts (2, pre, 2, post)."""
    if counts is None:
        return None
    log = log_mean(counts, expectation)
    return (log[:, :, 0] - log[:, :, 1]).reshape(-1, counts.shape[3])


def infer(model: GenerativeModel, o: Any) -> xr.Dataset:
    """Posterior expectations of states and decisions, given observations and the model's counts as they are.

    The filter starts from `model.initial`, or from D normalised. Decisions are posteriors: `draw` takes one of them.

    Args:
        model: What is believed.
        o: (T, No) observations in [0, 1] at t = 1..T.

    Returns:
        `s` (step, state); with decisions also `q_d` (step, decision) and its `log_odds`, which keep what q_d rounds to
        0 or 1. step = 0..T; 0 is before the first observation.

    Raises:
        ParameterError: the shape of o, or a value outside [0, 1].
        NumericalError: a posterior that is not a number, with its name and step.

    Accuracy: against the enumeration of all 2^Ns states 1e-12.
    References: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55.

    Example:
        >>> model = GenerativeModel.from_probabilities(A1=[[0.9]], A0=[[0.2]], total=100, expectation="ratio")
        >>> infer(model, [[1], [0]]).s.values.ravel().round(3).tolist()
        [0.5, 0.818, 0.111]
    """
    o = observed(model, o)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        pairs, z = LogOdds.of(model).filter(stack(o), first_pair(model))
    check_finite(model, pairs, z)
    return labelled("infer", model, pairs, z)


def labelled(verb: str, model: GenerativeModel, pairs: np.ndarray, z: np.ndarray | None) -> xr.Dataset:
    """The labelled result of a filter: states from pairs, decisions from their log odds at t = 1..T."""
    s = pairs[:, : model.n_states]
    variables: dict[str, tuple[Any, ...]] = {"s": (("step", "state"), s)}
    coords: dict[str, tuple[Any, ...]] = {
        "step": (("step",), np.arange(len(s))),
        "state": (("state",), list(model.states)),
    }
    if z is not None:
        assert model.E is not None
        z = np.concatenate([np.log(model.E[:1]) - np.log(model.E[1:]), z])
        variables |= {"q_d": (("step", "decision"), expit(z)), "log_odds": (("step", "decision"), z)}
        coords["decision"] = (("decision",), list(model.decisions))
    return dataset(variables, coords, verb=verb, model=model.digest(), expectation=model.expectation)


def check_finite(model: GenerativeModel, pairs: np.ndarray, z: np.ndarray | None, step: int = 0) -> None:
    """Refuses states from `step` on and log odds of the decisions after it that are not numbers."""
    parts = [("s", pairs[:, : model.n_states], model.states, step)]
    if z is not None:
        parts.append(("log odds", z, model.decisions, step + 1))
    for name, array, names, first in parts:
        if not np.isfinite(array).all():
            row, column = np.argwhere(~np.isfinite(array))[0]
            raise NumericalError(
                f"{name} of {names[column]} at step {first + row} is {array[row, column]}: the expected logs of counts "
                f"or priors are too large to add; look for counts near 0 or above 1e300"
            )
