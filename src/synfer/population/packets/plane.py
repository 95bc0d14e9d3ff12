"""The state plane of a chain: where packets (a, sigma_t) go, layer by layer, and what divides life from death."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.core.results import dataset
from synfer.population.chain import SynfireChain
from synfer.population.drive import PulsePacket
from synfer.population.packets.critical import critical_sizes
from synfer.population.packets.launch import Engine, Gate, Points, arrives, launch, start
from synfer.population.verbs.common import spec_of


def state_plane(
    chain: SynfireChain,
    *,
    a_in: Sequence[float],
    sigma_t_in: Sequence[float],
    gate: Gate = None,
    disfacilitation: bool = False,
    tolerance: float = 0.01,
    window: str | float = "evoked",
    t0: float | None = None,
    t: float | None = None,
    h: float | None = None,
    dt: float = 0.05,
) -> xr.Dataset:
    """Packets of every size and spread sent down one chain: trajectories, field, attractor and separatrix.

    Args:
        chain: The chain.
        a_in: Sizes of the packets [spikes].
        sigma_t_in: Their spreads [ms].
        gate: An Inhibition, a Shunt or a sum of them.
        disfacilitation: Whether layers that the gate silences leave the next ones without their drive.
        tolerance: Width of the bracket of the separatrix over its upper end.
        window, t0, t, h, dt: As in `critical_packet`.

    Returns:
        Dataset of
        `a`, `sigma_t`, `t_packet`, `survived` (a_in, sigma_t_in, layer): the trajectory of every packet;
        `a_step` [spikes], `sigma_t_step` [ms] (a_in, sigma_t_in): what the first layer adds to it, the field of
        arrows (NaN spread where the packet dies in it);
        `a_attractor` [spikes], `sigma_t_attractor` [ms]: median over the trajectories that survive, at the last layer,
        with their range `a_attractor_range`, which says whether all have met (a = 0 and NaN where none survives);
        `a_separatrix`, with its bracket `a_separatrix_low`, `a_separatrix_high` (sigma_t_in): the smallest packet
        that survives. Where none does up to 4 N, a_separatrix is inf above that bound; where all do, low is 0.

    Raises:
        ParameterError: no values on an axis, or values that do not increase.
        NumericalError: a chain whose densities did not stay finite.

    Accuracy: that of `critical_packet`.

    References:
        Diesmann, Gewaltig & Aertsen, Nature 402:529 (1999), fig. 4; Gewaltig, Diesmann & Aertsen, Neural Networks
        14:657 (2001).

    Example:
        >>> import synfer as sf
        >>> chain = sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-61.79, 2.85), weight=0.158, tau_s=0.325, layers=2)
        >>> plane = sf.state_plane(chain, a_in=[30, 90], sigma_t_in=[1.0], tolerance=0.1, h=0.2, dt=0.1)
        >>> plane.survived.sel(layer=2, sigma_t_in=1.0).values.tolist()
        [False, True]
    """
    sizes, spreads = _axis("a_in", a_in), _axis("sigma_t_in", sigma_t_in)
    engine, centre = Engine(window, t, h, dt), start(list(spreads), t0)
    packets = [PulsePacket(a=a, sigma_t=s, t0=centre) for a in sizes for s in spreads]
    points = Points(chain=chain, gate=gate, disfacilitation=disfacilitation, sigma_t_in=list(spreads))
    out = launch([points.points[0]] * len(packets), packets, engine)
    shape = (sizes.size, spreads.size)
    paths = {name: out[name].values.reshape(*shape, -1) for name in ("a", "sigma_t", "t_packet", "survived")}
    low, high = critical_sizes(points, engine, centre, None, tolerance)
    low = np.maximum(low, 0.0)
    plane = ("a_in", "sigma_t_in")
    variables: dict[str, Any] = {name: ((*plane, "layer"), values) for name, values in paths.items()}
    variables["a_step"] = (plane, paths["a"][..., 0] - sizes[:, None])
    variables["sigma_t_step"] = (plane, paths["sigma_t"][..., 0] - spreads)
    variables |= {name: ((), value) for name, value in _attractor(out).items()}
    separatrix = {"a_separatrix": (low + high) / 2, "a_separatrix_low": low, "a_separatrix_high": high}
    variables |= {name: (("sigma_t_in",), value) for name, value in separatrix.items()}
    return dataset(
        variables,
        {"a_in": (("a_in",), sizes), "sigma_t_in": (("sigma_t_in",), spreads), "layer": (("layer",), out.layer.values)},
        verb="state_plane",
        spec=spec_of(points, a_in=sizes, tolerance=tolerance, t0=centre, **engine._asdict()),
        warnings=points.warnings,
    )


def _attractor(out: xr.Dataset) -> dict[str, float]:
    alive = arrives(out)
    if not alive.any():
        return {"a_attractor": 0.0, "sigma_t_attractor": np.nan, "a_attractor_range": 0.0}
    last = out.isel(layer=-1)
    a, sigma_t = last.a.values[alive], last.sigma_t.values[alive]
    return {
        "a_attractor": float(np.median(a)),
        "sigma_t_attractor": float(np.median(sigma_t)),
        "a_attractor_range": float(np.ptp(a)),
    }


def _axis(name: str, values: Sequence[float]) -> np.ndarray:
    axis = np.atleast_1d(np.asarray(values, dtype=float))
    if axis.ndim != 1 or axis.size == 0 or np.any(np.diff(axis) <= 0):
        raise ParameterError(f"{name} = {values} must hold increasing values, at least one")
    return axis
