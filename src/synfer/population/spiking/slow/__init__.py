"""Spiking Monte Carlo of neurons with a slow variable."""

from synfer.population.spiking.slow.advance import SlowSchedule, advance_slow
from synfer.population.spiking.slow.cell import SlowLanes, free_lanes, kind_of, slow_cell, slow_scratch, table

__all__ = [
    "SlowLanes",
    "SlowSchedule",
    "advance_slow",
    "free_lanes",
    "kind_of",
    "slow_cell",
    "slow_scratch",
    "table",
]
