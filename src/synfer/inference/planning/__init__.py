"""Planning, for comparison: expected free energy of small categorical models, by enumeration of policies.

A canonical network decides by habit: it repeats what it did in states like the last, and risk says how willingly. A
planner asks of every sequence of actions what it would come to see. On the T-maze the difference shows.
"""

from synfer.inference.planning.acting import act
from synfer.inference.planning.expected import construct_policies, expected_free_energy
from synfer.inference.planning.filtering import forward_filter
from synfer.inference.planning.habit import compare_habit, t_maze_habit
from synfer.inference.planning.pomdp import Pomdp
from synfer.inference.planning.t_maze import t_maze_outcomes, t_maze_pomdp

__all__ = [
    "Pomdp",
    "act",
    "compare_habit",
    "construct_policies",
    "expected_free_energy",
    "forward_filter",
    "t_maze_habit",
    "t_maze_outcomes",
    "t_maze_pomdp",
]
