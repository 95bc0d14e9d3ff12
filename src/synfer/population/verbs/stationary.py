"""The stationary state of a population."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.errors import MeshError, ParameterError
from synfer.population import readout, theory
from synfer.population.drive import Drive, Part
from synfer.population.neurons import EIF, Neuron
from synfer.population.signals import sustained
from synfer.population.verbs import mesh
from synfer.population.verbs.columns import ONE
from synfer.population.verbs.common import (
    Points,
    check_choice,
    check_cut,
    check_memory,
    exact_density,
    membrane,
    spec_of,
)
from synfer.population.verbs.outcome import first_reason
from synfer.population.verbs.resting import mesh_error, settled
from synfer.population.verbs.slow_results import lost


def stationary(
    neuron: Neuron | Sequence[Neuron],
    drive: Drive | Part | Sequence[Drive | Part],
    *,
    method: Literal["theory", "density"] | Sequence[Literal["theory", "density"]] | None = None,
    h: float | mesh.Mesh | Sequence[float | mesh.Mesh | None] | None = None,
) -> xr.Dataset:
    """The stationary rate and density of a population under a constant drive.

    Solves J = f p - D dp/dV = r for V_reset < V < V_top and 0 below, with p(V_top) = 0 and the
    refractory mass r t_ref, by threshold integration or on the mesh of `evolve`. With a slow variable w the density is
    that over (V, w), on the mesh of `evolve`.

    Args:
        neuron: The neuron.
        drive: A Noise (a Current, for neurons without a leak), alone or with sustained Inhibition and Shunts.
        method: "theory" (threshold integration, the default without a slow variable; with one, the approximation that
            holds it at its mean) or "density" (the discrete stationary state of the Fokker-Planck mesh, an independent
            computation; the default with a slow variable).
        h: Cell width [mV], or a Mesh, for method="density"; default as in `evolve`.

    Every argument may be a sequence: sequences broadcast to a `point` dimension.

    Returns:
        Dataset with `rate` [Hz], `V_mean`, `V_sd`, `V_iqr` [mV], `p` [1/mV] on `V` [mV], and, where every point is an
        EIF with an unstable point, `V_u`, `V_sd_below_V_T`, `V_sd_below_V_u` [mV] and `mass_above_V_u`.
        With a slow variable also `w_mean`, `w_sd` [mV], `p_w` [1/mV] on `w` [mV], `p_Vw` (V, w) [1/mV^2], and
        `edge_mass`, the larger of the probabilities in the outermost columns, and `mesh_error`, an estimate of the
        relative error of the rate; V_u is that at w_mean. By theory there is w_mean alone.

    Raises:
        ParameterError: a drive that varies in time, or no noise where the state needs it.
        MeshError: a mesh that cannot resolve the density, or columns that do not hold the slow variable.

    Accuracy: theory: 1e-9 relative in the rate. Density at the default h: see `evolve`.

    References:
        Richardson, Phys. Rev. E 76:021919 (2007); Siegert, Phys. Rev. 81:617 (1951).

    Example:
        >>> import synfer as sf
        >>> s = sf.stationary(sf.EIF.fourcaud2003(), sf.Noise(mu=-65, sigma=3))
        >>> round(float(s.rate), 3), round(float(s.V_sd), 3)
        (5.96, 3.87)
    """
    points = Points(neuron=neuron, drive=drive, method=method, h=h)
    check_cut(points)
    for point in points:
        point["method"] = _method(point)
    if method is None:
        # The result names the method that was taken.
        taken = [point["method"] for point in points]
        points.arguments["method"] = taken[0] if len(set(taken)) == 1 else taken
    states = [_METHODS[point["method"]](point, points) for point in points]
    variables: dict[str, Any] = {
        name: ((), [getattr(s, name) for s in states]) for name in ("rate", "V_mean", "V_sd", "V_iqr")
    }
    widths = [_dispersion(point, state) for point, state in zip(points, states, strict=True)]
    if all(widths):
        variables |= {name: ((), [width[name] for width in widths]) for name in widths[0]}
    V_top, low, h_out = max(s.V[-1] for s in states), min(s.V[0] for s in states), min(s.h for s in states)
    check_memory("p on one grid", len(points) * (V_top - low) / h_out, "run points of very different sigma apart")
    grid = mesh.uniform(V_top, low, h_out)
    variables["p"] = (("V",), [np.interp(grid, s.V, s.p, left=0, right=0) for s in states])
    coords: dict[str, Any] = {"V": (("V",), grid)}
    if any(s.w_mean is not None for s in states):
        variables["w_mean"] = ((), [s.w_mean or 0.0 for s in states])
    if any(s.slow for s in states) and all(s.slow or s.w_mean is None for s in states):
        kept, coords["w"] = _slow_variables([s.slow for s in states], states, grid)
        variables |= kept
        variables["mesh_error"] = ((), [_mesh_error(point) for point in points])
    held = [[(point["mesh"], s.slow.edge_mass)] if s.slow else [] for point, s in zip(points, states, strict=True)]
    if reason := first_reason(points, lost(points, held)):
        raise MeshError(reason)
    return points.dataset(variables, coords, verb="stationary", spec=spec_of(points), status="ok")


def _mesh_error(point: dict[str, Any]) -> float:
    """The estimate for one point; threshold integration has no mesh."""
    return mesh_error(point["neuron"], point["mesh"], sustained(point["drive"])) if "mesh" in point else 0.0


class InW(NamedTuple):
    """The slow variable of a state: its sd [mV], faces of its columns [mV], p_w [1/mV], p(V, w) [1/mV^2]."""

    w_sd: float
    edge_mass: float
    faces: np.ndarray
    p_w: np.ndarray
    p_Vw: np.ndarray


class State(NamedTuple):
    """One stationary state: rate [Hz], moments [mV], p [1/mV] at V [mV], on nodes or cells; h for the result's grid.

    With a slow variable its mean [mV], and, as a density, the rest of what is known of it.
    """

    rate: float
    V_mean: float
    V_sd: float
    V_iqr: float
    V: np.ndarray
    p: np.ndarray
    on: Literal["nodes", "cells"]
    h: float
    w_mean: float | None = None
    slow: InW | None = None


def _method(point: dict[str, Any]) -> str:
    default = "theory" if point["neuron"].slow is None else "density"
    method = default if point["method"] is None else point["method"]
    check_choice("method", method, tuple(_METHODS))
    if method == "theory" and point["h"] is not None:
        raise ParameterError("h is the mesh of method='density'; leave it out, or give method='density'")
    return method


def _theory(point: dict[str, Any], points: Points) -> State:
    neuron = point["neuron"]
    rest = sustained(point["drive"])
    if neuron.slow is None:
        s, w = exact_density(neuron, rest), None
    else:
        tau, jump = neuron.slow
        w, s = theory.mean_adaptation(neuron.psi, neuron.slow_target, tau=tau, jump=jump, **membrane(neuron, rest))
    V_iqr = float(readout.iqr(s.p, s.V, on="nodes"))
    return State(s.rate, s.mean, s.sd, V_iqr, s.V, s.p, "nodes", min(0.1, rest[1] / 20), w)


def _density(point: dict[str, Any], points: Points) -> State:
    rest = sustained(point["drive"])
    point["mesh"] = mesh.choose(point, points)
    s = settled([point], np.array([rest]).T)
    edges = mesh.edges(mesh.lanes([point]), 0)
    both = mesh.by_mass(s.p[0]) if s.p.ndim == 2 else mesh.by_mass(s.p[0].T).T
    V, p = (edges[1:] + edges[:-1]) / 2, both if both.ndim == 1 else both.sum(axis=1)
    mean, sd = readout.moments(p, V, on="cells")
    V_iqr = float(readout.iqr(p, V, on="cells"))
    cells = point["mesh"]
    w_mean, slow = (None, None) if cells.columns is None else _in_w(both * cells.h, cells)
    return State(1000 * float(s.rate[0]), float(mean), float(sd), V_iqr, V, p, "cells", cells.h, w_mean, slow)


def _in_w(content: np.ndarray, cells: mesh.Cells) -> tuple[float, InW]:
    """The mean of the slow variable and the rest, from the probabilities of cells x columns."""
    columns = cells.columns or ONE
    faces = columns.low + columns.dw * np.arange(columns.count + 1)
    w, masses = (faces[1:] + faces[:-1]) / 2, content.sum(axis=0)
    mean = float(masses @ w / masses.sum())
    sd = float(np.sqrt(masses @ (w - mean) ** 2 / masses.sum()))
    edge = float(max(masses[0], masses[-1])) if columns.count > 1 else 0.0
    return mean, InW(sd, edge, faces, masses / columns.dw, content / (cells.h * columns.dw))


def _slow_variables(each: list[InW | None], states: list[State], grid: np.ndarray) -> tuple[dict[str, Any], Any]:
    """The variables of the slow variable and its coordinate, on one grid; 0 where a neuron has none."""
    own = [s for s in each if s is not None]
    dw = min(s.faces[1] - s.faces[0] for s in own)
    low, high = min(s.faces[0] for s in own), max(s.faces[-1] for s in own)
    faces = own[0].faces if len(own) == 1 else low + dw * np.arange(np.ceil((high - low) / dw - 1e-9) + 1)
    check_memory("p_Vw", len(each) * len(faces) * len(grid), "run points of very different meshes apart")
    p_w, p_Vw = np.zeros((len(each), len(faces) - 1)), np.zeros((len(each), len(grid), len(faces) - 1))
    for i, (s, state) in enumerate(zip(each, states, strict=True)):
        if s is not None:
            p_w[i] = mesh.rebin(s.p_w, s.faces, faces)
            in_w = mesh.rebin(s.p_Vw, s.faces, faces)
            p_Vw[i] = np.stack([np.interp(grid, state.V, row, left=0, right=0) for row in in_w.T], axis=1)
        else:
            column = int(np.clip(np.searchsorted(faces, 0.0) - 1, 0, len(faces) - 2))
            p_w[i, column] = 1 / dw
            p_Vw[i, :, column] = np.interp(grid, state.V, state.p, left=0, right=0) / dw
    scalars = {name: [0.0 if s is None else getattr(s, name) for s in each] for name in ("w_sd", "edge_mass")}
    variables: dict[str, Any] = {name: ((), values) for name, values in scalars.items()}
    return variables | {"p_w": (("w",), p_w), "p_Vw": (("V", "w"), p_Vw)}, (("w",), (faces[1:] + faces[:-1]) / 2)


_METHODS = {"theory": _theory, "density": _density}


def _dispersion(point: dict[str, Any], state: State) -> dict[str, float]:
    """The measures that need an unstable point; empty where the neuron has none."""
    neuron = point["neuron"]
    if not isinstance(neuron, EIF):
        return {}
    mu, _, g, gE = sustained(point["drive"])
    mu -= state.w_mean or 0.0
    V_u = readout.unstable_point(neuron.psi, mu, V_lb=state.V[0], V_top=neuron.V_top, g=g, gE=gE)
    if V_u is None:
        return {}
    widths = readout.dispersion(state.p, state.V, neuron.V_T, V_u, on=state.on)
    return {
        "V_u": V_u,
        "V_sd_below_V_T": float(widths.sd_below_V_T),
        "V_sd_below_V_u": float(widths.sd_below_V_u),
        "mass_above_V_u": float(widths.mass_above_V_u),
    }
