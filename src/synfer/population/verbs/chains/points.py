"""The arguments of the verbs on chains: checked, spread over points, and labelled."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import xarray as xr

from synfer.core.errors import ParameterError
from synfer.core.points import is_sequence
from synfer.population.chain import Network, SynfireChain
from synfer.population.drive import Drive, Gate
from synfer.population.verbs.chains.case import Case, Name, case_of
from synfer.population.verbs.common import (
    Points,
    check_cut,
    check_kicks,
    check_positive,
    check_precision,
    check_step,
    check_volleys,
    steps_in,
)

LONGEST = 1e5
"""The longest default run [ms]."""
TRANSIT = 10.0
"""Time [ms] that a run leaves for each layer where none is given."""


class ChainPoints(Points):
    """The points of one call, each with its case; all have the same layers."""

    renamed: ClassVar[dict[str, str]] = {"a": "a_in", "sigma_t": "sigma_t_in"}

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.cases: list[Case] = []
        for i, point in enumerate(self.points):
            case = case_of(point)
            self.cases.append(case)
            if case.names != self.cases[0].names:
                first = self.cases[0].names
                differ = (
                    f"{len(case.names)} layers and point 0 has {len(first)}"
                    if len(case.names) != len(first)
                    else f"populations {case.names} and point 0 has {first}"
                )
                raise ParameterError(f"point {i} has {differ}; run chains of different shape apart")

    def check(self, dt: float, dtype: str = "float64") -> Points:
        """What every population is checked for, with what it is driven by; these populations."""
        populations: dict[tuple, dict[str, Any]] = {}
        for case in self.cases:
            for own, drive, volleys in zip(case.network.populations, case.drives, case.volleys, strict=True):
                key = (id(own.neuron), id(drive), id(volleys) if volleys else 0)
                if key not in populations:
                    check_precision(dtype, own.neuron)
                    populations[key] = {"neuron": own.neuron, "drive": Drive(drive.parts + volleys), "dt": dt}
        all_of_them = Points.of(list(populations.values()), self.warnings)
        check_cut(all_of_them)
        check_kicks(all_of_them)
        check_step(all_of_them)
        check_volleys(all_of_them)
        for case in self.cases:
            for volley in (volley for entering in case.volleys for volley in entering):
                if volley.t0 < 3 * volley.sigma_t:
                    self.warn(
                        f"the packet of t0 = {volley.t0:g} ms, sigma_t = {volley.sigma_t:g} ms begins before the run: "
                        f"what comes before t = 0 is lost; raise t0 to {3 * volley.sigma_t:g} ms"
                    )
        return all_of_them

    def widths(self, case: int) -> np.ndarray:
        """Neurons in every population of a case."""
        return np.array([population.width for population in self.cases[case].network.populations])

    @property
    def names(self) -> list[Name]:
        """The layers' names."""
        return self.cases[0].names

    def steps(self, t: float | None, dt: float) -> list[int]:
        """Steps of every point: t, or the time by which its own slowest volley has come through."""
        if t is not None:
            return [steps_in("t", check_positive("t", t, "ms"), dt)] * len(self)
        longest = max(map(passage, self.cases))
        if longest > LONGEST:
            raise ParameterError(
                f"t0, sigma_t, delays and layers make a default run of {longest:.3g} ms, more than {LONGEST:g}; give t="
            )
        return [int(np.ceil(passage(case) / dt - 1e-9)) for case in self.cases]

    def warn_of_running(self, running: Sequence[Any], t: float) -> None:
        """Say so where a run ended before its volley did, or before the packet or a gate had come."""
        for case in self.cases:
            for volley in (volley for entering in case.volleys for volley in entering):
                if volley.t0 + 3 * volley.sigma_t > t:
                    self.warn(
                        f"the run of t = {t:g} ms ends before the packet of t0 = {volley.t0:g} ms has entered; raise t"
                    )
            for gate in (part for drive in case.drives for part in drive.parts if isinstance(part, Gate)):
                if gate.timed and ((gate.on or 0.0) >= t or (gate.off is not None and gate.off <= 0)):
                    self.warn(f"{gate!r} acts at no time of the run, which lasts from 0 to {t:g} ms")
        if any(running):
            where = f" at {sum(running)} of {len(running)} points" if self.many else ""
            self.warn(f"the volley is not over at the end of the run, t = {t:g} ms{where}: its a is cut; raise t")

    def dataset(
        self,
        variables: Mapping[str, tuple[Sequence[str], Any]],
        coords: Mapping[str, tuple[Sequence[str], Any]],
        **provenance: Any,
    ) -> xr.Dataset:
        """As `Points.dataset`, with the layers as a coordinate and the packet's fields as a_in and sigma_t_in."""
        return super().dataset(variables, {"layer": (("layer",), np.array(self.names))} | dict(coords), **provenance)


def passage(case: Case) -> float:
    """When a volley has come through as a rule [ms]: t0 + 3 sigma_t, and delay and TRANSIT of each layer."""
    volleys = [volley for entering in case.volleys for volley in entering]
    start = max((volley.t0 + 3 * volley.sigma_t for volley in volleys), default=0.0)
    populations = case.network.populations
    delays: dict[int, float] = {}
    for _, target, projection in case.projections():
        layer = populations[target].layer
        delays[layer] = max(delays.get(layer, 0.0), projection.delay)
    return max(start, 0.0) + sum(delays.values()) + TRANSIT * max(population.layer for population in populations)


def are_chains(value: Any) -> bool:
    """Whether the first argument of a verb is a chain or network, or a sequence of them."""
    kinds = [isinstance(one, (SynfireChain, Network)) for one in (value if is_sequence(value) else [value])]
    if any(kinds) and not all(kinds):
        raise ParameterError("populations and chains cannot be points of one call; run them apart")
    return any(kinds)


def refuse_on_chains(**arguments: Any) -> None:
    """A ParameterError for arguments that a chain cannot take."""
    for name, value in arguments.items():
        if value is not None:
            raise ParameterError(f"{name} is for single populations; a chain's run starts at rest, so leave {name} out")


def refuse_on_populations(**arguments: Any) -> None:
    """A ParameterError for arguments that only chains have."""
    for name, value in arguments.items():
        if value is not None:
            repair = (
                "; add gates to the drive, for example rest + sf.Inhibition(2)" if name == "gate" else "; leave it out"
            )
            raise ParameterError(f"{name} is for chains{repair}")


def window_name(window: Any) -> str:
    """How results name the window of their read-out: evoked, or its length."""
    return window if window == "evoked" else f"{float(window):g} ms"
