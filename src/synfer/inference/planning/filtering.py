"""Exact inference of states by forward filtering.

q_1(s) ~ P(o_1 | s) D(s),   q_t(s) ~ P(o_t | s) sum_s' P(s | s', u_{t-1}) q_{t-1}(s')
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from synfer.core.errors import NumericalError, ParameterError
from synfer.core.results import dataset
from synfer.inference.planning.pomdp import Pomdp, check_pomdp


def forward_filter(pomdp: Pomdp, outcomes: Any, actions: Any = ()) -> xr.Dataset:
    """Beliefs about the state after every outcome.

    Args:
        pomdp: The model.
        outcomes: (T, M) indices of the outcomes of all modalities at steps 1..T.
        actions: (T - 1,) indices; action t is taken after outcome t.

    Returns:
        `belief` (step, state) and `log_evidence` (step), ln P(o_t | o_1..o_{t-1}) [nats].

    Raises:
        ParameterError: an index or length that does not fit.
        NumericalError: outcomes that the model holds impossible.

    Example:
        >>> coin = Pomdp(A=[[0.9, 0.2], [0.1, 0.8]], B=np.eye(2)[:, :, None])
        >>> forward_filter(coin, [[0], [0]], [0]).belief[-1].values.round(3).tolist()
        [0.953, 0.047]
    """
    check_pomdp(pomdp)
    seen, taken = _indices("outcomes", outcomes), _indices("actions", actions)
    if seen.ndim != 2 or seen.shape[1] != len(pomdp.A) or not len(seen) or taken.shape != (len(seen) - 1,):
        raise ParameterError(
            f"outcomes have shape {seen.shape} and actions {taken.shape}; they must be (T, {len(pomdp.A)}) and (T - 1,)"
        )
    belief, log_evidence = np.empty((len(seen), pomdp.n_states)), np.empty(len(seen))
    expected = pomdp.D
    for t, own in enumerate(seen):
        if t:
            expected = predict(pomdp, belief[t - 1], taken[t - 1])
        belief[t], log_evidence[t] = update(pomdp, expected, own, step=t + 1)
    variables = {"belief": (("step", "state"), belief), "log_evidence": (("step",), log_evidence)}
    coords = {"step": (("step",), np.arange(1, len(seen) + 1)), "state": (("state",), list(pomdp.states))}
    return dataset(variables, coords, verb="forward_filter", pomdp=pomdp.digest())


def predict(pomdp: Pomdp, belief: np.ndarray, action: int) -> np.ndarray:
    """(Ns,) of P(s') after an action."""
    if not 0 <= action < pomdp.n_actions:
        raise ParameterError(f"action {action} is not there; actions are 0..{pomdp.n_actions - 1}: {pomdp.actions}")
    return pomdp.B[:, :, action] @ belief


def update(pomdp: Pomdp, belief: np.ndarray, outcomes: Sequence[int], step: int = 1) -> tuple[np.ndarray, float]:
    """(Ns,) of P(s | o), and ln P(o)."""
    if len(outcomes) != len(pomdp.A):
        raise ParameterError(
            f"{len(outcomes)} outcomes at step {step}, and the model has {len(pomdp.A)} modalities; "
            f"give one outcome for each of {pomdp.modalities}"
        )
    weight = belief
    for m, (A, own) in enumerate(zip(pomdp.A, outcomes, strict=True)):
        if not 0 <= own < len(A):
            raise ParameterError(f"outcome {own} of {pomdp.modalities[m]} at step {step} must be in 0..{len(A) - 1}")
        weight = weight * A[own]
    evidence = float(weight.sum())
    if not evidence > 0:
        raise NumericalError(
            f"outcomes {[int(own) for own in outcomes]} at step {step} have probability 0 under the model; "
            f"give A, B or D a small probability of what happens"
        )
    return weight / evidence, float(np.log(evidence))


def _indices(name: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:
        raise ParameterError(f"{name} has rows of unlike lengths; make them equal") from None
    if array.size and array.dtype.kind not in "iu":
        raise ParameterError(f"{name} of dtype {array.dtype} must be integers, which count from 0")
    return array
