"""A population as spiking neurons."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.core.results import spec
from synfer.core.seeds import check_seed, seed_sequence
from synfer.population import spiking
from synfer.population.chain import Network, SynfireChain
from synfer.population.drive import Drive, Gate, Part
from synfer.population.neurons import Neuron
from synfer.population.signals import at_rest, lowest_potential, signals
from synfer.population.verbs import columns, continuation, mesh, spikes
from synfer.population.verbs.chains.points import are_chains, refuse_on_chains, refuse_on_populations
from synfer.population.verbs.chains.simulate import simulate_chain
from synfer.population.verbs.common import (
    Points,
    Window,
    check_choice,
    check_cut,
    check_kicks,
    check_memory,
    check_noise_of_step,
    check_positive,
    check_record,
    check_step,
    first_step,
    spec_of,
    steps_in,
)
from synfer.population.verbs.densities import check_slow
from synfer.population.verbs.draws import UNIFORMS, resting_mesh, stationary_of

Chain = SynfireChain | Network
BIN = 0.5
"""Width that default bins come near to [ms]."""
MOST_TRIED = 100_000
"""Default bins longer than this many steps are left to the user."""
BLOCKS = 32
"""Blocks of neurons whose rates are kept apart, fewer for populations of fewer tiles."""


def simulate(
    neuron: Neuron | Chain | Sequence[Neuron | Chain],
    drive: Drive | Part | Sequence[Drive | Part | None] | None,
    *,
    t: float,
    n: int | Sequence[int] | None = None,
    gate: Gate | Drive | Sequence[Gate | Drive | None] | None = None,
    disfacilitation: bool | Sequence[bool] = False,
    window: Literal["evoked"] | float = 3.0,
    trials: int | None = None,
    connections: Literal["shared", "individual"] | None = None,
    dt: float | Sequence[float] = 0.02,
    every: float | None = None,
    record: str | Sequence[str] = (),
    initial: xr.Dataset | None = None,
    dtype: Literal["float64", "float32"] = "float64",
    progress: Callable[[float], None] | None = None,
    seed: int | Sequence[int] | None = None,
) -> xr.Dataset:
    """n independent spiking neurons under the same drive, or a chain of finite populations: `evolve` by Monte Carlo.

        tau_m dV/dt = mu + I(t) - V + psi(V) - w - g(t)(V - E_rev) + sigma sqrt(2 tau_m) xi(t)

    Each step is an exact Ornstein-Uhlenbeck step and the exact flow of the sodium current, or of the parabola of a
    neuron without a leak; crossings of a hard threshold within a step are drawn from the Brownian bridge. A slow
    variable w is relaxed in half steps around that. A run starts from the stationary density of its sustained parts,
    exact (threshold integration), or with a slow variable that of `stationary`.

    In a chain every spike of a layer reaches the next, and what the layer's quiet twin is expected to send is
    subtracted; the volley that enters layer 1 is its expected current.

    Args:
        neuron: Any neuron, such as a LIF, EIF, AdaptiveEIF or Izhikevich; or a SynfireChain or Network, whose
            populations have a width of their own.
        drive: A Noise (of neurons without a leak a Current), alone or with volleys, gates and series; for a chain the
            PulsePacket that enters (a sum of them, or None).
        t: Duration [ms], a multiple of dt.
        n: Number of neurons of a population; default 10,000.
        gate, disfacilitation: Of a chain: see `evolve`.
        window: Of a chain's read-out: a length [ms] or "evoked", see `evolve`; counts of few spikes need a length.
        trials: Of a chain: independent repetitions; default 1.
        connections: Of a chain: "shared", all neurons of a layer receive the same current, `probability` of all spikes
            (the default); or "individual", each pair is connected with that probability, anew in every trial.
        dt: Step [ms].
        every: Width of the bins [ms], a multiple of dt that divides t; default within a factor of two of 0.5 ms.
        record: "p" and "p_w" for histograms of V and of the slow variable (not of a chain), "spikes" for spike trains.
        initial: A result of `simulate` with the same points, to continue from.
        dtype: Arithmetic of the membrane.
        progress: Called with the fraction done.
        seed: Integer in [0, 2^63), default 0. The random stream is a function of the seed and of the point's own
            arguments, so a point gives the same bytes alone and among others; vary the seed to repeat a point.
            With `initial`, the default goes on with the stream of the first run, and a seed starts a new one.

    neuron, drive, n, dt and seed (of a chain: gate and disfacilitation too, but not dt) may be sequences: they
    broadcast to a `point` dimension.

    Returns:
        Dataset with `rate` [Hz] as mean over each bin, `time` [ms] at bin centres, and `V_mean`, `V_sd`, `V_iqr` [mV]
        of the non-refractory neurons at the step nearest to the centre, each with its standard error `*_se`;
        `V_time` [ms] is that step: the centre itself where a bin is an even number of steps. Further
        `w_mean`, `w_sd` [mV] of a slow variable likewise, with `*_se`,
        `n_free` neurons that are not refractory (moments are NaN where there is none), `rate_block` (block, time) [Hz]
        by blocks of neurons, `n_spikes` per neuron and bin, `status` (0 ok, 1 not finite); on request `p` (time, V),
        `p_w` (time, w) [1/mV] and `spike_time`, `spike_neuron` (spike). `state_*` to continue from.
        For a chain: `rate` (layer, time), mean over trials, with `rate_se` from their scatter, `rate_trial`,
        `quiet_rate`, and of each volley `a`, `sigma_t`, `t_packet`, `survived` (trial, layer); `status` (trial); spike
        trains also have `spike_trial` and `spike_layer`.

    Raises:
        ParameterError: as `evolve`.
        NumericalError: no point stayed finite.

    The error of V_iqr presumes a density at the quartiles; it is too small where one falls into a gap, as just after a
    strong volley.

    Accuracy: LIF rate within 0.03 % at dt 0.1; EIF rate within 0.1 % and sd(V) within 0.05 % at dt 0.1, while the
        noise of a step, sigma sqrt(2 dt/tau_m), stays below Delta_T (a SynferWarning says where it does not).
        With a slow variable, at dt 0.02: rates and all moments within their standard errors of 100,000 neurons over
        half a second, 0.1 %, of those at dt 0.01 and of the density as its mesh is refined.

    Example:
        >>> import synfer as sf
        >>> m = sf.simulate(sf.EIF.fourcaud2003(), sf.Noise(mu=-65, sigma=3), t=20, n=1000, seed=1)
        >>> m.rate.dims
        ('time',)
    """
    if are_chains(neuron):
        refuse_on_chains(initial=initial, n=n)
        return simulate_chain(
            neuron, drive, t=t, gate=gate, disfacilitation=disfacilitation, window=window, dt=dt, every=every,
            trials=1 if trials is None else trials, connections=connections or "shared", record=record, dtype=dtype,
            progress=progress, seed=seed,
        )  # fmt: skip
    own_window = None if window == 3.0 else window
    refuse_on_populations(gate=gate, disfacilitation=disfacilitation or None, window=own_window)
    refuse_on_populations(trials=trials, connections=connections)
    n = 10_000 if n is None else n
    points = Points(neuron=neuron, drive=drive, n=n, dt=dt, dtype=dtype, seed=seed)
    check_cut(points)
    recorded = check_record(record, ("p", "p_w", "spikes"))
    check_slow(tuple(name for name in recorded if name != "spikes"), any(p["neuron"].slow for p in points))
    t = check_positive("t", t, "ms")
    for point in points:
        check_choice("dtype", point["dtype"], ("float64", "float32"))
        point["dt"] = check_positive("dt", point["dt"], "ms")
        point["n"] = _check_n(point["n"])
        point["seed"] = None if point["seed"] is None else check_seed(point["seed"])
    check_noise_of_step(points)
    check_step(points)
    width = _bin_width(points, t, every)
    bins = steps_in("t", t, width, "every")
    check_memory("the drive", 16 * max(t / point["dt"] for point in points), "run shorter pieces with initial=")
    for point in points:
        counted = point["neuron"].slow is not None and {"p", "p_w"} & set(recorded)
        point["mesh"] = mesh.choose(point | {"h": None}, points) if counted else None
    histograms = [_histogram(point) if "p" in recorded else None for point in points]
    slow_histograms = [_slow_histogram(point) if "p_w" in recorded else None for point in points]
    cells = spikes.common_cells(histograms) + spikes.common_columns(slow_histograms)
    check_memory(
        "the result", len(points) * bins * (45 + cells) + 5 * sum(p["n"] for p in points), "raise every or lower n"
    )
    start = 0.0 if initial is None else continuation.end_of(initial, "simulate")
    check_kicks(points)
    states = [_start(point, points) for point in points] if initial is None else _resume(initial, points, start)
    blocks = min(BLOCKS, *(len(state.lanes.x) for state in states))
    runs = []
    grids = zip(histograms, slow_histograms, strict=True)
    for i, (point, state, own) in enumerate(zip(points, states, grids, strict=True)):
        runs.append(_run(point, state, Window(start, width, bins), own, "spikes" in recorded, blocks))
        if progress is not None:
            progress((i + 1) / len(points))
    arguments = spec_of(points, t=t, every=width, record=list(recorded), initial=initial)
    return spikes.label(points, runs, Window(start, width, bins), arguments)


def _check_n(n: Any) -> int:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 2:
        raise ParameterError(f"n = {n!r} must be a whole number of neurons >= 2; for example n = 10_000")
    check_memory(f"a population of {n:,} neurons", 10.0 * n, "lower n")
    return int(n)


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
    lowest, highest = max(1, int(np.ceil(BIN / 2 / dt))), min(total, int(2 * BIN / dt), MOST_TRIED)
    near = [k for k in range(lowest, highest + 1) if total % k == 0]
    if not near:
        raise ParameterError(
            f"no bin near {BIN} ms divides t = {t:g} ms in steps of {dt:g} ms; give every=, its width [ms]"
        )
    return dt * min(near, key=lambda k: abs(np.log(k * dt / BIN)))


def _stream(point: dict[str, Any], purpose: str) -> np.random.SeedSequence:
    """The point's own stream: a function of its seed and arguments."""
    own = spec({name: point[name] for name in ("neuron", "drive", "n", "dt")})
    return seed_sequence(point["seed"] or 0, "simulate", purpose, own)


