"""Grids of mazes: how they grow, and what a grid has to fulfil.

Walls stand on the border and on pillars at even (row, column); the agent stops at odd ones, and walks through those
between.
"""

from collections import deque
from typing import Any, get_args

import numpy as np

from synfer.core.checks import check_choice, check_count, place
from synfer.core.errors import ParameterError
from synfer.core.seeds import Stream, check_legacy_seed, generator

SIDES = ((-1, 0), (1, 0), (0, -1), (0, 1))
"""(rows, columns) of what 0..3 mean, for walls and for actions: up, down, left, right."""


def ends(shape: tuple[int, ...]) -> tuple[tuple[int, int], tuple[int, int]]:
    """(row, column) of start and goal."""
    ny, nx = shape
    return (ny // 2, 1), (ny // 2, nx - 1)


def grow(seed: int, width: int, height: int, stream: Stream) -> np.ndarray:
    """(height, width) uint8: border, pillars, and one wall grown by each pillar, drawn anew where there is one."""
    _check_size("height", height)
    _check_size("width", width)
    draw = _sides(seed, width, height, stream)
    grid = np.zeros((height, width), dtype=np.uint8)
    grid[0] = grid[-1] = 1
    grid[:, 0] = grid[:, -1] = 1
    grid[2:-1:2, 2:-1:2] = 1
    for row in range(2, height - 1, 2):
        for column in range(2, width - 1, 2):
            while True:
                down, right = SIDES[draw()]
                if not grid[row + down, column + right]:
                    break
            grid[row + down, column + right] = 1
    grid[ends(grid.shape)[1]] = 0
    return grid


def _sides(seed: int, width: int, height: int, stream: Stream) -> Any:
    """A function that draws 0..3."""
    if check_choice("stream", stream, get_args(Stream)) == "modern":
        source = generator(seed, "maze", f"{height} x {width}")
        return lambda: int(source.integers(4))
    legacy = np.random.RandomState(check_legacy_seed(seed))  # the published mazes were drawn by it
    return lambda: legacy.randint(4)


def _check_size(name: str, size: Any) -> None:
    """Height ny = 3 mod 4, so that the middle row is one the agent stops in; width nx odd."""
    size = check_count(name, size, 3)
    rows = name == "height"
    if size % 4 != 3 if rows else size % 2 == 0:
        what, rule = ("rows ny", "3 mod 4: 3, 7, 11, 15, 19, ...") if rows else ("columns nx", "odd and >= 3")
        near = (size + 4) // 4 * 4 - 1 if rows else size + 1
        raise ParameterError(f"{name} = {size} (number of {what}) must be {rule}; give {name} = {near}")


def read_rows(text: Any) -> list[list[int]]:
    """Numbers of a maze in text, a row in each line: # is wall, a space or a dot is free; S and G mark the ends."""
    rows = text.strip("\n").splitlines() if isinstance(text, str) else list(text)
    width = len(rows[0]) if rows else 0
    start, goal = ends((len(rows), width))
    for i, row in enumerate(rows):
        if len(row) != width:
            raise ParameterError(f"row {i} of the grid has {len(row)} cells and row 0 has {width}; make them equal")
        for k, cell in enumerate(row):
            if cell not in "# ." and (i, k) != {"S": start, "G": goal}.get(cell):
                raise ParameterError(
                    f"grid[{i}, {k}] = {cell!r} must be # (wall) or a space (free); S may stand at the start {start} "
                    f"and G at the goal {goal}"
                )
    return [[int(cell == "#") for cell in row] for row in rows]


def check_grid(given: Any) -> np.ndarray:
    """A grid as uint8, copied, if it is a maze with a way out."""
    try:
        values = np.array(given)
    except ValueError:
        raise ParameterError("grid has rows of unlike lengths; make them equal") from None
    if values.ndim != 2 or values.dtype.kind not in "buif":
        raise ParameterError(
            f"grid has shape {values.shape} and dtype {values.dtype}, and must be (ny, nx) numbers, 1 wall and 0 free"
        )
    _check_size("height", values.shape[0])
    _check_size("width", values.shape[1])
    goal = ends(values.shape)[1]
    border, stops = np.ones(values.shape, dtype=bool), np.zeros(values.shape, dtype=bool)
    border[1:-1, 1:-1] = border[goal] = False
    stops[1::2, 1::2] = stops[goal] = True
    _refuse(values, (values != 0) & (values != 1), "must be 1 (wall) or 0 (free)")
    _refuse(
        values, border & (values == 0), f"is a hole in the border, whose one opening is the goal {goal}; set it to 1"
    )
    _refuse(values, stops & (values == 1), "is a wall where the agent stops (odd row, odd column; goal); set it to 0")
    grid = values.astype(np.uint8)
    if walls := walls_to_open(grid):
        start = ends(grid.shape)[0]
        cells = ", ".join(map(str, walls))
        raise ParameterError(
            f"the maze has no way out: walls part the start {start} from the goal {goal} (row, column; from 0); "
            f"open {'one' if len(walls) == 1 else 'some'}, for example set grid to 0 at {cells}"
        )
    return grid


def _refuse(values: np.ndarray, wrong: np.ndarray, why: str) -> None:
    if wrong.any():
        raise ParameterError(f"{place('grid', values, wrong)} {why}")


def walls_to_open(grid: np.ndarray) -> list[tuple[int, int]]:
    """The fewest walls between stops to open for a way from start to goal; none if there is one."""
    ny, nx = grid.shape
    start, goal = ends(grid.shape)
    opened: dict[tuple[int, int], list[tuple[int, int]]] = {}
    queue: deque[tuple[tuple[int, int], list[tuple[int, int]]]] = deque([(start, [])])
    while queue:  # free steps go first, so that a stop is met first by the fewest walls
        stop, walls = queue.popleft()
        if stop in opened:
            continue
        opened[stop] = walls
        row, column = stop
        for down, right in SIDES:
            wall = (row + down, column + right)
            after = (row + 2 * down, column + 2 * right)
            if wall == goal:
                return walls
            if 0 < after[0] < ny and 0 < after[1] < nx:
                if grid[wall]:
                    queue.append((after, [*walls, wall]))
                else:
                    queue.appendleft((after, walls))
    raise AssertionError("every stop can be reached through walls")
