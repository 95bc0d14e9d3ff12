"""Gates that follow a volley down a chain, layer by layer."""

import numpy as np

from synfer.core.errors import ParameterError
from synfer.population.chain import SynfireChain
from synfer.population.drive import Drive, Gate, PulsePacket
from synfer.population.gating.strength import parts_of
from synfer.population.packets.launch import Engine, ungated
from synfer.population.verbs.mesh import Mesh


def gate_windows(
    chain: SynfireChain,
    packet: PulsePacket,
    gate: Gate,
    *,
    before: float,
    after: float,
    window: str | float = "evoked",
    t: float | None = None,
    h: float | Mesh | None = None,
    dt: float = 0.05,
) -> Drive:
    """The gate on every layer l for t_l - before <= t < t_l + after, t_l being the volley's ungated arrival there.

    The arrival is the mean time of the layer's own volley (`t_packet`), whose excitation came a little earlier.

    Args:
        chain: The chain.
        packet: The volley.
        gate: An Inhibition or Shunt without times, for example sf.Inhibition(depth=1.25).
        before: How long before the arrival the gate starts [ms]; a start before the run is its beginning.
        after: How long after it the gate ends [ms], > -before.
        window, t, h, dt: Of the ungated run, as for `propagate`; without t it goes on until the volley is over.

    Returns:
        The sum of one gate for each layer.

    Raises:
        ParameterError: a gate with times of its own, a window that ends before it begins, or a volley that is dead
            (its rate stays below .1 Hz) in some layer without a gate.

    Example:
        >>> import synfer as sf
        >>> chain = sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-61.79, 2.85), weight=0.158, tau_s=0.325, layers=2)
        >>> volley = sf.PulsePacket(a=90, sigma_t=1, t0=10)
        >>> [part.layers for part in sf.gate_windows(chain, volley, sf.Inhibition(1.25), before=5, after=5).parts]
        [(1,), (2,)]
    """
    if len(parts_of(gate)) != 1 or isinstance(gate, Drive) or gate.timed or gate.lag or gate.layers is not None:
        raise ParameterError(f"gate = {gate!r} must be one Inhibition or Shunt without on, off, lag and layers")
    if not before + after > 0:
        raise ParameterError(f"before = {before:g} ms and after = {after:g} ms leave no window; their sum must be > 0")
    times = arrivals(chain, packet, Engine(window, t, h, dt))
    if np.any(times + after <= 0):
        raise ParameterError(f"after = {after:g} ms ends a window before the run begins; raise it, or the packet's t0")
    return Drive(
        tuple(
            gate.replace(on=max(0.0, float(time - before)), off=float(time + after), layers=(layer,))
            for layer, time in enumerate(times, start=1)
        )
    )


def arrivals(chain: SynfireChain, packet: PulsePacket, engine: Engine) -> np.ndarray:
    """Mean times [ms] of an ungated volley in every layer; a ParameterError where it is dead."""
    times = ungated(chain, packet, engine).t_packet.values
    if np.isnan(times).any():
        raise ParameterError(
            f"{packet} is dead by layer {int(np.argmax(np.isnan(times))) + 1} without a gate, so that it has no "
            "arrival there; raise a, or the weight of the chain"
        )
    return times
