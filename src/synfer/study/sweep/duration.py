"""One duration for all spiking points of a shape, which share the bins of their read-out.

    t = t0 + 3 sigma_t + the delays + 10 ms for each layer,

with the largest t0, sigma_t and delays of the sweep, in whole milliseconds. A chain whose volleys are slower than 10 ms
a layer needs a t of its own. Densities have a duration each, and longer ones for slow volleys, see `propagate`.
"""

import math
from contextlib import suppress

from synfer.core.errors import ParameterError
from synfer.study.sweep import paths
from synfer.study.sweep.plan import Plan
from synfer.study.sweep.spec import STEPS


def duration(plan: Plan, i: int) -> float | None:
    """The duration [ms] of point i and of all points of its shape, a multiple of its step; None for one each."""
    point = plan.point(i)
    given = point.get("t", plan.sweep.t)
    if given is not None:
        return float(given)
    if plan.sweep.engine == "evolve":
        return None
    from synfer.population.verbs.chains.case import case_of
    from synfer.population.verbs.chains.points import passage

    own = {path: value for path, value in point.items() if path == "chain.layers"}
    base = {"chain": plan.sweep.chain, "packet": plan.sweep.packet}
    with suppress(ParameterError):  # then these points fail too, each with its reason
        base = paths.replaced(base, plan.latest | own)
    dt = float(point.get("dt", plan.sweep.dt or STEPS["simulate"]))
    case = case_of(base | {"gate": None, "disfacilitation": False})
    whole = math.ceil(passage(case) - 1e-9)  # ms, which bins and most steps divide
    return math.ceil(whole / dt - 1e-9) * dt
