"""Neurons and constant drives for the spiking engine's tests."""

from typing import NamedTuple

import numpy as np
import pytest

from synfer.population.spiking import Inputs, Neuron, Run, simulate_population, start


class Bench(NamedTuple):
    """Published neurons, and the two ways in which the tests drive one."""

    eif: Neuron = Neuron(tau_m=10.0, V_top=-30.0, V_reset=-68.0, t_ref=1.7, Delta_T=3.48, V_T=-59.9)
    lif: Neuron = Neuron(tau_m=10.0, V_top=-55.0, V_reset=-70.0, t_ref=2.0)
    lif_d: Neuron = Neuron(tau_m=10.0, V_top=-55.0, V_reset=-70.0, t_ref=1.0)

    @staticmethod
    def inputs(steps: int, mu=0.0, sigma=0.0, g=0.0, gE=0.0, kick=0.0) -> Inputs:
        """Constants or arrays, as arrays of so many steps."""
        return Inputs(*(np.array(np.broadcast_to(np.float64(x), steps)) for x in (mu, sigma, g, gE, kick)))

    @classmethod
    def settled(cls, neuron, mu, sigma, *, n, dt, dtype=np.float32, seed=1, t=120.0):
        """A population after twelve membrane time constants: stationary to e^-12."""
        V = np.full(n, min(mu, neuron.V_reset))
        seeds = np.random.SeedSequence(seed)
        state = start(neuron, V, np.zeros(n), dt=dt, dtype=dtype, seed=seeds)
        steps = round(t / dt)
        return simulate_population(neuron, cls.inputs(steps, mu, sigma), state, steps_per_bin=steps).state

    @staticmethod
    def rate(run: Run, t: float) -> tuple[float, float]:
        """(rate, standard error) in Hz of a run of one bin: neurons are independent, so the error is exact."""
        n, count, count_sq = run.state.n, float(run.count[0]), float(run.count_sq[0])
        spread = (count_sq / n - (count / n) ** 2) / n
        return count / n / t * 1e3, np.sqrt(spread) / t * 1e3


@pytest.fixture(scope="session")
def bench() -> Bench:
    return Bench()
