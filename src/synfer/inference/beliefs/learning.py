"""Learning: counts of what was observed, believed and decided.

    a += [o; o-] x [s; s-],    b += [s; s-]_{t-1} x [s; s-]_t,    c += (1 - 2 Gamma_t) [s; s-]_{t-1} x [d; d-]_t
Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55: where the risk Gamma is above 1/2, a decision is
unlearned; `floor` keeps the counts of decisions positive.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import numpy as np

from synfer.core.checks import check_count, check_floor
from synfer.core.errors import ParameterError
from synfer.inference.beliefs.series import decision_pairs, modulation, observed, stack, state_pairs
from synfer.inference.model import AXES, VALUES, GenerativeModel


class Counts(NamedTuple):
    """Block matrices of counts: (2 No, 2 Ns), (2 Ns, 2 Ns), (2 Ns, 2 Nd); None where the model has none."""

    a: np.ndarray
    b: np.ndarray | None
    c: np.ndarray | None

    @classmethod
    def of(cls, model: GenerativeModel) -> Self:
        return cls(*(None if m is None else m.reshape(2 * m.shape[1], -1) for m in (model.a, model.b, model.c)))  # type: ignore[arg-type]

    def grown(self, o: np.ndarray, pairs: np.ndarray, d: np.ndarray | None, learning: np.ndarray, floor: float) -> Self:
        """After n more steps: o (n, 2 No), states (n + 1, 2 Ns), decisions (n, 2 Nd), 1 - 2 Gamma (n,)."""
        a, b, c = self
        a = a + o.T @ pairs[1:]
        b = None if b is None else b + pairs[:-1].T @ pairs[1:]
        if c is not None and d is not None:
            c = np.maximum(floor, c + (learning[:, None] * pairs[:-1]).T @ d)
        return type(self)(a, b, c)

    def arrays(self, model: GenerativeModel) -> dict[str, np.ndarray]:
        """As the fields of a model; refuses counts of decisions that were unlearned altogether."""
        if self.c is not None and not (self.c > 0).all():
            pre, post = np.argwhere(~(self.c > 0))[0]
            j, k = pre % model.n_states, post % model.n_decisions
            raise ParameterError(
                f"c of {model.states[j]} = {VALUES[pre // model.n_states]} before {model.decisions[k]} = "
                f"{VALUES[post // model.n_decisions]} falls to {self.c[pre, post]:.6g} and must stay > 0: a risk Gamma "
                f"above 1/2 unlearns decisions; give floor=1.0, or more counts to begin with"
            )
        return {
            name: m.reshape(getattr(model, name).shape) for name, m in zip(AXES, self, strict=True) if m is not None
        }


def update_counts(
    model: GenerativeModel,
    o: Any,
    s: Any,
    d: Any = None,
    Gamma: Any = 0.0,
    *,
    window: int | None = None,
    floor: float | None = None,
) -> GenerativeModel:
    """The model after it has counted a series of observations, states and decisions.

    Args:
        model: Before.
        o: (T, No) observations in [0, 1] at t = 1..T.
        s: (T + 1, Ns) beliefs about states; row 0 is before the first observation.
        d: (T + 1, Nd) decisions taken, or beliefs about them; row 0 is not used. None without decisions.
        Gamma: Risk in [0, 1], one number or (T,).
        window: Steps after which counts of decisions are brought up to the floor: t = 1..window, then the next ones.
            None: once, at the end. Without a floor windows make no difference.
        floor: > 0; the least that counts of decisions may become, or None.

    Returns:
        A new model, of which a, b and c differ.

    Raises:
        ParameterError: shapes, values outside [0, 1], or counts of decisions that risk brings to 0 or below.

    Example:
        >>> model = GenerativeModel(a=[[5.0, 5.0], [5.0, 5.0]])
        >>> update_counts(model, [[1.0], [1.0]], [[0.5], [0.75], [0.75]]).a[:, 0, :, 0].tolist()
        [[6.5, 5.5], [5.0, 5.0]]
    """
    o = stack(observed(model, o))
    steps = len(o)
    pairs = state_pairs(model, s, steps)
    decisions = decision_pairs(model, d, steps, "d")
    learning = modulation(Gamma, steps)
    least, counts = check_floor(floor), Counts.of(model)
    for part, both in parts(steps, "window", steps if window is None else window):
        counts = counts.grown(
            o[part], pairs[both], None if decisions is None else decisions[part], learning[part], least
        )
    return model.replace(**counts.arrays(model))


def parts(steps: int, name: str, size: int) -> Iterator[tuple[slice, slice]]:
    """Parts of rows t = 1..T, kept from 0, and of rows 0..T with the one before each part."""
    size = check_count(name, size)
    for start in range(0, steps, size):
        stop = min(start + size, steps)
        yield slice(start, stop), slice(start, stop + 1)
