"""Activity of a canonical network.

Each neuron relaxes towards what it is driven by, u = logit(x) its potential:
    tau u' = -u + I,  I_t = (W1 - W0) o_t + (K1 - K0) x_{t-1} + h1 - h0,
    tau v' = -v + J,  J_t = (V1 - V0) x_{t-1} + m1 - m0,
input o_t and recurrent input x_{t-1} held for `hold`; x = sig(u), y = sig(v). This is linear and solved exactly,
    u_t = I_t + (u_{t-1} - I_t) e^{-hold / tau}.
In x it reads tau x' = x (1 - x) (-logit(x) + I): descent of the neural cost, tau u' = -dL/dx. The form often written,
tau x' = -logit(x) + I = -dL/dx, descends the same cost to the same rest x = sig(I) along another time course, faster by
1 / (x (1 - x)) >= 4: at the end of any hold it is no farther from rest than what is computed here. Modulation by Gamma
does not enter activity.
"""

from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.special import expit, logit

from synfer.core.checks import place
from synfer.core.errors import NumericalError, ParameterError
from synfer.core.results import dataset
from synfer.inference.network import arguments
from synfer.inference.network.canonical import CanonicalNetwork
from synfer.inference.network.validation import sized


def activity(net: CanonicalNetwork, o: Any, *, hold: float | None = None, x0: Any = None) -> xr.Dataset:
    """Potentials and firing of all neurons after each of the inputs.

    Args:
        net: The network.
        o: (T, No) inputs in [0, 1], t = 1..T.
        hold: How long each input lasts, ms, > 0; default that of the network. With an infinite one (or >> tau) firing
            equals the posterior of the generative model.
        x0: (Nx,) firing before the first input, in (0, 1). Default the network's initial activity, or else
            sig(phi1 - phi0). Outputs begin at sig(psi1 - psi0).

    Returns:
        `x`, `u` (step, hidden) and `y`, `v` (step, output), step = 0..T. Where the initial activity of the network
        is not normalised, x[0] is its upward part.

    Raises:
        ParameterError: inputs, hold or x0 out of bounds, or of the wrong shape.
        NumericalError: names the neuron and the step whose potential is not finite.

    Accuracy: u - I shrinks by e^{-hold / tau} to 1e-12 of abs(I) + abs(u); with an infinite hold firing is the
        posterior of the model to 1e-12.
    Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, eqs. 5-7.

    Example:
        >>> net = CanonicalNetwork(W1=[[2.0]], W0=[[-2.0]], tau=10.0)
        >>> activity(net, [[1.0], [1.0]], hold=10.0).x.values.ravel().round(3).tolist()
        [0.5, 0.78, 0.849]
        >>> activity(net, [[1.0], [1.0]]).x.values.ravel().round(3).tolist()
        [0.5, 0.881, 0.881]
    """
    o = arguments.inputs(net, o)
    own = net if hold is None else net.replace(hold=hold)
    pair, u, v = first = start(own, x0)
    potentials = np.empty((len(o) + 1, net.n_hidden)), np.empty((len(o) + 1, net.n_outputs))
    potentials[0][0], potentials[1][0] = u, v
    with np.errstate(over="ignore", invalid="ignore"):
        wiring = Wiring.of(own)
        for t, row in enumerate(o, start=1):
            u, v = wiring.relax(u, v, row, pair)
            potentials[0][t], potentials[1][t] = u, v
            pair = both(u)
    check_potentials(net, *potentials)
    x = expit(potentials[0])
    x[0] = first[0][0]
    return dataset(
        {
            "x": (("step", "hidden"), x),
            "y": (("step", "output"), expit(potentials[1])),
            "u": (("step", "hidden"), potentials[0]),
            "v": (("step", "output"), potentials[1]),
        },
        {
            "step": (("step",), np.arange(len(o) + 1)),
            "hidden": (("hidden",), list(net.hidden)),
            "output": (("output",), np.array(net.outputs, dtype=str)),
        },
        verb="activity",
        network=net.digest(),
        tau=own.tau,
        hold=own.hold,
    )


def check_potentials(net: CanonicalNetwork, u: np.ndarray, v: np.ndarray, step: int = 0) -> None:
    """Refuses potentials (steps, Nx) and (steps, Ny) from `step` on that are not finite."""
    for name, values, names in (("u", u, net.hidden), ("v", v, net.outputs)):
        if not np.isfinite(values).all():
            t, k = (int(i) for i in np.argwhere(~np.isfinite(values))[0])
            raise NumericalError(
                f"potential {name} of {names[k]} is {values[t, k]} at step {step + t}; the synapses or thresholds are "
                f"too large for float64, rescale them"
            )


def start(net: CanonicalNetwork, x0: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(2, Nx) firing up and down before the first input, and the potentials u, v that go with it."""
    v = net.psi[0] - net.psi[1]
    x = None if x0 is None else sized("x0", x0, (net.n_hidden,), ("Nx",))
    if net.initial is not None:
        if x is not None and not np.allclose(x, net.initial[0], rtol=arguments.INITIAL_TOLERANCE, atol=0):
            raise ParameterError("x0 differs from the network's initial; leave it out, or net.replace(initial=None)")
        return net.initial, np.log(net.initial[0]) - np.log(net.initial[1]), v
    if x is None:
        u = net.phi[0] - net.phi[1]
        return both(u), u, v
    wrong = ~((x > 0) & (x < 1))
    if wrong.any():
        raise ParameterError(f"{place('x0', x, wrong)} must lie in (0, 1): 0 and 1 have no potential; move it inside")
    return np.stack([x, 1 - x]), logit(x), v


def both(u: np.ndarray) -> np.ndarray:
    """(2, n): x = sig(u) and 1 - x."""
    pair = np.empty((2, u.size))
    expit(u, out=pair[0])
    expit(-u, out=pair[1])
    return pair


class Wiring(NamedTuple):
    """A network as its activity meets it: pathway up less pathway down; K, V and their silence act on (2, Nx)."""

    W: np.ndarray
    h: np.ndarray
    K: tuple[np.ndarray, np.ndarray] | None
    V: tuple[np.ndarray, np.ndarray] | None
    m: np.ndarray
    decay: float

    @classmethod
    def of(cls, net: CanonicalNetwork) -> "Wiring":
        """The wiring of a network."""

        def up_less_down(block: str) -> tuple[np.ndarray, np.ndarray] | None:
            if (weights := net.weights(block)) is None:
                return None
            silence = net.silence(block)
            return weights[0] - weights[1], silence[0] - silence[1]

        W, silence = up_less_down("W") or (np.zeros(0), np.zeros(0))
        phi, psi = net.phi, net.psi
        h, m = silence.sum(1) + phi[0] - phi[1], psi[0] - psi[1]
        return cls(W, h, up_less_down("K"), up_less_down("V"), m, float(np.exp(-net.hold / net.tau)))

    def drive(self, o: np.ndarray, pair: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """I (Nx,) and J (Ny,), to which potentials relax, from inputs (No,) and firing (2, Nx) one step ago."""
        I, J = self.W @ o + self.h, self.m
        if self.K is not None:
            I = I + self.K[0] @ pair[0] + self.K[1] @ pair.sum(0)
        if self.V is not None:
            J = J + self.V[0] @ pair[0] + self.V[1] @ pair.sum(0)
        return I, J

    def relax(self, u: np.ndarray, v: np.ndarray, o: np.ndarray, pair: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Potentials at the end of one input, from those at its beginning."""
        I, J = self.drive(o, pair)
        return I + (u - I) * self.decay, J + (v - J) * self.decay
