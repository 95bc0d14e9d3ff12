"""Recorded densities of many lanes on one grid."""

from typing import Any, NamedTuple

import numpy as np

from synfer.core.errors import ParameterError
from synfer.population import density
from synfer.population.verbs import mesh

RECORDED = ("p", "p_w", "p_Vw")
"""The densities that a run can keep: in V, in the slow variable, in both."""


class One(NamedTuple):
    """One density of an engine call: the call's lanes, their records, and its place among them."""

    lanes: density.Lanes
    records: density.Records
    lane: int


def check_slow(recorded: tuple[str, ...], slow: bool) -> None:
    """A ParameterError where a density of the slow variable is asked of neurons that have none."""
    for name in recorded:
        if name != "p" and not slow:
            raise ParameterError(
                f"record = {name!r} needs a slow variable, which these neurons do not have; leave it out"
            )


def size_of(meshes: list[density.Lanes], recorded: tuple[str, ...]) -> int:
    """Numbers that the recorded densities of one lane take at one node."""
    if not recorded:
        return 0
    V = len(mesh.common(meshes)) if {"p", "p_Vw"} & set(recorded) else 0
    w = len(mesh.common_columns(meshes)) if {"p_w", "p_Vw"} & set(recorded) else 0
    return ("p" in recorded) * V + ("p_w" in recorded) * w + ("p_Vw" in recorded) * V * w


def on_one_grid(
    parts: list[One], recorded: tuple[str, ...]
) -> tuple[dict[str, tuple[tuple[str, ...], np.ndarray]], dict[str, Any]]:
    """What was recorded, (parts, time, ...) by name with its dims, and the coordinates V and w.

    The grid is the finest and longest of theirs; a neuron without a slow variable has its w at 0.
    """
    meshes = list({id(part.lanes): part.lanes for part in parts}.values())
    V, w = mesh.common(meshes), mesh.common_columns(meshes)
    variables: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
    coords: dict[str, Any] = {}
    if "p" in recorded:
        variables["p"] = ("time", "V"), np.stack([_in_V(one, np.asarray(one.records.p)[one.lane], V) for one in parts])
    if "p_w" in recorded:
        columns = [_in_w(one, np.asarray(_slow(one).p_w)[one.lane], w) for one in parts]
        variables["p_w"] = ("time", "w"), np.stack(columns)
    if "p_Vw" in recorded:
        both = []
        for one in parts:
            rows = _in_w(one, np.asarray(_slow(one).joint)[one.lane], w, hidden=True)
            both.append(_in_V(one, rows.swapaxes(-1, -2), V).swapaxes(-1, -2))
        variables["p_Vw"] = ("time", "V", "w"), np.stack(both)
    if {"p", "p_Vw"} & set(recorded):
        coords["V"] = ("V",), (V[1:] + V[:-1]) / 2
    if {"p_w", "p_Vw"} & set(recorded):
        coords["w"] = ("w",), (w[1:] + w[:-1]) / 2
    return variables, coords


def _slow(one: One) -> Any:
    return one.records.slow


def _in_V(one: One, p: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Densities (..., cells) of the engine on a grid of V."""
    own = mesh.edges(one.lanes, one.lane)
    return mesh.rebin(mesh.by_mass(p[..., -(len(own) - 1) :]), own, grid)


def _in_w(one: One, p: np.ndarray, grid: np.ndarray, hidden: bool = False) -> np.ndarray:
    """Densities (..., columns) of the engine on a grid of w; `hidden` rows below a lane's own cells hold nothing."""
    own = mesh.column_edges(one.lanes, one.lane)
    p = p[..., : len(own) - 1]
    return mesh.rebin(np.nan_to_num(p) if hidden else p, own, grid)
