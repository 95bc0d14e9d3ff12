"""A volley on its way down a chain: layer over time, and the densities of layers."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import PowerNorm

from synfer.core.errors import ParameterError
from synfer.plot.basics import new_axes, visible
from synfer.plot.figure import label, style


def layers(ds: xr.Dataset, *, high: float | None = None, bar: bool = True, ax: Axes | None = None) -> Axes:
    """Draw the rate of every layer in time as a map, whose colours are even in the root of the rate.

    Args:
        ds: A result of `evolve` or `simulate` for a chain, at one point: `rate` by (layer, time).
        high: The largest rate [Hz] of the colours, to compare several maps; default the largest in ds.
        bar: Whether the map has a colour bar of its own.
        ax: Where to draw; default a new figure, which pyplot.show() shows.

    Returns:
        The Axes.

    Raises:
        ParameterError: no rate by layer and time.
    """
    if "rate" not in ds:
        raise ParameterError("the result has no rate; evolve and simulate give it")
    r = ds["rate"]
    if set(r.dims) != {"layer", "time"}:
        raise ParameterError(f"rate has dimensions {r.dims}, a map shows layer x time; choose one: ds.isel(point=0)")
    r = r.transpose("layer", "time")
    with style():
        ax = new_axes(ax)
        rows = np.arange(1, r.sizes["layer"] + 1)
        mesh = ax.pcolormesh(
            r["time"], rows, r.values, shading="nearest", norm=PowerNorm(0.5, 0, high or float(r.max())),
            cmap="magma_r", rasterized=True,
        )  # fmt: skip
        if bar:
            ax.figure.colorbar(mesh, ax=ax, label=label(r))
        ax.set(xlabel=label(r["time"]), ylabel=label(r["layer"]))
        ticks = rows[:: max(1, -(-len(rows) // 10))]
        ax.set_yticks(ticks, [str(name) for name in r["layer"].values[ticks - 1]])
        ax.invert_yaxis()
    return ax


def layer_densities(ds: xr.Dataset, axes: Sequence[Axes], *, part: float = 0.65) -> QuadMesh:
    """Draw p over time x V of one layer on each Axes, all in the same colours.

    Args:
        ds: A result of `evolve` for a chain with record=("p",), at one point; as many layers as Axes.
        axes: Where to draw, one Axes for each layer.
        part: The colours end at this part of the highest density: a resting population is sharper than all that
            a volley does to it.

    Returns:
        A mesh, for a colour bar.

    Raises:
        ParameterError: no p, or other layers than Axes.
    """
    if "p" not in ds or set(ds["p"].dims) != {"layer", "time", "V"}:
        raise ParameterError('p by layer, time and V is needed; record it: record=("p",), and choose one point')
    p = ds["p"].transpose("layer", "V", "time")
    if len(axes) != p.sizes["layer"]:
        raise ParameterError(f"there are {p.sizes['layer']} layers and {len(axes)} Axes; choose: ds.sel(layer=[1, 5])")
    high = part * float(p.max())
    with style():
        for ax, one in zip(axes, p, strict=True):
            mesh = ax.pcolormesh(
                one["time"], one["V"], one.values, shading="nearest", vmin=0, vmax=high, rasterized=True
            )
            ax.set(ylim=visible(p), ylabel=label(one["V"]), title=f"layer {one['layer'].item()}")
        axes[-1].set_xlabel(label(p["time"]))
    return mesh
