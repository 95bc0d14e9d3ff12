"""A batch of points through an engine. One bad point is recorded with its reason; its mates go on.

Results of a point do not depend on its mates, so a batch that fails is done again point by point.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.errors import SynferError, SynferWarning
from synfer.population.drive import Drive
from synfer.study.sweep import paths
from synfer.study.sweep.outcome import FAILED, OK, READ_OUT, Outcome, read_out
from synfer.study.sweep.plan import Assignment
from synfer.study.sweep.spec import OPTIONS, Sweep

NO_REASON = "did not stay finite"
"""Why a point failed whose engine does not say."""
Point = dict[str, Any]
"""Arguments of a verb: chain, packet, gate, disfacilitation and the options of the engine that are set."""
Batch = Callable[[Sequence[Point]], xr.Dataset]
"""Points of one shape to a dataset: a, sigma_t, t_packet, survived by (point, [trial,] layer), status by point."""


def compute(
    sweep: Sweep, assignments: Sequence[Assignment], *, layers: int, t: float | None, batch: Batch | None = None
) -> Outcome:
    """The outcome of a unit.

    Args:
        assignments: The values of each point.
        layers: Their number of layers.
        t: Their duration [ms]; None for one each.
        batch: What computes points; by default the sweep's engine.
    """
    batch = batch or ENGINES[sweep.engine]
    base = {name: getattr(sweep, name) for name in ("chain", "packet", "gate", "disfacilitation")}
    base |= {name: getattr(sweep, name) for name in OPTIONS[sweep.engine]} | {"t": t}
    if sweep.engine == "simulate":
        base["trials"] = sweep.trials or 1
    shape = (len(assignments), *((sweep.trials or 1,) if sweep.engine == "simulate" else ()), layers)
    values = {n: np.full(shape, False if n == "survived" else np.nan) for n in read_out(sweep)}
    status, reason = np.full(len(assignments), FAILED, dtype=np.int8), [""] * len(assignments)
    points: dict[int, Point] = {}
    for i, assignment in enumerate(assignments):
        try:
            points[i] = _point(base, assignment)
        except SynferError as error:
            reason[i] = str(error)
    said: list[str] = []
    for where, ds in _computed(points, batch, reason):
        said += [text for text in ds.attrs.get("warnings", []) if not text.endswith("see status")]
        dims = ("point", *(("trial",) if len(shape) == 3 else ()), "layer")
        for name, into in values.items():
            into[where] = ds[name].transpose(*dims).values
        status[where] = ds["status"].values if "status" in ds else OK
        for i, told in zip(where, ds.attrs.get("reasons", [NO_REASON] * len(where)), strict=True):
            reason[i] = told if status[i] != OK else ""
    return Outcome(values, status, tuple(reason), tuple(sorted(set(said))))


def _point(base: Mapping[str, Any], assignment: Assignment) -> Point:
    point = paths.replaced(base, assignment)
    gates = point.pop("gate")
    point["gate"] = None if not gates else gates[0] if len(gates) == 1 else Drive(gates)
    return {name: value for name, value in point.items() if value is not None or name == "gate"}


def _computed(points: Mapping[int, Point], batch: Batch, reason: list[str]):
    """(places, dataset) of all points at once or, where that fails, one by one; reasons of those that fail alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SynferWarning)  # they come with the results
        if not points:
            return
        try:
            yield list(points), batch(list(points.values()))
            return
        except SynferError as error:
            if len(points) == 1:
                reason[next(iter(points))] = str(error)
                return
        for i, point in points.items():
            try:
                yield [i], batch([point])
            except SynferError as error:
                reason[i] = str(error)


def densities(points: Sequence[Point]) -> xr.Dataset:
    """Packets by density; window, step and duration are those of the first point, which all share."""
    from synfer.population.verbs import propagate

    together = {name: points[0][name] for name in ("window", "dt", "t") if name in points[0]}
    each = {name: [point[name] for point in points] for name in ("chain", "packet", "disfacilitation")}
    optional = {name: [point.get(name) for point in points] for name in ("gate", "h")}
    return propagate(**each, **optional, **together)


def spikes(points: Sequence[Point]) -> xr.Dataset:
    """Packets by Monte Carlo, one point at a time: trials are what runs side by side."""
    from synfer.population.verbs import simulate

    runs = []
    for point in points:
        options = dict(point)
        run = simulate(options.pop("chain"), options.pop("packet"), **options)
        runs.append(run[[*READ_OUT]].assign(status=run["status"].max()))
    return xr.concat(runs, "point").assign_attrs(warnings=[w for run in runs for w in run.attrs.get("warnings", [])])


ENGINES: dict[str, Batch] = {"evolve": densities, "simulate": spikes}
