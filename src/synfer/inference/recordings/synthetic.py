"""Synthetic cultures: recordings of which it is known what the neurons believe, and whether they learn.

Two ensembles, each of which comes to prefer one of two hidden sources, answer the inputs o of a session with
    x_j = sig(sum_i [o_i ln(W1_ji/W0_ji) + (1 - o_i) ln((1 - W1_ji)/(1 - W0_ji))] + ln D_j/(1 - D_j) + shift_j)
and after it the counts behind W1 = P(o = 1 | x = 1) and W0 = P(o = 1 | x = 0) grow by
    plasticity x sum_t x o,  plasticity x sum_t x      (and 1 - x for W0).
A unit of the ensemble gives Poisson counts of mean 2 rate g x_j with a gain g of its own. With plasticity = 0 nothing
but chance tells one session from another. References: Isomura, Kotani, Jimbo & Friston (2023), Nat. Commun. 14:4547,
whose recordings set the rates; Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55.
"""

from typing import Any

import numpy as np
import xarray as xr
from scipy.special import expit, logit

from synfer.core.checks import check_count, check_numbers, place, shortly
from synfer.core.errors import ParameterError
from synfer.core.results import spec
from synfer.core.seeds import check_seed, generator
from synfer.inference.recordings.layout import responses
from synfer.inference.tasks.sources import Sources

COUNTS = 3000.0
"""Counts behind every synapse at the start: the published insensitivity to plasticity."""
START = (0.53, 0.505)
"""P(o = 1 | x = 1) at the start for inputs of the ensemble's own source and of the other; 1 less them given x = 0."""
SHARE = 5 / 16
"""Part of the units in each ensemble."""
GAIN = (0.5, 1.5)
"""Ends of the gains of units in an ensemble, whose mean is 1."""
UNRESPONSIVE = (0.1, 2.0)
"""Ends of the rates of units that do not answer [spikes per stimulus]."""
LEAST_STEPS = 64
"""With fewer, a state of the sources may be missing in a session."""


def synthetic_cultures(
    n: int = 1,
    *,
    sessions: int = 100,
    steps: int = 256,
    units: int = 64,
    plasticity: Any = 1.0,
    D1: Any = 0.5,
    shift: Any = None,
    shift_after: int = 10,
    rate: float = 5.9,
    mixing: float = 0.25,
    seed: int,
) -> xr.Dataset:
    """Recordings of cultures whose priors, synapses and plasticity are known, in the layout of responses.

    Args:
        n: Cultures; the k-th one is the same however many there are.
        sessions: In each.
        steps: Stimuli in a session, >= 64; as in the recordings, every session of a culture shows the same ones.
        units: >= 8; 5 of 16 in each ensemble, the others answer nothing.
        plasticity: In [0, 1000], one number or (n,): how much of the Hebbian counts the synapses take up; 0 fixes them.
        D1: Prior probability of the source in (0, 1): one number, (2,) by ensemble, or (n, 2).
        shift: Change of logit D1 after session `shift_after`, of the same shapes; None: none.
        shift_after: Sessions before the shift.
        rate: Mean spikes per stimulus of a unit in an ensemble that is on half of the time, in [.1, 1000].
        mixing: Of `Sources`, in [0, .5): 0 for inputs of one source each, 1/4 for the published mixture.
        seed: Integer in [0, 2^63).

    Returns:
        What `responses` returns, with condition "synthetic" and `rate` as base, and the truth: `logit_D` and `shift`
        (culture, source), `plasticity` (culture), `truth_x` (culture, session, step, source), `truth_W`
        (culture, session, source, input), logit W1 - logit W0 before the session's plasticity, and `ensemble`
        (culture, unit), the source of a unit or -1.

    Raises:
        ParameterError: names the argument.

    Accuracy: the published choice of ensembles (mean rate > 1, in every session > .1, r10 - r01 beyond .5) finds
        exactly the true ones at the default rate for D1 in [.2, .7]; at a plasticity of 1 and D1 = .7 the ensembles of
        one culture in a hundred come to prefer the same source, and more of them further out.

    Example:
        >>> rec = synthetic_cultures(2, sessions=12, D1=[0.4, 0.6], plasticity=[0, 1], seed=1)
        >>> rec.spikes.shape, rec.logit_D.values[0].round(2).tolist()
        ((2, 12, 256, 64), [-0.41, 0.41])
        >>> abs(rec.truth_W.diff("session")).max(["session", "source", "input"]).values.round(2).tolist()
        [0.0, 0.09]
    """
    n, sessions = check_count("n", n), check_count("sessions", sessions)
    steps, units = check_count("steps", steps, LEAST_STEPS), check_count("units", units, 8)
    check_seed(seed)
    shift_after = check_count("shift_after", shift_after, 0)
    task, rate = Sources(mixing=mixing), _number("rate", rate)
    strength = _each("plasticity", plasticity, (n,))
    prior = _each("D1", D1, (n, 2))
    shifts = _each("shift", 0.0 if shift is None else shift, (n, 2))
    _refuse("plasticity", strength, (strength < 0) | (strength > 1000), "in [0, 1000]; 0 for fixed synapses")
    _refuse("D1", prior, (prior <= 0) | (prior >= 1), "in (0, 1)")
    s, o = np.empty((n, steps, 2), np.uint8), np.empty((n, steps, task.n_inputs), np.uint8)
    x, W = np.empty((n, sessions, steps, 2)), np.empty((n, sessions, 2, task.n_inputs))
    spikes, ensemble = np.empty((n, sessions, steps, units), _kind(rate)), np.empty((n, units), np.int8)
    for k in range(n):
        rng = generator(seed, "synthetic culture", str(k))
        s[k] = rng.integers(2, size=(steps, 2))
        o[k] = rng.random((steps, task.n_inputs)) < task.p(s[k])
        odds = logit(prior[k]) + (np.arange(sessions)[:, None] >= shift_after) * shifts[k]
        x[k], W[k] = _respond(o[k], odds, strength[k], task.own)
        ensemble[k], gain, background = _population(units, rate, rng)
        mean = x[k][..., np.maximum(ensemble[k], 0)] * gain + background
        spikes[k] = rng.poisson(mean)
    ds = responses(
        spikes,
        np.broadcast_to(s[:, None], (n, sessions, *s.shape[1:])),
        np.broadcast_to(o[:, None], (n, sessions, *o.shape[1:])),
        condition="synthetic",
        base=rate,
    )
    known = {"logit_D": logit(prior), "shift": shifts, "plasticity": strength, "ensemble": ensemble}
    known |= {"truth_x": x, "truth_W": W}
    return _with_truth(ds, known).assign_attrs(
        verb="synthetic_cultures",
        shift_after=shift_after,
        spec=spec({"rate": rate, "mixing": mixing, "shift_after": shift_after, "seed": seed}),
    )