def _start(point: dict[str, Any], points: Points) -> spiking.State:
    """Neurons drawn from the stationary state."""
    neuron, drive = point["neuron"], point["drive"]
    draw = np.random.Generator(np.random.PCG64(_stream(point, "initial")))
    rest = stationary_of(neuron, at_rest(drive), resting_mesh(neuron, drive, points))
    drawn = rest.draw(draw.random((UNIFORMS, point["n"])))
    noise, real = _stream(point, "noise"), np.dtype(point["dtype"]).type
    return spiking.start(spikes.engine_neuron(neuron), *drawn, dt=point["dt"], dtype=real, seed=noise)


def _resume(initial: xr.Dataset, points: Points, start: float) -> list[spiking.State]:
    """The saved states; a point with a seed of its own goes on with new random numbers."""
    states = continuation.load_spiking(initial, points, spikes.engine_neuron)
    for i, point in enumerate(points):
        if point["seed"] is not None:
            lanes = states[i].lanes
            words = spiking.random_words(_stream(point, f"noise from {start!r} ms"), len(lanes.x))
            states[i] = states[i]._replace(lanes=lanes._replace(words=words))
    return states


def _run(
    point: dict[str, Any],
    state: spiking.State,
    window: Window,
    histograms: tuple[spikes.Histogram | None, spikes.Histogram | None],
    trains: bool,
    blocks: int,
) -> spikes.Run:
    neuron, dt = point["neuron"], point["dt"]
    per_bin = round(window.spacing / dt)
    edges = (first_step(window.start, dt) + np.arange(window.count * per_bin + 1)) * dt
    s = signals(point["drive"], neuron.tau_m, edges)
    mu, sigma, g, gE = (np.ascontiguousarray(x[:, 0]) for x in s[:4])
    inputs, engine = spiking.Inputs(mu, sigma, g, gE, s.kick), spikes.engine_neuron(neuron)
    options: dict[str, Any] = {"steps_per_bin": per_bin, "steps_per_snapshot": per_bin, "blocks": blocks}
    options |= {"first_snapshot": (per_bin + 1) // 2, "histogram": histograms[0]}
    options |= {"slow_histogram": histograms[1] if state.is_slow else None}
    result = spiking.simulate_population(engine, inputs, state, **options)
    if trains:
        # The number of spikes, and so the room they need, is known after one run; the second repeats it exactly.
        room = max(int(result.count.sum()), 1)
        result = spiking.simulate_population(engine, inputs, state, **options, max_spikes=room)
    # A membrane that is NaN counts as refractory in the moments, so it is looked for itself.
    finite = all(np.isfinite(x).all() for x in (*inputs, result.state.V, result.state.w))
    return spikes.Run(result, *histograms, (per_bin + 1) // 2 * dt, finite)


def _histogram(point: dict[str, Any]) -> spikes.Histogram:
    """(lowest edge, width, cells) of the histogram of V: cells of sd/10 down from V_top."""
    neuron = point["neuron"]
    low, sd = lowest_potential(neuron, point["drive"])
    end = low - 8 * sd if point["mesh"] is None else point["mesh"].V_lb
    cells = int(np.ceil((neuron.V_top - end) / (sd / 10)))
    return neuron.V_top - cells * sd / 10, sd / 10, cells


def _slow_histogram(point: dict[str, Any]) -> spikes.Histogram:
    """The same of w: the columns of the density; of a neuron without a slow variable one around 0."""
    own = columns.ONE if point["mesh"] is None else point["mesh"].columns
    return own.low, own.dw, own.count
