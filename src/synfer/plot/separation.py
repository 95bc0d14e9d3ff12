"""Synapses of models that learn to tell sources apart."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from synfer.core.checks import check_count
from synfer.core.errors import ParameterError
from synfer.plot.basics import new_axes
from synfer.plot.figure import PALETTE, style


def synapses(
    run: xr.Dataset, groups: Any, state: int = 0, *, each: bool = True, ax: Axes | None = None, **line: Any
) -> Axes:
    """Draw how the synapses of one state learn: P(input = 1 | s = 1) of every input, and the mean of each group.

    Args:
        run: A result of `separate`.
        groups: (No, Ns) bool, the source of each input, as `Sources().own`.
        state: Number of the state.
        each: Whether every input has a line of its own besides.
        ax: Where to draw; default a new figure, which pyplot.show() shows.
        line: Of the means, for example linestyle="--".

    Returns:
        The Axes.

    Raises:
        ParameterError: no synapses in the result, or groups of another shape.
    """
    if "A1" not in run:
        raise ParameterError("the result has no A1; separate gives it")
    state = check_count("state", state, 0, run.sizes["state"] - 1)
    values = run["A1"].isel(state=state).transpose("learned", "observation").values
    own = np.asarray(groups)
    if own.ndim != 2 or own.dtype != bool or len(own) != values.shape[1]:
        raise ParameterError(f"groups must be bool of shape ({values.shape[1]}, Ns); for example Sources().own")
    steps = run["learned"].values
    with style():
        ax = new_axes(ax)
        for k, colour in zip(range(own.shape[1]), PALETTE, strict=False):
            if own[:, k].any():
                style_of: Any = {"color": colour, "label": f"inputs of source {k}"} | line
                if each:
                    ax.plot(steps, values[:, own[:, k]], color=colour, linewidth=0.5, alpha=0.35)
                ax.plot(steps, values[:, own[:, k]].mean(1), **style_of)
        ax.set(xlabel="steps learned", ylabel=f"P(input = 1 | s{state} = 1)")
        ax.legend()
    return ax
