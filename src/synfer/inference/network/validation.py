"""Fields of a network, checked: float64 copies of the right shapes, or an error that names the place."""

from typing import Any

import numpy as np

from synfer.core.checks import SUM_TOLERANCE, check_names, check_numbers, check_positive, place
from synfer.core.errors import ParameterError

SIZES = {"W": ("Nx", "No"), "K": ("Nx", "Nx"), "V": ("Ny", "Nx")}


def network(given: dict[str, Any]) -> dict[str, Any]:
    """All fields of a CanonicalNetwork as it keeps them."""
    own = dict(given)
    shape = check_numbers("W1", own["W1"]).shape
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
        own[f"lambda_{block}"] = _insensitivity(block, own[f"lambda_{block}"], (2, *size), present)
    if own["phi1"] is None and own["phi0"] is None:
        raise ParameterError("phi1 = None and phi0 = None must be numbers; leave them out for ln 1/2")
    _pair(own, "phi1", "phi0", (n_hidden,), ("Nx",))
    _pair(own, "psi1", "psi0", (n_outputs,), ("Ny",))
    if own["lambda_phi"] is not None:
        own["lambda_phi"] = _totals("lambda_phi", own["lambda_phi"], (n_hidden,))
        _normalised(own)
    if own["initial"] is not None:
        own["initial"] = _initial(own["initial"], n_hidden)
    own["tau"] = check_positive("tau", own["tau"], "for example tau=10.0", unit=" ms")
    own["hold"] = check_positive("hold", own["hold"], "for example hold=100.0", unit=" ms", infinite=True)
    for axis, size in {"inputs": n_inputs, "hidden": n_hidden, "outputs": n_outputs}.items():
        own[axis] = check_names(axis, own[axis], size)
    return own


def sized(name: str, value: Any, shape: tuple[int, ...], words: tuple[str, ...]) -> np.ndarray:
    """A finite float64 copy of that shape."""
    numbers = check_numbers(name, value)
    if numbers.shape != shape:
        raise ParameterError(
            f"{name} has shape {numbers.shape} and must be {shape}, that is ({', '.join(words)}) "
            f"with the number of hidden neurons and inputs of W1"
        )
    return numbers


def _outputs(own: dict[str, Any]) -> int:
    if own["V1"] is not None and own["psi1"] is None:
        raise ParameterError("V1 is given without psi1: outputs need thresholds; give psi1 and psi0")
    if own["psi1"] is None:
        return 0
    psi = check_numbers("psi1", own["psi1"])
    if psi.ndim == 1 and psi.size:
        return psi.size
    if own["V1"] is None or psi.ndim:
        raise ParameterError(f"psi1 has shape {psi.shape} and must be (Ny,), or a number where there is V1")
    V = check_numbers("V1", own["V1"])
    return V.shape[0] if V.ndim else 0


def _pair(own: dict[str, Any], one: str, zero: str, shape: tuple[int, ...], words: tuple[str, ...]) -> None:
    """Both or neither; a number stands for a whole vector of thresholds."""
    if (own[one] is None) != (own[zero] is None):
        raise ParameterError(f"{one} and {zero} go together; give both or neither")
    for name in (one, zero):
        if own[name] is not None:
            value = check_numbers(name, own[name])
            own[name] = sized(
                name, np.full(shape, value) if len(shape) == 1 and not value.ndim else value, shape, words
            )


def _insensitivity(block: str, value: Any, shape: tuple[int, ...], present: bool) -> np.ndarray | float:
    """Of synapses that there are; 1 stands for that of none."""
    if present:
        return _totals(f"lambda_{block}", value, shape)
    if not np.array_equal(check_numbers(f"lambda_{block}", value), 1.0):
        raise ParameterError(f"lambda_{block} is given without {block}1 and {block}0; leave it out, or give them")
    return 1.0


def _totals(name: str, value: Any, shape: tuple[int, ...]) -> np.ndarray:
    numbers = check_numbers(name, value)
    if not (numbers > 0).all():
        raise ParameterError(f"{place(name, numbers, numbers <= 0)} must be > 0: how much a synapse has seen already")
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
    numbers = check_numbers("initial", value)
    if numbers.shape == (n_hidden,):
        wrong = ~((numbers > 0) & (numbers < 1))
        if wrong.any():
            raise ParameterError(
                f"{place('initial', numbers, wrong)} must lie in (0, 1): initial of shape ({n_hidden},) is firing; "
                f"activity up and down has shape (2, {n_hidden})"
            )
        return np.stack([numbers, 1 - numbers])
    if numbers.shape != (2, n_hidden):
        raise ParameterError(
            f"initial has shape {numbers.shape} and must be (2, {n_hidden}), activity up and down, > 0; "
            f"or ({n_hidden},), firing in (0, 1)"
        )
    if not (numbers > 0).all():
        raise ParameterError(f"{place('initial', numbers, numbers <= 0)} must be > 0, a weight; give a small one")
    return numbers
