"""Can one predict how agents will learn mazes that they have never seen, from how others began elsewhere?

The claim (Isomura, Shimazaki & Friston 2022): thresholds are priors, so what an agent believes before it learns can be
read off its behaviour, and predicts its learning in other mazes. First, can priors be recovered? Of agents whose prior
E is known, after some trials of learning, E is estimated from how often each decision was taken, and by maximum
likelihood with beliefs and counts replayed from what was observed and decided; also from actions alone, the first move
of each decision, when what was learned can only be guessed. Then the prediction: E from the first trials in some
mazes, mean steps in others; against two predictions that should fail, by a wrong prior and for another maze.

A maze is one observation, whose trials are averaged. The correlation of observed and predicted means over mazes says
nothing about the prior: hard mazes are hard under any.
"""

import xarray as xr

from synfer.study.catalog.maze_prediction import parts
from synfer.study.catalog.maze_prediction.figures import figures
from synfer.study.catalog.maze_prediction.spec import PRESETS, Spec
from synfer.study.catalog.maze_prediction.verdict import verdict
from synfer.study.experiment import Progress, in_stages

__all__ = ["NAME", "PRESETS", "TITLE", "Spec", "figures", "run", "verdict"]

NAME = "maze-prediction"
TITLE = "Priors are read off behaviour, and predict learning in mazes never seen"

LABELS = {
    "E_right": {"units": "1", "long_name": "prior of moving right"},
    "recovery_E_right": {"units": "1", "long_name": "prior of moving right"},
    "action": {"units": "1", "long_name": "first move of the decision"},
}


def run(spec: Spec, progress: Progress) -> xr.Dataset:
    """Both parts in one dataset."""
    stages = {"priors from behaviour": parts.recovery, "learning in mazes never seen": parts.prediction}
    ds = in_stages(stages, lambda part, ds: part(spec, progress), LABELS, progress)
    ds.attrs = {name: getattr(spec, name) for name in ("trials", "recovery_trials", "replicates")}
    ds.attrs["wrong"] = list(spec.wrong)
    return ds
