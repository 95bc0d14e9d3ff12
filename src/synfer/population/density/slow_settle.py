"""Stationary densities over (V, w): positive iterations on the operator of `slow_generator`.

One iteration solves every column for its density given its neighbours', from the lowest column to the highest and
back, with the rates along w of the iterate before. In column j, e_i = rates out of cell i along w, y = inflow,
    S_0 = e_0,  X_i = S_i + a_i,  S_{i+1} = e_{i+1} + b_i S_i / X_i,  p_i = (y_i + b_i p_{i+1}) / X_i,
has no subtraction, and the spikes that come back to the column they left are solved for with it. Now and then the
columns are scaled so that what rises through every face between two of them equals what falls: sums of positive terms
again, which settle the slow exchange between columns in one go when tau is long. So no iterate has a negative cell,
and what is small keeps its digits, whether a rate of 1e-9 Hz or a column that holds 1e-30 of the neurons.
Iterations start upwind, from the one-dimensional density of every column, and reconstruct once that has settled. Where
the limiter keeps them from settling, they end as implicit steps in time, of columns that neurons take some ms to cross.
References: Stewart (1994), Introduction to the Numerical Solution of Markov Chains, sec. 6.3 (aggregation); Grassmann,
Taksar & Heyman (1985), Oper. Res. 33:1107 (elimination without subtraction).
"""

import math

import numpy as np

from ...core.jit import kernel
from .inner import inner
from .mesh import TOP_CAPACITY
from .slow_generator import rates_along_w

# The change at which upwind iterations give way to the reconstruction.
SETTLED = 1e-3
# Iterations between two balances of the columns: balancing after every one oscillates where tau is short.
EVERY = 8
# The lowest and highest columns that keep their proportions in a balance, as a share of all: upwind, and later, where
# the limiter makes the exchange between columns of the tails a matter of these proportions.
EMPTY, SPARED = 1e-150, 1e-3
# Iterations after which implicit steps in time replace the balances, and the inverse of a step in units of the mean
# rate along w.
PATIENCE, CALM = 250, 0.5
MOST_ITERATIONS = 4000
# 1/ms, out of every cell: below all that matters, keeps columns that no neuron leaves from overflow.
LEAK = 1e-250


@inner
def content(p):
    """Cells' worth of density in one column."""
    total = -(1.0 - TOP_CAPACITY) * p[-1]
    for value in p:
        total += value
    return total


@inner
def arrivals(spikes, j, leap, part):
    """Flux into V_reset of column j from the others, and the share of its own spikes that come back to it."""
    last = spikes.shape[0] - 1
    total, own = 0.0, 0.0
    for k in range(max(j - leap - 1, 0), j + 1 if j == last else min(j, j - leap) + 1):
        share = (1.0 - part if min(k + leap, last) == j else 0.0) + (part if min(k + leap + 1, last) == j else 0.0)
        if k == j:
            own = share
        else:
            total += share * spikes[k]
    return total, own


@inner
def solve_column(a, b, out, y, p, scratch):
    """p from the inflow y, the rates out along w, and the fluxes a, b along V. p may be y itself."""
    n = a.shape[0]
    S, inflow = out[0], y[0]
    for i in range(n):
        w = 1.0 / (S + a[i])
        p[i] = inflow * w
        scratch[i] = b[i] * w
        if i < n - 1:
            inflow = y[i + 1] + a[i] * w * inflow
            S = out[i + 1] + b[i] * S * w
    for i in range(n - 2, -1, -1):
        p[i] += scratch[i] * p[i + 1]


@inner
def relax(p, j, generator, rise, fall, spikes, work, old, hold):
    """Column j in equilibrium with all others; work: four rows of scratch."""
    a, b, _, lower, upper, leap, part = generator
    columns, n = p.shape
    y, out, scratch, unit = work[0], work[1], work[2], work[3]
    external, own = arrivals(spikes, j, leap, part)
    inflow, leaving = external, 0.0
    for i in range(n):
        leaving += rise[j, i] + fall[j, i]
        y[i] = (rise[j - 1, i] * p[j - 1, i] if j > 0 else 0.0) + (
            fall[j + 1, i] * p[j + 1, i] if j < columns - 1 else 0.0
        )
        y[i] += hold * (TOP_CAPACITY if i == n - 1 else 1.0) * old[j, i]
        inflow += y[i]
        out[i] = rise[j, i] + fall[j, i] + LEAK + hold * (TOP_CAPACITY if i == n - 1 else 1.0)
        unit[i] = 0.0
    if inflow == 0.0 and leaving == 0.0 and spikes[j] == 0.0:
        return  # silent neurons whose w rests, which no others join
    y[lower] += (1.0 - upper) * external
    y[lower + 1] += upper * external
    solve_column(a[j], b[j], out, y, p[j], scratch)
    if own > 0.0:
        # Of a unit of flux into V_reset the share `escape` leaves along w, the rest spikes.
        unit[lower], unit[lower + 1] = 1.0 - upper, upper
        solve_column(a[j], b[j], out, unit, unit, scratch)
        escape = 0.0
        for i in range(n):
            escape += out[i] * unit[i]
        lost = (1.0 - own) + own * escape
        # Neurons in a column that none enters or leaves stay as many as they are.
        back = own * a[j, n - 1] * p[j, n - 1] / lost if inflow > 0.0 else (1.0 if lost < 1e-200 else 0.0)
        for i in range(n):
            p[j, i] += back * unit[i]
    spikes[j] = a[j, n - 1] * p[j, n - 1]


