"""The columns of a slow variable, and where it goes and jumps on them."""

import numpy as np

from .mesh import Lanes, Slow, centres


def column_faces(slow: Slow, lane: int, columns: int | None = None) -> np.ndarray:
    """Faces of the columns of one lane [mV], ascending: one more than columns, its own or so many."""
    count = int(slow.columns[lane]) if columns is None else columns
    return float(slow.low[lane]) + float(slow.dw[lane]) * np.arange(count + 1)


def goals(lanes: Lanes, slow: Slow, lane: int, n: int) -> np.ndarray:
    """What w relaxes to [mV] in one lane's n cells."""
    return np.broadcast_to(slow.target(centres(float(lanes.V_top[lane]), float(lanes.h[lane]), n), lane), (n,))


def jump_split(slow: Slow, lane: int) -> tuple[int, float]:
    """The jump of one lane as whole columns and a share of the next one."""
    columns = float(slow.jump[lane]) / float(slow.dw[lane])
    nearest = round(columns)
    columns = nearest if abs(columns - nearest) < 1e-9 * max(1.0, nearest) else columns
    leap = int(columns)
    return leap, float(columns - leap)
