"""Linear response of the stationary rate to a modulation of the mean input."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synfer.core.errors import NumericalError, ParameterError
from synfer.core.jit import kernel
from synfer.population.theory.backward_equation import INV_ONE, B, solve3, stage_slopes
from synfer.population.theory.first_passage import FASTEST, check_near, cylinder
from synfer.population.theory.mesh import Membrane, Psi
from synfer.population.theory.siegert import siegert, siegert_slope
from synfer.population.theory.threshold_integration import solve

_BIG = 1e100
_FASTEST = 1e9  # Hz; far beyond any membrane, and far from overflow


def susceptibility(
    frequency: ArrayLike,
    psi: Psi,
    *,
    tau_m: float,
    mu: float,
    sigma: float,
    V_top: float,
    V_reset: float,
    t_ref: float,
    g: float = 0.0,
    gE: float = 0.0,
    V_lb: float | None = None,
    h: float | None = None,
) -> NDArray[np.complex128]:
    """mu + eps exp(i w t) moves the rate by eps R(w) exp(i w t), for any one-dimensional neuron.

    R = (1/tau_m) int p dL/dV dV / (1 - L(V_reset) exp(-i w t_ref)): the modulation displaces the
    stationary density p, L(V) = E[exp(-i w T_V)] turns displaced probability into spikes, the
    denominator renews them. L = ell/ell(V_top) comes from the backward equation, integrated upwards
    from V_lb: ell' = i w u, u' = -a u + ell/D with a = f/D, D = sigma^2/tau_m. In terms of u,

        R = (1/tau_m) int p u dV / [exp(-i w t_ref) int_{V_reset}^{V_top} u dV + ell(V_top) (1 - exp(-i w t_ref))/(i w)]

    in which nothing cancels as w -> 0, and R(0) = dr/dmu. It is the adjoint of threshold
    integration of the linearised equation (Richardson 2007) and gives the same numbers.

    Args:
        frequency: w/(2 pi), Hz, any shape; 0 allowed.
        psi, tau_m, mu, sigma, V_top, V_reset, t_ref, g, gE, V_lb, h: as for `threshold_integration`.

    Returns:
        R, Hz/mV, complex, in the shape of `frequency`.

    Raises:
        ParameterError: a frequency that is not finite; otherwise as `threshold_integration`.
        MeshError, NumericalError: as `threshold_integration`; a response that left the numbers.

    Accuracy:
        LIF against `lif_susceptibility`: below 1e-9 of R(0) to 100 Hz, 1e-8 to 1 kHz. EIF against the forward
        equation solved by an adaptive integrator: 1e-8, the integrator's own accuracy.

    References:
        Richardson, Phys. Rev. E 76:021919 (2007), eqs. 28-37.
    """
    neuron = Membrane(psi, tau_m, mu, sigma, g, gE, V_top, V_reset, t_ref)
    omega = _angular(frequency)
    density, k_reset = solve(neuron, V_lb, h, climbing=True)
    a = stage_slopes(neuron, density.V)
    flux, inverse_D = 1e-3 * density.rate, 1.0 / neuron.diffusion
    out = np.empty(omega.shape, complex)
    for index, w in np.ndenumerate(omega):
        overlap, passage, top = _response_sweep(density.V, a, k_reset, inverse_D, w, density.p, flux)
        phase = np.exp(-1j * w * t_ref)
        held = t_ref * np.exp(-0.5j * w * t_ref) * np.sinc(0.5 * w * t_ref / np.pi)
        with np.errstate(all="ignore"):  # what is not finite is found below
            out[index] = 1e3 * overlap / tau_m / (phase * passage + top * held)
    if not np.all(np.isfinite(out)):
        raise NumericalError(f"the response at mu = {mu:g} mV, sigma = {sigma:g} mV left the numbers; raise sigma")
    return out


def _angular(frequency: ArrayLike) -> NDArray[np.float64]:
    """w in 1/ms of a frequency in Hz."""
    f = np.asarray(frequency, dtype=float)
    if not np.all(np.abs(f) <= _FASTEST):
        raise ParameterError(f"frequency = {frequency} Hz must be finite, at most {_FASTEST:g} Hz")
    return 2e-3 * np.pi * f


@kernel
def _response_sweep(V, a, k_reset, inverse_D, omega, p, flux):
    """int p u dV, int u dV above reset, and ell(V_top), in one common unit."""
    iw = 1j * omega
    u, ell = 0j, 1.0 + 0j
    overlap, passage = 0j, 0j
    for k in range(V.size - 1):
        h = V[k + 1] - V[k]
        j = flux if k >= k_reset else 0.0
        s = h * inverse_D * ell
        r0, r1, r2 = INV_ONE[0] * u + s, INV_ONE[1] * u + s, INV_ONE[2] * u + s
        u0, u1, u2 = solve3(h, a[k], iw * h * h * inverse_D, r0, r1, r2)
        area = h * (B[0] * u0 + B[1] * u1 + B[2] * u2)
        ell_next = ell + iw * area
        # (p u)' = (p ell - J u)/D: Hermite's rule needs no derivative of the stiff terms.
        slope = (p[k] * ell - j * u) - (p[k + 1] * ell_next - j * u2)
        overlap += h * 0.5 * (p[k] * u + p[k + 1] * u2) + h * h / 12.0 * inverse_D * slope
        if k >= k_reset:
            passage += area
        u, ell = u2, ell_next
        if abs(u) > _BIG or abs(ell) > _BIG:
            u, ell, overlap, passage = u / _BIG, ell / _BIG, overlap / _BIG, passage / _BIG
    return overlap, passage, ell


def lif_susceptibility(
    frequency: ArrayLike, *, tau_m: float, mu: float, sigma: float, V_th: float, V_reset: float, t_ref: float
) -> NDArray[np.complex128]:
    """The LIF's response to mu + eps exp(i w t) in closed form, by parabolic cylinder functions.

    R = (r/sigma) iW/(1 + iW) [D_{-iW-1}(-x_th) - e D_{-iW-1}(-x_r)]
                              / [D_{-iW}(-x_th) - e exp(-i w t_ref) D_{-iW}(-x_r)]

    with W = w tau_m, x = (V - mu)/sigma and e = exp((x_r^2 - x_th^2)/4).

    Args:
        frequency: w/(2 pi), Hz, any shape. At 0, R is the derivative of Siegert's rate.
        tau_m, mu, sigma, V_th, V_reset, t_ref: as for `siegert`; sigma > 0.

    Returns:
        R, Hz/mV, complex, in the shape of `frequency`.

    Raises:
        ParameterError: as `siegert`; sigma = 0; a frequency that is not finite; V_th or V_reset more than 1000 sigma
            from mu (`susceptibility` goes further).
        NumericalError: a series that does not converge.

    Accuracy:
        1e-12 relative: the digits that cancel at small w and low rates are added to mpmath's precision.
        Milliseconds to a tenth of a second per frequency; the series slow beyond abs(x) of 30.

    References:
        Lindner & Schimansky-Geier, Phys. Rev. Lett. 86:2934 (2001), eq. 6 (there exp(-i w t)).
    """
    import mpmath

    if not sigma > 0:
        raise ParameterError(f"sigma = {sigma} mV must be > 0 mV: the noiseless response has no limit")
    rate = float(siegert(mu, sigma, tau_m=tau_m, V_th=V_th, V_reset=V_reset, t_ref=t_ref))
    x_th, x_r = (V_th - mu) / sigma, (V_reset - mu) / sigma
    check_near(mu, sigma, V_th, V_reset)
    omega = _angular(frequency)
    if not np.all(np.abs(omega) <= FASTEST / tau_m):
        raise ParameterError(f"frequency = {frequency} Hz must be at most {FASTEST / tau_m / 2e-3 / np.pi:g} Hz")
    out = np.empty(omega.shape, complex)
    for index, w in np.ndenumerate(omega):
        if abs(w) * (tau_m + t_ref) < 1e-14 or rate == 0.0:  # then R differs from R(0) by less than rounding
            out[index] = siegert_slope(mu, sigma, tau_m=tau_m, V_th=V_th, V_reset=V_reset, t_ref=t_ref)
            continue
        lost = max(0.0, -np.log10(abs(w) * tau_m)) + max(x_th, 0.0) ** 2 / 4.6
        with mpmath.workdps(30 + int(2 * lost)):
            W = mpmath.mpmathify(1j * w * tau_m)
            e = mpmath.exp((mpmath.mpf(x_r) ** 2 - mpmath.mpf(x_th) ** 2) / 4)
            above = cylinder(-W - 1, -x_th) - e * cylinder(-W - 1, -x_r)
            below = cylinder(-W, -x_th) - e * mpmath.exp(mpmath.mpmathify(-1j * w * t_ref)) * cylinder(-W, -x_r)
            out[index] = complex(rate / sigma * W / (1 + W) * above / below)
    return out
