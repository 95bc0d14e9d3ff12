"""The neurons compared: the adaptive EIF, what is left of it without parts, and its linear controls.

A neuron without adaptation would fire at a multiple of the rate, and a volley meets another density then. So mu is
set anew for the ablations, and the threshold of the linear controls, such that all rest at the same rate.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import root_scalar

import synfer as sf
from synfer.population.neurons import Neuron
from synfer.study.catalog.gate_opening.spec import Spec

NEURONS = ("aEIF", "a_w = 0", "b = 0", "a_w = b = 0", "linearised aEIF", "aLIF")
CASES = {name: (name, False) for name in NEURONS} | {"aEIF, disfacilitation": ("aEIF", True)}
"""What is compared: a neuron, and whether silencing a layer takes its background from the next."""

FURTHEST = 20
"""Steps of half a sigma in which a mu is looked for."""


class Population(NamedTuple):
    """A neuron and what it rests in."""

    neuron: Neuron
    noise: sf.Noise


@lru_cache(maxsize=4)
def populations(spec: Spec) -> dict[str, Population]:
    """The neurons compared, by name, all at the base rate of the first."""
    neuron, noise = spec.neuron, spec.noise
    ablated = {
        "a_w = 0": neuron.replace(a_w=0.0),
        "b = 0": neuron.replace(b=0.0),
        "a_w = b = 0": neuron.replace(a_w=0.0, b=0.0),
    }
    rate = rate_of(spec, Population(neuron, noise))
    return (
        {"aEIF": Population(neuron, noise)}
        | {name: _at_rate(spec, one, rate) for name, one in ablated.items()}
        | {
            "linearised aEIF": Population(sf.rate_matched(neuron, noise, "linear"), noise),
            "aLIF": Population(sf.rate_matched(neuron, noise), noise),
        }
    )


def rate_of(spec: Spec, population: Population) -> float:
    """The stationary rate [Hz] on the mesh of the experiment."""
    return float(sf.stationary(population.neuron, population.noise, h=mesh(spec, population.neuron)).rate)


def _at_rate(spec: Spec, neuron: Neuron, rate: float) -> Population:
    """The neuron in noise of the same sigma whose mu gives it a rate on its own mesh."""

    def excess(mu: float) -> float:
        return float(np.log(rate_of(spec, Population(neuron, spec.noise.replace(mu=mu))) / rate))

    step = -0.5 * spec.sigma if excess(spec.mu) > 0 else 0.5 * spec.sigma
    for k in range(FURTHEST):
        near, far = spec.mu + k * step, spec.mu + (k + 1) * step
        if step * excess(far) >= 0:
            mu = root_scalar(excess, bracket=(near, far), xtol=1e-3).root
            return Population(neuron, spec.noise.replace(mu=float(mu)))
    raise sf.ParameterError(f"no mu within {abs(FURTHEST * step):g} mV gives {neuron!r} a rate of {rate:g} Hz; lower b")


def mesh(spec: Spec, neuron: Neuron, refine: int = 1) -> sf.Mesh:
    """The mesh of a neuron: one column where w cannot move, narrower ones where less moves it."""
    h, dw = spec.h / refine, spec.dw / refine
    slow = neuron.slow
    if slow is None or (slow.jump == 0 and getattr(neuron, "a_w", 0.0) == 0):
        return sf.Mesh(h)
    whole = slow.jump > 0 and getattr(neuron, "a_w", 0.0) != 0
    return sf.Mesh(h, dw if whole else dw / 2)
