"""Is the cost of a canonical network the free energy of a generative model?

The claim (Isomura, Shimazaki & Friston 2022): any network whose activity and plasticity descend one cost infers and
learns under a generative model, whose free energy that cost is. Here random networks, of one layer or two, with and
without recurrent synapses, with thresholds of any size, are translated into models. Cost and free energy are computed
by code that shares no arithmetic, on arbitrary trajectories, and compared term by term; derivatives are taken by
complex steps of the cost, written out a second time; posteriors are held against the enumeration of all states. Every
rule is broken once: the identities must notice.
"""

import xarray as xr

from synfer.study.catalog.equivalence import parts
from synfer.study.catalog.equivalence.figures import figures
from synfer.study.catalog.equivalence.spec import PRESETS, Spec
from synfer.study.catalog.equivalence.verdict import verdict
from synfer.study.experiment import Progress, in_stages

__all__ = ["NAME", "PRESETS", "TITLE", "Spec", "figures", "run", "verdict"]

NAME = "equivalence"
TITLE = "The cost of a canonical network is the free energy of a generative model, term by term"

ONE = {"units": "1"}
LABELS = {
    "error": ONE | {"long_name": "difference over the sum of absolute terms"},
    "sham_error": ONE | {"long_name": "difference over the sum of absolute terms, one rule broken"},
    "L": {"units": "nats", "long_name": "neural cost"},
    "F": {"units": "nats", "long_name": "free energy"},
    "round_trip": ONE | {"long_name": "largest relative change of a weight"},
    "identity": ONE | {"long_name": "identity"},
    "term": ONE | {"long_name": "term"},
    "sham": ONE | {"long_name": "rule that is broken"},
    "hold": ONE | {"long_name": "length of each input over the time constant of a neuron"},
    "distance": ONE | {"long_name": "largest distance of firing from the posterior"},
    "excess": ONE | {"long_name": "excess of abs(u - I) over its bound, relative"},
    "trace_error": ONE | {"long_name": "traces against batch, largest relative difference"},
    "counts_error": ONE | {"long_name": "synapses against counts, largest relative difference"},
    "marginal_error": ONE | {"long_name": "posterior against enumeration, largest difference"},
    "least_error": ONE | {"long_name": "free energy against enumeration, largest relative difference"},
    "beyond": {"units": "nats", "long_name": "rise of the free energy with other beliefs"},
    "coupling": ONE | {"long_name": "coupling between neurons"},
    "cost_exists": ONE | {"long_name": "whether a cost exists"},
    "asymmetry": ONE | {"long_name": "largest asymmetry of the Jacobian"},
    "reason": ONE | {"long_name": "why"},
    "row_network": ONE | {"long_name": "part of the network"},
    "row_network_values": ONE | {"long_name": "its numbers"},
    "row_model": ONE | {"long_name": "part of the model"},
    "row_model_values": ONE | {"long_name": "its numbers"},
}

STAGES = {
    "identities": parts.identities,
    "rules broken": parts.shams,
    "settling": parts.settling,
    "learning": parts.learning,
    "enumeration": parts.enumeration,
    "existence of a cost": parts.existence,
    "correspondence": parts.table,
}


def run(spec: Spec, progress: Progress) -> xr.Dataset:
    """All parts in one dataset."""
    return in_stages(STAGES, lambda part, ds: part(spec), LABELS, progress)
