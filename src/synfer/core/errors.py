"""The errors synfer raises on purpose, each with one repair in its message.

A message says what was wrong, what was got, what is allowed, and what to do:
``sigma = -2.0 mV must be >= 0 mV; did you mean sigma = 2.0?``
"""

from collections.abc import Iterable
from difflib import get_close_matches


class SynferError(Exception):
    """Base of every error that synfer raises on purpose."""

    exit_code = 1


class UsageError(SynferError):
    """A command, experiment or option that does not exist."""

    exit_code = 2


class ParameterError(SynferError, ValueError):
    """An argument out of its bounds, of the wrong kind, or in conflict with another."""

    exit_code = 3


class MeshError(ParameterError):
    """A mesh that cannot resolve the density, or does not fit in memory."""


class NumericalError(SynferError, ArithmeticError):
    """A computation that left the numbers: it is reported, never returned as healthy."""

    exit_code = 4


class SweepIncomplete(SynferError):
    """A sweep that stopped before its end; what is finished is kept, and the same sweep goes on from there."""

    exit_code = 5


class SynferWarning(UserWarning):
    """A result that is returned, with a reservation that also stands in its attrs["warnings"]."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the known name nearest to `name`, or the list of known names.

    Example:
        >>> did_you_mean("sigm", ["mu", "sigma"])
        '; did you mean sigma?'
    """
    known = sorted(known)
    lowered = {k.lower(): k for k in known}
    near = get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.6)
    return f"; did you mean {lowered[near[0]]}?" if near else f"; known: {', '.join(known) or 'none'}"
