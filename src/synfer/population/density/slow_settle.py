"""Stationary densities over (V, w): positive iterations on the operator of `slow_generator`.

One iteration solves every column for its density given its neighbours', from the lowest column to the highest and
back, with the rates along w of the iterate before. In column j, e_i = rates out of cell i along w, y = inflow,
    S_0 = e_0,  X_i = S_i + a_i,  S_{i+1} = e_{i+1} + b_i S_i / X_i,  p_i = (y_i + b_i p_{i+1}) / X_i,
has no subtraction, and the spikes that come back to the column they left are solved for with it. A cycle of iterations
starts with a balance: columns are scaled so that what rises through every face between two of them equals what falls,
sums of positive terms again, which settles the slow exchange between columns in a few cycles when tau is long. Cycles
are extrapolated (Anderson) to less than a LOWERED share of what the last gave in no cell. So no iterate has a negative
cell, and what is small keeps its digits, whether a rate of 1e-9 Hz or a column that holds 1e-30 of the neurons.
Iterations start upwind, from the one-dimensional density of every column. What follows is settled on the columns, and
the cells of V, that hold more than LEAST: regular spikes or weak noise leave a tenth of all cells. If the others change
it, it is settled on all.
References: Stewart (1994), Introduction to the Numerical Solution of Markov Chains, sec. 6.3 (aggregation); Grassmann,
Taksar & Heyman (1985), Oper. Res. 33:1107 (elimination without subtraction); Walker & Ni (2011), SIAM J. Numer. Anal.
49:1715 (Anderson).
"""

import numpy as np

from ...core.errors import NumericalError
from ...core.jit import kernel
from .inner import inner
from .mesh import TOP_CAPACITY
from .slow_generator import Generator, rates_along_w

# Relative change of density and rate in a cycle that counts as settled, upwind and at last; the most cycles of both.
NEARLY, TOLERANCE = 5e-2, 1e-11
FEW, MOST_CYCLES = 8, 200
# Iterations in a cycle, and the power of its balance: what is balanced after every iteration oscillates where tau is
# short. In the first cycles; then, as a whole balance overshoots where neurons spike in turns; and in cycles that take
# their turn when CHECKED of them have not brought the change down by GAINED, as where w has a sharp edge.
FIRST, COMMON, SHORT = (8, 1.0), (8, 0.5), (2, 0.0)
CHECKED, GAINED = 16, 0.1
# The lowest and highest columns that keep their proportions in a balance, as a share of all: upwind, and later, where
# the slopes in the tails are a matter of these proportions.
EMPTY, SPARED = 1e-150, 1e-3
# Cycles that an extrapolation rests on besides the last; the least it leaves of a cell; the growth of the residual at
# which it starts anew from the best of them.
DEPTH, LOWERED, GROWN = 8, 0.1, 30.0
# Share of all below which columns and cells are left as upwind, and the change that brings them in.
LEAST, MATTERS = 1e-20, 1e-9
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
def relax(p, j, generator, rise, fall, spikes, work):
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
        inflow += y[i]
        out[i] = rise[j, i] + fall[j, i] + LEAK
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
        if mass > 0.0 and below > spared * total and total - below > spared * total:
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


@kernel(no_cfunc_wrapper=True)
def columns_alone(p, generator):
    """Fill every column of p with the one-dimensional density at its w, as in `stationary`, of content 1."""
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


@kernel(no_cfunc_wrapper=True)
def cycle(p, generator, upwind, power, times, planes, work, lines):
    """A power of the balance and so many iterations, in place; returns the flux of spikes [1/ms] at content 1.

    The last two are averaged: neurons that spike in turns make iterates alternate. Scratch: planes (3, C, N),
    work (4, N), lines (2, C).
    """
    columns, n = p.shape
    rise, fall, before, spikes, x = planes[0], planes[1], planes[2], lines[0], lines[1]
    for j in range(columns):
        spikes[j], x[j] = generator.a[j, n - 1] * p[j, n - 1], 1.0
    if power > 0.0:
        rates_along_w(p, generator.u, rise, fall, upwind)
        balance(p, generator, rise, fall, spikes, EMPTY if upwind else SPARED, x)
        for j in range(columns):
            x[j] = x[j] ** power
        scale(p, spikes, x)
        for j in range(columns):
            x[j] = 1.0
    for step in range(times):
        rates_along_w(p, generator.u, rise, fall, upwind)
        if step == times - 1:
            for j in range(columns):
                for i in range(n):
                    before[j, i] = p[j, i]
        for k in range(2 * columns):
            relax(p, k if k < columns else 2 * columns - 1 - k, generator, rise, fall, spikes, work)
        scale(p, spikes, x)
    total = 0.0
    for j in range(columns):
        for i in range(n):
            p[j, i] = 0.5 * (p[j, i] + before[j, i])
        total += generator.a[j, n - 1] * p[j, n - 1]
    return total


