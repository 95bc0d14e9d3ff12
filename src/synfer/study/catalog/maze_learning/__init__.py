"""Does a network that modulates its habits by risk learn mazes, as an agent with the published priors does?

The claim (Isomura, Shimazaki & Friston 2022): a canonical network whose plasticity of decisions is modulated by risk,
after the event, learns to leave mazes, and the thresholds that encode its prior E of moving right decide how well.
First trials are held against the exact answer, a Markov chain. Learning in fresh mazes is held against the published
block means, the maze being the unit of all statistics. Shams: the modulator is always on (Gamma = 0: whatever was done
becomes a habit), or always off (Gamma = 1/2: nothing does). The agent forms habits, which risk modulates; it does not
plan. The free energy of a step is shown by term, and that it falls is no sign of learning.
"""

import xarray as xr

from synfer.study.catalog.maze_learning import parts
from synfer.study.catalog.maze_learning.figures import figures
from synfer.study.catalog.maze_learning.spec import PRESETS, Spec
from synfer.study.catalog.maze_learning.verdict import verdict
from synfer.study.experiment import Progress, in_stages

__all__ = ["NAME", "PRESETS", "TITLE", "Spec", "figures", "run", "verdict"]

NAME = "maze-learning"
TITLE = "Habits modulated by risk learn mazes as published, and without risk they do not"

ONE = {"units": "1"}
LABELS = {
    "first_E_right": ONE | {"long_name": "prior of moving right"},
    "first_maze": ONE | {"long_name": "seed of the maze"},
    "first_ks": ONE | {"long_name": "Kolmogorov distance x sqrt(runs)"},
    "first_law": ONE | {"long_name": "exact probability of having arrived"},
    "condition": ONE | {"long_name": "what risk does"},
    "E_right": ONE | {"long_name": "prior of moving right"},
    "maze": ONE | {"long_name": "seed of the maze"},
    "fresh_maze": ONE | {"long_name": "seed of the maze"},
    "trial": ONE | {"long_name": "trial"},
    "terms": {"units": "nats", "long_name": "free energy by term"},
    "term": ONE | {"long_name": "term"},
    "position": ONE | {"long_name": "row and column"},
    "grid": ONE | {"long_name": "wall"},
    "shown": ONE | {"long_name": "trial that is shown"},
    "axis": ONE | {"long_name": "axis of the maze"},
}

STAGES = {
    "first trial": parts.first,
    "learning": parts.learning,
    "exact first trial of fresh mazes": parts.fresh,
    "one maze": parts.shown,
}


def run(spec: Spec, progress: Progress) -> xr.Dataset:
    """All parts in one dataset; the dimension `run` runs over what risk does, priors and mazes."""
    ds = in_stages(STAGES, lambda part, ds: part(spec, ds), LABELS, progress)
    ds.attrs = {"E_right": spec.E_right, "T": parts.T}
    return ds
