"""The computations; each takes the spec and the dataset so far, and gives a dataset of its own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.results import label
from synfer.core.seeds import generator
from synfer.inference.agent import RiskModulation, learn_maze, maze_model
from synfer.inference.beliefs import TERMS
from synfer.inference.hitting import hitting_time
from synfer.inference.model import GenerativeModel
from synfer.inference.tasks import Maze
from synfer.study.catalog.maze_learning.spec import Spec

OWN = "risk modulates"
CONDITIONS = {
    OWN: RiskModulation(),
    "Gamma = 0": RiskModulation(risk=(0.0, 0.0, 0.0)),
    "Gamma = 1/2": RiskModulation(risk=(0.5, 0.5, 0.5)),
}
"""What risk does; the others are shams: everything done becomes a habit, and nothing does."""
CHUNK = 50
"""Agents at a time: each comes back with 2 MB of counts."""
GRID = 100
"""Steps from one point of the drawn distributions to the next."""
T = 20_000


def maze(spec: Spec, k: int) -> Maze:
    """The k-th maze."""
    return Maze.generate(seed=spec.first_maze + k)


def first(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """Fresh agents in their first trial, beside the distribution of its steps, which is exact."""
    shape = (len(spec.priors), spec.first_mazes)
    steps = np.empty((*shape, spec.first_runs), dtype=int)
    exact = {name: np.empty(shape) for name in ("probability", "steps_mean", "steps_sd")}
    ks, grid = np.empty(shape), np.arange(0, T + 1, GRID)
    law = np.empty((*shape, len(grid)))
    for i, E_right in enumerate(spec.priors):
        model = maze_model(E_right)
        for k in range(spec.first_mazes):
            own = maze(spec, k)
            seeds = _seeds(spec, f"first {k}", spec.first_runs)
            steps[i, k] = _learned(model, [own] * spec.first_runs, 1, seeds)["steps"][:, 0]
            oracle = hitting_time(model, own)
            for name in exact:
                exact[name][i, k] = oracle[name]
            cumulated = np.cumsum(oracle["p_steps"].values)
            law[i, k] = cumulated[grid]
            ks[i, k] = _kolmogorov(steps[i, k], cumulated)
    dims = ("first_E_right", "first_maze")
    return xr.Dataset(
        {"first_steps": ((*dims, "first_run"), steps, label("steps"))}
        | {f"first_{name}": (dims, values, label(name)) for name, values in exact.items()}
        | {"first_ks": (dims, ks), "first_law": ((*dims, "first_grid"), law)},
        coords={
            "first_E_right": list(spec.priors),
            "first_maze": spec.first_maze + np.arange(spec.first_mazes),
            "first_grid": ("first_grid", grid, label("steps")),
        },
    )


def _kolmogorov(steps: np.ndarray, cumulated: np.ndarray) -> float:
    """sqrt(n) x the largest distance of the distribution of steps below T from the exact one."""
    counted = np.cumsum(np.bincount(steps, minlength=len(cumulated)))[:-1] / len(steps)
    return float(np.sqrt(len(steps)) * abs(counted - cumulated[:-1]).max())


def _seeds(spec: Spec, name: str, count: int) -> list[int]:
    """Of agents: the k-th one is the same however many there are."""
    return [int(generator(spec.seed, "maze-learning", name, str(k)).integers(2**63)) for k in range(count)]


def _learned(
    model: GenerativeModel, mazes: Sequence[Maze], trials: int, seeds: Sequence[int], **options: Any
) -> dict[str, np.ndarray]:
    """(maze, trial) steps, free_energy, and (maze, trial, term) terms if recorded."""
    kept: dict[str, list[np.ndarray]] = {}
    for at in range(0, len(mazes), CHUNK):
        own = slice(at, at + CHUNK)
        run = learn_maze(model, list(mazes[own]), trials=trials, seed=list(seeds[own]), **options)
        for name in ("steps", "free_energy", "terms"):
            if name in run:
                kept.setdefault(name, []).append(run[name].values)
    return {name: np.concatenate(values) for name, values in kept.items()}


def learning(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """Trials in fresh mazes by prior, and without what risk does; the same mazes and decisions' seeds in all."""
    mazes, seeds = [maze(spec, k) for k in range(spec.mazes)], _seeds(spec, "learning", spec.mazes)
    wanted = [(OWN, E_right, spec.mazes if E_right == spec.E_right else spec.other_mazes) for E_right in spec.priors]
    wanted += [(name, spec.E_right, spec.null_mazes) for name in CONDITIONS if name != OWN]
    runs = [
        _learned(
            maze_model(E_right),
            mazes[:count],
            spec.trials,
            seeds[:count],
            record=("terms",),
            modulation=CONDITIONS[name],
        )
        for name, E_right, count in wanted
    ]
    both = {name: np.concatenate([run[name] for run in runs]) for name in runs[0]}
    many = [count for *_, count in wanted]
    return xr.Dataset(
        {
            "steps": (("run", "trial"), both["steps"]),
            "free_energy": (("run", "trial"), both["free_energy"]),
            "terms": (("run", "trial", "term"), both["terms"]),
        },
        coords={
            "condition": ("run", np.repeat([name for name, *_ in wanted], many)),
            "E_right": ("run", np.repeat([E_right for _, E_right, _ in wanted], many)),
            "maze": ("run", np.concatenate([spec.first_maze + np.arange(count) for count in many])),
            "trial": np.arange(spec.trials),
            "term": list(TERMS),
        },
    )


def fresh(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """The exact first trial in all mazes."""
    model = maze_model(spec.E_right)
    found = [hitting_time(model, maze(spec, k)) for k in range(spec.mazes)]
    return xr.Dataset(
        {
            f"fresh_{name}": ("fresh_maze", [float(one[name]) for one in found], label(name))
            for name in ("probability", "steps_mean")
        },
        coords={"fresh_maze": spec.first_maze + np.arange(spec.mazes)},
    )


def shown(spec: Spec, _: xr.Dataset) -> xr.Dataset:
    """The way through the first maze before anything is learned and after all trials, and beliefs on it."""
    model, own, seed = maze_model(spec.E_right), maze(spec, 0), _seeds(spec, "learning", 1)[0]
    after = learn_maze(model, own, trials=spec.trials, seed=seed)
    learned = model.replace(**{name: after[name].values for name in "abc"})
    position, beliefs, at = np.full((2, T, 2), -1), np.empty((2, model.n_states)), np.empty(2, dtype=int)
    for k, agent in enumerate((model, learned)):
        one = learn_maze(agent, own, trials=1, seed=seed, record=("position", "s")).isel(trial=0)
        count = one.sizes["step"]
        position[k, :count] = one["position"].values
        at[k] = min(spec.shown_step, count - 1)
        beliefs[k] = one["s"].isel(step=at[k]).values
    return xr.Dataset(
        {
            "position": (("shown", "step", "axis"), position),
            "shown_s": (("shown", "state"), beliefs, label("s")),
            "shown_step": ("shown", at, label("step")),
            "grid": (("row", "column"), own.grid),
        },
        coords={"shown": ["first trial", f"after {spec.trials} trials"], "axis": ["row", "column"]},
    )
