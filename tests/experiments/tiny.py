"""A coin is thrown at several depths: does its mean fall?

The mean of n throws is compared with its expectation,

    E[x] = exp(-depth)

by eye and by number.
"""

import numpy as np
import xarray as xr

from synfer import plot
from synfer.core.errors import NumericalError
from synfer.core.params import Array, Params, field
from synfer.core.results import dataset
from synfer.core.seeds import generator
from synfer.population.neurons import LIF
from synfer.study.experiment import Row

NAME = "tiny"
TITLE = "Does a coin's mean fall with depth?"


class Spec(Params):
    depth: Array = field(unit="mV", doc="depths")
    n: int = field(100, ge=1, doc="throws")
    seed: int = field(1, ge=0, doc="seed")
    scale: float = field(1.0, gt=0, doc="what the throws are multiplied with")
    fault: str = field("none", doc="how the run goes wrong: none, numerical or bug")
    neuron: LIF = field(LIF.diesmann1999(), doc="a nested value")


PRESETS = {"quick": Spec(depth=[0, 1, 2]), "full": Spec(depth=[0, 0.5, 1, 1.5, 2], n=10_000)}


def run(spec, progress) -> xr.Dataset:
    progress("throwing", 0.0)
    if spec.fault == "numerical":
        raise NumericalError("the coin stood on its edge")
    if spec.fault == "bug":
        raise ZeroDivisionError("a bug")
    x = generator(spec.seed, "tiny").exponential(np.exp(-spec.depth)[:, None], (spec.depth.size, spec.n)) * spec.scale
    progress("counting", 1.0)
    kinds = np.where(spec.depth > 0, "inhibited", "free")
    ds = dataset(
        {"rate": (("depth",), x.mean(1)), "throws": (("depth", "throw"), x)}, {"depth": (("depth",), spec.depth)}
    )
    return ds.assign_coords(kind=("depth", kinds))


def figures(ds):
    figure, axes = plot.new_figure(1, 2, statement="The mean falls with depth.")
    plot.rate(ds, ax=axes[0, 0])
    axes[0, 1].pcolormesh(ds.throws.values[:, :10])
    axes[0, 1].set(xlabel="throw", ylabel="depth")
    return {"mean": figure}


def verdict(ds):
    fallen = ds.rate[-1] / ds.rate[0]
    return [
        Row("the mean falls [x]", fallen, "< 1", fallen < 1),
        Row("it reaches zero", ds.rate[-1], 0, ds.rate[-1] == 0),
    ]
