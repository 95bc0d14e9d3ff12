"""Drives lowered to what an engine steps with: mu, sigma, g, gE and kicks for every step.

    tau_m dV/dt = (mu + gE) - (1 + g) V + psi(V) + sigma sqrt(2 tau_m) xi

A one-stage step gets the mean of each signal over the step, so every charge is exact. A two-stage step, whose
stages at t + gamma dt and t + dt weigh 1 - gamma and gamma, gets the value at its end in the second stage and in the
first what makes the weighted mean exact: the value at t + gamma dt wherever the signal is straight. (With the
mean in both stages, counts stay of second order and the rate at the nodes falls to order 1.5.)

A neuron without a leak has tau_m = 1 ms, with which the same equation holds for mu = I and sigma = sqrt(D).
"""

from typing import NamedTuple

import numpy as np

from synfer.core.errors import ParameterError
from synfer.population.drive import Current, Drive, Gate, Inhibition, Noise, PulsePacket, Shunt, Timeseries
from synfer.population.neurons import EIF, Izhikevich, Neuron
from synfer.population.synapse import Kernel, volley_cumulative, volley_intensity


class Signals(NamedTuple):
    """One point's mu, sigma, gE [mV] and g [leaks], (steps, stages); kick [mV], at the start of a step, (steps,)."""

    mu: np.ndarray
    sigma: np.ndarray
    g: np.ndarray
    gE: np.ndarray
    kick: np.ndarray


def signals(drive: Drive, tau_m: float, edges: np.ndarray, gamma: float | None = None) -> Signals:
    """The signals of a drive in the steps between `edges`.

    Args:
        drive: A drive with one Noise.
        tau_m: Membrane time constant [ms], which turns a volley's weight into a current.
        edges: Step boundaries [ms], shape (steps + 1,).
        gamma: Weight of the second stage of a two-stage step; None for one stage.

    Raises:
        ParameterError: a volley without weight or tau_s.
    """
    steps = len(edges) - 1
    mu, sigma, g, gE = (np.zeros((steps, 1 if gamma is None else 2)) for _ in range(4))
    kick = np.zeros(steps)
    for part in drive.parts:
        if isinstance(part, Noise):
            mu += _series(part.mu, edges, gamma)
            sigma += _series(part.sigma, edges, gamma, positive=True)
        elif isinstance(part, Current):
            mu += _series(part.I, edges, gamma)
            sigma += np.sqrt(_series(part.D, edges, gamma, positive=True))
        elif isinstance(part, Timeseries):
            mu += _series(part, edges, gamma)
        elif isinstance(part, Inhibition):
            mu -= _window(part, edges) * _series(part.depth, edges, gamma, positive=True)
        elif isinstance(part, Shunt):
            conductance = _window(part, edges) * _series(part.g, edges, gamma, positive=True)
            g += conductance
            gE += conductance * part.E_rev
        elif isinstance(part, PulsePacket):
            current, shift = _volley(part, tau_m, edges, gamma)
            mu += current
            kick += shift
        else:
            raise TypeError(f"no signal is known for a {type(part).__name__}")
    return Signals(mu, sigma, g, gE, kick)


def at_rest(drive: Drive) -> tuple[float, float, float, float]:
    """(mu, sigma, g, gE) of the state a run starts from: sustained parts only, series at t = 0."""
    now = np.zeros(2)
    parts = (
        part for part in drive.parts if not (isinstance(part, PulsePacket) or (isinstance(part, Gate) and part.timed))
    )
    rest = signals(Drive(tuple(parts)), 1.0, now)
    mu, sigma, g, gE = (float(x[0, 0]) for x in rest[:4])
    return mu, sigma, g, gE


