"""The public port `reverse-engineering-py` in a maze of ours, in its own interpreter: see peer.py.

Takes grid (.npy), start, goal, E_right, trials, T and seed. Every run is a fresh agent that goes through the maze
`trials` times: infer and draw, move; then free energy and learning. Its arrays are float64, with which it is faster
than with float32. Observations of all positions are made before.
"""

import json
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from memory import peak
from peer import serve

if TYPE_CHECKING:
    from reverse_engineering.pomdp import POMDP

SIDES = ((-1, 0), (1, 0), (0, -1), (0, 1))
SIGHT, STATES, DECISIONS, WINDOW = 5, 121, 256, 200
TOTAL, SURE, HABIT = 1e7, 9.9e8, 3000.0


class World:
    """Tables of a maze by position: what is seen, and where moves lead."""

    def __init__(self, grid: np.ndarray) -> None:
        ny, nx = grid.shape
        padded = np.pad(grid, SIGHT, constant_values=1)
        side = 2 * SIGHT + 1
        self.seen, self.next = {}, {}
        for row in range(1, ny, 2):
            for column in [*range(1, nx - 1, 2), nx - 1]:
                if grid[row, column]:
                    continue
                o = padded[row : row + side, column : column + side].ravel(order="F").astype(float)
                self.seen[row, column] = np.concatenate([o, 1 - o])
                for action, (down, right) in enumerate(SIDES):
                    to = row, column
                    if column < nx - 1 and not grid[row + down, column + right]:
                        to = row + 2 * down, min(column + 2 * right, nx - 1)
                    self.next[row, column, action] = to


def agent(E_right: float, T: int) -> "POMDP":
    """A fresh one."""
    from reverse_engineering.pomdp import POMDP

    a = np.full((2 * STATES, 2 * STATES), TOTAL)
    b = a.copy()
    a[np.diag_indices_from(a)] += SURE
    c = np.full((2 * STATES, 2 * DECISIONS), HABIT)
    E = np.repeat(np.array([0.25, 0.25, 0.5 - E_right, E_right]) / 64, 64)
    D = np.full(2 * STATES, 0.5 / DECISIONS)
    return POMDP(a, D, b, c, np.concatenate([E, 1 - E]), sim_type=2, buf_size=T + 1)


def trial(port: "POMDP", world: World, start: tuple, goal: tuple, T: int) -> int:
    """One trial with free energy and learning; its steps, counted as the published ones."""
    at, outcomes = start, []
    while at != goal and len(outcomes) < T - 1:
        _, _, d = port.infer(world.seen[at])  # the posterior is second, and the decision last
        to = world.next[(*at, int(d.argmax()) // (DECISIONS // 4))]
        outcomes.append(0.5 * (1 + (to[1] < at[1]) - (to[1] > at[1])))
        at = to
    windows = [np.mean(outcomes[k : k + WINDOW]) for k in range(0, len(outcomes), WINDOW)]
    net = WINDOW * (1 - 2 * np.array(windows))
    Gamma = np.where(net <= 0, 0.55, np.where(net <= 10, 0.45, 0.0))
    port.compute_vfe(Gamma, WINDOW)
    port.learn(Gamma, WINDOW)
    port.reset_buffer()
    return min(len(outcomes) + 1, T)


def main() -> None:
    problem = json.loads(sys.argv[1])
    world = World(np.load(problem["grid"]))
    start, goal, T = tuple(problem["start"]), tuple(problem["goal"]), problem["T"]
    np.random.seed(problem["seed"])  # noqa: NPY002 - the port draws from the global state

    def run() -> dict:
        begun = time.process_time()
        port = agent(problem["E_right"], T)
        steps = [trial(port, world, start, goal, T) for _ in range(problem["trials"])]
        return {"seconds": time.process_time() - begun, "steps": steps, "peak": peak()}

    serve({"version": version("reverse-engineering-py")}, run, sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
