"""Inputs, trajectories and modulation that a network is given, checked."""

from typing import Any

import numpy as np

from synfer.core.checks import check_kind, check_numbers, place
from synfer.core.errors import ParameterError
from synfer.inference.network.canonical import CanonicalNetwork

INITIAL_TOLERANCE = 1e-12


def check_network(net: Any) -> CanonicalNetwork:
    """A canonical network."""
    return check_kind("net", net, CanonicalNetwork, "make one by sf.CanonicalNetwork(W1=..., W0=...), or sf.to_network")


def inputs(net: CanonicalNetwork, o: Any) -> np.ndarray:
    """(T, No) in [0, 1], of a network; both are checked."""
    check_network(net)
    return _unit("o", o, (None, net.n_inputs), "(T, No): steps t = 1..T x inputs")


def trajectory(net: CanonicalNetwork, x: Any, steps: int) -> np.ndarray:
    """(T + 1, Nx) in [0, 1], which begins with the initial activity of the network."""
    first = 0 if net.initial is None else 1
    x = _unit("x", x, (steps + 1, net.n_hidden), "(T + 1, Nx): steps 0..T, T rows of o, x hidden neurons", first)
    if net.initial is not None and not np.allclose(x[0], net.initial[0], rtol=INITIAL_TOLERANCE, atol=0):
        j = int(np.argmax(abs(x[0] - net.initial[0])))
        raise ParameterError(
            f"x[0, {j}] = {x[0, j]:.9g} must be the network's initial[0, {j}] = {net.initial[0, j]:.9g}; "
            f"give that, or net.replace(initial=None)"
        )
    return x


def emitted(net: CanonicalNetwork, y: Any, steps: int) -> np.ndarray:
    """(T + 1, Ny) in [0, 1]; None stands for that of a network without outputs."""
    if y is None and net.n_outputs:
        raise ParameterError(f"y is None and the network has {net.n_outputs} outputs; give y of shape (T + 1, Ny)")
    y = np.zeros((steps + 1, 0)) if y is None else y
    return _unit("y", y, (steps + 1, net.n_outputs), "(T + 1, Ny): steps 0..T, T rows of o, x outputs")


def gamma(Gamma: Any, steps: int) -> np.ndarray:
    """(T,) in [0, 1]."""
    values = check_numbers("Gamma", Gamma)
    if values.shape not in ((), (steps,)):
        raise ParameterError(f"Gamma has shape {values.shape} and must be a number, or ({steps},): one for each step")
    return np.array(np.broadcast_to(within("Gamma", values), (steps,)))


def before(net: CanonicalNetwork, x: np.ndarray) -> np.ndarray:
    """(2, T, Nx): x_{t-1} and 1 - x_{t-1} for t = 1..T, the network's own initial activity first if it has one."""
    pair = np.stack([x[:-1], 1 - x[:-1]])
    if net.initial is not None:
        pair[:, 0] = net.initial
    return pair


def _unit(name: str, value: Any, shape: tuple[int | None, ...], words: str, first: int = 0) -> np.ndarray:
    values = check_numbers(name, value)
    fits = len(values.shape) == len(shape) and all(
        want in (None, got) for want, got in zip(shape, values.shape, strict=True)
    )
    if not fits or values.shape[0] < 1:
        wanted = tuple("T" if size is None else size for size in shape)
        raise ParameterError(f"{name} has shape {values.shape} and must be {wanted}, {words}".replace("'", ""))
    return within(name, values, first)


def within(name: str, values: np.ndarray, first: int = 0) -> np.ndarray:
    """Values in [0, 1] from row `first` on."""
    wrong = np.array((values < 0) | (values > 1))
    if first:
        wrong[:first] = False
    if wrong.any():
        raise ParameterError(
            f"{place(name, values, wrong)} must lie in [0, 1]; rescale it, or clip it if it is rounding"
        )
    return values
