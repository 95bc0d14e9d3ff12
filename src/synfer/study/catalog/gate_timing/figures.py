"""The figures, from the dataset alone."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from synfer import plot

if TYPE_CHECKING:
    from synfer.plot import Axes, Figure

COLOURS = dict(zip(("EIF", "LIF"), plot.PALETTE, strict=False))
LAST = "spikes in the volley\nat the last layer [spikes]"


def figures(ds: xr.Dataset) -> "dict[str, Figure]":
    """Windows by depth and length; volleys in time; three readings; travelling gates; the price of closing."""
    return {
        "windows": _windows(ds),
        "volleys": _volleys(ds),
        "readings": _readings(ds),
        "travelling": _travelling(ds),
        "charge": _charge(ds),
    }


def _threshold(ax: "Axes", N: int) -> None:
    ax.axhline(N / 2, color="0.6", linewidth=0.8, linestyle=":", zorder=0)


def _windows(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 3.0), sharey=True,
        statement="Windows that stop the LIF's volley at 2 mV let the EIF's through, which takes depth or length.",
    )  # fmt: skip
    for ax, kind in zip(axes[0], COLOURS, strict=True):
        for half, colour in zip(ds["half"].values, plot.shades(ds.sizes["half"]), strict=True):
            one = ds["a"].sel(neuron=kind, half=half).isel(layer=-1)
            ax.plot(ds["depth"], one, ".-", color=colour, label=f"$\\pm${half:g} ms")
        _threshold(ax, ds.attrs["N"])
        ax.set(title=kind, xlabel=plot.label(ds["depth"]))
    axes[0, 0].set(ylabel=LAST, ylim=(0, 105 * ds.attrs["N"] / 100))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=6)
    return figure


def _volleys(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        2, 2, size=(7.2, 4.8), sharex=True, sharey=True,
        statement=f"At 3 mV for +-{ds.attrs['reference_half']:g} ms around each ungated arrival (lines) "
        "the LIF's volley is gone, while the EIF's comes through behind the windows, late and spread out.",
    )  # fmt: skip
    for row, kind in zip(axes, COLOURS, strict=True):
        rates = ds["wave_rate"].sel(neuron=kind)
        for ax, depth in zip(row, ds["wave_depth"].values, strict=True):
            one = rates.sel(wave_depth=depth).rename("rate").to_dataset()
            plot.layers(one, high=float(rates.max()), bar=False, ax=ax)
            ax.set_title(f"{kind}, depth {depth:g} mV")
            ax.set(xlabel="", ylabel="")
            if depth > 0:
                _edges(ax, ds["arrival"].sel(neuron=kind).values, ds.attrs["reference_half"])
        figure.colorbar(row[-1].collections[0], ax=row, label="population rate\n[Hz]")
    if not axes[0, 0].yaxis_inverted():
        axes[0, 0].invert_yaxis()
    for ax in axes[:, 0]:
        ax.set_ylabel(plot.label(ds["layer"]))
    for ax in axes[-1]:
        ax.set_xlabel(plot.label(ds["time"]))
    return figure


def _edges(ax: "Axes", arrival: np.ndarray, half: float) -> None:
    """Where the window of each layer begins and ends."""
    rows = np.arange(1, len(arrival) + 1)
    for time in (arrival - half, arrival + half):
        ax.vlines(time, rows - 0.5, rows + 0.5, color=plot.PALETTE[0], linewidth=0.9)


def _readings(ds: xr.Dataset) -> "Figure":
    half = ds.attrs["reference_half"]
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 3.2), sharey=True,
        statement="Whether the EIF's chain is closed depends on what counts as a volley: "
        "its spikes still come, but neither soon nor together.",
    )  # fmt: skip
    names = {
        "within the short window": f"within {ds.attrs['short_window']:g} ms of each other",
        "within the patience": f"by {ds.attrs['patience']:g} ms after the ungated arrival",
        "disfacilitation": "all, with disfacilitation",
    }
    for ax, kind in zip(axes[0], COLOURS, strict=True):
        every = ds["a"].sel(neuron=kind, half=half).isel(layer=-1)
        ax.plot(ds["depth"], every, ".-", color="black", label="all that come")
        for (name, words), colour in zip(names.items(), plot.PALETTE, strict=False):
            ax.plot(ds["depth"], ds["read_a"].sel(neuron=kind, reading=name), ".-", color=colour, label=words)
        _threshold(ax, ds.attrs["N"])
        ax.set(title=f"{kind}, windows of $\\pm${half:g} ms", xlabel=plot.label(ds["depth"]))
    axes[0, 0].set(ylabel=LAST, ylim=(0, 105 * ds.attrs["N"] / 100))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def _travelling(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 2.9), sharey=True,
        statement=f"A window of {ds.attrs['travel_length']:g} ms that leaves layer 1 with the volley "
        "stops the EIF's volley best where it is slower than the ungated volley, as the inhibited volley is.",
    )  # fmt: skip
    for ax, depth in zip(axes[0], ds["travel_depth"].values, strict=True):
        for kind, colour in COLOURS.items():
            one = ds["travel_a"].sel(neuron=kind, travel_depth=depth)
            own = float(
                ds["travel_lag"].sel(neuron=kind).diff("lag_ratio").sum() / ds["lag_ratio"].diff("lag_ratio").sum()
            )
            ax.plot(ds["lag_ratio"], one, "o-", color=colour, label=f"{kind}, {own:.2f} ms per layer")
        _threshold(ax, ds.attrs["N"])
        ax.set(title=f"depth {depth:g} mV", xlabel=plot.label(ds["lag_ratio"]))
    axes[0, 0].set(ylabel=LAST, ylim=(0, 105 * ds.attrs["N"] / 100))
    axes[0, 1].legend(title="volley's own lag", fontsize=7)
    return figure


def _charge(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 3, size=(8.4, 2.9),
        statement="Longer windows close at less depth and for more charge; "
        "for the EIF a window that travels with the delayed volley is the cheapest.",
    )  # fmt: skip
    depth, charge, travel = axes[0]
    for kind, colour in COLOURS.items():
        one = ds.sel(neuron=kind)
        finite = one["closing_depth"].where(np.isfinite(one["closing_depth"]))
        depth.plot(ds["length"], finite, "o-", color=colour, label=kind)
        fraction = one[["closing_charge_fraction"]].rename(closing_charge_fraction="charge")
        plot.closing_charge(fraction, ax=charge, color=colour, label=kind)
        moving = one["moving_charge_fraction"]
        travel.plot(ds["price_lag_ratio"], moving.where(np.isfinite(moving)), "o-", color=colour, label=kind)
    depth.set(xlabel=plot.label(ds["length"]), ylabel="depth that closes\nthe chain [mV]")
    travel.set(xlabel=plot.label(ds["price_lag_ratio"]), ylabel=plot.label(ds["moving_charge_fraction"]))
    travel.set_title(f"travelling, {ds.attrs['travel_length']:g} ms")
    for ax in axes[0, :2]:
        ax.set_title("around each arrival")
    most = ds[["closing_charge_fraction", "moving_charge_fraction"]]
    top = max(float(one.where(np.isfinite(one)).max()) for one in most.values())
    for ax in (charge, travel):
        ax.set_ylim(0, 1.08 * top)
    depth.set_ylim(bottom=0)
    charge.get_legend().remove()
    depth.legend()
    return figure
