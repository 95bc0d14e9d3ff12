"""Volleys in a chain: the state plane, and the survival of finitely many neurons."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from synfer.core.errors import ParameterError
from synfer.plot.basics import new_axes
from synfer.plot.figure import PALETTE, label, style

LIVES, DIES = PALETTE[0], PALETTE[1]


def state_plane(ds: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Draw a state plane: arrows of the first layer's step, trajectories, separatrix.

    Args:
        ds: A result of `state_plane`: a, sigma_t, survived by (a_in, sigma_t_in, layer) and a_separatrix.
        ax: Where to draw; default a new figure, which pyplot.show() shows.

    Returns:
        The Axes: spikes in the volley over their spread. Trajectories of packets that survive the last layer and of
        packets that die have colours of their own.

    Raises:
        ParameterError: no trajectories over a plane.
    """
    _needs(ds, ("a", "sigma_t", "survived"), ("a_in", "sigma_t_in", "layer"), "state_plane gives them")
    with style():
        ax = new_axes(ax)
        _arrows(ax, ds)
        _trajectories(ax, ds)
        if "a_separatrix" in ds:
            line = ds["a_separatrix"].where(np.isfinite(ds["a_separatrix"]))
            ax.plot(ds["sigma_t_in"], line, color="black", linewidth=2, label="separatrix", zorder=4)
        ax.set(xlabel=label(ds["sigma_t"]), ylabel=label(ds["a"]), ylim=(0, 1.05 * float(ds["a_in"].max())))
        ax.set_xlim(0, 1.05 * float(ds["sigma_t_in"].max()))
    return ax


def survival(ds: xr.Dataset, *, along: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw the fraction of trials that survive, with 95 % intervals, a line for each width.

    Args:
        ds: A result of `survival` with survival, survival_low, survival_high by width and one other dimension, or
            with a single width.
        along: The dimension of the abscissa; default the one that is not width.
        ax: Where to draw; default a new figure, which pyplot.show() shows.

    Returns:
        The Axes.

    Raises:
        ParameterError: too few or too many dimensions; choose a layer: ds.isel(layer=-1).
    """
    for name in ("survival", "survival_low", "survival_high"):
        if name not in ds:
            raise ParameterError(f"the result has no {name}; survival gives it")
    s = ds["survival"]
    free = [str(d) for d in s.dims if d != "width"]
    along = along or (free[0] if free else "width")
    others = [str(d) for d in s.dims if d != along]
    if along not in s.dims or len(others) > 1:
        raise ParameterError(
            f"survival has dimensions {s.dims}; two can be drawn, so choose in the others: ds.isel(layer=-1)"
        )
    with style():
        ax = new_axes(ax)
        for i in range(s.sizes[others[0]] if others else 1):
            one = ds.isel({others[0]: i}) if others else ds
            middle = one["survival"].values
            # Rounding must not make the length of a bar negative where the interval ends at the fraction.
            bars = np.maximum([middle - one["survival_low"].values, one["survival_high"].values - middle], 0.0)
            name = f"N = {one['width'].item():g}" if "width" in one.coords and one["width"].ndim == 0 else None
            colour = PALETTE[i % len(PALETTE)]
            ax.errorbar(one[along], middle, yerr=bars, fmt="o-", capsize=2, elinewidth=0.9, color=colour, label=name)
        ax.set(xlabel=label(s[along]), ylabel=label(s), ylim=(-0.03, 1.03))
        if others:
            ax.legend()
    return ax


def _arrows(ax: Axes, ds: xr.Dataset) -> None:
    """Steps of the first layer, all of one length: their directions."""
    a, sigma_t = np.meshgrid(ds["a_in"].values, ds["sigma_t_in"].values, indexing="ij")
    first = ds[["a", "sigma_t"]].isel(layer=0).transpose("a_in", "sigma_t_in")
    up, right = first["a"].values - a, first["sigma_t"].values - sigma_t
    alive = np.isfinite(right)
    up, right = up / np.ptp(_extent(ds["a_in"])), np.where(alive, right, 0) / np.ptp(_extent(ds["sigma_t_in"]))
    length = np.hypot(up, right)
    length[length == 0] = 1
    ax.quiver(
        sigma_t,
        a,
        right / length,
        up / length,
        color="0.72",
        angles="uv",
        scale=28,
        width=0.0035,
        headwidth=4,
        zorder=1,
    )


def _extent(values: xr.DataArray) -> tuple[float, float]:
    """From 0 to the largest value: the extent of an axis of the plane."""
    return 0.0, float(values.max())


def _trajectories(ax: Axes, ds: xr.Dataset) -> None:
    for i in range(ds.sizes["a_in"]):
        for j in range(ds.sizes["sigma_t_in"]):
            path = ds[["a", "sigma_t", "survived"]].isel(a_in=i, sigma_t_in=j)
            lives = bool(path["survived"].isel(layer=-1))
            a = np.concatenate([[float(path["a_in"])], path["a"].values])
            sigma_t = np.concatenate([[float(path["sigma_t_in"])], path["sigma_t"].values])
            ax.plot(sigma_t, a, color=LIVES if lives else DIES, linewidth=0.7, alpha=0.75, zorder=2)
    for colour, name in ((LIVES, "survives"), (DIES, "dies")):
        ax.plot([], [], color=colour, linewidth=1, label=name)


def _needs(ds: xr.Dataset, names: tuple[str, ...], dims: tuple[str, ...], repair: str) -> None:
    for name in names:
        if name not in ds:
            raise ParameterError(f"the result has no {name}; {repair}")
        if set(ds[name].dims) != set(dims):
            raise ParameterError(f"{name} has dimensions {ds[name].dims}, and this figure takes {dims}; {repair}")
