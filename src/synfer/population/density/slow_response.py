"""Linear response of densities over (V, w): the operator of `slow_generator`, linearised at its stationary state.

mu + epsilon e^{i omega t} gives p + epsilon p_1 e^{i omega t} with
    (i omega m - M) p_1 = dM/dmu p,    r_1 = sum_j (a p_1 + da/dmu p) of the top cells,
m the capacities, M the fluxes, the spikes that re-enter carrying e^{-i omega t_ref}. Face values are of first degree
in p, so M, with the branch that the slope takes at p in every cell, is also their derivative.
It is solved by GMRES, preconditioned by sweeps over the columns as in `slow_settle`. Divided by i omega, the sum of all
rows is the balance of probability,
    sum (m p_1) + t_ref e^{-i omega t_ref/2} sinc(omega t_ref/2) r_1 = 0,
which fixes how much of p is in p_1 where omega -> 0 leaves that open.
"""

from typing import Any

import numpy as np

from ...core.errors import NumericalError, UsageError
from ...core.jit import kernel
from .mesh import TOP_CAPACITY, Lanes, counts, reset_split
from .slow_generator import Generator, assemble, rates_along_w
from .slow_settle import arrivals, solve
from .slow_slope import slope_factors

# The step in mu, as a step in P = f h/D, over which coefficients are differenced: error 1e-8 of them.
STEP = 1e-4
# Relative residual of the response, and the iterations it may take: RESTARTS times RESTART.
TOLERANCE, RESTART, RESTARTS = 1e-10, 60, 20


def slow_susceptibility(
    lanes: Lanes, mu: float, sigma: float, g: float, gE: float, omega: np.ndarray
) -> tuple[float, np.ndarray]:
    """Rate [1/ms] of one lane and its response [1/ms/mV] to a modulation of mu at angular frequencies omega [1/ms].

    Raises:
        MeshError, NumericalError: as `slow_stationary`; a response that left the numbers.

    Accuracy: that of the mesh, as of the stationary rate; omega = 0 is the slope of that rate to 1e-6.
    """
    slow, n = lanes.slow, counts(lanes)
    if slow is None or len(n) != 1:
        raise UsageError("one lane with a slow variable is needed")
    reset = tuple(x[0] for x in reset_split(lanes, n))
    step = STEP * sigma**2 / float(lanes.h[0])
    at, above, below = (
        assemble(lanes, slow, 0, int(n[0]), np.array([mu + d, sigma, g, gE]), reset) for d in (0.0, step, -step)
    )
    p, spikes = solve(at)
    t_ref, rate = float(lanes.t_ref[0]), spikes.sum()
    p, rate = p / (1.0 + rate * t_ref), rate / (1.0 + rate * t_ref)
    change = at._replace(a=(above.a - below.a) / (2 * step), b=(above.b - below.b) / (2 * step), u=np.zeros_like(at.u))
    return float(rate), np.array([_response(at, change, p, t_ref, float(w)) for w in omega])


def _response(at: Generator, change: Generator, p: np.ndarray, t_ref: float, omega: float) -> complex:
    """r_1 at one angular frequency."""
    from scipy.sparse.linalg import LinearOperator, gmres  # slow to import

    back, held = np.exp(-1j * omega * t_ref), t_ref * np.exp(-0.5j * omega * t_ref) * np.sinc(omega * t_ref / 2 / np.pi)
    m = np.ones_like(p)
    m[:, -1] = TOP_CAPACITY
    forcing = matrix(change, p, back) @ p.ravel()
    fluxes, size = matrix(at, p, back), p.size
    rise, fall = np.empty_like(p), np.empty_like(p)
    rates_along_w(p, at.u, rise, fall, True)

    def apply(x: np.ndarray) -> np.ndarray:
        return 1j * omega * m.ravel() * x - fluxes @ x

    def nearly_solve(rhs: np.ndarray) -> np.ndarray:
        x = np.zeros(p.shape, complex)
        sweep(x, rhs.astype(complex).reshape(p.shape), at, rise, fall, complex(1j * omega), complex(back))
        return x.ravel()

    A = LinearOperator((size, size), apply, dtype=complex)  # pyright: ignore[reportCallIssue]
    near = LinearOperator((size, size), nearly_solve, dtype=complex)  # pyright: ignore[reportCallIssue]
    x, failed = gmres(A, forcing.astype(complex), rtol=TOLERANCE, restart=RESTART, maxiter=RESTARTS, M=near)
    if failed or not np.all(np.isfinite(x)):
        raise NumericalError(
            f"the response at omega = {omega:g}/ms has not settled in {RESTART * RESTARTS} iterations; lower dw"
        )
    x = x.reshape(p.shape)
    now = (change.a[:, -1] * p[:, -1]).sum()
    probability = (m * x).sum() + held * ((at.a * x)[:, -1].sum() + now)
    x = x - p * probability / ((m * p).sum() + held * (at.a * p)[:, -1].sum())
    return complex((at.a * x)[:, -1].sum() + now)


