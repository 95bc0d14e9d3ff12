"""The figures, from the dataset alone."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from synfer import plot

if TYPE_CHECKING:
    from synfer.plot import Figure

ACTIONS = ("up", "down", "left", "right")
COLOURS: dict[str, str] = dict(zip(("likelihood", "frequency", "actions", "swapped"), plot.PALETTE, strict=False))


def figures(ds: xr.Dataset) -> "dict[str, Figure]":
    """Recovered priors; observed against predicted means; errors beside their nulls; learning curves."""
    return {"recovery": _recovery(ds), "means": _means(ds), "errors": _errors(ds), "curves": _curves(ds)}


def _recovery(ds: xr.Dataset) -> "Figure":
    """Errors of every agent's estimate, last trial, by action."""
    levels = ds["recovery_E_right"].values
    figure, axes = plot.new_figure(
        1, len(levels), size=(3.4 * len(levels) + 0.4, 3.0), sharey=True,
        statement="After learning, frequencies of decisions are biased estimates of the prior; the likelihood is not.",
    )  # fmt: skip
    names = {"frequency": "frequency", "likelihood, all trials": "likelihood", "actions, all trials": "actions"}
    words = {"frequency": "frequency, last trial", "likelihood": "likelihood", "actions": "likelihood, actions alone"}
    for ax, level in zip(axes[0], levels, strict=True):
        own = ds.sel(recovery_E_right=level)
        for i, (name, colour) in enumerate(names.items()):
            error = (own["recovery_E_action"] - own["recovery_E_true"]).sel(estimator=name)
            x = np.arange(len(ACTIONS)) + 0.25 * (i - 1)
            spread = 1.96 * error.std("agent", ddof=1)
            ax.errorbar(
                x, error.mean("agent"), yerr=spread, fmt="o", color=COLOURS[colour], capsize=2, label=words[colour]
            )
        ax.axhline(0, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        ax.set_xticks(range(len(ACTIONS)), ACTIONS)
        ax.set(xlabel="first move of the decision", title=f"E_right {level:g}")
    axes[0, 0].set_ylabel("estimate - truth, mean and 1.96 sd")
    low, high = axes[0, 0].get_ylim()
    axes[0, 0].set_ylim(low, high + 0.4 * (high - low))
    axes[0, 0].legend(loc="upper left")
    return figure


def _means(ds: xr.Dataset) -> "Figure":
    """A point for each maze."""
    levels = ds["E_right"].values
    columns = min(2, len(levels))
    rows = -(-len(levels) // columns)
    figure, axes = plot.new_figure(
        rows, columns, size=(3.4 * columns, 3.2 * rows),
        statement="Agents with the estimated prior need about as many steps in each maze as those observed there.",
    )  # fmt: skip
    observed = ds["steps_observed"].mean("trial")
    predicted = ds["steps"].mean("trial")
    for ax, level in zip(axes.flat, levels, strict=False):
        for name, marker in (("frequency", "o"), ("swapped", "x")):
            x, y = observed.sel(E_right=level), predicted.sel(E_right=level, prior=name)
            words = "estimated prior" if name == "frequency" else "wrong prior"
            ax.plot(x, y, marker, color=COLOURS[name], label=words)
        ends = [min(ax.get_xlim()[0], ax.get_ylim()[0]), max(ax.get_xlim()[1], ax.get_ylim()[1])]
        ax.plot(ends, ends, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        ax.set(title=f"E_right {level:g}", xlabel="observed mean steps", ylabel="predicted mean steps")
    for ax in axes.flat[len(levels) :]:
        ax.remove()
    axes.flat[0].legend()
    return figure


def _errors(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        size=(5.2, 3.0),
        statement="The error of the prediction, beside a tenth and that of predictions that should fail.",
    )
    ax = axes[0, 0]
    x = np.arange(ds.sizes["E_right"])
    bars = {
        "E by frequency": ("error", "frequency", COLOURS["frequency"]),
        "E by likelihood": ("error", "likelihood", COLOURS["likelihood"]),
        "wrong prior": ("error", "swapped", COLOURS["swapped"]),
        "mazes permuted": ("permuted", "frequency", "0.6"),
    }
    for i, (words, (name, prior, colour)) in enumerate(bars.items()):
        value, se = ds[name].sel(prior=prior), ds[f"{name}_se"].sel(prior=prior)
        ax.bar(x + 0.2 * (i - 1.5), value, 0.18, yerr=se, color=colour, label=words, capsize=2)
    ax.axhline(0.1, color="0.4", linewidth=0.8, linestyle=":")
    ax.set_xticks(x, [f"{level:g}" for level in ds["E_right"].values])
    ax.set(xlabel=plot.label(ds["E_right"]), ylabel="relative error of mean steps")
    ax.legend()
    return figure


def _curves(ds: xr.Dataset) -> "Figure":
    """Means over mazes, with their standard errors."""
    levels = ds["E_right"].values
    columns = min(2, len(levels))
    rows = -(-len(levels) // columns)
    figure, axes = plot.new_figure(
        rows, columns, size=(3.4 * columns, 2.6 * rows), sharey=True, sharex=True,
        statement="Learning as observed, and as predicted by the estimated and by a wrong prior.",
    )  # fmt: skip
    trial = ds["trial"] + 1
    for ax, level in zip(axes.flat, levels, strict=False):
        own = ds.sel(E_right=level)
        lines = {"observed": (own["steps_observed"], "black")}
        lines["estimated prior"] = (own["steps"].sel(prior="frequency"), COLOURS["frequency"])
        lines["wrong prior"] = (own["steps"].sel(prior="swapped"), COLOURS["swapped"])
        for words, (steps, colour) in lines.items():
            mean, se = steps.mean("maze"), steps.std("maze", ddof=1) / np.sqrt(steps.sizes["maze"])
            ax.plot(trial, mean, color=colour, label=words)
            ax.fill_between(trial, mean - se, mean + se, color=colour, alpha=0.25, linewidth=0)
        ax.set(title=f"E_right {level:g}", xlabel="trial", ylabel="steps, mean +- s.e.")
        ax.set_ylim(bottom=0)
    for ax in axes.flat[len(levels) :]:
        ax.remove()
    axes.flat[0].legend()
    return figure
