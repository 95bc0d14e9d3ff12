"""Synapses of a network as numbers: kernels as linear filters, and random connections.

Every kernel k of unit area is a filter of two exponential states. u steps after a spike has arrived they are

    alpha          a = e^-u/tau_s, b = (u/tau_s) e^-u/tau_s    charge still to come  a + b
    exponential    a = e^-u/tau_s                              a
    biexponential  a = e^-u/tau_s, b = e^-u/tau_r              (tau_s a - tau_r b)/(tau_s - tau_r)

so that the charge delivered in a step is the difference of what is still to come before and after it, and
none is lost. `delta` has no state: it moves the target by J.
"""

from typing import NamedTuple

import numpy as np

from synfer.core.errors import ParameterError

KERNELS = ("alpha", "exponential", "biexponential", "delta")
"""The codes of `Synapses.kernel` are places in this tuple."""
ALPHA, EXPONENTIAL, BIEXPONENTIAL, DELTA = range(4)


class Synapses(NamedTuple):
    """Projections between populations; every array has shape (E,)."""

    source: np.ndarray  # int, population
    target: np.ndarray  # int, population
    weight: np.ndarray  # J, mV per spike
    probability: np.ndarray  # of a connection, in (0, 1]
    kernel: np.ndarray  # int, place in KERNELS
    tau_s: np.ndarray  # ms, unused by delta
    tau_r: np.ndarray  # ms, unused but by biexponential
    delay: np.ndarray  # ms; >= dt for exponential and delta, which act at once


class Links(NamedTuple):
    """Synapses as the kernels see them, sorted by target; times in steps."""

    first: np.ndarray  # (P + 1,) int64, where each population's begin
    source: np.ndarray  # (E,) int64
    kernel: np.ndarray  # (E,) int64
    individual: np.ndarray  # (E,) bool, whether neurons have states of their own
    jump: np.ndarray  # (E,) what a spike moves a target by, in its units of x
    tau_s: np.ndarray  # (E,)
    tau_r: np.ndarray  # (E,)
    delay: np.ndarray  # (E,); of delta half a step more, so that its integer part is the nearest boundary
    to_come: np.ndarray  # (E, 2) charge still to come per a and b
    decay: np.ndarray  # (E, 3) a' = [0] a, b' = [1] b + [2] a over a step
    given: np.ndarray  # (E, 2) charge given in a step per a and b


class Wiring(NamedTuple):
    """Who connects to whom in one trial: targets of neuron i of link e are target[row[e][i] : row[e][i + 1]], flat."""

    row: np.ndarray  # int64, the rows of all individual links one after another
    first_row: np.ndarray  # (E,) int64, where those of a link begin
    target: np.ndarray  # int32


def check_synapses(synapses: Synapses, populations: int, dt: float) -> None:
    """Raise ParameterError for the first synapse that cannot be."""
    lengths = {len(column) for column in synapses}
    if len(lengths) > 1:
        raise ParameterError(f"the arrays of synapses must be equally long, got lengths {sorted(lengths)}")
    for e, (source, target, weight, probability, kernel, tau_s, tau_r, delay) in enumerate(zip(*synapses, strict=True)):
        where = f"of synapse {e}"
        for name, value in (("source", source), ("target", target)):
            if not 0 <= value < populations:
                raise ParameterError(f"{name} = {value} {where} must be a population, 0 to {populations - 1}")
        if not 0 <= kernel < len(KERNELS):
            known = ", ".join(f"{i} {name}" for i, name in enumerate(KERNELS))
            raise ParameterError(f"kernel = {kernel} {where} is unknown; use one of {known}")
        name = KERNELS[int(kernel)]
        if not np.isfinite(weight):
            raise ParameterError(f"weight = {weight} mV {where} must be finite")
        if not 0 < probability <= 1:
            raise ParameterError(f"probability = {probability} {where} must lie in (0, 1]; leave the synapse out for 0")
        if kernel != DELTA and not 0 < tau_s < np.inf:
            raise ParameterError(f"tau_s = {tau_s} ms {where} must be > 0 ms for kernel {name}")
        if kernel == BIEXPONENTIAL and not 0 < tau_r < tau_s:
            raise ParameterError(f"tau_r = {tau_r} ms {where} must lie in (0, tau_s = {tau_s}) ms; or use alpha")
        least = dt if kernel in (EXPONENTIAL, DELTA) else 0.0
        if not least * (1 - 1e-9) <= delay < np.inf:
            why = f": {name} kernels act at once, so it must last a step; raise it or lower dt" if least else ""
            raise ParameterError(f"delay = {delay} ms {where} must be >= {least} ms{why}")


