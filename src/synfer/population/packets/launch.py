"""What all studies of chains share: their points, and volleys sent down many chains in one call."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from synfer.core.errors import MeshError, NumericalError, ParameterError, SynferWarning
from synfer.core.points import is_sequence
from synfer.population.chain import SynfireChain
from synfer.population.drive import Drive, Part, PulsePacket
from synfer.population.verbs import common
from synfer.population.verbs.chains import propagate
from synfer.population.verbs.chains.points import ChainPoints
from synfer.population.verbs.mesh import Mesh
from synfer.population.verbs.outcome import FAILED

Gate = Part | Drive | None
EARLIEST, MARGIN = 10.0, 5.0
"""A packet is centred at 10 ms, or at 5 of its sigma_t where that is later, so that all of it lies in the run."""


class Engine(NamedTuple):
    """Arguments of `propagate` that are the same for all points of a study."""

    window: Any = "evoked"
    t: float | None = None
    h: float | Mesh | None = None
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
        warnings, mesh_errors: of the latest batch that asked about each problem, which lies closest to what it seeks;
            of the layers' mesh errors the largest.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.warnings: dict[int, list[str]] = {}
        self.mesh_errors: dict[int, float] = {}

    def arrives(
        self, index: Iterable[int], points: Sequence[dict[str, Any]], packets: Sequence[PulsePacket]
    ) -> np.ndarray:
        """Whether the packet of every point survives the last layer, (point,); index: the problem that each is for."""
        return arrives(self.sent(index, points, packets))

    def sent(
        self, index: Iterable[int], points: Sequence[dict[str, Any]], packets: Sequence[PulsePacket]
    ) -> xr.Dataset:
        """`launch`, whose warnings are kept."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SynferWarning)
            out = launch(points, packets, self.engine)
        self.warnings |= {int(i): list(out.attrs["warnings"]) for i in index}
        if "mesh_error" in out:
            self.mesh_errors |= dict(zip(map(int, index), out.mesh_error.max("layer").values.tolist(), strict=True))
        return out

    def found(self, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
        """`mesh_error` of the problems in their order; nothing without slow variables."""
        own = [self.mesh_errors[i] for i in sorted(self.mesh_errors)]
        return {"mesh_error": np.reshape(own, shape)} if own else {}

    def report(self, points: common.Points) -> None:
        """Hand the latest warnings on, each once."""
        for texts in self.warnings.values():
            for text in texts:
                points.warn(text)


def check_chain(chain: object) -> SynfireChain:
    """The chain, or a ParameterError."""
    if not isinstance(chain, SynfireChain):
        raise ParameterError(f"chain must be a SynfireChain, not a {type(chain).__name__}; see sf.SynfireChain")
    return chain


def check_packet(packet: object) -> PulsePacket:
    """The packet, or a ParameterError: a study that divides by its size takes one volley, no sum of them."""
    if not isinstance(packet, PulsePacket):
        raise ParameterError(
            f"packet = {packet!r} must be one PulsePacket; for example sf.PulsePacket(a=60, sigma_t=1, t0=10)"
        )
    return packet


def check_one(study: str, **arguments: Any) -> None:
    """A ParameterError for arguments that are sequences, where a study takes one value."""
    for name, value in arguments.items():
        if is_sequence(value):
            raise ParameterError(f"{name} is a sequence, and {study} takes one {name}; call it for each")


def start(sigma_t: Sequence[float], t0: float | None) -> list[float]:
    """The centre of every packet [ms]: t0, or late enough for its own sigma_t, whatever its mates."""
    spreads = common.numbers("sigma_t", list(sigma_t), "ms")
    if t0 is not None:
        return [float(common.numbers("t0", t0, "ms")[0])] * len(spreads)
    return [max(EARLIEST, float(np.ceil(MARGIN * spread))) for spread in spreads]


def launch(points: Sequence[dict[str, Any]], packets: Sequence[Any], engine: Engine) -> xr.Dataset:
    """`propagate` with a packet for the chain, gate and switch of every point, all in one call.

    Raises:
        NumericalError, MeshError: a chain whose densities did not stay finite, or in their columns, since a study
            cannot go on without it.
    """
    column = {name: [point[name] for point in points] for name in ("chain", "gate", "disfacilitation")}
    out = propagate(column.pop("chain"), list(packets), **column, **engine._asdict())
    failed = np.flatnonzero(out.status.values)
    if failed.size:
        first = int(failed[0])
        where = f"the first at A = {points[first]['chain'].A:g} mV with {packets[first]}"
        if out.status[first] == FAILED:
            raise MeshError(f"{failed.size} of {len(points)} chains failed, {where}: {out.attrs['reasons'][first]}")
        raise NumericalError(f"{failed.size} of {len(points)} chains failed, {where}; lower dt or h")
    return out


def ungated(chain: SynfireChain, packet: PulsePacket, engine: Engine) -> xr.Dataset:
    """`propagate` of one volley without a gate, by layer."""
    point = {"chain": check_chain(chain), "gate": None, "disfacilitation": False}
    return launch([point], [packet], engine).isel(point=0)


def one_by_one(points: Iterable[dict[str, Any]]) -> bool:
    """Whether a search asks about one value after another: of chains with slow variables.

    They gain nothing by company, and columns that hold w at the value sought may lose it far above.
    """
    return any(own.neuron.slow is not None for point in points for own in point["chain"].network().populations)


def with_drive(point: dict[str, Any], A: float) -> dict[str, Any]:
    """A point whose chain has the weight that makes A = N p J."""
    chain = point["chain"]
    return point | {"chain": chain.replace(weight=float(A) / (chain.width * chain.probability))}


def arrives(out: xr.Dataset) -> np.ndarray:
    """Whether the volley of every point survives the last layer, (point,)."""
    return out.survived.isel(layer=-1).values.astype(bool)
