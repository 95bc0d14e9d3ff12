"""A population as spiking neurons."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.core.results import label, spec
from synfer.core.seeds import check_seed, seed_sequence
from synfer.population import spiking, theory
from synfer.population.drive import Drive, Part
from synfer.population.neurons import EIF, LinearisedEIF, Neuron
from synfer.population.signals import at_rest, lowest_potential, signals
from synfer.population.verbs import continuation
from synfer.population.verbs.common import (
    Points,
    check_choice,
    check_cut,
    check_memory,
    check_noise,
    check_positive,
    check_record,
    spec_of,
    steps_in,
)
from synfer.population.verbs.mesh import rebin

BIN = 0.5
"""Default width of the bins [ms]."""
MOMENTS = ("V_mean", "V_mean_se", "V_sd", "V_sd_se", "V_iqr_se")


def simulate(
    neuron: Neuron | Sequence[Neuron],
    drive: Drive | Part | Sequence[Drive | Part],
    *,
    t: float,
    n: int | Sequence[int] = 10_000,
    dt: float | Sequence[float] = 0.02,
    every: float | None = None,
    record: str | Sequence[str] = (),
    initial: xr.Dataset | None = None,
    dtype: Literal["float64", "float32"] = "float64",
    progress: Callable[[float], None] | None = None,
    seed: int | Sequence[int] = 0,
) -> xr.Dataset:
    """n independent spiking neurons under the same drive: `evolve` by Monte Carlo.

        tau_m dV/dt = mu + I(t) - V + psi(V) - g(t)(V - E_rev) + sigma sqrt(2 tau_m) xi(t)

    Each step is an exact Ornstein-Uhlenbeck step and the exact flow of the sodium current; crossings of a hard
    threshold within a step are drawn from the Brownian bridge. A run starts from the exact stationary density
    of its sustained parts (threshold integration).

    Args:
        neuron: LIF, EIF or LinearisedEIF.
        drive: A Noise, alone or with volleys, gates and series.
        t: Duration [ms], a multiple of dt.
        n: Number of neurons.
        dt: Step [ms].
        every: Width of the bins [ms], a multiple of dt that divides t; default about 0.5 ms.
        record: "p" for histograms of V, "spikes" for spike trains.
        initial: A result of `simulate` with the same points, to continue from.
        dtype: Arithmetic of the membrane.
        progress: Called with the fraction done.
        seed: Integer in [0, 2^63). The random stream is a function of the seed and of the point's own arguments, so
            a point gives the same bytes alone and among others; vary the seed to repeat a point.

    neuron, drive, n, dt and seed may be sequences: they broadcast to a `point` dimension.

    Returns:
        Dataset with `rate` [Hz] as mean over each bin, `time` [ms] at bin centres, and `V_mean`, `V_sd`, `V_iqr` [mV]
        of the non-refractory neurons at the step nearest to the centre, each with its standard error `*_se`;
        `rate_block` (block, time) [Hz] by blocks of neurons; `n_spikes` per neuron and bin; on request `p` (time, V)
        [1/mV] and `spike_time`, `spike_neuron` (spike). `state_*` to continue from. Moments are NaN where every
        neuron is refractory.

    Raises:
        ParameterError: as `evolve`.

    Accuracy: LIF rate within 0.03 % at dt 0.1; EIF rate within 0.1 % and sd(V) within 0.05 % at dt 0.1, while the
        noise of a step, sigma sqrt(2 dt/tau_m), stays below Delta_T (a SynferWarning says where it does not).

    Example:
        >>> import synfer as sf
        >>> m = sf.simulate(sf.EIF.fourcaud2003(), sf.Noise(mu=-65, sigma=3), t=20, n=1000, seed=1)
        >>> m.rate.dims
        ('time',)
    """
    points = Points(neuron=neuron, drive=drive, n=n, dt=dt, dtype=dtype, seed=seed)
    check_cut(points)
    recorded = check_record(record, ("p", "spikes"))
    t = check_positive("t", t, "ms")
    for point in points:
        check_choice("dtype", point["dtype"], ("float64", "float32"))
        point["dt"] = check_positive("dt", point["dt"], "ms")
        point["n"] = _check_n(point["n"])
        check_seed(point["seed"])
        _check_step(point, points)
    width = _bin_width(points, t, every)
    bins = steps_in("t", t, width, "every")
    check_memory("the record", len(points) * bins * (60 + ("p" in recorded) * 500), "raise every")
    start = 0.0 if initial is None else continuation.end_of(initial, "simulate")
    runs = []
    for i, point in enumerate(points):
        state = _start(point) if initial is None else _resume(initial, i, point, points)
        runs.append(_run(point, state, start, bins, width, recorded))
        if progress is not None:
            progress((i + 1) / len(points))
    return _label(points, runs, start + width * (np.arange(bins) + 0.5), width, start, recorded, initial)


class Run(NamedTuple):
    """One point's engine results and the cells of its histogram."""

    result: spiking.Run
    histogram: tuple[float, float, int] | None


