"""What a switch costs: charge, spikes and ATP, beside what the volley costs that it stops."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.errors import MeshError, NumericalError, ParameterError
from synfer.core.results import dataset
from synfer.population.chain import SynfireChain
from synfer.population.drive import Drive, Gate, Noise, PulsePacket, Shunt
from synfer.population.energy import EnergyBudget, atp_of_inhibition, atp_of_spikes
from synfer.population.gating.strength import Template, parts_of
from synfer.population.packets.launch import Engine, check_chain, check_one, check_packet
from synfer.population.signals import signals
from synfer.population.verbs import evolve
from synfer.population.verbs.mesh import Mesh
from synfer.population.verbs.outcome import FAILED


def cost(
    chain: SynfireChain,
    packet: PulsePacket,
    gate: Template,
    *,
    t: float,
    disfacilitation: bool = False,
    g_L: float = 10.0,
    budget: EnergyBudget | None = None,
    window: str | float = "evoked",
    h: float | Mesh | None = None,
    dt: float = 0.05,
) -> xr.Dataset:
    """The price of a gate on a chain during a run of t ms, per neuron and layer.

        charge of the gate  int d dt + int g |<V> - E_rev| dt        excitatory charge of the volley  tau_m A a/N

    <V> is the mean of the membrane under the gate, with the volley, over neurons that are not refractory. Ions that
    flow out of a shunt where <V> lies below E_rev have to be brought back as those that flow in: both ways cost, and
    parts of a gate add up. Where V spreads to both sides of E_rev this is a lower bound. Charges in mV ms are those of
    tau_m dV/dt; times g_L they are pA ms. A sustained gate is paid for all of the run.

    Args:
        chain: The chain.
        packet: The volley.
        gate: An Inhibition, a Shunt or a sum of one kind.
        t: Duration of the run [ms].
        disfacilitation: Whether layers that the gate silences leave the next ones without their drive.
        g_L: Leak conductance of a neuron [nS].
        budget: What ions and spikes cost; default `EnergyBudget.howarth2012()`.
        window, h, dt: As for `propagate`.

    Returns:
        Dataset by layer of
        `charge` [mV ms], `charge_pA` [pA ms], `atp` [ATP]: of the gate, per neuron;
        `volley_charge` [mV ms], `volley_atp` [ATP]: of the volley without the gate, per neuron: the excitation that it
        brings into the layer, and the spikes that it is there;
        `charge_fraction`, `atp_fraction`: the first over the second;
        `quiet_suppressed`, `volley_suppressed` [spikes per neuron]: background and volley spikes that the gate takes;
        `atp_saved` [ATP]: what these would have cost;
        `mesh_error` of neurons with a slow variable, the larger of both runs.

    Raises:
        ParameterError: a mixed gate, times that do not fit the step, sequences, a packet that is not one PulsePacket.
        NumericalError, MeshError: a run that did not stay finite, or in its columns.

    Example:
        >>> import synfer as sf
        >>> chain = sf.SynfireChain(sf.LIF.diesmann1999(), sf.Noise(-61.79, 2.85), weight=0.158, tau_s=0.325, layers=2)
        >>> volley = sf.PulsePacket(a=90, sigma_t=1, t0=10)
        >>> price = sf.cost(chain, volley, sf.Inhibition(2, on=5, off=25), t=40, h=0.2, dt=0.1)
        >>> price.charge.values.round(6).tolist()
        [40.0, 40.0]
    """
    check_one("cost", chain=chain, packet=packet, gate=gate, disfacilitation=disfacilitation)
    gates = parts_of(gate)
    check_chain(chain)
    check_packet(packet)
    if any(population.neuron.background == "current" for population in chain.network().populations):
        raise ParameterError("cost is for neurons with a leak, whose conductance turns mV into pA; these have none")
    if not g_L > 0:
        raise ParameterError(f"g_L = {g_L:g} nS must be > 0 nS")
    budget = EnergyBudget.howarth2012() if budget is None else budget
    if not isinstance(budget, EnergyBudget):
        raise ParameterError(f"budget = {budget!r} must be an EnergyBudget; for example sf.EnergyBudget.attwell2001()")
    engine = Engine(window, t, h, dt)
    run = evolve(chain, packet, gate=[None, gate], disfacilitation=disfacilitation, **engine._asdict())
    if (run.status == FAILED).any():
        raise MeshError(next(filter(None, run.attrs["reasons"])))
    if (failed := int((run.status != 0).sum())) > 0:
        raise NumericalError(f"{failed} of {run.status.size} layers did not stay finite; lower dt or h")
    open_, gated = run.isel(point=0), run.isel(point=1)
    charge = np.array([_charge(gates, i + 1, gated.isel(layer=i), dt) for i in range(chain.layers)])
    step = np.diff(gated.time.values)
    quiet = open_.quiet_rate.values - gated.quiet_rate.values
    background = (0.5 * (quiet[:, 1:] + quiet[:, :-1]) * step).sum(axis=1) / 1000
    taken = (open_.a.values - gated.a.values) / chain.width
    excitation = volley_charge(chain, packet, open_.a.values)
    spikes = open_.a.values / chain.width
    atp, own = atp_of_inhibition(charge, budget, g_L=g_L), atp_of_spikes(spikes, budget)
    variables: dict[str, Any] = {
        "charge": charge, "charge_pA": charge * g_L, "atp": atp,
        "volley_charge": excitation, "volley_atp": own,
        "charge_fraction": _over(charge, excitation), "atp_fraction": _over(atp, own),
        "quiet_suppressed": background, "volley_suppressed": taken,
        "atp_saved": atp_of_spikes(background + taken, budget),
    }  # fmt: skip
    if "mesh_error" in run:
        variables["mesh_error"] = run.mesh_error.max("point").values
    asked = {"chain": chain, "packet": packet, "gate": gate, "disfacilitation": disfacilitation, "g_L": g_L}
    return dataset(
        {name: (("layer",), values) for name, values in variables.items()},
        {"layer": (("layer",), run.layer.values)},
        verb="cost",
        spec=asked | {"budget": budget} | {k: v for k, v in engine._asdict().items() if v is not None},
        warnings=run.attrs["warnings"],
    )


def volley_charge(chain: SynfireChain, packet: PulsePacket, a: np.ndarray) -> np.ndarray:
    """Excitatory charge [mV ms] per neuron that a volley, `a` [spikes] by layer, brings into every layer.

    tau_m A a/N of what enters the layer: the packet, then what the layer before sends on.
    """
    arriving = np.concatenate([[packet.a], a[:-1]])
    neurons = chain.neuron if isinstance(chain.neuron, tuple) else (chain.neuron,) * chain.layers
    return np.array([neuron.tau_m for neuron in neurons]) * chain.A * arriving / chain.width


def _charge(gates: Sequence[Gate], layer: int, gated: xr.Dataset, dt: float) -> float:
    """Charge [mV ms] that flows through a layer's gates, in or out, over a run recorded at every step."""
    edges, V = gated.time.values, gated.V_mean.values
    steps, middle, total = (edges.size - 1, 1), 0.5 * (V[1:] + V[:-1]), 0.0
    for part in (part for gate in gates if (part := gate.at(layer, layer)) is not None):
        signal = signals(Drive((Noise(0.0, 1.0), part)), 1.0, edges)
        mu, g, gE = (np.broadcast_to(x, steps)[:, 0] for x in (signal.mu, signal.g, signal.gE))
        total += float(np.sum(np.abs(g * middle - gE) if isinstance(part, Shunt) else -mu) * dt)
    return total


def _over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part/whole; inf where a layer has nothing to compare with."""
    return np.divide(part, whole, out=np.full(part.shape, np.inf), where=whole > 0)
