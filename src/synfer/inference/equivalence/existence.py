"""Whether an activity equation descends any cost at all.

u' = f(u) is -dL/du of some L if and only if the Jacobian df_i / du_j is symmetric (on a box, which has no holes); it
is -dL/dx with x_j = g(u_j) if and only if df_i / dx_j = (df_i / du_j) / g'(u_j) is. Canonical networks descend in x.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit

from synfer.core.checks import check_choice, check_count, check_function, check_numbers, shortly
from synfer.core.errors import NumericalError, ParameterError
from synfer.core.seeds import generator

TRANSFER: dict[str, Callable[[np.ndarray], np.ndarray]] = {"logistic": expit, "tanh": np.tanh}
SMOOTH = 1e-3
"""Relative error of a Jacobian above which a function has a kink, or a step, at the point."""

NODES, HALVINGS, ROUNDING = 34, 18, 1e-6
"""Of the search for a jump: places between two points; halvings, twice, over which the change of a function with a
derivative falls by 2^-18; and what may be rounding of sums that cancel, of the largest rate."""


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
        NumericalError: f is not finite in the box, or has no derivative at any of the points, or jumps.

    Accuracy: differences of two widths, entry by entry; an asymmetry counts above 4 x what they differ by and what
        rounding of f may come to, 7e-12 of its terms over the size of the box.

    Example:
        >>> W = np.array([[0.0, 1.0], [-1.0, 0.0]])
        >>> cost_exists(lambda u: -u + W @ expit(u), 2, transfer="logistic").reason[:53]
        'no cost exists because df_1/dx_2 = 1 but df_2/dx_1 = '
    """
    check_function("activity", activity, "u (n,) -> rates (n,)")
    n, points = check_count("n", n), check_count("points", points)
    low, high = _box(low, high)
    g, u = _transfer(transfer), generator(seed, "cost_exists").uniform(low, high, (points, n))
    jacobian, error = _jacobians(activity, g, u, (high - low) * 1e-3)
    if n == 1:
        return CostExistence(True, "a cost exists: one neuron always descends one", 0.0, 0.0, (1, 1), u[0])
    asymmetry = abs(jacobian - np.swapaxes(jacobian, 1, 2))
    tolerance = 4 * (error + np.swapaxes(error, 1, 2))
    excess = np.where(np.triu(np.ones((n, n), dtype=bool), 1), asymmetry - tolerance, -np.inf)
    k, i, j = (int(m) for m in np.unravel_index(int(np.argmax(excess)), excess.shape))
    exists, variable = not excess[k, i, j] > 0, "u" if g is None else "x"
    if exists:
        _refuse_jumps(activity, np.concatenate([np.full((1, n), low), u, np.full((1, n), high)]))
        reason = f"a cost exists: df_i/d{variable}_j = df_j/d{variable}_i at all of {points} points"
    else:
        reason = (
            f"no cost exists because df_{i + 1}/d{variable}_{j + 1} = {jacobian[k, i, j]:.6g} but df_{j + 1}/d"
            f"{variable}_{i + 1} = {jacobian[k, j, i]:.6g} at u = {_short(u[k])}"
        )
    return CostExistence(exists, reason, float(asymmetry[k, i, j]), float(tolerance[k, i, j]), (i + 1, j + 1), u[k])


def _jacobians(
    f: Callable[[np.ndarray], Any], g: Callable[[np.ndarray], Any] | None, u: np.ndarray, width: float
) -> tuple[np.ndarray, np.ndarray]:
    """(points, n, n) df_i / du_j, or df_i / dx_j, and their errors, no less than at half of the points."""
    jacobian, error, rounding = (
        np.stack(parts) for parts in zip(*(_jacobian(f, own, width) for own in u), strict=True)
    )
    largest = abs(jacobian).max((1, 2))
    if u.shape[1] > 1 and not (((error + rounding).max((1, 2)) <= SMOOTH * largest) | (largest == 0)).any():
        raise NumericalError("activity has no derivative at any of the points; give a smooth one, or another box")
    error = np.maximum(error, np.median(error, axis=0)) + rounding
    if g is not None:
        for k, own in enumerate(u):
            jacobian[k], error[k] = _by_firing(g, own, jacobian[k], error[k], width)
    return jacobian, error


