"""Densities and rates, as any verb returns them."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes

from synfer.core.errors import ParameterError
from synfer.plot.figure import PALETTE, label, style

VISIBLE = 1e-3
"""Part of the peak below which a density is not seen."""


def density(ds: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Draw p: over time x V as a map, or over V as a line for each point; without p, mean and sd of V in time.

    Args:
        ds: A result of `stationary`, or of `evolve` or `simulate`, which keep p with record=("p",).
        ax: Where to draw; default a new figure, which pyplot.show() shows.

    Returns:
        The Axes.

    Raises:
        ParameterError: neither `p` nor moments of V, or a map for several points at once.
    """
    moments_only = "p" not in ds and "V_mean" in ds and "V_sd" in ds
    p = ds["V_mean"] if moments_only else _variable(ds, "p", 'record it: record=("p",)')
    with style():
        ax = new_axes(ax)
        if moments_only:
            _lines(ax, p, "time" if "time" in p.dims else str(p.dims[-1]), ds["V_sd"])
            ax.set_title('mean +- sd; record=("p",) keeps the density')
            return ax
        if "time" not in p.dims:
            _lines(ax, p, "V")
            ax.set(xlim=visible(p), ylim=(0, None))
            return ax
        if p.ndim != 2:
            more = next(str(dim) for dim in p.dims if dim not in ("time", "V"))
            raise ParameterError(f"p has dimensions {p.dims}, a map shows time x V; choose: ds.isel({more}=0)")
        p = p.transpose("V", "time")
        mesh = ax.pcolormesh(p.coords["time"], p.coords["V"], p.values, shading="nearest", vmin=0, rasterized=True)
        ax.figure.colorbar(mesh, ax=ax, label=label(p))
        ax.set(xlabel=label(p.coords["time"]), ylabel=label(p.coords["V"]), ylim=visible(p))
    return ax


def rate(ds: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Draw the rate over time, or over what varies between points; standard errors as a band.

    Args:
        ds: A result of `evolve`, `simulate`, or of `stationary` at several points.
        ax: Where to draw; default a new figure, which pyplot.show() shows.

    Returns:
        The Axes.

    Raises:
        ParameterError: no `rate`, or a single number.
    """
    r = _variable(ds, "rate", "stationary, evolve and simulate give it")
    if r.ndim == 0:
        raise ParameterError(f"rate is one number, {float(r):g} Hz; a plot needs time or several points")
    with style():
        ax = new_axes(ax)
        _lines(ax, r, "time" if "time" in r.dims else str(r.dims[-1]), ds.get("rate_se"))
        ax.set_ylim(bottom=0)
    return ax


def _variable(ds: xr.Dataset, name: str, repair: str) -> xr.DataArray:
    if name not in ds:
        raise ParameterError(f"the result has no {name}; {repair}")
    return ds[name]


def visible(p: xr.DataArray) -> tuple[float, float]:
    """The range of V where p is anywhere above a thousandth of its peak: less than a line's width."""
    seen = p.coords["V"].values[(p >= VISIBLE * p.max()).any([d for d in p.dims if d != "V"]).values]
    return float(seen.min()), float(seen.max())


def new_axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    from matplotlib import pyplot  # the one place that opens a window, and only on request

    return pyplot.subplots(layout="constrained")[1]


def _lines(ax: Axes, y: xr.DataArray, along: str, error: xr.DataArray | None = None) -> None:
    """One line along a dimension for each index of the others, named by its coordinates."""
    others = [d for d in y.dims if d != along]
    shape = [y.sizes[d] for d in others]
    count = int(np.prod(shape))
    colours = PALETTE[:count] if count <= len(PALETTE) else colormaps["viridis"](np.linspace(0, 0.95, count))
    for i, colour in enumerate(colours):
        index = {d: int(k) for d, k in zip(others, np.unravel_index(i, shape), strict=True)}
        one = y.isel(index)
        x = _abscissa(one, along).values
        ax.plot(x, one.values, color=colour, label=_name(one) if others else None)
        if error is not None:
            se = error.isel(index).values
            ax.fill_between(x, one.values - se, one.values + se, alpha=0.3, color=colour, linewidth=0)
    ax.set(xlabel=label(_abscissa(y, along)), ylabel=label(y))
    if others:
        ax.legend()


def _abscissa(y: xr.DataArray, along: str) -> xr.DataArray:
    """The coordinate to draw against: the dimension's own, or what varies along it."""
    own = [c for c in y.coords.values() if c.dims == (along,) and c.dtype.kind in "fi"]
    named = [c for c in own if c.name == along]
    return (named or own or [xr.DataArray(np.arange(y.sizes[along]), dims=along, name=along)])[0]


def _name(one: xr.DataArray) -> str:
    scalars: dict[str, Any] = {str(k): c.values.item() for k, c in one.coords.items() if c.ndim == 0}
    return ", ".join(f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}" for k, v in scalars.items())
