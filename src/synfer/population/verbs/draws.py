"""Neurons drawn from the stationary state: exact for one variable, from the discrete density for two.

A neuron of one variable is drawn from threshold integration. With a slow variable its cell of (V, w) is drawn from
the mesh of `evolve`, its V evenly in the cell and its w as straight lines through the columns have it; one that is
refractory has the w of the column that it left, and the jump of its spike.
"""

from typing import Any, NamedTuple

import numpy as np

from synfer.population import density, theory
from synfer.population.drive import Current, Drive, Noise, Shunt
from synfer.population.neurons import Neuron
from synfer.population.signals import at_rest
from synfer.population.verbs import mesh
from synfer.population.verbs.common import Points, exact_density
from synfer.population.verbs.resting import settled

UNIFORMS = 3
"""Random numbers that a neuron is drawn from."""
Rest = tuple[float, float, float, float]


class Drawn(NamedTuple):
    """Neurons about to run."""

    V: np.ndarray  # (n,) mV
    refractory: np.ndarray  # (n,) ms
    w: np.ndarray | None  # (n,) mV, of neurons with a slow variable


class Stationary(NamedTuple):
    """The stationary state of one neuron under a constant drive."""

    neuron: Neuron
    rate: float  # Hz
    exact: theory.StationaryDensity | None
    discrete: tuple[mesh.Cells, density.State] | None

    def draw(self, u: np.ndarray) -> Drawn:
        """As many neurons as there are columns of u, (UNIFORMS, n) uniform in [0, 1)."""
        return self._exact(u) if self.exact is not None else self._discrete(u)

    def _exact(self, u: np.ndarray) -> Drawn:
        s: Any = self.exact
        mass = np.concatenate([[0.0], np.cumsum(np.diff(s.V) * (s.p[1:] + s.p[:-1]) / 2)])
        V = np.interp(u[0] * mass[-1], mass, s.V)
        resting = u[1] < self.rate / 1000 * self.neuron.t_ref
        return Drawn(V, np.where(resting, u[2] * self.neuron.t_ref, 0.0), None)

    def _discrete(self, u: np.ndarray) -> Drawn:
        discrete: Any = self.discrete
        (cells, state), neuron = discrete, self.neuron
        lanes = mesh.lanes([{"neuron": neuron, "mesh": cells}])
        edges, columns = mesh.edges(lanes, 0), mesh.columns_of(lanes, 0)
        free = mesh.by_mass(state.p[0].T) * lanes.h[0]
        waiting = state.queue[0, 0].mean(axis=0) * neuron.t_ref
        mass = np.maximum(np.column_stack([free, waiting]), 0.0)
        below = np.concatenate([[0.0], np.cumsum(mass)])
        at = u[0] * below[-1]
        place = np.clip(np.searchsorted(below, at, side="right") - 1, 0, mass.size - 1)
        column, row = np.divmod(place, mass.shape[1])
        inside = (at - below[place]) / mass[column, row]
        is_free, last = row < len(edges) - 1, len(edges) - 2
        row = np.minimum(row, last)
        width = np.where(row == last, density.TOP_CAPACITY, 1.0) * lanes.h[0]
        V = np.minimum(edges[row] + inside * width, np.nextafter(neuron.V_top, -np.inf))
        jump = 0.0 if neuron.slow is None else neuron.slow.jump
        w = columns.low + columns.dw * (column + _tilted(mass, place, u[1])) + np.where(is_free, 0.0, jump)
        return Drawn(np.where(is_free, V, neuron.V_reset), np.where(is_free, 0.0, u[2] * neuron.t_ref), w)


def _tilted(mass: np.ndarray, place: np.ndarray, u: np.ndarray) -> np.ndarray | float:
    """Places within columns, 0 to 1, from a density that is linear in each with the slope of its neighbours.

    Spread evenly over columns of width dw, w would have dw^2/6 too much variance. A single column stands for one w.
    """
    if len(mass) == 1:
        return 0.5
    padded = np.pad(mass, ((1, 1), (0, 0)))
    tilt = np.clip((padded[2:] - padded[:-2]).ravel()[place] / (4.0 * mass.ravel()[place]), -1.0, 1.0) * (1.0 - 1e-9)
    return 2.0 * u / (1.0 - tilt + np.sqrt((1.0 - tilt) ** 2 + 4.0 * tilt * u))


def resting_mesh(neuron: Neuron, drive: Drive, points: Points) -> mesh.Cells | None:
    """The default mesh of a neuron with a slow variable under what drives it at rest, whatever comes later."""
    if neuron.slow is None:
        return None
    mu, sigma, g, gE = at_rest(drive)
    rest = Drive((Noise(mu, sigma) if neuron.background == "noise" else Current(mu, sigma**2),))
    rest = rest + Shunt(g=g, E_rev=gE / g) if g > 0 else rest
    return mesh.choose({"neuron": neuron, "drive": rest, "h": None}, points)


def stationary_of(neuron: Neuron, rest: Rest, cells: mesh.Cells | None) -> Stationary:
    """The state of a neuron at (mu, sigma, g, gE); with a slow variable on the cells that have been chosen for it."""
    if neuron.slow is None or cells is None:
        s = exact_density(neuron, rest)
        return Stationary(neuron, s.rate, s, None)
    state = settled([{"neuron": neuron, "mesh": cells}], np.array(rest)[:, None])
    return Stationary(neuron, 1000 * float(state.rate[0]), None, (cells, state))
