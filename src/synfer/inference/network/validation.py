"""Fields of a network, checked: float64 copies of the right shapes, or an error that names the place."""

from typing import Any

import numpy as np

from synfer.core.errors import ParameterError

SUM_TOLERANCE = 1e-9
SIZES = {"W": ("Nx", "No"), "K": ("Nx", "Nx"), "V": ("Ny", "Nx")}


def network(given: dict[str, Any]) -> dict[str, Any]:
    """All fields of a CanonicalNetwork as it keeps them."""
    own = dict(given)
    shape = array("W1", own["W1"]).shape
    if len(shape) != 2 or 0 in shape:
        raise ParameterError(f"W1 has shape {shape} and must be (Nx, No): hidden neurons x inputs")
    n_hidden, n_inputs = shape
    n_outputs = _outputs(own)
    sizes = {"W": (n_hidden, n_inputs), "K": (n_hidden, n_hidden), "V": (n_outputs, n_hidden)}
    for block, size in sizes.items():
        _pair(own, f"{block}1", f"{block}0", size, SIZES[block])
        present = own[f"{block}1"] is not None
        if own[f"{block}_h"] is not None:
            if not present:
                raise ParameterError(f"{block}_h is given without {block}1 and {block}0; leave it out, or give them")
            own[f"{block}_h"] = sized(f"{block}_h", own[f"{block}_h"], (2, *size), ("2", *SIZES[block]))
        own[f"lambda_{block}"] = _totals(f"lambda_{block}", own[f"lambda_{block}"], (2, *size), present)
    _pair(own, "phi1", "phi0", (n_hidden,), ("Nx",))
    _pair(own, "psi1", "psi0", (n_outputs,), ("Ny",))
    if own["lambda_phi"] is not None:
        own["lambda_phi"] = _totals("lambda_phi", own["lambda_phi"], (n_hidden,), True)
        _normalised(own)
    if own["initial"] is not None:
        own["initial"] = _initial(own["initial"], n_hidden)
    for name in ("tau", "hold"):
        own[name] = _duration(name, own[name])
    for axis, size in {"inputs": n_inputs, "hidden": n_hidden, "outputs": n_outputs}.items():
        own[axis] = _names(axis, own[axis], size)
    return own


def array(name: str, value: Any) -> np.ndarray:
    """A finite float64 copy."""
    try:
        numbers = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{name} must be an array of numbers ({error})") from None
    if not np.isfinite(numbers).all():
        raise ParameterError(f"{_worst(name, numbers, ~np.isfinite(numbers))} must be finite")
    return numbers


def sized(name: str, value: Any, shape: tuple[int, ...], words: tuple[str, ...]) -> np.ndarray:
    """A finite float64 copy of that shape."""
    numbers = array(name, value)
    if numbers.shape != shape:
        raise ParameterError(
            f"{name} has shape {numbers.shape} and must be {shape}, that is ({', '.join(words)}) "
            f"with the number of hidden neurons and inputs of W1"
        )
    return numbers


def _worst(name: str, numbers: np.ndarray, wrong: np.ndarray) -> str:
    place = np.unravel_index(int(np.argmax(wrong)), numbers.shape)
    return f"{name}{[int(k) for k in place] or ''} = {numbers[place]:.6g}"


def _outputs(own: dict[str, Any]) -> int:
    if own["V1"] is not None and own["psi1"] is None:
        raise ParameterError("V1 is given without psi1: outputs need thresholds; give psi1 and psi0")
    if own["psi1"] is None:
        return 0
    psi = array("psi1", own["psi1"])
    if psi.ndim == 1 and psi.size:
        return psi.size
    if own["V1"] is None or psi.ndim:
        raise ParameterError(f"psi1 has shape {psi.shape} and must be (Ny,), or a number where there is V1")
    return array("V1", own["V1"]).shape[0] if array("V1", own["V1"]).ndim else 0


def _pair(own: dict[str, Any], one: str, zero: str, shape: tuple[int, ...], words: tuple[str, ...]) -> None:
    """Both or neither; a number stands for a whole vector of thresholds."""
    if (own[one] is None) != (own[zero] is None):
        raise ParameterError(f"{one} and {zero} go together; give both or neither")
    for name in (one, zero):
        if own[name] is not None:
            value = array(name, own[name])
            own[name] = sized(
                name, np.full(shape, value) if len(shape) == 1 and not value.ndim else value, shape, words
            )


def _totals(name: str, value: Any, shape: tuple[int, ...], present: bool) -> np.ndarray | float:
    numbers = array(name, value)
    if not (numbers > 0).all():
        raise ParameterError(f"{_worst(name, numbers, numbers <= 0)} must be > 0: how much a synapse has seen already")
    if not present:
        return 1.0
    if numbers.ndim and numbers.shape != shape:
        raise ParameterError(f"{name} has shape {numbers.shape} and must be {shape}, or one number for all")
    return np.array(np.broadcast_to(numbers, shape))


def _normalised(own: dict[str, Any]) -> None:
    total = np.exp(own["phi1"]) + np.exp(own["phi0"])
    wrong = ~(abs(total - 1) <= SUM_TOLERANCE)
    if wrong.any():
        j = int(np.argmax(wrong))
        raise ParameterError(
            f"exp(phi1) + exp(phi0) = {total[j]:.9g} for hidden neuron {j} and must be 1 where phi adapts, as it "
            f"estimates the log of a mean activity; subtract {np.log(total[j]):.6g} from both, or lambda_phi=None"
        )


def _initial(value: Any, n_hidden: int) -> np.ndarray:
    numbers = array("initial", value)
    if numbers.shape == (n_hidden,) and (numbers < 1).all():
        numbers = np.stack([numbers, 1 - numbers])
    if numbers.shape != (2, n_hidden) or not (numbers > 0).all():
        raise ParameterError(
            f"initial of shape {numbers.shape} must be (2, {n_hidden}), activity up and down, > 0; "
            f"or ({n_hidden},), in (0, 1)"
        )
    return numbers


def _duration(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ParameterError(f"{name} = {value!r} ms must be a number > 0") from None
    if not (number > 0 and (name == "hold" or np.isfinite(number))):
        raise ParameterError(f"{name} = {number:.6g} ms must be > 0 ms{'' if name == 'hold' else ' and finite'}")
    return number


def _names(axis: str, given: Any, size: int) -> tuple[str, ...]:
    names = tuple(given)
    if not names:
        return tuple(f"{axis[0]}{k}" for k in range(size))
    if len(names) != size or len(set(names)) != size or not all(isinstance(name, str) for name in names):
        raise ParameterError(f"{axis} has {len(names)} names and must have {size} different ones, one for each neuron")
    return names
