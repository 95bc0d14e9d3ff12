"""What a trial adds to counts, and what it cost.

    a += [o; o-] x [s; s-],    b += [s; s-]_{t-1} x [s; s-]_t,    t = 1 .. t_end
    c <- max(floor, c + (1 - 2 Gamma_w) sum_{k in w} [s; s-]_k x [d; d-]_{k+1}),    window by window
Sums over steps become sums over rows of beliefs, of which a table has far fewer. Counts of decisions are kept as
[value of d, d, value of s, s], so that what one decision learns is contiguous.
"""

import numpy as np

from synfer.core.jit import kernel
from synfer.inference.agent.rows import ADVICE, ENTROPY, LIKELIHOOD, PRIOR, SURPLUS, TRANSITION, accumulate
from synfer.inference.agent.walks import Beliefs, Course

BLOCK = 64
"""Rows that are multiplied at a time, so that they stay in the cache."""


@kernel
def count_observations(a: np.ndarray, course: Course, beliefs: Beliefs, O: np.ndarray) -> None:
    """a [value of o, o, value of s, s] grows by the trial; O (S, No) is what each state of the task shows."""
    S, No, Ns, steps = O.shape[0], O.shape[1], beliefs.s.shape[1], course.t_end
    times, believed, whole, both = np.zeros(S), np.zeros((S, Ns)), np.zeros(Ns), np.empty(Ns)
    visits = np.zeros(beliefs.s.shape[0], np.int64)
    for t in range(1, steps + 1):
        times[course.state[t]] += 1
        visits[course.row[t]] += 1
    for t in range(1, steps + 1):
        row = course.row[t]
        if visits[row] > 0:
            believed[course.state[t]] += visits[row] * beliefs.s[row]
            visits[row] = 0
    for p in range(S):
        whole += believed[p]
    shown = O.T.copy()
    for i in range(No):
        both[:] = 0
        accumulate(shown[i], believed, both)
        ones = np.sum(shown[i] * times)
        for j in range(Ns):
            a[0, i, 0, j] += both[j]
            a[0, i, 1, j] += ones - both[j]
            a[1, i, 0, j] += whole[j] - both[j]
            a[1, i, 1, j] += steps - ones - (whole[j] - both[j])


@kernel
def count_transitions(b: np.ndarray, course: Course, beliefs: Beliefs) -> None:
    """b [value of s_{t-1}, s_{t-1}, value of s_t, s_t] grows by the trial."""
    s, Ns, pairs = beliefs.s, beliefs.s.shape[1], course.t_end - 1
    one, zero, second = beliefs.first[0], beliefs.first[1], beliefs.s[course.row[1]]
    begin, order = grouped(course.row[1 : course.t_end], s.shape[0])
    both, before, after = np.zeros((Ns, Ns)), np.zeros(Ns), np.zeros(Ns)
    own, follows, n = np.empty((BLOCK, Ns)), np.empty((BLOCK, Ns)), 0
    for row in range(s.shape[0]):
        mine = order[begin[row] : begin[row + 1]]
        if mine.size == 0:
            continue
        own[n], follows[n] = s[row], 0
        for k in mine:
            follows[n] += s[course.row[k + 2]]
        before += mine.size * own[n]
        after += follows[n]
        n += 1
        if n == BLOCK:
            multiply(own, follows, both)
            n = 0
    multiply(own[:n], follows[:n], both)
    for i in range(Ns):
        for j in range(Ns):
            b[0, i, 0, j] += both[i, j] + one[i] * second[j]
            b[0, i, 1, j] += before[i] - both[i, j] + one[i] * (1 - second[j])
            b[1, i, 0, j] += after[j] - both[i, j] + zero[i] * second[j]
            b[1, i, 1, j] += pairs - before[i] - (after[j] - both[i, j]) + zero[i] * (1 - second[j])


