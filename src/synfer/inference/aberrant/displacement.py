"""Displaced priors: log odds of states or decisions that are moved, and nothing else with them.

A network keeps its priors in its thresholds, phi1 - phi0 = ln D1 - ln D0 and psi1 - psi0 = ln E1 - ln E0, so that
inhibition or excitation of a neuron displaces a belief. What is moved keeps its total weight, D1 + D0.
"""

from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np
from scipy.special import expit

from synfer.core.checks import SUM_TOLERANCE, check_choice, check_count, check_kind, check_numbers, shortly
from synfer.core.errors import ParameterError
from synfer.core.params import plain
from synfer.inference.model import GenerativeModel
from synfer.inference.network import CanonicalNetwork

Which = int | str | Sequence[int | str] | None


@overload
def displace_states(agent: GenerativeModel, shift: Any, which: Which = None) -> GenerativeModel: ...
@overload
def displace_states(agent: CanonicalNetwork, shift: Any, which: Which = None) -> CanonicalNetwork: ...
def displace_states(
    agent: GenerativeModel | CanonicalNetwork, shift: Any, which: Which = None
) -> GenerativeModel | CanonicalNetwork:
    """An agent whose prior log odds of states are moved: logit D + shift, or phi1 - phi0 + shift.

    Args:
        agent: A model or a network.
        shift: [nats] > 0 towards s = 1; one number, or one for each of `which`.
        which: Numbers or names of states (hidden neurons). Default all of them.

    Returns:
        The same kind of agent.

    Raises:
        ParameterError: a shift that is not finite, too large for float64 or of the wrong size; an unknown state.

    Accuracy: networks and models are displaced alike, to 1e-12.

    Example:
        >>> model = GenerativeModel(a=[[5.0, 5.0], [5.0, 5.0]])
        >>> displace_states(model, 2.0).D.round(3).tolist()
        [[0.881], [0.119]]
    """
    if isinstance(agent, CanonicalNetwork):
        moved = _moved(agent.phi, _shifts(shift, which, agent.hidden, "hidden neuron"))
        return agent.replace(phi1=moved[0], phi0=moved[1])
    agent = check_kind("agent", agent, GenerativeModel, "or a CanonicalNetwork; for example sf.maze_model(0.25)")
    return agent.replace(D=_weights("D", agent.D, _shifts(shift, which, agent.states, "state")))


@overload
def displace_decisions(agent: GenerativeModel, shift: Any, which: Which = None) -> GenerativeModel: ...
@overload
def displace_decisions(agent: CanonicalNetwork, shift: Any, which: Which = None) -> CanonicalNetwork: ...
def displace_decisions(
    agent: GenerativeModel | CanonicalNetwork, shift: Any, which: Which = None
) -> GenerativeModel | CanonicalNetwork:
    """An agent whose prior of decisions is moved: a stronger or weaker habit.

    Where one of many decisions is taken (E1 sums to 1 and E0 = 1 - E1), E_k e^shift is normalised again: the odds of
    two decisions move by the difference of their shifts. Decisions side by side move in their own odds, as states do.

    Args:
        agent: A model with E, or a network with psi.
        shift: [nats]; one number, or one for each of `which`.
        which: Numbers or names of decisions (outputs). Default all of them.

    Raises:
        ParameterError: no decisions; otherwise as `displace_states`.

    Example:
        >>> model = GenerativeModel(a=[[5.0, 5.0], [5.0, 5.0]], E=[0.5, 0.25, 0.25])
        >>> displace_decisions(model, np.log(4), which=0).E[0].round(3).tolist()
        [0.8, 0.1, 0.1]
    """
    if isinstance(agent, CanonicalNetwork):
        if not agent.n_outputs:
            raise ParameterError("the network has no outputs, whose prior could be displaced; give it psi1 and psi0")
        shifts = _shifts(shift, which, agent.outputs, "output")
        if _one_of_many(np.exp(agent.psi)):
            first = agent.psi1 + shifts
            first = first - np.logaddexp.reduce(first)
            return agent.replace(psi1=first, psi0=np.log(-np.expm1(first)))
        moved = _moved(agent.psi, shifts)
        return agent.replace(psi1=moved[0], psi0=moved[1])
    agent = check_kind("agent", agent, GenerativeModel, "or a CanonicalNetwork; for example sf.maze_model(0.25)")
    if agent.E is None:
        raise ParameterError("the model has no decisions, whose prior could be displaced; give it E")
    shifts = _shifts(shift, which, agent.decisions, "decision")
    if _one_of_many(agent.E):
        odds = agent.E[0] * np.exp(shifts - shifts.max())
        return agent.replace(E=odds / odds.sum())
    return agent.replace(E=_weights("E", agent.E, shifts))


def places(which: Which, names: Sequence[str], kind: str) -> list[int]:
    """Numbers of some units, given by number or name."""
    if which is None:
        return list(range(len(names)))
    given = plain(which)
    given = [given] if isinstance(given, (int, str)) else given
    if not isinstance(given, Iterable):
        raise ParameterError(f"which = {shortly(which)} must be numbers or names of a {kind}; for example {names[0]!r}")
    last = len(names) - 1
    found = [
        list(names).index(check_choice(kind, one, names)) if isinstance(one, str) else check_count(kind, one, 0, last)
        for one in given
    ]
    if len(set(found)) < len(found):
        raise ParameterError(f"which = {shortly(which)} names a {kind} twice; name each once")
    return found


def _shifts(shift: Any, which: Which, names: Sequence[str], kind: str) -> np.ndarray:
    """(n,) of all units, 0 where none is asked for."""
    at = places(which, names, kind)
    values = check_numbers("shift", shift, finite=False)
    if values.shape not in ((), (len(at),)):
        raise ParameterError(
            f"shift has shape {values.shape} and must be one number or ({len(at)},), one for each {kind}"
        )
    if not (abs(values) <= 500).all():
        worst = values.flat[int(np.argmax(~(abs(values) <= 500)))]
        raise ParameterError(f"shift = {worst:.6g} nats must be finite, and 500 at most: give log odds, not odds")
    shifts = np.zeros(len(names))
    shifts[at] = values
    return shifts


def _weights(name: str, weights: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """(2, n) weights of the same totals with other log odds."""
    u = np.log(weights[0]) - np.log(weights[1]) + shifts
    return weights.sum(0) * np.stack([expit(u), expit(-u)])


def _moved(thresholds: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """The same of their logs (2, n)."""
    u = thresholds[0] - thresholds[1] + shifts
    return np.logaddexp(*thresholds) - np.logaddexp(0, np.stack([-u, u]))


def _one_of_many(weights: np.ndarray) -> bool:
    one, zero = weights
    return (
        one.size > 1 and abs(one.sum() - 1) <= SUM_TOLERANCE and np.allclose(one + zero, 1, rtol=0, atol=SUM_TOLERANCE)
    )
