"""The figures, from the dataset alone."""

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from synfer import plot
from synfer.inference.tasks import Maze
from synfer.plot.maze import sight
from synfer.study.catalog.maze_learning.parts import CONDITIONS, OWN
from synfer.study.catalog.maze_learning.spec import BLOCKS, PUBLISHED, PUBLISHED_MAZES

if TYPE_CHECKING:
    from synfer.plot import Axes, Figure

SIDE = 11


def figures(ds: xr.Dataset) -> "dict[str, Figure]":
    """The first trial, learning curves, shams, free energy, and a maze."""
    return {
        "first": _first(ds),
        "curves": _curves(ds),
        "shams": _shams(ds),
        "energy": _energy(ds),
        "maze": _maze(ds),
    }


def _runs(ds: xr.Dataset, condition: str, E_right: float) -> xr.Dataset:
    """Runs of one kind as a result of learn_maze."""
    chosen = (ds["condition"] == condition) & (ds["E_right"] == E_right)
    own = ds[["steps", "free_energy", "terms"]].sel(run=chosen).drop_vars(["condition", "E_right", "maze"])
    return own.rename(run="maze")


def _block(ds: xr.Dataset) -> int:
    """Trials that are averaged in curves."""
    return 5 if ds.sizes["trial"] >= 50 else 1


def _first(ds: xr.Dataset) -> "Figure":
    count = min(3, ds.sizes["first_maze"])
    figure, axes = plot.new_figure(
        1, count, size=(2.6 * count + 0.4, 2.9), sharey=True,
        statement="Before anything is learned, agents reach the goal as often and as soon as the Markov chain says.",
    )  # fmt: skip
    for k, ax in enumerate(axes[0]):
        for E_right, colour in zip(ds["first_E_right"].values, plot.PALETTE, strict=False):
            one = ds.sel(first_E_right=E_right).isel(first_maze=k)
            steps = np.sort(one["first_steps"].values)
            counted = np.searchsorted(steps, ds["first_grid"].values, side="right") / len(steps)
            below = ds["first_grid"].values < ds.attrs["T"]
            ax.step(ds["first_grid"][below], counted[below], where="post", color=colour, label=f"agents, {E_right:g}")
            ax.plot(ds["first_grid"][below], one["first_law"][below], "--", color="black", linewidth=0.9)
        ax.plot([], [], "--", color="black", linewidth=0.9, label="exact")
        ax.set(xlabel=plot.label(ds["first_grid"]), title=f"maze {int(ds['first_maze'][k])}")
    axes[0, 0].set_ylabel("fraction at the goal")
    axes[0, 0].set_ylim(bottom=0)
    axes[0, 0].legend(title="E_right", fontsize=7)
    return figure


def _published(ax: "Axes", E_right: float, colour: str, trials: int) -> None:
    if E_right not in PUBLISHED:
        return
    known = PUBLISHED[E_right]
    for k, (start, stop) in enumerate(BLOCKS):
        if stop <= trials:
            error = None if known.sd is None else 2 * known.sd[k] / np.sqrt(PUBLISHED_MAZES)
            ax.errorbar((start + stop) / 2, known.steps[k], yerr=error, fmt="o", color=colour, capsize=3, zorder=4,
                        markeredgecolor="black")  # fmt: skip


def _curves(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        size=(5.4, 3.6), statement="Agents learn mazes as published, by their prior of moving right."
    )
    ax = axes[0, 0]
    for E_right, colour in zip(np.unique(ds["E_right"]).tolist(), plot.PALETTE, strict=False):
        runs = _runs(ds, OWN, E_right)
        plot.learning(
            runs, block=_block(ds), ax=ax, color=colour, label=f"E_right {E_right:g}, {runs.sizes['maze']} mazes"
        )
        _published(ax, E_right, colour, ds.sizes["trial"])
    ax.plot([], [], "o", color="0.6", markeredgecolor="black", label="published, 10 trials, 2 SE")
    ax.set_ylim(0, 21_000)
    ax.legend(fontsize=7, loc="lower left")
    return figure


def _shams(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        size=(5.0, 3.4), statement="Without risk there is no learning: habits form of whatever was done, or not at all."
    )
    ax = axes[0, 0]
    for name, colour in zip(CONDITIONS, plot.PALETTE, strict=False):
        plot.learning(_runs(ds, name, ds.attrs["E_right"]), block=_block(ds), ax=ax, color=colour, label=name)
    ax.set_ylim(0, 21_000)
    return figure


def _energy(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        1, 2, size=(8.0, 3.2),
        statement="What is observed and what follows what become cheaper in any case; decisions cost more as risk "
        "unlearns them, and far less with Gamma = 0, where nobody arrives.",
    )  # fmt: skip
    for ax, name in zip(axes[0], (OWN, "Gamma = 0"), strict=True):
        plot.free_energy(_runs(ds, name, ds.attrs["E_right"]), block=_block(ds), ax=ax)
        ax.set_title(name)
        ax.get_legend().remove()
    axes[0, 1].set_ylabel("")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right center")
    return figure


def _maze(ds: xr.Dataset) -> "Figure":
    figure, axes = plot.new_figure(
        2, 1, size=(8.4, 4.6),
        statement="The way through one maze before learning and after it, and what the agent believes to see.",
    )  # fmt: skip
    maze = Maze.from_grid(ds["grid"].values)
    for k, ax in enumerate(axes[:, 0]):
        plot.path(ds[["position"]].isel(shown=k), maze, ax=ax)
        at = int(ds["shown_step"][k])
        row, column = ds["position"].isel(shown=k, step=at).values.tolist()
        image = sight(ax, ds["shown_s"].isel(shown=k).values.reshape(SIDE, SIDE).T, row, column)
        moved = int((ds["position"].isel(shown=k, axis=0) >= 0).sum())
        ax.set_title(f"{ds['shown'].values[k]}: {moved} steps")
    figure.colorbar(image, ax=axes[:, 0], label="belief: wall", shrink=0.6, location="bottom", aspect=40)
    return figure
