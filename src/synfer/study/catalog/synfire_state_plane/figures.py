"""The figures, from the dataset alone."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from synfer import plot

if TYPE_CHECKING:
    from synfer.plot import Axes, Figure

LIVES, DIES = plot.PALETTE[0], plot.PALETTE[1]


def figures(ds: xr.Dataset) -> "dict[str, Figure]":
    """The plane; spikes against density; trials of small chains; survival; rates by layer and time."""
    return {
        "plane": _plane(ds),
        "large": _large(ds),
        "small": _small(ds),
        "survival": _survival(ds),
        "volleys": _volleys(ds),
    }


def _plane(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        size=(5.4, 4.2),
        statement="A separatrix divides volleys that sharpen towards one attractor from volleys that die out.",
    )
    ax = axes[0, 0]
    plot.state_plane(ds, ax=ax)
    end = ds[["settling_a", "settling_sigma_t"]].isel(settling=-1, settling_layer=-1)
    ax.plot(
        end["settling_sigma_t"], end["settling_a"], "*", markersize=13, color=plot.PALETTE[2],
        markeredgecolor="black", markeredgewidth=0.6, linestyle="none", label="attractor", zorder=6,
    )  # fmt: skip
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def _large(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        size=(4.4, 3.2),
        statement=f"Layers of {ds.attrs['large']} spiking neurons follow the density.",
    )
    ax = axes[0, 0]
    for start, colour in zip(ds["large_start"].values, plot.PALETTE, strict=False):
        density, spikes = ds["density_a"].sel(start=start), ds["large_a"].sel(large_start=start)
        ax.plot(ds["layer"], density, color=colour, label=f"density, from {start:g} N")
        se = ds["large_a_se"].sel(large_start=start)
        ax.errorbar(
            ds["layer"], spikes, yerr=se, fmt="o", color=colour, markerfacecolor="white", capsize=2,
            label=f"spikes, from {start:g} N, +- s.e.",
        )  # fmt: skip
    ax.set(xlabel=plot.label(ds["layer"]), ylabel=plot.label(ds["large_a"]), ylim=(0, 1.05))
    ax.legend(loc="lower right")
    return figure


def _small(ds: xr.Dataset) -> "Figure":
    starts = ds["small_start"].values
    N = ds.attrs["N"]
    figure, axes = plot.new_figure(
        1, len(starts), size=(2.4 * len(starts), 3.0), sharey=True, sharex=True,
        statement=f"With {N} neurons per layer chance decides near the separatrix: "
        "single trials scatter around the density's trajectory, and end at the attractor or at zero.",
    )  # fmt: skip
    for ax, start in zip(axes[0], starts, strict=True):
        trials = ds[["small_a", "small_sigma_t", "small_survived"]].sel(small_start=start)
        lives = trials["small_survived"].isel(layer=-1).values
        for alive, colour in ((True, LIVES), (False, DIES)):
            some = trials.isel(trial=np.flatnonzero(lives == alive))
            words = "survive" if alive else "die"
            a, sigma_t = (some[f"small_{name}"].values.ravel() for name in ("a", "sigma_t"))
            ax.plot(sigma_t, a, ".", color=colour, markersize=2.5, alpha=0.45, label=f"trials that {words}")
        path = ds[["density_a", "density_sigma_t"]].sel(start=start)
        ax.plot(path["density_sigma_t"], N * path["density_a"], "o-", color="black", markersize=3, label="density")
        ax.set_title(f"from {start:g} N: {lives.mean():.0%} survive", fontsize=8)
        ax.set_xlabel("sd of spike times within\nthe window [ms]")
    axes[0, 0].set(ylabel="spikes in the volley\nwithin the window [spikes]", ylim=(0, 1.05 * N), xlim=(0, None))
    handles = axes[0, 0].get_legend_handles_labels()
    legend = figure.legend(*handles, loc="outside upper center", ncols=3)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1)
    return figure


def _survival(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 3.0),
        statement="The more neurons in a layer, the more sharply the separatrix decides who survives.",
    )  # fmt: skip
    left, right = axes[0]
    last = ds[["survival", "survival_low", "survival_high"]].isel(layer=-1)
    plot.survival(last, ax=left)
    critical = float(ds["critical_a"].sel(fineness=1)) / ds.attrs["N"]
    left.axvline(critical, color="0.4", linestyle="--", linewidth=1, zorder=0)
    left.annotate(
        "separatrix of\nthe density",
        (critical, 0.02),
        xytext=(4, 0),
        textcoords="offset points",
        fontsize=7,
        va="bottom",
    )
    left.set_xlabel("size of the packet sent [N]")
    left.set_xticks(last["survival_start"].values)
    left.set_ylabel(f"fraction of trials that survive\n{ds.attrs['layers']} layers")
    for start, colour in zip((0.4, 0.5), (DIES, LIVES), strict=True):
        one = last.sel(survival_start=start)
        _bars(right, one, colour, f"from {start:g} N")
    right.set(xscale="log", xlabel=plot.label(ds["width"]), ylim=(-0.03, 1.03))
    right.set_xticks(ds["width"].values, [f"{N}" for N in ds["width"].values])
    right.minorticks_off()
    right.legend(loc="center left")
    return figure


def _bars(ax: "Axes", one: xr.Dataset, colour: str, name: str) -> None:
    middle = one["survival"].values
    bars = np.maximum([middle - one["survival_low"].values, one["survival_high"].values - middle], 0.0)
    ax.errorbar(one["width"], middle, yerr=bars, fmt="o-", capsize=2, elinewidth=0.9, color=colour, label=name)


def _volleys(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.2, 2.8), sharey=True,
        statement="In time: a volley below the separatrix fades within a few layers, one above sharpens and runs on.",
    )  # fmt: skip
    high = float(ds["wave_rate"].max())
    for ax, start in zip(axes[0], ds["wave_start"].values, strict=True):
        one = ds[["wave_rate"]].sel(wave_start=start).rename(wave_rate="rate")
        plot.layers(one, high=high, bar=False, ax=ax)
        ax.set_title(f"from {start:g} N")
    axes[0, 0].invert_yaxis()  # a shared axis is turned by either map
    axes[0, 1].set_ylabel("")
    figure.colorbar(axes[0, 1].collections[0], ax=axes[0, :], label=plot.label(ds["wave_rate"]))
    return figure
