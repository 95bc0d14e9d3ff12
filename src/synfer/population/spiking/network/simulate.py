"""Spiking Monte Carlo of networks: finite populations with synapses between them, trial by trial.

A spike of a source gives every target it connects to the current tau_m J k(t - t_spike - delay), k of unit area,
which is a step of J in a passive membrane. All else comes in `inputs`. Membranes advance as in `simulate`, all
populations in lockstep; spike times are exact within a step and enter the synapses as such (`network.input`).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from synfer.core.errors import ParameterError
from synfer.population.spiking.coefficients import Frame, Inputs, Neuron, coefficients, frame_of, mean_decay
from synfer.population.spiking.network.advance import Populations
from synfer.population.spiking.network.synapses import DELTA, Synapses, check_synapses, link
from synfer.population.spiking.network.trial import Plan, Trial, run_trial, states
from synfer.population.spiking.segments import WIDTH
from synfer.population.spiking.simulate import cell_of
from synfer.population.spiking.slow.cell import RESTING, slow_cell, table
from synfer.population.spiking.slow.network import SlowPopulations


class Spikes(NamedTuple):
    """The spikes of one population, in order of trial, time, neuron; every array has shape (spikes,)."""

    trial: np.ndarray  # int32
    neuron: np.ndarray  # int32
    time: np.ndarray  # ms from the start of the run


class NetworkRun(NamedTuple):
    """What `simulate_network` returns."""

    count: np.ndarray  # (trials, P, bins) int64 spikes, by exact time
    status: np.ndarray  # (trials,) int8, place in FAULTS; what is not 0 is not a healthy trial
    V: tuple[np.ndarray, ...]  # (trials, N) mV of each population at the end, V_reset while refractory
    spikes: tuple[Spikes, ...] | None  # of each population


def simulate_network(
    neurons: Sequence[Neuron],
    sizes: Sequence[int],
    synapses: Synapses,
    inputs: Sequence[Inputs],
    V: Sequence[np.ndarray],
    refractory: Sequence[np.ndarray],
    w: Sequence[np.ndarray] | None = None,
    *,
    dt: float,
    seeds: Sequence[np.random.SeedSequence],
    connections: str = "shared",
    steps_per_bin: int,
    spike_trains: bool = False,
    dtype: type = np.float64,
    workers: int = 1,
) -> NetworkRun:
    """Run independent trials of a network of P populations through all steps of its inputs.

    Args:
        neurons, sizes: of each population.
        synapses: see Synapses. A shared synapse makes all neurons of its target receive the same current:
            probability times that of all sources, a recurrent neuron's own included. An individual one connects
            each pair with that probability, anew in every trial, and no neuron to itself.
        inputs: of each population, arrays (steps,), the same in all trials; kicks act at the start of a step.
        V: of each population, (trials, N) mV.
        refractory: of each population, (trials, N) ms that a neuron has still to wait (0: none).
        w: of each population, (trials, N) mV, slow variables if there are any in the network; others have 0.
        dt: step, ms.
        seeds: one per trial, on which alone, with the arguments, its bytes depend. Neurons of population p draw from
            the stream (0, p) of it, connections of synapse e from (1, e).
        connections: shared or individual.
        steps_per_bin: must divide the number of steps.
        spike_trains: return them.
        dtype: np.float32 or np.float64, of membranes; synapses are always float64.
        workers: threads, over trials.

    Raises:
        ParameterError: arguments that do not fit one another or cannot be.

    Accuracy: charge is conserved to rounding, and the drive of a step is its exact mean. V after a volley of five
        spikes of 0.6 mV, LIF and EIF, against an integrator of the equation: 1.8e-3 mV (dt/ms)^2 for kernels that rise,
        5e-3 mV (dt/ms)^2 for exponential ones. Spikes of delta synapses act at the step boundary nearest to their
        arrival, shifted by dt/2 at most and by nothing on average. Rates as in `simulate_population`.
    """
    slow = any(neuron.slow is not None for neuron in neurons)
    if slow != (w is not None):
        raise ParameterError(f"w must {'' if slow else 'not '}be given: {'some' if slow else 'no'} neurons have one")
    neurons = [neuron._replace(slow=neuron.slow or (RESTING if slow else None)) for neuron in neurons]
    columns = {"V": V, "refractory": refractory} | ({} if w is None else {"w": w})
    check_network(neurons, sizes, inputs, columns, len(seeds), connections)
    check_synapses(synapses, len(neurons), dt)
    plan = plan_network(
        neurons, sizes, synapses, inputs, dt, connections == "individual", steps_per_bin, spike_trains, dtype
    )
    for neuron, state in zip(neurons, states(plan, V, refractory, w, 0, seeds[0]), strict=True):
        cell_of(neuron, state, plan.steps, steps_per_bin, True)

    def trial(i: int) -> Trial:
        return run_trial(plan, states(plan, V, refractory, w, i, seeds[i]), seeds[i])

    if workers > 1 and len(seeds) > 1:
        with ThreadPoolExecutor(workers) as pool:
            trials = list(pool.map(trial, range(len(seeds))))
    else:
        trials = [trial(i) for i in range(len(seeds))]
    return NetworkRun(
        count=np.stack([done.count for done in trials]),
        status=np.array([done.status for done in trials], np.int8),
        V=tuple(np.stack([done.V[p] for done in trials]) for p in range(len(neurons))),
        spikes=tuple(gather([done.trains[p] for done in trials], dt) for p in range(len(neurons)))
        if spike_trains
        else None,
    )


def check_network(
    neurons: Sequence[Neuron],
    sizes: Sequence[int],
    inputs: Sequence[Inputs],
    columns: dict[str, Sequence[np.ndarray]],
    trials: int,
    connections: str,
) -> None:
    """Raise ParameterError where the arguments do not fit one another; `columns` have a row for each population."""
    if connections not in ("shared", "individual"):
        raise ParameterError(f"connections = {connections!r} must be 'shared' or 'individual'")
    if trials == 0 or len(neurons) == 0:
        raise ParameterError(f"got {len(neurons)} populations and {trials} seeds; give at least one of each")
    for name, values in (("sizes", sizes), ("inputs", inputs), *columns.items()):
        if len(values) != len(neurons):
            raise ParameterError(f"{name} has {len(values)} entries, need one for each of {len(neurons)} populations")
    lengths = {np.shape(column) for given in inputs for column in given}
    if len(lengths) > 1 or len(min(lengths)) != 1:
        raise ParameterError(f"all inputs must have one shape (steps,), got {sorted(lengths)}")
    for p, size in enumerate(sizes):
        if size < 1:
            raise ParameterError(f"sizes[{p}] = {size} must be >= 1")
        for name, values in columns.items():
            if np.shape(values[p]) != (trials, size):
                raise ParameterError(f"{name}[{p}] has shape {np.shape(values[p])}, need {(trials, size)}: trials, N")


def plan_network(
    neurons: Sequence[Neuron],
    sizes: Sequence[int],
    synapses: Synapses,
    inputs: Sequence[Inputs],
    dt: float,
    individual: bool,
    steps_per_bin: int,
    keep: bool,
    real: type,
) -> Plan:
    """Coefficients of all steps and populations, and synapses in steps."""
    frames = [frame_of(neuron, dt) for neuron in neurons]
    links, order = link(synapses, np.array([frame.unit for frame in frames]), dt, individual)
    steps, P = len(inputs[0].mu), len(neurons)
    cut, top = np.zeros((P, steps + 1), bool), np.empty(P)
    cut[:, [0, -1]] = True
    for p, (neuron, given, frame) in enumerate(zip(neurons, inputs, frames, strict=True)):
        cut[p, :-1] |= given.kick != 0
        cut[p] |= np.any((synapses.target == p) & (synapses.kernel == DELTA))
        top[p] = frame.to_x(neuron.V_top)
        if neuron.Delta_T > 0:
            top[p] = min(top[p], 20.0 if real == np.float32 else 40.0)
    tiles = -(-np.asarray(sizes) // WIDTH)
    shared = {
        "first": np.concatenate([[0], np.cumsum(tiles)]).astype(np.int64),
        "individual": np.array([links.individual[links.first[p] : links.first[p + 1]].any() for p in range(P)]),
        "kick": np.array([given.kick / frame.unit for given, frame in zip(inputs, frames, strict=True)]),
        "cut": cut,
    }
    slow = neurons[0].slow is not None
    populations = (_slow if slow else _plain)(neurons, inputs, frames, top, cut, dt, real, shared)
    return Plan(
        neurons, np.asarray(sizes), populations, links, order, np.asarray(synapses.probability),
        steps, steps_per_bin, dt, real, keep,
    )  # fmt: skip


def _plain(
    neurons: Sequence[Neuron], inputs: Sequence[Inputs], frames: list[Frame], top: np.ndarray, cut: np.ndarray,
    dt: float, real: type, shared: dict[str, np.ndarray],
) -> Populations:  # fmt: skip
    """Neurons without slow variables."""
    rows = []
    for neuron, given, frame, own, cuts in zip(neurons, inputs, frames, top, cut, strict=True):
        hot, cold = coefficients(neuron, given, frame, own, dt, cuts, real)
        rows.append(np.column_stack([hot[:, [0, 2, 3, 4]], cold, mean_decay(cold[:, 0])]))
    return Populations(
        sodium=np.array([neuron.Delta_T > 0 for neuron in neurons]),
        reset=np.array([float(f.to_x(n.V_reset)) for f, n in zip(frames, neurons, strict=True)]),
        top=top,
        wait=np.array([neuron.t_ref / dt for neuron in neurons]),
        table=np.stack(rows),
        **shared,
    )


def _slow(
    neurons: Sequence[Neuron], inputs: Sequence[Inputs], frames: list[Frame], top: np.ndarray, cut: np.ndarray,
    dt: float, real: type, shared: dict[str, np.ndarray],
) -> SlowPopulations:  # fmt: skip
    """Neurons with slow variables, which some leave at rest."""
    each = list(zip(neurons, inputs, frames, top.tolist(), cut, strict=True))
    return SlowPopulations(
        cells=np.array([slow_cell(neuron, frame, own, dt, True) for neuron, _, frame, own, _ in each], np.float64),
        table=np.stack([table(neuron, given, frame, own, dt, cuts, real) for neuron, given, frame, own, cuts in each]),
        **shared,
    )


def gather(trials: list[list[tuple[np.ndarray, np.ndarray]]], dt: float) -> Spikes:
    """One population's spikes of all trials, in order."""
    pieces = [(i, neuron, time) for i, pieces in enumerate(trials) for neuron, time in pieces]
    trial = np.concatenate([np.full(len(neuron), i, np.int32) for i, neuron, _ in pieces])
    neuron = np.concatenate([neuron for _, neuron, _ in pieces])
    time = np.concatenate([time for *_, time in pieces]) * dt
    order = np.lexsort((neuron, time, trial))
    return Spikes(trial[order], neuron[order], time[order])