def sustained(drive: Drive) -> tuple[float, float, float, float]:
    """(mu, sigma, g, gE) of a drive that is constant in time; a ParameterError if it is not."""
    for part in drive.parts:
        values = [part, *(getattr(part, name) for name in type(part).model_fields)]
        if any(isinstance(value, (Timeseries, PulsePacket)) for value in values):
            raise ParameterError(
                f"a stationary state needs a drive that is constant in time, and got {part}; use evolve"
            )
        if isinstance(part, Gate) and part.timed:
            raise ParameterError(
                f"a stationary state cannot have a timed part, and got {part}; leave out on and off, or use evolve"
            )
    return at_rest(drive)


def lowest_potential(neuron: Neuron, drive: Drive) -> tuple[float, float]:
    """The lowest mean the membrane is driven to and the largest free sd [mV], for the choice of a mesh."""
    low, kick = neuron.V_reset, 0.0
    mu, sigma = furthest(drive, down=True)
    for part in drive.parts:
        if isinstance(part, Shunt):
            low = min(low, part.E_rev)
        elif isinstance(part, PulsePacket) and part.weight is not None:
            kick += min(0.0, part.a * part.weight)
    if drive.background.kind == "noise":  # a membrane that leaks comes back from a kick as from a step of mu
        mu, kick = mu + kick, 0.0
    mean, sd = neuron.free_membrane(mu, sigma)
    return min(low, mean + kick), sd


def furthest(drive: Drive, *, down: bool) -> tuple[float, float]:
    """The least or largest mu that a drive without its volleys comes to, and the largest sigma."""
    mu, sigma, of = 0.0, 0.0, np.min if down else np.max
    for part in drive.parts:
        if isinstance(part, Noise):
            mu, sigma = mu + extreme(part.mu, of), extreme(part.sigma, np.max)
        elif isinstance(part, Current):
            mu, sigma = mu + extreme(part.I, of), extreme(part.D, np.max) ** 0.5
        elif isinstance(part, Timeseries):
            mu += float(of([0.0, extreme(part, of)]))
        elif isinstance(part, Inhibition) and (down or not part.timed):
            mu -= extreme(part.depth, np.max if down else np.min)
    return mu, sigma


def largest_leak(neuron: Neuron, drive: Drive) -> float:
    """The largest leak of a run in units of the resting one: 1 + g, less the slope of psi where the membrane is."""
    g = sum(extreme(part.g, np.max) for part in drive.parts if isinstance(part, Shunt))
    return g + (1 / neuron.free_membrane(furthest(drive, down=True)[0], 1.0)[1]) ** 2


def narrowest(neuron: Neuron, drive: Drive) -> float:
    """The smallest sd of the free membrane over a run [mV]."""
    background = drive.background
    least = background.sigma if isinstance(background, Noise) else background.D
    sigma = extreme(least, np.min)
    return (sigma if isinstance(background, Noise) else sigma**0.5) / np.sqrt(largest_leak(neuron, drive))


def threshold(neuron: Neuron) -> float:
    """The potential [mV] beyond which a neuron spikes by itself, as a scale."""
    if isinstance(neuron, EIF):
        return neuron.V_T
    if isinstance(neuron, Izhikevich):
        # The two fixed points of v, u at rest, lie evenly about the bottom of its parabola.
        return -(5 - neuron.b) / 0.04 - neuron.free_membrane(0.0, 1.0)[0]
    return neuron.V_top


def steepest(packet: PulsePacket) -> float:
    """The largest speed [mV/ms] at which a volley moves V; 0 for an instantaneous kick."""
    if packet.weight is None or (packet.kernel == "delta" and packet.sigma_t == 0):
        return 0.0
    span = 3 * packet.sigma_t + 5 * (packet.tau_s or 0.0)
    x = np.linspace(-3 * packet.sigma_t, span, 400)
    return abs(packet.a * packet.weight) * float(np.max(volley_intensity(x, *_shape(packet))))


def _shape(packet: PulsePacket) -> tuple[float, Kernel, float | None, float | None]:
    return packet.sigma_t, packet.kernel, packet.tau_s, packet.tau_r


