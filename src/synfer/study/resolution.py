"""Warnings that an experiment answers: of a mesh whose error it measures, of a run that it only shows."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from synfer.core.errors import SynferWarning

COARSE = (r"sigma = .* is below \d+ h", r"a volley moves V by .* in a step")
"""What the density engine says of cells and steps that are wide for what they resolve."""

CUT = (r"the volley is not over",)
"""What the verbs say of a run that ends before its volley."""


@contextmanager
def measured() -> Iterator[None]:
    """Keep warnings of a coarse mesh quiet within a with-block; all others pass.

    For experiments whose verdict repeats its numbers at half the cell and half the step: the measured change says
    more than the rule of thumb behind the warning.
    """
    with _without(COARSE):
        yield


@contextmanager
def shown() -> Iterator[None]:
    """Keep quiet that a volley is not over at the end of a run, within a with-block.

    For time courses that are drawn, and prices for a stated time; the sizes of volleys come from runs to their end.
    """
    with _without(CUT):
        yield


@contextmanager
def _without(patterns: tuple[str, ...]) -> Iterator[None]:
    with warnings.catch_warnings():
        for words in patterns:
            warnings.filterwarnings("ignore", words, SynferWarning)
        yield
