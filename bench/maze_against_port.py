"""Trials in a maze against the public port of the published code, in its own interpreter."""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import numpy as np

from measure import Row, Settings, Table, bound_row, interleaved, ns, processor_time, ratio, ratio_row
from peer import Peer, missing, started
from synfer.inference.agent import learn_maze, maze_model
from synfer.inference.tasks import Maze

T, MAZE = 20_000, 0
PRIORS = (0.25, 0.15, 0.35)
METHODS: tuple[Literal["table", "dense"], ...] = ("table", "dense")
AT_LEAST = {"table": {0.15: 60, 0.25: 150, 0.35: 60}, "dense": {0.15: 12, 0.25: 12, 0.35: 12}}
MOST_MB = 450
LONG = 100
"""Trials of a long run."""
SAME, SAME_TRIALS, AGENTS = 5, 20, 10
"""Mazes in which learning is compared, their trials, and synfer's agents in each."""


class Own:
    """A fresh agent of synfer through the first trials as a task; it knows the steps of its last run."""

    def __init__(self, E_right: float, method: Literal["table", "dense"], trials: int) -> None:
        self.model, self.method, self.trials = maze_model(E_right), method, trials
        self.maze, self.seed, self.steps = Maze.generate(seed=MAZE), 0, 0

    def __call__(self) -> None:
        run = learn_maze(self.model, self.maze, self.trials, self.seed, method=self.method, ordering="port", workers=1)
        self.steps = int(run.steps.sum())

    def lengthen(self) -> None:
        """Another seed, until few trials end early: what a trial costs before its first step is then told rightly."""
        while self.steps < 0.9 * self.trials * T and self.seed < 50:
            self.seed += 1
            self()


def problem(maze: Maze, grid: Path, E_right: float, trials: int) -> dict[str, Any]:
    """What the port is told."""
    np.save(grid, maze.grid)
    ends = {"start": maze.start, "goal": maze.goal}
    return ends | {"grid": str(grid), "E_right": E_right, "trials": trials, "T": T, "seed": 1}


def measured(settings: Settings) -> Table:
    """Trials by prior and method, memory, and on request learning in the same mazes."""
    title = "an agent in a maze"
    notes = [
        f"A trial: {T} steps with inference, sampling, learning and free energy, in a maze of 19 x 99.",
        "The first trials of a fresh agent, processor time of one thread, scaled to all steps where some end early.",
        "The port, reverse-engineering-py, is driven in synfer's maze by maze_port.py; float64, its faster one here.",
        "From the second trial on, at E_right .15 and .35, counts reach their floor, which is applied in time order.",
        "Memory: peak of a fresh process. The port's is that of a few trials, so that of many is no less.",
    ]
    reason = missing(settings.peer_python, "reverse_engineering.pomdp")
    if reason:
        return Table(title, "step", [], [f"skipped, {settings.peer_python} cannot import the port: {reason}"])
    trials, repeats = settings.choose(2, 3), settings.choose(1, 3)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="synfer-bench-") as folder, ExitStack() as open_peers:
        grid = Path(folder) / "grid.npy"
        for E_right in PRIORS:
            told = problem(Maze.generate(seed=MAZE), grid, E_right, trials)
            with started(settings.peer_python, "maze_port.py", told) as port:
                rows += _trials(E_right, port, trials, repeats)
                if E_right == PRIORS[0]:
                    rows += _memory(port, open_peers)
                    notes.append(f"reverse-engineering-py {port.ready['version']}.")
        rows += [_long(E_right) for E_right in PRIORS]
        if settings.slow:
            rows += _long_port(settings, folder) + _same(settings, folder)
    return Table(title, "step", rows, notes)


def _trials(E_right: float, port: Peer, trials: int, repeats: int) -> list[Row]:
    def other() -> float:
        answer = port.run()
        return answer["seconds"] * trials * T / sum(answer["steps"])

    own = {method: Own(E_right, method, trials) for method in METHODS}
    for side in own.values():
        side.lengthen()
    seconds = interleaved({"port": other} | {name: processor_time(side) for name, side in own.items()}, repeats)
    for method, side in own.items():
        seconds[method] = [trials * T / side.steps * s for s in seconds[method]]
    work = trials * T
    told = {name: f"{1e3 * min(own) / trials:.4g} ms" for name, own in seconds.items()}
    rows = [Row(f"the port, E_right {E_right:g}", ns(seconds["port"], work), error=told["port"])]
    for method in METHODS:
        r = ratio(seconds["port"], seconds[method])
        what = f"the port / synfer {method}, E_right {E_right:g}"
        rows.append(
            ratio_row(what, ns(seconds[method], work), r, at_least=AT_LEAST[method][E_right], error=told[method])
        )
    return rows


def _memory(port: Peer, open_peers: ExitStack) -> list[Row]:
    other, rows = port.run()["peak"], []
    for method in METHODS:
        told = {"E_right": PRIORS[0], "trials": LONG, "maze": MAZE, "method": method}
        own = open_peers.enter_context(started(sys.executable, "maze_memory.py", told)).run()["peak"]
        what = f"memory of {LONG} trials, synfer {method}"
        rows.append(bound_row(what, own, MOST_MB, " MB"))
        rows.append(bound_row(f"{what}, of the port's", own / other, 1, give=f", {other:.0f} MB"))
    return rows


def _long(E_right: float) -> Row:
    run = Own(E_right, "table", LONG)
    seconds = interleaved({"table": processor_time(run)}, 1)["table"]
    told = f"{seconds[0]:.3g} s, {run.steps} steps"
    return Row(f"a run of {LONG} trials, synfer table, E_right {E_right:g}", ns(seconds, run.steps), error=told)


def _long_port(settings: Settings, folder: str) -> list[Row]:
    told = problem(Maze.generate(seed=MAZE), Path(folder) / "long.npy", PRIORS[0], LONG)
    with started(settings.peer_python, "maze_port.py", told) as port:
        answer = port.run()
    steps = sum(answer["steps"])
    told_row = f"{answer['seconds']:.0f} s, {steps} steps, {answer['peak']:.0f} MB"
    return [
        Row(f"a run of {LONG} trials, the port, E_right {PRIORS[0]:g}", ns([answer["seconds"]], steps), error=told_row)
    ]


def _same(settings: Settings, folder: str) -> list[Row]:
    """Mean steps over the first trials in the same mazes: differences by maze, their mean in its own standard error."""
    differences, means = [], []
    for k in range(SAME):
        maze = Maze.generate(seed=100 + k)
        told = problem(maze, Path(folder) / f"{k}.npy", PRIORS[0], SAME_TRIALS)
        with started(settings.peer_python, "maze_port.py", told) as port:
            other = np.mean(port.run()["steps"])
        run = learn_maze(maze_model(PRIORS[0]), [maze] * AGENTS, SAME_TRIALS, seed=k, ordering="port", workers=1)
        differences.append(float(run.steps.mean()) - other)
        means.append(other)
    se = np.std(differences, ddof=1) / np.sqrt(SAME)
    z = abs(np.mean(differences)) / se
    give = f": {np.mean(differences):+.0f} +- {se:.0f} of {np.mean(means):.0f} steps"
    return [bound_row(f"mean of trials 1 to {SAME_TRIALS} in the same {SAME} mazes, paired z", float(z), 3, give=give)]
