"""Synapses between lanes: the flux of one lane, filtered and delayed, moves another.

    tau_m dV/dt = ... + tau_m A (k * f)(t - delay),    f(t) = r_source(t) - quiet(t)

quiet is the flux of a reference lane, a constant, or both. The kernel k is a cascade of two exponential filters,
tau_rise then tau_decay (alpha: equal; exponential: tau_rise = 0), or a delta (both 0), which shifts the
density. Over a step, f is the straight line with the step's exact charge and the flux at its end, and the filters are
propagated exactly, so no charge is lost. Within a step whose own flux matters (delay < dt) the input is predicted
from the flux at its start: k(0) = 0 leaves an error of third order, which the next step no longer sees.
A delta acts at the start of step n with the charge of the half steps around it: second order too.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from ...core.errors import ParameterError
from .inner import inner
from .stage import GAMMA
from .tile import delays

# Columns of Edges.index and Edges.value, and of the filters' propagators.
SOURCE, REFERENCE, TARGET, LAG, SHIFTS = 0, 1, 2, 3, 4
STRENGTH, QUIET, THETA = 0, 1, 2
MEAN, CHANGE = 0, 1
NO_LANE = -1


class Synapses(NamedTuple):
    """Synapses between lanes, arrays (E,).

    Attributes:
        source, target: lanes.
        reference: lane whose flux counts as quiet, or -1.
        quiet: constant flux that counts as quiet [1/ms].
        A: displacement of the target per spike and source neuron [mV], negative if inhibitory.
        tau_rise, tau_decay: of the filters [ms]; (0, 0) is a delta, (0, tau) an exponential kernel.
        delay: [ms].
    """

    source: np.ndarray
    target: np.ndarray
    reference: np.ndarray
    quiet: np.ndarray
    A: np.ndarray
    tau_rise: np.ndarray
    tau_decay: np.ndarray
    delay: np.ndarray


class Edges(NamedTuple):
    """Synapses as the kernel sees them; lanes are positions in a stack."""

    index: np.ndarray  # (E, 5) int64: source, reference, target, whole steps of delay, whether it shifts
    value: np.ndarray  # (E, 3): strength [mV ms, or mV for a shift], quiet, rest of the delay in steps
    first: np.ndarray  # (E, 4): x after the step from x, y, mean and change
    second: np.ndarray  # (E, 4): y after the step
    mean: np.ndarray  # (E, 4): mean of y over the step


def lower(synapses: Synapses, position: np.ndarray, tau_m: np.ndarray, dt: float) -> Edges:
    """The edges of a stack whose lane i sits at position[i] and has time constant tau_m[i].

    Raises:
        ParameterError: a kernel with k(0) > 0 and a delay shorter than a step.
    """
    lag, theta = delays(synapses.delay, dt)
    leaping = (synapses.tau_rise == 0) & (lag < 1)
    if np.any(leaping):
        delay = float(np.min(synapses.delay[leaping]))
        raise ParameterError(
            f"delay = {delay:g} ms must be >= dt = {dt:g} ms for an exponential or delta synapse, which acts at once"
        )
    shifts = synapses.tau_decay == 0
    reference = np.where(synapses.reference == NO_LANE, NO_LANE, position[synapses.reference])
    index = np.stack([position[synapses.source], reference, position[synapses.target], lag, shifts], axis=1)
    strength = synapses.A * np.where(shifts, 1.0, tau_m[synapses.target])
    propagators = {
        times: propagator(*times, dt) for times in set(zip(synapses.tau_rise, synapses.tau_decay, strict=True))
    }
    rows = [propagators[times] for times in zip(synapses.tau_rise, synapses.tau_decay, strict=True)]
    table = np.array(rows).reshape(-1, 3, 4)
    first, second, mean = (np.ascontiguousarray(table[:, i]) for i in range(3))
    value = np.stack([strength, synapses.quiet, theta], axis=1)
    return Edges(index.astype(np.int64), value, first, second, mean)


@cache
def propagator(tau_rise: float, tau_decay: float, dt: float) -> np.ndarray:
    """(3, 4): x and y at the end of a step and the mean of y in it, from x, y, the mean of f and its change.

        tau_rise x' = f - x,   tau_decay y' = x - y,   f(u) = mean + change (2 u/dt - 1)

    The change is f's value at the end less the mean. Without tau_rise x is f itself; a delta has no filter.
    """
    if tau_decay == 0:
        return np.zeros((3, 4))
    from scipy.linalg import expm  # costs what a first call on a single population should not pay

    # States x, y, f, its slope, and the integral of y.
    A = np.zeros((5, 5))
    if tau_rise > 0:
        A[0, 0], A[0, 2] = -1 / tau_rise, 1 / tau_rise
        A[1, 0] = 1 / tau_decay
    else:
        A[1, 2] = 1 / tau_decay
    A[1, 1], A[2, 3], A[4, 1] = -1 / tau_decay, 1.0, 1.0
    P = expm(A * dt)[[0, 1, 4]]
    P[2] /= dt
    # f starts at mean - change and climbs by 2 change.
    return np.stack([P[:, 0], P[:, 1], P[:, 2], 2 / dt * P[:, 3] - P[:, 2]], axis=1)


def initial_states(synapses: Synapses, rate: np.ndarray) -> np.ndarray:
    """(E, 2): both filters at rest under the lanes' initial fluxes [1/ms], (L,)."""
    reference = np.where(synapses.reference == NO_LANE, 0.0, rate[synapses.reference])
    return np.repeat((rate[synapses.source] - reference - synapses.quiet)[:, None], 2, axis=1)


