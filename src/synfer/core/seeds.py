"""Named seed streams: randomness is a pure function of (seed, names), never of a global state.

Every consumer of randomness names its stream, so adding one consumer does not shift the
numbers of another, and the same seed gives the same bytes for any number of workers.
"""

import hashlib
from typing import Any, Literal

import numpy as np

from synfer.core.checks import shortly
from synfer.core.errors import ParameterError

Stream = Literal["modern", "legacy"]
"""Where random numbers come from: named streams; or numpy's RandomState(seed), as published results have them."""


def check_seed(seed: object) -> int:
    """The seed as an int in [0, 2^63), from that or from an array of one without dims, or a ParameterError."""
    given: Any = seed
    kind = getattr(getattr(seed, "dtype", None), "kind", None) if getattr(seed, "ndim", None) == 0 else None
    whole = kind in ("i", "u") or (isinstance(seed, int) and not isinstance(seed, bool))
    if not whole or not 0 <= int(given) < 2**63:
        raise ParameterError(f"seed = {shortly(seed)} must be an integer in [0, 2^63); for example seed = 1")
    return int(given)


def check_legacy_seed(seed: object) -> int:
    """The seed of numpy's RandomState, an int in [0, 2^32), or a ParameterError."""
    number = check_seed(seed)
    if number >= 2**32:
        raise ParameterError(
            f"seed = {number} must be < 2^32 in the legacy stream; give a smaller one, or stream='modern'"
        )
    return number


def seed_sequence(seed: int, *names: str) -> np.random.SeedSequence:
    """The root of the stream called `names` under `seed`.

    Args:
        seed: Integer in [0, 2^63).
        names: What the stream is for, for example ``("simulate", spec_json)``. Any text.

    Example:
        >>> seed_sequence(1, "a").generate_state(1) == seed_sequence(1, "a").generate_state(1)
        array([ True])
    """
    digest = hashlib.blake2b("\x1f".join(names).encode(), digest_size=16).digest()
    words = np.frombuffer(digest, dtype="<u4").tolist()
    return np.random.SeedSequence([check_seed(seed), *words])


def child(seed: int, *names: str) -> int:
    """A seed of its own, in [0, 2^63), for what is called `names` under `seed`."""
    return int(seed_sequence(seed, *names).generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator(seed: int, *names: str) -> np.random.Generator:
    """A numpy Generator (PCG64) on the stream called `names` under `seed`."""
    return np.random.Generator(np.random.PCG64(seed_sequence(seed, *names)))
