"""The figures, from the dataset alone."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from synfer import plot
from synfer.plot.maps import state_map
from synfer.study.catalog.gate_opening.states import ALIVE, STATES, opens, state

if TYPE_CHECKING:
    from synfer.plot import Figure

STATE_COLOURS = ("#BBBBBB", "#E69F00", "#0072B2")
PER_NEURON = "spikes in the volley\nper neuron"


def figures(ds: xr.Dataset) -> "dict[str, Figure]":
    """p(V, w) around the gate; the single layer; the map of openings; profiles over layers; ablations."""
    return {
        "density": _density(ds),
        "single": _single(ds),
        "map": _map(ds),
        "profiles": _profiles(ds),
        "ablations": _ablations(ds),
    }


def _density(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 3, size=(8.4, 3.0), sharex=True, sharey=True,
        statement=f"{ds.attrs['gate_depth']:g} mV for {ds.attrs['gate_length']:g} ms move the density to lower V and "
        "less adaptation; V comes back at once when the gate ends, adaptation late.",
    )  # fmt: skip
    p = ds["joint_p"]
    seen = (p > 1e-3 * p.max()).any("moment")
    titles = ("at rest", "end of the gate", f"{float(ds['moment_time'][2]):g} ms later")
    for ax, moment, title in zip(axes[0], p["moment"].values, titles, strict=True):
        plot.joint(p.sel(moment=moment).rename("p_Vw").to_dataset(), high=float(p.max()), bar=False, ax=ax)
        ax.set(title=title, ylabel="")
    for axis, other in (("x", "w"), ("y", "V")):
        values = p["V" if axis == "x" else "w"].values[seen.any(other).values]
        axes[0, 0].set(**{f"{axis}lim": (values.min(), values.max())})
    axes[0, 0].set_ylabel(plot.label(ds["w"]))
    figure.colorbar(axes[0, 2].collections[0], ax=axes[0, :], label=plot.label(p))
    return figure


def _single(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 3.0),
        statement="A gate that ends with the volley takes spikes from one layer, and one that ended earlier adds some; "
        "by how much depends on the window of the count.",
    )  # fmt: skip
    rates, ratio = axes[0]
    rates.plot(ds["since"], ds["single_rate_open"], color="black", label="no gate")
    for before, colour in zip((0.0, 20.0), plot.PALETTE, strict=False):
        one = ds["single_rate"].sel(single_before=before)
        rates.plot(ds["since"], one, color=colour, label=f"ended {before:g} ms before")
    rates.set(xlabel=plot.label(ds["since"]), ylabel=plot.label(ds["single_rate"]))
    rates.legend()
    first, last = ds.attrs["counted"]
    names = {"evoked": "above 2 % of the peak", "counted": f"from {first:g} to {last:g} ms"}
    for window, colour in zip(names, plot.PALETTE[2:], strict=False):
        relative = ds["single_count"].sel(window=window) / ds["single_open"].sel(window=window)
        ratio.plot(ds["single_before"], relative, "o-", color=colour, label=names[window])
    ratio.axhline(1, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    ratio.set(xlabel=plot.label(ds["single_before"]), ylabel="spikes over those\nwithout a gate")
    ratio.set_ylim(bottom=0)
    ratio.legend(title="window")
    return figure


def _map(ds: xr.Dataset) -> "Figure":
    states = state(ds["open_a"], ds["open_t"], ds["lag"])
    depths = ds["depth"].values
    figure, axes = plot.new_figure(
        1, len(depths) + 1, size=(2.9 * (len(depths) + 1), 3.4),
        statement="A gate on all layers at once opens the chain for some layers only; one that travels no faster than "
        "the volley opens it for good, below the drive at which the chain is open by itself.",
    )  # fmt: skip
    colours: dict[str, str] = dict(zip(STATES, STATE_COLOURS, strict=True))
    handles = []
    for ax, depth in zip(axes[0], depths, strict=False):
        last = ds["open_a"].sel(depth=depth).isel(layer=-1).clip(min=0)
        handles = state_map(ax, states.sel(depth=depth).transpose("A", "lag"), last, colours)
        ax.set(title=f"{depth:g} mV for {ds.attrs['gate_length']:g} ms", ylabel="")
    dark = axes[0, -1]
    rows = np.arange(ds.sizes["A"])
    for layer, colour in zip((6, 12, ds.sizes["layer"]), plot.shades(3), strict=True):
        if layer <= ds.sizes["layer"]:
            dark.plot(ds["dark_a"].sel(layer=layer), rows, "o-", color=colour, label=f"layer {layer}")
    dark.set(title="no gate", xlabel=PER_NEURON, xlim=(-0.03, 1.0), ylim=(-0.5, len(rows) - 0.5))
    dark.set_yticks(rows, [f"{A:g}" for A in ds["A"].values])
    dark.legend()
    axes[0, 0].set_ylabel(plot.label(ds["A"]))
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    return figure


def _profiles(ds: xr.Dataset) -> "Figure":
    drives = (ds.attrs["A_at_once"], ds.attrs["A_open"])
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 3.2), sharey=True,
        statement="Behind a gate at once the volley dies some layers later than without; behind one that travels with "
        "it, it levels off.",
    )  # fmt: skip
    for ax, A in zip(axes[0], drives, strict=True):
        ax.plot(ds["layer"], ds["dark_a"].sel(A=A), ".-", color="black", label="no gate")
        gated = ds["open_a"].sel(A=A, depth=ds.attrs["gate_depth"])
        for lag, colour in zip(ds["lag"].values, plot.shades(ds.sizes["lag"]), strict=True):
            words = "at once" if lag == 0 else f"{lag:g} ms per layer"
            ax.plot(ds["layer"], gated.sel(lag=lag), ".-", color=colour, label=words)
        ax.axhline(ALIVE, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        ax.set(title=f"{A:g} mV", xlabel=plot.label(ds["layer"]), ylim=(0, 1))
    axes[0, 0].set_ylabel(PER_NEURON)
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside right center", fontsize=8,
        title=f"gate of {ds.attrs['gate_depth']:g} mV",
    )  # fmt: skip
    return figure


def _ablations(ds: xr.Dataset) -> "Figure":
    fractions = ds["fraction"].values
    figure, axes = plot.new_figure(
        1, len(fractions), size=(max(6.4, 3.6 * len(fractions)), 3.4), sharey=True,
        statement=" ".join(_opened(ds)),
    )  # fmt: skip
    moving = ds["lag_ratio"].values[ds["lag_ratio"].values > 0]
    for ax, fraction in zip(axes[0], fractions, strict=True):
        one = ds.sel(fraction=fraction).isel(shallow=-1)
        bars = {
            "no gate": one["case_dark_a"],
            "gate at once": one["case_a"].sel(lag_ratio=0.0),
            "travelling gate, best lag": one["case_a"].sel(lag_ratio=moving).max("lag_ratio"),
        }
        for i, ((words, values), colour) in enumerate(zip(bars.items(), ("0.7", "#E69F00", "#0072B2"), strict=True)):
            ax.bar(np.arange(ds.sizes["case"]) + 0.27 * (i - 1), values, width=0.25, color=colour, label=words)
        ax.axhline(ALIVE, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        ax.set_xticks(range(ds.sizes["case"]), ds["case"].values, rotation=30, ha="right")
        ax.set(title=f"{fraction:g} of the critical drive", ylim=(0, 1))
    axes[0, 0].set_ylabel(f"{PER_NEURON}, layer {ds.sizes['shallow']}")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def _opened(ds: xr.Dataset) -> list[str]:
    """What opens at each fraction of the critical drive, in words."""
    opened = opens(ds["case_a"].sel(lag_ratio=ds["lag_ratio"] > 0))
    each = [(fraction, ds["case"].values[opened.sel(fraction=fraction)]) for fraction in ds["fraction"].values]
    return [
        f"At {fraction:g} of its own critical drive a travelling gate opens the chain of: {'; '.join(names) or 'none'}."
        for fraction, names in each
    ]
