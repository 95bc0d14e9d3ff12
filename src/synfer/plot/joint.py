"""The density over V and a slow variable."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm

from synfer.core.errors import ParameterError
from synfer.plot.basics import VISIBLE, new_axes
from synfer.plot.figure import label, style


def joint(ds: xr.Dataset, *, high: float | None = None, bar: bool = True, ax: Axes | None = None) -> Axes:
    """Draw p(V, w) at one time as a map, whose colours are even in the root of the density.

    Args:
        ds: A result of `stationary` for a neuron with a slow variable, or of `evolve` with record=("p_Vw",), at one
            time: ds.sel(time=12). Of a chain, one layer.
        high: The largest density [1/mV^2] of the colours, to compare several maps; default the largest in ds.
        bar: Whether the map has a colour bar of its own.
        ax: Where to draw; default a new figure, which pyplot.show() shows.

    Returns:
        The Axes, with V to the right and w upwards.

    Raises:
        ParameterError: no p_Vw, or more than one.
    """
    if "p_Vw" not in ds:
        raise ParameterError('the result has no p_Vw; stationary gives it, and evolve records it: record=("p_Vw",)')
    p = ds["p_Vw"]
    if set(p.dims) != {"V", "w"}:
        others = [str(d) for d in p.dims if d not in ("V", "w")]
        raise ParameterError(f"p_Vw has dimensions {p.dims}, a map shows V x w; choose in {', '.join(others)} first")
    p = p.transpose("w", "V")
    with style():
        ax = new_axes(ax)
        norm = PowerNorm(0.5, 0, high or float(p.max()))
        mesh = ax.pcolormesh(p["V"], p["w"], np.maximum(p.values, 0), shading="nearest", norm=norm, rasterized=True)
        if bar:
            ax.figure.colorbar(mesh, ax=ax, label=label(p))
        seen = p >= VISIBLE * p.max()
        for axis, name, other in (("x", "V", "w"), ("y", "w", "V")):
            within = p[name].values[seen.any(other).values]
            ax.set(**{f"{axis}lim": (within.min(), within.max()), f"{axis}label": label(p[name])})
    return ax
