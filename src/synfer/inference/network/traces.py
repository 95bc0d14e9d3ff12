"""Eligibility traces: synapses remember which of them were active together until the modulator arrives."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from synfer.core.checks import check_floor, check_numbers, place
from synfer.core.errors import ParameterError
from synfer.inference.network import arguments
from synfer.inference.network.canonical import CanonicalNetwork
from synfer.inference.network.plasticity import from_counts
from synfer.inference.network.validation import sized


@dataclass(frozen=True, eq=False)
class EligibilityTrace:
    """What outputs y and hidden neurons x did together since the last modulation; immutable.

    Step by step e += [y; 1 - y] x [x_{t-1}; 1 - x_{t-1}]; then, when the modulator arrives,
    c <- max(floor, c + (1 - 2 Gamma) e) for what each synapse V has seen of each kind, and e <- 0.
    `plasticity` with a window does the same to a whole trajectory.

    Attributes:
        e: (2, 2, Ny, Nx): pre active and silent, pathway up and down.

    Raises:
        ParameterError: something out of bounds, of the wrong shape, or of another network than the one it is for.

    Example:
        >>> net = CanonicalNetwork(W1=[[0.0]], W0=[[0.0]], V1=[[0.0]], V0=[[0.0]], psi1=0, psi0=0, lambda_V=4)
        >>> trace = EligibilityTrace.empty(net).add(x_before=[0.75], y=[1])
        >>> net, trace = trace.release(net, Gamma=0.0)
        >>> net.lambda_V[0].tolist(), net.V1.round(3).tolist(), float(trace.e.sum())
        ([[5.0]], [[0.201]], 0.0)
    """

    e: np.ndarray

    def __post_init__(self) -> None:
        e = check_numbers("e", self.e)
        if e.ndim != 4 or e.shape[:2] != (2, 2):
            raise ParameterError(f"e has shape {e.shape} and must be (2, 2, Ny, Nx); begin with EligibilityTrace.empty")
        e.setflags(write=False)
        object.__setattr__(self, "e", e)

    @classmethod
    def empty(cls, net: CanonicalNetwork) -> Self:
        """A trace of nothing, for a network with synapses V."""
        if arguments.check_network(net).V1 is None:
            raise ParameterError("the network has no V to keep a trace in; give V1, V0, psi1 and psi0")
        return cls(np.zeros((2, 2, net.n_outputs, net.n_hidden)))

    def add(self, x_before: Any, y: Any) -> Self:
        """One step more: firing (Nx,) one step ago, or (2, Nx) up and down, and what the outputs emitted, (Ny,)."""
        _, _, n_outputs, n_hidden = self.e.shape
        pre = check_numbers("x_before", x_before)
        if pre.ndim == 1:
            within = arguments.within("x_before", pre)
            pre = np.stack([within, 1 - within])
        pre = sized("x_before", pre, (2, n_hidden), ("2", "Nx"))
        if (pre < 0).any():
            raise ParameterError(f"{place('x_before', pre, pre < 0)} must be >= 0: activity up and down are weights")
        post = arguments.within("y", sized("y", y, (n_outputs,), ("Ny",)))
        return type(self)(self.e + np.stack([post, 1 - post])[None, :, :, None] * pre[:, None, None, :])

    def release(
        self, net: CanonicalNetwork, Gamma: float, *, floor: float | None = None
    ) -> tuple[CanonicalNetwork, Self]:
        """The network when the modulator 1 - 2 Gamma has arrived, and an empty trace."""
        empty, least = self.empty(net), check_floor(floor)
        if self.e.shape != empty.e.shape:
            raise ParameterError(
                f"the trace has shape {self.e.shape} and must be {empty.e.shape} for this network; release it onto the "
                f"network that it was kept for"
            )
        learning = 1 - 2 * arguments.gamma(Gamma, 1)[0]
        one, zero = (np.maximum(least, c + learning * e) for c, e in zip(net.counts("V"), self.e, strict=True))
        return net.replace(**from_counts(net, "V", one, zero)), empty
