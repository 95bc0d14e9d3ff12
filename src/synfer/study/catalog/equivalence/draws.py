"""Random networks, trajectories and models."""

from typing import Any

import numpy as np

from synfer.inference.model import GenerativeModel
from synfer.inference.network import CanonicalNetwork
from synfer.study.catalog.equivalence.spec import Spec

LARGEST = 9.0
"""Of a weight: beyond it the counts of a pair differ by more than 1e4."""
Trajectory = tuple[np.ndarray, np.ndarray | None, np.ndarray, np.ndarray]


def network(rng: np.random.Generator, spec: Spec, *, outputs: bool | None = None) -> CanonicalNetwork:
    """Of one layer or two, with or without K and V, thresholds of any size; with V and outputs, or without, on demand.

    Every other network has an initial activity of its own.
    """
    No, Nx, Ny = (int(rng.integers(1, most + 1)) for most in (spec.inputs, spec.hidden, spec.outputs))
    K, V = rng.uniform(size=2) < 0.7
    if outputs is None:
        outputs = rng.uniform() < 0.75
    else:
        V = outputs
    fields: dict[str, Any] = {f"phi{v}": rng.normal(-1.5, 1.0, Nx) for v in (1, 0)}
    for block, post, pre, present in (("W", Nx, No, True), ("K", Nx, Nx, K), ("V", Ny, Nx, V and outputs)):
        if present:
            fields |= {f"{block}{v}": rng.normal(0, spec.weight, (post, pre)).clip(-LARGEST, LARGEST) for v in (1, 0)}
            fields[f"lambda_{block}"] = rng.uniform(0.5, spec.total, (2, post, pre))
    if outputs:
        fields |= {f"psi{v}": rng.normal(-1.0, 1.0, Ny) for v in (1, 0)}
    if rng.uniform() < 0.5:
        fields["initial"] = rng.uniform(0.05, 2.0, (2, Nx))
    return CanonicalNetwork(**fields)


def trajectory(rng: np.random.Generator, net: CanonicalNetwork, steps: int) -> Trajectory:
    """x, y, o and Gamma, anything in [0, 1]: a tenth of the firing, and half of the inputs, exactly 0 or 1."""
    x, y = (rng.uniform(0, 1, (steps + 1, n)) for n in (net.n_hidden, net.n_outputs))
    for z in (x, y):
        z[:] = np.where(rng.uniform(size=z.shape) < 0.1, rng.integers(0, 2, z.shape), z)
    if net.initial is not None:
        x[0] = net.initial[0]
    shape = (steps, net.n_inputs)
    o = np.where(rng.uniform(size=shape) < 0.5, rng.integers(0, 2, shape), rng.uniform(size=shape))
    return x, y if net.n_outputs else None, o, rng.choice([0.0, 0.5, 1.0, rng.uniform()], steps)


def model(rng: np.random.Generator, spec: Spec) -> GenerativeModel:
    """A model of states alone, of which half depend on the last ones; weights D are not normalised."""
    No, Ns = int(rng.integers(1, spec.inputs + 1)), int(rng.integers(1, spec.states + 1))
    return GenerativeModel(
        a=rng.uniform(0.5, spec.total, (2, No, 2, Ns)),
        b=rng.uniform(0.5, spec.total, (2, Ns, 2, Ns)) if rng.uniform() < 0.5 else None,
        D=rng.uniform(0.1, 2.0, (2, Ns)),
        initial=rng.uniform(0.05, 2.0, (2, Ns)) if rng.uniform() < 0.5 else None,
        expectation="digamma" if rng.uniform() < 0.5 else "ratio",
    )
