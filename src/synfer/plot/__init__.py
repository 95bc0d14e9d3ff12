"""Figures: a dataset in, Axes out. The only part of synfer that knows matplotlib.

Nothing here changes matplotlib's global settings; `style` is a context, and drawing functions use it themselves.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synfer.plot.basics import density, rate
from synfer.plot.figure import PALETTE, describe, label, new_figure, save, style

__all__ = ["PALETTE", "Axes", "Figure", "density", "describe", "label", "new_figure", "rate", "save", "style"]