@kernel
def grouped(keys: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each key in 0 .. n - 1 begins in a list of indices sorted by key, then by time; that list."""
    begin = np.zeros(n + 1, np.int64)
    for key in keys:
        begin[key + 1] += 1
    begin = np.cumsum(begin)
    place, order = begin[:-1].copy(), np.empty(keys.size, np.int64)
    for k in range(keys.size):
        order[place[keys[k]]] = k
        place[keys[k]] += 1
    return begin, order


@kernel
def multiply(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """out += x^T y."""
    columns = x.T.copy()
    for i in range(columns.shape[0]):
        accumulate(columns[i], y, out[i])


@kernel
def risks(course: Course, window: int, bounds: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Gamma of each window of k <= t_end - 1, from its net progress (1 - 2 mean G) x window."""
    n = (course.t_end + window - 1) // window
    Gamma = np.empty(n)
    for w in range(n):
        start, stop = w * window, min((w + 1) * window, course.t_end)
        net = window * ((stop - start) - 2 * np.sum(course.outcome[start:stop])) / (stop - start)
        level = 0
        while level < bounds.size and net > bounds[level]:
            level += 1
        Gamma[w] = values[level]
    return Gamma


@kernel
def count_decisions(
    c: np.ndarray, course: Course, beliefs: Beliefs, Gamma: np.ndarray, window: int, floor: float
) -> None:
    """c [value of d, d, value of s, s] learns window by window and never falls below the floor.

    Where a count cannot reach the floor, its windows are added at once: it stays above what is left when all windows
    that unlearn take from it all that they can.
    """
    s, row, first, gain = beliefs.s, course.row, beliefs.first, 1 - 2 * Gamma
    n_decisions, Ns, steps = c.shape[1], c.shape[3], course.t_end
    begin, order = grouped(course.decision[1 : steps + 1], n_decisions)
    whole, everything, part, loss = np.zeros((gain.size, 2, Ns)), np.zeros((2, Ns)), np.empty((2, Ns)), 0.0
    for w in range(gain.size):
        start, stop = w * window, min((w + 1) * window, steps)
        for k in range(max(start, 1), stop):
            add(whole[w, 0], 1.0, s[row[k]])
        complete(whole[w], stop - max(start, 1), first, 1.0 if w == 0 else 0.0)
        everything += gain[w] * whole[w]
        loss += max(-gain[w], 0.0) * (stop - start)
    for d in range(n_decisions):
        mine = order[begin[d] : begin[d + 1]]
        part[0], amount, own_loss = 0, 0.0, 0.0
        for k in mine:
            g = gain[k // window]
            own_loss += max(-g, 0.0)
            if k > 0:
                add(part[0], g, s[row[k]])
                amount += g
        if np.min(c[0, d]) - own_loss < floor or np.min(c[1, d]) - (loss - own_loss) < floor:
            in_order(c[0, d], c[1, d], mine, s, row, first, gain, window, floor, whole)
        else:
            complete(part, amount, first, gain[0] if mine.size > 0 and mine[0] == 0 else 0.0)
            for j in range(Ns):
                for i in range(2):
                    c[0, d, i, j] += part[i, j]
                    c[1, d, i, j] += everything[i, j] - part[i, j]


@kernel
def add(total: np.ndarray, g: float, own: np.ndarray) -> None:
    """total += g own."""
    for j in range(own.size):
        total[j] += g * own[j]


@kernel
def complete(pairs: np.ndarray, amount: float, first: np.ndarray, g: float) -> None:
    """Sums of [s; s-] (2, Ns) from that of s, in pairs[0], and the amount of all; and g of the first pair."""
    for j in range(pairs.shape[1]):
        pairs[1, j] = amount - pairs[0, j] + g * first[1, j]
        pairs[0, j] += g * first[0, j]


@kernel
def in_order(
    yes: np.ndarray, no: np.ndarray, steps: np.ndarray, s: np.ndarray, row: np.ndarray, first: np.ndarray,
    gain: np.ndarray, window: int, floor: float, whole: np.ndarray,
) -> None:  # fmt: skip
    """Counts (2, Ns) of one decision and of its absence, one window after the other."""
    part, n = np.empty((2, yes.shape[1])), 0
    for w in range(gain.size):
        g, drawn, amount = gain[w], n, 0
        part[0] = 0
        while n < steps.size and steps[n] < (w + 1) * window:
            if steps[n] > 0:
                add(part[0], 1.0, s[row[steps[n]]])
                amount += 1
            n += 1
        if n > drawn:
            complete(part, amount, first, 1.0 if steps[drawn] == 0 else 0.0)
        for v in range(2):
            yes_v, no_v, part_v, whole_v = yes[v], no[v], part[v], whole[w, v]
            if n > drawn:
                for j in range(part_v.size):
                    yes_v[j] = max(floor, yes_v[j] + g * part_v[j])
                    no_v[j] = max(floor, no_v[j] + g * (whole_v[j] - part_v[j]))
            else:
                for j in range(part_v.size):
                    no_v[j] = max(floor, no_v[j] + g * whole_v[j])


@kernel
def energy(course: Course, beliefs: Beliefs, Gamma: np.ndarray, window: int) -> np.ndarray:
    """(5,) likelihood, transition, prior, decision, entropy [nats], summed over t = 1 .. t_end - 1."""
    sums = np.zeros(5)
    for t in range(1, course.t_end):
        own = beliefs.cost[course.row[t]]
        last = beliefs.cost[course.row[t - 1]] if t > 1 else beliefs.first_cost
        sums[0] += own[LIKELIHOOD]
        sums[1] += own[TRANSITION]
        sums[2] += own[PRIOR]
        sums[3] += last[SURPLUS] - (1 - 2 * Gamma[t // window]) * last[ADVICE]
        sums[4] += own[ENTROPY]
    return sums
