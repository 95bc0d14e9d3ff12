"""The figures, from the dataset alone."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from synfer import plot
from synfer.plot.maps import ratio_map
from synfer.study.catalog.weak_inhibition.verdict import WORDS

if TYPE_CHECKING:
    from synfer.plot import Axes, Figure

COLOURS = dict(zip(("EIF", "LIF", "linearised EIF"), plot.PALETTE, strict=False))


def figures(ds: xr.Dataset) -> "dict[str, Figure]":
    """Dispersion against depth; densities; the pulse; the map; shunts."""
    return {
        "dispersion": _dispersion(ds),
        "densities": _densities(ds),
        "pulse": _pulse(ds),
        "map": _map(ds),
        "shunt": _shunt(ds),
    }


def _relative(variable: xr.DataArray, along: str) -> xr.DataArray:
    return variable / variable.isel({along: 0})


def _at_reference(variable: xr.DataArray, ds: xr.Dataset) -> xr.DataArray:
    return variable.sel(sigma=ds.attrs["reference_sigma"], base_rate=ds.attrs["reference_rate"])


def _unity(ax: "Axes") -> None:
    ax.axhline(1, color="0.6", linewidth=0.8, linestyle=":", zorder=0)


def _dispersion(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 3.0),
        statement="Inhibition narrows the EIF's density and not its linear controls', by most measures but not by all.",
    )  # fmt: skip
    left, right = axes[0]
    sd, se = ds["ways_V_sd"], ds["ways_V_sd_se"]
    for kind, colour in COLOURS.items():
        base = sd.sel(neuron=kind, way="theory", depth=0)
        left.plot(ds["depth"], sd.sel(neuron=kind, way="theory") / base, color=colour, label=kind)
        left.plot(
            ds["depth"],
            sd.sel(neuron=kind, way="density") / base,
            "s",
            color=colour,
            markerfacecolor="none",
            markersize=6,
        )
        spikes, error = sd.sel(neuron=kind, way="spikes") / base, 5 * se.sel(neuron=kind) / base
        left.errorbar(ds["depth"], spikes, yerr=error, fmt=".", color=colour, capsize=2)
    left.plot([], [], color="0.3", label="theory")
    left.plot([], [], "s", color="0.3", markerfacecolor="none", markersize=6, label="density")
    left.errorbar([], [], yerr=[], fmt=".", color="0.3", capsize=2, label="spikes, 5 s.e.")
    for (name, words), colour in zip(WORDS.items(), plot.PALETTE, strict=False):
        variable = ds[name].sel(neuron="EIF") if "neuron" in ds[name].dims else ds[name]
        right.plot(ds["depth"], _relative(_at_reference(variable, ds), "depth"), color=colour, label=words)
    for ax in (left, right):
        _unity(ax)
        ax.set_xlabel(plot.label(ds["depth"]))
    left.set_ylabel("sd(V) / sd(V) at depth 0")
    right.set_ylabel("EIF: measure / measure at depth 0")
    left.legend()
    right.legend(fontsize=7)
    return figure


def _densities(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 2.8), sharey=True,
        statement="The sodium current holds a tail of the EIF's density above V_T; inhibition removes it.",
    )  # fmt: skip
    for ax, kind in zip(axes[0], ("EIF", "LIF"), strict=True):
        for depth, style in ((0.0, "-"), (ds.attrs["reference_depth"], "--")):
            p = ds["p"].sel(neuron=kind).sel(depth=depth)
            ax.plot(ds["V"], p, style, color=COLOURS[kind], label=f"depth {float(p.depth):g} mV")
        ax.set_title(kind)
        ax.set(xlabel=plot.label(ds["V"]), xlim=(-75, -45))
        ax.legend()
    axes[0, 0].axvline(ds.attrs["V_T"], color="0.6", linewidth=0.8, linestyle=":")
    axes[0, 0].annotate("$V_T$", (ds.attrs["V_T"], 0.95), xycoords=("data", "axes fraction"), fontsize=8, va="top")
    axes[0, 0].set_ylabel(plot.label(ds["p"]))
    axes[0, 0].set_ylim(bottom=0)
    return figure


def _pulse(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        3, 1, size=(5.4, 6.4), sharex=True,
        statement="A pulse of inhibition narrows the EIF's density, which spreads again afterwards.",
    )  # fmt: skip
    time, bins = ds["pulse_time"], ds["bin_time"]
    image, sd, rate = axes[:, 0]
    mesh = image.pcolormesh(
        time, ds["pulse_V"], ds["pulse_p"].transpose("pulse_V", "pulse_time").values, shading="nearest", rasterized=True
    )
    image.set(ylim=(-75, -50), ylabel="EIF: membrane potential [mV]")
    figure.colorbar(mesh, ax=image, label="density [1/mV]")
    for kind, colour in COLOURS.items():
        sd.plot(time, ds["pulse_V_sd"].sel(neuron=kind), color=colour, label=kind)
        rate.plot(time, ds["pulse_rate"].sel(neuron=kind), color=colour, label=kind)
        for ax, name in ((sd, "V_sd"), (rate, "rate")):
            spikes, error = ds[f"pulse_spikes_{name}"].sel(neuron=kind), ds[f"pulse_spikes_{name}_se"].sel(neuron=kind)
            ax.errorbar(bins, spikes, yerr=error, fmt=".", color=colour, markersize=3, elinewidth=0.7)
    for ax in (sd, rate):
        ax.axvspan(ds.attrs["pulse_on"], ds.attrs["pulse_off"], color="0.92", zorder=0)
    sd.set_ylabel("sd of V [mV]")
    rate.set(ylabel="population rate [Hz]", xlabel="time [ms]")
    rate.set_ylim(bottom=0)
    rate.legend(loc="lower right")
    return figure


def _map(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 2.9), sharey=True,
        statement="From moderate noise on only the EIF narrows; at low noise and high rate both do.",
    )  # fmt: skip
    ratio = ds["map_ratio"].transpose("map_neuron", "map_rate", "map_sigma")
    low, high = float(ratio.min()), max(1.2, float(ratio.max()))
    for ax, kind in zip(axes[0], ratio["map_neuron"].values, strict=True):
        mesh = ratio_map(ax, ratio.sel(map_neuron=kind), low=low, high=high, levels=(0.6, 0.8, 0.95, 1.0, 1.05))
        for at, marker, name in (("reference", "o", "reference"), ("control", "s", "negative control")):
            point = ds.attrs[f"{at}_sigma"], ds.attrs[f"{at}_rate"]
            ax.plot(*point, marker, color="black", markerfacecolor="white", label=name, clip_on=False, zorder=5)
        ax.set(title=kind, yscale="log")
    axes[0, 1].set_ylabel("")
    axes[0, 1].legend(loc="lower right")
    figure.colorbar(mesh, ax=axes[0, :], label=plot.label(ratio), ticks=[0.4, 0.6, 0.8, 1.0, 1.1, 1.2])
    return figure


def _shunt(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 2.8),
        statement="A shunt narrows every membrane passively; with that factor taken out, only the EIF still narrows.",
    )  # fmt: skip
    left, right = axes[0]
    for kind, colour in COLOURS.items():
        left.plot(ds["g"], _relative(ds["shunt_V_sd"].sel(neuron=kind), "g"), color=colour, label=kind, marker=".")
        right.plot(
            ds["g"], _relative(ds["shunt_V_sd_active"].sel(neuron=kind), "g"), color=colour, label=kind, marker="."
        )
    left.plot(ds["g"], 1 / np.sqrt(1 + ds["g"]), color="0.5", linestyle="--", label="passive, $1/\\sqrt{1+g}$")
    for ax in (left, right):
        _unity(ax)
        ax.set_xlabel(plot.label(ds["g"]))
    left.set_ylabel("sd(V) / sd(V) at g = 0")
    right.set_ylabel("the same, passive factor taken out")
    left.legend()
    return figure
