"""What an experiment is: a module that turns a Spec into data, figures and a verdict.

The runner, the command line and the report know experiments only through this contract:

    NAME = "weak-inhibition"           of a module or package study/catalog/weak_inhibition
    TITLE = "one line for lists and reports"
    class Spec(Params): ...            every number of the experiment, declared
    PRESETS = {"quick": Spec(...), "full": Spec(...)}
    def run(spec, progress) -> Dataset         all computation
    def figures(ds) -> dict[str, Figure]       from the data alone, made with synfer.plot.new_figure
    def verdict(ds) -> list[Row]               from the data alone

The module's docstring tells a reader what is asked and how; the report shows it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, cast

import xarray as xr

from synfer.core.params import Params
from synfer.core.results import label

if TYPE_CHECKING:
    from synfer.plot import Figure

Part = Callable[..., xr.Dataset]
"""A part of an experiment's computation."""


@dataclass(frozen=True)
class Row:
    """One claim of an experiment, what was measured, what it is held against, and whether it holds.

    Numbers may be labelled scalars, as results hold them; infinite ones and NaN have to be put in words.

    Example:
        >>> Row("sd of EIF at 2 mV of inhibition, relative", 0.767, "< 1", True).cells()
        ('sd of EIF at 2 mV of inhibition, relative', '0.767', '< 1', 'holds')
    """

    claim: str
    measured: float | str
    reference: float | str
    holds: bool

    def __post_init__(self) -> None:
        for name in ("measured", "reference"):
            value = getattr(self, name)
            value = value if isinstance(value, str) else float(value)
            if value in (inf, -inf) or value != value:
                raise ValueError(f"{name} = {value} of claim {self.claim!r} is no number; say in words what happened")
            object.__setattr__(self, name, value)
        object.__setattr__(self, "holds", bool(self.holds))

    def cells(self) -> tuple[str, str, str, str]:
        """The row as text, numbers to four digits."""
        return self.claim, _text(self.measured), _text(self.reference), "holds" if self.holds else "fails"


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


class Progress(Protocol):
    """Told what a run is doing and how much of it is done."""

    def __call__(self, stage: str, fraction: float, /) -> None:
        """`stage` in a few words; `fraction` of the whole run that is done, 0 to 1."""
        ...


def silent(_stage: str, _fraction: float, /) -> None:
    """The progress of a run that nobody watches."""


class Experiment(Protocol):
    """The contract above, as a type; modules of the catalog satisfy it."""

    NAME: str
    TITLE: str
    PRESETS: Mapping[str, Params]

    def run(self, spec: Params, progress: Progress, /) -> xr.Dataset: ...
    def figures(self, ds: xr.Dataset, /) -> "dict[str, Figure]": ...
    def verdict(self, ds: xr.Dataset, /) -> list[Row]: ...


def checked(module: ModuleType) -> Experiment:
    """The module as an Experiment, or a TypeError that says what it lacks."""
    where = module.__name__.rsplit(".", 1)[-1]
    missing = [n for n in ("NAME", "TITLE", "PRESETS", "run", "figures", "verdict") if not hasattr(module, n)]
    if missing:
        raise TypeError(f"experiment module {where} lacks {', '.join(missing)}; see synfer.study.experiment")
    experiment = cast(Experiment, module)
    if experiment.NAME.replace("-", "_") != where:
        raise TypeError(
            f"experiment {experiment.NAME!r} must be the module {experiment.NAME.replace('-', '_')}, not {where}"
        )
    specs = experiment.PRESETS
    if not {"quick", "full"} <= set(specs) or not all(isinstance(s, Params) for s in specs.values()):
        raise TypeError(f"experiment {experiment.NAME!r}: PRESETS must map at least 'quick' and 'full' to Params")
    return experiment


def in_stages(
    stages: Mapping[str, Part],
    compute: Callable[[Part, xr.Dataset], xr.Dataset],
    labels: Mapping[str, Mapping[str, str]],
    progress: Progress,
) -> xr.Dataset:
    """The parts of an experiment one after the other, in one labelled dataset.

    Args:
        stages: Parts by what they are called in the progress.
        compute: compute(part, dataset so far) -> what the part adds.
        labels: Attrs of variables that are not those of the registry.
    """
    ds = xr.Dataset()
    for i, (stage, part) in enumerate(stages.items()):
        progress(stage, i / len(stages))
        ds = ds.merge(compute(part, ds))
    for name, variable in ds.variables.items():
        variable.attrs = label(str(name)) | dict(labels.get(str(name), {})) | variable.attrs
    return ds
