"""A neuron with a slow variable w as its kernels see it.

    tau dw/dt = gain min(V, V_clip) + offset - w

is relaxed in half steps at fixed V around the motion of V at fixed w: every step is a palindrome, of second order
in dt. Flows that do not involve w are merged across step boundaries, as in `synfer.population.spiking.advance`:

    HARD       W/2  L  W/2                       L: Ornstein-Uhlenbeck step, crossings by the bridge
    SODIUM     S/2  W/2  L  W/2  S/2             S: sodium flow, merged with that of the next step
    QUADRATIC  N/2  W/2  Q  W/2  N/2             Q: flow of the parabola under all drives; N: noise, merged

w is float64 whatever the type of the membrane: a step moves it by dt/tau of itself.
"""

from typing import NamedTuple

import numpy as np

from synfer.core.errors import ParameterError
from synfer.population.spiking.coefficients import Frame, Inputs, Neuron, Slow, coefficients, mean_decay
from synfer.population.spiking.events import FREE
from synfer.population.spiking.tile import aligned

HARD, SODIUM, QUADRATIC = range(3)
DECAY, NOISE, THIRD, FOURTH, LAMBDA, DRIVE, VARIANCE, MEAN_DECAY, COUPLING = range(9)
"""Columns of `table`: the first four are those of `coefficients.hot` without the drive, or of `_parabola`."""
MOST_SPIKES = 8
"""Spikes of a neuron in one step, after which it is given up as not finite."""
LARGEST_TURN = 0.5
"""Largest z = curvature E (dt/tau_m)^2 of a step; the flow of the parabola is then right to 3e-9, 1e-12 at z = .1."""
RESTING = Slow(1.0, 0.0, 0.0, 0.0, 0.0)
"""The slow variable of a neuron that has none."""


class SlowLanes(NamedTuple):
    """The state of a population, tile by tile: as `Lanes`, and w."""

    x: np.ndarray  # (tiles, W)
    release: np.ndarray  # (tiles, W) int64, quanta
    words: np.ndarray  # (tiles, 2 W) uint32
    w: np.ndarray  # (tiles, W) float64 mV; of a refractory neuron with the jump of its spike


class SlowCell(NamedTuple):
    """A neuron in the coordinate of the kernels; time in steps, w in mV."""

    kind: int
    reset: float
    top: float  # V_top
    wait: float  # t_ref / dt
    bridge: bool
    jump: float
    pace: float  # dt / tau
    half: float  # 1 - exp(-dt / (2 tau))
    gain: float  # target(x) = gain min(x, clip) + offset
    offset: float
    clip: float


class SlowScratch(NamedTuple):
    """Work space of one tile."""

    before: np.ndarray  # (W,) x at the start of the step
    middle: np.ndarray  # (W,) w after its first half step
    marks: np.ndarray  # (W,) uint8
    marks_by_eight: np.ndarray  # the same bytes as uint64
    found: np.ndarray  # (W,) int64, marked lanes
    fired: np.ndarray  # (1,) int64, spikes since the latest look, whose
    fired_lane: np.ndarray  # (room,) int64
    fired_time: np.ndarray  # (room,) float64
    mean_drive: np.ndarray  # (W,) what a step gives to all lanes, if it is the same for all
    drive: np.ndarray  # (W,) float64, the same per step at rate


def slow_scratch(width: int, real: type) -> SlowScratch:
    """Scratch for tiles of so many lanes."""
    # By a kick, by a crossing, and on the way from V_reset.
    marks, room = aligned(width, np.uint8), (2 * MOST_SPIKES + 2) * width
    return SlowScratch(
        aligned(width, real), aligned(width, np.float64), marks, marks.view(np.uint64), np.empty(width, np.int64),
        np.zeros(1, np.int64), np.empty(room, np.int64), np.empty(room), aligned(width, real),
        aligned(width, np.float64),
    )  # fmt: skip


def kind_of(neuron: Neuron) -> int:
    """Which kernel a neuron needs."""
    return QUADRATIC if neuron.curvature > 0 else SODIUM if neuron.Delta_T > 0 else HARD


def free_lanes(release: np.ndarray) -> np.ndarray:
    """1.0 where w relaxes, 0.0 where it rests."""
    live = aligned(release.shape, np.float64)
    live[...] = release == FREE
    return live


def slow_cell(neuron: Neuron, frame: Frame, top: float, dt: float, bridge: bool) -> SlowCell:
    """The neuron in its coordinate.

    Args:
        top: V_top in x, as the kernels use it.

    Raises:
        ParameterError: a parabola with a refractory time.
    """
    if neuron.curvature > 0 and neuron.t_ref > 0:
        raise ParameterError(f"t_ref = {neuron.t_ref} ms of a neuron with a parabola must be 0 ms")
    slow = neuron.slow or RESTING
    return SlowCell(
        kind=kind_of(neuron),
        reset=float(frame.to_x(neuron.V_reset)),
        top=top,
        wait=neuron.t_ref / dt,
        bridge=bridge,
        jump=slow.jump,
        pace=dt / slow.tau,
        half=float(-np.expm1(-0.5 * dt / slow.tau)),
        gain=slow.gain * frame.unit,
        offset=slow.gain * frame.V_ref + slow.offset,
        clip=float(frame.to_x(slow.V_clip)),
    )


def table(
    neuron: Neuron, inputs: Inputs, frame: Frame, top: float, dt: float, cut: np.ndarray, real: type
) -> np.ndarray:
    """What every step takes from its inputs, (steps, 9) float64; arguments as of `coefficients`."""
    if neuron.curvature > 0:
        return _parabola(neuron, inputs, dt, cut)
    hot, cold = coefficients(neuron, inputs, frame, top, dt, cut, real)
    coupling = np.full(len(hot), dt / neuron.tau_m / frame.unit)
    return np.column_stack([hot[:, [0, 2, 3, 4]], cold, mean_decay(cold[:, 0]), coupling])


def _parabola(neuron: Neuron, inputs: Inputs, dt: float, cut: np.ndarray) -> np.ndarray:
    """Per step y' = alpha y^2 + e, y = x + shift measured from the vertex, which a shunt moves.

    Columns alpha, noise at the end of the step, shift, noise at its start if cut there; drive e. The noise at a
    boundary that is not cut is that of two half steps.
    """
    rate = dt / neuron.tau_m
    linear = neuron.slope - 1.0 - inputs.g
    energy = neuron.psi_0 + inputs.mu + inputs.gE - linear**2 / (4.0 * neuron.curvature)
    turn = neuron.curvature * np.abs(energy).max(initial=0.0) * rate**2
    if turn > LARGEST_TURN:
        raise ParameterError(
            f"dt = {dt:g} ms is too long for a drive of {np.abs(energy).max():.3g} mV beyond the vertex of psi; "
            f"lower dt below {0.99 * dt * (LARGEST_TURN / turn) ** 0.5:.2g} ms"
        )
    half = rate * inputs.sigma**2
    after = np.where(cut[1:], 0.0, np.append(half[1:], 0.0))
    ones, none = np.ones(len(half)), np.zeros(len(half))
    shift = -inputs.g / (2.0 * neuron.curvature)
    return np.column_stack(
        [neuron.curvature * rate * ones, np.sqrt(half + after), shift, np.sqrt(half), none, rate * energy, none, ones,
         rate * ones]
    )  # fmt: skip
