"""The figures, from the dataset alone."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from synfer import plot

if TYPE_CHECKING:
    from synfer.plot import Figure

COLOURS = dict(zip(("EIF", "LIF", "linearised EIF"), plot.PALETTE, strict=False))
CASES = {
    "equal weight": "equal weight",
    "equal margin": "equal safety margin",
    "disfacilitation": "with disfacilitation",
}
VOLLEY = {
    "a": "spikes in the volley\nat the last layer [spikes]",
    "sigma_t": "sd of spike times, while\nthe volley survives [ms]",
}


def figures(ds: xr.Dataset) -> "dict[str, Figure]":
    """Curves at equal weight and equal margin; by layer; shunts; closing depths; the price; rates and densities."""
    return {
        "curves": _curves(ds),
        "layers": _layers(ds),
        "shunt": _shunt(ds),
        "closing": _closing(ds),
        "cost": _cost(ds),
        "volleys": _volleys(ds),
        "densities": _densities(ds),
    }


def _curves(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        2, 3, size=(7.6, 4.8), sharex="col", sharey="row",
        statement="At equal weight inhibition seems to gate the EIF chain alone; at equal safety margin all close.",
    )  # fmt: skip
    last = ds[["a", "sigma_t", "survived", "closing_depth"]].isel(layer=-1)
    last["sigma_t"] = last["sigma_t"].where(last["survived"])
    for column, (case, words) in zip(axes.T, CASES.items(), strict=True):
        for kind, colour in COLOURS.items():
            one = last.sel(case=case, neuron=kind)
            for ax, name in zip(column, VOLLEY, strict=True):
                ax.plot(ds["depth"], one[name], ".-", color=colour, label=kind)
        column[0].set(title=words, xlim=(-0.05, 1.5 * float(last["closing_depth"].sel(case=case).max())))
        column[1].set_xlabel(plot.label(ds["depth"]))
    for ax, words in zip(axes[:, 0], VOLLEY.values(), strict=True):
        ax.set_ylabel(words)
        ax.set_ylim(bottom=0)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def _layers(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 3.0), sharey=True,
        statement="A gate works by accumulation: what layer 1 hardly notices has stopped the volley ten layers on.",
    )  # fmt: skip
    for ax, kind in zip(axes[0], ("EIF", "LIF"), strict=True):
        one = ds[["a"]].sel(case="equal margin", neuron=kind)
        one = one.sel(depth=one["depth"] <= 3)
        plot.gating(one, ax=ax)
        ax.set_title(kind)
    axes[0, 0].get_legend().remove()
    axes[0, 1].set_ylabel("")
    return figure


def _shunt(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 2.9), sharex=True,
        statement=f"A shunt towards {ds.attrs['E_rev']:g} mV closes all three chains as a current does.",
    )  # fmt: skip
    for ax, name in zip(axes[0], VOLLEY, strict=True):
        for kind, colour in COLOURS.items():
            one = ds[[f"shunt_{name}", "shunt_survived"]].sel(neuron=kind).isel(layer=-1)
            y = one[f"shunt_{name}"] if name == "a" else one[f"shunt_{name}"].where(one["shunt_survived"])
            ax.plot(ds["g"], y, ".-", color=colour, label=kind)
        ax.set(xlabel=plot.label(ds["g"]), ylabel=VOLLEY[name])
        ax.set_ylim(bottom=0)
    axes[0, 0].legend()
    return figure


def _closing(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        size=(5.2, 2.8),
        statement="The contrast between EIF and LIF is one of weights: at equal safety margin it is gone.",
    )
    ax = axes[0, 0]
    for i, (kind, colour) in enumerate(COLOURS.items()):
        depth = ds["closing_depth"].sel(neuron=kind, case=list(CASES))
        place = np.arange(len(CASES)) + 0.26 * (i - 1)
        bars = ax.bar(place, depth, width=0.24, color=colour, label=kind)
        ax.bar_label(bars, fmt="%.2f", fontsize=7, padding=1)
    ax.set_xticks(range(len(CASES)), CASES.values())
    ax.set(ylabel=plot.label(ds["closing_depth"]), xlabel="comparison of the chains")
    ax.legend()
    return figure


def _cost(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 2.8),
        statement=f"Held for {ds.attrs['hold']:g} ms, a gate takes about the charge of one volley, "
        "and about a hundredth of the ATP of its spikes.",
    )  # fmt: skip
    for ax, name in zip(axes[0], ("cost_charge_fraction", "cost_atp_fraction"), strict=True):
        for i, (kind, colour) in enumerate(COLOURS.items()):
            bars = ax.bar(np.arange(2) + 0.26 * (i - 1), ds[name].sel(neuron=kind), 0.24, color=colour, label=kind)
            ax.bar_label(bars, fmt="%.2g", fontsize=7, padding=1)
        ax.set_xticks(range(2), ds["gate"].values)
        ax.set(ylabel=plot.label(ds[name]), xlabel=plot.label(ds["gate"]))
        ax.margins(y=0.15)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def _volleys(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 2.9), sharey=True,
        statement="Inhibition past the closing depth delays and spreads the volley of the EIF chain until it is gone.",
    )  # fmt: skip
    high = float(ds["wave_rate"].max())
    for ax, depth in zip(axes[0], ds["wave_depth"].values, strict=True):
        plot.layers(_wave(ds, "rate", depth), high=high, bar=False, ax=ax)
        ax.set_title(f"depth {depth:.2f} mV")
    axes[0, 0].invert_yaxis()  # a shared axis is turned by either map
    axes[0, 1].set_ylabel("")
    figure.colorbar(axes[0, 1].collections[0], ax=axes[0, :], label=plot.label(ds["wave_rate"]))
    return figure


def _densities(ds: xr.Dataset) -> "Figure":
    shown = ds["shown_layer"].values
    figure, axes = plot.new_figure(
        len(shown), 2, size=(7.2, 1.5 * len(shown) + 0.6), sharex=True, sharey=True,
        statement="The density of V by layer: ungated, each layer is lifted and emptied at once; gated, ever fewer "
        "neurons are carried over the threshold.",
    )  # fmt: skip
    for column, depth in zip(axes.T, ds["wave_depth"].values, strict=True):
        mesh = plot.layer_densities(_wave(ds, "p", depth).rename(shown_layer="layer"), list(column))
        for ax, layer in zip(column, shown, strict=True):
            ax.set_title(f"layer {layer}, depth {depth:.2f} mV", fontsize=8)
    axes[0, 0].set_ylim(-76, -45)
    for ax in axes.flat:
        ax.set_ylabel("")
    figure.supylabel(plot.label(ds["V"]), fontsize=9)
    figure.colorbar(mesh, ax=axes[:, :], label=plot.label(ds["wave_p"]), extend="max")
    return figure


def _wave(ds: xr.Dataset, name: str, depth: float) -> xr.Dataset:
    """One run of the EIF's chain, named as `evolve` names it."""
    return ds[[f"wave_{name}"]].sel(wave_depth=depth).rename({f"wave_{name}": name})
