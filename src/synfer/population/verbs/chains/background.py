"""What a projection of spikes has to have subtracted, so that only what exceeds the quiet twin is transmitted.

In `simulate` every spike is transmitted, the spontaneous ones too, whose mean is part of the noise's mu already. What
counts as quiet is expected, not drawn: exact theory where it is constant, the density where a gate moves it.
"""

from typing import Any

import numpy as np

from synfer.core.errors import MeshError, NumericalError
from synfer.population import density
from synfer.population.chain import Projection
from synfer.population.synapse import volley_cumulative
from synfer.population.verbs.chains import batch
from synfer.population.verbs.chains.case import Case
from synfer.population.verbs.chains.lanes import Lowered, lower
from synfer.population.verbs.common import Points
from synfer.population.verbs.mesh import Cells
from synfer.population.verbs.slow_results import LOST, beyond

TWIN_STEP = 0.05
"""Steps [ms] of the densities of quiet twins, at most."""


def resting_cells(case: Case, points: Points) -> list[Cells | None]:
    """The meshes on which populations with a slow variable are at rest; none for a network without any."""
    if all(population.neuron.slow is None for population in case.network.populations):
        return [None] * len(case.drives)
    return [lane.mesh for lane in lower(_unheard(case), None, points).lanes[: len(case.drives)]]


def _unheard(case: Case) -> Case:
    """The same without volleys: every population is its own quiet twin."""
    return case._replace(volleys=[() for _ in case.volleys])


def quiet_rates(case: Case, start: np.ndarray, points: Points, steps: int, dt: float) -> np.ndarray:
    """Expected rates [1/ms] of the quiet twins in each step, (P, steps); `start` are those at rest."""
    if all(case.steady):
        return np.repeat(start[:, None], steps, axis=1)
    stride = max(k for k in range(1, max(1, int(TWIN_STEP / dt + 1e-9)) + 1) if steps % k == 0)
    lowered = lower(_unheard(case), None, points)
    alone = not (case.disfacilitation and case.gated) and lowered.slow
    ran = batch.run([_twins(lowered) if alone else lowered], steps=steps // stride, dt=stride * dt)
    if ran.records.status.any():
        raise NumericalError("the quiet twins did not stay finite; lower dt, and look for extreme parameters")
    worst = max(batch.ends(ran, 0), key=lambda end: end[1], default=None)
    if worst is not None and worst[1] > LOST:
        raise MeshError(f"under the gate {beyond(*worst)}; weaken it, or evolve with a wider h=sf.Mesh(w_range=...)")
    if not alone:
        return np.repeat(ran.flux[ran.own(0)], stride, axis=1)
    constant = np.repeat(start[:, None], steps, axis=1)
    lane = np.searchsorted(np.unique(lowered.twin[lowered.twin >= 0]), lowered.twin)
    moved = np.repeat(ran.flux, stride, axis=1)[np.minimum(lane, len(ran.flux) - 1)]
    return np.where(lowered.twin[:, None] < 0, constant, moved)


def _twins(lowered: Lowered) -> Lowered:
    """The twins alone, each once, which nothing moves but its gate: densities over V and w are dear."""
    kept = np.unique(lowered.twin[lowered.twin >= 0])
    initial = lowered.initial
    return lowered._replace(
        lanes=[lowered.lanes[i] for i in kept],
        twin=np.full(len(kept), -1),
        synapses=density.Synapses(*(column[:0] for column in lowered.synapses)),
        initial=density.State(initial.p[kept], initial.queue[kept], initial.rate[kept]),
    )


def background(case: Case, quiet: np.ndarray, start: np.ndarray, dt: float) -> np.ndarray:
    """Input [mV] to add to every population in each step, (P, steps): minus the quiet part of its projections.

    Args:
        case: the network.
        quiet: rates [1/ms] that projections subtract in each step, (P, steps).
        start: rates [1/ms] at which populations start, (P,): no spikes are drawn from before the run, so what they
            would still have transmitted is added.
        dt: step [ms].
    """
    time = (np.arange(quiet.shape[1]) + 0.5) * dt
    out = np.zeros_like(quiet)
    for source, target, projection in case.projections():
        strength = case.network.populations[target].neuron.tau_m * case.strength(source, projection)
        arrived = volley_cumulative(time - projection.delay, 0.0, projection.kernel, projection.tau_s, projection.tau_r)
        out[target] += strength * (start[source] * (1 - arrived) - _filtered(quiet[source], projection, dt))
    return out


def _filtered(rate: np.ndarray, projection: Projection, dt: float) -> np.ndarray:
    """k * rate in the middle of each step, after a constant past: exact one-pole filters in turn."""
    times = {
        "alpha": (projection.tau_s, projection.tau_s),
        "biexponential": (projection.tau_r, projection.tau_s),
        "exponential": (projection.tau_s,),
        "delta": (),
    }[projection.kernel]
    time = (np.arange(len(rate)) + 0.5) * dt
    signal = np.interp(time - projection.delay, time, rate)
    for tau in times:
        keep = np.exp(-dt / float(tau or 0))
        signal = _one_pole(signal, keep)
    return signal


def _one_pole(signal: np.ndarray, keep: float) -> np.ndarray:
    """Exponential filter that has rested at the first value."""
    from scipy.signal import lfilter  # slow to import, and needed here alone

    filtered: Any = lfilter([(1 - keep) / 2, (1 - keep) / 2], [1, -keep], signal - signal[0])
    return signal[0] + filtered
