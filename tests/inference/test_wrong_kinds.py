"""What is not a model, or not a network, is refused by name wherever it is given."""

import numpy as np
import pytest

from synfer.core.errors import ParameterError
from synfer.inference.beliefs import free_energy, infer, learn_online, update_counts
from synfer.inference.equivalence import check_equivalence, correspondence, to_model, to_network
from synfer.inference.network import EligibilityTrace, activity, adapt, hebbian_gradient, neural_cost, plasticity

O, X = np.ones((2, 3)), np.full((3, 2), 0.5)
OF_A_MODEL = {
    "infer": lambda it: infer(it, O),
    "free_energy": lambda it: free_energy(it, X, None, O),
    "update_counts": lambda it: update_counts(it, O, X),
    "learn_online": lambda it: learn_online(it, O),
    "to_network": to_network,
}
OF_A_NETWORK = {
    "activity": lambda it: activity(it, O),
    "neural_cost": lambda it: neural_cost(it, X, None, O),
    "plasticity": lambda it: plasticity(it, X, None, O),
    "hebbian_gradient": lambda it: hebbian_gradient(it, X, None, O),
    "adapt": lambda it: adapt(it, O),
    "to_model": to_model,
    "empty": EligibilityTrace.empty,
}
OF_EITHER = {"check_equivalence": lambda it: check_equivalence(it, X, None, O), "correspondence": correspondence}


@pytest.mark.parametrize("verb", [*OF_A_MODEL, *OF_A_NETWORK, *OF_EITHER])
def test_wrong_kinds_are_refused(verb, random_model, random_network):
    calls = OF_A_MODEL | OF_A_NETWORK | OF_EITHER
    other = random_network(1) if verb in OF_A_MODEL else random_model(1) if verb in OF_A_NETWORK else X
    for wrong in ("net", None, 3, other):
        with pytest.raises(ParameterError, match=r"must be (of kind|a) .*(GenerativeModel|CanonicalNetwork)"):
            calls[verb](wrong)


@pytest.mark.parametrize("entries", [0, -1, 1.5, "a"])
def test_entries_are_counted(random_network, entries):
    with pytest.raises(ParameterError, match=r"entries = .* must be a whole number >= 1"):
        check_equivalence(random_network(1, 3, 2, 0), X, None, O, entries=entries)


@pytest.mark.parametrize("part", ["cost", "rule", "activity"])
def test_functions_of_ones_own_are_functions_that_give_what_they_should(random_network, part):
    net = random_network(1, 3, 2, 0)
    with pytest.raises(ParameterError, match=f"{part} = 3 must be a function"):
        check_equivalence(net, X, None, O, **{part: 3})
    for given in ("a", 3, None):
        with pytest.raises(ParameterError, match=f"{part} gives|rates of activity must be"):
            check_equivalence(net, X, None, O, **{part: lambda *_, given=given: given})


def test_the_model_to_compare_with_is_a_model(random_network):
    with pytest.raises(ParameterError, match="model = 3 must be of kind GenerativeModel"):
        check_equivalence(random_network(1, 3, 2, 0), X, None, O, model=3)
