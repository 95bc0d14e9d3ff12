"""Worlds: a functional contract of tasks and its check, mazes, a T-maze, finite tasks as graphs, mixed sources."""

from synfer.inference.tasks.contract import Task, check_task
from synfer.inference.tasks.graph import TaskGraph, explore
from synfer.inference.tasks.maze import Maze
from synfer.inference.tasks.sources import Sources
from synfer.inference.tasks.tmaze import TMaze

__all__ = ["Maze", "Sources", "TMaze", "Task", "TaskGraph", "check_task", "explore"]