@kernel(no_cfunc_wrapper=True)
def sweep(x, rhs, generator, rise, fall, iw, back):
    """Every column of (i omega m - M) x = rhs solved given the others, upwind, from the lowest up and back; from x = 0.

    Spikes that come back to the column they left are left to the iterations.
    """
    a, b, _, lower, upper, leap, part = generator
    columns, n = x.shape
    y, scratch, spikes = np.empty(n, rhs.dtype), np.empty(n, rhs.dtype), np.zeros(columns, rhs.dtype)
    for k in range(2 * columns):
        j = k if k < columns else 2 * columns - 1 - k
        arriving, _own = arrivals(spikes, j, leap, part)
        for i in range(n):
            y[i] = rhs[j, i]
            if j > 0:
                y[i] += rise[j - 1, i] * x[j - 1, i]
            if j < columns - 1:
                y[i] += fall[j + 1, i] * x[j + 1, i]
        y[lower] += (1.0 - upper) * back * arriving
        y[lower + 1] += upper * back * arriving
        S, inflow = iw + rise[j, 0] + fall[j, 0], y[0]
        for i in range(n):
            w = 1.0 / (S + a[j, i])
            x[j, i] = inflow * w
            scratch[i] = b[j, i] * w
            if i < n - 1:
                inflow = y[i + 1] + a[j, i] * w * inflow
                held = (TOP_CAPACITY if i == n - 2 else 1.0) * iw
                S = held + rise[j, i + 1] + fall[j, i + 1] + b[j, i] * S * w
        for i in range(n - 2, -1, -1):
            x[j, i] += scratch[i] * x[j, i + 1]
        spikes[j] = a[j, n - 1] * x[j, n - 1]


def matrix(generator: Generator, p: np.ndarray, back: complex) -> Any:
    """M as a sparse matrix on p (C, N) ravelled; `back` is the factor of the spikes that re-enter."""
    from scipy.sparse import coo_array

    a, b, u, lower, upper, leap, part = generator
    columns, n = p.shape
    at = np.arange(p.size).reshape(p.shape)
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def flow(source: np.ndarray, target: np.ndarray, of: np.ndarray, rate: np.ndarray) -> None:
        """rate p[of] leaves source for target."""
        entries.extend([(source, of, -rate), (target, of, rate)])

    flow(at[:, :-1], at[:, 1:], at[:, :-1], a[:, :-1])
    flow(at[:, 1:], at[:, :-1], at[:, 1:], b[:, :-1])
    m = np.ones(n)
    m[-1] = TOP_CAPACITY
    low, high = at[:-1], at[1:]
    rise, fall = m * np.maximum(u[1:-1], 0.0), m * np.minimum(u[1:-1], 0.0)
    before, here, after = slope_factors(p)
    flow(low, high, low, rise * (1 + here[:-1] / 2))
    flow(low, high, high, rise * after[:-1] / 2)
    flow(low[1:], high[1:], at[:-2], (rise * before[:-1] / 2)[1:])
    flow(low, high, high, fall * (1 - here[1:] / 2))
    flow(low, high, low, -fall * before[1:] / 2)
    flow(low[:-1], high[:-1], at[2:], (-fall * after[1:] / 2)[:-1])
    entries.append((at[:, -1], at[:, -1], -a[:, -1]))
    for leaps, share in ((leap, 1 - part), (leap + 1, part)):
        target = np.minimum(np.arange(columns) + leaps, columns - 1)
        for cell, piece in ((lower, 1 - upper), (lower + 1, upper)):
            entries.append((at[target, cell], at[:, -1], back * share * piece * a[:, -1]))
    row, column, value = (np.concatenate([entry[i].ravel() for entry in entries]) for i in range(3))
    return coo_array((value, (row, column)), shape=(p.size, p.size)).tocsr()
