"""The agent of the maze: its model, and how it learns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.checks import check_choice, check_kind
from synfer.core.errors import ParameterError
from synfer.core.points import is_sequence
from synfer.inference.agent.learn import learn
from synfer.inference.agent.records import RECORDS
from synfer.inference.model import Expectation, GenerativeModel
from synfer.inference.tasks import Maze

SIZE, AHEAD, MOVES = 121, 4, 4
"""States, which are cells seen; moves that a decision looks ahead; and moves: up, down, left, right."""
TOTAL, SURE, HABIT = 1e7, 9.9e8, 3000.0
"""Counts of a and b; what is added where o_i is paired with its s_i; counts of c."""


def maze_model(E_right: float = 0.25, *, expectation: Expectation = "ratio") -> GenerativeModel:
    """What the agent of the maze believes before it has seen one.

    121 states, one behind each cell that it sees; 256 decisions, each a sequence of four moves (up, down, left, right),
    of which it executes the first. Up and down are expected with 1/4 each, right with E_right and left with the rest.

    Args:
        E_right: Prior of moving right first, in (0, 1/2).
        expectation: See `GenerativeModel`; "ratio" is that of the published results.

    References:
        Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, methods.

    Example:
        >>> maze_model(0.35).E[0, ::64].round(6).tolist()
        [0.003906, 0.003906, 0.002344, 0.005469]
    """
    if not (isinstance(E_right, (int, float, np.number)) and 0 < E_right < 0.5):
        raise ParameterError(
            f"E_right = {E_right!r} must be in (0, 0.5): up and down have 1/4 each, and left what is left of 1/2"
        )
    a, b = np.full((2, SIZE, 2, SIZE), TOTAL), np.full((2, SIZE, 2, SIZE), TOTAL)
    own = np.arange(SIZE)
    for value in range(2):
        a[value, own, value, own] += SURE
    first_move = np.array([0.25, 0.25, 0.5 - E_right, E_right])
    others = MOVES ** (AHEAD - 1)
    D = np.full((2, SIZE), 0.5 / (MOVES * others))
    return GenerativeModel(
        a=a,
        b=b,
        c=np.full((2, SIZE, 2, MOVES * others), HABIT),
        D=D,
        E=np.repeat(first_move / others, others),
        initial=D,
        expectation=expectation,
    )


def learn_maze(
    model: GenerativeModel | Sequence[GenerativeModel],
    maze: Maze | Sequence[Maze],
    trials: int,
    seed: int | Sequence[int],
    **options: Any,
) -> xr.Dataset:
    """Learning of mazes: `learn` as published, with trials of T = 20,000.

    Args:
        model: Before; a fresh one for every maze, for example `maze_model(0.25)`.
        maze: One, or a sequence of them, which run side by side.
        trials: In each maze.
        seed: Of the decisions.
        **options: Those of `learn`; record="position" keeps the (row, column) at every step.

    Returns:
        As `learn` does: `steps`, `reached` and `free_energy` [nats] by trial, and the counts a, b, c at the end;
        and records, of which a decision `d` begins with the move d // 64.

    Raises:
        ParameterError: no maze, no such record, and what `learn` refuses.

    Example:
        >>> import synfer as sf
        >>> run = sf.learn_maze(sf.maze_model(0.25), sf.Maze.generate(seed=0), trials=2, seed=1)
        >>> run.steps.values <= 20_000
        array([ True,  True])
    """
    several: Any = maze if is_sequence(maze) else [maze]
    for own in several:
        check_kind("maze", own, Maze, "for example Maze.generate(seed=0); or use learn")
    record: Any = options.pop("record", ())
    names = record if is_sequence(record) else [record]
    for name in names:
        check_choice("record", name, [*RECORDS, "position"])
    found = learn(
        model, maze, trials, seed, record=["state" if name == "position" else name for name in names], **options
    )
    if "position" not in names:
        return found
    named = found.assign(position=found["state_number"]) if "state" in names else found.rename(state_number="position")
    return named.rename(part="axis").assign_coords(axis=["row", "column"])
