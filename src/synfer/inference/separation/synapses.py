"""How far predicted synapses are from those that were learned, and how far from them a prediction of no change is."""

import numpy as np
import xarray as xr

from synfer.core.checks import check_kind
from synfer.core.errors import ParameterError
from synfer.core.results import dataset

NAMES = ("A1", "A0")


def synapse_error(learned: xr.Dataset, predicted: xr.Dataset) -> xr.Dataset:
    """Relative errors of predicted synapses, at every record of them.

        error = sum (A - A^p)^2 / sum A^2,    persistence = sum (A - A_0)^2 / sum A^2
    over P(o = 1 | s = 1) and P(o = 1 | s = 0) of all inputs and states; A_0 are those before the first step.

    Args:
        learned: A result of `separate`.
        predicted: Another one, recorded after as many steps.

    Returns:
        By `learned`: `error`, and the null `persistence`; `correlation` of the learned change with the predicted one, 0
        where there is none.

    Example:
        >>> from synfer.inference.separation import separate, source_model
        >>> from synfer.inference.tasks import Sources
        >>> o = Sources().generate(300, seed=1)["input"]
        >>> a, b = (separate(source_model(D1), o) for D1 in (0.5, 0.45))
        >>> found = synapse_error(a, b).isel(learned=-1)
        >>> bool(found.error < found.persistence)
        True
    """
    for name, run in (("learned", learned), ("predicted", predicted)):
        check_kind(name, run, xr.Dataset, "give a result of separate")
        if any(own not in run for own in NAMES):
            raise ParameterError(f"{name} has no A1 and A0; give a result of separate")
    if learned["A1"].shape != predicted["A1"].shape or not np.array_equal(learned["learned"], predicted["learned"]):
        raise ParameterError("learned and predicted were recorded after different steps; give separate the same every")
    A, P = (np.stack([run[name].values for name in NAMES], axis=1).reshape(run.sizes["learned"], -1)
            for run in (learned, predicted))  # fmt: skip
    size = (A**2).sum(1)
    change, expected = A - A[0], P - P[0]
    centred = [part - part.mean(1, keepdims=True) for part in (change, expected)]
    both = np.sqrt((centred[0] ** 2).sum(1) * (centred[1] ** 2).sum(1))
    words = {"units": "1"}
    return dataset(
        {
            "error": (("learned",), ((A - P) ** 2).sum(1) / size, words | {"long_name": "relative error"}),
            "persistence": (("learned",), (change**2).sum(1) / size, words | {"long_name": "relative change"}),
            "correlation": (
                ("learned",),
                np.divide((centred[0] * centred[1]).sum(1), both, out=np.zeros(len(A)), where=both > 0),
                words | {"long_name": "correlation of changes"},
            ),
        },
        {"learned": (("learned",), learned["learned"].values, words | {"long_name": "steps learned"})},
    )
