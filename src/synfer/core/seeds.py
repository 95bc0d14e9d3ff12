"""Named seed streams: randomness is a pure function of (seed, names), never of a global state.

Every consumer of randomness names its stream, so adding one consumer does not shift the
numbers of another, and the same seed gives the same bytes for any number of workers.
"""

import hashlib

import numpy as np

from synfer.core.errors import ParameterError


def check_seed(seed: object) -> int:
    """The seed as an int in [0, 2^63), or a ParameterError."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= int(seed) < 2**63:
        raise ParameterError(f"seed = {seed!r} must be an integer in [0, 2^63); for example seed = 1")
    return int(seed)


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
