"""synfer: how a neural population gates information, and what it believes.

    import synfer as sf
    eif = sf.EIF.fourcaud2003()
    rest = sf.Noise(mu=-65, sigma=3)
    sf.stationary(eif, rest).V_sd, sf.stationary(eif, rest + sf.Inhibition(depth=2)).V_sd

Names load on first use, so importing synfer costs neither numba nor matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synfer import plot as plot
    from synfer.core.compare import compare as compare
    from synfer.core.errors import MeshError as MeshError
    from synfer.core.errors import NumericalError as NumericalError
    from synfer.core.errors import ParameterError as ParameterError
    from synfer.core.errors import SweepIncomplete as SweepIncomplete
    from synfer.core.errors import SynferError as SynferError
    from synfer.core.errors import SynferWarning as SynferWarning
    from synfer.core.errors import UsageError as UsageError
    from synfer.inference.aberrant import CuedChoice as CuedChoice
    from synfer.inference.aberrant import condition as condition
    from synfer.inference.aberrant import counter_shift as counter_shift
    from synfer.inference.aberrant import displace_decisions as displace_decisions
    from synfer.inference.aberrant import displace_states as displace_states
    from synfer.inference.aberrant import draw_percepts as draw_percepts
    from synfer.inference.aberrant import percept_rate as percept_rate
    from synfer.inference.aberrant import rescue as rescue
    from synfer.inference.agent import RiskModulation as RiskModulation
    from synfer.inference.agent import learn as learn
    from synfer.inference.agent import learn_maze as learn_maze
    from synfer.inference.agent import maze_model as maze_model
    from synfer.inference.beliefs import draw as draw
    from synfer.inference.beliefs import free_energy as free_energy
    from synfer.inference.beliefs import infer as infer
    from synfer.inference.beliefs import learn_online as learn_online
    from synfer.inference.beliefs import sampling_law as sampling_law
    from synfer.inference.beliefs import update_counts as update_counts
    from synfer.inference.equivalence import check_equivalence as check_equivalence
    from synfer.inference.equivalence import correspondence as correspondence
    from synfer.inference.equivalence import cost_exists as cost_exists
    from synfer.inference.equivalence import to_model as to_model
    from synfer.inference.equivalence import to_network as to_network
    from synfer.inference.hitting import hitting_time as hitting_time
    from synfer.inference.model import GenerativeModel as GenerativeModel
    from synfer.inference.network import CanonicalNetwork as CanonicalNetwork
    from synfer.inference.network import EligibilityTrace as EligibilityTrace
    from synfer.inference.network import Neuromodulator as Neuromodulator
    from synfer.inference.network import activity as activity
    from synfer.inference.network import adapt as adapt
    from synfer.inference.network import neural_cost as neural_cost
    from synfer.inference.network import plasticity as plasticity
    from synfer.inference.planning import Pomdp as Pomdp
    from synfer.inference.planning import compare_habit as compare_habit
    from synfer.inference.planning import expected_free_energy as expected_free_energy
    from synfer.inference.planning import t_maze_pomdp as t_maze_pomdp
    from synfer.inference.prediction import predict_learning as predict_learning
    from synfer.inference.prediction import prediction_error as prediction_error
    from synfer.inference.priors import decision_frequency as decision_frequency
    from synfer.inference.priors import estimate_prior as estimate_prior
    from synfer.inference.priors import prior_recovery as prior_recovery
    from synfer.inference.recordings import ImplicitFreeEnergy as ImplicitFreeEnergy
    from synfer.inference.recordings import check_responses as check_responses
    from synfer.inference.recordings import recovery as recovery
    from synfer.inference.recordings import responses as responses
    from synfer.inference.recordings import shift_recovery as shift_recovery
    from synfer.inference.recordings import synthetic_cultures as synthetic_cultures
    from synfer.inference.separation import residual_prior as residual_prior
    from synfer.inference.separation import separate as separate
    from synfer.inference.separation import source_correlation as source_correlation
    from synfer.inference.separation import source_model as source_model
    from synfer.inference.separation import synapse_error as synapse_error
    from synfer.inference.tasks import Maze as Maze
    from synfer.inference.tasks import Sources as Sources
    from synfer.inference.tasks import TMaze as TMaze
    from synfer.inference.tasks import check_task as check_task
    from synfer.io.responses import from_neo as from_neo
    from synfer.io.responses import load_responses as load_responses
    from synfer.io.responses import save_responses as save_responses
    from synfer.io.responses import to_neo as to_neo
    from synfer.population.chain import Network as Network
    from synfer.population.chain import Population as Population
    from synfer.population.chain import Projection as Projection
    from synfer.population.chain import SynfireChain as SynfireChain
    from synfer.population.controls import noise_for_rate as noise_for_rate
    from synfer.population.controls import rate_matched as rate_matched
    from synfer.population.drive import Current as Current
    from synfer.population.drive import Drive as Drive
    from synfer.population.drive import Inhibition as Inhibition
    from synfer.population.drive import Noise as Noise
    from synfer.population.drive import PulsePacket as PulsePacket
    from synfer.population.drive import Shunt as Shunt
    from synfer.population.drive import Timeseries as Timeseries
    from synfer.population.energy import EnergyBudget as EnergyBudget
    from synfer.population.gating import closing_charge as closing_charge
    from synfer.population.gating import closing_depth as closing_depth
    from synfer.population.gating import cost as cost
    from synfer.population.gating import gate_windows as gate_windows
    from synfer.population.gating import gating_curve as gating_curve
    from synfer.population.neurons import EIF as EIF
    from synfer.population.neurons import LIF as LIF
    from synfer.population.neurons import AdaptiveEIF as AdaptiveEIF
    from synfer.population.neurons import AdaptiveLIF as AdaptiveLIF
    from synfer.population.neurons import AdaptiveLinearisedEIF as AdaptiveLinearisedEIF
    from synfer.population.neurons import Izhikevich as Izhikevich
    from synfer.population.neurons import LinearisedEIF as LinearisedEIF
    from synfer.population.packets import critical_packet as critical_packet
    from synfer.population.packets import critical_weight as critical_weight
    from synfer.population.packets import state_plane as state_plane
    from synfer.population.packets import survival as survival
    from synfer.population.verbs import evolve as evolve
    from synfer.population.verbs import propagate as propagate
    from synfer.population.verbs import response as response
    from synfer.population.verbs import simulate as simulate
    from synfer.population.verbs import stationary as stationary
    from synfer.population.verbs.mesh import Mesh as Mesh
    from synfer.study.catalog import experiments as experiments
    from synfer.study.runner import run as run
    from synfer.study.sweep import Sweep as Sweep
    from synfer.study.sweep import sweep as sweep

_HOME = {
    "synfer.core.compare": ("compare",),
    "synfer.core.errors": (
        "MeshError",
        "NumericalError",
        "ParameterError",
        "SweepIncomplete",
        "SynferError",
        "SynferWarning",
        "UsageError",
    ),
    "synfer.population.chain": ("Network", "Population", "Projection", "SynfireChain"),
    "synfer.population.controls": ("noise_for_rate", "rate_matched"),
    "synfer.population.drive": ("Current", "Drive", "Inhibition", "Noise", "PulsePacket", "Shunt", "Timeseries"),
    "synfer.population.energy": ("EnergyBudget",),
    "synfer.population.gating": ("closing_charge", "closing_depth", "cost", "gate_windows", "gating_curve"),
    "synfer.population.neurons": (
        "EIF",
        "LIF",
        "AdaptiveEIF",
        "AdaptiveLIF",
        "AdaptiveLinearisedEIF",
        "Izhikevich",
        "LinearisedEIF",
    ),
    "synfer.population.packets": ("critical_packet", "critical_weight", "state_plane", "survival"),
    "synfer.population.verbs.mesh": ("Mesh",),
    "synfer.population.verbs": ("evolve", "propagate", "response", "simulate", "stationary"),
    "synfer.inference.model": ("GenerativeModel",),
    "synfer.inference.beliefs": (
        "draw",
        "free_energy",
        "infer",
        "learn_online",
        "sampling_law",
        "update_counts",
    ),
    "synfer.inference.network": (
        "CanonicalNetwork",
        "EligibilityTrace",
        "Neuromodulator",
        "activity",
        "adapt",
        "neural_cost",
        "plasticity",
    ),
    "synfer.inference.equivalence": (
        "check_equivalence",
        "correspondence",
        "cost_exists",
        "to_model",
        "to_network",
    ),
    "synfer.inference.tasks": (
        "Maze",
        "Sources",
        "TMaze",
        "check_task",
    ),
    "synfer.inference.hitting": ("hitting_time",),
    "synfer.inference.agent": (
        "RiskModulation",
        "learn",
        "learn_maze",
        "maze_model",
    ),
    "synfer.inference.planning": (
        "Pomdp",
        "compare_habit",
        "expected_free_energy",
        "t_maze_pomdp",
    ),
    "synfer.inference.aberrant": (
        "CuedChoice",
        "condition",
        "counter_shift",
        "displace_decisions",
        "displace_states",
        "draw_percepts",
        "percept_rate",
        "rescue",
    ),
    "synfer.inference.priors": (
        "decision_frequency",
        "estimate_prior",
        "prior_recovery",
    ),
    "synfer.inference.prediction": (
        "predict_learning",
        "prediction_error",
    ),
    "synfer.inference.recordings": (
        "ImplicitFreeEnergy",
        "check_responses",
        "recovery",
        "responses",
        "shift_recovery",
        "synthetic_cultures",
    ),
    "synfer.inference.separation": (
        "residual_prior",
        "separate",
        "source_correlation",
        "source_model",
        "synapse_error",
    ),
    "synfer.io.responses": (
        "from_neo",
        "load_responses",
        "save_responses",
        "to_neo",
    ),
    "synfer.study.catalog": ("experiments",),
    "synfer.study.runner": ("run",),
    "synfer.study.sweep": ("Sweep", "sweep"),
}
_WHERE = {name: module for module, names in _HOME.items() for name in names}

__all__ = [
    "EIF",
    "LIF",
    "AdaptiveEIF",
    "AdaptiveLIF",
    "AdaptiveLinearisedEIF",
    "CanonicalNetwork",
    "CuedChoice",
    "Current",
    "Drive",
    "EligibilityTrace",
    "EnergyBudget",
    "GenerativeModel",
    "ImplicitFreeEnergy",
    "Inhibition",
    "Izhikevich",
    "LinearisedEIF",
    "Maze",
    "Mesh",
    "MeshError",
    "Network",
    "Neuromodulator",
    "Noise",
    "NumericalError",
    "ParameterError",
    "Pomdp",
    "Population",
    "Projection",
    "PulsePacket",
    "RiskModulation",
    "Shunt",
    "Sources",
    "Sweep",
    "SweepIncomplete",
    "SynferError",
    "SynferWarning",
    "SynfireChain",
    "TMaze",
    "Timeseries",
    "UsageError",
    "activity",
    "adapt",
    "check_equivalence",
    "check_responses",
    "check_task",
    "closing_charge",
    "closing_depth",
    "compare",
    "compare_habit",
    "condition",
    "correspondence",
    "cost",
    "cost_exists",
    "counter_shift",
    "critical_packet",
    "critical_weight",
    "decision_frequency",
    "displace_decisions",
    "displace_states",
    "draw",
    "draw_percepts",
    "estimate_prior",
    "evolve",
    "expected_free_energy",
    "experiments",
    "free_energy",
    "from_neo",
    "gate_windows",
    "gating_curve",
    "hitting_time",
    "infer",
    "learn",
    "learn_maze",
    "learn_online",
    "load_responses",
    "maze_model",
    "neural_cost",
    "noise_for_rate",
    "percept_rate",
    "plasticity",
    "plot",
    "predict_learning",
    "prediction_error",
    "prior_recovery",
    "propagate",
    "rate_matched",
    "recovery",
    "rescue",
    "residual_prior",
    "response",
    "responses",
    "run",
    "sampling_law",
    "save_responses",
    "separate",
    "shift_recovery",
    "simulate",
    "source_correlation",
    "source_model",
    "state_plane",
    "stationary",
    "survival",
    "sweep",
    "synapse_error",
    "synthetic_cultures",
    "t_maze_pomdp",
    "to_model",
    "to_neo",
    "to_network",
    "update_counts",
]


def __getattr__(name: str) -> Any:
    if name == "plot":
        return import_module("synfer.plot")
    if name == "__version__":
        from synfer.core.results import version

        return version()
    if name in _WHERE:
        value = getattr(import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    from synfer.core.errors import did_you_mean

    raise AttributeError(f"synfer has no name {name!r}{did_you_mean(name, _WHERE)}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
