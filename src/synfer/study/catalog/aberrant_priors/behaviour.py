"""Displaced habits and mistimed modulation in a choice task whose contingency reverses."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import expit

from synfer.core.seeds import generator
from synfer.inference.aberrant import CuedChoice, condition, displace_decisions, displace_states
from synfer.inference.model import GenerativeModel
from synfer.inference.network import Neuromodulator
from synfer.study.catalog.aberrant_priors.spec import Spec
from synfer.study.catalog.aberrant_priors.world import mean_and_se

SURE = 0.95
Released = Callable[[np.ndarray], Any] | None
Release = Callable[[int], Released]
"""What is released in place of the outcomes, by agent."""


def agent(spec: Spec) -> GenerativeModel:
    """Two states, the cue and a light that tells nothing; two responses, of which it knows nothing yet."""
    A1 = np.array([[SURE, 0.5], [0.5, SURE]])
    A0, C = np.array([[1 - SURE, 0.5], [0.5, 1 - SURE]]), np.full((2, 2), 0.5)
    return GenerativeModel.from_probabilities(
        A1=A1, A0=A0, C1=C, C0=C, E=[0.5, 0.5], total=spec.choice_counts, expectation="ratio",
        states=("cue", "light"), decisions=("left", "right"),
    )  # fmt: skip


def _live(
    spec: Spec, model: GenerativeModel, modulators: Sequence[Neuromodulator | None] = (None, None),
    release: Release = lambda j: None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(agents, sessions) right responses, and repetitions of the last one; modulators before and after the reversal."""
    right, again = [], []
    tasks = [[CuedChoice(length=spec.length, reversed=bool(k))] * spec.sessions[k] for k in range(2)]
    for j in range(spec.agents):
        own, outcomes, taken = model, [], []
        for k in range(2):
            seed = int(generator(spec.seed, "aberrant-priors", "agent", str(j), str(k)).integers(2**31))
            own, run = condition(
                own, tasks[k], delay=spec.delay, modulator=modulators[k], signal=release(j), seed=seed
            )  # fmt: skip
            outcomes.append(run.outcome.values)
            taken.append(run.d.values)
        d = np.concatenate(taken)
        right.append(1 - np.concatenate(outcomes)[:, 1:].mean(1))
        again.append((d[:, 1:] == d[:, :-1]).mean(1))
    return np.array(right), np.array(again)


def perseveration(spec: Spec) -> xr.Dataset:
    """Right and repeated responses by session, against a displacement of the prior of one response.

    Before learning responses are independent, and repeated with p^2 + (1 - p)^2, where p : 1 - p is the square of the
    odds of E: responses are drawn from posterior odds, each of which has its prior in it. The rescue is computed from
    the frequency of the responses of the first session of all agents. Sham: the light's state is displaced.
    """
    healthy = agent(spec)
    sick = [displace_decisions(healthy, [-d / 2, d / 2]) for d in spec.habit]
    largest = spec.habit[-1]
    lives = [_live(spec, own) for own in sick]
    frequency = np.array([_frequency(spec, own) for own in sick])
    n = spec.agents * (spec.length + 1)
    found = 0.5 * np.log((frequency * n + 0.5) / ((1 - frequency) * n + 0.5))
    cured = displace_decisions(sick[-1], [found[-1] / 2, -found[-1] / 2])
    lives += [_live(spec, cured), _live(spec, displace_states(healthy, largest, "light"))]
    arms = [*(f"{d:g}" for d in spec.habit), "rescued", "sham"]
    d = np.array(spec.habit)
    p = expit(2 * d)
    repeated = p**2 + (1 - p) ** 2
    # Neighbouring repetitions share a response.
    shared = p**3 + (1 - p) ** 3 - repeated**2
    variance = repeated * (1 - repeated) + 2 * (spec.length - 1) / spec.length * shared
    right, again = (mean_and_se(np.moveaxis(np.array(own), 1, 0)) for own in zip(*lives, strict=True))
    dims = ("habit_arm", "session")
    return xr.Dataset(
        {
            "habit_right": (dims, right.mean),
            "habit_right_error": (dims, right.se),
            "repeated": (dims, again.mean),
            "repeated_error": (dims, again.se),
            "repeated_exact": (("habit",), repeated),
            "repeated_exact_error": (("habit",), np.sqrt(variance / (spec.agents * spec.length))),
            "habit_found": (("habit",), found),
        },
        {"habit_arm": arms, "habit": d, "session": np.arange(sum(spec.sessions))},
    )


def _frequency(spec: Spec, model: GenerativeModel) -> float:
    """Of the second response, before anything is learned."""
    total = 0.0
    for j in range(spec.agents):
        seed = int(generator(spec.seed, "aberrant-priors", "habit", str(j)).integers(2**31))
        _, run = condition(model, CuedChoice(length=spec.length), seed=seed)
        total += float(run.d.mean())
    return total / spec.agents


def modulation(spec: Spec) -> xr.Dataset:
    """Right responses by session, with a modulator that comes too early, in time, too late, or not at all.

    Sham: the outcomes of a session in another order, of the same mean. "tonic": all responses are learned. "repaired":
    as late as can be before the reversal, and in time after it.
    """

    def permuted(j: int) -> Callable[[np.ndarray], np.ndarray]:
        return generator(spec.seed, "aberrant-priors", "permuted", str(j)).permutation

    def constant(value: float) -> Release:
        return lambda j: lambda G: np.full(G.shape, value)

    late = Neuromodulator.delayed(spec.delay + max(spec.lags))
    timed = {
        lag: _live(spec, agent(spec), [Neuromodulator.delayed(spec.delay + lag)] * 2)[0] for lag in spec.lags
    }  # fmt: skip
    others = {
        "permuted": _live(spec, agent(spec), release=permuted)[0],
        "absent": _live(spec, agent(spec), release=constant(0.5))[0],
        "tonic": _live(spec, agent(spec), release=constant(0.0))[0],
        "repaired": _live(spec, agent(spec), [late, None])[0],
    }
    by_lag = mean_and_se(np.moveaxis(np.array(list(timed.values())), 1, 0))
    by_arm = mean_and_se(np.moveaxis(np.array(list(others.values())), 1, 0))
    return xr.Dataset(
        {
            "timed_right": (("lag", "session"), by_lag.mean),
            "timed_right_error": (("lag", "session"), by_lag.se),
            "lesion_right": (("lesion", "session"), by_arm.mean),
            "lesion_right_error": (("lesion", "session"), by_arm.se),
        },
        {"lag": list(spec.lags), "lesion": list(others), "session": np.arange(sum(spec.sessions))},
    )
