"""What a unit of points gave, and its bytes: arrays in a file without clock or names, checked by a digest."""

import hashlib
import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from synfer.population.chain import SynfireChain
from synfer.study.sweep.spec import Sweep

READ_OUT = ("a", "sigma_t", "t_packet", "survived")
"""Variables of a packet by layer (and trial)."""
MESH_ERROR = "mesh_error"
"""What densities over V and a slow variable say besides, by layer."""
OK, NOT_FINITE, FAILED, MISSING = 0, 1, 2, 3
"""Status of a point; the last one is for points that have not been computed yet."""


@dataclass(frozen=True)
class Outcome:
    """Results of the points of a unit, in their order.

    Args:
        values: a [spikes], sigma_t [ms], t_packet [ms], survived, each (points, layer) or (points, trial, layer); with
            slow variables mesh_error.
        status: (points,) 0 ok, 1 did not stay finite, 2 failed.
        reason: Why, by point; empty where all went well.
        warnings: Reservations of the engine, without repetition.
    """

    values: dict[str, np.ndarray]
    status: np.ndarray
    reason: tuple[str, ...]
    warnings: tuple[str, ...]


def read_out(sweep: Sweep) -> tuple[str, ...]:
    """The variables of a sweep's results."""
    network = sweep.chain.network() if isinstance(sweep.chain, SynfireChain) else sweep.chain
    slow = any(population.neuron.slow is not None for population in network.populations)
    return (*READ_OUT, MESH_ERROR) if slow and sweep.engine == "evolve" else READ_OUT


def encode(outcome: Outcome) -> bytes:
    """An outcome as bytes that depend on it alone."""
    arrays: Any = {"reason": np.array(outcome.reason, dtype=str), "warnings": np.array(outcome.warnings, dtype=str)}
    arrays |= {"status": outcome.status} | outcome.values
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def decode(data: bytes) -> Outcome:
    """The outcome of `encode`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return Outcome(
            {name: arrays[name] for name in (*READ_OUT, MESH_ERROR) if name in arrays},
            arrays["status"],
            tuple(arrays["reason"].tolist()),
            tuple(arrays["warnings"].tolist()),
        )


def digest(data: bytes) -> str:
    """The checksum of a unit's bytes."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
