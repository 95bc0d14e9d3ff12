"""One duration for all spiking points of a shape, which share the bins of their read-out.

    t = t0 + 3 sigma_t + the delays + 10 ms for each layer,

with the largest t0, sigma_t and delays of the sweep, in whole milliseconds. Densities have a duration each, see
`propagate`.
"""

import math
from contextlib import suppress

from synfer.core.errors import ParameterError
from synfer.population.chain import Network, SynfireChain
from synfer.population.drive import PulsePacket
from synfer.study.sweep import paths
from synfer.study.sweep.plan import Plan

TRANSIT = 10.0
"""Time [ms] for each layer."""
SPREAD = 3.0
"""Standard deviations of the packet's spike times that a run covers."""
STEP = 0.02
"""The step [ms] of `simulate` where the sweep gives none."""


def duration(plan: Plan, i: int) -> float | None:
    """The duration [ms] of point i and of all points of its shape, a multiple of its step; None for one each."""
    point = plan.point(i)
    given = point.get("t", plan.sweep.t)
    if given is not None:
        return float(given)
    if plan.sweep.engine == "evolve":
        return None
    own = {path: value for path, value in point.items() if path == "chain.layers"}
    latest = {path: max(c) for path, c in zip(plan.paths, plan.columns, strict=True) if _delaying(path)}
    base = {"chain": plan.sweep.chain, "packet": plan.sweep.packet}
    with suppress(ParameterError):  # then these points fail too, each with its reason
        base = paths.replaced(base, latest | own)
    dt = float(point.get("dt", plan.sweep.dt or STEP))
    whole = math.ceil(_passage(base["chain"], base["packet"]) - 1e-9)  # ms, which bins and most steps divide
    return math.ceil(whole / dt - 1e-9) * dt


def _delaying(path: str) -> bool:
    return path in ("packet.t0", "packet.sigma_t") or "delay" in path.split(".")


def _passage(chain: SynfireChain | Network, packet: PulsePacket) -> float:
    network = chain.network() if isinstance(chain, SynfireChain) else chain
    delays = sum(projection.delay for projection in network.projections)
    layers = max(population.layer for population in network.populations)
    return max(packet.t0 + SPREAD * packet.sigma_t, 0.0) + delays + TRANSIT * layers