def settle(p: np.ndarray, generator: Generator, upwind: bool) -> tuple[int, float]:
    """Cycles in place on p (C, N) until they settle or are too many; returns their number and the last change."""
    tolerance, most = (NEARLY, FEW) if upwind else (TOLERANCE, MOST_CYCLES)
    scratch, flat = _scratch(p), p.reshape(-1)
    images, residuals = np.empty((DEPTH + 1, p.size)), np.empty((DEPTH + 1, p.size))
    products = np.zeros((DEPTH + 1, DEPTH + 1))
    rate, change, held = 0.0, np.inf, 0
    kind, best = COMMON, np.inf
    for count in range(1, most + 1):
        now, held = held % (DEPTH + 1), held + 1
        residuals[now] = flat
        times, power = FIRST if upwind and count <= 2 else kind
        spikes = cycle(p, generator, upwind, power, times, *scratch)
        images[now] = flat
        np.subtract(flat, residuals[now], out=residuals[now])
        change = max(float(abs(residuals[now]).sum()), abs(spikes - rate) / max(spikes, 1e-300))
        rate = spikes
        if not change < np.inf or change <= tolerance:
            return count, change
        kept = min(held, DEPTH + 1)
        products[now, :kept] = products[:kept, now] = residuals[:kept] @ residuals[now]
        norms = products.diagonal()[:kept]
        if count % CHECKED == 0:
            if change > GAINED * best:
                kind, held = (SHORT if kind is COMMON else COMMON), 0
            best = min(best, change)
        if norms[now] > GROWN**2 * norms.min():
            flat[:], held = images[norms.argmin()], 0
        elif held > 1 and count < most:
            np.maximum(weights(products[:kept, :kept]) @ images[:kept], LOWERED * images[now], out=flat)
    return most, change


def weights(products: np.ndarray) -> np.ndarray:
    """Those of sum 1 with which residuals that have these scalar products add up to the least."""
    scale = 1.0 / np.sqrt(np.maximum(products.diagonal(), 1e-300))
    share = np.linalg.lstsq(products * scale * scale[:, None], scale, rcond=1e-13)[0] * scale
    return share / share.sum()


def solve(generator: Generator, lane: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Density (C, N) of content 1 cell and its spikes by column [1/ms], when nobody is refractory.

    Raises:
        NumericalError: the iterations do not settle.
    """
    p = np.empty(generator.a.shape)
    columns_alone(p, generator)
    settle(p, generator, True)
    for own, cells in (occupied(p, generator), (slice(0, len(p)), slice(0, None))):
        inside = p[own, cells].copy()
        count, change = settle(inside, crop(generator, own, cells), False)
        if not change <= TOLERANCE:
            raise NumericalError(
                f"the stationary state of lane {lane} has not settled: after {count} cycles it still "
                f"changes by {change:.1e} of itself, at most {TOLERANCE:g} is allowed; raise dw: narrower columns than "
                "w needs are harder to settle"
            )
        p[:] = 0.0
        p[own, cells] = inside
        cycle(p, generator, False, 0.0, 2, *_scratch(p))
        if abs(p[own, cells] - inside).sum() <= MATTERS:
            break
    return p, generator.a[:, -1] * p[:, -1]


def occupied(p: np.ndarray, generator: Generator) -> tuple[slice, slice]:
    """The columns, and from which cell on the cells, that hold more than LEAST."""
    spikes = generator.a[:, -1] * p[:, -1]
    columns = np.flatnonzero((p.sum(axis=1) > LEAST) | (spikes > LEAST * spikes.max()))
    own = slice(int(columns[0]), int(columns[-1]) + 1) if columns.size else slice(0, len(p))
    lowest = int(np.argmax(p[own].max(axis=0) > LEAST * p.max()))
    return own, slice(min(lowest, generator.lower), None)


def crop(generator: Generator, own: slice, cells: slice) -> Generator:
    """The operator on these columns and cells alone; what would leave them stays."""
    a, b = generator.a[own, cells].copy(), generator.b[own, cells].copy()
    u = generator.u[own.start : own.stop + 1, cells].copy()
    u[0] = u[-1] = 0.0
    return generator._replace(a=a, b=b, u=u, lower=generator.lower - cells.start)


def _scratch(p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.empty((3, *p.shape)), np.empty((4, p.shape[1])), np.empty((2, len(p)))
