"""Compiled passes over the responses of one culture: means of ensembles, sums by session, and the forecast.

Arrays are (ensemble, session, step) for responses and (session, step, input) or (session, input, step) for inputs, so
that the innermost loop runs over what lies side by side; the first n[session] steps of a session count. `order` names
the sessions as the analysis takes them: the identity, or a permutation.
"""

from math import exp, log, log1p

import numpy as np

from synfer.core.jit import kernel


@kernel
def state_sums(spikes, state, n):
    """Sums of counts (session, state, unit), and steps (session, state)."""
    sessions, _, units = spikes.shape
    sums, counts = np.zeros((sessions, 4, units)), np.zeros((sessions, 4))
    acc = np.empty((4, units), np.int64)
    for s in range(sessions):
        acc[:] = 0
        for t in range(n[s]):
            row = acc[state[s, t]]
            counts[s, state[s, t]] += 1
            for i in range(units):
                row[i] += spikes[s, t, i]
        for k in range(4):
            for i in range(units):
                sums[s, k, i] = acc[k, i]
    return sums, counts


@kernel
def ensemble_means(spikes, state, members, n, counts):
    """Mean counts y (ensemble, session, step), their means by state, and sums of squares about them (ensemble,)."""
    sessions, steps, units = spikes.shape
    y, means = np.zeros((len(members), sessions, steps)), np.zeros((len(members), sessions, 4))
    within = np.zeros(len(members))
    for e in range(len(members)):
        own = members[e]
        size = own.sum()
        for s in range(sessions):
            for t in range(n[s]):
                total = np.int64(0)
                for i in range(units):
                    total += spikes[s, t, i] * own[i]
                y[e, s, t] = total / size
                means[e, s, state[s, t]] += y[e, s, t]
            for k in range(4):
                means[e, s, k] /= counts[s, k]
            for t in range(n[s]):
                within[e] += (y[e, s, t] - means[e, s, state[s, t]]) ** 2
    return y, means, within


@kernel
def turned(o):
    """Inputs (session, input, step), and their sums (session, input)."""
    sessions, steps, inputs = o.shape
    by_input, sums = np.empty((sessions, inputs, steps), np.uint8), np.empty((sessions, inputs))
    for s in range(sessions):
        for i in range(inputs):
            total = np.int64(0)
            for t in range(steps):
                by_input[s, i, t] = o[s, t, i]
                total += o[s, t, i]
            sums[s, i] = total
    return by_input, sums


@kernel
def session_sums(y, state, o, n, order, A, B, eps, last_sessions, x, keep):
    """Sums of x (session, ensemble), x o (session, ensemble, input) and X ln(X + eps) (session, ensemble).

    The last is taken in the first and last `last_sessions` sessions only. x itself is written to `x` if `keep`.
    """
    ensembles, sessions = y.shape[0], y.shape[1]
    inputs = o.shape[2]
    sum_x, sum_xo = np.zeros((sessions, ensembles)), np.zeros((sessions, ensembles, inputs))
    entropy = np.zeros((sessions, ensembles))
    for s in range(sessions):
        own = order[s]
        ends = s < last_sessions or s >= sessions - last_sessions
        for e in range(ensembles):
            acc = sum_xo[s, e]
            total, ent = 0.0, 0.0
            for t in range(n[own]):
                value = min(max(A[e] * y[e, own, t] + B[e, s, state[own, t]], 0.0), 1.0)
                total += value
                for i in range(inputs):
                    acc[i] += value * o[own, t, i]
                if ends:
                    ent += value * log(value + eps) + (1.0 - value) * log(1.0 - value + eps)
                if keep:
                    x[e, s, t] = value
            sum_x[s, e] = total
            entropy[s, e] = ent
    return sum_x, sum_xo, entropy


@kernel
def forecast(q, hebb, home, prior, o, o_by_input, sum_o, n, order, start, learns, x):
    """Write responses x (ensemble, session, step), and W^ = q (session, half, ensemble, input) before each session.

    From session `start` on. If it learns, W^ comes of the counts hebb (half, ensemble, input) and home (half,
    ensemble), which grow by the responses expected; else it is as given. `prior` (ensemble,) is phi1 - phi0.
    """
    inputs = o.shape[2]
    u, acc, w = np.empty(o.shape[1]), np.empty(inputs), np.empty(inputs)
    for s in range(start, len(order)):
        own = order[s]
        size = n[own]
        for e in range(len(prior)):
            bias = prior[e]
            for i in range(inputs):
                if learns:
                    q[s, 0, e, i] = hebb[0, e, i] / home[0, e]
                    q[s, 1, e, i] = hebb[1, e, i] / home[1, e]
                silent = log1p(-q[s, 0, e, i]) - log1p(-q[s, 1, e, i])
                w[i] = log(q[s, 0, e, i]) - log(q[s, 1, e, i]) - silent
                bias += silent
            _respond(w, bias, o_by_input[own], size, u)
            total = _collect(u, o[own], size, x[e, s], acc)
            if learns:
                home[0, e] += total
                home[1, e] += size - total
                for i in range(inputs):
                    hebb[0, e, i] += acc[i]
                    hebb[1, e, i] += sum_o[own, i] - acc[i]


@kernel
def _respond(w, bias, o_by_input, size, u):
    """u = bias + w o of every step."""
    for t in range(size):
        u[t] = bias
    for i in range(len(w)):
        for t in range(size):
            u[t] += w[i] * o_by_input[i, t]


@kernel
def _collect(u, o, size, x, acc):
    """x = sig(u), and sums of x o and x."""
    total = 0.0
    acc[:] = 0.0
    for t in range(size):
        x[t] = 1.0 / (1.0 + exp(-u[t]))
        total += x[t]
        for i in range(len(acc)):
            acc[i] += x[t] * o[t, i]
    return total
