"""Rows that print as a table."""

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.results import dataset


class Table(tuple):
    """Rows, NamedTuples of one kind, which print under the names of their fields."""

    def __repr__(self) -> str:
        if not self:
            return "(no rows)"
        cells = [self[0]._fields, *([_text(value) for value in row] for row in self)]
        widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in cells]
        return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])

    @property
    def holds(self) -> bool:
        """Whether all rows hold, of rows that say so."""
        return all(row.holds for row in self)

    @property
    def reason(self) -> str:
        """What the rows that do not hold say; empty if all hold."""
        return "; ".join(f"{row[0]}: {row.reason}" for row in self if not row.holds)

    def to_dataset(self) -> xr.Dataset:
        """The same by `row`, whose coordinate is the first field."""
        first, *others = self[0]._fields
        variables = {name: (("row",), np.array([getattr(row, name) for row in self])) for name in others}
        return dataset(variables, {"row": (("row",), [str(getattr(row, first)) for row in self])})


class Row(NamedTuple):
    """One identity: a number of the network, the same of the model, and how far they may differ.

    `difference` and `tolerance` are those of the step, or entry, at which they compare worst; `network` and `model` are
    sums over all.
    """

    term: str
    network: float
    model: float
    difference: float
    tolerance: float
    holds: bool
    reason: str = ""


def _text(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "NO"
    return f"{value:.6g}" if isinstance(value, (float, np.floating)) else str(value)
