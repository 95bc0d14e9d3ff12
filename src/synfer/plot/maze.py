"""Mazes, the way that an agent takes through them, and what it believes on it."""

from typing import Any, NamedTuple, Protocol

import numpy as np
import xarray as xr
from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from synfer.core.checks import check_count, check_kind
from synfer.core.errors import ParameterError
from synfer.plot.basics import new_axes
from synfer.plot.figure import PALETTE, style

MOVES = ("up", "down", "left", "right")
GROUND = ListedColormap(["white", "0.35"])
TRAIL = 150
"""Steps of the way that a replay still shows."""


class HasGrid(Protocol):
    """A maze: grid (ny, nx) of 1 wall, 0 free; start and goal (row, column)."""

    @property
    def grid(self) -> np.ndarray: ...
    @property
    def start(self) -> tuple[int, int]: ...
    @property
    def goal(self) -> tuple[int, int]: ...


class Walked(NamedTuple):
    """One trial: position (t, 2) at t = 1, 2, ..., and beliefs (t, side, side), or None."""

    position: np.ndarray
    beliefs: np.ndarray | None


def path(
    run: xr.Dataset | None,
    maze: HasGrid,
    *,
    trial: int = -1,
    step: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a maze, the way of one trial through it from dark to light, and what the agent believes at one step.

    Args:
        run: A result of `learn_maze` in this maze with record=("position",), or ("position", "s") for beliefs; None:
            the maze alone.
        maze: A `Maze`.
        trial: Of the run, from 0; -1 is the last.
        step: t >= 1 at which beliefs are shown, in the square that the agent sees; None: none.
        ax: Where to draw; default a new figure, which pyplot.show() shows.

    Returns:
        The Axes.

    Raises:
        ParameterError: records that are missing, several mazes at once, or a step that the trial does not have.
    """
    walked = None if run is None else _walked(run, trial)
    if step is not None:
        if walked is None or walked.beliefs is None:
            raise ParameterError('beliefs are not recorded; give record=("position", "s"), or leave step out')
        step = check_count("step", step, 1, len(walked.position))
    with style():
        ax = new_axes(ax)
        _ground(ax, maze)
        if walked is not None:
            _way(ax, walked.position)
        if walked is not None and walked.beliefs is not None and step is not None:
            row, column = walked.position[step - 1]
            shown = sight(ax, walked.beliefs[step - 1], row, column)
            ax.figure.colorbar(shown, ax=ax, label="belief that a cell\nis a wall", shrink=0.6)
    return ax


def replay(
    run: xr.Dataset,
    maze: HasGrid,
    *,
    trial: int = -1,
    start: int = 1,
    stop: int | None = None,
    every: int | None = None,
    interval: float = 80.0,
) -> FuncAnimation:
    """A trial as a film: the agent in its maze, what it believes to be around it, and what it has done so far.

    Args:
        run: A result of `learn_maze` in this maze with record=("position",), or ("position", "s") for beliefs.
        maze: A `Maze`.
        trial: Of the run, from 0; -1 is the last.
        start, stop: First and last step shown, t >= 1; default the whole trial.
        every: Steps from one frame to the next; default such that there are at most 200.
        interval: Between frames [ms].

    Returns:
        An animation: `.save("trial.gif", writer="pillow")` or `.to_jshtml()`, HTML with a slider.

    Raises:
        ParameterError: records that are missing, or steps that the trial does not have.

    Example:
        >>> import synfer as sf
        >>> maze = sf.Maze.generate(seed=0)
        >>> run = sf.learn_maze(sf.maze_model(0.35), maze, trials=2, seed=1, T=100, record=("position", "s"))
        >>> html = replay(run, maze, stop=3).to_jshtml()
    """
    walked = _walked(run, trial)
    end = len(walked.position)
    start = check_count("start", start, 1, end)
    last = end if stop is None else check_count("stop", stop, start, end)
    stride = max(1, -(-(last - start + 1) // 200)) if every is None else check_count("every", every)
    frames = [*range(start, last, stride), last]
    with style():
        ny, nx = maze.grid.shape
        figure = Figure(figsize=(8.0, 1.0 + 7.2 * ny / nx + 1.9), layout="constrained")
        film = _Film(figure, maze, walked)
        return FuncAnimation(figure, film.show, frames=frames, interval=interval, blit=False, cache_frame_data=False)


class _Film:
    """Artists of a replay, which `show` moves to a step."""

    def __init__(self, figure: Figure, maze: HasGrid, walked: Walked) -> None:
        self.walked, self.maze = walked, maze
        panels = figure.subplot_mosaic([["maze"] * 3, ["seen", "moves", "column"]], height_ratios=[1.25, 1])
        self.maze_ax, seen, moves, column = (panels[name] for name in ("maze", "seen", "moves", "column"))
        _ground(self.maze_ax, maze)
        (self.trail,) = self.maze_ax.plot([], [], color=PALETTE[0], linewidth=1)
        (self.agent,) = self.maze_ax.plot([], [], "o", color=PALETTE[1], markersize=6, zorder=5)
        side = 11 if walked.beliefs is None else walked.beliefs.shape[1]
        self.frame = Rectangle((0, 0), side, side, fill=False, edgecolor=PALETTE[1], linewidth=0.8)
        self.maze_ax.add_patch(self.frame)
        self.side = side
        self.sight = None
        if walked.beliefs is None:
            seen.set_axis_off()
        else:
            self.sight = seen.imshow(walked.beliefs[0], vmin=0, vmax=1, cmap="Blues")
            seen.plot(side // 2, side // 2, "o", color=PALETTE[1], markersize=6)
            seen.set(xticks=[], yticks=[], xlabel="belief that a cell is a wall (dark)", ylabel="")
        steps = np.diff(walked.position, axis=0)
        rows, columns = steps[:, 0], steps[:, 1]
        kinds = (rows < 0, rows > 0, columns < 0, columns > 0)
        self.counts = np.concatenate([np.zeros((1, 4)), np.cumsum(np.stack(kinds, axis=1), axis=0)])
        self.bars = moves.barh(MOVES, [0.0] * 4, color=PALETTE[0])
        moves.set(xlim=(0, 1), xlabel="share of moves so far")
        moves.invert_yaxis()
        column.plot(np.arange(1, len(walked.position) + 1), walked.position[:, 1], color="0.75", linewidth=0.7)
        (self.now,) = column.plot([], [], "o", color=PALETTE[1], markersize=4)
        column.set(xlabel="step", ylabel="column", ylim=(0, maze.grid.shape[1]))

    def show(self, t: int) -> list[Any]:
        """The state at step t >= 1."""
        position = self.walked.position[:t]
        row, column = position[-1]
        self.maze_ax.set_title(f"step {t}")
        self.trail.set_data(position[-TRAIL:, 1], position[-TRAIL:, 0])
        self.agent.set_data([column], [row])
        self.frame.set_xy((column - self.side / 2, row - self.side / 2))
        if self.sight is not None and self.walked.beliefs is not None:
            self.sight.set_data(self.walked.beliefs[t - 1])
        counts = self.counts[t - 1]
        for bar, share in zip(self.bars, counts / max(1.0, counts.sum()), strict=True):
            bar.set_width(share)
        self.now.set_data([t], [column])
        return [self.trail, self.agent, self.frame, self.now, *self.bars]


def _walked(run: xr.Dataset, trial: int) -> Walked:
    """The steps t >= 1 of one trial."""
    if "position" not in check_kind("run", run, xr.Dataset, "a result of sf.learn_maze"):
        raise ParameterError('positions are not recorded; learn_maze(..., record=("position",)) keeps them')
    if "maze" in run["position"].dims:
        raise ParameterError("the result holds several mazes; choose one: run.isel(maze=0)")
    count = run.sizes["trial"] if "trial" in run["position"].dims else 1
    trial = check_count("trial", trial, -count, count - 1)
    one = run.isel(trial=trial) if "trial" in run["position"].dims else run
    position = one["position"].transpose("step", "axis").values[1:]
    position = position[position[:, 0] >= 0]
    beliefs = None
    if "s" in one:
        s = one["s"].transpose("step", "state").values[1 : len(position) + 1]
        side = round(np.sqrt(s.shape[1]))
        # A square of cells, column by column.
        beliefs = s.reshape(len(s), side, side).transpose(0, 2, 1)
    return Walked(position, beliefs)


def _ground(ax: Axes, maze: HasGrid) -> None:
    ax.imshow(maze.grid, cmap=GROUND, vmin=0, vmax=1, interpolation="nearest")
    for words, (row, column) in (("start", maze.start), ("goal", maze.goal)):
        ax.plot(column, row, "s" if words == "start" else "*", color=PALETTE[2], markersize=6, zorder=4, clip_on=False)
    ax.set(xlabel="column", ylabel="row")


def _way(ax: Axes, position: np.ndarray) -> None:
    """Lines from cell to cell; the last one at a place is on top, and a little of the width tells directions apart."""
    moved = np.concatenate([[True], (np.diff(position, axis=0) != 0).any(axis=1)])
    xy = position[moved][:, ::-1].astype(float)
    if len(xy) < 2:
        return
    lines = np.stack([xy[:-1], xy[1:]], axis=1)
    when = np.flatnonzero(moved)[1:] + 1
    shown = LineCollection(list(lines), cmap="plasma", linewidths=1.5, zorder=3, rasterized=True)
    shown.set_array(when)
    shown.set_clim(1, len(position) * 1.05)
    ax.add_collection(shown)
    ax.figure.colorbar(shown, ax=ax, label="step", shrink=0.6)


def sight(ax: Axes, beliefs: np.ndarray, row: int, column: int) -> AxesImage:
    """Draw beliefs (side, side) about the cells around a position over a maze; the image, for a colour bar."""
    side, limits = len(beliefs), (ax.get_xlim(), ax.get_ylim())
    left, top = column - side / 2, row - side / 2
    shown = ax.imshow(
        beliefs, extent=(left, left + side, top + side, top), cmap="Blues", vmin=0, vmax=1,
        interpolation="nearest", zorder=2,
    )  # fmt: skip
    ax.add_patch(Rectangle((left, top), side, side, fill=False, edgecolor=PALETTE[1], linewidth=1, zorder=4))
    ax.plot(column, row, "o", color=PALETTE[1], markersize=5, zorder=5)
    ax.set(xlim=limits[0], ylim=limits[1])
    return shown
