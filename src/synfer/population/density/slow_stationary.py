"""Stationary densities over (V, w): positive iterations on the operator of `slow_generator`.

One iteration solves every column for its density given its neighbours', from the lowest column to the highest and
back, with the rates along w of the iterate before. In column j, e_i = rates out of cell i along w, y = inflow,
    S_0 = e_0,  X_i = S_i + a_i,  S_{i+1} = e_{i+1} + b_i S_i / X_i,  p_i = (y_i + b_i p_{i+1}) / X_i,
has no subtraction, and the spikes that come back to the column they left are solved for with it. Now and then the
columns are scaled so that what rises through every face between two of them equals what falls: sums of positive terms
again, which settle the slow exchange between columns in one go when tau is long. So no iterate has a negative cell,
and what is small keeps its digits, whether a rate of 1e-9 Hz or a column that holds 1e-30 of the neurons.
Iterations start upwind, from the one-dimensional density of every column, and reconstruct once that has settled.
References: Stewart (1994), Introduction to the Numerical Solution of Markov Chains, sec. 6.3 (aggregation); Grassmann,
Taksar & Heyman (1985), Oper. Res. 33:1107 (elimination without subtraction).
"""

import numpy as np
from numpy.typing import ArrayLike

from ...core.errors import NumericalError, UsageError
from ...core.jit import kernel
from .inner import inner
from .mesh import TOP_CAPACITY, Lanes, counts, psi_at_faces, reset_split
from .slow_generator import Generator, assemble, goals, rates_along_w
from .state import State

# Relative change of density and rate per iteration at which the state is taken for settled.
TOLERANCE = 1e-11
# The change at which upwind iterations give way to the reconstruction.
SETTLED = 1e-3
# Iterations between two balances of the columns: balancing every one oscillates where tau is short.
EVERY = 4
MOST_ITERATIONS = 1000
# 1/ms, out of every cell: below all that matters, keeps columns that no neuron leaves from overflow.
LEAK = 1e-250
# Share of the largest column below which a column has no say in the balance.
EMPTY = 1e-150
SPARED = 1e-3
PATIENCE = 100
CALM = 4.0


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
    inflow = external
    for i in range(n):
        y[i] = (rise[j - 1, i] * p[j - 1, i] if j > 0 else 0.0) + (
            fall[j + 1, i] * p[j + 1, i] if j < columns - 1 else 0.0
        )
        y[i] += hold * (TOP_CAPACITY if i == n - 1 else 1.0) * old[j, i]
        inflow += y[i]
        out[i] = rise[j, i] + fall[j, i] + LEAK + hold * (TOP_CAPACITY if i == n - 1 else 1.0)
        unit[i] = 0.0
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
        back = own * a[j, n - 1] * p[j, n - 1] / ((1.0 - own) + own * escape)
        for i in range(n):
            p[j, i] = p[j, i] + back * unit[i] if inflow > 0.0 else unit[i]
    spikes[j] = a[j, n - 1] * p[j, n - 1]


@inner
def balance(p, generator, rise, fall, spikes, spared):
    """Scale the columns: through every face between two of them, what rises equals what falls. Total content 1.

    The lowest and highest columns that hold the share `spared` together keep their proportions.
    """
    leap, part = generator.leap, generator.part
    columns, n = p.shape
    mass, x = np.empty(columns), np.ones(columns)
    for j in range(columns):
        mass[j] = content(p[j])
    total = mass.sum()
    below, above = mass[0], total - mass[0]
    for j in range(1, columns):
        if below > spared * total:
            x[j] = x[j - 1]
            if above > spared * total:
                rises, falls = 0.0, 0.0
                for i in range(n):
                    rises += rise[j - 1, i] * p[j - 1, i]
                    falls += fall[j, i] * p[j, i]
                rises *= x[j - 1]
                for k in range(max(j - leap, 0), j):
                    rises += x[k] * spikes[k]
                if j > leap:
                    rises += part * x[j - leap - 1] * spikes[j - leap - 1]
                if falls > 0.0:
                    x[j] = rises / falls
                elif rises > 0.0:  # nobody comes back: the columns below empty
                    x[:j] = 0.0
                    x[j] = 1.0
            if x[j] * mass[j] > 1e100:
                x[: j + 1] /= x[j] * mass[j]
        below += mass[j]
        above -= mass[j]
    x /= np.sum(x * mass)
    for j in range(columns):
        p[j] *= x[j]
        spikes[j] *= x[j]


@inner
def columns_alone(p, generator):
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
                p[j, i:] *= 1e-200
        p[j] /= content(p[j])


