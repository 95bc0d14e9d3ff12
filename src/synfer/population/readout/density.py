"""Moments, quantiles and dispersion of a density on a grid, and the fixed points of the membrane.

A density is read in one of two ways, always said by `on`:

* "cells": p holds masses per mV of uniform cells, V their centres (the density engine). Sums over cells.
* "nodes": p holds values at nodes, V the nodes, uniform or not (threshold integration). Trapezoids.

Everything is over the neurons that are not refractory: p is normalised to 1 first. Leading dimensions
of p are points, times, layers; V is one grid (n,) or a grid per point (..., n).
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synfer.core.errors import ParameterError

Floats = NDArray[np.float64]
Mesh = Literal["cells", "nodes"]


class Dispersion(NamedTuple):
    """Width of a density by five measures: mV, and a fraction of the non-refractory neurons."""

    sd: Floats
    iqr: Floats
    sd_below_V_T: Floats
    sd_below_V_u: Floats
    mass_above_V_u: Floats


def moments(p: ArrayLike, V: ArrayLike, *, on: Mesh) -> tuple[Floats, Floats]:
    """Mean and sd of V, int V p dV / int p dV and the root of the central second moment.

    Args:
        p: Density, 1/mV, (..., n); any positive mass.
        V: Cell centres or nodes, mV, (n,) or (..., n).
        on: "cells" or "nodes".

    Returns:
        (mean, sd), mV, each (...).

    Raises:
        ParameterError: the shapes disagree, V does not increase, or p has no mass.

    Accuracy:
        cells: exact to rounding for a smooth p given at the centres (a Gaussian down to h = sigma);
        where p holds true cell averages sd^2 is h^2/12 too large. nodes: second order,
        sd of the EIF presets within 1e-5 mV on threshold integration's default nodes.
    """
    p_, V_ = _check(p, V)
    return _moments(_weights(p_, V_, on), V_)


def quantile(p: ArrayLike, V: ArrayLike, q: ArrayLike, *, on: Mesh) -> Floats:
    """The potential below which a fraction q of the mass lies; the CDF is linear inside a cell.

    Args:
        p, V, on: as for `moments`.
        q: Fraction in (0, 1), scalar or (k,).

    Returns:
        mV, (...) or (..., k).

    Raises:
        ParameterError: as `moments`, or q outside (0, 1).

    Accuracy:
        At most h^2 p'/(8 p): for a Gaussian's quartiles .09 h^2/sigma on cells and nodes alike.
    """
    p_, V_ = _check(p, V)
    q_ = np.asarray(q, dtype=float)
    if not np.all((q_ > 0) & (q_ < 1)):
        raise ParameterError(f"q = {q} must lie between 0 and 1")
    edges, mass = _cell_masses(p_, V_, on)
    cdf = np.concatenate([np.zeros((*mass.shape[:-1], 1)), np.cumsum(mass, axis=-1)], axis=-1)
    cdf = cdf / cdf[..., -1:]
    edges = np.broadcast_to(edges, cdf.shape)
    rows = zip(cdf.reshape(-1, cdf.shape[-1]), edges.reshape(-1, cdf.shape[-1]), strict=True)
    flat = [np.interp(q_, c, e) for c, e in rows]
    return np.array(flat).reshape(cdf.shape[:-1] + q_.shape)


def iqr(p: ArrayLike, V: ArrayLike, *, on: Mesh) -> Floats:
    """Interquartile range, q75 - q25, unscaled, mV. Arguments, errors and accuracy as `quantile`."""
    quartiles = quantile(p, V, [0.25, 0.75], on=on)
    return quartiles[..., 1] - quartiles[..., 0]


def dispersion(p: ArrayLike, V: ArrayLike, V_T: ArrayLike, V_u: ArrayLike, *, on: Mesh) -> Dispersion:
    """Five answers to "how wide is the density": sd, IQR, sd below V_T, sd below V_u, mass above V_u.

    The restricted measures condition on V < V_T (the soft threshold) and on V < V_u (the unstable
    point, beyond which the spike runs away by itself). A neuron without an unstable point has none
    of its mass beyond: pass its V_top.

    Args:
        p, V, on: as for `moments`.
        V_T, V_u: mV, scalars or (...).

    Returns:
        Dispersion, fields (...).

    Raises:
        ParameterError: as `moments`, or no mass below V_T or V_u.

    Accuracy:
        Second order in h; a cut inside a cell is at its place, not rounded to an edge.
    """
    p_, V_ = _check(p, V)
    below_T = _moments(*_cut(p_, V_, V_T, on))[1]
    weights_u, points_u = _cut(p_, V_, V_u, on)
    total = _weights(p_, V_, on).sum(axis=-1)
    return Dispersion(
        sd=moments(p_, V_, on=on)[1],
        iqr=iqr(p_, V_, on=on),
        sd_below_V_T=below_T,
        sd_below_V_u=_moments(weights_u, points_u)[1],
        mass_above_V_u=1.0 - weights_u.sum(axis=-1) / total,
    )


def stable_point(
    psi: Callable[[Floats], Floats], mu: float, *, V_lb: float, V_top: float, g: float = 0.0, gE: float = 0.0
) -> float | None:
    """The lowest root of mu + gE - (1 + g) V + psi(V) in [V_lb, V_top] at which it falls; None above rheobase.

    Args:
        psi: Spike-generating term, mV, of an array of potentials.
        mu: Mean input, mV.
        V_lb, V_top: Where to look, mV.
        g, gE: Shunt (units of the leak) and its sum of g E, mV.

    Returns:
        The potential at which the noiseless neuron rests, mV, or None.

    Raises:
        ParameterError: V_lb >= V_top, or a drift that is not finite between them.

    Accuracy:
        1e-12 mV; a pair of roots is found however close, through the minimum between them.
    """
    return _fixed_points(psi, mu, V_lb, V_top, g, gE)[0]


def unstable_point(
    psi: Callable[[Floats], Floats], mu: float, *, V_lb: float, V_top: float, g: float = 0.0, gE: float = 0.0
) -> float | None:
    """The root at which mu + gE - (1 + g) V + psi(V) rises: beyond it a spike runs away. None without one.

    Arguments, errors and accuracy as `stable_point`. None means: mu above rheobase, or (LIF) no runaway at all.
    """
    return _fixed_points(psi, mu, V_lb, V_top, g, gE)[1]


def _fixed_points(
    psi: Callable[[Floats], Floats], mu: float, V_lb: float, V_top: float, g: float, gE: float
) -> tuple[float | None, float | None]:
    from scipy.optimize import minimize_scalar, root_scalar  # slow to import, and needed here alone

    def force(V: float) -> float:
        return float(mu + gE - (1.0 + g) * V + psi(np.array([V]))[0])

    if not -np.inf < V_lb < V_top < np.inf:
        raise ParameterError(f"V_lb = {V_lb} mV must lie below V_top = {V_top} mV, both finite")
    grid = np.linspace(V_lb, V_top, 2001)
    with np.errstate(over="ignore", invalid="ignore"):
        F = mu + gE - (1.0 + g) * grid + psi(grid)
    if not np.all(np.isfinite(F)):
        raise ParameterError(
            f"the drift at mu = {mu:g} mV, g = {g:g}, gE = {gE:g} mV is not finite up to V_top = {V_top} mV"
        )
    lowest = int(np.argmin(F))
    if 0 < lowest < grid.size - 1:
        around = (grid[lowest - 1], grid[lowest + 1])
        bottom = minimize_scalar(force, bounds=around, method="bounded", options={"xatol": 1e-13})
        grid = np.insert(grid, lowest + (bottom.x > grid[lowest]), bottom.x)
        F = mu + gE - (1.0 + g) * grid + psi(grid)

    def root(sign: np.bool_ | NDArray[np.bool_], after: float) -> float | None:
        where = np.flatnonzero(sign & (grid[:-1] >= after))
        if not where.size:
            return None
        return root_scalar(force, bracket=(float(grid[where[0]]), float(grid[where[0] + 1])), xtol=1e-13).root

    stable = root((F[:-1] > 0) & (F[1:] <= 0), -np.inf)
    unstable = root((F[:-1] <= 0) & (F[1:] > 0), -np.inf if stable is None else stable)
    return stable, unstable


def _check(p: ArrayLike, V: ArrayLike) -> tuple[Floats, Floats]:
    p_, V_ = np.asarray(p, dtype=float), np.asarray(V, dtype=float)
    if p_.shape[-1:] != V_.shape[-1:] or p_.shape[-1:] < (2,):
        sizes = f"p has shape {p_.shape} and V {V_.shape}"
        raise ParameterError(f"{sizes}: they must agree along the last axis, at least 2 long")
    if not np.all(np.diff(V_, axis=-1) > 0):
        raise ParameterError("V must increase along its last axis")
    if not np.all(p_.sum(axis=-1) > 0):
        raise ParameterError("p has no mass: its sum must be > 0 at every point and time")
    return p_, V_


def _moments(weights: Floats, points: Floats) -> tuple[Floats, Floats]:
    total = weights.sum(axis=-1)
    if not np.all(total > 0):
        raise ParameterError("p has no mass in the range asked for; raise V_T or V_u")
    mean = (weights * points).sum(axis=-1) / total
    return mean, np.sqrt((weights * (points - mean[..., None]) ** 2).sum(axis=-1) / total)


def _weights(p: Floats, V: Floats, on: Mesh) -> Floats:
    """Mass that each point of V stands for."""
    if on == "cells":
        return p * (V[..., 1:2] - V[..., 0:1])
    if on == "nodes":
        steps = np.diff(V, axis=-1)
        ends = np.zeros((*steps.shape[:-1], 1))
        return 0.5 * p * (np.concatenate([steps, ends], axis=-1) + np.concatenate([ends, steps], axis=-1))
    raise ParameterError(f"on = {on!r} must be 'cells' or 'nodes'")


def _cell_masses(p: Floats, V: Floats, on: Mesh) -> tuple[Floats, Floats]:
    """(edges, mass between them)."""
    if on == "cells":
        half = 0.5 * (V[..., 1:2] - V[..., 0:1])
        return np.concatenate([V - half, V[..., -1:] + half], axis=-1), _weights(p, V, on)
    return V, 0.5 * np.diff(V, axis=-1) * (p[..., 1:] + p[..., :-1])


def _cut(p: Floats, V: Floats, limit: ArrayLike, on: Mesh) -> tuple[Floats, Floats]:
    """(weights, points) of the density below `limit`, a cell cut where the limit falls."""
    c = np.asarray(limit, dtype=float)[..., None]
    if on == "cells":
        h = V[..., 1:2] - V[..., 0:1]
        kept = np.clip(c - (V - 0.5 * h), 0.0, h)
        return p * kept, V - 0.5 * (h - kept)
    nodes = np.broadcast_to(np.minimum(V, c), np.broadcast_shapes(p.shape, V.shape, c.shape))
    k = np.clip((np.broadcast_to(V, nodes.shape) < c).sum(axis=-1, keepdims=True), 1, V.shape[-1] - 1)
    p_, V_ = np.broadcast_to(p, nodes.shape), np.broadcast_to(V, nodes.shape)
    p0, p1 = np.take_along_axis(p_, k - 1, -1), np.take_along_axis(p_, k, -1)
    V0, V1 = np.take_along_axis(V_, k - 1, -1), np.take_along_axis(V_, k, -1)
    at_cut = p0 + (p1 - p0) * (c - V0) / (V1 - V0)
    return _weights(np.where(c > V_, p_, at_cut), nodes, on), nodes
