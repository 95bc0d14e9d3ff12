"""A network is an agent: its model, the identities between the two, and whether an activity equation has a cost."""

from synfer.inference.equivalence.check import check_equivalence
from synfer.inference.equivalence.correspondence import correspondence
from synfer.inference.equivalence.existence import CostExistence, cost_exists
from synfer.inference.equivalence.mapping import to_model, to_network
from synfer.inference.equivalence.rows import Checks, Rows

__all__ = [
    "Checks",
    "CostExistence",
    "Rows",
    "check_equivalence",
    "correspondence",
    "cost_exists",
    "to_model",
    "to_network",
]
