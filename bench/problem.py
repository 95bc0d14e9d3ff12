"""The problems every section shares: a LIF population under volleys, an EIF population at rest."""

from typing import Any

import numpy as np

import synfer as sf
from synfer.population import density
from synfer.population.drive import Drive
from synfer.population.signals import signals

LIF = sf.LIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=2)
MU, SIGMA = -61.8, 2.85
# 504 cells from -55 mV down to 8 sigma below the reset potential: meshes grow in blocks of 8 cells.
H, CELLS = 0.075, 504
PERIOD = 50.0
# Distance of the recorded nodes [ms].
NODE = 0.5

EIF = sf.EIF.fourcaud2003()
REST = sf.Noise(mu=-65, sigma=3)


def volleys(t: float, mu: float = MU) -> Drive:
    """Noise and a volley every 50 ms until t [ms]."""
    starts = np.arange(10.0, t, PERIOD)
    parts = [sf.PulsePacket(a=45, sigma_t=1.0, t0=float(t0), weight=0.15795, tau_s=0.325) for t0 in starts]
    return Drive((sf.Noise(mu=mu, sigma=SIGMA), *parts))


def mean_input(drive: Drive, steps: int, dt: float) -> np.ndarray:
    """mu + I(t) [mV], the mean over every step, (steps,)."""
    return signals(drive, LIF.tau_m, np.arange(steps + 1) * dt).mu[:, 0]


def lowest_voltage() -> float:
    """Where the mesh of `LIF` ends [mV]."""
    return LIF.V_th - CELLS * H


def largest_step(drive: Drive, t: float) -> float:
    """Largest step NODE/m [ms] within the library's rule abs(f) dt <= 1 mV below threshold."""
    mu = mean_input(drive, round(t / 0.01), 0.01)
    ends = np.array([[mu.min()], [mu.max()]]) - np.array([lowest_voltage(), LIF.V_th])
    return NODE / np.ceil(NODE * np.abs(ends).max() / LIF.tau_m)


def lanes(neuron: Any, size: int, h: float, V_lb: float, spread: float = 0.0) -> density.Lanes:
    """The engine's view of `size` neurons; `spread` [mV] moves V_T, so that every lane has its own drift table."""
    shifts = np.linspace(-spread / 2, spread / 2, size)
    neurons = [neuron.model_copy(update={"V_T": neuron.V_T + x}) if spread else neuron for x in shifts]

    def full(value: float) -> np.ndarray:
        return np.full(size, float(value))

    return density.Lanes(
        tau_m=full(neuron.tau_m),
        V_top=full(neuron.V_top),
        V_reset=full(neuron.V_reset),
        t_ref=full(neuron.t_ref),
        h=full(h),
        V_lb=full(V_lb),
        psi=lambda V, lane: neurons[lane].psi(V),
    )


def sample(neuron: Any, noise: sf.Noise, n: int, seed: int) -> np.ndarray:
    """Potentials [mV] of n neurons in their stationary state; refractory ones are at V_reset."""
    s, draw = sf.stationary(neuron, noise), np.random.default_rng(seed)
    mass = np.cumsum(s.p.values * np.gradient(s.V.values))
    V = np.interp(draw.random(n) * mass[-1], mass, s.V.values)
    return np.where(draw.random(n) < float(s.rate) / 1000 * neuron.t_ref, neuron.V_reset, V)
