"""What became of a volley under a gate, from its profile over the layers alone.

An opening is sustained where the volley is alive behind the last layer, has stopped losing spikes, and keeps up with
its gate. A volley that holds its size while the gate runs away from it lives on what the gate left behind and will
die further down, which no ratio of two layers shows.
"""

import xarray as xr

ALIVE = 0.5
"""Spikes per neuron behind the last layer of a volley that lives."""
LEVEL = 0.95
"""What a level volley keeps over some layers."""
DRIFT = 1.05
"""Time for a layer, over the gate's, of a volley that still keeps up with its gate."""
STATES = ("dies", "alive, and losing spikes or its gate", "sustained")


def spans(layers: int) -> tuple[int, int]:
    """Over how many of the last layers a level and a transit are read: half and a quarter, at most ten and five."""
    return min(10, layers // 2), max(1, min(5, layers // 4))


def kept(a: xr.DataArray, span: int) -> xr.DataArray:
    """Spikes behind the last layer over those `span` layers before; 0 where there were none."""
    early = a.isel(layer=-1 - span)
    return (a.isel(layer=-1) / early.where(early > 0)).fillna(0.0)


def transit(t: xr.DataArray, span: int) -> xr.DataArray:
    """Time [ms] that the volley takes for each of the last `span` layers; NaN for one that is gone."""
    return (t.isel(layer=-1) - t.isel(layer=-1 - span)) / span


def state(a: xr.DataArray, t: xr.DataArray, lag: xr.DataArray | float) -> xr.DataArray:
    """Index into STATES.

    Args:
        a: Spikes per neuron, (..., layer).
        t: Mean time of the volley [ms], (..., layer).
        lag: Lag of the gate per layer [ms], broadcast against the rest.
    """
    size, pace = spans(a.sizes["layer"])
    alive = a.isel(layer=-1) >= ALIVE
    lasting = alive & (kept(a, size) >= LEVEL) & (transit(t, pace) <= DRIFT * lag)
    return alive.astype(int) + lasting.astype(int)


def opens(gated: xr.DataArray) -> xr.DataArray:
    """Whether any gate leaves a volley alive behind the last layer, and level over the last third of the layers.

    Args:
        gated: Spikes per neuron behind gates, (..., lag_ratio, shallow).
    """
    a, early = gated.isel(shallow=-1), gated.isel(shallow=gated.sizes["shallow"] * 2 // 3 - 1)
    return (a / early.where(a >= ALIVE) > LEVEL).any("lag_ratio")
