"""Integrate-and-fire neurons, as values.

    tau_m dV/dt = mu + I(t) - V + psi(V) - w - g(t)(V - E_rev) + sigma sqrt(2 tau_m) xi(t)

A neuron that reaches V_top spikes, is silent for t_ref, and goes on from V_reset. The kinds
differ in psi: 0 (leaky), Delta_T exp((V - V_T)/Delta_T) (exponential), a straight line, or the
parabola of a neuron without a leak.
One-dimensional neurons have w = 0. Others have a slow variable

    tau_w dw/dt = target(V) - w,    w += jump at a spike,

which rests while the neuron is refractory.
"""

from synfer.population.neurons.adaptation import Adaptation as Adaptation
from synfer.population.neurons.adaptation import AdaptiveEIF as AdaptiveEIF
from synfer.population.neurons.adaptation import AdaptiveLIF as AdaptiveLIF
from synfer.population.neurons.adaptation import AdaptiveLinearisedEIF as AdaptiveLinearisedEIF
from synfer.population.neurons.integrate_and_fire import EIF as EIF
from synfer.population.neurons.integrate_and_fire import LIF as LIF
from synfer.population.neurons.integrate_and_fire import IntegrateAndFire as IntegrateAndFire
from synfer.population.neurons.integrate_and_fire import LinearisedEIF as LinearisedEIF
from synfer.population.neurons.izhikevich import Izhikevich as Izhikevich
from synfer.population.neurons.neuron import Neuron as Neuron
from synfer.population.neurons.neuron import Slow as Slow
