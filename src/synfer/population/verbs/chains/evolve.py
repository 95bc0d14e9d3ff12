"""Chains and networks as densities in time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.errors import NumericalError
from synfer.population.verbs import mesh
from synfer.population.verbs.chains import batch
from synfer.population.verbs.chains.lanes import lower
from synfer.population.verbs.chains.points import ChainPoints, window_name
from synfer.population.verbs.common import (
    check_choice,
    check_memory,
    check_positive,
    check_record,
    spec_of,
    steps_in,
)

MOMENTS = ("V_mean", "V_sd", "V_iqr")


def evolve_chain(
    chain: Any,
    packet: Any,
    *,
    t: float,
    gate: Any,
    disfacilitation: Any,
    window: Any,
    h: Any,
    dt: Any,
    every: float | None,
    record: Any,
    scheme: str,
    dtype: str,
    progress: Callable[[float], None] | None,
) -> xr.Dataset:
    """`evolve` for chains and networks."""
    points = ChainPoints(chain=chain, packet=packet, gate=gate, disfacilitation=disfacilitation, h=h)
    recorded = check_record(record, ("p",))
    check_choice("scheme", scheme, ("sdirk2", "backward-euler"))
    check_choice("dtype", dtype, ("float64", "float32"))
    dt = check_positive("dt", dt, "ms")
    steps = max(points.steps(t, dt))
    spacing = dt if every is None else check_positive("every", every, "ms")
    stride = steps_in("every", spacing, dt)
    nodes = steps_in("t", steps * dt, spacing, "every") + 1
    points.check(dt)
    lowered = [lower(case, point["h"], points) for case, point in zip(points.cases, points, strict=True)]
    size = sum(len(case.lanes) for case in lowered)
    cells = max(len(case.initial.p[0]) for case in lowered) if "p" in recorded else 0
    check_memory(
        "the record", size * (steps + nodes * (8 + 2 * cells)), "raise every, or propagate, which keeps packets"
    )
    ran = batch.run(
        lowered,
        steps=steps,
        dt=dt,
        scheme=scheme,
        dtype=dtype,
        every=stride,
        record_p="p" in recorded,
        progress=progress,
    )
    variables = _by_layer(points, ran, window, dt)
    coords: dict[str, Any] = {"time": (("time",), spacing * np.arange(nodes))}
    if "p" in recorded:
        grid = mesh.common([ran.lanes])
        coords["V"] = (("V",), (grid[1:] + grid[:-1]) / 2)
        variables["p"] = (("layer", "time", "V"), _densities(points, ran, grid))
    points.warn_of_running([batch.running(ran, i, dt).any() for i in range(len(points))], steps * dt)
    arguments = spec_of(
        points, t=steps * dt, dt=dt, every=spacing, record=list(recorded), window=window, scheme=scheme, dtype=dtype
    )
    return points.dataset(
        variables, coords, verb="evolve", spec=arguments, t_start=0.0, t_end=steps * dt, window=window_name(window),
        status=_status(points, variables["status"][1]),
    )  # fmt: skip


def _by_layer(points: ChainPoints, ran: batch.Batch, window: Any, dt: float) -> dict[str, Any]:
    """Time courses (point, layer, time) and packets (point, layer) of the populations."""
    records, rows = ran.records, [ran.own(i) for i in range(len(points))]
    variables: dict[str, Any] = {
        "rate": (("layer", "time"), np.stack([1000 * records.rate[own] for own in rows])),
        "quiet_rate": (
            ("layer", "time"),
            np.stack([1000 * ran.quiet(i, records.rate) for i in range(len(points))]),
        ),
        "n_spikes": (("layer", "time"), np.stack([records.spikes[own] for own in rows])),
    }
    variables |= {
        name: (("layer", "time"), np.stack([getattr(records, name)[own] for own in rows])) for name in MOMENTS
    }
    volleys = [batch.packets(ran, i, points.widths(i), dt, window) for i in range(len(points))]
    variables |= {name: (("layer",), np.stack([getattr(v, name) for v in volleys])) for name in volleys[0]._fields}
    variables["status"] = (("layer",), np.stack([records.status[own] for own in rows]).astype(np.int8))
    variables["fallbacks"] = (("layer",), np.stack([records.fallbacks[own] for own in rows]))
    return variables


def _densities(points: ChainPoints, ran: batch.Batch, grid: np.ndarray) -> np.ndarray:
    """p (point, layer, time, V) on one grid."""
    recorded = np.asarray(ran.records.p)
    p = np.empty((len(points), len(points.names), recorded.shape[1], len(grid) - 1))
    for i in range(len(points)):
        for layer, lane in enumerate(range(*ran.own(i).indices(len(recorded)))):
            own = mesh.edges(ran.lanes, lane)
            p[i, layer] = mesh.rebin(mesh.by_mass(recorded[lane, :, -(len(own) - 1) :]), own, grid)
    return p


def _status(points: ChainPoints, status: np.ndarray) -> str:
    failed = np.any(status != 0, axis=1)
    if failed.all():
        raise NumericalError(
            "the density did not stay finite at any point; lower dt or h, and look for extreme parameters"
        )
    if failed.any():
        points.warn(f"{int(failed.sum())} of {len(points)} points did not stay finite; see status")
    return "some points failed" if failed.any() else "ok"
