"""The figures, from the dataset alone."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from synfer import plot
from synfer.plot.beliefs import curve_with_errors, learning_by_session

if TYPE_CHECKING:
    from synfer.plot import Figure

WORDS = {"uninformative": "no evidence", "noise": "noise", "absent": "no signal", "present": "signal"}


def figures(ds: xr.Dataset) -> "dict[str, Figure]":
    """Percepts and rescue; learning under displacement; thresholds; habits; modulation."""
    return {
        "percepts": _percepts(ds),
        "learning": _learning(ds),
        "thresholds": _thresholds(ds),
        "habits": _habits(ds),
        "modulation": _modulation(ds),
    }


def _percepts(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 3, size=(9.6, 3.0), sharey=True,
        statement="A displaced threshold makes false percepts as the model says; a computed counter-shift undoes them.",
    )  # fmt: skip
    for ax, rule in zip(axes[0], ("sample", "threshold"), strict=False):
        for (kind, words), colour in zip(WORDS.items(), plot.PALETTE, strict=False):
            own = {"rule": rule, "input": kind}
            curve_with_errors(
                ax, ds["shift"], ds["rate"].sel(own), ds["rate_error"].sel(own), ds["rate_exact"].sel(own),
                color=colour, label=words, style="-" if rule == "sample" else "",
            )  # fmt: skip
        ax.set_title({"sample": "percepts drawn from beliefs", "threshold": "percepts of beliefs > 1/2"}[rule])
    axes[0, 0].legend(fontsize=7)
    axes[0, 0].set(ylabel=plot.label(ds["rate"]), ylim=(-0.02, 1.02))
    right = axes[0, 2]
    for (arm, words), colour in zip(
        {"healthy": "healthy", "rescue": "rescued", "from rates": "from rates alone", "sham": "sham"}.items(),
        plot.PALETTE,
        strict=False,
    ):
        own = {"arm": arm, "neuron": "noise", "shown": "noise"}
        y, se = ds["restored"].sel(own), ds["restored_error"].sel(own)
        if arm == "healthy":
            right.fill_between(ds["shift"], y - 1.96 * se, y + 1.96 * se, color="0.85", label="healthy, 95 %")
        else:
            curve_with_errors(right, ds["shift"], y, se, color=colour, label=words)
    right.set_title("false percepts under noise, treated")
    right.legend(fontsize=7)
    for ax in axes[0]:
        ax.set_xlabel(plot.label(ds["shift"]))
    return figure


def _learning(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 3, size=(9.6, 3.0),
        statement="Synapses learn what a displaced prior makes them perceive, so that the rescue has to grow.",
    )  # fmt: skip
    words = {
        "displaced": "displaced", "learned": "after learning", "taken back": "displacement taken back",
        "rescued": "rescued", "insensitive": "taken back, no learning",
    }  # fmt: skip
    kinds = {"false percept": "false percepts under noise", "miss": "misses"}
    for ax, kind in zip(axes[0], kinds, strict=False):
        for (stage, name), colour in zip(words.items(), plot.PALETTE, strict=False):
            own = {"stage": stage, "kind_of_error": kind}
            curve_with_errors(
                ax,
                ds["learning_shift"],
                ds["drift_rate"].sel(own),
                ds["drift_error"].sel(own),
                color=colour,
                label=name,
            )
        ax.axhline(float(ds["drift_healthy"].sel(kind_of_error=kind)), color="0.6", linewidth=0.8, linestyle=":")
        ax.set(xlabel=plot.label(ds["learning_shift"]), ylabel=f"rate of {kinds[kind]}", ylim=(0, 1))
    axes[0, 1].legend(fontsize=7)
    last = axes[0, 2]
    last.plot(ds["learning_shift"], -ds["learning_shift"], color="0.6", linestyle=":", label="the displacement")
    curve_with_errors(
        last, ds["learning_shift"], ds["drift_counter"], ds["drift_counter_error"], color="black", label="computed"
    )
    last.set(xlabel=plot.label(ds["learning_shift"]), ylabel=plot.label(ds["drift_counter"]))
    last.legend(fontsize=7)
    return figure


def _thresholds(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 3, size=(9.6, 3.0),
        statement="Without evidence a displaced threshold confirms itself; frozen or recurrent ones hallucinate more.",
    )  # fmt: skip
    left, middle, right = axes[0]
    for informative, style in ((0, "--"), (1, "-")):
        for k, colour in zip((0, -1), plot.PALETTE, strict=False):
            own = ds["displacement_left"].sel(informative=informative).isel(shift=k)
            name = f"{float(own['shift']):+g} nats, {'signals' if informative else 'no evidence'}"
            left.plot(ds["learning_session"], own, style, color=colour, label=name)
    left.set(xlabel=plot.label(ds["learning_session"]), ylabel=plot.label(ds["displacement_left"]))
    left.legend(fontsize=7, loc="lower right", bbox_to_anchor=(1, 0.12))
    arms, codes = ds["threshold"].values, ds["code"].values
    for k, (code, colour) in enumerate(zip(codes, plot.PALETTE, strict=False)):
        at, own = np.arange(len(arms)) + 0.12 * (2 * k - 1), {"code": code}
        y, se = ds["frozen_rate"].sel(own), ds["frozen_error"].sel(own)
        middle.errorbar(at, y, yerr=1.96 * se, fmt="o", color=colour, capsize=2, label=f"{code} code")
        middle.plot(at, ds["frozen_exact"].sel(own), "_", color="black", markersize=12)
    middle.plot([], [], "_", color="black", markersize=12, label="enumeration")
    middle.set(xticks=range(len(arms)), xticklabels=arms, xlabel="thresholds while synapses learn", ylim=(0, 1))
    middle.set_ylabel(plot.label(ds["frozen_rate"]))
    middle.legend(fontsize=7)
    names = ds["recurrent_arm"].values
    right.errorbar(
        range(len(names)), ds["recurrent_rate"], yerr=1.96 * ds["recurrent_error"], fmt="o", color="black", capsize=2
    )
    healthy, se = (float(ds[f"recurrent_{name}"].sel(recurrent_arm="healthy")) for name in ("rate", "error"))
    right.axhspan(healthy - 1.96 * se, healthy + 1.96 * se, color="0.9", zorder=0)
    right.set(xticks=range(len(names)), xticklabels=[str(name).replace(" ", "\n") for name in names], ylim=(0, 1))
    right.set(xlabel="recurrent neurons: treatment", ylabel=plot.label(ds["recurrent_rate"]))
    return figure


def _habits(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.6, 3.0), sharey=True,
        statement="A displaced habit repeats responses, learns less, and catches up late after a reversal.",
    )  # fmt: skip
    names = {arm: f"{arm} nats" for arm in ds["habit_arm"].values} | {"rescued": "rescued", "sham": "sham"}
    for ax, name in zip(axes[0], ("habit_right", "repeated"), strict=True):
        learning_by_session(ax, ds[name], ds[f"{name}_error"], reversal=int(ds.attrs["reversal"]), names=names)
        ax.set(xlabel=plot.label(ds["session"]), ylabel=plot.label(ds[name]), ylim=(-0.02, 1.02))
    axes[0, 0].legend(fontsize=7)
    return figure


def _modulation(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(7.6, 3.0), sharey=True,
        statement="Only a modulator that reaches traces in time teaches; mistimed it is worth as much as its sham.",
    )  # fmt: skip
    reversal = int(ds.attrs["reversal"])
    timing = {lag: _timing(lag) for lag in ds["lag"].values}
    for ax, prefix, names in (
        (axes[0, 0], "timed", timing),
        (axes[0, 1], "lesion", {"permuted": "in another order (sham)", "absent": "absent", "tonic": "tonic",
                                "repaired": "late, then in time"}),
    ):  # fmt: skip
        mean, se = ds[f"{prefix}_right"], ds[f"{prefix}_right_error"]
        learning_by_session(ax, mean, se, reversal=reversal, names=names)
        ax.axhline(0.5, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        ax.set(xlabel=plot.label(ds["session"]), ylim=(-0.02, 1.02))
        ax.legend(fontsize=7)
    axes[0, 0].set_ylabel(plot.label(ds["timed_right"]))
    return figure


def _timing(lag: int) -> str:
    if lag == 0:
        return "in time"
    return f"{abs(lag)} step{'s' if abs(lag) > 1 else ''} too {'late' if lag > 0 else 'early'}"
