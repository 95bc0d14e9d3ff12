"""Chains and networks as densities in time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from synfer.population.verbs import densities, mesh
from synfer.population.verbs.chains import batch
from synfer.population.verbs.chains.lanes import Lowered, as_points, lower
from synfer.population.verbs.chains.points import ChainPoints, window_name
from synfer.population.verbs.common import (
    check_choice,
    check_memory,
    check_positive,
    check_record,
    spec_of,
    steps_in,
)
from synfer.population.verbs.outcome import FAILED, blank, settle_status
from synfer.population.verbs.slow_results import lost, mesh_errors, slow_moments

MOMENTS = ("V_mean", "V_sd", "V_iqr")
Ran = tuple[batch.Batch, int]
"""The engine call that a point was in, and its place there."""


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
    recorded = check_record(record, densities.RECORDED)
    check_choice("scheme", scheme, ("sdirk2", "backward-euler"))
    check_choice("dtype", dtype, ("float64", "float32"))
    dt = check_positive("dt", dt, "ms")
    steps = max(points.steps(t, dt))
    spacing = dt if every is None else check_positive("every", every, "ms")
    stride = steps_in("every", spacing, dt)
    nodes = steps_in("t", steps * dt, spacing, "every") + 1
    points.check(dt, dtype)
    lowered = [lower(case, point["h"], points) for case, point in zip(points.cases, points, strict=True)]
    densities.check_slow(recorded, all(case.slow for case in lowered))
    size = sum(len(case.lanes) for case in lowered)
    cells = densities.size_of([mesh.lanes(as_points(case.lanes)) for case in lowered], recorded) if recorded else 0
    check_memory(
        "the record", size * (steps + nodes * (8 + 2 * cells)), "raise every, or propagate, which keeps packets"
    )
    options = {"steps": steps, "dt": dt, "scheme": scheme, "dtype": dtype, "every": stride, "record": recorded}
    ran = _run(lowered, options, progress)
    variables = _by_layer(points, ran, window, dt)
    by_layer = variables["status"][1]
    status, said = settle_status(points, by_layer.max(axis=1), lost(points, [batch.ends(*own) for own in ran]))
    by_layer[status == FAILED] = FAILED
    coords: dict[str, Any] = {"time": (("time",), spacing * np.arange(nodes))}
    if recorded:
        kept, axes = densities.on_one_grid(_each(ran), recorded)
        shape = (len(points), len(points.names))
        variables |= {name: (("layer", *dims), values.reshape(*shape, *values.shape[1:]))
                      for name, (dims, values) in kept.items()}  # fmt: skip
        coords |= axes
    blank(variables, status == FAILED)
    points.warn_of_running([batch.running(*own, dt).any() for own in ran], steps * dt)
    arguments = spec_of(
        points, t=steps * dt, dt=dt, every=spacing, record=list(recorded), window=window, scheme=scheme, dtype=dtype
    )
    return points.dataset(
        variables, coords, verb="evolve", spec=arguments, t_start=0.0, t_end=steps * dt, window=window_name(window),
        **said,
    )  # fmt: skip


def _run(lowered: list[Lowered], options: dict[str, Any], progress: Callable[[float], None] | None) -> list[Ran]:
    """All cases, those without slow variables in one engine call and the others in another."""
    ran: dict[int, Ran] = {}
    for kind in batch.alike(lowered):

        def told(fraction: float, done: int = len(ran), count: int = len(kind)) -> None:
            if progress is not None:
                progress((done + fraction * count) / len(lowered))

        together = batch.run([lowered[i] for i in kind], progress=told, **options)
        ran |= {i: (together, place) for place, i in enumerate(kind)}
    return [ran[i] for i in range(len(lowered))]


def _each(ran: list[Ran]) -> list[densities.One]:
    """The populations of all points, one point after another."""
    return [
        densities.One(together.lanes, together.records, lane)
        for together, case in ran
        for lane in range(*together.own(case).indices(len(together.lanes.h)))
    ]


def _by_layer(points: ChainPoints, ran: list[Ran], window: Any, dt: float) -> dict[str, Any]:
    """Time courses (point, layer, time) and packets (point, layer) of the populations."""

    def of(name: str) -> np.ndarray:
        return np.stack([getattr(together.records, name)[together.own(case)] for together, case in ran])

    quiet = [1000 * together.quiet(case, together.records.rate) for together, case in ran]
    variables: dict[str, Any] = {
        "rate": (("layer", "time"), 1000 * of("rate")),
        "quiet_rate": (("layer", "time"), np.stack(quiet)),
        "n_spikes": (("layer", "time"), of("spikes")),
    }
    variables |= {name: (("layer", "time"), of(name)) for name in MOMENTS}
    variables |= slow_moments(_each(ran), ("layer", "time"), variables["rate"][1].shape)
    if "edge_mass" in variables:
        errors = [mesh_errors(batch.resolved(*own)) for own in ran]
        variables["mesh_error"] = (("layer",), np.stack(errors))
    volleys = [batch.packets(*own, points.widths(i), dt, window) for i, own in enumerate(ran)]
    variables |= {name: (("layer",), np.stack([getattr(v, name) for v in volleys])) for name in volleys[0]._fields}
    variables["status"] = (("layer",), of("status").astype(np.int8))
    variables["fallbacks"] = (("layer",), of("fallbacks"))
    return variables
