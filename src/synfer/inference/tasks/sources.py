"""Sources: inputs that mix hidden binary sources, from which the sources have to be told (blind source separation).

    P(o_i = 1 | s) = (1 - mixing) s_own(i) + mixing mean of the other sources
Every source drives a group of inputs of its own; with two sources and a mixing of 1/4 the first half of the inputs is
on with 1, 3/4, 1/4, 0 for s = (1, 1), (1, 0), (0, 1), (0, 0), the second half with the sources swapped. Nothing has to
be decided: this is a world for beliefs alone. Reference: Isomura & Friston (2020), Neural Comput. 32:2085.
"""

from typing import Any, Literal, Self, get_args

import numpy as np
import xarray as xr
from pydantic import model_validator

from synfer.core.checks import check_choice, check_count, check_numbers, place
from synfer.core.errors import ParameterError
from synfer.core.params import Params, field
from synfer.core.results import dataset
from synfer.core.seeds import Stream, check_legacy_seed, check_seed, generator

TOTAL = (200.0, 400.0)
"""Ends of the prior counts that `generate` draws."""


class Sources(Params):
    """Hidden sources, each 0 or 1 with probability 1/2 at every step, and inputs that mix them.

    Example:
        >>> task = Sources()
        >>> task.p([[1, 1], [1, 0], [0, 1], [0, 0]])[:, [0, 31]].tolist()
        [[1.0, 1.0], [0.75, 0.25], [0.25, 0.75], [0.0, 0.0]]
        >>> task.generate(100, seed=1).input.shape
        (100, 32)
    """

    kind: Literal["sources"] = "sources"
    n_sources: int = field(2, ge=2, symbol="Ns", doc="hidden sources")
    n_inputs: int = field(32, ge=2, symbol="No", doc="inputs, in as many groups of neighbours as sources")
    mixing: float = field(0.25, ge=0, lt=1, doc="part of an input that is not its own source's")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.n_inputs < self.n_sources:
            raise ValueError(f"n_inputs = {self.n_inputs} must be >= n_sources = {self.n_sources}: one for each source")
        if self.mixing >= 1 - 1 / self.n_sources:
            raise ValueError(
                f"mixing = {self.mixing:g} must be < {1 - 1 / self.n_sources:g} with {self.n_sources} sources, so that "
                f"inputs tell most of their own"
            )
        return self

    @property
    def own(self) -> np.ndarray:
        """(No, Ns) bool: the source that an input belongs to."""
        return np.arange(self.n_inputs)[:, None] * self.n_sources // self.n_inputs == np.arange(self.n_sources)

    @property
    def weights(self) -> np.ndarray:
        """(No, Ns) the part of every source in an input; rows sum to 1."""
        return np.where(self.own, 1 - self.mixing, self.mixing / (self.n_sources - 1))

    def p(self, s: Any) -> np.ndarray:
        """(..., No) probabilities of inputs given sources (..., Ns) of 0 and 1."""
        array = check_numbers("s", s)
        if array.ndim == 0 or array.shape[-1] != self.n_sources:
            raise ParameterError(f"s has shape {array.shape} and must be (..., {self.n_sources}), the sources last")
        if (wrong := ~np.isin(array, (0, 1))).any():
            raise ParameterError(f"{place('s', array, wrong)} must be 0 or 1")
        return array @ self.weights.T

    def generate(self, steps: int, seed: int, *, stream: Stream = "modern") -> xr.Dataset:
        """Sources and inputs, step by step.

        Args:
            steps: T >= 1.
            seed: Integer in [0, 2^63); in [0, 2^32) for the legacy stream.
            stream: "modern", named streams, of which the first steps do not depend on how many there are; "legacy",
                numpy's RandomState(seed) in the order of the published code.

        Returns:
            `stimulus` (step, source) and `input` (step, input), uint8 of 0 and 1, at step = 1..T; `total`
            (input, source), prior counts between 200 and 400 as the published code draws them after the inputs.

        Raises:
            ParameterError: names the argument.
        """
        steps = check_count("steps", steps)
        draw = self._modern if check_choice("stream", stream, get_args(Stream)) == "modern" else self._legacy
        seed = check_seed(seed)
        s, o, u = draw(steps, seed)
        total = TOTAL[0] + (TOTAL[1] - TOTAL[0]) * u
        return dataset(
            {
                "stimulus": (("step", "source"), s.astype(np.uint8)),
                "input": (("step", "input"), o.astype(np.uint8)),
                "total": (("input", "source"), total, {"units": "1", "long_name": "prior counts"}),
            },
            {
                "step": (("step",), np.arange(1, steps + 1)),
                "source": (("source",), np.arange(self.n_sources), {"units": "1", "long_name": "source"}),
            },
            verb="Sources.generate",
            spec={"task": self, "steps": steps, "seed": seed, "stream": stream},
        )

    def _modern(self, steps: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        s = generator(seed, "sources", "s").random((steps, self.n_sources)) < 0.5
        o = generator(seed, "sources", "o").random((steps, self.n_inputs)) < self.p(s)
        return s, o, generator(seed, "sources", "total").random((self.n_inputs, self.n_sources))

    def _legacy(self, steps: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        state = np.random.RandomState(check_legacy_seed(seed))
        s, u = np.empty((steps, self.n_sources), dtype=int), np.empty((steps, self.n_inputs))
        for t in range(steps):
            s[t] = state.randint(2, size=self.n_sources)
            u[t] = state.rand(self.n_inputs)
        return s, u < self.p(s), state.rand(self.n_inputs, self.n_sources)
