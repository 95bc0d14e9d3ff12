"""Agents that learn: steps, success and free energy from trial to trial, with bands over mazes.

Trials of one agent depend on each other, so that mazes (tasks) are the unit of every band. Of fewer than five the sd is
hardly known, and a band would be wider than what it is about: there each maze is drawn.
"""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from scipy.special import stdtrit

from synfer.core.checks import check_count, check_kind, shortly
from synfer.core.errors import ParameterError
from synfer.plot.basics import new_axes
from synfer.plot.figure import PALETTE, label, style

FEWEST = 5
"""Mazes over which a band is drawn."""


def learning(
    run: xr.Dataset,
    variable: str = "steps",
    *,
    block: int = 1,
    confidence: float = 0.95,
    ax: Axes | None = None,
    **line: Any,
) -> Axes:
    """Draw a learning curve: the mean over mazes at every trial, and the confidence band of that mean, or each maze.

    Args:
        run: A result of `learn` or `learn_maze`. Of five mazes or more there is a band, of two to four each has a thin
            line, and without the dimension `maze` it is one agent.
        variable: "steps", "reached" or "free_energy".
        block: Trials that are averaged, in each maze; a last block that is shorter is left out.
        confidence: Of the band, mean +- t s / sqrt(n) over n mazes, by Student's t; in (0, 1).
        ax: Where to draw; default a new figure, which pyplot.show() shows.
        line: Of the line, for example label="E_right .25", color="black".

    Returns:
        The Axes; trials are shown from 1.

    Raises:
        ParameterError: no such variable by trial, or a block longer than the run.
    """
    if not (isinstance(confidence, (int, float, np.number)) and 0 < confidence < 1):
        raise ParameterError(f"confidence = {shortly(confidence)} must be in (0, 1); for example 0.95")
    trial, values, words = blocks(run, variable, block)
    mean = values.mean(axis=0)
    with style():
        ax = new_axes(ax)
        (drawn,) = ax.plot(trial, mean, **line)
        if 1 < len(values) < FEWEST:
            ax.plot(trial, values.T, color=drawn.get_color(), alpha=0.35, linewidth=0.7, zorder=1)
        elif len(values) > 1:
            reach = stdtrit(len(values) - 1, (1 + confidence) / 2) * values.std(axis=0, ddof=1) / np.sqrt(len(values))
            ax.fill_between(trial, mean - reach, mean + reach, color=drawn.get_color(), alpha=0.2, linewidth=0)
        ax.set(xlabel="trial", ylabel=words)
        if "label" in line:
            ax.legend()
    return ax


def blocks(run: xr.Dataset, variable: str, block: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Centres of blocks of trials, from 1; (mazes, blocks) means; the label."""
    check_kind("run", run, xr.Dataset, "a result of sf.learn")
    if not isinstance(variable, str) or variable not in run or "trial" not in run[variable].dims:
        raise ParameterError(f"the result has no {variable} by trial; learn gives steps, reached and free_energy")
    y = run[variable]
    more = [str(dim) for dim in y.dims if dim not in ("trial", "maze")]
    if more:
        raise ParameterError(f"{variable} has dimensions {y.dims}; choose in {more[0]} first: run.isel({more[0]}=0)")
    count = y.sizes["trial"]
    block = check_count("block", block, 1, count)
    values = y.transpose(..., "trial").values.astype(float).reshape(-1, count)
    whole = count // block
    means = values[:, : whole * block].reshape(len(values), whole, block).mean(axis=2)
    words = "fraction of mazes whose end is reached" if variable == "reached" else label(y)
    return 1 + block * np.arange(whole) + (block - 1) / 2, means, words


def free_energy(run: xr.Dataset, *, block: int = 1, ax: Axes | None = None) -> Axes:
    """Draw the free energy of a step, by term, from trial to trial, as it differs from that of the first block.

    F sums over the steps of a trial, and trials get shorter: what is drawn is F / (steps - 2), its mean over mazes.

    Args:
        run: A result of `learn` with record="terms"; without it the total is drawn alone.
        block: Trials that are averaged.
        ax: Where to draw; default a new figure, which pyplot.show() shows.

    Returns:
        The Axes.

    Raises:
        ParameterError: no free energy or no steps by trial, or a block longer than the run.
    """
    check_kind("run", run, xr.Dataset, "a result of sf.learn")
    for name in ("free_energy", "steps"):
        if name not in run or "trial" not in run[name].dims:
            raise ParameterError(f"the result has no {name} by trial; sf.learn gives free_energy and steps")
    # A trial of t_end = steps - 1 steps sums over t = 1 .. t_end - 1.
    counted = (run["steps"] - 2).clip(min=1)
    curves = {"all": run["free_energy"] / counted}
    if "terms" in run:
        terms = run["terms"] / counted
        curves = {str(term): terms.sel(term=term, drop=True) for term in run["term"].values} | curves
    colours = ("black",) if len(curves) == 1 else (*PALETTE[: len(curves) - 1], "black")
    with style():
        ax = new_axes(ax)
        for (name, curve), colour in zip(curves.items(), colours, strict=True):
            trial, means, _ = blocks(curve.to_dataset(name=name), name, block)
            change = means.mean(axis=0)
            dashed = "--" if name == "transition" else "-"  # it often lies on the likelihood
            ax.plot(trial, change - change[0], dashed, color=colour, label=name)
        first = "the first trial" if block == 1 else f"trials 1 to {block}"
        ax.set(xlabel="trial", ylabel=f"free energy of a step less that of\n{first} [nats]")
        ax.axhline(0, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
        ax.legend()
    return ax
