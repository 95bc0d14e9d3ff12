"""Gates on a chain: what is left of a volley, and what closing costs."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from synfer.core.errors import ParameterError
from synfer.plot.basics import new_axes
from synfer.plot.figure import PALETTE, label, shades, style


def gating(ds: xr.Dataset, variable: str = "a", *, ax: Axes | None = None) -> Axes:
    """Draw a volley against the strength of a gate, a line for each layer, from light to dark.

    Args:
        ds: A result of `gating_curve` at one point.
        variable: "a", "sigma_t" or "t_packet".
        ax: Where to draw; default a new figure, which pyplot.show() shows.

    Returns:
        The Axes. Where a volley is dead there is no spread, and its line ends.

    Raises:
        ParameterError: the result has no such variable by strength and layer.
    """
    strength = "g" if "g" in ds.dims else "depth"
    if variable not in ds:
        raise ParameterError(f"the result has no {variable}; gating_curve gives a, sigma_t and t_packet")
    y = ds[variable]
    if set(y.dims) != {strength, "layer"}:
        raise ParameterError(f"{variable} has dimensions {y.dims}; choose one point: ds.isel(point=0)")
    with style():
        ax = new_axes(ax)
        for i, colour in enumerate(shades(y.sizes["layer"])):
            one = y.isel(layer=i)
            ax.plot(one[strength], one.transpose(strength), color=colour, label=f"layer {one['layer'].item()}")
        ax.set(xlabel=label(y[strength]), ylabel=label(y))
        ax.set_ylim(bottom=0)
        if y.sizes["layer"] <= 12:
            ax.legend(fontsize=7)
    return ax


def closing_charge(ds: xr.Dataset, *, ax: Axes | None = None, **line: Any) -> Axes:
    """Draw the charge that closes a chain against the length of its window, a line for each lag.

    Args:
        ds: A result of `closing_charge`.
        ax: Where to draw; default a new figure, which pyplot.show() shows.
        line: Of the lines, for example label="EIF"; with lags, each has its own colour and label.

    Returns:
        The Axes. Where nothing closes there is no point.

    Raises:
        ParameterError: the result has no charge by length.
    """
    if "charge" not in ds or "length" not in ds["charge"].dims:
        raise ParameterError("the result has no charge by length; closing_charge gives it")
    charge = ds["charge"].where(np.isfinite(ds["charge"]))
    with style():
        ax = new_axes(ax)
        lags = charge["lag"].values if "lag" in charge.dims else [None]
        for i, lag in enumerate(lags):
            one = charge if lag is None else charge.isel(lag=i)
            own: dict[str, Any] = {"marker": "o"}
            if lag is not None:
                own |= {"color": PALETTE[i % len(PALETTE)], "label": f"lag {lag:g} ms per layer"}
            ax.plot(one["length"], one, **(own | line))
        ax.set(xlabel=label(charge["length"]), ylabel=label(charge))
        ax.set_ylim(bottom=0)
        if ax.get_legend_handles_labels()[0]:
            ax.legend()
    return ax