def _check_n(n: Any) -> int:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise ParameterError(f"n = {n!r} must be a whole number of neurons >= 1; for example n = 10_000")
    check_memory(f"a population of {n:,} neurons", 10.0 * n, "lower n")
    return int(n)


def _check_step(point: dict[str, Any], points: Points) -> None:
    """Warn where a step's noise jumps over the sodium current: crossings within a step are then missed."""
    neuron, drive, dt = point["neuron"], point["drive"], point["dt"]
    if isinstance(neuron, EIF):
        jump = lowest_potential(neuron, drive)[1] * np.sqrt(2 * dt / neuron.tau_m)
        if jump > neuron.Delta_T:
            points.warn(
                f"the noise of a step, {jump:.2g} mV, exceeds Delta_T = {neuron.Delta_T:g} mV: rates come out a few "
                f"percent low; lower dt below {dt * (neuron.Delta_T / jump) ** 2:.2g} ms"
            )


def _bin_width(points: Points, t: float, every: Any) -> float:
    steps = {point["dt"] for point in points}
    for dt in steps:
        steps_in("t", t, dt)
    if every is not None:
        width = check_positive("every", every, "ms")
        for dt in steps:
            steps_in("every", width, dt)
        return width
    if len(steps) > 1:
        raise ParameterError("points with different dt need a common every=, the width of the bins [ms]")
    dt = steps.pop()
    total = steps_in("t", t, dt)
    # The width nearest to BIN that divides the run.
    divisors = [k for k in range(1, total + 1) if total % k == 0]
    return dt * min(divisors, key=lambda k: abs(np.log(k * dt / BIN)))


def _stream(point: dict[str, Any], purpose: Literal["initial", "noise"]) -> np.random.SeedSequence:
    """The point's own stream: a function of its seed and arguments."""
    own = spec({name: point[name] for name in ("neuron", "drive", "n", "dt")})
    return seed_sequence(point["seed"], "simulate", purpose, own)


def _engine_neuron(neuron: Neuron) -> spiking.Neuron:
    shared = {"tau_m": neuron.tau_m, "V_top": neuron.V_top, "V_reset": neuron.V_reset, "t_ref": neuron.t_ref}
    if isinstance(neuron, EIF):
        return spiking.Neuron(**shared, Delta_T=neuron.Delta_T, V_T=neuron.V_T)
    if isinstance(neuron, LinearisedEIF):
        return spiking.Neuron(**shared, psi_0=neuron.psi_0 - neuron.slope * neuron.V_0, slope=neuron.slope)
    return spiking.Neuron(**shared)


def _start(point: dict[str, Any]) -> spiking.State:
    """Neurons drawn from the exact stationary state, each refractory with probability rate * t_ref."""
    neuron, n = point["neuron"], point["n"]
    mu, sigma, g, gE = at_rest(point["drive"])
    check_noise(sigma)
    s = theory.threshold_integration(
        neuron.psi, tau_m=neuron.tau_m, mu=mu, sigma=sigma, g=g, gE=gE,
        V_top=neuron.V_top, V_reset=neuron.V_reset, t_ref=neuron.t_ref,
    )  # fmt: skip
    draw = np.random.Generator(np.random.PCG64(_stream(point, "initial")))
    mass = np.concatenate([[0.0], np.cumsum(np.diff(s.V) * (s.p[1:] + s.p[:-1]) / 2)])
    V = np.interp(draw.random(n) * mass[-1], mass, s.V)
    resting = draw.random(n) < s.rate / 1000 * neuron.t_ref
    refractory = np.where(resting, draw.random(n) * neuron.t_ref, 0.0)
    return spiking.start(
        _engine_neuron(neuron),
        V,
        refractory,
        dt=point["dt"],
        dtype=np.dtype(point["dtype"]).type,
        seed=_stream(point, "noise"),
    )


