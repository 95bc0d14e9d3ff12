"""Does a displaced prior hallucinate, a displaced habit persevere, and does a counter-shift of the threshold cure both?

The outlook of Isomura, Shimazaki & Friston (2022): thresholds hold priors, so that a displaced threshold
phi1 - phi0 = logit D is a false belief before any input. Networks with displaced thresholds perceive what is not there
and miss what is; learn meanwhile; have thresholds that are frozen while synapses learn; choose by displaced habits; and
are modulated too early, too late, or not at all. Rates of percepts are held against enumeration of the model's inputs.
The rescue is computed from what a network does, without knowing what was done to it. Every claim has a sham.
"""

import xarray as xr

from synfer.study.catalog.aberrant_priors import behaviour, learning, percepts
from synfer.study.catalog.aberrant_priors.figures import figures
from synfer.study.catalog.aberrant_priors.labels import LABELS
from synfer.study.catalog.aberrant_priors.spec import PRESETS, Spec
from synfer.study.catalog.aberrant_priors.verdict import verdict
from synfer.study.experiment import Progress, in_stages

__all__ = ["NAME", "PRESETS", "TITLE", "Spec", "figures", "run", "verdict"]

NAME = "aberrant-priors"
TITLE = "Displaced priors make false percepts and habits, which a computed counter-shift of the threshold undoes"

STAGES = {
    "percepts against displacement": percepts.detection,
    "counter-shifts": percepts.rescued,
    "recurrent synapses": percepts.recurrent,
    "learning under a displaced prior": learning.drift,
    "thresholds that follow activity": learning.self_confirming,
    "thresholds that are frozen": learning.frozen,
    "habits": behaviour.perseveration,
    "modulation": behaviour.modulation,
}


def run(spec: Spec, progress: Progress) -> xr.Dataset:
    """All parts in one dataset."""
    ds = in_stages(STAGES, lambda part, ds: part(spec), LABELS, progress)
    ds.attrs = {"reversal": spec.sessions[0]}
    return ds
