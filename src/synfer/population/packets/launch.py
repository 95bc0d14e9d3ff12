"""What all studies of chains share: their points, and volleys sent down many chains in one call."""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.errors import NumericalError, ParameterError, SynferWarning
from synfer.population.chain import SynfireChain
from synfer.population.drive import Drive, Part, PulsePacket
from synfer.population.verbs import common
from synfer.population.verbs.chains import propagate
from synfer.population.verbs.chains.points import ChainPoints

Gate = Part | Drive | None
EARLIEST, MARGIN = 10.0, 5.0
"""A study's packet is centred at 10 ms, or at 5 sigma_t where that is later, so that all of it lies in the run."""


class Engine(NamedTuple):
    """Arguments of `propagate` that are the same for all points of a study."""

    window: Any = "evoked"
    t: float | None = None
    h: float | None = None
    dt: float = 0.05


class Points(common.Points):
    """The points of one call of a study."""

    renamed = ChainPoints.renamed

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        for point in self.points:
            check_chain(point["chain"])

    def column(self, name: str) -> list[Any]:
        """One argument at every point."""
        return [point[name] for point in self.points]


class Search:
    """Batches of volleys whose warnings wait: a search tries values that its caller never asked for.

    Attributes:
        warnings: of the latest batch, which lies closest to what is sought.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine, self.warnings = engine, []

    def arrives(self, points: Sequence[dict[str, Any]], packets: Sequence[PulsePacket]) -> np.ndarray:
        """Whether the packet of every point survives the last layer, (point,)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SynferWarning)
            out = launch(points, packets, self.engine)
        self.warnings = list(out.attrs["warnings"])
        return arrives(out)

    def report(self, points: common.Points) -> None:
        """Hand the latest warnings on."""
        for text in self.warnings:
            points.warn(text)


def check_chain(chain: object) -> SynfireChain:
    """The chain, or a ParameterError."""
    if not isinstance(chain, SynfireChain):
        raise ParameterError(f"chain = {chain!r} must be a SynfireChain")
    return chain


def start(sigma_t: Sequence[float], t0: float | None) -> float:
    """The centre of the packets of a study [ms]: t0, or late enough for the broadest of them."""
    return max(EARLIEST, float(np.ceil(MARGIN * max(sigma_t)))) if t0 is None else float(t0)


def launch(points: Sequence[dict[str, Any]], packets: Sequence[Any], engine: Engine) -> xr.Dataset:
    """`propagate` with a packet for the chain, gate and switch of every point, all in one call.

    Raises:
        NumericalError: a chain whose densities did not stay finite, since a study cannot go on without it.
    """
    column = {name: [point[name] for point in points] for name in ("chain", "gate", "disfacilitation")}
    out = propagate(column.pop("chain"), list(packets), **column, **engine._asdict())
    failed = np.flatnonzero(out.status.values)
    if failed.size:
        chain, packet = points[failed[0]]["chain"], packets[failed[0]]
        raise NumericalError(
            f"{failed.size} of {len(points)} chains failed, the first at A = {chain.A:g} mV with {packet}; "
            "lower dt or h"
        )
    return out


def arrives(out: xr.Dataset) -> np.ndarray:
    """Whether the volley of every point survives the last layer, (point,)."""
    return out.survived.isel(layer=-1).values.astype(bool)