def link(synapses: Synapses, units: np.ndarray, dt: float, individual: bool) -> tuple[Links, np.ndarray]:
    """The synapses of a network in steps and units of x, and the index in `synapses` of each link.

    Args:
        units: (P,) mV per unit of x.
        individual: draw connections. Where all are made and none is a neuron's own, there is nothing to draw.
    """
    order = np.argsort(synapses.target, kind="stable")
    s = Synapses(*(np.asarray(column)[order] for column in synapses))
    alone = np.zeros(len(order), bool)
    if individual:
        alone = (s.probability < 1) | (s.source == s.target)
    delta, pair, alpha = s.kernel == DELTA, s.kernel == BIEXPONENTIAL, s.kernel == ALPHA
    tau_s = np.where(delta, 1.0, s.tau_s / dt)
    tau_r = np.where(pair, s.tau_r / dt, 1.0)
    difference = np.where(pair, tau_s - tau_r, 1.0)
    to_come = np.stack(
        [np.where(pair, tau_s / difference, 1.0), np.where(pair, -tau_r / difference, np.where(alpha, 1.0, 0.0))], 1
    )
    fade = np.exp(-1 / tau_s)
    decay = np.stack([fade, np.where(pair, np.exp(-1 / tau_r), fade), np.where(alpha, fade / tau_s, 0.0)], 1)
    given = np.stack(
        [to_come[:, 0] * (1 - decay[:, 0]) - to_come[:, 1] * decay[:, 2], to_come[:, 1] * (1 - decay[:, 1])], 1
    )
    return Links(
        first=np.searchsorted(s.target, np.arange(len(units) + 1)).astype(np.int64),
        source=s.source.astype(np.int64),
        kernel=s.kernel.astype(np.int64),
        individual=alone,
        jump=s.weight * np.where(alone, 1.0, s.probability) / units[s.target],
        tau_s=tau_s,
        tau_r=tau_r,
        delay=np.maximum(s.delay / dt, np.where(delta | (s.kernel == EXPONENTIAL), 1.0, 0.0)) + np.where(delta, 0.5, 0),
        to_come=to_come,
        decay=decay,
        given=given,
    ), order


def bernoulli(
    rng: np.random.Generator, probability: float, sources: int, targets: int, own: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Independent connections: (first (sources + 1,) int64, target int32), row by row, by geometric gaps.

    own: source and target are the same neurons, and none connects to itself.
    """
    cells = sources * targets
    mean = cells * probability
    chunk = int(mean + 6 * np.sqrt(mean)) + 16
    last, parts = -1, []
    while last < cells:
        # A gap beyond the matrix ends it, however far it goes; cut there, sums cannot overflow.
        parts.append(last + np.cumsum(np.minimum(rng.geometric(probability, chunk), cells + 1)))
        last = parts[-1][-1]
    at = np.concatenate(parts)
    source, target = np.divmod(at[at < cells], targets)
    if own:
        source, target = source[source != target], target[source != target]
    first = np.zeros(sources + 1, np.int64)
    np.cumsum(np.bincount(source, minlength=sources), out=first[1:])
    return first, target.astype(np.int32)


def wire(
    links: Links, order: np.ndarray, probability: np.ndarray, sizes: np.ndarray, seed: np.random.SeedSequence
) -> Wiring:
    """The connections of one trial; those of synapse e are drawn from the stream (1, e) of its seed."""
    rows, targets = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)]
    first_row = np.zeros(len(order), np.int64)
    owner = np.repeat(np.arange(len(sizes)), np.diff(links.first))
    for e in np.flatnonzero(links.individual):
        source, target = int(links.source[e]), int(owner[e])
        rng = np.random.default_rng(stream(seed, 1, int(order[e])))
        p, own = float(probability[order[e]]), source == target
        first, which = bernoulli(rng, p, int(sizes[source]), int(sizes[target]), own)
        first_row[e] = sum(map(len, rows))
        rows.append(first + sum(map(len, targets)))
        targets.append(which)
    return Wiring(np.concatenate(rows), first_row, np.concatenate(targets))


def stream(seed: np.random.SeedSequence, *key: int) -> np.random.SeedSequence:
    """A stream of a trial's seed, named by numbers; the seed is not changed."""
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, *key), pool_size=seed.pool_size)