@kernel(no_cfunc_wrapper=True)
def settle(p, generator, most, tolerance):
    """Fill p (C, N) with the stationary density of content 1; returns the last relative change."""
    columns, n = p.shape
    u = generator.u
    work, old = np.empty((4, n)), np.empty_like(p)
    rise, fall = np.empty_like(p), np.empty_like(p)
    columns_alone(p, generator)
    spikes = generator.a[:, n - 1] * p[:, n - 1]
    for j in range(columns):
        for i in range(n):
            capacity = TOP_CAPACITY if i == n - 1 else 1.0
            rise[j, i], fall[j, i] = capacity * max(u[j + 1, i], 0.0), capacity * max(-u[j, i], 0.0)
    balance(p, generator, rise, fall, spikes, EMPTY)
    upwind, change, rate, hold = True, np.inf, spikes.sum(), 0.0
    for step in range(1, most + 1):
        if not upwind:
            rates_along_w(p, u, rise, fall)
        old[:] = p
        if step == PATIENCE:
            hold = CALM * ((rise + fall) * p).sum() / p.sum()
        for j in range(columns):
            relax(p, j, generator, rise, fall, spikes, work, old, hold)
        for j in range(columns - 1, -1, -1):
            relax(p, j, generator, rise, fall, spikes, work, old, hold)
        if step % EVERY > 0 and hold == 0.0:
            continue
        if hold == 0.0:
            balance(p, generator, rise, fall, spikes, EMPTY if upwind else SPARED)
        change = np.abs(p - old).sum()
        change = max(change, abs(spikes.sum() - rate) / max(spikes.sum(), 1e-300))
        rate = spikes.sum()
        if step % 100 == 0:
            print(step, change, p.sum(), rate, hold)
        if not change < np.inf or (not upwind and change <= tolerance):
            break
        upwind = upwind and change > SETTLED
    return step, change


def slow_stationary(lanes: Lanes, mu: ArrayLike, sigma: ArrayLike, g: ArrayLike = 0.0, gE: ArrayLike = 0.0) -> State:
    """Stationary density over (V, w), rate and refractory queue of every lane under a constant drive.

    The fixed point of the operator in `slow_generator`, spikes returning to V_reset with the jump. Equal lanes are
    solved once.

    Args:
        lanes: neurons and meshes of L lanes, with slow variables.
        mu, sigma, gE: mean input, noise and shunt current [mV]; g: shunt [leaks]; each broadcasts to (L,).

    Returns:
        State with p (L, N, C) [1/mV], NaN outside a lane's own cells and columns, its integral 1 - r t_ref; the rate
        [1/ms]; a constant flux history by column, (L, 1, 2, C), 0 outside a lane's own.

    Raises:
        MeshError: as `counts`.
        NumericalError: the iterations do not settle: columns too wide for what w does.
    """
    n, slow = counts(lanes), lanes.slow
    if slow is None:
        raise UsageError("the lanes have no slow variable; use stationary(lanes, ...)")
    size, widest = len(n), int(np.max(slow.columns))
    lower, upper = reset_split(lanes, n)
    drive = np.stack([np.broadcast_to(np.asarray(x, float), (size,)) for x in (mu, sigma, g, gE)], axis=1)
    density = np.full((size, int(n.max()), widest), np.nan)
    queue, rate = np.zeros((size, 1, 2, widest)), np.zeros(size)
    solved: dict[tuple, int] = {}
    for lane in range(size):
        columns = int(slow.columns[lane])
        psi, goal = psi_at_faces(lanes, lane, int(n[lane])), goals(lanes, slow, lane, int(n[lane]))
        numbers = [*(x[lane] for x in lanes[:6]), *(x[lane] for x in slow[:5]), *drive[lane]]
        twin = solved.setdefault((*numbers, psi.tobytes(), goal.tobytes()), lane)
        if twin < lane:
            density[lane], queue[lane], rate[lane] = density[twin], queue[twin], rate[twin]
            continue
        generator = assemble(lanes, slow, lane, int(n[lane]), drive[lane], (lower[lane], upper[lane]))
        p, spikes = solve(generator, lane)
        scale = 1.0 + spikes.sum() * lanes.t_ref[lane]
        density[lane, -n[lane] :, :columns] = p.T / (lanes.h[lane] * scale)
        queue[lane, :, :, :columns], rate[lane] = spikes / scale, spikes.sum() / scale
    return State(p=density, queue=queue, rate=rate, dt=None)


def solve(generator: Generator, lane: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Density (C, N) of content 1 cell and its spikes by column [1/ms], when nobody is refractory.

    Raises:
        NumericalError: the iterations do not settle.
    """
    p = np.empty(generator.a.shape)
    _, change = settle(p, generator, MOST_ITERATIONS, TOLERANCE)
    if not change <= TOLERANCE:
        raise NumericalError(
            f"the stationary state of lane {lane} has not settled: it still changes by {change:.1e} of itself after "
            f"{MOST_ITERATIONS} iterations, at most {TOLERANCE:g} is allowed; lower dw to a third of the sd of w, "
            "or fit the columns to where w is"
        )
    return p, generator.a[:, -1] * p[:, -1]
