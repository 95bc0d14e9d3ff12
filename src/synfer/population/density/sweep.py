"""One implicit stage: (I - s dL/dt) p = rhs for a row of lanes, coefficients and elimination in one sweep.

Scharfetter-Gummel flux through the upper face of cell i, with P = f h / D there,
    J_i = (D/h) [B(-P) p_i - B(P) p_{i+1}],   B(x) = x / (e^x - 1),   P = alpha + slope j + kappa psi,
j = 0, 1, ... counting faces down from V_top. With c = s D / h^2, a_i = c B(-P_i), b_i = c B(P_i), row i reads
    -a_{i-1} p_{i-1} + (1 + b_{i-1} + a_i) p_i - b_i p_{i+1} = rhs_i.
Elimination from the bottom without a subtraction (S_i = 1 + b_{i-1} S_{i-1} / (S_{i-1} + a_{i-1})):
    y_i = rhs_i + a_{i-1} y_{i-1} / (S_{i-1} + a_{i-1}),    p_i = (y_i + b_i p_{i+1}) / (S_i + a_i),
with TOP_CAPACITY (rhs + ...) for the row of the top cell, whose diagonal and right-hand side count that share. So
p >= 0 whenever rhs >= 0, in rounded arithmetic too, and probability is kept to rounding. With E = e^P - 1 and
Q = c P one reciprocal serves the Bernoulli function and the pivot: 1/(E S + Q e^P).

Layout: arrays [cell][lane], lanes aligned at the top. A lane with fewer cells than the tile has closed faces
(a = b = 0) and empty cells below its own; `bottom` holds each lane's first cell, `ragged` the largest of them.
Reference: Scharfetter & Gummel (1969), IEEE Trans. Electron Devices 16:64, eq. 12.
"""

from .inner import inner
from .mesh import TOP_CAPACITY
from .vector import choose, exponentials, fill, fma, load, store, widen

# Rows of the coefficient array, one value per lane.
ALPHA, SLOPE, KAPPA, C = 0, 1, 2, 3
# Rows of the summary of a density.
LEAST, LARGEST, TOTAL = 0, 1, 2
# abs(P) beyond which e^P is constant: the flux is upwind to rounding there.
BOUND_64, BOUND_32 = 80.0, 40.0
# Added to P, so that P = 0 gives the limit E/P = 1 instead of 0/0.
TINY = 1e-30
# What the top cell lacks of a full one; y and S of the top row are at least as large as what is taken off.
LACK = 1.0 - TOP_CAPACITY


@inner
def bound_of(array):
    """Largest exponent used with the array's float type."""
    return BOUND_64 if array.itemsize == 8 else BOUND_32


@inner
def eliminate(rhs, u, v, a_out, w_out, keep, psi, coefficients, bottom, ragged, outflow, lanes):
    """Forward sweep with fresh coefficients: u_i = y_i / X_i, v_i = b_i / X_i.

    `outflow` [1][lane] becomes a p of the top cell: the mass (times 1/h) that leaves through V_top in the
    stage. With `keep`, a_i / X_i and 1 / X_i are stored in a_out and w_out for `eliminate_again`.
    rhs may be u itself.
    """
    top = rhs.shape[0] - 1
    bound = bound_of(rhs)
    y = load(rhs, 0, lanes)
    one, zero, tiny = fill(y, 1.0), fill(y, 0.0), fill(y, TINY)
    S = one
    for i in range(top):
        # Coefficients are read again in every row: kept in registers they would be spilled.
        drift = fma(load(coefficients, SLOPE, lanes), fill(y, top - i), load(coefficients, ALPHA, lanes))
        P = fma(load(coefficients, KAPPA, lanes), load(psi, i, lanes), drift) + tiny
        E, growth = exponentials(P, bound)
        Q = load(coefficients, C, lanes) * P
        t = Q * growth
        r = one / fma(E, S, t)
        b, a, w = Q * r, t * r, E * r
        if i < ragged:
            row, first = fill(y, i), load(bottom, 0, lanes)
            b, a = choose(row, first, zero, b), choose(row, first, zero, a)
        store(u, i, y * w)
        store(v, i, b)
        if keep:
            store(a_out, i, a)
            store(w_out, i, w)
        y = fma(a, y, load(rhs, i + 1, lanes))
        S = fma(b, S, one)
    y, S = fma(fill(y, -LACK), load(rhs, top, lanes), y), S - fill(S, LACK)
    # The absorbing face lies half a cell from the last centre: flux (2 D/h) B(-P/2) p.
    P = fma(load(coefficients, KAPPA, lanes), load(psi, top, lanes), load(coefficients, ALPHA, lanes)) + tiny
    E, growth = exponentials(P * fill(y, 0.5), bound)
    t = load(coefficients, C, lanes) * P * growth
    r = one / fma(E, S, t)
    a, w = t * r, E * r
    if keep:
        store(a_out, top, a)
        store(w_out, top, w)
    store(u, top, y * w)
    store(outflow, 0, y * a)


@inner
def eliminate_again(rhs, u, a_in, w_in, outflow, lanes):
    """`eliminate` with the factors it kept: bitwise the same u, without exponentials and divisions."""
    top = rhs.shape[0] - 1
    y = load(rhs, 0, lanes)
    for i in range(top):
        store(u, i, y * load(w_in, i, lanes))
        y = fma(load(a_in, i, lanes), y, load(rhs, i + 1, lanes))
    y = fma(fill(y, -LACK), load(rhs, top, lanes), y)
    store(u, top, y * load(w_in, top, lanes))
    store(outflow, 0, y * load(a_in, top, lanes))


@inner
def substitute(u, v, start, weight, lanes):
    """Backward sweep of an inner stage: u becomes start + weight (Y - start), the next right-hand side."""
    top = u.shape[0] - 1
    Y = load(u, top, lanes)
    factor = fill(Y, weight)
    old = load(start, top, lanes)
    store(u, top, fma(factor, Y - old, old))
    for i in range(top - 1, -1, -1):
        Y = fma(load(v, i, lanes), Y, load(u, i, lanes))
        old = load(start, i, lanes)
        store(u, i, fma(factor, Y - old, old))


@inner
def substitute_last(u, v, summary, lanes):
    """Backward sweep of the last stage: u becomes the density; `summary` gets its extremes and its integral over h.

    The integral is taken in float64, and only in float32 runs, which need it.
    """
    top = u.shape[0] - 1
    Y = load(u, top, lanes)
    least, largest, total = Y, Y, widen(Y)
    total = total * fill(total, TOP_CAPACITY)
    for i in range(top - 1, -1, -1):
        Y = fma(load(v, i, lanes), Y, load(u, i, lanes))
        store(u, i, Y)
        least = choose(Y, least, Y, least)
        largest = choose(largest, Y, Y, largest)
        if u.itemsize == 4:
            total = total + widen(Y)
    store(summary, LEAST, widen(least))
    store(summary, LARGEST, widen(largest))
    store(summary, TOTAL, total)
