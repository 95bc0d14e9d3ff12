"""Warnings about the mesh, where an experiment measures on a finer one what its own leaves out."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from synfer.core.errors import SynferWarning

COARSE = (r"sigma = .* is below 10 h", r"a volley moves V by .* in a step")
"""What the density engine says of cells and steps that are wide for what they resolve."""


@contextmanager
def measured() -> Iterator[None]:
    """Keep warnings of a coarse mesh quiet within a with-block; all others pass.

    For experiments whose verdict repeats its numbers at half the cell and half the step: the measured change says
    more than the rule of thumb behind the warning.
    """
    with warnings.catch_warnings():
        for words in COARSE:
            warnings.filterwarnings("ignore", words, SynferWarning)
        yield
