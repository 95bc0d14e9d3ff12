"""Analytic and statistical: the random numbers and elementary functions of the kernels."""

import math

import numba
import numpy as np
import pytest
from scipy import stats

from synfer.population.spiking.normal import exp2_lane, log2_lane, next_word, normal_pair, sincos_half

PAIRS = 32
TYPES = [np.float32, np.float64]


@numba.njit
def draw(words, out, half):
    for i in range(out.shape[0]):
        for pair in range(PAIRS):
            out[i, pair], out[i, PAIRS + pair] = normal_pair(words, pair, PAIRS, half)


@numba.njit
def draw_words(words, out):
    for i in range(len(out)):
        out[i] = next_word(words, 0, 1)


@numba.njit
def functions(x, y, v, out):
    for i in range(len(x)):
        out[0, i] = log2_lane(x[i])
        out[1, i] = exp2_lane(y[i])
        out[2, i], out[3, i] = sincos_half(v[i])


def normals(dtype, rows, seed=3):
    words = np.random.SeedSequence(seed).generate_state(4 * PAIRS, np.uint32)
    out = np.empty((rows, 2 * PAIRS), dtype)
    draw(words, out, dtype(0.5))
    return out


def test_words_are_those_of_the_published_generator():
    """Oracle: xoshiro128++ 1.0 in Python integers."""

    def rotl(x, k):
        return ((x << k) | (x >> (32 - k))) & 0xFFFFFFFF

    s, expected = [1, 2, 3, 4], []
    for _ in range(50):
        expected.append((rotl((s[0] + s[3]) & 0xFFFFFFFF, 7) + s[0]) & 0xFFFFFFFF)
        t = (s[1] << 9) & 0xFFFFFFFF
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 11)
    out = np.empty(50, np.uint32)
    draw_words(np.array([1, 2, 3, 4], np.uint32), out)
    assert out.tolist() == expected


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 3e-7), (np.float64, 2e-12)])
def test_elementary_functions_match_the_standard_library(dtype, tolerance):
    """The polynomials' fitted error (1.7e-7, 7e-13), plus rounding."""
    rng = np.random.default_rng(1)
    x = np.concatenate([2.0 ** rng.uniform(-30, 33, 4000), 1 + rng.uniform(-1, 1, 500) * 1e-3]).astype(dtype)
    y = rng.uniform(-100, 20, len(x)).astype(dtype)
    v = rng.uniform(-0.5, 0.5, len(x)).astype(dtype)
    out = np.empty((4, len(x)), dtype)
    functions(x, y, v, out)
    exact = np.log2(x.astype(np.float64))
    # Relative near u = 1, where the sodium flow needs it, but one rounding of the sum e + log2 m elsewhere.
    assert np.all(np.abs(out[0] - exact) <= 2 * tolerance * np.abs(exact))
    assert out[1] == pytest.approx(2.0 ** y.astype(np.float64), rel=tolerance)
    assert out[2] == pytest.approx(np.sin(np.pi * v.astype(np.float64)), abs=tolerance)
    assert out[3] == pytest.approx(np.cos(np.pi * v.astype(np.float64)), abs=tolerance)


@pytest.mark.parametrize("dtype", TYPES)
def test_normals_have_the_moments_and_tails_of_the_normal_law(dtype):
    z = normals(dtype, 62_500).ravel().astype(np.float64)
    n = len(z)
    assert n == 4_000_000
    for k, moment in zip(range(1, 7), (0, 1, 0, 3, 0, 15), strict=True):
        spread = math.prod(range(2 * k - 1, 0, -2)) - moment**2  # var of z^k
        assert abs((z**k).mean() - moment) < 4 * np.sqrt(spread / n)
    for edge in (1.0, 2.0, 3.0, 4.0, 4.5):
        tail = 2 * stats.norm.sf(edge)
        assert abs((np.abs(z) > edge).mean() - tail) < 4 * np.sqrt(tail / n)
    assert 4.8 < np.abs(z).max() < 6.77


@pytest.mark.parametrize("dtype", TYPES)
def test_normals_pass_kolmogorov_smirnov_and_are_uncorrelated(dtype):
    z = normals(dtype, 20_000, seed=4).astype(np.float64)
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-3
    assert stats.kstest((z**2).reshape(-1, 2).sum(axis=1), "chi2", args=(2,)).pvalue > 1e-3
    n = 20_000 * PAIRS
    first, second = z[:, :PAIRS], z[:, PAIRS:]
    pairs = {
        "the two of a draw": (first, second),
        "their squares": (first**2, second**2),
        "successive": (z[1:], z[:-1]),
        "successive squares": (z[1:] ** 2, z[:-1] ** 2),
        "neighbouring lanes": (z[:, 1:], z[:, :-1]),
    }
    for name, (a, b) in pairs.items():
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4.5 / np.sqrt(n), name


def test_float32_and_float64_normals_are_the_same_numbers():
    """To rounding; at the centre u is near 1, known to 2^-25, and r = sqrt(2 (1 - u)) to 2^-25 / r."""
    single, double = normals(np.float32, 500), normals(np.float64, 500)
    r = np.hypot(double[:, :PAIRS], double[:, PAIRS:])
    assert np.all(np.abs(single - double) < 1e-6 + 2.0**-24 / np.hstack([r, r]))
