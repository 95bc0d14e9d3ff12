"""Studies of volleys in a chain: which packets live, where they go, and what a chain needs to carry one."""

from synfer.population.packets.critical import critical_packet, critical_weight
from synfer.population.packets.plane import state_plane
from synfer.population.packets.trials import survival

__all__ = ["critical_packet", "critical_weight", "state_plane", "survival"]
