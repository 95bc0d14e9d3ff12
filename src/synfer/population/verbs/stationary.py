"""The stationary state of a population."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.population import density, readout
from synfer.population.drive import Drive, Part
from synfer.population.neurons import EIF, Neuron
from synfer.population.signals import sustained
from synfer.population.verbs import mesh
from synfer.population.verbs.common import Points, check_choice, check_cut, check_memory, exact_density, spec_of


def stationary(
    neuron: Neuron | Sequence[Neuron],
    drive: Drive | Part | Sequence[Drive | Part],
    *,
    method: Literal["theory", "density"] = "theory",
    h: float | Sequence[float] | None = None,
) -> xr.Dataset:
    """The stationary rate and density of a population under a constant drive.

    Solves J = f p - D dp/dV = r for V_reset < V < V_top and 0 below, with p(V_top) = 0 and the
    refractory mass r t_ref, by threshold integration or on the mesh of `evolve`.

    Args:
        neuron: LIF, EIF or LinearisedEIF.
        drive: A Noise, alone or with sustained Inhibition and Shunts.
        method: "theory" (threshold integration) or "density" (the discrete stationary state of the Fokker-Planck mesh,
            an independent computation).
        h: Mesh width [mV] for method="density"; default min(0.1, sigma/20).

    Every argument may be a sequence: sequences broadcast to a `point` dimension.

    Returns:
        Dataset with `rate` [Hz], `V_mean`, `V_sd`, `V_iqr` [mV], `p` [1/mV] on `V` [mV], and, where every point is an
        EIF with an unstable point, `V_u`, `V_sd_below_V_T`, `V_sd_below_V_u` [mV] and `mass_above_V_u`.

    Raises:
        ParameterError: a drive that varies in time, or no noise where the state needs it.
        MeshError: a mesh that cannot resolve the density.

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
    states = [_METHODS[_method(point)](point, points) for point in points]
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
    return points.dataset(variables, {"V": (("V",), grid)}, verb="stationary", spec=spec_of(points), status="ok")


class State(NamedTuple):
    """One stationary state: rate [Hz], moments [mV], p [1/mV] at V [mV], on nodes or cells; h for the result's grid."""

    rate: float
    V_mean: float
    V_sd: float
    V_iqr: float
    V: np.ndarray
    p: np.ndarray
    on: Literal["nodes", "cells"]
    h: float


def _method(point: dict[str, Any]) -> str:
    check_choice("method", point["method"], tuple(_METHODS))
    if point["method"] == "theory" and point["h"] is not None:
        raise ParameterError("h is the mesh of method='density'; leave it out, or give method='density'")
    return point["method"]


def _theory(point: dict[str, Any], points: Points) -> State:
    neuron = point["neuron"]
    rest = sustained(point["drive"])
    s = exact_density(neuron, rest)
    V_iqr = float(readout.iqr(s.p, s.V, on="nodes"))
    return State(s.rate, s.mean, s.sd, V_iqr, s.V, s.p, "nodes", min(0.1, rest[1] / 20))


def _density(point: dict[str, Any], points: Points) -> State:
    rest = sustained(point["drive"])
    point["mesh"] = mesh.choose(point, points)
    lanes = mesh.lanes([point])
    s = density.stationary(lanes, *rest)
    edges = mesh.edges(lanes, 0)
    V, p = (edges[1:] + edges[:-1]) / 2, mesh.by_mass(s.p[0])
    mean, sd = readout.moments(p, V, on="cells")
    V_iqr = float(readout.iqr(p, V, on="cells"))
    return State(1000 * float(s.rate[0]), float(mean), float(sd), V_iqr, V, p, "cells", point["mesh"][0])


_METHODS = {"theory": _theory, "density": _density}


def _dispersion(point: dict[str, Any], state: State) -> dict[str, float]:
    """The measures that need an unstable point; empty where the neuron has none."""
    neuron = point["neuron"]
    if not isinstance(neuron, EIF):
        return {}
    mu, _, g, gE = sustained(point["drive"])
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