def _run(
    point: dict[str, Any], state: spiking.State, start: float, bins: int, width: float, recorded: tuple[str, ...]
) -> Run:
    neuron, drive, dt = point["neuron"], point["drive"], point["dt"]
    per_bin = round(width / dt)
    offset = round(start / dt) if abs(start / dt - round(start / dt)) < 1e-6 else start / dt
    edges = (offset + np.arange(bins * per_bin + 1)) * dt
    s = signals(drive, neuron.tau_m, edges)
    mu, sigma, g, gE = (np.ascontiguousarray(x[:, 0]) for x in s[:4])
    inputs = spiking.Inputs(mu, sigma, g, gE, s.kick)
    histogram = _histogram(neuron, drive) if "p" in recorded else None
    options: dict[str, Any] = {"steps_per_bin": per_bin, "steps_per_snapshot": per_bin, "histogram": histogram}
    options["first_snapshot"] = (per_bin + 1) // 2
    engine = _engine_neuron(neuron)
    result = spiking.simulate_population(engine, inputs, state, **options)
    if "spikes" in recorded:
        room = max(int(result.count.sum()), 1)
        result = spiking.simulate_population(engine, inputs, state, **options, max_spikes=room)
    return Run(result, histogram)


def _histogram(neuron: Neuron, drive: Drive) -> tuple[float, float, int]:
    """(lowest edge, width, cells) of the histogram of V: cells of sd/10 down from V_top."""
    low, sd = lowest_potential(neuron, drive)
    cells = int(np.ceil((neuron.V_top - (low - 8 * sd)) / (sd / 10)))
    return neuron.V_top - cells * sd / 10, sd / 10, cells


def _label(
    points: Points,
    runs: list[Run],
    times: np.ndarray,
    width: float,
    start: float,
    recorded: tuple[str, ...],
    initial: Any,
) -> xr.Dataset:
    n = np.array([point["n"] for point in points], dtype=float)[:, None]
    count = np.stack([run.result.count for run in runs])
    spread = np.stack([run.result.count_sq for run in runs]) / n - (count / n) ** 2
    per_second = 1000 / width
    variables: dict[str, Any] = {
        "rate": (("time",), count / n * per_second),
        "rate_se": (("time",), np.sqrt(np.maximum(spread, 0.0) / np.maximum(n - 1, 1)) * per_second),
        "n_spikes": (("time",), count / n),
        "n_neurons": ((), n[:, 0].astype(np.int64)),
    }
    for name in MOMENTS:
        variables[name] = (("time",), np.stack([run.result.snapshots[name] for run in runs]))
    iqr = [run.result.snapshots["V_q75"] - run.result.snapshots["V_q25"] for run in runs]
    variables["V_iqr"] = (("time",), np.stack(iqr))
    blocks = {len(run.result.block_size) for run in runs}
    if len(blocks) == 1:
        by_block = [run.result.block_count / run.result.block_size[:, None] * per_second for run in runs]
        variables["rate_block"] = (("block", "time"), np.stack(by_block))
    coords: dict[str, Any] = {"time": (("time",), times)}
    if "p" in recorded:
        coords["V"], variables["p"] = _densities(runs, n[:, 0])
    variables |= continuation.save_spiking([run.result.state for run in runs])
    ds = points.dataset(
        variables, coords, verb="simulate", spec=spec_of(points) | {"t": width * len(times), "initial": initial},
        t_start=start, t_end=start + width * len(times), bin_ms=width, status="ok",
    )  # fmt: skip
    return ds.assign(_trains(runs, start, points.many)) if "spikes" in recorded else ds


def _densities(runs: list[Run], n: np.ndarray) -> tuple[Any, Any]:
    """Histograms of all points on one grid: the finest cells from the highest top to the lowest end."""
    cells = [run.histogram for run in runs if run.histogram is not None]
    h = min(width for _, width, _ in cells)
    top, low = max(start + width * k for start, width, k in cells), min(start for start, _, _ in cells)
    grid = top - h * np.arange(np.ceil((top - low) / h - 1e-9), -1, -1)
    p = []
    for run, (start, width, k), size in zip(runs, cells, n, strict=True):
        own = start + width * np.arange(k + 1)
        p.append(rebin(np.asarray(run.result.histogram) / (size * width), own, grid))
    return (("V",), (grid[1:] + grid[:-1]) / 2), (("time", "V"), np.stack(p))


def _trains(runs: list[Run], start: float, many: bool) -> dict[str, xr.Variable]:
    """Spike times and neurons of all points, one after another, with the point of each where there are several."""
    times = [np.asarray(run.result.spike_time) + start for run in runs]
    columns = {
        "spike_time": np.concatenate(times),
        "spike_neuron": np.concatenate([np.asarray(run.result.spike_neuron) for run in runs]),
    }
    if many:
        columns["spike_point"] = np.repeat(np.arange(len(runs)), [len(own) for own in times])
    return {name: xr.Variable("spike", values, label(name)) for name, values in columns.items()}


def _resume(initial: xr.Dataset, i: int, point: dict[str, Any], points: Points) -> spiking.State:
    return continuation.load_spiking(initial, i, len(points), _engine_neuron(point["neuron"]), point)
