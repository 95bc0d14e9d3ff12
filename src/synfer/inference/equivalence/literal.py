"""The neural cost written out once more, for real or complex numbers, with which its derivatives are taken.

A complex step f(w + ih) = f(w) + ih f'(w) + O(h^2), h = 1e-30, gives f' without cancellation. Nothing here is shared
with `synfer.inference.network`: not its cost, nor its plasticity.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

STEP = 1e-30


def literal_cost(
    p: Mapping[str, Any], x: np.ndarray, y: np.ndarray, o: np.ndarray, Gamma: np.ndarray, pre: np.ndarray
) -> np.ndarray:
    """(T,) L at each step.

    Args:
        p: W1, W0, K1, ..., psi0 by name, None where there are none; thresholds are those of W_h, ... if given.
        x, y: (T, n) firing at t = 1..T, inside (0, 1).
        o: (T, No) inputs.
        Gamma: (T,) risk.
        pre: (2, T, Nx) firing one step ago, up and down.
    """
    L = sum((_entropy(fires) for fires in (x, 1 - x)), np.zeros(len(o)))
    for v, fires in ((1, x), (0, 1 - x)):
        drive = o @ p[f"W{v}"].T + _below(p, "W", v).sum(1) + p[f"phi{v}"]
        if p["K1"] is not None:
            drive = drive + pre[0] @ p[f"K{v}"].T + (pre[0] + pre[1]) @ _below(p, "K", v).T
        L = L - (fires * drive).sum(1)
    if p["psi1"] is not None:
        for v, fires in ((1, y), (0, 1 - y)):
            drive = p[f"psi{v}"] + np.zeros_like(fires)
            if p["V1"] is not None:
                from_hidden = pre[0] @ p[f"V{v}"].T + (pre[0] + pre[1]) @ _below(p, "V", v).T
                drive = drive + (1 - 2 * Gamma)[:, None] * from_hidden
            L = L + _entropy(fires) - (fires * drive).sum(1)
    return L


def weight_slope(p: Mapping[str, Any], name: str, entries: np.ndarray, *trajectory: np.ndarray) -> np.ndarray:
    """dL / dw of some entries (n, 2) of one matrix, L summed over steps."""
    slopes = np.empty(len(entries))
    for n, (j, i) in enumerate(entries):
        moved = np.array(p[name], dtype=complex)
        moved[j, i] += 1j * STEP
        slopes[n] = np.imag(literal_cost({**p, name: moved}, *trajectory).sum()) / STEP
    return slopes


def activity_slope(
    p: Mapping[str, Any], name: str, x: np.ndarray, y: np.ndarray, o: np.ndarray, Gamma: np.ndarray, pre: np.ndarray
) -> np.ndarray:
    """(T, n) dL_t / dx_t or dL_t / dy_t, `name` "x" or "y", of L at the same step with x_{t-1} held."""
    given = {"x": x, "y": y}
    slopes = np.zeros_like(given[name])
    for k in range(slopes.shape[1]):
        moved = given[name].astype(complex)
        moved[:, k] += 1j * STEP
        own = given | {name: moved}
        slopes[:, k] = np.imag(literal_cost(p, own["x"], own["y"], o, Gamma, pre)) / STEP
    return slopes


def _entropy(fires: np.ndarray) -> np.ndarray:
    return (fires * np.log(np.where(fires == 0, 1, fires))).sum(1)


def _below(p: Mapping[str, Any], block: str, v: int) -> np.ndarray:
    """ln(1 - sig w) = -ln(1 + e^w) = -w - ln(1 + e^-w)."""
    frozen = p.get(f"{block}_h")
    w = p[f"{block}{v}"] if frozen is None else frozen[1 - v]
    large = w.real > 0
    return -np.where(large, w, 0) - np.log1p(np.exp(np.where(large, -w, w)))
