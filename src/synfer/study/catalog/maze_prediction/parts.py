"""The computations, each a dataset of its own."""

import xarray as xr

from synfer.core.seeds import seed_sequence
from synfer.inference.agent import maze_model
from synfer.inference.prediction import predict_learning
from synfer.inference.priors import prior_recovery
from synfer.inference.tasks import Maze
from synfer.study.catalog.maze_prediction.spec import Spec
from synfer.study.experiment import Progress

SHARE = 0.5
"""Of the progress that the first stage of two has."""


def _seeds(spec: Spec, name: str, count: int) -> list[int]:
    words = seed_sequence(spec.seed, "maze-prediction", name).generate_state(count)
    return [int(word) for word in words]


def _mazes(spec: Spec, name: str, count: int) -> list[Maze]:
    return [Maze.generate(seed=seed) for seed in _seeds(spec, f"mazes {name}", count)]


def recovery(spec: Spec, progress: Progress) -> xr.Dataset:
    """Every estimate of E from agents that have learned, each in a maze of its own."""
    found: list[xr.Dataset] = []
    mazes = _mazes(spec, "recovery", spec.agents)
    count = len(spec.recovery_E_right)
    for k, E_right in enumerate(spec.recovery_E_right):
        name, start = f"recovery at E_right {E_right:g}", k / count
        seed = _seeds(spec, name, 1)[0]
        found.append(
            prior_recovery(
                maze_model(E_right), mazes, trials=spec.recovery_trials, seed=seed, T=spec.T,
                progress=lambda part, start=start, name=name: progress(name, SHARE * (start + part / count)),
            ).drop_attrs(deep=False)
        )  # fmt: skip
    ds = xr.concat(found, xr.Variable("recovery_E_right", list(spec.recovery_E_right)))
    return ds.rename({str(name): f"recovery_{name}" for name in ds.data_vars})


def prediction(spec: Spec, progress: Progress) -> xr.Dataset:
    """Observed and predicted steps at each E_right, in the same mazes."""
    found: list[xr.Dataset] = []
    mazes, known = _mazes(spec, "predicted", spec.mazes), _mazes(spec, "known", spec.known)
    count = len(spec.E_right)
    for k, (E_right, wrong) in enumerate(zip(spec.E_right, spec.wrong, strict=True)):
        name, start = f"learning at E_right {E_right:g}", k / count
        seed = _seeds(spec, name, 1)[0]
        found.append(
            predict_learning(
                maze_model(E_right), mazes, known=known, trials=spec.trials, wrong=maze_model(wrong),
                replicates=spec.replicates, T=spec.T, seed=seed,
                progress=lambda part, start=start, name=name: progress(
                    name, SHARE + (1 - SHARE) * (start + part / count)
                ),
            ).drop_attrs(deep=False)
        )  # fmt: skip
    return xr.concat(found, xr.Variable("E_right", list(spec.E_right)))
