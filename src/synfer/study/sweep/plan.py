"""The points of a sweep in their order, and the units in which they are computed.

Points of one shape (as many layers, the same window, step and duration) form units of
`points_per_unit`. Units depend on the sweep alone, not on who computes them.
"""

import math
import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synfer.core.errors import ParameterError, SynferWarning
from synfer.core.seeds import generator
from synfer.population.chain import SynfireChain
from synfer.study.sweep.paths import Value
from synfer.study.sweep.spec import Sweep

CONFIRM = 1_000_000
"""Points beyond which a sweep has to be confirmed."""
SHAPE = ("chain.layers", "window", "dt", "t")
"""Paths that set the shape of a point."""

Assignment = dict[str, Value]
"""The values of one point, by path."""


@dataclass(frozen=True)
class Plan:
    """The points of a sweep, numbered from 0 in the order of its axes, the last one fastest."""

    sweep: Sweep
    paths: tuple[str, ...]
    columns: tuple[tuple[Value, ...], ...]
    shape: tuple[int, ...]

    @property
    def grid(self) -> bool:
        """Whether every path is a dimension."""
        return bool(self.sweep.axes)

    @property
    def size(self) -> int:
        """The number of points."""
        return math.prod(self.shape)

    def point(self, i: int) -> Assignment:
        """The values of point i."""
        where = np.unravel_index(i, self.shape) if self.grid else [i] * len(self.paths)
        return {path: column[int(k)] for path, column, k in zip(self.paths, self.columns, where, strict=True)}

    def layers(self, i: int) -> int:
        """The layers of point i, or of the base where the point has no valid number of them."""
        return max(1, int(self.point(i).get("chain.layers", self.base_layers)))

    @property
    def base_layers(self) -> int:
        """The layers of the base; populations of a network count as such."""
        chain = self.sweep.chain
        return chain.layers if isinstance(chain, SynfireChain) else len(chain.populations)

    @property
    def most_layers(self) -> int:
        """The layers of the longest chain."""
        if "chain.layers" not in self.paths:
            return self.base_layers
        return max(1, *(int(value) for value in self.columns[self.paths.index("chain.layers")]))

    @cached_property
    def latest(self) -> Assignment:
        """The largest value of every path by which volleys come later."""
        columns = zip(self.paths, self.columns, strict=True)
        return {path: max(column) for path, column in columns if _delaying(path)}

    @cached_property
    def units(self) -> tuple[tuple[int, ...], ...]:
        """The points of each unit."""
        shaping = [path for path in SHAPE if path in self.paths]
        groups: dict[tuple[Value, ...], list[int]] = {}
        if shaping:
            for i in range(self.size):
                point = self.point(i)
                groups.setdefault(tuple(point[path] for path in shaping), []).append(i)
        else:
            groups[()] = list(range(self.size))
        n = self.sweep.points_per_unit
        return tuple(tuple(group[k : k + n]) for group in groups.values() for k in range(0, len(group), n))


def plan(sweep: Sweep, *, many: bool = False) -> Plan:
    """The points of a sweep.

    Args:
        many: Confirms more than a million points.

    Raises:
        ParameterError: more points than are confirmed.
    """
    columns = sweep.axes or sweep.points
    if sweep.sobol:
        shape: tuple[int, ...] = (sweep.sobol.samples,)
    else:
        lengths = tuple(len(axis.values) for axis in columns)
        shape = lengths if sweep.axes else lengths[:1]
    size = math.prod(shape)
    if size > CONFIRM and not many:
        raise ParameterError(
            f"the sweep has {size:,} points, more than {CONFIRM:,}; make it smaller, or confirm with many=True (--many)"
        )
    if sweep.sobol:
        return Plan(sweep, tuple(sweep.varied()), _sobol(sweep), shape)
    return Plan(sweep, tuple(sweep.varied()), tuple(axis.values for axis in columns), shape)


def _delaying(path: str) -> bool:
    return path in ("packet.t0", "packet.sigma_t") or "delay" in path.split(".")


def _sobol(sweep: Sweep) -> tuple[tuple[Value, ...], ...]:
    from scipy.stats import qmc

    sobol = sweep.sobol
    assert sobol is not None
    sequence = qmc.Sobol(len(sobol.ranges), scramble=True, rng=generator(sobol.seed, "sweep", "sobol"))
    if sobol.samples & (sobol.samples - 1):
        text = f"{sobol.samples} Sobol points are spread less evenly than a power of two of them"
        warnings.warn(text, SynferWarning, stacklevel=4)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The balance properties", UserWarning)  # said above, in our words
        unit = sequence.random(sobol.samples)
    columns = []
    for u, each in zip(unit.T, sobol.ranges, strict=True):
        if each.scale == "log":
            values = np.exp(np.log(each.low) + u * (np.log(each.high) - np.log(each.low)))
        else:
            values = each.low + u * (each.high - each.low)
        columns.append(tuple(np.clip(values, each.low, each.high).tolist()))
    return tuple(columns)
