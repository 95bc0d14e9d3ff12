"""The packets that come through thousands of chains, without their time courses."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from synfer.population import readout
from synfer.population.chain import Network, SynfireChain
from synfer.population.drive import Drive, Gate, PulsePacket
from synfer.population.verbs import mesh
from synfer.population.verbs.chains import batch
from synfer.population.verbs.chains.lanes import lower
from synfer.population.verbs.chains.points import ChainPoints, window_name
from synfer.population.verbs.common import check_choice, check_positive, spec_of
from synfer.population.verbs.outcome import FAILED, blank, settle_status
from synfer.population.verbs.slow_results import End, Resolved, lost, mesh_errors

AT_ONCE = 2**25
"""Lane steps whose fluxes are held in memory at once: 256 MB."""


DOUBLINGS = 4
"""How often a default duration is doubled for a volley that is not over."""


class Volley(NamedTuple):
    """The packets of one point, how long it ran, whether a layer was still firing at the end, what reached the ends of
    the columns of slow variables, and its populations with their meshes."""

    packet: readout.Packet
    steps: int
    running: bool
    status: int
    ends: list[End]
    populations: list[Resolved]


def propagate(
    chain: SynfireChain | Network | Sequence[SynfireChain | Network],
    packet: PulsePacket | Drive | Sequence[PulsePacket | Drive],
    *,
    t: float | None = None,
    gate: Gate | Drive | Sequence[Gate | Drive | None] | None = None,
    disfacilitation: bool | Sequence[bool] = False,
    window: Literal["evoked"] | float = "evoked",
    h: float | mesh.Mesh | Sequence[float | mesh.Mesh | None] | None = None,
    dt: float = 0.05,
    scheme: Literal["sdirk2", "backward-euler"] = "sdirk2",
    dtype: Literal["float64", "float32"] = "float64",
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """The packet in every layer of a chain: `evolve` without the time courses, for thousands of chains.

    Args:
        chain: SynfireChain or Network.
        packet: The volley that enters, without a synapse of its own; or a sum of volleys.
        t: Duration [ms], a multiple of dt. By default each point has its own: 10 ms for each layer after the packet,
            and the delays; doubled, up to 16 times that, until its volley is over.
        gate: Inhibition, Shunt, or a sum of them.
        disfacilitation: Whether silencing a layer takes its background from the next.
        window: Of the read-out: "evoked", or a length in ms, see `evolve`.
        h, dt, scheme, dtype: As for `evolve`.
        progress: Called with the fraction done.

    chain, packet, gate, disfacilitation and h may be sequences: they broadcast to a `point` dimension.

    Returns:
        Dataset with `a` [spikes], `sigma_t`, `t_packet` [ms], `survived` by (point, layer); by point `t_end` [ms], how
        long it ran, and `status`: 0, or for a chain whose packets are NaN 1, it did not stay finite, or 2, its slow
        variable did not stay in its columns. Where a point has a slow variable also `edge_mass` and `mesh_error` by
        layer, as `evolve`. Memory: 256 MB of fluxes at most.

    Raises:
        As `evolve`.

    Example:
        >>> import synfer as sf
        >>> lif, rest = sf.LIF.diesmann1999(), sf.Noise(mu=-61.78725, sigma=2.8516575)
        >>> chain = sf.SynfireChain(lif, noise=rest, layers=3, width=100, weight=0.15795, tau_s=0.325)
        >>> out = sf.propagate(chain, [sf.PulsePacket(a=a, sigma_t=1, t0=10) for a in (30, 60)])
        >>> [bool(survived) for survived in out.survived[:, -1]]
        [False, True]
    """
    points = ChainPoints(chain=chain, packet=packet, gate=gate, disfacilitation=disfacilitation, h=h)
    check_choice("scheme", scheme, ("sdirk2", "backward-euler"))
    check_choice("dtype", dtype, ("float64", "float32"))
    dt = check_positive("dt", dt, "ms")
    points.check(dt, dtype)
    steps = points.steps(t, dt)
    volleys: list[Volley | None] = [None] * len(points)
    for doublings in range(1 if t is not None else DOUBLINGS + 1):
        todo = [i for i, volley in enumerate(volleys) if volley is None or volley.running]
        if not todo:
            break
        options = {"dt": dt, "scheme": scheme, "dtype": dtype}
        told = None if progress is None or doublings else progress
        for i, volley in _read(points, todo, [steps[i] << doublings for i in todo], window, options, told):
            volleys[i] = volley
    read = [volley for volley in volleys if volley is not None]
    points.warn_of_running([volley.running for volley in read], max(volley.steps for volley in read) * dt)
    why = lost(points, [volley.ends for volley in read])
    status, said = settle_status(points, np.array([volley.status for volley in read]), why)
    variables: dict[str, Any] = {
        name: (("layer",), np.array([getattr(volley.packet, name) for volley in read]))
        for name in read[0].packet._fields
    }
    if any(volley.ends for volley in read):
        layers = len(points.names)
        mass = [[mass for _, mass in volley.ends[:layers]] or [0.0] * layers for volley in read]
        variables["edge_mass"] = (("layer",), np.array(mass))
        variables["mesh_error"] = (("layer",), np.stack([mesh_errors(volley.populations) for volley in read]))
    variables["t_end"] = ((), np.array([volley.steps * dt for volley in read]))
    blank(variables, status == FAILED)
    variables["status"] = ((), status)
    arguments = spec_of(points, t=t, dt=dt, window=window, scheme=scheme, dtype=dtype)
    return points.dataset(
        variables, {}, verb="propagate", spec=arguments, window=window_name(window),
        **said,
    )  # fmt: skip


def _read(
    points: ChainPoints,
    chosen: list[int],
    steps: list[int],
    window: Any,
    options: dict[str, Any],
    progress: Callable[[float], None] | None,
) -> Iterator[tuple[int, Volley]]:
    """The packets of some points that run for so many steps each, as many at once as memory allows."""
    dt, done = options["dt"], 0
    most = max(1, AT_ONCE // (2 * max(steps) * len(points.names)))
    own_steps = dict(zip(chosen, steps, strict=True))
    for part in _parts(points, chosen, most):
        own = [own_steps[i] for i in part]
        lowered = [lower(points.cases[i], points.points[i]["h"], points) for i in part]

        def told(fraction: float, done: int = done, count: int = len(part)) -> None:
            if progress is not None:
                progress((done + fraction * count) / len(chosen))

        ran = batch.run(lowered, steps=max(own), progress=told, **options)
        done += len(part)
        for case, i in enumerate(part):
            packet = batch.packets(ran, case, points.widths(i), dt, window, own[case])
            failed = bool(ran.records.status[ran.own(case)].any())
            if failed:
                nothing = np.full(len(points.names), np.nan)
                packet = readout.Packet(nothing, nothing, nothing, np.zeros(len(points.names), bool))
            running = bool(batch.running(ran, case, dt, own[case]).any())
            ends, populations = batch.ends(ran, case), batch.resolved(ran, case)
            yield i, Volley(packet, own[case], running, int(failed), ends, populations)


def _parts(points: ChainPoints, chosen: list[int], most: int) -> Iterator[list[int]]:
    """The points of every engine call: those without slow variables `most` at once, the others one by one.

    The engine advances densities over V and w network by network, so that nothing is gained by more, but memory lost.
    """
    slow = {i: any(own.neuron.slow is not None for own in points.cases[i].network.populations) for i in chosen}
    flat = [i for i in chosen if not slow[i]]
    for first in range(0, len(flat), most):
        yield flat[first : first + most]
    for i in chosen:
        if slow[i]:
            yield [i]
