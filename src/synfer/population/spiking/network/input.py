"""What a population of a network receives in a step: background, filtered spikes, kicks.

A spike at t arrives at t + delay, in a step that is rarely the one in which it was found. It adds to that step's drive
the charge of what is left of it, exactly, and to the states of its synapse at the end of it. Where a delay is so short
that this step has been taken already, all that it missed is given in the step that follows.
"""

import math
from typing import NamedTuple

import numpy as np

from synfer.population.spiking.compiling import inner
from synfer.population.spiking.network.synapses import ALPHA, BIEXPONENTIAL, DELTA


class Log(NamedTuple):
    """The latest spikes of every population, in the order in which they were found."""

    time: np.ndarray  # (P, room) float64, steps
    neuron: np.ndarray  # (P, room) int32
    written: np.ndarray  # (P,) int64 spikes of the run
    dropped: np.ndarray  # (P,) int64 how many of them are no longer held
    end: np.ndarray  # (P, R) int64 `written` after each step, R a power of two: the step's last digits
    fault: np.ndarray  # (P,) int64, see FAULTS
    inbox_time: np.ndarray  # (room,) float64, the arrivals of one link in one step
    inbox_neuron: np.ndarray  # (room,) int32


class Received(NamedTuple):
    """What neurons receive in a step, (tiles, W) each: a row per tile, or one of a population that receives one."""

    drive: np.ndarray  # float64, per step, in x
    mean_drive: np.ndarray  # of the kernel's type, integrated over the step
    kick: np.ndarray  # of the kernel's type, in x
    a: np.ndarray  # float64 flat: states of the links, one for each lane of the target or one for all
    b: np.ndarray
    first_state: np.ndarray  # (E,) int64


@inner(forceinline=True)
def arrivals(log, source, delay, k):
    """Put the spikes that arrive in step k, or later than it if found in k - 1, into the inbox; their number.

    A spike found in step e lies in [e, e + 3/2] (sodium flows run half a step ahead), so three steps are searched.
    """
    digits = log.end.shape[1] - 1
    reach = np.int64(delay)
    oldest, newest = max(k - reach - 2, 0), min(k - reach, k - 1)
    if newest < oldest or log.end[source, (oldest - 1) & digits] == log.end[source, newest & digits]:
        return 0
    number = 0
    for e in range(oldest, newest + 1):
        before = log.end[source, (e - 1) & digits] - log.dropped[source]
        for i in range(before, log.end[source, e & digits] - log.dropped[source]):
            time = log.time[source, i] + delay
            if max(np.int64(math.floor(time)), e + 1) == k:
                log.inbox_time[number] = time
                log.inbox_neuron[number] = log.neuron[source, i]
                number += 1
    return number


@inner
def states_after(kernel, tau_s, tau_r, u):
    """The states of one spike u steps after its arrival."""
    a = math.exp(-u / tau_s)
    if kernel == ALPHA:
        return a, u / tau_s * a
    if kernel == BIEXPONENTIAL:
        return a, math.exp(-u / tau_r)
    return a, 0.0


@inner(forceinline=True)
def shared_input(links, log, received, p, k):
    """(drive, kick) of step k that all neurons of population p receive through shared links; their states go on."""
    drive, kick = 0.0, 0.0
    for e in range(links.first[p], links.first[p + 1]):
        if links.individual[e]:
            continue
        number = arrivals(log, links.source[e], links.delay[e], k)
        if links.kernel[e] == DELTA:
            kick += links.jump[e] * number
            continue
        at = received.first_state[e]
        a, b = received.a[at], received.b[at]
        charge = links.given[e, 0] * a + links.given[e, 1] * b
        b = links.decay[e, 1] * b + links.decay[e, 2] * a
        a = links.decay[e, 0] * a
        for i in range(number):
            u = k + 1.0 - log.inbox_time[i]
            da, db = states_after(links.kernel[e], links.tau_s[e], links.tau_r[e], u)
            charge += 1.0 - links.to_come[e, 0] * da - links.to_come[e, 1] * db
            a += da
            b += db
        received.a[at], received.b[at] = a, b
        drive += links.jump[e] * charge
    return drive, kick


@inner
def filter_lanes(a, b, drive, decay, given, jump):
    """One step of the states of an individual link, whose charge goes to `drive`."""
    ga, gb = jump * given[0], jump * given[1]
    p0, p1, p10 = decay[0], decay[1], decay[2]
    for l in range(len(a)):
        al, bl = a[l], b[l]
        drive[l] += ga * al + gb * bl
        b[l] = p1 * bl + p10 * al
        a[l] = p0 * al


@inner
def individual_input(links, wiring, log, received, p, k, drive, kick):
    """Add what each neuron of population p receives in step k through individual links; is there any kick?

    drive, kick: all lanes of the population.
    """
    kicked = False
    for e in range(links.first[p], links.first[p + 1]):
        if not links.individual[e]:
            continue
        first = received.first_state[e]
        a, b = received.a[first : first + len(drive)], received.b[first : first + len(drive)]
        delta = links.kernel[e] == DELTA
        if not delta:
            filter_lanes(a, b, drive, links.decay[e], links.given[e], links.jump[e])
        number = arrivals(log, links.source[e], links.delay[e], k)
        kicked |= delta and number > 0
        for i in range(number):
            at = wiring.first_row[e] + log.inbox_neuron[i]
            own = wiring.target[wiring.row[at] : wiring.row[at + 1]]
            if delta:
                for j in range(len(own)):
                    kick[own[j]] += type(kick[0])(links.jump[e])
                continue
            u = k + 1.0 - log.inbox_time[i]
            da, db = states_after(links.kernel[e], links.tau_s[e], links.tau_r[e], u)
            charge = links.jump[e] * (1.0 - links.to_come[e, 0] * da - links.to_come[e, 1] * db)
            for j in range(len(own)):
                target = own[j]
                drive[target] += charge
                a[target] += da
                b[target] += db
    return kicked