def _respond(o: np.ndarray, odds: np.ndarray, plasticity: float, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x (session, step, 2) and logit W1 - logit W0 (session, 2, input) of logit priors by session (session, 2)."""
    first = np.where(own.T, *START)
    total = np.full((2, 2), COUNTS)
    on = COUNTS * np.stack([first, 1 - first])
    x, W = np.empty((len(odds), len(o), 2)), np.empty((len(odds), 2, o.shape[1]))
    for t, prior in enumerate(odds):
        P = on / total[..., None]
        W[t] = logit(P[0]) - logit(P[1])
        x[t] = expit(o @ W[t].T + (np.log1p(-P[0]) - np.log1p(-P[1])).sum(1) + prior)
        for half, own_x in enumerate((x[t], 1 - x[t])):
            on[half] += plasticity * own_x.T @ o
            total[half] += plasticity * own_x.sum(0)
    return x, W


def _population(units: int, rate: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ensemble of every unit or -1, its mean count at x = 1, and the one that it has at any stimulus."""
    size = max(1, round(SHARE * units))
    ensemble = rng.permutation(np.repeat([0, 1, -1], [size, size, units - 2 * size])).astype(np.int8)
    gain = rng.uniform(*GAIN, units)
    for j in (0, 1):
        gain[ensemble == j] *= 2 * rate / gain[ensemble == j].mean()
    idle = rng.uniform(*UNRESPONSIVE, units)
    return ensemble, np.where(ensemble < 0, 0.0, gain), np.where(ensemble < 0, idle, 0.0)


TRUTH = {
    "logit_D": (("culture", "source"), "nats", "true log odds of the prior"),
    "shift": (("culture", "source"), "nats", "change of the log odds of the prior"),
    "plasticity": (("culture",), "1", "part of the Hebbian counts that is taken up"),
    "truth_x": (("culture", "session", "step", "source"), "1", "true response of the ensemble"),
    "truth_W": (("culture", "session", "source", "input"), "1", "true effective synapse"),
    "ensemble": (("culture", "unit"), "1", "true ensemble of the unit, or -1"),
}


def _with_truth(ds: xr.Dataset, truth: dict[str, np.ndarray]) -> xr.Dataset:
    return ds.assign(
        {
            name: (TRUTH[name][0], values, dict(zip(("units", "long_name"), TRUTH[name][1:], strict=True)))
            for name, values in truth.items()
        }
    )


def _kind(rate: float) -> type[np.unsignedinteger[Any]]:
    """Of counts that stay 12 standard deviations above the largest mean, of a unit among silent ones."""
    most = 2 * rate * GAIN[1] / GAIN[0]
    return np.uint8 if most + 12 * np.sqrt(most) + 12 < 256 else np.uint32


def _number(name: str, value: Any) -> float:
    number = check_numbers(name, value)
    if number.ndim or not 0.1 <= number <= 1000:
        raise ParameterError(f"{name} = {shortly(value)} must be one number in [0.1, 1000]; for example {name}=5.9")
    return float(number)


def _each(name: str, value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """One number for all, or by the last axes of the shape."""
    numbers = check_numbers(name, value)
    if numbers.shape not in [shape[k:] for k in range(len(shape) + 1)]:
        allowed = " or ".join(str(shape[k:]) for k in reversed(range(len(shape))))
        raise ParameterError(f"{name} has shape {numbers.shape} and must be one number or {allowed}")
    return np.broadcast_to(numbers, shape).copy()


def _refuse(name: str, array: np.ndarray, wrong: np.ndarray, allowed: str) -> None:
    if wrong.any():
        raise ParameterError(f"{place(name, array, wrong)} must be {allowed}")
