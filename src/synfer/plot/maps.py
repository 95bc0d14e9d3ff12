"""Maps over two parameters: of ratios, white where nothing changes, and of states, a colour for each."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import ListedColormap, TwoSlopeNorm
from matplotlib.patches import Patch

from synfer.plot.figure import label


def ratio_map(ax: Axes, ratio: xr.DataArray, *, low: float, high: float, levels: tuple[float, ...]) -> QuadMesh:
    """Draw a ratio over two coordinates (y, x), with white at 1 and labelled contours.

    Args:
        ax: Where to draw.
        ratio: Two-dimensional, (y, x), with numeric coordinates.
        low, high: Ends of the colour scale, low < 1 < high; either half of it has its own slope.
        levels: Ratios of the contours.

    Returns:
        The mesh, for a colour bar.
    """
    y, x = (ratio.coords[d] for d in ratio.dims)
    norm = TwoSlopeNorm(1.0, vmin=min(low, 0.999), vmax=max(high, 1.001))
    mesh = ax.pcolormesh(x, y, ratio.values, shading="gouraud", cmap="RdBu_r", norm=norm, rasterized=True)
    inside = [level for level in levels if np.nanmin(ratio) < level < np.nanmax(ratio)]
    if inside:
        lines = ax.contour(x, y, ratio.values, levels=inside, colors="0.2", linewidths=0.7)
        ax.clabel(lines, fontsize=7)
    ax.set(xlabel=label(x), ylabel=label(y))
    return mesh


def state_map(ax: Axes, state: xr.DataArray, value: xr.DataArray, names: Mapping[str, str]) -> list[Patch]:
    """Draw a tile for each pair of coordinates (y, x) in the colour of its state, with a number in it.

    Args:
        ax: Where to draw.
        state: Index into names, (y, x), with numeric coordinates, which need not be evenly spaced.
        value: The number to write into each tile, of the same coordinates.
        names: Colour by name of the state; numbers are white in the last.

    Returns:
        Handles for a legend.
    """
    y, x = (state.coords[d] for d in state.dims)
    value = value.transpose(*state.dims)
    ax.pcolormesh(
        np.arange(x.size), np.arange(y.size), state.values, vmin=0, vmax=len(names) - 1,
        cmap=ListedColormap(list(names.values())), edgecolors="white", linewidth=1.5, shading="nearest",
    )  # fmt: skip
    for row, column in np.ndindex(*state.shape):
        last = int(state[row, column]) == len(names) - 1
        number = float(value[row, column]) + 0.0
        ax.text(column, row, f"{number:.2f}", ha="center", va="center", fontsize=7, color="w" if last else "k")
    for axis, coordinate in ((ax.xaxis, x), (ax.yaxis, y)):
        axis.set_ticks(range(coordinate.size), [f"{number:g}" for number in coordinate.values])
    ax.set(xlabel=label(x), ylabel=label(y))
    ax.tick_params(length=0)
    return [Patch(color=colour, label=name) for name, colour in names.items()]
