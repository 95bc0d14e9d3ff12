"""Rows that print."""

from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.results import dataset


class Rows(tuple):
    """NamedTuples of one kind, which print under the names of their fields."""

    def __repr__(self) -> str:
        if not self:
            return "(no rows)"
        cells = [self[0]._fields, *([_text(value) for value in row] for row in self)]
        widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in cells]
        return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])

    def __getitem__(self, key: Any) -> Any:
        """A row, or some of them, which print too."""
        found = super().__getitem__(key)
        return type(self)(found) if isinstance(key, slice) else found

    def to_dataset(self) -> xr.Dataset:
        """The same by `row`, whose coordinate is the first field."""
        first, *others = self[0]._fields if self else ("row",)

        def column(name: str, kind: type | None = None) -> tuple[Any, ...]:
            words = {"units": "1", "long_name": name.replace("_", " ")}
            return ("row",), np.array([getattr(row, name) for row in self], dtype=kind), words

        return dataset({name: column(name) for name in others}, {"row": column(first, str)})


class Checks(Rows):
    """Rows of which each holds or does not."""

    @property
    def holds(self) -> bool:
        """Whether all rows hold."""
        return all(row.holds for row in self)

    @property
    def reason(self) -> str:
        """What the rows that do not hold say; empty if all hold."""
        return "; ".join(f"{row[0]}: {row.reason}" for row in self if not row.holds)


class Identity(NamedTuple):
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
