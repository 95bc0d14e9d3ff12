"""The benchmark compares like with like: its peers give the numbers that synfer gives."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import synfer as sf
from synfer.population.signals import signals

BENCH = Path(__file__).parents[2] / "bench"
LIF = sf.LIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=2)
EIF = sf.EIF.fourcaud2003()
VOLLEY = sf.PulsePacket(a=45, sigma_t=1.0, t0=5, weight=0.15795, tau_s=0.325)
T, DT = 15.0, 0.05


@pytest.fixture(autouse=True)
def _bench_on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))


@pytest.mark.parametrize(
    ("neuron", "sigma", "h", "cells"), [(LIF, 2.85, 0.2, 192), (EIF, 3.0, 0.25, 248)], ids=["LIF", "EIF"]
)
def test_scipy_peer_is_the_backward_euler_engine(neuron, sigma, h, cells):
    import banded

    drive = sf.Noise(mu=-61.8, sigma=sigma) + VOLLEY
    mesh = banded.Mesh(neuron.V_top, h, np.zeros(cells))
    mesh = mesh._replace(psi=neuron.psi(mesh.faces))
    constants = {"sigma": sigma, "tau_m": neuron.tau_m, "V_reset": neuron.V_reset, "t_ref": neuron.t_ref}
    p, rate = banded.stationary(mesh, -61.8, **constants)
    mu = signals(drive, neuron.tau_m, np.arange(round(T / DT) + 1) * DT).mu[:, 0]
    rates = 1000 * banded.evolve(mesh, p, rate, mu, dt=DT, **constants)
    d = sf.evolve(neuron, drive, t=T, h=h, dt=DT, scheme="backward-euler")
    # Rounding: 300 steps x 200 Hz x 1e-16, times the mesh's condition of about 1e3.
    assert np.abs(rates - d.rate.values[1:]).max() < 1e-9


@pytest.mark.skipif(shutil.which("gcc") is None, reason="the C peer needs gcc")
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 5e-3)])
def test_c_peer_is_the_backward_euler_engine(dtype, tolerance):
    import against_c

    task = against_c.problem(32, 100, moving=True)
    run, out = against_c.compiled(task, dtype)
    run()
    ours = task.synfer(dtype)
    theirs = out["rate"][:, task.every - 1 :: task.every]
    # Rounding over 100 steps; the C kernel in float32 does without the exact account of probability.
    assert np.abs(theirs / ours - 1).max() < tolerance
