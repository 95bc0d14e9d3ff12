"""Can inhibition open a chain that is closed, and for good?

Inhibition takes spikes from a population, and with them adaptation: for some tens of ms after its end the density over
V and the slow variable w lies at less adaptation, and a volley that comes then is answered by more spikes than without.
Here a chain of adaptive EIF neurons, whose weight is below critical, receives a full volley. A gate of some depth and
length acts on all layers at once, or travels down the chain at a lag per layer, and ends before the volley comes. The
map over weight, lag and depth says where the volley then dies all the same (a transient opening), where it lives for
now, and where the opening is sustained: alive behind the last layer, level, and no slower than its gate. The last is
what counts: a volley that takes longer for a layer than its gate loses it and dies further down, and one that is
faster runs up to the inhibition, which slows it until both travel together.

The ablations take the parts of the slow variable away, one by one and together (a_w: its coupling to V; b: its jump at
a spike), and the sodium current's curvature; each neuron is at the same fraction of its own critical weight and at the
same base rate, with mu set anew, since a rate of its own would be an ablation more. All volleys are read in the window
where the evoked rate exceeds 2 % of its peak, and the single layer also from 5 ms before to 15 ms after the volley.
"""

import xarray as xr

from synfer.study.catalog.gate_opening import parts
from synfer.study.catalog.gate_opening.figures import figures
from synfer.study.catalog.gate_opening.spec import PRESETS, Spec
from synfer.study.catalog.gate_opening.verdict import verdict
from synfer.study.experiment import Progress, in_stages
from synfer.study.resolution import measured

__all__ = ["NAME", "PRESETS", "TITLE", "Spec", "figures", "run", "verdict"]

NAME = "gate-opening"
TITLE = "Inhibition that travels with a volley opens a closed chain for good; on all layers at once, for a few layers"

PER_NEURON = {"units": "1", "long_name": "spikes in the volley per neuron"}
LABELS = {
    "refined": {"units": "1", "long_name": "times the mesh is finer"},
    "moment": {"units": "1", "long_name": "moment"},
    "moment_time": {"units": "ms", "long_name": "time since the end of the gate"},
    "window": {"units": "1", "long_name": "window of the count"},
    "single_before": {"units": "ms", "long_name": "end of the gate before the volley"},
    "single_open": PER_NEURON,
    "single_count": PER_NEURON,
    "single_rate": {"units": "Hz", "long_name": "evoked rate"},
    "single_rate_open": {"units": "Hz", "long_name": "evoked rate"},
    "since": {"units": "ms", "long_name": "time since the volley's centre"},
    "neuron": {"units": "1", "long_name": "neuron"},
    "critical_A": {"units": "mV", "long_name": "smallest drive N p J that carries the volley"},
    "critical_A_low": {"units": "mV", "long_name": "lower end of its bracket, where the volley dies"},
    "critical_A_high": {"units": "mV", "long_name": "upper end of its bracket, which carries it"},
    "critical_transit": {"units": "ms", "long_name": "time of the volley per layer"},
    "A": {"units": "mV", "long_name": "drive N p J"},
    "lag": {"units": "ms", "long_name": "lag of the gate per layer"},
    "depth": {"units": "mV", "long_name": "depth of the gate"},
    "open_a": PER_NEURON,
    "dark_a": PER_NEURON,
    "stated_a": PER_NEURON,
    "stated_dark_a": PER_NEURON,
    "capture": {"units": "ms", "long_name": "end of the gate before the volley"},
    "capture_a": PER_NEURON,
    "shallow": {"units": "1", "long_name": "layer"},
    "case": {"units": "1", "long_name": "neuron"},
    "fraction": {"units": "1", "long_name": "drive over the critical one"},
    "lag_ratio": {"units": "1", "long_name": "lag of the gate over the volley's transit"},
    "case_a": PER_NEURON,
    "alif_a": PER_NEURON,
    "alif_layer": {"units": "1", "long_name": "layer"},
    "case_dark_a": PER_NEURON,
    "case_transit": {"units": "ms", "long_name": "time of the volley per layer"},
    "gated": {"units": "1", "long_name": "gate"},
    "finite_spiking": PER_NEURON,
    "finite_density": PER_NEURON,
    "fine_layer": {"units": "1", "long_name": "layer"},
    "fine_a": PER_NEURON,
}

STAGES = {
    "base rate": parts.base,
    "density": parts.density,
    "single layer": parts.single,
    "critical drives": parts.critical,
    "map of openings": parts.opening,
    "the opening first reported": parts.stated,
    "ends of the gate": parts.capture,
    "ablations": parts.ablations,
    "a gate for the aLIF": parts.deeper,
    "spikes of finite layers": parts.finite,
    "half the mesh": parts.halved,
}


def run(spec: Spec, progress: Progress) -> xr.Dataset:
    """All parts in one dataset; spikes are per neuron."""
    with measured():
        ds = in_stages(STAGES, lambda part, ds: part(spec, ds), LABELS, progress)
    names = ("layers", "deep", "gate_depth", "gate_length", "counted", "A_open", "lag_open", "A_at_once")
    names += ("A_stated", "lag_stated", "fraction_judged", "finite_width", "alif_fraction", "alif_depth", "alif_lag")
    ds.attrs = {name: getattr(spec, name) for name in names}
    return ds
