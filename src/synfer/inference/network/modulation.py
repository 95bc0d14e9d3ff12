"""Neuromodulators: named signals that reach synapses late, by a kernel of delays."""

from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import model_validator

from synfer.core.checks import SUM_TOLERANCE, check_count, check_numbers, check_positive
from synfer.core.errors import ParameterError
from synfer.core.params import Array, Params, field
from synfer.inference.network.arguments import within


class Neuromodulator(Params):
    """A diffuse signal of risk, released at one step and at synapses some steps later.

    A synapse multiplies the traces that it keeps by 1 - 2 Gamma: Gamma = 0 learns, 1/2 does nothing, 1 unlearns.

    Example:
        >>> dopamine = Neuromodulator("dopamine", kernel=[0, 0.5, 0.5])
        >>> dopamine.at_synapse([1, 0, 0, 0]).tolist()
        [0.5, 0.75, 0.5, 0.0]
        >>> dopamine.credit([0, 0, 1, 0]).tolist()
        [0.5, 0.5, 0.25, 0.5]
    """

    kind: Literal["neuromodulator"] = "neuromodulator"
    positional: ClassVar[tuple[str, ...]] = ("name",)
    name: str = field("dopamine", doc="what the signal is called in labels")
    kernel: Array = field(
        (1.0,),
        doc="share of the signal that arrives 0, 1, ... steps after its release; sums to 1",
        validate_default=True,
    )
    baseline: float = field(0.5, ge=0, le=1, symbol="Γ", doc="risk that synapses assume where no signal was released")

    @model_validator(mode="after")
    def _shares(self) -> Self:
        kernel = np.asarray(self.kernel)
        if kernel.ndim != 1 or kernel.size == 0 or (kernel < 0).any():
            raise ValueError(f"kernel = {kernel.tolist()} must be a row of shares >= 0; give kernel=[1.0] for no delay")
        if not abs(kernel.sum() - 1) <= SUM_TOLERANCE:
            raise ValueError(f"kernel sums to {kernel.sum():.9g} and must sum to 1; give kernel / sum(kernel)")
        return self

    @classmethod
    def delayed(cls, steps: int, name: str = "dopamine", **others: Any) -> Self:
        """All of the signal arrives that many steps after its release."""
        kernel = np.zeros(check_count("steps", steps, 0) + 1)
        kernel[-1] = 1
        return cls(name, kernel=kernel, **others)

    @classmethod
    def decaying(cls, tau: float, length: int, name: str = "dopamine", **others: Any) -> Self:
        """The signal arrives with shares ~ e^{-k / tau}, k = 0..length - 1 steps after its release; tau in steps."""
        tau = check_positive("tau", tau, "for example tau=3.0", unit=" steps")
        shares = np.exp(-np.arange(check_count("length", length)) / tau)
        return cls(name, kernel=shares / shares.sum(), **others)

    def at_synapse(self, signal: Any) -> np.ndarray:
        """(T,) Gamma that synapses meet at step t, sum_k kernel_k signal_{t-k}, of a signal (T,) in [0, 1]."""
        return self._spread(signal, forward=True)

    def credit(self, signal: Any) -> np.ndarray:
        """(T,) Gamma that the pre and post of step t are multiplied by, sum_k kernel_k signal_{t+k}.

        Synapses that keep a trace of each step until the signal arrives: sum_t (1 - 2 Gamma_t) e_t with this Gamma is
        sum_t (1 - 2 signal_t) sum_k kernel_k e_{t-k}, and what is left of the trace at the end meets the baseline.
        """
        return self._spread(signal, forward=False)

    def _spread(self, signal: Any, *, forward: bool) -> np.ndarray:
        signal = np.atleast_1d(check_numbers("signal", signal))
        if signal.ndim != 1 or not signal.size:
            raise ParameterError(f"signal has shape {signal.shape} and must be (T,), one risk for each step")
        within("signal", signal)
        padded = np.full(signal.size + self.kernel.size - 1, self.baseline)
        if forward:
            padded[self.kernel.size - 1 :] = signal
            spread = np.convolve(padded, self.kernel, mode="valid")
        else:
            padded[: signal.size] = signal
            spread = np.correlate(padded, self.kernel, mode="valid")
        return np.clip(spread, 0, 1)
