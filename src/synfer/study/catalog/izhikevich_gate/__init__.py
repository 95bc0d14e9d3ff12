"""Does inhibition control the traffic of volleys both ways, in size and in synchrony?

The claim is that of Shinozaki, Okada, Reyes & Cateau, Phys. Rev. E 81:011913 (2010): inhibition controls how many
neurons of a population fire in a volley in both directions, and how synchronously, through the nonlinear membrane and a
hidden slow variable. Their neuron is Izhikevich's; their parameters are not known here, so this is their setting and
not their figure: regular-spiking neurons at some Hz, in a noisy current, with volleys and synapses as in synfer's other
chains. Inhibition of some depth lasts 30 ms and ends before, at or after the volley; size and spread of the answer are
set against those without inhibition, in the window where the evoked rate exceeds 2 % of its peak.

The control has its slow variable u held, and the rate and the answer without inhibition of the neuron itself. The
interquartile range of V just before the volley says whether a narrower density gives a sharper answer. Then gates on
chains: one that is closed by itself, to be opened, and one that is open, to be closed. First of all the density at
rest is held against spiking neurons, over a range of currents and noise.
"""

import xarray as xr

from synfer.study.catalog.izhikevich_gate import parts
from synfer.study.catalog.izhikevich_gate.figures import figures
from synfer.study.catalog.izhikevich_gate.spec import PRESETS, Spec
from synfer.study.catalog.izhikevich_gate.verdict import verdict
from synfer.study.experiment import Progress, in_stages
from synfer.study.resolution import measured

__all__ = ["NAME", "PRESETS", "TITLE", "Spec", "figures", "run", "verdict"]

NAME = "izhikevich-gate"
TITLE = "Inhibition closes and opens chains of Izhikevich neurons; opening and sharpening need the slow variable"

PER_MS = {"units": "mV/ms"}
LABELS = {
    "refined": {"units": "1", "long_name": "times the mesh is finer"},
    "I_held": PER_MS | {"long_name": "mean current of the control whose u is held"},
    "A_held": {"units": "mV", "long_name": "drive of the control's layer"},
    "neuron": {"units": "1", "long_name": "slow variable"},
    "depth": PER_MS | {"long_name": "depth of inhibition"},
    "before": {"units": "ms", "long_name": "end of inhibition before the volley"},
    "moment": {"units": "1", "long_name": "moment"},
    "A": {"units": "mV", "long_name": "drive N p J"},
    "gate": {"units": "1", "long_name": "gate"},
    "drive_I": PER_MS | {"long_name": "mean current"},
    "drive_D": {"units": "mV^2/ms", "long_name": "intensity of its noise"},
}

STAGES = {
    "spikes at rest": parts.agreement,
    "base rate": parts.base,
    "single layer": parts.single,
    "density": parts.density,
    "chains": parts.chains,
    "half the mesh": parts.halved,
}


def run(spec: Spec, progress: Progress) -> xr.Dataset:
    """All parts in one dataset; the dimension `neuron` runs over u free and u held."""
    with measured():
        ds = in_stages(STAGES, lambda part, ds: part(spec, ds), LABELS, progress)
    names = ("layers", "length", "chain_depth", "chain_before", "chain_after", "lag", "A_closed", "A_open")
    names += ("n", "counted")
    ds.attrs = {"N": spec.width} | {name: getattr(spec, name) for name in names}
    return ds
