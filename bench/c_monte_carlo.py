"""The C peer of the spiking engine: compiles bench/c/monte_carlo.c and runs it on a stationary drive."""

import ctypes
import math
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from synfer.population.spiking.coefficients import Inputs, Neuron, coefficients, frame_of
from synfer.population.spiking.tile import aligned

SOURCE = Path(__file__).parent / "c" / "monte_carlo.c"
LANES = 64
FLAGS = ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC")


@cache
def library(dtype: str, folder: str) -> ctypes.CDLL:
    """The compiled peer for "float32" or "float64"; the shared object lands in `folder`."""
    real, bits = {"float32": ("float", 32), "float64": ("double", 64)}[dtype]
    target = Path(folder) / f"monte_carlo_{bits}.so"
    defines = (f"-DREAL={real}", f"-DBITS={bits}", f"-DLANES={LANES}")
    subprocess.run(["gcc", *FLAGS, *defines, str(SOURCE), "-o", str(target), "-lm"], check=True)
    return ctypes.CDLL(str(target))


def population(
    neuron: Neuron, mu: float, sigma: float, *, dt: float, n: int, dtype: str, folder: str, seed: int = 1
) -> Callable[[int], int]:
    """A function that advances n neurons (rounded to whole tiles) by so many steps and returns the spikes.

    Args:
        neuron: EIF (Delta_T > 0) or a hard threshold.
        mu, sigma: mV.
        dt: ms.
        folder: for the shared object.
    """
    compiled, real, tiles = library(dtype, folder), np.dtype(dtype).type, -(-n // LANES)
    frame = frame_of(neuron, dt)
    top, reset = float(frame.to_x(neuron.V_top)), float(frame.to_x(neuron.V_reset))
    x = aligned(tiles * LANES, real)
    x[:] = frame.to_x(min(mu, neuron.V_reset))
    words = aligned(tiles * 2 * LANES, np.uint32)
    words[:] = np.random.default_rng(seed).integers(0, 2**32, len(words), dtype=np.uint32)
    refractory = round(neuron.t_ref / dt)

    def advance(steps: int) -> int:
        mu_, sigma_, zero = np.full(steps, mu), np.full(steps, sigma), np.zeros(steps)
        inputs, uncut = Inputs(mu_, sigma_, zero, zero, zero), np.zeros(steps + 1, bool)
        hot = coefficients(neuron, inputs, frame, top, dt, uncut, real).hot
        sodium = neuron.Delta_T > 0
        hot = np.ascontiguousarray(hot[:, :3] if sodium else hot)
        arrays = [a.ctypes.data_as(ctypes.c_void_p) for a in (x, words, hot)]
        sizes = [ctypes.c_int64(tiles), ctypes.c_int64(steps)]
        edges = [-math.log2(1.0 + 2.0**-top)] if sodium else []
        function = compiled.eif if sodium else compiled.lif
        function.restype = ctypes.c_int64
        return function(*sizes, *arrays, *map(ctypes.c_double, [*edges, reset]), ctypes.c_int64(refractory))

    return advance
