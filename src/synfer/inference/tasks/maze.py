"""Mazes: a way through walls from left to right, of which the agent sees 11 x 11 cells.

    step: two cells on if the next cell is free; columns end at the goal's
    outcome G = 0 / 1/2 / 1 as the column grew / stayed / shrank

Rows and columns count from 0 here; the paper counts from 1: its start (10, 2) and goal (10, 99) of 19 x 99 cells are
(9, 1) and (9, 98). Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, methods.
"""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Self

import numpy as np

from synfer.core.checks import check_count, shortly
from synfer.core.errors import ParameterError
from synfer.inference.tasks.layout import SIDES, Stream, check_grid, ends, grow, read_rows

SIGHT = 5
"""Cells seen to every side."""

Position = tuple[int, int]


@dataclass(frozen=True, eq=False, repr=False)
class Maze:
    """A maze, which is a task (`check_task`); a state is the position (row, column). Two of the same grid are equal.

    Attributes:
        grid: (ny, nx) uint8: 1 wall, 0 free. ny = 3 mod 4, nx odd.

    Example:
        >>> maze = Maze.generate(seed=0)
        >>> maze.step(maze.start, 3), maze.observe(maze.start).shape
        ((9, 3), (121,))
    """

    grid: np.ndarray
    _padded: np.ndarray = field(init=False)
    _stops: frozenset[Position] = field(init=False)
    _goal: Position = field(init=False)

    def __post_init__(self) -> None:
        grid = check_grid(self.grid)
        grid.setflags(write=False)
        object.__setattr__(self, "grid", grid)
        object.__setattr__(self, "_padded", np.pad(grid, SIGHT, constant_values=1))
        ny, nx = grid.shape
        object.__setattr__(self, "_goal", ends(grid.shape)[1])
        object.__setattr__(self, "_stops", frozenset([*product(range(1, ny, 2), range(1, nx, 2)), self.goal]))

    @classmethod
    def generate(cls, seed: int, *, width: int = 99, height: int = 19, stream: Stream = "modern") -> Self:
        """A random maze: every pillar, row by row, grows one wall to a random side where there is none yet.

        A generated maze always has a way out: k pillars grow k walls, and it would take k + 1 to part it from border
        to border.

        Args:
            seed: Of the maze: an integer in [0, 2^63); in [0, 2^32) for the legacy stream.
            width: Columns nx, odd.
            height: Rows ny, 3 mod 4.
            stream: "modern", a named stream of its own; "legacy", numpy's RandomState(seed), which draws the mazes of
                the published code.

        Raises:
            ParameterError: names the axis, the value and the nearest that is allowed.
        """
        return cls(grow(seed, width, height, stream))

    @classmethod
    def from_grid(cls, grid: Any) -> Self:
        """A maze of one's own, from numbers or from text: what `str(maze)` shows.

        Args:
            grid: (ny, nx) of 1 (wall) and 0 (free); or a text of ny lines, or a list of them, of # (wall) and spaces.
                The border is wall but for the goal in the middle of the right side, cells at odd (row, column) are
                free, and a way leads from start to goal.

        Raises:
            ParameterError: the cell or axis at fault; without a way out, the walls to open.

        Example:
            >>> rows = ["#########", "#       #", "# ##### #", "#        ", "### # # #", "#   #   #", "#########"]
            >>> print(Maze.from_grid(rows))
            #########
            #       #
            # ##### #
            #S      G
            ### # # #
            #   #   #
            #########
        """
        rows = grid if isinstance(grid, Iterable) and getattr(grid, "ndim", 1) else [grid]
        text = isinstance(grid, str) or all(isinstance(row, str) for row in rows)
        cells: Any = np.array(read_rows(grid)) if text else grid
        return cls(cells)

    @property
    def start(self) -> Position:
        """Where a trial begins, on the left."""
        return ends(self.grid.shape)[0]

    @property
    def goal(self) -> Position:
        """The way out, in the right border."""
        return self._goal

    @property
    def n_observations(self) -> int:
        """121 cells."""
        return (2 * SIGHT + 1) ** 2

    @property
    def n_actions(self) -> int:
        """Up, down, left, right."""
        return len(SIDES)

    def init(self, key: int) -> Position:
        """The start."""
        return self.start

    def observe(self, state: Position) -> np.ndarray:
        """(121,) cells around a position, column by column; what is outside counts as wall."""
        row, column = self._stop(state)
        side = 2 * SIGHT + 1
        return self._padded[row : row + side, column : column + side].ravel(order="F")

    def step(self, state: Position, action: int) -> Position:
        """The position after a move: two cells on if the next one is free; nothing leads back from the goal."""
        row, column = state = self._stop(state)
        down, right = SIDES[check_count("action", action, 0, len(SIDES) - 1)]
        if self.done(state) or self.grid[row + down, column + right]:
            return state
        return row + 2 * down, min(column + 2 * right, self.grid.shape[1] - 1)

    def outcome(self, before: Position, after: Position) -> float:
        """G: 0 if the column grew, 1/2 if it stayed, 1 if it shrank."""
        return 0.5 * (1 + (after[1] < before[1]) - (after[1] > before[1]))

    def done(self, state: Position) -> bool:
        """Whether the position is the goal."""
        return state == self.goal

    def _stop(self, state: Any) -> Position:
        """A position where the agent can be."""
        if isinstance(state, (list, np.ndarray)):
            state = tuple(np.atleast_1d(state).tolist() if isinstance(state, np.ndarray) else state)
        with suppress(TypeError):
            if state in self._stops:
                return state
        ny, nx = self.grid.shape
        raise ParameterError(
            f"state = {shortly(state)} is no place where the agent stops; give (row, column), both odd and in "
            f"{ny} x {nx} cells, or the goal {self.goal}"
        )

    def __str__(self) -> str:
        cells = np.where(self.grid == 1, "#", " ")
        for mark, (row, column) in {"S": self.start, "G": self.goal}.items():
            cells[row, column] = mark
        return "\n".join("".join(row) for row in cells)

    def __repr__(self) -> str:
        ny, nx = self.grid.shape
        digest = hashlib.blake2b(self.grid.tobytes(), digest_size=4).hexdigest()
        return f"Maze({ny} x {nx}, {digest})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Maze) and np.array_equal(self.grid, other.grid)

    def __hash__(self) -> int:
        return hash((self.grid.shape, self.grid.tobytes()))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies are made anew, so that their arrays are read-only too."""
        return type(self), (self.grid,)
