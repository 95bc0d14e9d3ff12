"""Studies of gates on a chain: what closes it, where and when the gate must act, and what that costs."""

from synfer.population.gating.closing import closing_charge, closing_depth
from synfer.population.gating.curve import gating_curve
from synfer.population.gating.price import cost
from synfer.population.gating.windows import gate_windows

__all__ = ["closing_charge", "closing_depth", "cost", "gate_windows", "gating_curve"]
