"""Agents that learn tasks: habits that risk modulates, by tables or step by step."""

from .learn import learn
from .maze import learn_maze, maze_model
from .modulation import RiskModulation

__all__ = ["RiskModulation", "learn", "learn_maze", "maze_model"]
