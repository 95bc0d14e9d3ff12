"""The lanes against a plain implementation of the same scheme with scipy's banded solver."""

import numpy as np
import pytest
from scipy.linalg import solve_banded

from synfer.population import density


def bernoulli(x):
    """x / (e^x - 1)."""
    small = np.abs(x) < 1e-8
    return np.where(small, 1 - x / 2, x / np.expm1(np.where(small, 1.0, np.minimum(x, 700.0))))


def plain_backward_euler(lanes, start, drive, steps, dt):
    """Rates [1/ms] at the nodes: one neuron, one matrix and one banded solve per step, t_ref a multiple of dt."""
    tau_m, V_top, V_reset, t_ref, h, _ = (float(x[0]) for x in lanes[:6])
    n = int(density.counts(lanes)[0])
    V = density.faces(V_top, h, n)
    psi = np.zeros(n) if lanes.psi is None else lanes.psi(V, 0)
    capacity = np.append(np.ones(n - 1), density.TOP_CAPACITY)
    p, delay = start.p[0].copy(), round(t_ref / dt)
    history = [start.rate[0]] * delay
    position = (V_reset - density.centres(V_top, h, n)[0]) / h
    row = int(position)
    rates = [start.rate[0]]
    for step in range(steps):
        mu, sigma, g, gE = drive((step + 1) * dt)
        D = sigma**2 / tau_m
        P = (mu + gE - (1 + g) * V + psi) / tau_m * h / D
        out, back = dt * D / h**2 * bernoulli(-P), dt * D / h**2 * bernoulli(P)
        out[-1] = 2 * dt * D / h**2 * bernoulli(-P[-1] / 2)
        bands = np.zeros((3, n))
        bands[0, 1:] = -back[:-1]
        bands[1] = capacity + out
        bands[1, 1:] += back[:-1]
        bands[2, :-1] = -out[:-1]
        p *= capacity
        source = history[-delay] * dt / h
        p[row] += source * (1 - (position - row))
        p[row + 1] += source * (position - row)
        p = solve_banded((1, 1), bands, p)
        rates.append(out[-1] * p[-1] * h / dt)
        history.append(rates[-1])
    return np.array(rates)


def moving(t):
    return -62 + 6 * np.sin(t / 3), 3 + 0.5 * np.sin(t / 5), 0.2 + 0.2 * np.sin(t / 7), -15 * (1 + np.sin(t / 7))


@pytest.mark.parametrize("neuron", ["lif", "eif"])
def test_backward_euler_agrees_with_scipy_to_1e_9_hz(lif, eif, neuron):
    """Rounding only: rates up to 100 Hz, condition of the solve below 1e4."""
    lanes = {"lif": lif(h=0.1, t_ref=2.0), "eif": eif(h=0.1, t_ref=1.7)}[neuron]
    start = density.stationary(lanes, *moving(0.0))
    dt = 0.05

    def inputs(first, steps):
        return moving((np.arange(first, first + steps) + 1)[:, None, None] * dt)

    r = density.evolve(lanes, inputs, steps=400, dt=dt, initial=start, scheme="backward-euler")
    oracle = plain_backward_euler(lanes, start, moving, 400, dt)
    assert 1e3 * np.abs(r.rate[0] - oracle).max() < 1e-9
    assert r.rate.max() > 3 * r.rate.min()
