"""Figures: a dataset in, Axes out. The only part of synfer that knows matplotlib.

Nothing here changes matplotlib's global settings; `style` is a context, and drawing functions use it themselves.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synfer.plot.basics import density, rate
from synfer.plot.chains import layer_densities, layers
from synfer.plot.figure import PALETTE, describe, label, new_figure, save, shades, style
from synfer.plot.gates import closing_charge, gating
from synfer.plot.joint import joint
from synfer.plot.learning import free_energy, learning
from synfer.plot.maze import path, replay
from synfer.plot.packets import state_plane, survival
from synfer.plot.separation import synapses

__all__ = [
    "PALETTE",
    "Axes",
    "Figure",
    "closing_charge",
    "density",
    "describe",
    "free_energy",
    "gating",
    "joint",
    "label",
    "layer_densities",
    "layers",
    "learning",
    "new_figure",
    "path",
    "rate",
    "replay",
    "save",
    "shades",
    "state_plane",
    "style",
    "survival",
    "synapses",
]
