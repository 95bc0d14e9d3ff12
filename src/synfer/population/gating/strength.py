"""The one number of a gate that is turned: the depth of a current, the conductance of a shunt."""

from synfer.core.errors import ParameterError
from synfer.population.drive import Drive, Gate, Inhibition, Shunt

Template = Gate | Drive
SUSTAINED = Inhibition(depth=0.0)
"""What is turned where no gate is given."""


def parts_of(gate: object) -> tuple[Gate, ...]:
    """The gates of a sum, all of one kind; a ParameterError for anything else."""
    parts = gate.parts if isinstance(gate, Drive) else (gate,)
    gates = tuple(part for part in parts if isinstance(part, (Inhibition, Shunt)))
    if not gates or len(gates) != len(parts) or len({type(part) for part in gates}) > 1:
        raise ParameterError(
            f"gate = {gate!r} must be Inhibition, or Shunt, or a sum of one kind: its strength is what is turned; "
            "for example sf.Inhibition(depth=0, on=5, off=35, lag=3)"
        )
    return gates


def turned(gate: Template, value: float) -> Drive:
    """The gate with every part at this depth [mV], or at this g of a shunt [leaks]."""
    name = strength_of(gate)
    return Drive(tuple(part.replace(**{name: float(value)}) for part in parts_of(gate)))


def strength_of(gate: Template) -> str:
    """The name of the number that is turned: "depth" or "g"."""
    return "depth" if isinstance(parts_of(gate)[0], Inhibition) else "g"
