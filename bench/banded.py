"""The density engine's peer in numpy and scipy: the same equation and scheme, written plainly.

Scharfetter-Gummel finite volumes, backward Euler, refractory queue; one `scipy.linalg.solve_banded` per step, the
matrix built anew only when the drive has changed.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import solve_banded

# The top cell counts this share of its width, as in synfer's scheme.
TOP = 0.75


class Mesh(NamedTuple):
    """n cells of width h [mV] below V_top; psi [mV] at their upper faces, (n,)."""

    V_top: float
    h: float
    psi: np.ndarray

    @property
    def faces(self) -> np.ndarray:
        return self.V_top - self.h * np.arange(len(self.psi) - 1, -1, -1)

    def share(self, V: float) -> tuple[int, float]:
        """The lower of the two cells around V, and the share of the upper one."""
        position = len(self.psi) - 0.5 - (self.V_top - V) / self.h
        return int(position), position - int(position)


def bernoulli(x: Any) -> Any:
    """x / (e^x - 1)."""
    x = x + 1e-300  # at x = 0 it is 1
    return x / np.expm1(x)


def flux_coefficients(mesh: Mesh, mu: float, sigma: float, tau_m: float) -> tuple[np.ndarray, np.ndarray]:
    """J/h = up_i p_i - down_i p_{i+1} through the upper face of every cell [1/ms]."""
    D = sigma**2 / tau_m
    P = (mu - mesh.faces + mesh.psi) / tau_m * mesh.h / D
    B = bernoulli(P)
    up, down = D / mesh.h**2 * (B + P), D / mesh.h**2 * B  # B(-P) = B(P) + P
    up[-1], down[-1] = 2 * D / mesh.h**2 * bernoulli(-P[-1] / 2), 0.0
    return up, down


def banded(up: np.ndarray, down: np.ndarray, identity: float, dt: float) -> np.ndarray:
    """identity - dt L in the storage of solve_banded((1, 1), ...); the identity counts the top cell's share."""
    matrix = np.zeros((3, len(up)))
    matrix[0, 1:] = -dt * down[:-1]
    matrix[1] = identity + dt * up
    matrix[1, -1] -= (1 - TOP) * identity
    matrix[1, 1:] += dt * down[:-1]
    matrix[2, :-1] = -dt * up[:-1]
    return matrix


def stationary(
    mesh: Mesh, mu: float, sigma: float, tau_m: float, V_reset: float, t_ref: float
) -> tuple[np.ndarray, float]:
    """Density [1/mV] and rate [1/ms] under a constant drive: -L p = rate/h at the reset point."""
    up, down = flux_coefficients(mesh, mu, sigma, tau_m)
    cell, upper = mesh.share(V_reset)
    source = np.zeros_like(up)
    source[cell : cell + 2] = (1 - upper) / mesh.h, upper / mesh.h
    p = solve_banded((1, 1), banded(up, down, 0.0, 1.0), source)
    rate = 1 / (mesh.h * (p[:-1].sum() + TOP * p[-1]) + t_ref)
    return rate * p, rate


def evolve(
    mesh: Mesh, p: np.ndarray, rate: float, mu: np.ndarray, *, sigma: float, tau_m: float, V_reset: float,
    t_ref: float, dt: float,
) -> np.ndarray:  # fmt: skip
    """Rates [1/ms] at the ends of the steps under the inputs mu (steps,) [mV]; t_ref is a multiple of dt."""
    delay = round(t_ref / dt)
    rates = np.full(delay + len(mu), rate)
    cell, upper = mesh.share(V_reset)
    split = np.array([1 - upper, upper]) * dt / mesh.h
    last = np.nan
    for step, value in enumerate(mu):
        if value != last:
            up, down = flux_coefficients(mesh, value, sigma, tau_m)
            matrix, last = banded(up, down, 1.0, dt), value
        p[-1] *= TOP
        p[cell : cell + 2] += rates[step] * split
        p = solve_banded((1, 1), matrix, p, overwrite_b=True, check_finite=False)
        rates[delay + step] = up[-1] * mesh.h * p[-1]
    return rates[delay:]
