"""Where published data lie, and recordings of every unevenness."""

import numpy as np
import pytest

from synfer.inference.recordings.layout import responses


@pytest.fixture(scope="session")
def published(data_file):
    """The path of a published recording; the test is skipped where it is not there."""
    return lambda name: data_file(f"invitro/{name}")


@pytest.fixture(scope="session")
def uneven():
    """Cultures with unequal units, sessions and steps, stimuli missing here and there, and counts up to `most`."""

    def of(seed: int, most: int = 9, **attrs):
        rng = np.random.default_rng(seed)
        shape = (3, 4, 7)
        valid = rng.random(shape) < 0.8
        valid[0], valid[1, 2:], valid[2, :, 5:] = True, False, False
        valid[:, 0, 0] = True
        units = np.array([4, 6, 5])
        shown = valid[..., None]
        spikes = (1 + rng.integers(most, size=(*shape, 6))) * shown * (np.arange(6) < units[:, None, None, None])
        s = rng.integers(2, size=(*shape, 2)) * shown
        o = rng.integers(2, size=(*shape, 5)) * shown
        names = ["007", "b, c", "ßeta #2"]
        return responses(spikes, s, o, valid=valid, n_units=units, culture=names, **attrs)

    return of
