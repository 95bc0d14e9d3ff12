"""What the tests of sweeps share: a small sweep, and a stand-in for the engines that worker processes can import."""

import sys
from pathlib import Path

import pytest

import synfer as sf

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)  # spawned workers take this path over, and find stand_in


@pytest.fixture(scope="session")
def chain():
    return sf.SynfireChain(
        sf.LIF.diesmann1999(), sf.Noise(mu=-61.78725, sigma=2.8516575), layers=3, weight=0.15795, tau_s=0.325
    )


@pytest.fixture(scope="session")
def volley():
    return sf.PulsePacket(a=60, sigma_t=1.0, t0=10)


@pytest.fixture(scope="session")
def small(chain, volley):
    """24 points in 6 units."""
    axes = {"packet.a": [20, 40, 60, 80], "chain.weight": {"from": 0.1, "to": 0.2, "steps": 6}}
    return sf.Sweep(chain, volley, axes=axes, points_per_unit=4)
