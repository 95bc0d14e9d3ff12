"""From finished units to one dataset, in the order of the plan: its bytes depend on the sweep alone."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from synfer.core.results import dataset
from synfer.population.chain import Network
from synfer.study.sweep import paths
from synfer.study.sweep.outcome import MESH_ERROR, MISSING, READ_OUT, decode, read_out
from synfer.study.sweep.plan import Plan

TAKEN = (*READ_OUT, MESH_ERROR, "status", "reason", "layer", "trial", "point")
STATUS = "0: all went well, 1: did not stay finite, 2: failed, see reason, 3: not computed yet"


def gather(plan: Plan, units: Mapping[int, Path]) -> xr.Dataset:
    """The result of a sweep, or of as much of it as there is.

    Args:
        units: Files of finished units, by number.

    Returns:
        a [spikes], sigma_t [ms], t_packet [ms], survived, and of densities with slow variables mesh_error, by (axes...
        or point, [trial,] layer), status and reason by (axes... or point). Chains shorter than the longest have NaN
        beyond their end.
    """
    trials = (plan.sweep.trials or 1,) if plan.sweep.engine == "simulate" else ()
    shape = (plan.size, *trials, plan.most_layers)
    values = {n: np.full(shape, False if n == "survived" else np.nan) for n in read_out(plan.sweep)}
    status, reason = np.full(plan.size, MISSING, dtype=np.int8), np.full(plan.size, "", dtype=object)
    warnings: set[str] = set()
    for number, path in units.items():
        outcome, where = decode(path.read_bytes()), list(plan.units[number])
        for name, own in outcome.values.items():
            values[name][where, ..., : own.shape[-1]] = own
        status[where], reason[where] = outcome.status, outcome.reason
        warnings |= set(outcome.warnings)
    dims, coords = coordinates(plan)
    grid = plan.shape if plan.grid else (plan.size,)
    inner = (*(("trial",) if trials else ()), "layer")
    variables: dict[str, tuple] = {
        name: ((*dims, *inner), v.reshape(*grid, *v.shape[1:])) for name, v in values.items()
    }
    variables["status"] = (dims, status.reshape(grid), {"units": "1", "long_name": STATUS})
    variables["reason"] = (dims, reason.astype(str).reshape(grid), {"units": "1", "long_name": "why a point failed"})
    inside = {"layer": (("layer",), _layer_names(plan))} | (
        {"trial": (("trial",), np.arange(*trials))} if trials else {}
    )
    return dataset(variables, coords | inside, verb="sweep", spec=plan.sweep, warnings=sorted(warnings) or None)


def coordinates(plan: Plan) -> tuple[tuple[str, ...], dict[str, tuple]]:
    """The dimensions of the points, and a coordinate for each path with the unit and doc of its field."""
    names = labels(plan.paths)
    places = [paths.look_up(plan.sweep.places(), path) for path in plan.paths]
    dims = tuple(names) if plan.grid else ("point",)
    coords = {}
    for i, (name, place, column) in enumerate(zip(names, places, plan.columns, strict=True)):
        values = np.array([str(v) for v in column]) if any(isinstance(v, str) for v in column) else np.array(column)
        attrs = {"units": place.unit or "1", "long_name": place.doc or plan.paths[i]}
        coords[name] = ((dims[i] if plan.grid else "point",), values, attrs)
    return dims, coords


def labels(varied: tuple[str, ...]) -> list[str]:
    """Names of coordinates: the last word of a path, what enters a chain with _in, all words where two would collide.

    Example:
        >>> labels(("packet.a", "chain.weight", "gate.1.depth", "gate.2.depth"))
        ['a_in', 'weight', 'gate_1_depth', 'gate_2_depth']
    """
    last = [path.split(".")[-1] for path in varied]
    short = [f"{name}_in" if name in TAKEN else name for name in last]
    unique = [
        s if short.count(s) == 1 and not s.isdigit() else p.replace(".", "_")
        for s, p in zip(short, varied, strict=True)
    ]
    return unique


def _layer_names(plan: Plan) -> np.ndarray:
    chain = plan.sweep.chain
    if isinstance(chain, Network):
        return np.array([population.name for population in chain.populations])
    return np.arange(1, plan.most_layers + 1)
