"""Eligibility traces: synapses remember which of them were active together until the modulator arrives."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from synfer.core.errors import ParameterError
from synfer.inference.network import arguments
from synfer.inference.network.canonical import CanonicalNetwork
from synfer.inference.network.plasticity import check_floor, from_counts
from synfer.inference.network.validation import sized


@dataclass(frozen=True, eq=False)
class EligibilityTrace:
    """What outputs y and hidden neurons x did together since the last modulation; immutable.

    Step by step e += [y; 1 - y] x [x_{t-1}; 1 - x_{t-1}]; then, when the modulator arrives,
    c <- max(floor, c + (1 - 2 Gamma) e) for what each synapse V has seen of each kind, and e <- 0.
    `plasticity` with a window does the same to a whole trajectory.

    Attributes:
        e: (2, 2, Ny, Nx): pre active and silent, pathway up and down.

    Example:
        >>> net = CanonicalNetwork(W1=[[0.0]], W0=[[0.0]], V1=[[0.0]], V0=[[0.0]], psi1=0, psi0=0, lambda_V=4)
        >>> trace = EligibilityTrace.empty(net).add(x_before=[0.75], y=[1])
        >>> net, trace = trace.release(net, Gamma=0.0)
        >>> net.lambda_V[0].tolist(), net.V1.round(3).tolist(), float(trace.e.sum())
        ([[5.0]], [[0.201]], 0.0)
    """

    e: np.ndarray

    @classmethod
    def empty(cls, net: CanonicalNetwork) -> Self:
        """A trace of nothing, for a network with synapses V."""
        if net.V1 is None:
            raise ParameterError("the network has no V to keep a trace in; give V1, V0, psi1 and psi0")
        return cls(np.zeros((2, 2, net.n_outputs, net.n_hidden)))

    def add(self, x_before: Any, y: Any) -> Self:
        """One step more: firing (Nx,) one step ago, or (2, Nx) up and down, and what the outputs emitted, (Ny,)."""
        _, _, n_outputs, n_hidden = self.e.shape
        pre = np.asarray(x_before, dtype=np.float64)
        if pre.ndim == 1:
            pre = np.stack([pre, 1 - pre])
        pre = sized("x_before", pre, (2, n_hidden), ("2", "Nx"))
        post = sized("y", y, (n_outputs,), ("Ny",))
        return type(self)(self.e + np.stack([post, 1 - post])[None, :, :, None] * pre[:, None, None, :])

    def release(
        self, net: CanonicalNetwork, Gamma: float, *, floor: float | None = None
    ) -> tuple[CanonicalNetwork, Self]:
        """The network when the modulator 1 - 2 Gamma has arrived, and an empty trace."""
        learning = 1 - 2 * arguments.gamma(Gamma, 1)[0]
        one, zero = (
            np.maximum(check_floor(floor), c + learning * e) for c, e in zip(net.counts("V"), self.e, strict=True)
        )
        return net.replace(**from_counts(net, "V", one, zero)), self.empty(net)
