"""Worlds for agents: a functional contract with its check, mazes, a T-maze, and finite tasks as graphs."""

from .contract import Task, check_task
from .graph import TaskGraph, explore
from .maze import Maze
from .tmaze import TMaze

__all__ = ["Maze", "TMaze", "Task", "TaskGraph", "check_task", "explore"]
