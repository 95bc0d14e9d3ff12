"""What becomes of a volley as a gate is turned up."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.population.chain import SynfireChain
from synfer.population.drive import PulsePacket
from synfer.population.gating.strength import SUSTAINED, Template, strength_of, turned
from synfer.population.packets.launch import Engine, Points, launch
from synfer.population.verbs.common import spec_of
from synfer.population.verbs.mesh import Mesh

Many = Sequence


def gating_curve(
    chain: SynfireChain | Many[SynfireChain],
    *,
    depth: float | Many[float],
    packet: PulsePacket | Many[PulsePacket],
    gate: Template | Many[Template] = SUSTAINED,
    disfacilitation: bool | Many[bool] = False,
    window: str | float = "evoked",
    t: float | None = None,
    h: float | Mesh | None = None,
    dt: float = 0.05,
) -> xr.Dataset:
    """The volley behind every layer against the depth of a gate.

    Args:
        chain: The chain.
        depth: Depths of the gate [mV]; of a shunt, its conductances g [leaks]. >= 0.
        packet: The volley.
        gate: What is turned: an Inhibition or a Shunt, sustained or timed, with a lag or on some layers, or a sum of
            one kind (`gate_windows`); its own depth or g does not matter. Default: sustained, on all layers.
        disfacilitation: Whether layers that the gate silences leave the next ones without their drive.
        window, t, h, dt: As for `propagate`.

    chain, packet, gate and disfacilitation may be sequences: they broadcast to a `point` dimension.

    Returns:
        Dataset of `a` [spikes], `sigma_t` [ms], `t_packet` [ms] and `survived` by ([point,] depth, layer), and
        `mesh_error` of neurons with a slow variable; the dimension is `g` where a shunt is turned.

    Raises:
        ParameterError: negative depths, a mixed gate, or currents and shunts among the points.
        NumericalError: a chain whose densities did not stay finite.

    Example:
        >>> import synfer as sf
        >>> chain = sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-61.79, 2.85), weight=0.158, tau_s=0.325, layers=3)
        >>> curve = sf.gating_curve(chain, depth=[0, 4], packet=sf.PulsePacket(a=90, sigma_t=1, t0=10), h=0.2, dt=0.1)
        >>> curve.survived.sel(layer=3).values.tolist()
        [True, False]
    """
    points = Points(chain=chain, packet=packet, gate=gate, disfacilitation=disfacilitation)
    name = one_strength(points)
    values = np.atleast_1d(np.asarray(depth, dtype=float))
    if values.ndim != 1 or values.size == 0 or not np.all(values >= 0):
        raise ParameterError(f"depth = {depth} must hold numbers >= 0, at least one")
    spread = [point | {"gate": turned(point["gate"], value)} for point in points for value in values]
    out = launch(spread, [point["packet"] for point in spread], Engine(window, t, h, dt))
    names = [own for own in ("a", "sigma_t", "t_packet", "survived", "mesh_error") if own in out]
    shape = (len(points), values.size, -1)
    for text in out.attrs["warnings"]:
        points.warnings.append(text)
    return points.dataset(
        {variable: ((name, "layer"), out[variable].values.reshape(shape)) for variable in names},
        {name: ((name,), values), "layer": (("layer",), out.layer.values)},
        verb="gating_curve",
        spec=spec_of(points, depth=values, window=window, t=t, h=h, dt=dt),
        window=str(window),
    )


def one_strength(points: Points) -> str:
    """The name of what is turned, "depth" or "g", the same at all points; their own strengths are set to 0."""
    names = {strength_of(gate) for gate in points.column("gate")}
    for point in points:
        point["gate"] = turned(point["gate"], 0.0)
    if len(names) > 1:
        raise ParameterError("gate holds currents and shunts, whose strengths have different units; study them apart")
    return names.pop()
