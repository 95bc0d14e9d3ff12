"""The base of a recording: the count per stimulus at which x is 1/2, and how well it is known.

A prior is told on the scale of the base, and moves with it: 2 % of base move D by .01 to .03, and where the plasticity
is 1 change what is found of it by almost a factor of 2. A base that is the mean rate of the cultures themselves makes D
relative to their group; that of a single one is off by what the rates of cultures differ by, which is taken for its
standard error. Differences of their priors are part of that, so that intervals are rather too long.

Where an uncertain base leaves a prior undetermined, its interval is NaN. Those that are left are a selection, of
cultures that happen to look well determined, and cover less: of nominal 90 %, .87 of plasticity and .91 of D with a
base_se of 2 %, where a quarter is undetermined; some .76 and .90 with 5 %, where half of them are; .46 and .85 with
10 %, where most are (plasticity 1, D 1/2, 10 learnt sessions of 256). Counted as unbounded they cover what they say.
"""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from synfer.core.checks import check_numbers, shortly
from synfer.core.errors import ParameterError, SynferWarning
from synfer.inference.recordings.states import Culture

GIVEN = (
    "intervals of D and plasticity are for this base exactly, and 2 % of base move D by .015 and plasticity by a "
    "factor of 2; give base_se"
)
ALONE = (
    "base is the mean rate of the only culture, on whose scale D is near 1/2, and its intervals are for this base "
    "exactly; give the base and base_se of a control"
)
GROUP = (
    "base is the mean rate of the cultures themselves, so that D is relative to their group, whose own D comes out "
    "near 1/2 whatever it is; give the base and base_se of a control"
)


UNLIKE = 0.5
"""Standard error over base from which on cultures are no group."""


class Base(NamedTuple):
    """Base and standard error (None: not known) [spikes per stimulus]; bases of permuted recordings (permutation,)."""

    value: float
    se: float | None
    permuted: np.ndarray
    warning: str | None


def base_of(
    own: Sequence[Culture], orders: dict[str, np.ndarray], learnt: int, given: float | None, se: float | None
) -> Base:
    """The base that is given, or that of the cultures in the learnt sessions; orders (permutation, S) by name."""
    if given is not None:
        many = len(next(iter(orders.values())))
        return Base(float(given), se, np.full(many, float(given)), GIVEN if se is None else None)
    rates = [c.rate(np.arange(learnt)) for c in own]
    permuted = np.mean([[c.rate(order[:learnt]) for order in orders[c.name]] for c in own], axis=0)
    if se is None and len(rates) > 1:
        se = float(np.std(rates, ddof=1))
    value = float(np.mean(rates))
    if se is not None and se > UNLIKE * value:
        each = shortly(np.round(rates, 2).tolist())
        text = (
            f"rates of the cultures differ by {100 * se / value:.0f} % of their mean, {each} spikes per stimulus: "
            f"their mean is the base of none of them; fit each with the base of its control"
        )
        warnings.warn(text, SynferWarning, stacklevel=3)
    return Base(value, se, permuted, ALONE if se is None else GROUP)


def check_base_se(value: Any) -> float | None:
    """A number >= 0, or None."""
    if value is None:
        return None
    number = check_numbers("base_se", value)
    if number.ndim or isinstance(value, (bool, np.bool_)) or not number >= 0:
        raise ParameterError(
            f"base_se = {shortly(value)} must be a number >= 0 in spikes per stimulus, or None; for example base_se=0.1"
        )
    return float(number)
