"""Does weak inhibition narrow a spontaneously firing population?

The claim (Shinozaki 2023): in an EIF population that fires by itself, the sodium current spreads membrane potentials
apart; weak inhibition disengages it, so the density narrows, which a linear neuron does not do. Here an EIF, the LIF
that fires at the same rate, and the EIF with its sodium current linearised are inhibited by a current or by a shunt,
over base rates and noise levels. Every sd comes from exact theory; densities and spikes, which share nothing with it,
repeat the reference point. "Narrower" is asked of five measures of dispersion, because they disagree.
"""

import xarray as xr

from synfer.study.catalog.weak_inhibition import parts
from synfer.study.catalog.weak_inhibition.figures import figures
from synfer.study.catalog.weak_inhibition.spec import PRESETS, Spec
from synfer.study.catalog.weak_inhibition.verdict import verdict
from synfer.study.experiment import Progress, in_stages

__all__ = ["NAME", "PRESETS", "TITLE", "Spec", "figures", "run", "verdict"]

NAME = "weak-inhibition"
TITLE = "Weak inhibition narrows a spontaneously firing EIF population and widens a LIF one"

LABELS = {
    "neuron": {"units": "1", "long_name": "neuron"},
    "map_neuron": {"units": "1", "long_name": "neuron"},
    "way": {"units": "1", "long_name": "computation"},
    "depth": {"units": "mV", "long_name": "depth of inhibition"},
    "sigma": {"units": "mV", "long_name": "sd of the noise"},
    "map_sigma": {"units": "mV", "long_name": "sd of the noise"},
    "base_rate": {"units": "Hz", "long_name": "base rate"},
    "map_rate": {"units": "Hz", "long_name": "base rate"},
    "mu": {"units": "mV", "long_name": "mean of the noise"},
    "pulse_z_rate": {"units": "1", "long_name": "largest z of the rate, spikes against density"},
    "pulse_z_V_sd": {"units": "1", "long_name": "largest z of sd(V), spikes against density"},
}

STAGES = {
    "depth x noise x base rate": parts.grid,
    "three independent computations": parts.three_ways,
    "shunts": parts.shunts,
    "a pulse of inhibition": parts.pulse,
    "map over noise and rate": parts.sd_map,
}


def run(spec: Spec, progress: Progress) -> xr.Dataset:
    """All parts in one dataset; the dimension `neuron` runs over EIF, LIF and linearised EIF."""
    ds = in_stages(STAGES, lambda part, ds: part(spec), LABELS, progress)
    ds.attrs = {"reference_sigma": spec.reference_sigma, "reference_rate": spec.reference_rate}
    ds.attrs |= {"control_sigma": spec.control_sigma, "control_rate": spec.control_rate}
    ds.attrs |= {"reference_depth": spec.reference_depth, "V_T": spec.neuron.V_T}
    ds.attrs |= {"pulse_on": spec.pulse_on, "pulse_off": spec.pulse_on + spec.pulse_width}
    return ds
