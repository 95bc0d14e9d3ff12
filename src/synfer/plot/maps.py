"""Maps of ratios: one colour for smaller, one for larger, white where nothing changes."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import TwoSlopeNorm

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
