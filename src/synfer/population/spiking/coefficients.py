"""One time step as numbers: the coefficients that every neuron of a population shares in a step.

    tau_m dV/dt = mu + gE + a - (1 + g - b) V + Delta_T exp((V - V_T)/Delta_T) + sigma sqrt(2 tau_m) xi

is split into the linear part, an Ornstein-Uhlenbeck process whose step is exact, and the
sodium term, whose flow is exact too. The kernels work in the coordinate
x = (V - V_ref)/unit, in which float32 keeps its digits and both flows lose factors:

    sodium (Delta_T > 0):  unit = Delta_T ln 2 and 2^x = (dt/tau_m) exp((V - V_T)/Delta_T), so a
        step of the flow is x - log2(1 - 2^x), and h steps reach V_top if x >= -log2(h + 2^-x_cut);
    hard threshold:  unit = 1 mV, V_ref = V_top, a spike is x >= 0.

Neurons with a slow variable w have -w beside mu, see `slow`; only they may have a curvature of psi.
"""

from typing import NamedTuple

import numpy as np


class Slow(NamedTuple):
    """tau dw/dt = gain min(V, V_clip) + offset - w, resting while refractory; w += jump at a spike."""

    tau: float  # ms
    jump: float  # mV
    gain: float
    offset: float  # mV
    V_clip: float  # mV


class Neuron(NamedTuple):
    """psi(V) = Delta_T exp((V - V_T)/Delta_T) + psi_0 + slope V + curvature V^2, and a spike at V_top.

    At most one of Delta_T and curvature is not 0; without either the threshold is hard.
    """

    tau_m: float  # ms
    V_top: float  # mV, V_cut with a sodium term, V_th without
    V_reset: float  # mV
    t_ref: float = 0.0  # ms
    Delta_T: float = 0.0  # mV
    V_T: float = 0.0  # mV, unused if Delta_T = 0
    psi_0: float = 0.0  # mV
    slope: float = 0.0
    curvature: float = 0.0  # 1/mV
    slow: Slow | None = None


class Inputs(NamedTuple):
    """What the population receives, constant within a step; every array has shape (steps,)."""

    mu: np.ndarray  # mV, all currents
    sigma: np.ndarray  # mV, sd of the free membrane at g = 0
    g: np.ndarray  # shunts in units of the leak
    gE: np.ndarray  # mV, sum of g E_rev
    kick: np.ndarray  # mV added at the start of the step


class Frame(NamedTuple):
    """The coordinate x = (V - V_ref)/unit of one neuron at one dt."""

    V_ref: float
    unit: float

    def to_x(self, V):
        return (V - self.V_ref) / self.unit

    def to_V(self, x):
        return self.V_ref + self.unit * np.asarray(x, np.float64)


class Coefficients(NamedTuple):
    """`hot` feeds the lanes, `cold` the rare fractions of a step."""

    hot: np.ndarray  # (steps, 5) of the kernel's type: decay, drive, noise, then (h, top) or (q, near)
    cold: np.ndarray  # (steps, 3) float64: lambda, drive, variance per step, all at rate, not integrated


def frame_of(neuron: Neuron, dt: float) -> Frame:
    """The coordinate in which the kernels hold V."""
    if neuron.Delta_T > 0:
        return Frame(neuron.V_T - neuron.Delta_T * np.log(dt / neuron.tau_m), neuron.Delta_T * np.log(2.0))
    if neuron.curvature > 0:
        return Frame((1.0 - neuron.slope) / (2.0 * neuron.curvature), 1.0)
    return Frame(neuron.V_top, 1.0)


def mean_decay(z: np.ndarray) -> np.ndarray:
    """(1 - e^-z)/z, 1 at z = 0."""
    safe = np.where(z == 0, 1.0, z)
    return np.where(z == 0, 1.0, -np.expm1(-safe) / safe)


def coefficients(
    neuron: Neuron, inputs: Inputs, frame: Frame, top: float, dt: float, cut: np.ndarray, real: type
) -> Coefficients:
    """Exact one-step coefficients of the linear part and the spike criteria of each step.

    Args:
        neuron, inputs: the equation above.
        frame, top: the coordinate and V_top in it.
        dt: step, ms.
        cut: (steps + 1,) bool; where True the sodium flow is divided at that boundary in two half steps.
        real: np.float32 or np.float64.
    """
    rate = dt / neuron.tau_m
    leak = 1.0 + inputs.g - neuron.slope
    lam = leak * rate
    drive = (inputs.mu + inputs.gE + neuron.psi_0 - leak * frame.V_ref) / frame.unit * rate
    variance = 2.0 * rate * (inputs.sigma / frame.unit) ** 2
    step_variance = variance * mean_decay(2.0 * lam)
    if neuron.Delta_T > 0:
        fourth = np.where(cut[:-1], 0.5, 1.0)
        fifth = -np.log2(np.where(cut[1:], 0.5, 1.0) + 2.0**-top)
    else:
        # Bridge: P(crossed) = 2^(-q x0 x1); the 32-bit uniform never falls below 2^-33.
        fourth = 2.0 * np.exp(-lam) / np.log(2.0) / np.maximum(step_variance, 1e-30)
        fifth = 33.0 / fourth
    hot = np.stack([-np.expm1(-lam), drive * mean_decay(lam), np.sqrt(step_variance), fourth, fifth], axis=1)
    return Coefficients(np.ascontiguousarray(hot, real), np.ascontiguousarray(np.stack([lam, drive, variance], axis=1)))
