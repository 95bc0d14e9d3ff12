"""What all figures share: a style, panels with letters, labels with units, files without dates."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe & Ito's colours, told apart by readers with any common colour vision; yellow left out on white."""

_STYLE: Any = {
    "font.family": "DejaVu Sans",  # ships with matplotlib, so figures look alike everywhere
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.5,
    "lines.markersize": 4,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "image.cmap": "viridis",
    "figure.facecolor": "white",
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "svg.fonttype": "path",
    "svg.hashsalt": "synfer",  # element ids of SVG files depend on the drawing alone
}

LABEL_WIDTH = 30
"""Letters that fit along the side of a panel."""


@contextmanager
def style() -> Iterator[None]:
    """The look of synfer's figures, for the length of a with-block."""
    with rc_context(_STYLE):
        yield


def new_figure(
    rows: int = 1, columns: int = 1, *, size: tuple[float, float] | None = None, statement: str = "", **options: Any
) -> tuple[Figure, np.ndarray]:
    """A figure outside of pyplot's global state, with lettered panels.

    Args:
        rows, columns: Panels.
        size: Width and height [inch]; default 3.2 x 2.6 for each panel.
        statement: The one sentence that the figure shows; its caption in reports.
        options: Passed on to `Figure.subplots`, for example sharex=True.

    Returns:
        The figure, and its Axes in an array of shape (rows, columns).
    """
    with style():
        figure = Figure(figsize=size or (3.2 * columns, 2.6 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False, **options)
        figure.set_label(statement)
        if axes.size > 1:
            for i, ax in enumerate(axes.flat):
                ax.set_title(chr(ord("A") + i), loc="left", fontweight="bold")
    return figure, axes


def shades(count: int) -> np.ndarray:
    """Colours for an ordered series, from light to dark, shape (count, 4)."""
    return colormaps["viridis_r"](np.linspace(0.1, 1, count))


def label(variable: xr.DataArray) -> str:
    """The axis label of a variable from its attrs: ``population rate [Hz]``, on two lines where it is long."""
    text = str(variable.attrs.get("long_name", variable.name))
    units = variable.attrs.get("units", "")
    return fill(text if units in ("", "1") else f"{text} [{units}]", LABEL_WIDTH)


def describe(figure: Figure) -> str:
    """What a figure looks like, in words, for readers who cannot see it."""
    bars = [ax for ax in figure.axes if ax.get_label() == "<colorbar>"]
    panels = [ax for ax in figure.axes if ax not in bars]
    texts = [_describe_panel(ax) for ax in panels] + [
        f"Colours show {ax.get_ylabel() or ax.get_xlabel()}" for ax in bars
    ]
    counted = f"{len(panels)} panels. " if len(panels) > 1 else ""
    return counted + " ".join(" ".join(f"{text}." for text in dict.fromkeys(texts)).split())


def _describe_panel(ax: Axes) -> str:
    x, y = ax.get_xlabel(), ax.get_ylabel()
    letter, title = ax.get_title(loc="left"), ax.get_title()
    kind = "map of" if any(isinstance(c, QuadMesh) for c in ax.collections) or ax.images else "plot of"
    handles, names = ax.get_legend_handles_labels()
    text = f"{letter + ': ' if letter else ''}{kind} {y or 'values'} against {x or 'position'}"
    text += f", {title}" if title else ""
    return text + (f" ({', '.join(dict.fromkeys(names))})" if handles else "")


def save(figure: Figure, stem: Path) -> None:
    """Write stem.png and stem.svg, whose bytes depend on the drawing alone."""
    with style():
        figure.savefig(stem.with_name(stem.name + ".png"), metadata={"Software": None})
        layout = figure.get_layout_engine()
        figure.set_layout_engine(None)  # everything stays where the first file has it
        figure.savefig(stem.with_name(stem.name + ".svg"), metadata={"Date": None, "Creator": None})
        figure.set_layout_engine(layout)
