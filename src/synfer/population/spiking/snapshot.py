"""Moments, quartiles and histograms of V over the non-refractory neurons, with standard errors.

A snapshot is a row of x, NaN where there is no neuron to look at. Sums run in lanes, in a fixed
order. Quartiles come from a histogram of width sd/128 over mean +- 4 sd, which always holds
them, since a quartile lies within sqrt(3) sd of the mean; interpolated, they are those of the
sample to about 1e-4 sd.

Standard errors: mean, m2/n; sd, (m4 - m2^2)/(4 m2 n); quartiles, p(1 - p)/(n f^2) with the density f
from the quantiles at p +- 0.05 (all as variances).
"""

import numpy as np

from synfer.core.jit import kernel

FINE = 1024  # bins of the quartile histogram
REACH = 4.0  # its half width, in sd
NEAR = 0.05  # quantile distance for the density at a quartile
COLUMNS = ("n_free", "V_mean", "V_mean_se", "V_sd", "V_sd_se", "V_q25", "V_q75", "V_iqr_se")


@kernel
def power_sums(lanes, row, centre):
    """Number of finite entries and sums of (x - centre)^1..4, in lanes."""
    width = len(lanes)
    acc = np.zeros((5, width))
    for tile in range(len(row) // width):
        part = row[tile * width : (tile + 1) * width]
        for l in range(width):
            x = np.float64(part[l])
            there = 1.0 if x == x else 0.0
            d = x - centre if x == x else 0.0
            acc[0, l] += there
            acc[1, l] += d
            acc[2, l] += d * d
            acc[3, l] += d * d * d
            acc[4, l] += d * d * d * d
    sums = np.zeros(5)
    for i in range(5):
        for l in range(width):
            sums[i] += acc[i, l]
    return sums


@kernel
def bin_counts(row, low, per_bin, counts):
    """Histogram of the finite entries of a row; what lies outside is not counted. Returns how many lie below."""
    below = 0
    top = np.float64(len(counts))
    for l in range(len(row)):
        at = (np.float64(row[l]) - low) * per_bin
        if at >= 0.0 and at < top:
            counts[int(at)] += 1
        elif at < 0.0:
            below += 1
    return below


@kernel
def quantile(cumulative, target):
    """Where a cumulative histogram, linear within bins, reaches `target`: a position in bins."""
    last = len(cumulative) - 1
    i = min(max(np.searchsorted(cumulative, target, side="right"), 1), last)
    step = cumulative[i] - cumulative[i - 1]
    inside = (target - cumulative[i - 1]) / step if step > 0.0 else 0.5
    return i - 1 + min(max(inside, 0.0), 1.0)


@kernel
def describe(lanes, row, centre, V_ref, unit, out):
    """Fill `out` with COLUMNS of one snapshot, NaN where too few neurons are free to say."""
    out[:] = np.nan
    rough = power_sums(lanes, row, centre)
    n = rough[0]
    out[0] = n
    if n == 0.0:
        return
    mean = centre + rough[1] / n
    m = power_sums(lanes, row, mean) / n
    sd = np.sqrt(m[2])
    out[1], out[3] = V_ref + unit * mean, unit * sd
    out[5] = out[6] = out[1]
    out[2] = out[4] = out[7] = 0.0
    if sd == 0.0:
        return
    out[2] = unit * sd / np.sqrt(n)
    out[4] = unit * np.sqrt(max(m[4] - m[2] * m[2], 0.0) / (4.0 * m[2] * n))
    low, width = mean - REACH * sd, 2.0 * REACH * sd / FINE
    counts = np.zeros(FINE, np.int64)
    cumulative = np.empty(FINE + 1)
    cumulative[0] = bin_counts(row, low, 1.0 / width, counts)
    for i in range(FINE):
        cumulative[i + 1] = cumulative[i] + counts[i]
    spread = np.empty(2)  # 1/f at the two quartiles
    for i in range(2):
        p = 0.25 + 0.5 * i
        out[5 + i] = V_ref + unit * (low + width * quantile(cumulative, p * n))
        spread[i] = width * (quantile(cumulative, (p + NEAR) * n) - quantile(cumulative, (p - NEAR) * n)) / (2.0 * NEAR)
    q = 0.1875 * (spread[0] ** 2 + spread[1] ** 2) - 0.125 * spread[0] * spread[1]
    out[7] = unit * np.sqrt(q / n)
