"""A population's density in time."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.population import density
from synfer.population.chain import Network, SynfireChain
from synfer.population.drive import Drive, Gate, Part
from synfer.population.neurons import Neuron
from synfer.population.signals import at_rest, signals
from synfer.population.verbs import continuation, densities, mesh
from synfer.population.verbs.chains.evolve import evolve_chain
from synfer.population.verbs.chains.points import are_chains, refuse_on_chains, refuse_on_populations
from synfer.population.verbs.common import (
    Points,
    Window,
    check_choice,
    check_cut,
    check_kicks,
    check_memory,
    check_positive,
    check_precision,
    check_record,
    check_step,
    check_volleys,
    first_step,
    spec_of,
    steps_in,
)
from synfer.population.verbs.outcome import FAILED, blank, settle_status
from synfer.population.verbs.resting import settled
from synfer.population.verbs.slow_results import lost, mesh_errors, slow_moments

MOMENTS = ("V_mean", "V_sd", "V_iqr")
Chain = SynfireChain | Network
Many = Sequence  # one value, or one for each point


def evolve(
    neuron: Neuron | Chain | Many[Neuron | Chain],
    drive: Drive | Part | Many[Drive | Part | None] | None,
    *,
    t: float,
    gate: Gate | Drive | Many[Gate | Drive | None] | None = None,
    disfacilitation: bool | Many[bool] = False,
    window: Literal["evoked"] | float = "evoked",
    h: float | mesh.Mesh | Many[float | mesh.Mesh | None] | None = None,
    dt: float | Many[float] = 0.05,
    every: float | None = None,
    record: str | Sequence[str] = (),
    initial: xr.Dataset | None = None,
    scheme: Literal["sdirk2", "backward-euler"] = "sdirk2",
    dtype: Literal["float64", "float32"] = "float64",
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """The membrane-potential density of a population or a chain of them, evolved by its Fokker-Planck equation.

        dp/dt = -dJ/dV + r(t - t_ref) delta(V - V_reset),  J = f p - D dp/dV,  p(V_top) = 0,  r = J(V_top)

    with f = [mu(t) + I(t) - V + psi(V) - g(t)(V - E_rev)]/tau_m and D = sigma^2/tau_m. Finite volumes with
    Scharfetter-Gummel fluxes; SDIRK2 in time, with a step redone by backward Euler where the density would
    turn negative. A run starts from the stationary state of its sustained parts.

    A neuron with a slow variable w has a density over (V, w), in columns of w: -w joins tau_m f, the right side loses
    d[(target(V) - w) p]/dw over the slow time constant, and a spike at w re-enters at (V_reset, w + jump).

    In a chain, layer l receives I_l = tau_m A k * (r_{l-1} - quiet), quiet being the rate of that layer's twin, which
    meets the same gate and no packet; with `disfacilitation`, quiet is the ungated stationary rate.

    Args:
        neuron: The neuron; or a SynfireChain or Network.
        drive: A Noise (a Current, for neurons without a leak), alone or with volleys, gates and series; for a chain the
            PulsePacket that enters (a sum of them, or None).
        t: Duration [ms], a multiple of dt.
        gate: Of a chain: Inhibition, Shunt or a sum of them, on all layers, on some, or travelling by its lag.
        disfacilitation: Of a chain: whether silencing a layer takes its background from the next.
        window: Of a chain's read-out: "evoked", around the peak while the evoked rate exceeds 2 % of it; or a length
            [ms], the window with the largest count, less the twin's count.
        h: Cell width [mV]; default min(0.1, sd/20), sd that of the free membrane; with a slow variable
            min(0.125, sd/16), and without a leak what makes 600 cells, but between min(0.25, sd/8) and sd/5. Or a Mesh,
            which also has the width dw and the w_range of the columns, by default about 112 where the parameters put w.
        dt: Step [ms].
        every: Distance of the recorded nodes [ms], a multiple of dt; default dt.
        record: "p" to record the density at every node; with a slow variable also "p_w" and "p_Vw".
        initial: A result of `evolve` with the same points, to continue from; time goes on where it ended. On another
            mesh, if h asks for one, the density is moved there with its probability; columns that h does not name
            stay those of `initial`.
        scheme: "sdirk2" (second order) or "backward-euler" (first order, never negative).
        dtype: Arithmetic of the density; "float32" is about half the time (not with a slow variable).
        progress: Called with the fraction done.

    neuron, drive, h and dt (of a chain: gate and disfacilitation too, but not dt) may be sequences: they broadcast to a
    `point` dimension.

    Returns:
        Dataset with `rate` [Hz], `V_mean`, `V_sd`, `V_iqr` [mV] and, on request, `p` (time, V) [1/mV] at the nodes
        `time` [ms]; `n_spikes` per neuron since the node before; `status` (0 ok, 1 not finite, 2 failed);
        `fallbacks`, steps redone by backward Euler; `state_*` to continue from. At the node after a kick the rate
        counts the kick's spikes over the step.
        p integrates to 1 minus the refractory mass; moments are over non-refractory neurons.
        With a slow variable also `w_mean`, `w_sd` [mV]; `edge_mass`, the largest probability ever in an outermost
        column; `mesh_error`, an estimate of the relative error of the stationary rate; on request `p_w` (time, w)
        [1/mV] and `p_Vw` (time, V, w) [1/mV^2].
        In a network with delta synapses, the rate at a node is the mean over the step before.
        For a chain all of these by `layer`, without `state_*`; further `quiet_rate` [Hz] of the twin and the volley by
        layer: `a` [spikes], `sigma_t`, `t_packet` [ms] (sd and mean of its spike times), `survived` (a >= N/2).

    Raises:
        ParameterError: times that do not fit the step, a volley without weight, an initial state that does not fit.
        MeshError: a mesh that cannot resolve the density, too many cells, or columns that did not hold the slow
            variable: more than 1e-3 in an outermost one (more than 1e-6 is a SynferWarning).
        NumericalError: no point stayed finite.
        Where only some points left the numbers, or their columns, these are NaN, and `status` and a SynferWarning say
        so: from there on with status 1, throughout with status 2.

    Accuracy: stationary rate about 0.4 (h/sigma)^2 relative while abs(f) h/D <= 2, falling to first order beyond. In
        time second order; peak of the reference transient within 3e-4 at dt 0.05.

    References:
        Scharfetter & Gummel, IEEE Trans. Electron Devices 16:64 (1969); Alexander, SIAM J. Numer. Anal. 14:1006 (1977).

    Example:
        >>> import synfer as sf
        >>> volley = sf.PulsePacket(a=45, sigma_t=1.0, t0=10, weight=0.15795, tau_s=0.325)
        >>> d = sf.evolve(sf.LIF.diesmann1999(), sf.Noise(mu=-61.8, sigma=2.85) + volley, t=30)
        >>> round(float(d.time[d.rate.argmax("time")]), 1)
        11.2
    """
    if are_chains(neuron):
        refuse_on_chains(initial=initial)
        return evolve_chain(
            neuron, drive, t=t, gate=gate, disfacilitation=disfacilitation, window=window, h=h, dt=dt, every=every,
            record=record, scheme=scheme, dtype=dtype, progress=progress,
        )  # fmt: skip
    own_window = None if window == "evoked" else window
    refuse_on_populations(gate=gate, disfacilitation=disfacilitation or None, window=own_window)
    points = Points(neuron=neuron, drive=drive, h=h, dt=dt, scheme=scheme, dtype=dtype)
    check_cut(points)
    recorded = check_record(record, densities.RECORDED)
    for point in points:
        check_choice("scheme", point["scheme"], ("sdirk2", "backward-euler"))
        check_choice("dtype", point["dtype"], ("float64", "float32"))
        point["dt"] = check_positive("dt", point["dt"], "ms")
        check_precision(point["dtype"], point["neuron"])
        point["mesh"] = mesh.choose(point, points)
    densities.check_slow(recorded, all(point["mesh"].columns for point in points))
    frame = _window(points, t, every, initial)
    cells = densities.size_of([mesh.lanes(points.points)], recorded)
    check_memory("the record", len(points) * frame.count * (8 + cells), "raise every")
    check_kicks(points)
    check_step(points)
    check_volleys(points)
    start = None if initial is None else continuation.load(initial, points)
    runs = [_run(points, members, frame, start, recorded, progress) for members in _groups(points)]
    spacing = frame.spacing
    arguments = spec_of(points, t=spacing * (frame.count - 1), every=spacing, record=list(recorded), initial=initial)
    return _label(points, runs, frame, recorded, arguments)


def _window(points: Points, t: Any, every: Any, initial: xr.Dataset | None) -> Window:
    t = check_positive("t", t, "ms")
    steps = {point["dt"] for point in points}
    if every is None and len(steps) > 1:
        raise ParameterError("points with different dt need a common every=, the distance of the recorded nodes [ms]")
    spacing = check_positive("every", min(steps) if every is None else every, "ms")
    for dt in steps:
        steps_in("t", t, dt)
        steps_in("every", spacing, dt)
    start = 0.0 if initial is None else continuation.end_of(initial, "evolve")
    return Window(start, spacing, steps_in("t", t, spacing, "every") + 1)


class Run(NamedTuple):
    """The points of one engine call and what came of them."""

    members: list[int]
    lanes: density.Lanes
    records: density.Records


def _groups(points: Points) -> list[list[int]]:
    """Points that one engine call can advance: equal dt, scheme and dtype, all with a slow variable or none."""
    groups: dict[tuple, list[int]] = {}
    for i, point in enumerate(points):
        key = (point["dt"], point["scheme"], point["dtype"], point["mesh"].columns is None)
        groups.setdefault(key, []).append(i)
    return list(groups.values())


def _run(
    points: Points,
    members: list[int],
    frame: Window,
    start: "continuation.Start | None",
    recorded: tuple[str, ...],
    progress: Callable[[float], None] | None,
) -> Run:
    chosen = [points.points[i] for i in members]
    dt, scheme, dtype = (chosen[0][name] for name in ("dt", "scheme", "dtype"))
    lanes = mesh.lanes(chosen)
    if start is None:
        rest = np.array([at_rest(point["drive"]) for point in chosen]).T
        initial = settled(chosen, rest)
    else:
        initial = start.state(members, lanes, dt)
    steps = round(frame.spacing / dt) * (frame.count - 1)
    done = None if progress is None else (lambda n: progress(n / steps))
    inputs = _inputs(chosen, frame.start, dt, density.GAMMA if scheme == "sdirk2" else None)
    records = density.evolve(
        lanes, inputs, steps=steps, dt=dt, initial=initial, scheme=scheme, dtype=np.dtype(dtype),
        every=round(frame.spacing / dt), record_p="p" in recorded, record_w="p_w" in recorded,
        record_joint="p_Vw" in recorded, progress=done,
    )  # fmt: skip
    return Run(members, lanes, records)


def _inputs(chosen: list[dict[str, Any]], start: float, dt: float, gamma: float | None) -> Callable[[int, int], Any]:
    """The drives of some points as the engine asks for them; a drive that several share is computed once."""
    offset = first_step(start, dt)
    unique = {(id(point["drive"]), point["neuron"].tau_m): point["drive"] for point in chosen}
    column = {key: i for i, key in enumerate(unique)}
    index = np.array([column[id(point["drive"]), point["neuron"].tau_m] for point in chosen])

    def inputs(first: int, steps: int) -> list[Any]:
        edges = (offset + first + np.arange(steps + 1)) * dt
        each = [signals(drive, tau_m, edges, gamma) for (_, tau_m), drive in unique.items()]
        mu, sigma, g, gE, kick = (np.stack([s[k] for s in each], axis=-1)[..., index] for k in range(5))
        return [mu, sigma, g, gE, kick if kick.any() else None]

    return inputs


def _label(
    points: Points, runs: list[Run], frame: Window, recorded: tuple[str, ...], arguments: dict[str, Any]
) -> xr.Dataset:
    size, nodes = len(points), frame.count
    times = frame.start + frame.spacing * np.arange(nodes)
    table = {name: np.empty((size, nodes)) for name in ("rate", "n_spikes", *MOMENTS)}
    status, fallbacks = np.zeros(size, np.int8), np.zeros(size, np.int64)
    for members, _, records in runs:
        table["rate"][members] = 1000 * records.rate
        table["n_spikes"][members] = records.spikes
        for name in MOMENTS:
            table[name][members] = getattr(records, name)
        status[members], fallbacks[members] = records.status, records.fallbacks
    places = {
        member: densities.One(run.lanes, run.records, lane) for run in runs for lane, member in enumerate(run.members)
    }
    each = [places[i] for i in range(size)]
    slow = slow_moments(each, ("time",), (size, nodes))
    why = [""] * size
    if slow:
        slow["mesh_error"] = (), mesh_errors([(point["neuron"], point["drive"], point["mesh"]) for point in points])
        why = lost(points, [[(point["mesh"], mass)] for point, mass in zip(points, slow["edge_mass"][1], strict=True)])
    status, said = settle_status(points, status, why)
    variables: dict[str, Any] = {name: (("time",), values) for name, values in table.items()} | slow
    variables["status"], variables["fallbacks"] = ((), status), ((), fallbacks)
    coords: dict[str, Any] = {"time": (("time",), times)}
    if recorded:
        kept, axes = densities.on_one_grid(each, recorded)
        variables, coords = variables | kept, coords | axes
    blank(variables, status == FAILED)
    saved = continuation.save(runs, points)
    saved["state_p"][1][status == FAILED] = np.nan
    return points.dataset(
        variables | saved, coords, verb="evolve", spec=arguments, t_start=frame.start, t_end=float(times[-1]),
        **said,
    )  # fmt: skip
