"""Agents that learn tasks: habits that risk modulates, by tables or step by step."""

from synfer.inference.agent.learn import learn
from synfer.inference.agent.maze import learn_maze, maze_model
from synfer.inference.agent.modulation import RiskModulation

__all__ = ["RiskModulation", "learn", "learn_maze", "maze_model"]
