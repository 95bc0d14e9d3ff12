"""The neurons and their inputs, and how rates are taken."""

from typing import NamedTuple

import numpy as np

from synfer.core.seeds import child, generator
from synfer.inference.aberrant import draw_percepts
from synfer.inference.aberrant.percepts import Rule
from synfer.inference.model import GenerativeModel
from synfer.study.catalog.aberrant_priors.spec import Spec

INPUTS = ("uninformative", "noise", "absent", "present")
"""uninformative: P(o | s) = 1/2; noise: the same inputs to a neuron that looks for a signal in them; absent, present:
what comes without and with the signal."""


class Rates(NamedTuple):
    """(n,) rates of percepts and their standard errors over runs."""

    mean: np.ndarray
    se: np.ndarray


def sensory(spec: Spec, n: int = 1, *, contrast: float | None = None, total: float = 1e6) -> GenerativeModel:
    """n neurons of the healthy prior that look for the same signal side by side, without synapses on one another."""
    p = spec.contrast if contrast is None else contrast
    A1 = np.full((spec.inputs, n), p)
    return GenerativeModel.from_probabilities(
        A1=A1, A0=1 - A1, D=np.full(n, spec.D), total=total, expectation="ratio", states=names(n)
    )


def names(n: int) -> tuple[str, ...]:
    """Of n neurons."""
    return tuple(f"neuron {k}" for k in range(n))


def p_input(spec: Spec, kind: str) -> float:
    """P(o = 1) of every input."""
    return {"absent": 1 - spec.contrast, "present": spec.contrast}.get(kind, 0.5)


def draw_inputs(spec: Spec, kind: str, steps: int, *stream: str) -> np.ndarray:
    """(steps, No) of 0 and 1."""
    u = generator(spec.seed, "aberrant-priors", kind, *stream).random((steps, spec.inputs))
    return (u < p_input(spec, kind)).astype(np.float64)


def rates(spec: Spec, beliefs: np.ndarray, rule: Rule = "sample", salt: int = 0) -> Rates:
    """Of percepts drawn from beliefs (runs x steps, n); every salt draws anew."""
    percepts = draw_percepts(beliefs, rule=rule, seed=child(spec.seed, "aberrant-priors", "percepts", str(salt)))
    by_run = percepts.reshape(spec.runs, -1, beliefs.shape[-1]).mean(1)
    return mean_and_se(by_run)


def mean_and_se(values: np.ndarray) -> Rates:
    """Over the first axis, whose entries are independent."""
    return Rates(values.mean(0), values.std(0, ddof=1) / np.sqrt(len(values)))


def scores(measured: np.ndarray, predicted: np.ndarray, n: int) -> np.ndarray:
    """z of frequencies in n independent trials; 0 where both are the same."""
    difference = measured - predicted
    return np.divide(
        difference, np.sqrt(predicted * (1 - predicted) / n), out=np.zeros_like(difference), where=difference != 0
    )
