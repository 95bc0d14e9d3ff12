"""What a call says of points that failed: the others are kept, and one that is alone raises."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from synfer.core.errors import MeshError, NumericalError
from synfer.population.verbs.common import Points

OK, NOT_FINITE, FAILED = 0, 1, 2
"""Status of a point."""
STILL_TRUE = ("edge_mass", "mesh_error", "t_end")
"""What is known of a point that FAILED."""


def settle_status(points: Points, status: np.ndarray, why: Sequence[str]) -> tuple[np.ndarray, dict[str, Any]]:
    """The status of every point, and what the call's attrs say of it; warns of points that failed.

    Args:
        status: OK or NOT_FINITE, (points,).
        why: Of every point, the reason for which it FAILED, or nothing.

    Raises:
        MeshError, NumericalError: no point is left.
    """
    settled = np.where([bool(text) for text in why], FAILED, status).astype(np.int8)
    reason = first_reason(points, why)
    if np.all(settled != OK) and reason:
        raise MeshError(reason)
    if np.all(settled != OK):
        raise NumericalError(
            "the density did not stay finite at any point; lower dt or h, and look for extreme parameters"
        )
    if np.any(settled == NOT_FINITE):
        points.warn(f"{np.sum(settled == NOT_FINITE)} of {len(points)} points did not stay finite; see status")
    if reason:
        points.warn(f"{np.sum(settled == FAILED)} of {len(points)} points failed, {reason}; see status")
    if np.all(settled == OK):
        return settled, {"status": "ok"}
    reasons = ["did not stay finite" if own == NOT_FINITE else text for own, text in zip(settled, why, strict=True)]
    return settled, {"status": "some points failed", "reasons": reasons}


def first_reason(points: Points, why: Sequence[str]) -> str:
    """The first of the reasons for which points failed, with the point's number where there are several."""
    return next((f"point {i}: {text}" if points.many else text for i, text in enumerate(why) if text), "")


def blank(variables: Mapping[str, tuple[Any, np.ndarray]], failed: np.ndarray) -> None:
    """Take the results of points that FAILED away: NaN, or False."""
    for name, (_, values) in variables.items():
        if name not in STILL_TRUE and values.dtype.kind in "fb":
            values[failed] = False if values.dtype.kind == "b" else np.nan
