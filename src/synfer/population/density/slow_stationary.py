"""proto"""
import numpy as np
from ...core.jit import kernel
from ...core.errors import NumericalError
from .inner import inner
from .mesh import TOP_CAPACITY, Lanes, counts, reset_split
from .slow_generator import Generator, assemble, rates_along_w
from .state import State

LEAK = 1e-250
EMPTY = 1e-150


@inner
def mass_of(p):
    total = 0.0
    n = p.shape[0]
    for i in range(n):
        total += p[i]
    return total - (1.0 - TOP_CAPACITY) * p[n - 1]


@inner
def arrivals(spikes, j, leap, part):
    """Flux into V_reset of column j from other columns, and the share of its own that comes back."""
    last = spikes.shape[0] - 1
    total, own = 0.0, 0.0
    first = max(j - leap - 1, 0)
    for k in range(first, last + 1 if j == last else min(j - leap, last) + 1):
        share = 0.0
        if min(k + leap, last) == j:
            share += 1.0 - part
        if min(k + leap + 1, last) == j:
            share += part
        if k == j:
            own = share
        else:
            total += share * spikes[k]
    return total, own


@inner
def eliminate_column(a, b, exit, rhs, x):
    n = a.shape[0]
    S = exit[0]
    y = rhs[0]
    for i in range(n):
        w = 1.0 / (S + a[i])
        x[i] = y * w
        exit_next = exit[i + 1] if i + 1 < n else 0.0
        if i + 1 < n:
            y = rhs[i + 1] + a[i] * w * y
            S = exit_next + b[i] * S * w
        exit[i] = b[i] * w
    for i in range(n - 2, -1, -1):
        x[i] += exit[i] * x[i + 1]


@inner
def relax_column(p, a, b, rise, fall, lower, upper, leap, part, spikes, j, rhs, exit, keep, unit):
    columns, n = p.shape
    external, own = arrivals(spikes, j, leap, part)
    inflow = external
    for i in range(n):
        x = 0.0
        if j > 0:
            x += rise[j - 1, i] * p[j - 1, i]
        if j < columns - 1:
            x += fall[j + 1, i] * p[j + 1, i]
        rhs[i] = x
        inflow += x
        exit[i] = rise[j, i] + fall[j, i] + LEAK
    rhs[lower] += (1.0 - upper) * external
    rhs[lower + 1] += upper * external
    old = mass_of(p[j])
    if own > 0.0:
        for i in range(n):
            keep[i] = exit[i]
            unit[i] = 0.0
        unit[lower] = 1.0 - upper
        unit[lower + 1] = upper
        scratch = exit.copy()
        eliminate_column(a[j], b[j], scratch, unit, unit)
    eliminate_column(a[j], b[j], exit, rhs, p[j])
    if own > 0.0:
        escape = 0.0
        for i in range(n):
            escape += keep[i] * unit[i]
        if inflow > 0.0:
            back = own * a[j, n - 1] * p[j, n - 1] / ((1.0 - own) + own * escape)
            for i in range(n):
                p[j, i] += back * unit[i]
        else:
            for i in range(n):
                p[j, i] = unit[i]
    spikes[j] = a[j, n - 1] * p[j, n - 1]


@inner
def balance_columns(p, rise, fall, leap, part, spikes, x):
    columns, n = p.shape
    mass = np.empty(columns)
    for j in range(columns):
        mass[j] = mass_of(p[j])
    largest = mass.max()
    started = False
    for j in range(columns):
        if not mass[j] > EMPTY * largest:
            x[j] = 1.0 if not started else 0.0
            # handled below
        if not started:
            x[j] = 1.0
            started = mass[j] > EMPTY * largest
            continue
        up = 0.0
        for i in range(n):
            up += rise[j - 1, i] * p[j - 1, i]
        up *= x[j - 1]
        for k in range(max(j - leap, 0), j):
            up += x[k] * spikes[k]
        if j - leap - 1 >= 0:
            up += part * x[j - leap - 1] * spikes[j - leap - 1]
        down = 0.0
        for i in range(n):
            down += fall[j, i] * p[j, i]
        if down > 0.0:
            x[j] = up / down
        elif up > 0.0:
            for k in range(j):
                x[k] = 0.0
            x[j] = 1.0
        else:
            x[j] = 0.0
        if x[j] * mass[j] > 1e100:
            s = 1.0/(x[j] * mass[j])
            for k in range(j + 1):
                x[k] *= s
    total = 0.0
    for j in range(columns):
        total += x[j] * mass[j]
    for j in range(columns):
        f = x[j] / total
        for i in range(n):
            p[j, i] *= f
        spikes[j] *= f


@kernel(no_cfunc_wrapper=True)
def iterate(p, old, a, b, u, lower, upper, leap, part, spikes, rise, fall, sweeps, tolerance, history, mode, opt):
    columns, n = p.shape
    rhs, exit, keep, unit = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    x = np.empty(columns)
    for it in range(sweeps):
        old[:] = p
        if it >= mode:
            rates_along_w(p, u, rise, fall)
        if it == 0:
            balance_columns(p, rise, fall, leap, part, spikes, x)
        for j in range(columns if opt & 4 else 0):
            relax_column(p, a, b, rise, fall, lower, upper, leap, part, spikes, j, rhs, exit, keep, unit)
        if opt & 1:
            balance_columns(p, rise, fall, leap, part, spikes, x)
        for j in range(columns - 1, -1, -1):
            relax_column(p, a, b, rise, fall, lower, upper, leap, part, spikes, j, rhs, exit, keep, unit)
        if opt & 2:
            balance_columns(p, rise, fall, leap, part, spikes, x)
        delta = 0.0
        for j in range(columns):
            for i in range(n):
                delta += abs(p[j, i] - old[j, i])
        history[it] = delta
        if delta < tolerance:
            return it + 1
    return sweeps
