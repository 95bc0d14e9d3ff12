"""Planning, for comparison: expected free energy of small categorical models, by enumeration of policies.

A canonical network decides by habit: it repeats what it did in states like the last, and risk says how willingly. A
planner asks of every sequence of actions what it would come to see. On the T-maze the difference shows.
"""

from .acting import act
from .expected import construct_policies, expected_free_energy
from .filtering import forward_filter
from .habit import compare_habit, t_maze_habit
from .pomdp import Pomdp
from .t_maze import t_maze_outcomes, t_maze_pomdp

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
