"""Canonical networks: one or two layers of rate neurons, their synapses and thresholds.

A neuron j fires at x_j in [0, 1]. Synapses come in pairs, W1 that push x up and W0 that push it down (excitatory and
inhibitory pathways), and so do thresholds, each with a part that follows from the weights:
    h1 = ln(1 - sig W1) 1 + ln(1 - sig K1) 1 + phi1,  m1 = ln(1 - sig V1) 1 + psi1,  and h0, m0 likewise,
sig the logistic function, 1 a vector of ones. A network without K or V lacks that part of its thresholds as well.
Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, eqs. 5-7.
"""

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from scipy.special import expit

from synfer.core.frozen import Frozen
from synfer.inference.network import validation

BLOCKS = {"W": ("hidden", "inputs"), "K": ("hidden", "hidden"), "V": ("outputs", "hidden")}
"""Synapses by block: post, pre."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CanonicalNetwork(Frozen):
    """Synapses, thresholds and time constants of No inputs, Nx hidden neurons and Ny output neurons; immutable.

    Attributes:
        W1, W0: (Nx, No) from inputs to hidden neurons, any finite number.
        K1, K0: (Nx, Nx) from hidden neurons, one step ago; or None: there are none, which differs from 0.
        V1, V0: (Ny, Nx) from hidden neurons, one step ago, to outputs; or None.
        phi1, phi0: (Nx,) or a number; the part of the thresholds that weights leave open. Default ln 1/2.
        psi1, psi0: (Ny,) or a number, needed where there is V; None without outputs.
        lambda_W, lambda_K, lambda_V: (2, post, pre) or a number > 0: insensitivity of each synapse to plasticity, of
            the pathway up and the pathway down. It grows by the activity that the synapse has seen. Default 1.
        lambda_phi: (Nx,) or a number > 0: the same of phi, which then is the log of a mean activity, e^phi1 + e^phi0
            = 1; None: phi does not adapt.
        W_h, K_h, V_h: (2, post, pre) weights that the thresholds are set for; None: those that the network has, which
            the thresholds then follow. See `freeze`.
        initial: (2, Nx) activity up and down before the first step, > 0, or (Nx,) in (0, 1); None: what a trajectory
            begins with, and sig(phi1 - phi0) where activity is computed.
        tau: Time constant of a neuron, ms, > 0. Default 1.
        hold: How long each input lasts, ms, > 0. Default infinite: neurons come to rest before the next input.
        inputs, hidden, outputs: names; default i0, ..., h0, ..., o0, ...

    Raises:
        ParameterError: names the field, the place in it, what was got and what is allowed.

    Example:
        >>> net = CanonicalNetwork(W1=[[2.0, -1.0]], W0=[[-2.0, 1.0]])
        >>> net.n_inputs, net.n_hidden, net.h[0].round(3).tolist()
        (2, 1, [-3.133])
    """

    W1: np.ndarray
    W0: np.ndarray
    K1: Any = None
    K0: Any = None
    V1: Any = None
    V0: Any = None
    phi1: Any = float(np.log(0.5))
    phi0: Any = float(np.log(0.5))
    psi1: Any = None
    psi0: Any = None
    lambda_W: Any = 1.0
    lambda_K: Any = 1.0
    lambda_V: Any = 1.0
    lambda_phi: Any = None
    W_h: Any = None
    K_h: Any = None
    V_h: Any = None
    initial: Any = None
    tau: float = 1.0
    hold: float = float("inf")
    inputs: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in validation.network(given).items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        sizes = f"{self.n_inputs} inputs, {self.n_hidden} hidden, {self.n_outputs} outputs"
        return f"CanonicalNetwork({sizes}, tau={self.tau!r} ms, hold={self.hold!r} ms, digest={self.digest()!r})"

    @property
    def n_inputs(self) -> int:
        """No."""
        return self.W1.shape[1]

    @property
    def n_hidden(self) -> int:
        """Nx."""
        return self.W1.shape[0]

    @property
    def n_outputs(self) -> int:
        """Ny; 0 without outputs."""
        return 0 if self.psi1 is None else self.psi1.shape[0]

    @property
    def phi(self) -> np.ndarray:
        """(2, Nx): phi1, phi0."""
        return np.stack([self.phi1, self.phi0])

    @property
    def psi(self) -> np.ndarray:
        """(2, Ny): psi1, psi0."""
        empty = np.zeros(0)
        return np.stack([empty if p is None else p for p in (self.psi1, self.psi0)])

    @property
    def h(self) -> np.ndarray:
        """(2, Nx): thresholds h1, h0 of the hidden neurons."""
        parts = [self.silence(block).sum(-1) for block in "WK" if self.weights(block) is not None]
        return sum(parts, self.phi)

    @property
    def m(self) -> np.ndarray:
        """(2, Ny): thresholds m1, m0 of the outputs."""
        return self.psi if self.V1 is None else self.silence("V").sum(-1) + self.psi

    @property
    def frozen(self) -> bool:
        """Whether any threshold is set for other weights than those the network has."""
        return any(getattr(self, f"{block}_h") is not None for block in BLOCKS)

    def weights(self, block: str) -> Any:
        """(2, post, pre): both pathways of block "W", "K" or "V", or None."""
        one, zero = getattr(self, f"{block}1"), getattr(self, f"{block}0")
        return None if one is None else np.stack([one, zero])

    def silence(self, block: str) -> np.ndarray:
        """(2, post, pre): ln(1 - sig) of the weights that the thresholds are set for."""
        frozen = getattr(self, f"{block}_h")
        return -np.logaddexp(0, self.weights(block) if frozen is None else frozen)

    def counts(self, block: str) -> tuple[np.ndarray, np.ndarray]:
        """(2, post, pre) twice: what each synapse has seen of an active and of a silent pre, lambda in all."""
        total, weights = getattr(self, f"lambda_{block}"), self.weights(block)
        return total * expit(weights), total * expit(-weights)

    def freeze(self) -> Self:
        """This network with thresholds that stay where they are when weights change."""
        now = {f"{block}_h": self.weights(block) for block in BLOCKS if getattr(self, f"{block}_h") is None}
        return self.replace(**now)

    def thaw(self) -> Self:
        """This network with thresholds that follow its weights."""
        return self.replace(W_h=None, K_h=None, V_h=None)

    def absorb(self) -> Self:
        """A network whose thresholds follow its weights, and what they lacked is in phi and psi.

        A frozen threshold is a displaced prior: from the same x_0, as `activity(net, o, x0=...)`, the activity is the
        same, and so is the cost where Gamma = 0. Without `initial` a network begins at its prior, which is displaced;
        where the weights `initial` are not normalised, the first step differs.
        """
        thawed = self.thaw()
        shift = {"phi": self.h - thawed.h, "psi": self.m - thawed.m}
        changes = {f"{k}{v}": getattr(self, k)[i] + shift[k][i] for k in shift for i, v in enumerate("10")}
        return thawed.replace(**(changes if self.n_outputs else {k: changes[k] for k in ("phi1", "phi0")}))

    def replace(self, **changes: Any) -> Self:
        """This network with some fields changed, checked as a new one is; synapses that go take their lambda along."""
        for block in BLOCKS:
            if f"{block}1" in changes and changes[f"{block}1"] is None:
                changes = {f"lambda_{block}": 1.0, f"{block}_h": None} | changes
        return super().replace(**changes)
