"""The state that a chain rests in before anything happens."""

from collections.abc import Callable

import numpy as np

from synfer.core.errors import NumericalError
from synfer.population.signals import at_rest
from synfer.population.verbs.chains.case import Case, ungated

ROUNDS = 200
"""Rounds after which the stationary state of a recurrent network is given up."""
FIXED = 1e-12
"""Relative change of the rates at which it is found."""


def settle(case: Case, rates_of: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What drives the populations at rest, what counts as quiet there, and how fast they fire.

    With disfacilitation, sustained gates silence layers whose targets then lack their input: the rates are those
    that agree with each other, found round by round (a feed-forward network takes one round per layer).

    Args:
        case: the network.
        rates_of: stationary rates [1/ms], (P,), under mu, sigma, g, gE, (4, P).

    Returns:
        Drives (4, P); rates that projections subtract at rest [1/ms], (P,); rates at rest [1/ms], (P,).

    Raises:
        NumericalError: a recurrent network that settles nowhere.
    """
    rest = np.array([at_rest(drive) for drive in case.drives]).T
    if not (case.disfacilitation and case.gated):
        rate = rates_of(rest)
        return rest, rate, rate
    base = rates_of(np.array([at_rest(ungated(drive)) for drive in case.drives]).T)
    edges = [
        (source, target, case.network.populations[target].neuron.tau_m * case.strength(source, projection))
        for source, target, projection in case.projections()
    ]
    before = base
    for _ in range(ROUNDS):
        moved = rest.copy()
        for source, target, strength in edges:
            moved[0, target] += strength * (before[source] - base[source])
        rate = rates_of(moved)
        if np.all(np.abs(rate - before) <= FIXED * np.maximum(rate, base)):
            return moved, base, rate
        before = rate
    raise NumericalError(
        "the network has no stationary state under this gate that its rates settle into; time the gate with on="
    )
