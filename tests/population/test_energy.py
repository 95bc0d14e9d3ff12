"""The two published budgets, by their totals and shares, and the chain of units from mV ms to ATP."""

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.population.energy import (
    EnergyBudget,
    atp_by_use,
    atp_of_excitation,
    atp_of_inhibition,
    atp_of_spikes,
    ions,
)

AL2001, HGA2012 = EnergyBudget.attwell2001(), EnergyBudget.howarth2012()


def test_attwell2001_adds_up_to_the_published_total():
    """3.29e9 ATP/s per neuron at 4 Hz (p. 1139); printed to three digits."""
    assert sum(atp_by_use(4, AL2001)) == pytest.approx(3.29e9, abs=0.01e9)


@pytest.mark.parametrize(
    ("budget", "shares"),
    [
        (AL2001, {"action_potential": 47, "postsynaptic": 34, "resting": 13, "recycling": 3}),
        (HGA2012, {"action_potential": 21, "postsynaptic": 50, "resting": 20, "presynaptic": 5, "recycling": 4}),
    ],
)
def test_shares_are_those_of_the_abstracts(budget, shares):
    """The abstracts print whole percents that add up to 100, so each may be off by up to one."""
    uses = atp_by_use(4, budget)
    got = {name: 100 * getattr(uses, name) / sum(uses) for name in shares}
    assert got == pytest.approx(shares, abs=0.8)


def test_mammalian_spikes_cost_a_third_of_squid_spikes():
    assert HGA2012.action_potential == pytest.approx(1.19e8, rel=1e-3)
    assert HGA2012.replace(action_potential=AL2001.action_potential) == AL2001


def test_ten_picoampere_milliseconds_are_sixty_two_thousand_ions():
    """1 mV ms at 10 nS = 10 pA ms = 1e-14 C = 62,415 e."""
    assert ions(1.0, g_L=10) == pytest.approx(62_415.09, rel=1e-7)
    assert ions(1.0, g_L=30) == pytest.approx(3 * ions(1.0, g_L=10))


def test_inhibition_costs_half_an_atp_per_ion_and_excitation_a_third():
    charge = np.array([0.0, 1.0, 12.5])
    assert atp_of_inhibition(charge, AL2001) == pytest.approx(charge * 62_415.09 / 2, rel=1e-7)
    assert atp_of_excitation(charge, AL2001) == pytest.approx(charge * 62_415.09 / 3, rel=1e-7)


def test_spike_costs_itself_and_its_two_thousand_vesicles():
    assert atp_of_spikes(2.0, AL2001) == pytest.approx(2 * (3.84e8 + 2000 * 1.63e5))


def test_budgets_are_values():
    assert EnergyBudget.model_validate_json(HGA2012.spec()) == HGA2012
    with pytest.raises(ParameterError, match="release = 2"):
        AL2001.replace(release=2)
    with pytest.raises(ParameterError, match="unknown field synapse; did you mean synapses"):
        EnergyBudget(synapse=1)
