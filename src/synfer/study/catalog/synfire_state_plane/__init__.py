"""Which volleys does a synfire chain carry?

A volley is a packet of a spikes within sigma_t. Sent down a chain of identical layers it sharpens towards an attractor
or dies, and a separatrix divides the two (Diesmann, Gewaltig & Aertsen, Nature 402:529, 1999). Here the plane
(a, sigma_t) is drawn by the evolution of densities, the limit of infinitely wide layers: arrows, trajectories,
attractor, separatrix. Spiking chains, which share nothing with the densities, repeat it: a thousand neurons per layer
must follow the density, and a hundred survive by chance near the separatrix.
"""

import xarray as xr

from synfer.study.catalog.synfire_state_plane import parts
from synfer.study.catalog.synfire_state_plane.figures import figures
from synfer.study.catalog.synfire_state_plane.spec import PRESETS, Spec
from synfer.study.catalog.synfire_state_plane.verdict import verdict
from synfer.study.experiment import Progress, in_stages
from synfer.study.resolution import measured

__all__ = ["NAME", "PRESETS", "TITLE", "Spec", "figures", "run", "verdict"]

NAME = "synfire-state-plane"
TITLE = "A synfire chain carries volleys above a separatrix to one attractor, and loses those below"

SIZE = {"units": "spikes", "long_name": "spikes in the packet sent"}
PART = {"units": "N", "long_name": "size of the packet sent"}
LABELS = {
    "a_in": SIZE,
    "sigma_t_in": {"units": "ms", "long_name": "sd of spike times in the packet sent"},
    "a_step": {"units": "spikes", "long_name": "spikes that the first layer adds"},
    "sigma_t_step": {"units": "ms", "long_name": "spread that the first layer adds"},
    "a_separatrix": {"units": "spikes", "long_name": "smallest packet that survives"},
    "a_separatrix_low": {"units": "spikes", "long_name": "lower end of its bracket, which dies"},
    "a_separatrix_high": {"units": "spikes", "long_name": "upper end of its bracket, which survives"},
    "critical_a": {"units": "spikes", "long_name": "smallest packet that survives"},
    "critical_a_low": {"units": "spikes", "long_name": "lower end of its bracket"},
    "critical_a_high": {"units": "spikes", "long_name": "upper end of its bracket"},
    "fineness": {"units": "1", "long_name": "refinement of mesh and step"},
    "settling_layer": {"units": "1", "long_name": "layer"},
    "large_start": PART,
    "small_start": PART,
    "start": PART,
    "survival_start": PART,
    "wave_start": PART,
    "width": {"units": "1", "long_name": "neurons per layer N"},
    "survival": {"units": "1", "long_name": "fraction of trials that survive"},
    "survival_se": {"units": "1", "long_name": "its standard error"},
    "survival_low": {"units": "1", "long_name": "lower end of its 95 % interval"},
    "survival_high": {"units": "1", "long_name": "upper end of its 95 % interval"},
}

STAGES = {
    "state plane": parts.plane,
    "separatrix": parts.separatrix,
    "attractor": parts.attractor,
    "spiking chains": parts.spikes,
    "survival": parts.alive,
    "volleys in time": parts.waves,
}


def run(spec: Spec, progress: Progress) -> xr.Dataset:
    """All parts in one dataset."""
    with measured():
        ds = in_stages(STAGES, lambda part, ds: part(spec), LABELS, progress)
    ds.attrs = {"N": spec.width, "large": spec.large, "window": spec.window, "trials": spec.survival_trials}
    ds.attrs |= {"reference_sigma_t": spec.reference_sigma_t, "layers": spec.layers}
    return ds
