"""Beliefs and behaviour: rates with their errors against what is expected, and learning by session."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from synfer.plot.figure import PALETTE

WIDTH = 1.96
"""Standard errors to either side, for 95 %."""


def curve_with_errors(ax: Axes, x: Any, y: Any, se: Any, exact: Any = None, *, style: str = "-", **line: Any) -> Axes:
    """Draw means with 95 % intervals, and what is expected of them.

    Args:
        ax: Where to draw.
        x, y, se: (n,) places, means and standard errors.
        exact: (n,) what is expected, which a line joins; None: the line joins the means.
        style: Of the line; "" puts a dash at each place instead, where what lies between is not known.
        line: Of the means, for example color and label.
    """
    ax.errorbar(x, y, yerr=WIDTH * np.asarray(se), fmt="o" if exact is not None else f"o{style}", capsize=2, **line)
    if exact is not None:
        marks: dict[str, Any] = {"linestyle": style, "linewidth": 1} if style else {"linestyle": "", "marker": "_"}
        ax.plot(x, exact, color=line.get("color"), **({} if style else {"markersize": 12}), **marks)
    return ax


def learning_by_session(
    ax: Axes, mean: Any, se: Any, *, reversal: int | None = None, names: Mapping[Any, str] | None = None
) -> Axes:
    """Draw a learning curve for each arm, with a 95 % band over agents.

    Args:
        ax: Where to draw.
        mean, se: (arm, session) DataArrays, which name their dimensions; sessions count from 0 and are shown from 1.
        reversal: Sessions before the contingency reverses, where a line is drawn.
        names: What arms are called; default their coordinate.
    """
    arm, session = mean.dims
    for k, name in enumerate(mean[arm].values):
        y, band, x = mean[k].values, WIDTH * se[k].values, 1 + mean[session].values
        colour = PALETTE[k % len(PALETTE)]
        style = "-" if k < len(PALETTE) else "--"
        ax.plot(x, y, style, color=colour, label=(names or {}).get(name, str(name)))
        ax.fill_between(x, y - band, y + band, color=colour, alpha=0.15, linewidth=0)
    if reversal is not None:
        ax.axvline(reversal + 0.5, color="0.4", linewidth=0.8)
        ax.annotate("reversal", (reversal + 0.5, 1.0), xycoords=("data", "axes fraction"), fontsize=7, ha="center",
                    va="bottom")  # fmt: skip
    return ax
