"""Published recordings and small synthetic ones."""

import numpy as np
import pytest
from scipy.io import loadmat

from synfer.inference.recordings import responses, synthetic_cultures

BASE = {"mix0": 5.890210554876248, "bic": 2.640370743110078}
"""Published: of mix0 that of its own cultures, of bic that of a control which is not in the data."""


@pytest.fixture(scope="session")
def published(data_file):
    """The recordings of a condition, the published base, and what was published of their first culture."""

    def of(condition):
        cells = loadmat(data_file(f"invitro/response_data_{condition}.mat"))[f"data_{condition}"].ravel()
        parts = [np.stack([c[k][0, 0].reshape(100, 256, -1) for c in cells]) for k in "rso"]
        saved = np.load(data_file(f"invitro/invitro_bss_{condition}.npz"))
        return responses(*parts, condition=condition), BASE[condition], saved

    return of


@pytest.fixture(scope="session")
def small():
    """Two synthetic cultures of 24 sessions."""
    return synthetic_cultures(2, sessions=24, steps=64, units=16, D1=[0.4, 0.6], seed=5)
