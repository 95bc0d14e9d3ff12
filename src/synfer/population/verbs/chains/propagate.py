"""The packets that come through thousands of chains, without their time courses."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import xarray as xr

from synfer.population.chain import Network, SynfireChain
from synfer.population.drive import Drive, Gate, PulsePacket
from synfer.population.verbs.chains import batch
from synfer.population.verbs.chains.lanes import lower
from synfer.population.verbs.chains.points import ChainPoints
from synfer.population.verbs.common import check_choice, check_positive, spec_of

AT_ONCE = 2**25
"""Lane steps whose fluxes are held in memory at once: 256 MB."""


def propagate(
    chain: SynfireChain | Network | Sequence[SynfireChain | Network],
    packet: PulsePacket | Drive | Sequence[PulsePacket | Drive],
    *,
    t: float | None = None,
    gate: Gate | Drive | Sequence[Gate | Drive | None] | None = None,
    disfacilitation: bool | Sequence[bool] = False,
    window: Literal["evoked"] | float = "evoked",
    h: float | Sequence[float | None] | None = None,
    dt: float = 0.05,
    scheme: Literal["sdirk2", "backward-euler"] = "sdirk2",
    dtype: Literal["float64", "float32"] = "float64",
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """The packet in every layer of a chain: `evolve` without the time courses, for thousands of chains.

    Args:
        chain: SynfireChain or Network.
        packet: The volley that enters, without a synapse of its own; or a sum of volleys.
        t: Duration [ms], a multiple of dt; default 10 ms for each layer after the packet, and the delays, of each
            point by itself.
        gate: Inhibition, Shunt, or a sum of them.
        disfacilitation: Whether silencing a layer takes its background from the next.
        window: Of the read-out: "evoked", or a length in ms, see `evolve`.
        h, dt, scheme, dtype: As for `evolve`.
        progress: Called with the fraction done.

    chain, packet, gate, disfacilitation and h may be sequences: they broadcast to a `point` dimension.

    Returns:
        Dataset with `a` [spikes], `sigma_t`, `t_packet` [ms], `survived` by (point, layer), and `status` by point: 0,
        or 1 for a chain that did not stay finite, whose packets are NaN. Memory: 256 MB of fluxes at most.

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
    own = points.steps(t, dt)
    steps = max(own)
    points.check(dt)
    fields: dict[str, list[np.ndarray]] = {name: [] for name in ("a", "sigma_t", "t_packet", "survived")}
    status: list[int] = []
    most = max(1, AT_ONCE // (2 * steps * len(points.names)))
    for first in range(0, len(points), most):
        chosen = range(first, min(first + most, len(points)))
        lowered = [lower(points.cases[i], points.points[i]["h"], points) for i in chosen]

        def part(fraction: float, first: int = first, count: int = len(chosen)) -> None:
            if progress is not None:
                progress((first + fraction * count) / len(points))

        ran = batch.run(lowered, steps=steps, dt=dt, scheme=scheme, dtype=dtype, progress=part)
        for i in chosen:
            volley = batch.packets(ran, i - first, points.widths(i), dt, window, own[i])
            for name, values in fields.items():
                values.append(getattr(volley, name))
            status.append(int(ran.records.status[ran.own(i - first)].any()))
    variables: dict[str, Any] = {name: (("layer",), np.array(values)) for name, values in fields.items()}
    variables["status"] = ((), np.array(status, np.int8))
    if any(status):
        points.warn(f"{sum(status)} of {len(points)} points did not stay finite; see status")
    arguments = spec_of(points, t=steps * dt, dt=dt, window=window, scheme=scheme, dtype=dtype)
    return points.dataset(
        variables, {}, verb="propagate", spec=arguments, t_end=steps * dt, window=str(window),
        status="some points failed" if any(status) else "ok",
    )  # fmt: skip
