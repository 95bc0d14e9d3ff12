"""What the benches' peers leave behind."""

import ctypes
import ctypes.util

import pytest


@pytest.fixture(autouse=True)
def floating_point_environment():
    """C peers are linked with -ffast-math, which makes the thread that loads them flush subnormal numbers to zero."""
    yield
    ctypes.CDLL(ctypes.util.find_library("m")).fesetenv(ctypes.c_void_p(-1))  # FE_DFL_ENV
    assert 5e-324 * 1.0 > 0
