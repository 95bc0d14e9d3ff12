"""The figures, from the dataset alone."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from synfer import plot
from synfer.study.catalog.equivalence.parts import COST
from synfer.study.catalog.equivalence.verdict import COST_LIMIT, DERIVATIVE_LIMIT

if TYPE_CHECKING:
    from synfer.plot import Figure

LEAST = 1e-18
"""Where differences of 0 are drawn."""


def figures(ds: xr.Dataset) -> "dict[str, Figure]":
    """L against F; differences beside what rounding allows; settling; the table."""
    return {
        "cost": _cost(ds),
        "differences": _differences(ds),
        "settling": _settling(ds),
        "correspondence": _correspondence(ds),
    }


def _cost(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        2, 3, size=(7.4, 4.8),
        statement="Neural cost and free energy are one number, term by term, in every random network.",
    )  # fmt: skip
    for ax, term in zip(axes.flat, ds["term"].values, strict=True):
        L, F = ds["L"].sel(term=term), ds["F"].sel(term=term)
        low, high = float(min(L.min(), F.min())), float(max(L.max(), F.max()))
        ax.plot([low, high], [low, high], color="0.7", linewidth=0.8, zorder=0)
        ax.plot(F, L, ".", color=plot.PALETTE[0], markersize=3)
        ax.set_title(str(term))
    for ax in axes[-1]:
        ax.set_xlabel(plot.label(ds["F"]))
    for ax in axes[:, 0]:
        ax.set_ylabel(plot.label(ds["L"]))
    return figure


def _differences(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        size=(7.2, 4.6),
        statement="Where a network is canonical all identities hold to rounding; break one rule and they are off by "
        "many powers of ten.",
    )  # fmt: skip
    ax = axes[0, 0]
    names = [str(name) for name in ds["identity"].values]
    spread = np.linspace(-0.3, 0.3, ds.sizes["network"])
    for k, name in enumerate(names):
        error = np.maximum(ds["error"].sel(identity=name).values, LEAST)
        ax.plot(error, k + spread, ".", color=plot.PALETTE[0], markersize=2, label="canonical" if k == 0 else None)
    shams = [str(name) for name in ds["sham"].values]
    spread = np.linspace(-0.3, 0.3, ds.sizes["shammed"])
    for k, name in enumerate(shams):
        error = np.maximum(ds["sham_error"].sel(sham=name).values, LEAST)
        label = "one rule broken" if k == 0 else None
        ax.plot(error, len(names) + k + spread, ".", color=plot.PALETTE[1], markersize=2, label=label)
    cost = sum(name in COST for name in names)
    for limit, start, stop in ((COST_LIMIT, 0, cost), (DERIVATIVE_LIMIT, cost, len(names))):
        ax.plot([limit, limit], [start - 0.5, stop - 0.5], color="black", linewidth=1, label=None if start else "limit")
    ax.set(
        xscale="log",
        xlabel="difference over the sum of absolute terms (0 is drawn at $10^{-18}$)",
        ylabel="identity, or rule broken",
    )
    ax.set_yticks(range(len(names) + len(shams)), [*names, *shams])
    ax.invert_yaxis()
    ax.legend(loc="upper right")
    return figure


def _settling(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        size=(4.2, 3.2),
        statement="Firing becomes the posterior as inputs last longer than neurons take to follow.",
    )
    ax = axes[0, 0]
    hold = ds["hold"]
    ax.plot(hold, np.maximum(ds["distance"].values, LEAST), color="0.75", linewidth=0.7)
    ax.plot(hold, ds["distance"].max("settled"), ".-", label="largest of all networks")
    ax.plot(hold, np.exp(-hold), "--", color="black", label="$e^{-hold/\\tau}$")
    ax.plot([], [], color="0.75", label="each network")
    ax.set(xscale="log", yscale="log", xlabel=plot.label(hold), ylabel=plot.label(ds["distance"]), ylim=(1e-17, 3))
    ax.legend()
    return figure


def _correspondence(ds: xr.Dataset) -> "Figure":
    names = ("row_network", "row_network_values", "row_model", "row_model_values")
    cells = [[str(ds[name].values[k]) for name in names] for k in range(ds.sizes["row"])]
    figure, axes = plot.new_figure(
        size=(8.6, 0.24 * (len(cells) + 2)),
        statement="Each part of the network that learns mazes is a part of a generative model, with these numbers.",
    )  # fmt: skip
    ax = axes[0, 0]
    ax.set_axis_off()
    table = ax.table(
        cells, colLabels=["network", "its numbers", "model", "its numbers"], cellLoc="left", colLoc="left",
        colWidths=[0.24, 0.21, 0.34, 0.21], edges="horizontal", bbox=[0, 0, 1, 1],
    )  # fmt: skip
    table.auto_set_font_size(False)
    table.set_fontsize(8)
    for cell in table.get_celld().values():
        cell.set_linewidth(0.4)
    ax.set(xlabel="part", ylabel="correspondence")
    return figure
