"""One trial of a network: its state and its logs, from start to end."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from synfer.population.spiking.coefficients import Neuron
from synfer.population.spiking.events import EMPTY, QUANTA
from synfer.population.spiking.network.advance import NOT_FINITE, Populations, Running, advance_network
from synfer.population.spiking.network.input import Log, Received
from synfer.population.spiking.network.synapses import Links, stream, wire
from synfer.population.spiking.segments import PAIRS, WIDTH
from synfer.population.spiking.simulate import State, start
from synfer.population.spiking.slow.cell import SlowLanes, free_lanes, slow_scratch
from synfer.population.spiking.slow.network import SlowPopulations, SlowRunning, advance_slow_network
from synfer.population.spiking.tile import aligned, aligned_copy, scratch_for


class Plan(NamedTuple):
    """What all trials have in common."""

    neurons: Sequence[Neuron]
    sizes: np.ndarray  # (P,)
    populations: Populations | SlowPopulations
    links: Links
    order: np.ndarray  # (E,) which synapse a link is
    probability: np.ndarray  # (E,) of the synapses
    steps: int
    steps_per_bin: int
    dt: float
    real: type
    keep: bool  # spike trains


class Trial(NamedTuple):
    """What is left of a trial."""

    count: np.ndarray  # (P, bins) int64
    status: int
    V: list[np.ndarray]  # (N,) mV of each population
    trains: list[list[tuple[np.ndarray, np.ndarray]]]  # (neuron, time in steps) of each, piece by piece


def states(
    plan: Plan, V: Sequence, refractory: Sequence, w: Sequence | None, trial: int, seed: np.random.SeedSequence
) -> list[State]:
    """The populations of one trial about to run."""
    return [
        start(
            neuron, V[p][trial], refractory[p][trial], None if w is None else w[p][trial],
            dt=plan.dt, dtype=plan.real, seed=stream(seed, 0, p),
        )
        for p, neuron in enumerate(plan.neurons)
    ]  # fmt: skip


def run_trial(plan: Plan, begin: list[State], seed: np.random.SeedSequence) -> Trial:
    """One trial: its status, and the rest by population."""
    P = len(plan.sizes)
    columns = zip(*(state.lanes for state in begin), strict=True)
    lanes = type(begin[0].lanes)(*(aligned_copy(np.concatenate(column)) for column in columns))
    wiring = wire(plan.links, plan.order, plan.probability, plan.sizes, seed)
    count = np.zeros((P, plan.steps // plan.steps_per_bin), np.int64)
    room = 2 * plan.sizes.astype(np.int64)
    log, received = empty_log(plan, 4 * int(room.max())), nothing_received(plan)
    due = lanes.release.min(axis=1)
    if isinstance(lanes, SlowLanes):
        own = {"live": free_lanes(lanes.release), "scratch": slow_scratch(WIDTH, plan.real)}
        advance, running = advance_slow_network, partial(SlowRunning, **own)
    else:
        advance, running = advance_network, partial(Running, scratch=scratch_for(WIDTH, plan.real))
    same = {"populations": plan.populations, "state": lanes, "due": due, "received": received, "count": count}
    trains = [[] for _ in range(P)] if plan.keep else None
    k = 0
    while k < plan.steps and not log.fault.any():
        run = running(**same, log=log, steps_per_bin=plan.steps_per_bin)
        k = advance(PAIRS, run, plan.links, wiring, (k, plan.steps), room)
        log = make_room(log, room, k, reach(plan), trains)
    take(log, log.written - log.dropped, trains)
    edges = plan.populations.first
    final = [
        state._replace(lanes=type(lanes)(*(column[edges[p] : edges[p + 1]] for column in lanes)))
        for p, state in enumerate(begin)
    ]
    V = [ended(state, plan.steps) for state in final]
    status = int(log.fault.max())
    if not status and not (all(np.isfinite(v).all() for v in V) and np.isfinite(received.a + received.b).all()):
        status = NOT_FINITE
    return Trial(count, status, V, trains or [])


def ended(state: State, steps: int) -> np.ndarray:
    """(n,) mV at the end of the run; `release` counts from its start."""
    release = np.where(state.lanes.release < EMPTY, state.lanes.release - steps * QUANTA, state.lanes.release)
    return state._replace(lanes=state.lanes._replace(release=release)).V


def empty_log(plan: Plan, places: int) -> Log:
    """Logs without an entry; they remember as many steps as the longest delay asks for."""
    P = len(plan.sizes)
    memory = 1 << int(reach(plan) + 4).bit_length()
    return Log(
        time=np.empty((P, places)),
        neuron=np.empty((P, places), np.int32),
        written=np.zeros(P, np.int64),
        dropped=np.zeros(P, np.int64),
        end=np.zeros((P, memory), np.int64),
        fault=np.zeros(P, np.int64),
        inbox_time=np.empty(places),
        inbox_neuron=np.empty(places, np.int32),
    )


def reach(plan: Plan) -> int:
    """How many steps back the kernels look for spikes that arrive now."""
    return int(plan.links.delay.max(initial=0.0)) + 3


def make_room(log: Log, room: np.ndarray, k: int, kept: int, trains: list | None) -> Log:
    """The logs at the start of step k without what has arrived everywhere, with room for a step at least."""
    P, places = log.time.shape
    past = log.end[:, (k - kept) & (log.end.shape[1] - 1)] - log.dropped
    take(log, past, trains)
    left = log.written - log.dropped - past
    if np.any(2 * (left + room) > places):
        places = 2 * int(np.max(left + room))
    grown = log
    if places > log.time.shape[1]:
        grown = log._replace(
            time=np.empty((P, places)),
            neuron=np.empty((P, places), np.int32),
            inbox_time=np.empty(places),
            inbox_neuron=np.empty(places, np.int32),
        )
    for p in range(P):
        grown.time[p, : left[p]] = log.time[p, past[p] : past[p] + left[p]].copy()
        grown.neuron[p, : left[p]] = log.neuron[p, past[p] : past[p] + left[p]].copy()
    return grown._replace(dropped=log.dropped + past)


def take(log: Log, number: np.ndarray, trains: list | None) -> None:
    """Add the oldest entries of each log to the spike trains."""
    if trains is not None:
        for p, n in enumerate(number):
            trains[p].append((log.neuron[p, :n].copy(), log.time[p, :n].copy()))


def nothing_received(plan: Plan) -> Received:
    """Rows to fill, and synapses at rest."""
    populations, links = plan.populations, plan.links
    tiles = int(populations.first[-1])
    owner = np.repeat(np.arange(len(plan.sizes)), np.diff(links.first))
    lanes = np.where(links.individual, np.diff(populations.first)[owner] * WIDTH, 1)
    first = np.cumsum(lanes) - lanes
    drive, mean_drive = aligned((tiles, WIDTH), np.float64), aligned((tiles, WIDTH), plan.real)
    kick = aligned((tiles, WIDTH), plan.real)
    return Received(drive, mean_drive, kick, np.zeros(lanes.sum()), np.zeros(lanes.sum()), first.astype(np.int64))