def extreme(value: float | Timeseries, of) -> float:
    """np.min or np.max over all times of a number or a series."""
    return float(of(value.values)) if isinstance(value, Timeseries) else value


def _series(
    value: float | Timeseries, edges: np.ndarray, gamma: float | None, positive: bool = False
) -> np.ndarray | float:
    """A piecewise linear signal in each step and stage; its value at the start where a step has no length."""
    if not isinstance(value, Timeseries):
        return value
    times, values = value.time, value.values
    start, end = np.interp(edges[:-1], times, values), np.interp(edges[1:], times, values)
    mean = (start + end) / 2
    # Steps with a knot inside are added up piece by piece; every step by itself, so that no chunk changes a bit.
    first, last = np.searchsorted(times, edges[:-1], "right"), np.searchsorted(times, edges[1:], "left")
    for i in np.flatnonzero(last > first):
        knots = np.concatenate([edges[i : i + 1], times[first[i] : last[i]], edges[i + 1 : i + 2]])
        heights = np.concatenate([start[i : i + 1], values[first[i] : last[i]], end[i : i + 1]])
        mean[i] = np.sum(np.diff(knots) * (heights[1:] + heights[:-1])) / (2 * (knots[-1] - knots[0]))
    return _stages(mean, end, gamma, positive)


def _stages(mean: np.ndarray, end: np.ndarray, gamma: float | None, positive: bool) -> np.ndarray:
    """(steps, stages) with the given mean over the step; a positive signal stays positive in both stages."""
    if gamma is None:
        return mean[:, None]
    second = np.minimum(end, mean / gamma) if positive else end
    return np.stack([(mean - gamma * second) / (1 - gamma), second], axis=1)


def _window(gate: Gate, edges: np.ndarray) -> np.ndarray | float:
    """The fraction of each step (steps, 1) for which the gate is on; rounding in t never leaks into a neighbour."""
    if gate.on is None:
        return 1.0
    passed = [np.zeros_like(edges[:-1]) if end is None else _passed(end, edges) for end in (gate.on, gate.off)]
    return (passed[0] - passed[1])[:, None]


def _passed(event: float, edges: np.ndarray) -> np.ndarray:
    """The fraction of each step that lies after an event."""
    fraction = (edges[1:] - event) / np.diff(edges)
    snapped = np.where(np.abs(fraction - np.round(fraction)) < 1e-7, np.round(fraction), fraction)
    return np.clip(snapped, 0.0, 1.0)


def _volley(
    packet: PulsePacket, tau_m: float, edges: np.ndarray, gamma: float | None
) -> tuple[np.ndarray | float, np.ndarray | float]:
    """The current [mV] of a volley in each step and stage, and its kick [mV] in each step."""
    if packet.weight is None or (packet.tau_s is None and packet.kernel != "delta"):
        missing = "weight" if packet.weight is None else "tau_s"
        raise ParameterError(
            f"PulsePacket drives a neuron here and needs {missing}; for example weight=0.15795, tau_s=0.325"
        )
    charge = packet.a * packet.weight
    if packet.kernel == "delta" and packet.sigma_t == 0:
        after = _passed(packet.t0, edges)
        return 0.0, charge * ((after > 0) & (np.concatenate([[0.0], after[:-1]]) == 0) & (packet.t0 >= edges[0] - 1e-9))
    tail = 40 * (packet.tau_s or 0) + 10 * packet.sigma_t
    # Steps outside are set to zero one by one, so that a result does not depend on where a run is cut in chunks.
    inside = (edges[:-1] <= packet.t0 + tail) & (edges[1:] >= packet.t0 - 10 * packet.sigma_t)
    if not inside.any():
        return 0.0, 0.0
    mean = np.diff(volley_cumulative(edges - packet.t0, *_shape(packet))) / np.diff(edges)
    end = volley_intensity(edges[1:] - packet.t0, *_shape(packet))
    return tau_m * charge * inside[:, None] * _stages(mean, end, gamma, positive=True), 0.0
