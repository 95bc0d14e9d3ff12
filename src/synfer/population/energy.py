"""What signals cost in ATP: a documented budget, and pure functions of spikes and charges.

Excitation lets Na+ in, which the Na+/K+ pump returns at 3 Na+ per ATP. Inhibition lets Cl- in, which leaves with
one K+ each (KCC2), and the pump returns 2 K+ per ATP. A spike costs its Na+ and what it sets off at its synapses.

The numbers are those of two published budgets of rodent cortex. What was checked, and how: the totals and the
shares of both budgets that this module computes agree with the published ones (see `atp_by_use`); single numbers
say in their doc line where they were found, or that they are given here as commonly quoted.

References:
    AL2001: Attwell & Laughlin, J Cereb Blood Flow Metab 21:1133-1145 (2001).
    HGA2012: Howarth, Gleeson & Attwell, J Cereb Blood Flow Metab 32:1222-1232 (2012).
"""

from typing import Literal, NamedTuple, Self, TypeVar

import numpy as np

from synfer.core.params import Params, field

Number = TypeVar("Number", float, np.ndarray)

ELEMENTARY_CHARGE = 1.602176634e-19
"""C, exact (SI 2019)."""
SQUID_OVERLAP, MAMMAL_OVERLAP = 4.0, 1.24
"""Na+ that enters in a spike over the Na+ that would just charge the membrane, as the two budgets take it."""


class EnergyBudget(Params):
    """ATP of a neuron's signals; the defaults are those of AL2001.

    Example:
        >>> round(atp_of_spikes(1.0, EnergyBudget.attwell2001()) / 1e8, 2)
        7.1
    """

    kind: Literal["energy_budget"] = "energy_budget"
    action_potential: float = field(
        3.84e8,
        unit="ATP",
        ge=0,
        doc="Na+ of one spike along soma, dendrites and axon; 3.84e8 as commonly quoted from AL2001, agrees with "
        "its abstract (47 % of signalling at 4 Hz)",
    )
    postsynaptic: float = field(
        1.4e5,
        unit="ATP",
        ge=0,
        doc="postsynaptic ions per vesicle of glutamate; 1.4e5 as commonly quoted from AL2001, agrees with its "
        "abstract (34 %)",
    )
    presynaptic: float = field(
        1.2e4, unit="ATP", ge=0, doc="presynaptic Ca2+ per vesicle; AL2001 p. 1136: 1.2e4 Ca2+, one ATP each"
    )
    recycling: float = field(
        1.1e4,
        unit="ATP",
        ge=0,
        doc="uptake and refilling per vesicle; 1.1e4 as commonly quoted from AL2001, agrees with its abstract (3 %)",
    )
    synapses: float = field(8000, ge=0, doc="boutons per neuron; as commonly quoted from AL2001 (rodent cortex)")
    release: float = field(
        0.25, ge=0, le=1, doc="vesicles released per bouton and spike; as commonly quoted from AL2001"
    )
    resting: float = field(
        3.42e8, unit="ATP/s", ge=0, doc="resting potential of a neuron; as commonly quoted from AL2001"
    )
    glia: float = field(
        1.02e8, unit="ATP/s", ge=0, doc="resting potential of the glia of a neuron; as commonly quoted from AL2001"
    )
    sodium_per_atp: float = field(3.0, gt=0, doc="Na+ that the Na+/K+ pump returns per ATP (3 Na+ : 2 K+)")
    potassium_per_atp: float = field(2.0, gt=0, doc="K+ that the Na+/K+ pump returns per ATP (3 Na+ : 2 K+)")
    potassium_per_chloride: float = field(1.0, ge=0, doc="K+ that leaves with each Cl- through KCC2 (1 : 1)")

    @classmethod
    def attwell2001(cls) -> Self:
        """Attwell & Laughlin (2001): spikes cost four times the charge of the membrane, as in squid axon."""
        return cls()

    @classmethod
    def howarth2012(cls) -> Self:
        """Howarth, Gleeson & Attwell (2012): the same with mammalian spikes, 1.24 times the charge of the membrane.

        1.24 is as commonly quoted from HGA2012; the 1.19e8 ATP per spike that follow agree with its abstract
        (21 % of signalling at 4 Hz).
        """
        base = cls()
        return base.replace(action_potential=base.action_potential * MAMMAL_OVERLAP / SQUID_OVERLAP)

    @property
    def vesicle(self) -> float:
        """ATP per vesicle of glutamate."""
        return self.postsynaptic + self.presynaptic + self.recycling


