"""The figures, from the dataset alone."""

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from synfer import plot
from synfer.plot.separation import synapses
from synfer.study.catalog.source_separation.parts import ESTIMATORS, OTHER, PREDICTIONS, SAME, SWAPPED
from synfer.study.catalog.source_separation.spec import KNOWN, KNOWN_MEAN

if TYPE_CHECKING:
    from synfer.plot import Axes, Figure

SEEN = [name for name in PREDICTIONS if name != SAME]
"""Predictions whose error is more than rounding."""


def figures(ds: xr.Dataset) -> "dict[str, Figure]":
    """Separation by prior; estimated priors; synapses predicted and learned."""
    return {"sweep": _sweep(ds), "priors": _priors(ds), "synapses": _synapses(ds)}


def _band(ax: "Axes", y: xr.DataArray, dim: str, colour: str, words: str) -> None:
    """Mean over draws, and their standard deviation as a band."""
    mean, sd = y.mean(dim), y.std(dim, ddof=1) if y.sizes[dim] > 1 else 0 * y.mean(dim)
    ax.plot(y["D1"], mean, "o-", color=colour, label=words)
    ax.fill_between(y["D1"], mean - sd, mean + sd, color=colour, alpha=0.2, linewidth=0)


def _sweep(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.4, 3.1),
        statement="Sources are told apart where the prior is about right; beyond, a state stands for both sources, and "
        "in some draws for neither.",
    )  # fmt: skip
    ax = axes[0, 0]
    for k, (name, colour) in enumerate(zip(("own", "other"), plot.PALETTE, strict=False)):
        _band(ax, ds[name], "draw", colour, f"{name} source")
        if ds.attrs["as_known"]:
            ax.plot(list(KNOWN), [pair[k] for pair in KNOWN.values()], "x", color="black", markersize=6, zorder=4,
                    label=None if k else "independent program")  # fmt: skip
    ax.set(xlabel=plot.label(ds["D1"]), ylabel="correlation of a state with a source", xlim=(0, 1), ylim=(0, 1.3))
    ax.set_yticks(np.linspace(0, 1, 6))
    ax.legend(loc="upper center", ncols=2)
    ax = axes[0, 1]
    ax.plot(ds["D1"], ds["mirrored"].mean("draw"), "o-", color=plot.PALETTE[3])
    ax.set(xlabel=plot.label(ds["D1"]), ylabel="part of draws with a mirrored state", xlim=(0, 1))
    ax.set_ylim(-0.02, max(0.5, 1.1 * float(ds["mirrored"].mean("draw").max())))
    return figure


def _priors(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.4, 3.1),
        statement="What the evidence leaves of a belief is its prior, exactly; the mean belief is not.",
    )  # fmt: skip
    ax, colours = axes[0, 0], dict(zip(ESTIMATORS, (plot.PALETTE[i] for i in (0, 4, 1)), strict=True))
    ax.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    _band(ax, ds["s_mean"], "draw", colours["mean belief"], "mean belief")
    for name in ESTIMATORS[:2]:
        _band(ax, ds["estimate"].sel(estimator=name), "estimate_draw", colours[name], name)
    if ds.attrs["as_known"]:
        ax.plot(list(KNOWN_MEAN), list(KNOWN_MEAN.values()), "x", color="black", markersize=6, zorder=4,
                label="mean, independent program")  # fmt: skip
    ax.set(xlabel=plot.label(ds["D1"]), ylabel="estimated prior", xlim=(0, 1), ylim=(0, 1))
    ax.legend(loc="upper left", fontsize=7)
    ax = axes[0, 1]
    for name in ESTIMATORS:
        error = abs(ds["logit_error"].sel(estimator=name)).max("estimate_draw")
        ax.semilogy(ds["D1"], np.maximum(error, 1e-16), "o-", color=colours[name], label=name)
    ax.set(xlabel=plot.label(ds["D1"]), ylabel="largest error of log odds [nats]", xlim=(0, 1), ylim=(1e-16, 100))
    return figure


def _synapses(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 3, size=(10.2, 3.2),
        statement="With the prior that beliefs reveal, learning in another environment is predicted for inputs unseen, "
        "better than with another prior or by no change.",
    )  # fmt: skip
    ax = axes[0, 0]
    for name, form in (("learned", "-"), (OTHER, "--"), (SWAPPED, ":")):
        one = ds[["synapse"]].sel(shown=name).rename(synapse="A1")
        form_of: dict[str, Any] = {"linestyle": form} | ({} if name == "learned" else {"label": None})
        synapses(one, ds["own_input"].values, each=name == "learned", ax=ax, **form_of)
    for form, words in (("-", "learned"), ("--", "predicted"), (":", "swapped prior")):
        ax.plot([], [], form, color="0.3", label=words)
    ax.set(xlabel=plot.label(ds["learned"]), ylabel="P(input = 1 | s = 1)", ylim=(0.45, 1.05))
    ax.legend(loc="upper left", ncols=2, fontsize=7)
    ax, last = axes[0, 1], ds["synapse"].isel(learned=-1)
    for name, mark, colour in ((SWAPPED, "x", plot.PALETTE[3]), (OTHER, "o", plot.PALETTE[2])):
        ax.plot(last.sel(shown="learned").values.ravel(), last.sel(shown=name).values.ravel(), mark, color=colour,
                markersize=3.5, label="predicted" if name == OTHER else name)  # fmt: skip
    ends = [float(last.min()), float(last.max())]
    ax.plot(ends, ends, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    ax.set(xlabel="learned P(input = 1 | s = 1)", ylabel="predicted P(input = 1 | s = 1)")
    ax.legend(loc="upper left")
    _errors(axes[0, 2], ds)
    return figure


def _errors(ax: "Axes", ds: xr.Dataset) -> None:
    colours = dict(zip(SEEN, (plot.PALETTE[i] for i in (2, 1, 3, 6)), strict=True))
    words = {OTHER: "predicted"}
    late = ds["synapse_error"].isel(learned=slice(1, None))
    for name, colour in colours.items():
        error = late.sel(prediction=name)
        ax.semilogy(error["learned"], error.mean("agent"), color=colour, label=words.get(name, name))
        low, high = error.quantile([0.1, 0.9], "agent")
        ax.fill_between(error["learned"], low, high, color=colour, alpha=0.15, linewidth=0)
    ax.set(xlabel=plot.label(ds["learned"]), ylabel=plot.label(ds["synapse_error"]), ylim=(1e-5, 1))
    ax.legend(loc="lower right", fontsize=7)
