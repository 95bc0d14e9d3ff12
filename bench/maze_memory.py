"""Peak memory of synfer in a fresh process: see peer.py. Takes maze, E_right, trials and method."""

import json
import sys

from memory import peak
from peer import serve
from synfer.inference.agent import learn_maze, maze_model
from synfer.inference.tasks import Maze


def main() -> None:
    problem = json.loads(sys.argv[1])

    def run() -> dict:
        maze = Maze.generate(seed=problem["maze"])
        found = learn_maze(
            maze_model(problem["E_right"]), maze, problem["trials"], seed=1, method=problem["method"], ordering="port"
        )
        return {"peak": peak(), "steps": found.steps.values.tolist()}

    serve({}, run, sys.stdin, sys.stdout)


if __name__ == "__main__":
    main()
