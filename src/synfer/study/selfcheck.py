"""Does this installation compute what it should? Every engine against exact theory, in seconds."""

from collections.abc import Callable
from typing import Any

import synfer as sf
from synfer.study.experiment import Progress, Row, silent

POINTS = (
    ("EIF at mu -65, sigma 3 mV", sf.EIF.fourcaud2003(), sf.Noise(mu=-65, sigma=3), 5.960361),
    (
        "LIF at mu -60, sigma 5 mV",
        sf.LIF(tau_m=10, V_th=-55, V_reset=-70, t_ref=2),
        sf.Noise(mu=-60, sigma=5),
        26.891760,
    ),
)
"""Operating points, with rates [Hz] known to seven digits from two independent routes."""

ADAPTIVE = ("adaptive EIF at mu -62, sigma 2 mV", sf.AdaptiveEIF.example(), sf.Noise(mu=-62, sigma=2), 6.89)
"""One with a slow variable: its rate [Hz] is known to 0.08 Hz from two independent routes."""

DIGITS = 1e-6  # the reference rates are rounded at 1e-7 relative; ten times that for rounding elsewhere
MESH = 5e-4  # what the density promises at its default mesh
KNOWN = 0.0116  # of the rate with a slow variable, 0.08 Hz; the mesh below moves it by a third of that
Z = 5.0  # a correct Monte Carlo exceeds five standard errors once in 1.7 million runs


def selfcheck(progress: Progress = silent) -> list[Row]:
    """Rates of theory, density and spikes at known operating points.

    Returns:
        A Row for each check; the installation is sound when all hold.
    """
    rows = []
    asked = [(point, *check) for point in POINTS for check in CHECKS.items()]
    asked += [(ADAPTIVE, *check) for check in CHECKS_OF_ADAPTIVE.items()]
    for i, ((where, neuron, noise, rate), claim, check) in enumerate(asked):
        progress(where, i / len(asked))
        try:
            rows.append(Row(f"{where}: {claim}", *check(neuron, noise, rate)))
        except Exception as error:  # a broken installation may raise anything, and a doctor has to say so
            rows.append(Row(f"{where}: {claim}", f"{type(error).__name__}: {error}", f"{rate:.7g} Hz", False))
    return rows


def _theory(neuron: Any, noise: Any, rate: float) -> tuple[str, str, bool]:
    return _close(sf.stationary(neuron, noise, method="theory").rate, rate, DIGITS)


def _stationary_density(neuron: Any, noise: Any, rate: float) -> tuple[str, str, bool]:
    return _close(sf.stationary(neuron, noise, method="density").rate, rate, MESH)


def _evolving_density(neuron: Any, noise: Any, rate: float) -> tuple[str, str, bool]:
    back = sf.evolve(neuron, noise + sf.Inhibition(depth=2, on=0, off=20), t=250, every=250)  # 23 tau_m to recover
    return _close(back.rate.isel(time=-1), rate, MESH)


def _density_in_two(neuron: Any, noise: Any, rate: float) -> tuple[str, str, bool]:
    drive = noise + sf.Inhibition(depth=2, on=0, off=20)  # 7.6 tau_w to recover
    back = sf.evolve(neuron, drive, t=400, dt=0.1, every=400, h=sf.Mesh(h=0.4, dw=0.25))
    return _close(back.rate.isel(time=-1), rate, KNOWN)


def _spikes(neuron: Any, noise: Any, rate: float) -> tuple[str, str, bool]:
    one_bin = sf.simulate(neuron, noise, t=200, n=20_000, dt=0.02, every=200, seed=1)
    measured, error = float(one_bin.rate.item()), float(one_bin.rate_se.item())
    return f"{measured:.5g} Hz", f"{rate:.5g} Hz ± {Z:g} x {error:.2g} Hz", abs(measured - rate) <= Z * error


def _close(measured: Any, rate: float, allowed: float) -> tuple[str, str, bool]:
    measured = float(measured)
    return f"{measured:.7g} Hz", f"{rate:.7g} Hz within {100 * allowed:.2g} %", abs(measured / rate - 1) <= allowed


Check = Callable[[Any, Any, float], tuple[str, str, bool]]
CHECKS: dict[str, Check] = {
    "threshold integration gives the known rate": _theory,
    "the stationary density gives it": _stationary_density,
    "the evolving density returns to it after inhibition": _evolving_density,
    "spikes come at it": _spikes,
}
CHECKS_OF_ADAPTIVE: dict[str, Check] = {
    "the density over V and w returns to the known rate after inhibition": _density_in_two
}
