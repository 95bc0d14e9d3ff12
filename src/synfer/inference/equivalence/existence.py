"""Whether an activity equation descends any cost at all.

u' = f(u) is -dL/du of some L if and only if the Jacobian df_i / du_j is symmetric (on a box, which has no holes); it
is -dL/dx with x_j = g(u_j) if and only if df_i / dx_j = (df_i / du_j) / g'(u_j) is. Canonical networks descend in x.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit

from synfer.core.errors import NumericalError, ParameterError, did_you_mean

TRANSFER: dict[str, Callable[[np.ndarray], np.ndarray]] = {"logistic": expit, "tanh": np.tanh}
ROUNDING = 1e-9
"""Relative to the largest entry of the Jacobian: what four-point differences of a smooth function leave."""

SMOOTH = 1e-3
"""Relative error of a Jacobian above which a function has a kink, or a step, at the point."""


class CostExistence(NamedTuple):
    """An answer: `exists` and its `reason`; the largest asymmetry, its tolerance, and where it is.

    `pair` counts neurons from 1, as the reason does; `at` is a point in the box.
    """

    exists: bool
    reason: str
    asymmetry: float
    tolerance: float
    pair: tuple[int, int]
    at: np.ndarray


def cost_exists(
    activity: Callable[[np.ndarray], Any],
    n: int,
    *,
    transfer: str | Callable[[np.ndarray], Any] | None = None,
    low: float = -3.0,
    high: float = 3.0,
    points: int = 32,
    seed: int = 0,
) -> CostExistence:
    """Whether neurons with the activity equation u' = f(u) descend a cost.

    Args:
        activity: f, from (n,) to (n,) rates; inputs and delayed activity fixed, instantaneous coupling included.
        n: number of neurons.
        transfer: None: a cost of u itself, the variable that f takes, u or x as it may be. Or "logistic", "tanh" or
            any strictly increasing function by elements: a cost of x = transfer(u), u' = -dL/dx.
        low, high: the box in which u is drawn, uniformly; for an equation of rates x in (0, 1) give 0.05 and 0.95.
        points: draws.
        seed: of the draws.

    Returns:
        `exists`, `reason` and the place of the largest asymmetry. False is a counter-example; True says that none was
        found at these points.

    Raises:
        ParameterError: f or transfer gives another shape, or transfer does not increase.
        NumericalError: f is not finite in the box, or has no derivative at any of the points.

    Accuracy: differences of two widths; an asymmetry counts above 4 x what they differ by + 1e-9 of the Jacobian.

    Example:
        >>> W = np.array([[0.0, 1.0], [-1.0, 0.0]])
        >>> cost_exists(lambda u: -u + W @ expit(u), 2, transfer="logistic").reason[:53]
        'no cost exists because df_1/dx_2 = 1 but df_2/dx_1 = '
    """
    _check(n, low, high, points)
    g = _transfer(transfer)
    rng = np.random.default_rng(seed)
    if n == 1:
        return CostExistence(True, "a cost exists: one neuron always descends one", 0.0, 0.0, (1, 1), np.array([low]))
    width, smooth, found = (high - low) * 1e-3, False, []
    for u in rng.uniform(low, high, (points, n)):
        jacobian, error = _jacobian(activity, u, width)
        largest = abs(jacobian).max()
        smooth |= bool(error.max() <= SMOOTH * largest) or largest == 0
        if g is not None:
            jacobian, error = _by_firing(g, u, jacobian, error, width)
        tolerance = ROUNDING * abs(jacobian).max() + 4 * (error + error.T)
        excess = abs(jacobian - jacobian.T) - tolerance
        excess[np.tril_indices(n)] = -np.inf
        i, j = (int(k) for k in np.unravel_index(int(np.argmax(excess)), excess.shape))
        found.append((excess[i, j], i, j, jacobian[i, j], jacobian[j, i], tolerance[i, j], u))
    if not smooth:
        raise NumericalError("activity has no derivative at any of the points; give a smooth one, or another box")
    excess, i, j, one, other, tolerance, u = max(found, key=lambda place: place[0])
    variable = "u" if g is None else "x"
    if excess > 0:
        reason = (
            f"no cost exists because df_{i + 1}/d{variable}_{j + 1} = {one:.6g} but df_{j + 1}/d{variable}_{i + 1} = "
            f"{other:.6g} at u = {np.array2string(u, precision=3, threshold=8)}"
        )
    else:
        reason = f"a cost exists: df_i/d{variable}_j = df_j/d{variable}_i at all of {points} points"
    return CostExistence(not excess > 0, reason, abs(one - other), tolerance, (i + 1, j + 1), u)


def _by_firing(
    g: Callable[[np.ndarray], Any], u: np.ndarray, jacobian: np.ndarray, error: np.ndarray, width: float
) -> tuple[np.ndarray, np.ndarray]:
    """df_i / dx_j and its error, x_j = g(u_j)."""
    slope, wrong = (np.diag(part) for part in _jacobian(lambda z: _by_element(g, z), u, width))
    if not (slope > 0).all():
        j = int(np.argmin(slope))
        raise ParameterError(
            f"transfer must increase strictly and has slope {slope[j]:.3g} at {u[j]:.3g}: x does not tell u there; "
            f"give a box low ... high in which it does"
        )
    return jacobian / slope, error / slope + abs(jacobian) * wrong / slope**2


def _jacobian(f: Callable[[np.ndarray], Any], u: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """df_i / du_j by four points, and its error: O(width^4), how far half the width takes it, and rounding of f."""
    n = len(u)
    J = np.empty((2, n, n))
    rounding = np.finfo(float).eps * abs(_rates(f, u))[:, None] / width
    for k, h in enumerate((width, width / 2)):
        for j in range(n):
            e = np.zeros(n)
            e[j] = h
            near, far = (_rates(f, u + s * e) - _rates(f, u - s * e) for s in (1, 2))
            J[k, :, j] = (8 * near - far) / (12 * h)
    return J[1], abs(J[1] - J[0]) + 4 * rounding


def _rates(f: Callable[[np.ndarray], Any], u: np.ndarray) -> np.ndarray:
    rates = np.asarray(f(u.copy()), dtype=np.float64)
    if rates.shape != u.shape:
        raise ParameterError(f"activity gives shape {rates.shape} and must give ({len(u)},), the rates of n neurons")
    if not np.isfinite(rates).all():
        k = int(np.argmax(~np.isfinite(rates)))
        raise NumericalError(f"activity gives {rates[k]} for neuron {k + 1} at {u}; give a box in which it is finite")
    return rates


def _by_element(g: Callable[[np.ndarray], Any], u: np.ndarray) -> np.ndarray:
    x = np.asarray(g(u), dtype=np.float64)
    if x.shape != u.shape:
        raise ParameterError(f"transfer gives shape {x.shape} and must give {u.shape}, one x for each u")
    return x


def _transfer(transfer: Any) -> Callable[[np.ndarray], Any] | None:
    if transfer is None or callable(transfer):
        return transfer
    if transfer not in TRANSFER:
        raise ParameterError(f"transfer = {transfer!r} is not known{did_you_mean(str(transfer), TRANSFER)}")
    return TRANSFER[transfer]


def _check(n: int, low: float, high: float, points: int) -> None:
    for name, value in (("n", n), ("points", points)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ParameterError(f"{name} = {value!r} must be a whole number >= 1")
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ParameterError(f"low = {low!r} and high = {high!r} must be finite and low < high")