@inner
def scale(p, spikes, x):
    """Multiply column j and its spikes by x_j, and all by what makes the content 1."""
    columns, n = p.shape
    total = 0.0
    for j in range(columns):
        total += x[j] * content(p[j])
    for j in range(columns):
        for i in range(n):
            p[j, i] *= x[j] / total
        spikes[j] *= x[j] / total


@inner
def exchange(p, j, generator, rise, fall, spikes, x):
    """What rises from below into column j and above, columns scaled by x, and what falls from column j."""
    leap, part = generator.leap, generator.part
    rises, falls = 0.0, 0.0
    for i in range(p.shape[1]):
        rises += rise[j - 1, i] * p[j - 1, i]
        falls += fall[j, i] * p[j, i]
    rises *= x[j - 1]
    for k in range(max(j - leap, 0), j):
        rises += x[k] * spikes[k]
    if j > leap:
        rises += part * x[j - leap - 1] * spikes[j - leap - 1]
    return rises, falls


@inner
def balance(p, generator, rise, fall, spikes, spared, x):
    """The factors x of the columns with which what rises through every face between two of them equals what falls.

    The lowest and highest columns that hold the share `spared` together keep their proportions.
    """
    columns = p.shape[0]
    total = 0.0
    for j in range(columns):
        total += content(p[j])
    below, x[0] = content(p[0]), 1.0
    for j in range(1, columns):
        mass = content(p[j])
        x[j] = x[j - 1] if below > spared * total else 1.0
        if below > spared * total and total - below > spared * total:
            rises, falls = exchange(p, j, generator, rise, fall, spikes, x)
            if falls > 0.0:
                x[j] = rises / falls
            # Where nobody comes back the columns below empty; far from overflow in any case.
            shrink = 1.0 if falls > 0.0 or rises == 0.0 else 0.0
            if not x[j] * mass < np.inf:
                x[j], shrink = 1.0 / mass, 0.0
            elif x[j] * mass > 1e100:
                shrink = 1.0 / (x[j] * mass)
                x[j] *= shrink
            if shrink < 1.0:
                for k in range(j):
                    x[k] *= shrink
        below += mass


@inner
def columns_alone(p, generator, spikes):
    """Every column as the one-dimensional density at its w, as in `stationary`, of content 1."""
    a, b, _, lower, upper, _, _ = generator
    columns, n = p.shape
    for j in range(columns):
        flux = 1.0
        p[j, n - 1] = 1.0 / a[j, n - 1]
        for i in range(n - 2, -1, -1):
            J = 0.0 if i < lower else (1.0 - upper if i == lower else 1.0)
            p[j, i] = (J * flux + b[j, i] * p[j, i + 1]) / a[j, i]
            if p[j, i] > 1e200:
                flux *= 1e-200
                for k in range(i, n):
                    p[j, k] *= 1e-200
        total = content(p[j])
        for i in range(n):
            p[j, i] /= total
        spikes[j] = a[j, n - 1] * p[j, n - 1]


@inner
def steady(p, old, step, spikes, a):
    """Go half the way from `old` to p if the last step, kept in `step`, was as long and went another way.

    Neurons that spike in turns make iterates alternate; means of densities are densities.
    """
    columns, n = p.shape
    along, new, last = 0.0, 0.0, 0.0
    for j in range(columns):
        for i in range(n):
            d = p[j, i] - old[j, i]
            along += d * step[j, i]
            new += d * d
            last += step[j, i] * step[j, i]
            step[j, i] = d
    if new > 0.2 * last > 0.0 and along < 0.5 * math.sqrt(new * last):
        for j in range(columns):
            for i in range(n):
                p[j, i] = 0.5 * (p[j, i] + old[j, i])
                step[j, i] *= 0.5
            spikes[j] = a[j, n - 1] * p[j, n - 1]


@inner
def difference(p, old):
    """Sum of abs(p - old)."""
    total = 0.0
    for j in range(p.shape[0]):
        for i in range(p.shape[1]):
            total += abs(p[j, i] - old[j, i])
    return total


@kernel(no_cfunc_wrapper=True)
def settle(p, generator, tolerance, planes, work, lines):
    """Fill p (C, N) with the stationary density of content 1; returns the iterations and the last relative change.

    Scratch: planes (4, C, N), work (4, N), lines (2, C).
    """
    columns, n = p.shape
    u = generator.u
    old, rise, fall, spikes, x = planes[0], planes[1], planes[2], lines[0], lines[1]
    columns_alone(p, generator, spikes)
    upwind, hold, change, rate = True, 0.0, np.inf, 0.0
    for step in range(MOST_ITERATIONS):
        rates_along_w(p, u, rise, fall, upwind)
        for j in range(columns):
            x[j] = 1.0
            for i in range(n):
                old[j, i] = p[j, i]
                if step == PATIENCE:
                    hold += CALM * (rise[j, i] + fall[j, i]) * p[j, i]
        for k in range(2 * columns if step > 0 else 0):
            j = k if k < columns else 2 * columns - 1 - k
            relax(p, j, generator, rise, fall, spikes, work, old, hold)
        if hold == 0.0 and step % EVERY == 0:
            balance(p, generator, rise, fall, spikes, EMPTY if upwind else SPARED, x)
        scale(p, spikes, x)
        steady(p, old, planes[3], spikes, generator.a)
        now = 0.0
        for j in range(columns):
            now += spikes[j]
        if hold > 0.0 or step % EVERY == 0:
            change = max(difference(p, old), abs(now - rate) / max(now, 1e-300))
            if not change < np.inf or (not upwind and change <= tolerance):
                return step, change
            upwind = upwind and change > SETTLED
        rate = now
    return MOST_ITERATIONS, change
