"""The state plane of a chain: where packets (a, sigma_t) go, layer by layer, and what divides life from death."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.core.results import dataset
from synfer.population.chain import SynfireChain
from synfer.population.drive import Drive, PulsePacket
from synfer.population.drive import Gate as Timed
from synfer.population.packets.critical import critical_sizes
from synfer.population.packets.launch import (
    Engine,
    Gate,
    Points,
    Search,
    arrives,
    check_chain,
    check_one,
    launch,
    start,
)
from synfer.population.verbs.common import numbers, spec_of
from synfer.population.verbs.mesh import Mesh


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
    h: float | Mesh | None = None,
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
        t0: Centre of the packets [ms]; default 10 for each sigma_t, or 5 sigma_t where that is later. Timed gates
            count from the start of the run: they need a t0 where these differ.
        window, t, h, dt: As in `critical_packet`.

    Returns:
        Dataset of
        `a`, `sigma_t`, `t_packet`, `survived` (a_in, sigma_t_in, layer): the trajectory of every packet;
        `a_step` [spikes], `sigma_t_step` [ms] (a_in, sigma_t_in): what the first layer adds to it, the field of
        arrows (NaN spread where the packet dies in it);
        `a_attractor` [spikes], `sigma_t_attractor` [ms]: the last layer of the largest packet that survives, the
        sharpest of those, which is not held up at the separatrix on its way; and `a_attractor_range` over all that
        survive, which says whether they have met it there (a = 0 and NaN where none survives);
        `a_separatrix`, with its bracket `a_separatrix_low`, `a_separatrix_high` (sigma_t_in): the smallest packet
        that survives. Where none does up to 4 N, a_separatrix is inf above that bound; where all do, low is 0;
        of neurons with a slow variable also `mesh_error` (a_in, sigma_t_in), as `critical_packet`.

    Raises:
        ParameterError: no values on an axis, or values that do not increase; sequences for other arguments; a timed
            gate without t0 where the packets' centres differ.
        NumericalError: a chain whose densities did not stay finite.

    Accuracy:
        That of `critical_packet`, and its islands: sizes between two of the search's are not asked about.

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
    check_one("state_plane", chain=chain, gate=gate, disfacilitation=disfacilitation)
    check_chain(chain)
    sizes, spreads = _axis("a_in", a_in), _axis("sigma_t_in", sigma_t_in)
    engine, centres = Engine(window, t, h, dt), start(spreads.tolist(), t0)
    _check_moments(gate, centres)
    packets = [PulsePacket(a=a, sigma_t=s, t0=own) for a in sizes for s, own in zip(spreads, centres, strict=True)]
    points = Points(chain=chain, gate=gate, disfacilitation=disfacilitation, sigma_t_in=list(spreads))
    out = launch([points.points[0]] * len(packets), packets, engine)
    shape = (sizes.size, spreads.size)
    paths = {name: out[name].values.reshape(*shape, -1) for name in ("a", "sigma_t", "t_packet", "survived")}
    low, high = critical_sizes(points, Search(engine), centres, None, tolerance)
    low = np.maximum(low, 0.0)
    plane = ("a_in", "sigma_t_in")
    variables: dict[str, Any] = {name: ((*plane, "layer"), values) for name, values in paths.items()}
    if "mesh_error" in out:
        variables["mesh_error"] = (plane, out.mesh_error.max("layer").values.reshape(shape))
    variables["a_step"] = (plane, paths["a"][..., 0] - sizes[:, None])
    variables["sigma_t_step"] = (plane, paths["sigma_t"][..., 0] - spreads)
    variables |= {name: ((), value) for name, value in _attractor(out, packets).items()}
    separatrix = {"a_separatrix": (low + high) / 2, "a_separatrix_low": low, "a_separatrix_high": high}
    variables |= {name: (("sigma_t_in",), value) for name, value in separatrix.items()}
    return dataset(
        variables,
        {"a_in": (("a_in",), sizes), "sigma_t_in": (("sigma_t_in",), spreads), "layer": (("layer",), out.layer.values)},
        verb="state_plane",
        spec=spec_of(points, a_in=sizes, tolerance=tolerance, t0=centres, **engine._asdict()),
        warnings=points.warnings,
    )


def _attractor(out: xr.Dataset, packets: Sequence[PulsePacket]) -> dict[str, float]:
    """Where the largest packet that survives ends, the sharpest of those, and the range of all that do."""
    alive = [i for i, survives in enumerate(arrives(out)) if survives]
    if not alive:
        return {"a_attractor": 0.0, "sigma_t_attractor": np.nan, "a_attractor_range": 0.0}
    last = out.isel(layer=-1)
    largest = max(alive, key=lambda i: (packets[i].a, -packets[i].sigma_t))
    return {
        "a_attractor": float(last.a[largest]),
        "sigma_t_attractor": float(last.sigma_t[largest]),
        "a_attractor_range": float(np.ptp(last.a.values[alive])),
    }


def _check_moments(gate: Gate, centres: Sequence[float]) -> None:
    """A ParameterError where a timed gate would meet packets of different sigma_t at different moments."""
    parts = gate.parts if isinstance(gate, Drive) else (gate,)
    if len(set(centres)) > 1 and any(isinstance(part, Timed) and part.timed for part in parts):
        raise ParameterError(
            f"gate is timed, and packets of these sigma_t would be centred at {min(centres):g} to {max(centres):g} ms; "
            f"give one t0, for example t0={max(centres):g}"
        )


def _axis(name: str, values: Sequence[float]) -> np.ndarray:
    axis = numbers(name, values, "ms" if name == "sigma_t_in" else "spikes")
    if np.any(np.diff(axis) <= 0):
        raise ParameterError(f"{name} = {values} must hold increasing values")
    return axis
