"""Engines of the tests: what they give is a simple function of each point, and they can misbehave on purpose."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import xarray as xr

from synfer.core.errors import NumericalError


def quick(points):
    """a = packet.a * weight * layer, and so on: exact in every batch."""
    layers = points[0]["chain"].layers
    a = np.array([[p["packet"].a * p["chain"].weight * (k + 1) for k in range(layers)] for p in points])
    dims = ("point", "layer")
    survived = a >= 10
    return xr.Dataset(
        {
            "a": (dims, a),
            "sigma_t": (dims, np.where(survived, 1 / (1 + a), np.nan)),
            "t_packet": (dims, 10 + np.cumsum(np.ones_like(a), axis=1)),
            "survived": (dims, survived),
            "status": ("point", [0] * len(points)),
        }
    )


def slow(points):
    """A tenth of a second for each unit."""
    time.sleep(0.1)
    return quick(points)


def touchy(points):
    """Refuses 40 spikes, and with them any batch that holds them; 60 do not stay finite."""
    if any(p["packet"].a == 40 for p in points):
        raise NumericalError("40 spikes are too many")
    ds = quick(points)
    ds["status"] = ("point", [int(p["packet"].a == 60) for p in points])
    return ds.assign_attrs(warnings=["the mesh is coarse"])


def deadly(points):
    """Kills its process at 40 spikes."""
    if any(p["packet"].a == 40 for p in points):
        os.kill(os.getpid(), signal.SIGKILL)
    return quick(points)


def deadly_once(points):
    """Kills its process at 40 spikes, and leaves a file that says so."""
    dead = Path(os.environ["SYNFER_TEST_DEAD"])
    if any(p["packet"].a == 40 for p in points) and not dead.exists():
        dead.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return quick(points)


def buggy(points):
    """Is wrong."""
    return 1 / 0


def trials(points):
    """Two trials of `quick`."""
    return xr.concat([quick(points).drop_vars("status")] * 2, "trial").assign(status=("point", [0] * len(points)))


def slower(points):
    """Two seconds for each unit."""
    time.sleep(2)
    return quick(points)
