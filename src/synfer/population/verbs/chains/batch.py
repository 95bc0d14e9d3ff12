"""Many cases through the density engine at once."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from synfer.population import density, readout
from synfer.population.verbs import mesh
from synfer.population.verbs.chains.lanes import Lowered, Sources, as_points
from synfer.population.verbs.resting import joined
from synfer.population.verbs.slow_results import End, Resolved

MATTERS = 0.01
"""Spikes per neuron that a run may cut off without a word."""


class Batch(NamedTuple):
    """What came of some cases.

    Attributes:
        lowered: the cases as lanes. first: number of the first lane of every case.
        lanes: the engine's lanes. records: what the engine recorded of them.
        flux: mean flux of every lane in every step [1/ms], (L, steps). start: flux at the start, (L,).
    """

    lowered: list[Lowered]
    first: np.ndarray
    lanes: density.Lanes
    records: density.Records
    flux: np.ndarray
    start: np.ndarray

    def quiet(self, case: int, values: np.ndarray) -> np.ndarray:
        """The rows of `values` (L, times) that are a case's quiet twins; the constant rate of those without a lane."""
        first, twin = self.first[case], self.lowered[case].twin
        own = np.repeat(self.start[first : first + len(twin), None], values.shape[1], axis=1)
        own[twin >= 0] = values[first + twin[twin >= 0]]
        return own

    def own(self, case: int) -> slice:
        """The lanes of a case's populations."""
        start = int(self.first[case])
        return slice(start, start + len(self.lowered[case].twin))

    def every(self, case: int) -> slice:
        """All lanes of a case: its populations, their twins, and what is ungated."""
        start = int(self.first[case])
        return slice(start, start + len(self.lowered[case].lanes))


def run(
    lowered: list[Lowered],
    *,
    steps: int,
    dt: float,
    scheme: str = "sdirk2",
    dtype: str = "float64",
    every: int = 0,
    record: Sequence[str] = (),
    progress: Callable[[float], None] | None = None,
) -> Batch:
    """Advance the lanes of all cases together, of which all have a slow variable somewhere, or none."""
    sources = Sources(dt, density.GAMMA if scheme == "sdirk2" else None)
    sizes = [len(case.lanes) for case in lowered]
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(int)
    every_lane = [lane for case in lowered for lane in case.lanes]
    signal = np.array([sources.add(lane) for lane in every_lane])
    lanes = mesh.lanes(as_points(every_lane))
    offset = [
        case.synapses._replace(
            source=case.synapses.source + start,
            target=case.synapses.target + start,
            reference=np.where(case.synapses.reference < 0, -1, case.synapses.reference + start),
        )
        for case, start in zip(lowered, first, strict=True)
    ]
    synapses = density.Synapses(*(np.concatenate(column) for column in zip(*offset, strict=True)))
    initial = joined([case.initial for case in lowered])
    result = density.evolve_networks(
        lanes, synapses, np.repeat(np.arange(len(sizes)), sizes), signal, sources, steps=steps, dt=dt,
        initial=initial, scheme=scheme, dtype=np.dtype(dtype), every=every,
        record_p="p" in record, record_w="p_w" in record, record_joint="p_Vw" in record, progress=progress,
    )  # fmt: skip
    return Batch(lowered, first, lanes, result.records, result.flux, initial.rate)


def alike(lowered: list[Lowered]) -> list[list[int]]:
    """The cases without slow variables, and those with one: what the engine advances apart."""
    kinds = [[i for i, case in enumerate(lowered) if case.slow == kind] for kind in (False, True)]
    return [kind for kind in kinds if kind]


def packets(
    batch: Batch, case: int, width: np.ndarray, dt: float, window: Any, steps: int | None = None
) -> readout.Packet:
    """The volley in every population of a case; width: neurons in each. Steps beyond `steps` are not looked at."""
    flux = batch.flux[:, :steps]
    rate = 1000 * flux[batch.own(case)]
    quiet = 1000 * batch.quiet(case, flux)
    time = (np.arange(flux.shape[1]) + 0.5) * dt
    return readout.packet(rate, quiet, time, width=width, window=window)


def ends(batch: Batch, case: int) -> list[End]:
    """The ends of a case's populations, and then of their twins; nothing without slow variables."""
    slow = batch.records.slow
    if slow is None:
        return []
    masses = slow.edge_mass[batch.every(case)].tolist()
    return [(lane.mesh, mass) for lane, mass in zip(batch.lowered[case].lanes, masses, strict=True)]


def resolved(batch: Batch, case: int) -> list[Resolved]:
    """The populations of a case with their meshes."""
    lowered = batch.lowered[case]
    return [(lane.neuron, lane.drive, lane.mesh) for lane in lowered.lanes[: len(lowered.twin)]]


def running(batch: Batch, case: int, dt: float, steps: int | None = None) -> np.ndarray:
    """Whether the volley of each population of a case is still under way at the end, (P,).

    That is, its evoked rate exceeds there what counts as a volley and as its edge, and going on as long as since its
    peak (10 ms at least) it would bring more than MATTERS spikes per neuron.
    """
    flux = batch.flux[:, :steps]
    evoked = 1000 * (flux[batch.own(case)] - batch.quiet(case, flux))
    synapses = batch.lowered[case].synapses
    # A volley on its way down an axon is under way too.
    late = np.zeros(len(evoked), int)
    sent = synapses.source < len(evoked)
    np.maximum.at(late, synapses.source[sent], np.ceil(synapses.delay[sent] / dt).astype(int))
    end = np.array([row[-1 - ms :].max() for row, ms in zip(evoked, late, strict=True)])
    since = np.maximum(10.0, (evoked.shape[1] - evoked.argmax(axis=1)) * dt)
    stands_out = end > np.maximum(readout.DEAD, readout.EDGE * evoked.max(axis=1))
    return stands_out & (end / 1000 * since > MATTERS)