class Uses(NamedTuple):
    """ATP/s of one neuron by use."""

    action_potential: float
    postsynaptic: float
    presynaptic: float
    recycling: float
    resting: float


def atp_of_spikes(spikes: Number, budget: EnergyBudget) -> Number:
    """ATP of spikes: the action potential and all the vesicles that it releases.

        E = n (E_AP + synapses release E_vesicle)

    Args:
        spikes: Number of spikes, of any shape.
        budget: The budget.

    Returns:
        ATP, of the shape of spikes.
    """
    return spikes * (budget.action_potential + budget.synapses * budget.release * budget.vesicle)


def ions(charge: Number, *, g_L: float) -> Number:
    """Elementary charges of a charge in mV ms: tau_m dV/dt counts currents in units of the leak, I = g_L x.

    Args:
        charge: mV ms, of any shape.
        g_L: Leak conductance [nS]; 1 mV ms at 10 nS is 10 pA ms = 1e-14 C.

    Returns:
        Number of monovalent ions, of the shape of charge.
    """
    return charge * (g_L * 1e-15 / ELEMENTARY_CHARGE)


def atp_of_inhibition(charge: Number, budget: EnergyBudget, *, g_L: float = 10.0) -> Number:
    """ATP that returns the ions of an inhibitory charge: one K+ lost per Cl- driven out, 2 K+ returned per ATP.

    An inhibitory current carried by K+ itself costs the same. Release and refilling of the vesicles of GABA, whose
    number the charge does not tell, are not counted.

    Args:
        charge: Inhibitory charge [mV ms], >= 0, of any shape.
        budget: The budget.
        g_L: Leak conductance [nS].

    Returns:
        ATP, of the shape of charge.
    """
    return ions(charge, g_L=g_L) * (budget.potassium_per_chloride / budget.potassium_per_atp)


def atp_of_excitation(charge: Number, budget: EnergyBudget, *, g_L: float = 10.0) -> Number:
    """ATP that returns the Na+ of an excitatory charge in the membrane of the model, 3 Na+ per ATP.

    The budgets' own postsynaptic cost of a spike (8000 boutons) is in `atp_of_spikes`; this one is the share of
    the synapses of a chain, and must not be added to it.

    Args:
        charge: Excitatory charge [mV ms], >= 0, of any shape.
        budget: The budget.
        g_L: Leak conductance [nS].

    Returns:
        ATP, of the shape of charge.
    """
    return ions(charge, g_L=g_L) / budget.sodium_per_atp


def atp_by_use(rate: float, budget: EnergyBudget) -> Uses:
    """ATP per second of one neuron that fires at `rate` [Hz], by use.

    Accuracy:
        At 4 Hz attwell2001 adds up to 3.29e9 ATP/s, as published, of which 47, 34, 3, 3 and 14 % (the abstract:
        spikes 47, postsynaptic 34, resting 13, recycling 3); howarth2012 to shares of 21, 50, 4, 4 and 20 %
        (the abstract: 21, 50, presynaptic 5, 4, 20).

    Example:
        >>> uses = atp_by_use(4, EnergyBudget.attwell2001())
        >>> [round(100 * use / sum(uses)) for use in uses]
        [47, 34, 3, 3, 14]
    """
    vesicles = rate * budget.synapses * budget.release
    return Uses(
        action_potential=rate * budget.action_potential,
        postsynaptic=vesicles * budget.postsynaptic,
        presynaptic=vesicles * budget.presynaptic,
        recycling=vesicles * budget.recycling,
        resting=budget.resting + budget.glia,
    )
