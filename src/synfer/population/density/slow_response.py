"""Linear response of densities over (V, w): the operator of `slow_generator`, linearised at its stationary state.

mu + epsilon e^{i omega t} gives p + epsilon p_1 e^{i omega t} with
    (i omega m - M) p_1 = dM/dmu p,    r_1 = sum_j (a p_1 + da/dmu p) of the top cells,
m the capacities, M the fluxes, the spikes that re-enter carrying e^{-i omega t_ref}. Face values are of first degree
in p, so M, with the branch that the limiter takes at p in every cell, is also their derivative.
What is added to every row at once sums to the balance of probability,
    sum (m p_1) + t_ref e^{-i omega t_ref/2} sinc(omega t_ref/2) r_1 = 0:
it takes the place of one row, that of the fullest cell, so that omega = 0 is no exception.
"""

from typing import Any

import numpy as np

from ...core.errors import NumericalError, UsageError
from .mesh import TOP_CAPACITY, Lanes, counts, reset_split
from .slow_generator import Generator, assemble
from .slow_stationary import solve

# The step in mu, as a step in P = f h/D, over which coefficients are differenced: error 1e-8 of them.
STEP = 1e-4


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
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import splu  # slow to import

    back, held = np.exp(-1j * omega * t_ref), t_ref * np.exp(-0.5j * omega * t_ref) * np.sinc(omega * t_ref / 2 / np.pi)
    m = np.ones_like(p)
    m[:, -1] = TOP_CAPACITY
    out, out_change = np.zeros_like(p), np.zeros_like(p)
    out[:, -1], out_change[:, -1] = at.a[:, -1], change.a[:, -1]
    # Cells in rows of V: what couples most stands nearest, which keeps the factors sparse.
    order = np.arange(p.size).reshape(p.shape).T.ravel()
    forcing = (matrix(change, p, back) @ p.ravel())[order]
    A = (diags_array(1j * omega * m.ravel()) - matrix(at, p, back)).tocsr()[order][:, order]
    pin = int(np.argmax((m * p).ravel()[order]))
    A.data[A.indptr[pin] : A.indptr[pin + 1]] = A.indices[A.indptr[pin] : A.indptr[pin + 1]] == pin
    rhs = np.zeros((p.size, 2), complex)
    rhs[:, 0], rhs[pin] = forcing, (0.0, 1.0)
    x, y = splu(A.tocsc(), diag_pivot_thresh=0.0, options={"SymmetricMode": True}).solve(rhs).T
    weight = (m + held * out).ravel()[order]
    now = (out_change * p).sum()
    x = x - y * (weight @ x + held * now) / (weight @ y)
    r = complex(out.ravel()[order] @ x + now)
    if not np.isfinite(r):
        raise NumericalError(f"the response at omega = {omega:g}/ms left the numbers; raise sigma")
    return r


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
    before, here, after = slopes(p)
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


def slopes(p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The limited slope at p (C, N) as factors of p in the column below, the column itself, and the one above."""
    q = np.pad(p, ((1, 1), (0, 0)))
    d, e = np.diff(q, axis=0)[:-1], np.diff(q, axis=0)[1:]
    some = d * e > 0
    middle = some & (abs(d + e) / 2 <= 2 * np.minimum(abs(d), abs(e)))
    left, right = some & ~middle & (abs(d) <= abs(e)), some & ~middle & (abs(d) > abs(e))
    return -0.5 * middle - 2.0 * left, 2.0 * left - 2.0 * right, 0.5 * middle + 2.0 * right
