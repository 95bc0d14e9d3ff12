"""Chains and networks as spiking neurons, trial by trial."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.errors import NumericalError, ParameterError
from synfer.core.results import label, spec
from synfer.core.seeds import check_seed, seed_sequence
from synfer.population import readout, spiking
from synfer.population.drive import Drive
from synfer.population.signals import signals
from synfer.population.verbs.chains import batch
from synfer.population.verbs.chains.background import background, quiet_rates, resting_cells
from synfer.population.verbs.chains.case import Case
from synfer.population.verbs.chains.points import ChainPoints, window_name
from synfer.population.verbs.chains.rest import settle
from synfer.population.verbs.common import (
    check_choice,
    check_memory,
    check_noise_of_step,
    check_positive,
    check_record,
    spec_of,
    steps_in,
)
from synfer.population.verbs.draws import UNIFORMS, Stationary, stationary_of
from synfer.population.verbs.spikes import engine_neuron

FINE = 0.1
"""Steps [ms] at which volleys are read, at most."""
LAST = 2.0
"""Time [ms] at the end of a run in which a volley that is not over is looked for."""
CHANCE = 5.0
"""Standard errors by which its rate must stand out there."""
BIN = 0.5
"""Width that default bins come near to [ms]."""
TRIALS = 32
"""Trials whose counts are held in memory at once."""


class Request(NamedTuple):
    """What a run of one point is asked for; lengths in steps of dt [ms]."""

    dt: float
    steps: int
    fine: int  # between which volleys are read
    per_bin: int  # of the rate
    trials: int
    seed: int
    connections: str
    window: Any
    dtype: str
    trains: bool


class Trials(NamedTuple):
    """What came of the trials of one point."""

    packets: dict[str, np.ndarray]  # (trials, P)
    count: np.ndarray  # (trials, P, bins) spikes
    quiet: np.ndarray  # (P, bins) Hz
    status: np.ndarray  # (trials,)
    spikes: dict[str, np.ndarray]


def simulate_chain(
    chain: Any,
    packet: Any,
    *,
    t: Any,
    gate: Any,
    disfacilitation: Any,
    window: Any,
    trials: Any,
    connections: Any,
    dt: Any,
    every: Any,
    record: Any,
    dtype: Any,
    progress: Callable[[float], None] | None,
    seed: Any,
) -> xr.Dataset:
    """`simulate` for chains and networks."""
    points = ChainPoints(chain=chain, packet=packet, gate=gate, disfacilitation=disfacilitation, seed=seed)
    recorded = check_record(record, ("spikes",))
    check_choice("dtype", dtype, ("float64", "float32"))
    check_choice("connections", connections, ("shared", "individual"))
    if isinstance(trials, bool) or not isinstance(trials, (int, np.integer)) or trials < 1:
        raise ParameterError(f"trials = {trials!r} must be a whole number >= 1; for example trials=20")
    dt = check_positive("dt", dt, "ms")
    steps = max(points.steps(check_positive("t", t, "ms"), dt))
    check_noise_of_step(points.check(dt))
    length = None if window == "evoked" else steps_in("window", check_positive("window", window, "ms"), dt)
    per_bin = _bins(steps, dt, every)
    fine = _fine(dt, length)
    bins, size = steps // per_bin, len(points.names)
    check_memory("the result", len(points) * size * (trials + 3) * (2 * bins + 5), "raise every or lower trials")
    for case in points.cases:
        widths = {population.name: float(population.width) for population in case.network.populations}
        check_memory("the neurons", 10 * min(trials, TRIALS) * sum(widths.values()), "lower width")
        if connections == "individual":
            pairs = max(
                (widths[p.source] * widths[p.target] * p.probability for _, _, p in case.projections()), default=0
            )
            check_memory("the connections", 3 * pairs, 'lower width or probability, or use connections="shared"')
    request = Request(dt, steps, fine, per_bin, int(trials), 0, connections, window, dtype, "spikes" in recorded)
    done = []
    for i, (point, case) in enumerate(zip(points, points.cases, strict=True)):
        own = request._replace(seed=check_seed(point["seed"] or 0))
        done.append(_run(case, point, points, own, i / len(points), progress))
    arguments = spec_of(
        points, t=steps * dt, dt=dt, every=per_bin * dt, record=list(recorded), window=window, trials=int(trials),
        connections=connections, dtype=dtype,
    )  # fmt: skip
    return _label(points, done, request, arguments)


def _bins(steps: int, dt: float, every: Any) -> int:
    """Steps in a bin of the rate."""
    if every is not None:
        per_bin = steps_in("every", check_positive("every", every, "ms"), dt)
        if steps % per_bin:
            raise ParameterError(f"every = {every:g} ms must divide t = {steps * dt:g} ms")
        return per_bin
    near = [k for k in range(1, max(1, int(2 * BIN / dt)) + 1) if steps % k == 0]
    return min(near, key=lambda k: abs(np.log(k * dt / BIN)))


def _fine(dt: float, window: int | None) -> int:
    """Steps between which volleys are read, whatever else is recorded: the longest that divides the window."""
    longest = max(1, int(FINE / dt + 1e-9))
    return max(k for k in range(1, longest + 1) if window is None or window % k == 0)


def _run(
    case: Case,
    point: dict[str, Any],
    points: ChainPoints,
    request: Request,
    done: float,
    progress: Callable[[float], None] | None,
) -> Trials:
    """All trials of one point, some at a time."""
    populations = case.network.populations
    neurons = [population.neuron for population in populations]
    cells = resting_cells(case, points)

    def states(drives: np.ndarray) -> list[Stationary]:
        each = zip(neurons, drives.T.tolist(), cells, strict=True)
        return [stationary_of(neuron, tuple(drive), own) for neuron, drive, own in each]

    rest, base, start = settle(case, lambda drives: np.array([state.rate / 1000 for state in states(drives)]))
    resting = states(rest)
    expected = quiet_rates(case, start, points, request.steps, request.dt)
    transmitted = expected
    if case.disfacilitation and case.gated:
        transmitted = quiet_rates(case.ungated(), base, points, request.steps, request.dt)
    extra = background(case, transmitted, start, request.dt)
    inputs = [_inputs(case, p, extra[p], request) for p in range(len(populations))]
    bins, read = request.steps // request.per_bin, request.steps // request.fine * request.fine
    quiet = 1000 * expected[:, :read].reshape(len(populations), -1, request.fine).mean(axis=-1)
    # Counted in bins that both the read-out and the rate are made of.
    counted = math.gcd(request.fine, request.per_bin)
    widths = np.array([population.width for population in populations])
    own = spec({name: point[name] for name in ("chain", "packet", "gate", "disfacilitation")})
    streams = [
        seed_sequence(request.seed, "simulate", request.connections, repr(request.dt), own, f"trial {i}")
        for i in range(request.trials)
    ]
    packets: dict[str, list[np.ndarray]] = {name: [] for name in readout.Packet._fields}
    counts, status, trains = [], [], []
    time = (np.arange(quiet.shape[1]) + 0.5) * request.fine * request.dt
    for first in range(0, request.trials, TRIALS):
        seeds = streams[first : first + TRIALS]
        ran = spiking.simulate_network(
            [engine_neuron(neuron) for neuron in neurons], widths.tolist(), _synapses(case), inputs,
            *_drawn(resting, widths, seeds),
            dt=request.dt, seeds=seeds, connections=request.connections, steps_per_bin=counted,
            spike_trains=request.trains, dtype=np.dtype(request.dtype).type,
        )  # fmt: skip
        shape = (len(seeds), len(populations))
        to_read = ran.count[:, :, : read // counted].reshape(*shape, quiet.shape[1], -1).sum(axis=-1)
        rate = 1000 * to_read / (widths[:, None] * request.fine * request.dt)
        volley = readout.packet(rate, quiet, time, width=widths, window=request.window)
        for name, values in packets.items():
            values.append(getattr(volley, name))
        counts.append(ran.count.reshape(*shape, bins, -1).sum(axis=-1))
        status.append(ran.status != 0)
        trains += [(first, ran.spikes)] if ran.spikes else []
        if progress is not None:
            progress(done + (first + len(seeds)) / request.trials / len(points))
    coarse = 1000 * expected.reshape(len(populations), bins, -1).mean(axis=-1)
    gathered = {name: np.concatenate(values) for name, values in packets.items()}
    return Trials(gathered, np.concatenate(counts), coarse, np.concatenate(status), _trains(trains, case))


def _inputs(case: Case, population: int, extra: np.ndarray, request: Request) -> spiking.Inputs:
    """Noise, gates, volleys and background of a population."""
    edges = np.arange(request.steps + 1) * request.dt
    drive = Drive(case.drives[population].parts + case.volleys[population])
    s = signals(drive, case.network.populations[population].neuron.tau_m, edges)
    mu, sigma, g, gE = (np.ascontiguousarray(np.broadcast_to(x[:, 0], (request.steps,))) for x in s[:4])
    return spiking.Inputs(mu + extra, sigma, g, gE, np.ascontiguousarray(s.kick))


def _synapses(case: Case) -> spiking.Synapses:
    rows = case.projections()
    projections = [projection for _, _, projection in rows]

    def column(values: Any, kind: type = float) -> np.ndarray:
        return np.array(list(values), kind)

    return spiking.Synapses(
        source=column((row[0] for row in rows), np.int64),
        target=column((row[1] for row in rows), np.int64),
        weight=column(p.weight for p in projections),
        probability=column(p.probability for p in projections),
        kernel=column((spiking.KERNELS.index(p.kernel) for p in projections), np.int64),
        tau_s=column(p.tau_s or np.nan for p in projections),
        tau_r=column(p.tau_r or np.nan for p in projections),
        delay=column(p.delay for p in projections),
    )


def _drawn(
    resting: list[Stationary], widths: np.ndarray, seeds: list[np.random.SeedSequence]
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray] | None]:
    """Membranes [mV], refractory times [ms] and slow variables [mV], if any, at the start, (trials, N) of each."""
    drawn = []
    for p, (state, width) in enumerate(zip(resting, widths, strict=True)):
        draws = []
        for seed in seeds:
            stream = np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, 2, p))
            draws.append(np.random.Generator(np.random.PCG64(stream)).random((UNIFORMS, width)))
        drawn.append(state.draw(np.stack(draws, axis=1)))
    w = None
    if any(own.w is not None for own in drawn):
        w = [np.zeros_like(own.V) if own.w is None else own.w for own in drawn]
    return [own.V for own in drawn], [own.refractory for own in drawn], w


def _trains(parts: list[tuple[int, Any]], case: Case) -> dict[str, np.ndarray]:
    """Spikes of all trials: trial, place of the layer, neuron and time."""
    rows = [
        (spikes.trial + first, np.full(len(spikes.time), p), spikes.neuron, spikes.time)
        for first, populations in parts
        for p, spikes in enumerate(populations)
    ]
    columns = zip(*rows, strict=True) if rows else ([np.zeros(0, int)],) * 3 + ([np.zeros(0)],)
    names = ("spike_trial", "spike_layer", "spike_neuron", "spike_time")
    return {name: np.concatenate(list(column)) for name, column in zip(names, columns, strict=True)}


def _label(points: ChainPoints, done: list[Trials], request: Request, arguments: dict[str, Any]) -> xr.Dataset:
    status = np.stack([point.status for point in done])
    if status.all():
        raise NumericalError("no trial stayed finite; lower dt, and look for extreme parameters")
    if status.any():
        points.warn(f"{int(status.sum())} of {status.size} trials did not stay finite; see status")
    widths = np.stack([points.widths(i) for i in range(len(points))])[:, :, None]
    bin_ms = request.per_bin * request.dt
    per_spike = 1000 / (widths[:, None] * bin_ms)
    count = np.stack([point.count for point in done])
    rate = per_spike * count
    quiet = np.stack([point.quiet for point in done])
    points.warn_of_running(_running(rate, quiet, widths, bin_ms), request.steps * request.dt)
    # One trial has no scatter: its counts are taken for Poisson.
    poisson = per_spike[:, 0] * np.sqrt(np.maximum(count[:, 0], 1.0))
    se = rate.std(axis=1, ddof=1) / np.sqrt(request.trials) if request.trials > 1 else poisson
    variables: dict[str, Any] = {
        "rate": (("layer", "time"), rate.mean(axis=1)),
        "rate_se": (("layer", "time"), se),
        "rate_trial": (("trial", "layer", "time"), rate),
        "n_neurons": (("layer",), np.stack([points.widths(i) for i in range(len(points))])),
        "quiet_rate": (("layer", "time"), quiet),
        "status": (("trial",), status.astype(np.int8)),
    }
    variables |= {
        name: (("trial", "layer"), np.stack([point.packets[name] for point in done])) for name in done[0].packets
    }
    bins = request.steps // request.per_bin
    coords: dict[str, Any] = {
        "time": (("time",), (np.arange(bins) + 0.5) * bin_ms),
        "trial": (("trial",), np.arange(request.trials)),
    }
    ds = points.dataset(
        variables, coords, verb="simulate", spec=arguments, t_start=0.0, t_end=request.steps * request.dt,
        window=window_name(request.window), bin_ms=bin_ms, status="some trials failed" if status.any() else "ok",
    )  # fmt: skip
    return ds.assign(_spikes(points, done)) if request.trains else ds


def _running(rate: np.ndarray, quiet: np.ndarray, widths: np.ndarray, bin_ms: float) -> list[bool]:
    """Points whose volley is under way in the last LAST ms, by more than chance.

    rate: (point, trial, P, bins), quiet: (point, P, bins) [Hz]; widths: (point, P, 1).
    """
    trials, last = rate.shape[1], min(rate.shape[-1], max(1, round(LAST / bin_ms)))
    evoked = rate.mean(axis=1) - quiet
    end = evoked[..., -last:].mean(axis=-1)
    ends = rate[..., -last:].mean(axis=-1)
    counted = widths[..., 0] * trials * last * bin_ms / 1000
    poisson = np.sqrt(np.maximum(ends.mean(axis=1) * counted, 1.0)) / counted
    scatter = ends.std(axis=1, ddof=1) / np.sqrt(trials) if trials > 1 else 0.0
    peak = readout.EDGE * evoked.max(axis=-1)
    since = np.maximum(10.0, (evoked.shape[-1] - evoked.argmax(axis=-1)) * bin_ms)
    stands_out = end > np.maximum(CHANCE * np.maximum(scatter, poisson), peak)
    return [bool(point.any()) for point in stands_out & (end / 1000 * since > batch.MATTERS)]


def _spikes(points: ChainPoints, done: list[Trials]) -> dict[str, Any]:
    """Spike trains of all points, as variables (spike)."""
    columns = {name: np.concatenate([point.spikes[name] for point in done]) for name in done[0].spikes}
    if points.many:
        columns["spike_point"] = np.repeat(np.arange(len(done)), [len(point.spikes["spike_time"]) for point in done])
    columns["spike_layer"] = np.array(points.names)[columns["spike_layer"]]
    return {name: ("spike", values, label(name)) for name, values in columns.items()}