def _refuse_jumps(f: Callable[[np.ndarray], Any], path: np.ndarray) -> None:
    """Derivatives say nothing of jumps: refuses an f that jumps between any two points that follow each other."""
    for one, other in pairwise(path):
        found = _jump(lambda s, one=one, other=other: _rates(f, one + s * (other - one)))
        if found is not None:
            raise NumericalError(
                f"activity jumps at u = {_short(one + found * (other - one))}, where it has no derivative; give a "
                f"smooth one, or a box without the jump"
            )


def _short(u: np.ndarray) -> str:
    return np.array2string(u, precision=3, threshold=8, suppress_small=True, max_line_width=200)


def _jump(f: Callable[[float], np.ndarray]) -> float | None:
    """Where in 0 .. 1 f jumps, if it does: halve where it bends most, and its change does not become less."""
    s = np.linspace(0, 1, NODES)
    rates = np.stack([f(x) for x in s])
    bend = abs(np.diff(rates, 2, axis=0)) / np.maximum(np.ptp(rates, axis=0), np.finfo(float).tiny)
    k, i = (int(m) for m in np.unravel_index(int(np.argmax(bend)), bend.shape))
    (low, high), (below, above), change = s[[k, k + 2]], rates[[k, k + 2], i], []
    for _ in range(2 * HALVINGS):
        middle = (low + high) / 2
        value = f(middle)[i]
        if abs(value - below) >= abs(above - value):
            high, above = middle, value
        else:
            low, below = middle, value
        change.append(abs(above - below))
    least = max(change[HALVINGS - 1] / 2, ROUNDING * abs(rates[:, i]).max())
    return float(low) if change[-1] > least else None


def _by_firing(
    g: Callable[[np.ndarray], Any], u: np.ndarray, jacobian: np.ndarray, error: np.ndarray, width: float
) -> tuple[np.ndarray, np.ndarray]:
    """df_i / dx_j and its error, x_j = g(u_j)."""
    slope, apart, rounding = (np.diag(part) for part in _jacobian(lambda z: _by_element(g, z), u, width))
    wrong = apart + rounding
    if not (slope > 0).all():
        j = int(np.argmin(slope))
        raise ParameterError(
            f"transfer must increase strictly and has slope {slope[j]:.3g} at {u[j]:.3g}: x does not tell u there; "
            f"give a box low ... high in which it does"
        )
    return jacobian / slope, error / slope + abs(jacobian) * wrong / slope**2


def _jacobian(f: Callable[[np.ndarray], Any], u: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """df_i / du_j by four points, how far half the width takes it, O(width^4), and what rounding of f may come to."""
    n = len(u)
    J = np.empty((2, n, n))
    for k, h in enumerate((width, width / 2)):
        for j in range(n):
            e = np.zeros(n)
            e[j] = h
            near, far = (_rates(f, u + s * e) - _rates(f, u - s * e) for s in (1, 2))
            J[k, :, j] = (8 * near - far) / (12 * h)
    terms = abs(_rates(f, u)) + abs(J[1]) @ (abs(u) + 2 * width)
    return J[1], abs(J[1] - J[0]), 4 * np.finfo(float).eps * terms[:, None] / width + np.zeros((n, n))


def _rates(f: Callable[[np.ndarray], Any], u: np.ndarray) -> np.ndarray:
    rates = check_numbers("what activity gives", f(u.copy()), finite=False)
    if rates.shape != u.shape:
        raise ParameterError(f"activity gives shape {rates.shape} and must give ({len(u)},), the rates of n neurons")
    if not np.isfinite(rates).all():
        k = int(np.argmax(~np.isfinite(rates)))
        raise NumericalError(f"activity gives {rates[k]} for neuron {k + 1} at {u}; give a box in which it is finite")
    return rates


def _by_element(g: Callable[[np.ndarray], Any], u: np.ndarray) -> np.ndarray:
    x = check_numbers("what transfer gives", g(u.copy()), finite=False)
    if x.shape != u.shape:
        raise ParameterError(f"transfer gives shape {x.shape} and must give {u.shape}, one x for each u")
    return x


def _transfer(transfer: Any) -> Callable[[np.ndarray], Any] | None:
    if transfer is None or callable(transfer):
        return transfer
    return TRANSFER[check_choice("transfer", transfer, TRANSFER)]


def _box(low: Any, high: Any) -> tuple[float, float]:
    ends = [check_numbers(name, value) for name, value in (("low", low), ("high", high))]
    if ends[0].ndim or ends[1].ndim or not ends[0] < ends[1]:
        raise ParameterError(f"low = {shortly(low)} and high = {shortly(high)} must be two numbers with low < high")
    return float(ends[0]), float(ends[1])
