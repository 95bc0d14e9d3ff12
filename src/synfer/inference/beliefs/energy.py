"""Variational free energy, term by term.

    F = sum_t  [s; s-].(ln [s; s-] - lnA^T [o; o-]_t - lnB^T [s; s-]_{t-1} - ln D)
             + [q; q-].(ln [q; q-] - (1 - 2 Gamma_t) lnC^T [s; s-]_{t-1} - ln E)
Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55. What it is the free energy of is a product of
experts, not normalised where there are several states: F is no bound on the surprise of the observations.
"""

from typing import Any

import numpy as np
import xarray as xr
from scipy.special import betaln, digamma, xlogy

from synfer.core.checks import check_kind
from synfer.core.errors import NumericalError, ParameterError
from synfer.core.results import dataset
from synfer.inference.beliefs.expectation import log_mean
from synfer.inference.beliefs.series import decision_pairs, modulation, observed, stack, state_pairs
from synfer.inference.model import AXES, GenerativeModel

TERMS = ("likelihood", "transition", "prior", "decision", "entropy")
"""Of the free energy at a step; 0 where the model has no such part."""


def free_energy(
    model: GenerativeModel, s: Any, q_d: Any, o: Any, Gamma: Any = 0.0, *, prior_counts: GenerativeModel | None = None
) -> xr.Dataset:
    """Free energy of beliefs about states and decisions, by term and step.

    Args:
        model: With the counts under which logs are expected.
        s: (T + 1, Ns) beliefs in [0, 1]; row 0 is before the first observation.
        q_d: (T + 1, Nd) beliefs about decisions in [0, 1], or None without decisions.
        o: (T, No) observations in [0, 1].
        Gamma: Risk in [0, 1], one number or (T,).
        prior_counts: The model before it learned: adds what learning cost, the divergence of the counts.

    Returns:
        `terms` (term, step), likelihood, transition, prior, decision and entropy, and their sum `free_energy` (step)
        [nats], step = 1..T; with prior_counts also the one number `parameters`. attrs: `total`, the sum of all.

    Raises:
        ParameterError: a shape, a value outside [0, 1], or an s[0] that is not the model's initial state.
        NumericalError: a term that is not a number, by name and step.

    Accuracy: 1e-14 of the sum of absolute terms; `parameters` 1e-15 x total counts, for every pair.
    References: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55.

    Example:
        >>> model = GenerativeModel.from_probabilities(A1=[[0.9]], A0=[[0.2]], total=100, expectation="ratio")
        >>> F = free_energy(model, [[0.5], [9 / 11]], None, [[1]])
        >>> F.free_energy.values.round(6).tolist() == [-np.log(0.5 * 0.9 + 0.5 * 0.2).round(6)]
        True
    """
    o = stack(observed(model, o))
    if prior_counts is not None:
        check_kind("prior_counts", prior_counts, GenerativeModel, "give the model that learning began with")
    steps = len(o)
    pairs = state_pairs(model, s, steps, nan=True)
    q = decision_pairs(model, q_d, steps, "q_d", nan=True)
    learning = modulation(Gamma, steps)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        terms = _terms(model, pairs, q, o, learning)
        total = np.sum(list(terms.values()), axis=0)
    for name, values in (terms | {"free_energy": total}).items():
        if not np.isfinite(values).all():
            t = int(np.argmax(~np.isfinite(values)))
            raise NumericalError(
                f"{name} of the free energy is {values[t]} at step {t + 1}; look at "
                + _suspect(model, pairs, q, t, name)
            )
    variables: dict[str, tuple[Any, ...]] = {
        "terms": (("term", "step"), np.stack([terms[name] for name in TERMS])),
        "free_energy": (("step",), total),
    }
    divergence = None if prior_counts is None else _divergence(model, prior_counts)
    if divergence is not None:
        variables["parameters"] = ((), divergence)
    coords = {"term": (("term",), list(TERMS)), "step": (("step",), np.arange(1, steps + 1))}
    own = {"verb": "free_energy", "model": model.digest(), "expectation": model.expectation}
    with np.errstate(over="ignore"):
        whole = float(total.sum()) + (divergence or 0.0)
    if not np.isfinite(whole):
        raise NumericalError(f"the free energy of all steps is {whole}; look at counts near 0 or above 1e300")
    return dataset(variables, coords, **own, total=whole)


def _terms(
    model: GenerativeModel, pairs: np.ndarray, q: np.ndarray | None, o: np.ndarray, learning: np.ndarray
) -> dict[str, np.ndarray]:
    """The five terms (T,) from stacks of states (T + 1, 2 Ns), decisions (T, 2 Nd) and observations (T, 2 No)."""
    lnA, lnB, lnC = (_block(counts, model.expectation) for counts in (model.a, model.b, model.c))
    before, now = pairs[:-1], pairs[1:]
    none = np.zeros(len(o))
    decision = none
    if q is not None:
        from_states = 0.0 if lnC is None else learning[:, None] * (before @ lnC)
        decision = (xlogy(q, q) - q * from_states - q * np.log(np.asarray(model.E)).ravel()).sum(1)
    return {
        "likelihood": -((o @ lnA) * now).sum(1),
        "transition": none if lnB is None else -((before @ lnB) * now).sum(1),
        "prior": -(now * np.log(model.D).ravel()).sum(1),
        "decision": decision,
        "entropy": xlogy(now, now).sum(1),
    }


def _block(counts: np.ndarray | None, expectation: Any) -> Any:
    return None if counts is None else log_mean(counts, expectation).reshape(2 * counts.shape[1], -1)


def _suspect(model: GenerativeModel, pairs: np.ndarray, q: np.ndarray | None, t: int, term: str) -> str:
    """What a term that is not a number comes from: a belief, or else the counts and priors in it."""
    beliefs = [("s", row, pairs[row, : model.n_states], model.states) for row in (t + 1, t)]
    if q is not None:
        beliefs.append(("q_d", t + 1, q[t, : model.n_decisions], model.decisions))
    for name, row, values, labels in beliefs:
        if not np.isfinite(values).all():
            k = int(np.argmax(~np.isfinite(values)))
            return f"{name}[{row}, {k}] = {values[k]}, the belief about {labels[k]}"
    source = {"likelihood": "a", "transition": "b", "prior": "D", "decision": "c and E"}.get(term, "the counts")
    return f"{source} of the model: values near 0 or above 1e300"


def _divergence(model: GenerativeModel, before: GenerativeModel) -> float:
    """KL of the Beta beliefs about A, B and C from those before learning [nats]."""
    total = 0.0
    for name in AXES:
        now, then = getattr(model, name), getattr(before, name)
        if (now is None) != (then is None) or (now is not None and now.shape != then.shape):
            raise ParameterError(
                f"prior_counts has another {name} than the model has; give the model that learning began with"
            )
        if now is not None:
            with np.errstate(invalid="ignore", over="ignore"):
                gained = ((now - then) * (digamma(now) - digamma(now.sum(0)))).sum()
                total += float(gained + (betaln(*then) - betaln(*now)).sum())
    return total