@inner
def delayed(edges, history, step, e, what):
    """Mean or change of f of edge e in a step, at the far end of its delay."""
    depth = history.shape[0]
    lag, theta = edges.index[e, LAG], edges.value[e, THETA]
    newer, older = (step - lag) % depth, (step - lag - 1) % depth
    source, reference = edges.index[e, SOURCE], edges.index[e, REFERENCE]
    f = (1.0 - theta) * history[newer, source, what] + theta * history[older, source, what]
    if reference >= 0:
        f -= (1.0 - theta) * history[newer, reference, what] + theta * history[older, reference, what]
    return f - edges.value[e, QUIET] if what == MEAN else f


@inner
def predict(history, step):
    """Let the fluxes of a step be those at its start, until they are known."""
    depth = history.shape[0]
    now, before = step % depth, (step - 1) % depth
    for lane in range(history.shape[1]):
        history[now, lane, MEAN] = history[before, lane, MEAN] + history[before, lane, CHANGE]
        history[now, lane, CHANGE] = 0.0


@inner
def transmit(edges, states, history, step, dt, drive, kicks):
    """Add what arrives in a step to drive (tiles, stages, 4, W) and kicks (tiles, W).

    Of two stages the second gets the value at the step's end, the first what makes their weighted mean exact.
    """
    width, stages = kicks.shape[1], drive.shape[1]
    for e in range(edges.index.shape[0]):
        tile, lane = edges.index[e, TARGET] // width, edges.index[e, TARGET] % width
        m, d = delayed(edges, history, step, e, MEAN), delayed(edges, history, step, e, CHANGE)
        A = edges.value[e, STRENGTH]
        if edges.index[e, SHIFTS] == 1:
            m_0, d_0 = delayed(edges, history, step - 1, e, MEAN), delayed(edges, history, step - 1, e, CHANGE)
            kicks[tile, lane] += A * dt * (0.5 * (m_0 + m) + 0.25 * (d_0 - d))
            continue
        x, y = states[e, 0], states[e, 1]
        P = edges.mean[e]
        mean = P[0] * x + P[1] * y + P[2] * m + P[3] * d
        if stages == 1:
            drive[tile, 0, 0, lane] += A * mean
            continue
        P = edges.second[e]
        end = P[0] * x + P[1] * y + P[2] * m + P[3] * d
        drive[tile, 0, 0, lane] += A * (mean - GAMMA * end) / (1.0 - GAMMA)
        drive[tile, 1, 0, lane] += A * end


@inner
def absorb(edges, states, history, step):
    """Propagate the filters over a step whose fluxes are known."""
    for e in range(edges.index.shape[0]):
        m, d = delayed(edges, history, step, e, MEAN), delayed(edges, history, step, e, CHANGE)
        x, y = states[e, 0], states[e, 1]
        P = edges.first[e]
        states[e, 0] = P[0] * x + P[1] * y + P[2] * m + P[3] * d
        P = edges.second[e]
        states[e, 1] = P[0] * x + P[1] * y + P[2] * m + P[3] * d
