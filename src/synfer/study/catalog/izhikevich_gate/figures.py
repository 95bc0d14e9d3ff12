"""The figures, from the dataset alone."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from synfer import plot

if TYPE_CHECKING:
    from synfer.plot import Figure

RATIOS = {"a": "spikes over those\nwithout inhibition", "sigma_t": "sd of spike times over that\nwithout inhibition"}
FEW = 0.05
"""Spikes per neuron of an answer too small for its spread to matter."""


def figures(ds: xr.Dataset) -> "dict[str, Figure]":
    """Size and spread by end and depth; width of the density against spread; p(V, u); chains."""
    return {
        "single": _single(ds),
        "width": _width(ds),
        "density": _density(ds),
        "chains": _chains(ds),
    }


def ratio(ds: xr.Dataset, name: str) -> xr.DataArray:
    """A reading of the single layer over that without inhibition; no spread where almost no spikes are."""
    own = ds[f"single_{name}"] / ds[f"alone_{name}"]
    return own if name == "a" else own.where(ds["single_a"] >= FEW * ds.attrs["N"])


def _single(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        2, 2, size=(7.2, 5.2), sharex=True, sharey="row",
        statement="Inhibition that overlaps with the volley takes spikes, and one that ended shortly before gives more "
        "of them, and sharper; with u held nothing is gained.",
    )  # fmt: skip
    for row, (name, words) in zip(axes, RATIOS.items(), strict=True):
        for ax, neuron in zip(row, ds["neuron"].values, strict=True):
            for depth, colour in zip(ds["depth"].values, plot.shades(ds.sizes["depth"]), strict=True):
                one = ratio(ds, name).sel(neuron=neuron, depth=depth)
                ax.plot(ds["before"], one, ".-", color=colour, label=f"{depth:g}")
            ax.axhline(1, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
            ax.axvline(0, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        row[0].set_ylabel(words)
        row[0].set_ylim(bottom=0)
    for ax, neuron in zip(axes[0], ds["neuron"].values, strict=True):
        ax.set_title(str(neuron))
    for ax in axes[-1]:
        ax.set_xlabel(plot.label(ds["before"]))
    figure.legend(
        *axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=8, title=plot.label(ds["depth"])
    )
    return figure


def _width(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 3.2), sharex=True, sharey=True,
        statement="A narrower density of V is not what sharpens the answer: with u held narrow densities answer late "
        "and broadly, and with u free broad ones may answer sharply.",
    )  # fmt: skip
    for ax, neuron in zip(axes[0], ds["neuron"].values, strict=True):
        one = ds.sel(neuron=neuron)
        x = one["single_V_iqr"] / one["alone_V_iqr"]
        y = ratio(ds, "sigma_t").sel(neuron=neuron)
        for early, marker, words in ((False, "x", "overlaps"), (True, "o", "ended before")):
            chosen = (ds["before"] > 0) == early
            ax.plot(
                x.sel(before=chosen).values.ravel(), y.sel(before=chosen).values.ravel(), marker,
                color=plot.PALETTE[int(early)], label=words,
            )  # fmt: skip
        ax.axhline(1, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        ax.axvline(1, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        ax.set(title=str(neuron), xlabel="interquartile range of V, just before\nthe volley, over that at rest")
    axes[0, 0].set_ylabel(RATIOS["sigma_t"])
    axes[0, 0].legend(title="inhibition")
    return figure


def _density(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 3, size=(8.4, 3.0), sharex=True, sharey=True,
        statement=f"{ds.attrs['chain_depth']:g} mV/ms for {ds.attrs['length']:g} ms draw V and u together and down; "
        "when the volley comes V is back, and u is not.",
    )  # fmt: skip
    p = ds["joint_p"]
    titles = ("at rest", "end of inhibition", f"{ds.attrs['chain_before']:g} ms later")
    high = float(p.max())
    for ax, moment, title in zip(axes[0], p["moment"].values, titles, strict=True):
        plot.joint(p.sel(moment=moment).rename("p_Vw").to_dataset(), high=high, bar=False, ax=ax)
        ax.set(title=title, ylabel="")
    seen = (p > 1e-3 * high).any("moment")
    for axis, name, other in (("x", "V", "w"), ("y", "w", "V")):
        values = p[name].values[seen.any(other).values]
        axes[0, 0].set(**{f"{axis}lim": (values.min(), values.max())})
    axes[0, 0].set_ylabel(plot.label(ds["w"]))
    figure.colorbar(axes[0, 2].collections[0], ax=axes[0, :], label=plot.label(p))
    return figure


def _chains(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        2, 2, size=(7.2, 5.0), sharex=True, sharey="row",
        statement="The same inhibition closes an open chain when it overlaps with the volley, and opens a closed one "
        "when it travels and ends before the volley, which comes out sharp.",
    )  # fmt: skip
    colours = ("black", *plot.PALETTE[:3])
    for column, A in zip(axes.T, ds["A"].values, strict=True):
        for gate, colour in zip(ds["gate"].values, colours, strict=True):
            one = ds.sel(A=A, gate=gate)
            a = one["chain_a"] / ds.attrs["N"]
            column[0].plot(ds["layer"], a, ".-", color=colour, label=str(gate))
            column[1].plot(ds["layer"], one["chain_sigma_t"].where(a >= FEW), ".-", color=colour)
        column[0].axhline(0.5, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        column[0].set(title=f"{A:g} mV", ylim=(0, 1.02))
        column[1].set_xlabel(plot.label(ds["layer"]))
        column[1].set_ylim(bottom=0)
    axes[0, 0].set_ylabel("spikes in the volley\nper neuron")
    axes[1, 0].set_ylabel(plot.label(ds["chain_sigma_t"]))
    axes[1, 0].set_xticks(np.unique(np.linspace(1, ds.sizes["layer"], 6).round()))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure
