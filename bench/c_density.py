"""Compile and call bench/c/density.c, the hand-written peer of the density engine."""

import ctypes
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

SOURCE = Path(__file__).parent / "c" / "density.c"
FLAGS = ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC")
WIDTH = {np.dtype(np.float64): 16, np.dtype(np.float32): 32}


@cache
def library(dtype: Any, width: int, compiler: str = "gcc") -> Any:
    """`density_steps` for one precision and tile width."""
    kind = np.dtype(dtype)
    defines = (f"-DREAL={'double' if kind == np.float64 else 'float'}", f"-DBITS={8 * kind.itemsize}", f"-DW={width}")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "density.so"
        subprocess.run([compiler, *FLAGS, *defines, str(SOURCE), "-o", str(target)], check=True)
        return ctypes.CDLL(str(target)).density_steps


def aligned(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Zeros on a 64-byte boundary, as the vector rows of the C code require."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, np.uint8)
    offset = -raw.ctypes.data % 64
    return raw[offset : offset + size].view(dtype).reshape(shape)


class Tile:
    """W lanes with their own drift tables, stepped by the C kernel."""

    def __init__(
        self,
        *,
        p: np.ndarray,
        psi: np.ndarray,
        tau_m: np.ndarray,
        V_top: np.ndarray,
        V_reset: np.ndarray,
        t_ref: np.ndarray,
        h: np.ndarray,
        rate: np.ndarray,
        dt: float,
        dtype: Any,
    ) -> None:
        """p, psi: (n, W); the others (W,). The flux history starts at `rate` [1/ms]; t_ref / dt is rounded."""
        self.n, self.width = p.shape
        self.dtype, self.dt = np.dtype(dtype), dt
        self.p, self.u, self.v, self.psi = (aligned(p.shape, dtype) for _ in range(4))
        self.p[:], self.psi[:] = p, psi
        self.tau_m, self.V_top, self.h = (np.ascontiguousarray(x, dtype=float) for x in (tau_m, V_top, h))
        position = self.n - 0.5 - (self.V_top - V_reset) / self.h
        self.reset = np.floor(position).astype(np.intc)
        self.upper = position - self.reset
        self.delay = np.round(t_ref / dt).astype(np.intc)
        self.depth = int(self.delay.max()) + 1
        self.ring = np.broadcast_to(np.asarray(rate, float), (self.depth, self.width)).copy()

    def run(self, mu: np.ndarray, sigma: np.ndarray, g: np.ndarray) -> np.ndarray:
        """Rates [1/ms], (steps, W), under mu (steps, W) [mV] at the ends of the steps; sigma, g: (W,)."""
        steps = mu.shape[0]
        mu, sigma, g = (np.ascontiguousarray(x, dtype=float) for x in (mu, sigma, g))
        rate = np.zeros((steps, self.width))
        real = ctypes.c_double if self.dtype == np.float64 else ctypes.c_float

        def at(array: np.ndarray) -> ctypes.c_void_p:
            return ctypes.c_void_p(array.ctypes.data)

        library(self.dtype, self.width)(
            self.n, steps, real(self.dt), at(self.p), at(self.u), at(self.v), at(self.psi), at(mu), at(sigma), at(g),
            at(self.tau_m), at(self.V_top), at(self.h), at(self.reset), at(self.upper), at(self.ring), self.depth,
            at(self.delay), at(rate),
        )  # fmt: skip
        return rate
