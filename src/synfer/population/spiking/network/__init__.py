"""Spiking Monte Carlo of networks: populations of finite size with synapses between them."""

from synfer.population.spiking.network.simulate import NetworkRun, Spikes, simulate_network
from synfer.population.spiking.network.synapses import KERNELS, Synapses

__all__ = ["KERNELS", "NetworkRun", "Spikes", "Synapses", "simulate_network"]
