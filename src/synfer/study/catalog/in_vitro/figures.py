"""The figures, from the dataset alone."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from synfer import plot

if TYPE_CHECKING:
    from synfer.plot import Axes, Figure

NULLS = {"sessions": (plot.PALETTE[0], "sessions permuted"), "states": (plot.PALETTE[1], "their responses permuted")}
ALIGNED = {"none": ("00", "00"), "other": ("01", "10"), "own": ("10", "01"), "both": ("11", "11")}
"""States of the sources as the first ensemble and as the second meets them."""
COLUMNS = 5


def figures(ds: xr.Dataset) -> "dict[str, Figure]":
    """What responses imply, by culture, beside permuted sessions; and what is found where the truth is known."""
    return {
        "responses": _responses(ds),
        "free-energy": _free_energy(ds),
        "synapses": _synapses(ds),
        "priors": _priors(ds),
        "nulls": _nulls(ds),
        "controls": _controls(ds),
    }


def _where(ds: xr.Dataset) -> str:
    return "Synthetic cultures: " if ds.attrs["recordings"] == "synthetic" else ""


def _panels(ds: xr.Dataset, statement: str, ylabel: str) -> "tuple[Figure, list[Axes]]":
    """One for each culture."""
    n = ds.sizes["culture"]
    columns = min(COLUMNS, n)
    rows = -(-n // columns)
    figure, axes = plot.new_figure(
        rows, columns, size=(2.1 * columns, 2.1 * rows + 0.3), sharex=True, statement=_where(ds) + statement
    )
    for k, ax in enumerate(axes.flat):
        if k >= n:
            ax.remove()
            continue
        ax.set_title(str(ds["culture"].values[k]))
        if k % columns == 0:
            ax.set_ylabel(ylabel)
        if k >= n - columns:
            ax.set_xlabel("session")
            ax.xaxis.set_tick_params(labelbottom=True)
    return figure, list(axes.flat[:n])


def _legend(figure: "Figure", ax: "Axes") -> None:
    """Of one panel, for all."""
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=7, frameon=False)


def _responses(ds: xr.Dataset) -> "Figure":
    figure, axes = _panels(ds, "Ensembles answer their own source, from the first sessions on.", "mean response x")
    session = ds["session"] + 1
    for k, ax in enumerate(axes):
        x = ds["x_state"].isel(culture=k)
        for (words, pair), colour in zip(ALIGNED.items(), plot.PALETTE, strict=False):
            mean = sum(x.isel(source=j).sel(state=state, drop=True) for j, state in enumerate(pair)) / 2
            ax.plot(
                session, mean, color=colour, linewidth=1, label=f"{words} on" if words != "none" else "no source on"
            )
        ax.set_ylim(0, 1)
    _legend(figure, axes[0])
    return figure


def _free_energy(ds: xr.Dataset) -> "Figure":
    figure, axes = _panels(
        ds, "The free energy falls over sessions; so it does when they are permuted. The band holds 90 % of them.",
        "free energy [nats]",
    )  # fmt: skip
    session = ds["session"] + 1
    for k, ax in enumerate(axes):
        own = ds.isel(culture=k)
        for null, (colour, words) in NULLS.items():
            band = own["free_energy_permuted"].sel(null=null)
            ax.fill_between(session, band.sel(end="low"), band.sel(end="high"), color=colour, alpha=0.25, linewidth=0,
                            label=words)  # fmt: skip
        ax.plot(session, own["free_energy"], color="black", linewidth=0.8, label="as recorded")
    _legend(figure, axes[0])
    return figure


def _synapses(ds: xr.Dataset) -> "Figure":
    figure, axes = _panels(
        ds, "Implied synapses as they are counted, and as the first sessions foretell them (dashed).",
        "P(input = 1 | x = 1)",
    )  # fmt: skip
    session = ds["session"] + 1
    for k, ax in enumerate(axes):
        for j, words in enumerate(ds["preferred"].values):
            for name, form in (("W_group", "-"), ("W_group_forecast", "--")):
                W = ds[name].isel(culture=k, preferred=j).mean("source")
                ax.plot(session, W, form, color=plot.PALETTE[j], label=f"inputs {words}" if form == "-" else None)
        ax.axvline(ds.attrs["learn_sessions"] + 0.5, color="0.6", linewidth=0.8, linestyle=":")
    _legend(figure, axes[0])
    return figure


def _places(ds: xr.Dataset, ax: "Axes") -> np.ndarray:
    """One for each culture, named along the axis."""
    x = np.arange(ds.sizes["culture"])
    ax.set_xticks(x, [str(name) for name in ds["culture"].values], rotation=45, ha="right")
    return x


def _priors(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        size=(0.55 * ds.sizes["culture"] + 2.2, 3.0),
        statement=_where(ds) + "Priors that responses imply, with 90 % intervals, on the scale of the base; the mean "
        "response is no estimate of them.",
    )  # fmt: skip
    ax = axes[0, 0]
    x = _places(ds, ax)
    for j in range(ds.sizes["source"]):
        own = ds.isel(source=j)
        reach = [own["D"] - own["D_low"], own["D_high"] - own["D"]]
        at = x + 0.2 * (j - 0.5)
        ax.errorbar(at, own["D"], yerr=np.abs(reach), fmt="o", color=plot.PALETTE[j], capsize=2,
                    label=f"ensemble {j + 1}")  # fmt: skip
        open_ended = own["D"].notnull() & own["D_low"].isnull()
        ax.plot(at[open_ended], own["D"][open_ended], "o", color=plot.PALETTE[j], markerfacecolor="white", zorder=3,
                label=None if j else "interval not determined")  # fmt: skip
        ax.plot(at, own["x_mean"], "x", color=plot.PALETTE[j], markersize=4, label=None if j else "mean response")
        ax.plot(at[np.isnan(own["D"])], np.full(int(np.isnan(own["D"]).sum()), 0.03), "|", color="0.5",
                label=None if j else "not determined")  # fmt: skip
    ax.axhline(0.5, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    ax.set(ylabel="prior probability of the source", ylim=(0, 1))
    ax.legend(fontsize=7)
    return figure


def _nulls(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(1.1 * ds.sizes["culture"] + 3.0, 3.2),
        statement=_where(ds) + "What is observed, with 90 % intervals, and the mean of permuted sessions; filled where "
        "p <= .05.",
    )  # fmt: skip
    words = {"fall": "fall of the free energy [nats]", "skill": "skill of the forecast"}
    for ax, (name, ylabel) in zip(axes[0], words.items(), strict=True):
        x = _places(ds, ax)
        reach = [ds[name] - ds[f"{name}_low"], ds[f"{name}_high"] - ds[name]]
        ax.errorbar(x - 0.2, ds[name], yerr=np.abs(reach), fmt="o", color="black", capsize=2, label="as recorded")
        for j, (null, (colour, label)) in enumerate(NULLS.items()):
            mean, p = (ds[f"{name}_{what}"].sel(null=null) for what in ("permuted", "p"))
            for small in (True, False):
                own = (p <= 0.05).values == small
                face = colour if small else "white"
                ax.plot((x + 0.15 * j)[own], mean[own], "s", color=colour, markerfacecolor=face, markersize=4,
                        label=label if small == bool((p <= 0.05).any()) else None)  # fmt: skip
        ax.axhline(0, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        ax.set_ylabel(ylabel)
    axes[0, 0].legend(fontsize=7)
    return figure


def _controls(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 3, size=(10.2, 3.0),
        statement="Synthetic cultures: with fixed synapses tests reject as often as they should; power grows with "
        "plasticity; to know of a shift of the prior takes off part of the error of the forecast.",
    )  # fmt: skip
    ax, n = axes[0, 0], ds.sizes["fixed_culture"]
    for null, (colour, words) in NULLS.items():
        for k, (name, form) in enumerate((("fall", "-"), ("skill", "--"))):
            p = np.sort(ds[f"fixed_{name}_p"].sel(null=null).values)
            ax.step(np.r_[0, p], np.r_[0, np.arange(1, n + 1) / n], form, where="post", color=colour,
                    label=words if not k else None)  # fmt: skip
    ax.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    ax.set(xlabel="p, fixed synapses", ylabel="part of cultures with less", xlim=(0, 1), ylim=(0, 1))
    ax.legend(fontsize=7)
    ax = axes[0, 1]
    for null, (colour, _) in NULLS.items():
        for name, form in (("fall", "o-"), ("skill", "s--")):
            y, se = (ds[f"power_{what}"].sel(null=null, statistic=name) for what in ("rejected", "rejected_se"))
            label = f"{name}, {null}" if null == "sessions" else None
            ax.errorbar(ds["power_plasticity"], y, yerr=se, fmt=form, color=colour, capsize=2, label=label)
    ax.axhline(0.05, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    ax.set(xscale="log", xlabel="plasticity [Hebbian counts]", ylabel="part of cultures with p <= .05", ylim=(0, 1.05))
    ax.legend(fontsize=7)
    ax = axes[0, 2]
    gain = 1 - ds["shifted_x_error_shifted"] / ds["shifted_x_error"]
    for k in range(gain.sizes["shifted_culture"]):
        ax.plot(gain["shift"], gain.isel(shifted_culture=k), "o", color=plot.PALETTE[2], alpha=0.5, markersize=4)
    ax.axhline(0, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    ax.set(xlabel="shift of logit D [nats]", ylabel="part of the error that the shift removes")
    return figure
