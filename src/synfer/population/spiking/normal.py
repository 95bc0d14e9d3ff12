"""Uniform bits, logarithms, powers and normals, written so that a loop over lanes becomes vector code.

The generator is xoshiro128++ (Blackman & Vigna 2021), one state of four 32-bit words
per pair of lanes; a state is stored word by word, ``words[w * pairs + pair]``, so
that lanes are adjacent. Two outputs make two normals (Box & Muller 1958),

    r = sqrt(-2 ln u),  (r cos theta, r sin theta),  theta uniform on the circle,

theta being a half turn from 31 bits and a sign from the last one. Logarithms are in
base 2, because the exponent bits then need no multiplication.

Accuracy: float32 1e-7, float64 1e-12 (polynomials fitted in the minimax sense, not to
the last bit). Normals reach 6.7 standard deviations, where 32-bit uniforms end.
"""

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from synfer.population.spiking.compiling import bits_to_float, float_to_bits, fma, inner


@inner
def next_word(words, pair, pairs):
    """The next 32 bits of one pair's stream (xoshiro128++)."""
    s0, s1 = words[pair], words[pairs + pair]
    s2, s3 = words[2 * pairs + pair], words[3 * pairs + pair]
    t = np.uint32(s0 + s3)
    word = np.uint32(np.uint32(np.uint32(t << np.uint32(7)) | np.uint32(t >> np.uint32(25))) + s0)
    shifted = np.uint32(s1 << np.uint32(9))
    s2 ^= s0
    s3 ^= s1
    words[pairs + pair] = np.uint32(s1 ^ s2)
    words[pair] = np.uint32(s0 ^ s3)
    words[2 * pairs + pair] = np.uint32(s2 ^ shifted)
    words[3 * pairs + pair] = np.uint32(np.uint32(s3 << np.uint32(11)) | np.uint32(s3 >> np.uint32(21)))
    return word


def log2_lane(u) -> Any:
    """log2(u) for positive normal u, with small relative error near u = 1."""
    raise TypeError("log2_lane runs inside compiled kernels only")


def exp2_lane(x) -> Any:
    """2^x for abs(x) <= 120 (callers clamp)."""
    raise TypeError("exp2_lane runs inside compiled kernels only")


def sincos_half(v) -> Any:
    """(sin(pi v), cos(pi v)) for v in [-1/2, 1/2]."""
    raise TypeError("sincos_half runs inside compiled kernels only")


@overload(log2_lane)
def _log2_lane(u):
    if u == types.float64:

        def log2_64(u):
            # u = 2^e m, m in [sqrt(1/2), sqrt(2)); log2 m = 2 artanh(s) / ln 2, s = (m - 1)/(m + 1).
            t = float_to_bits(u) - 0x3FE6A09E667F3BCD
            e = t >> 52
            m = bits_to_float(float_to_bits(u) - (e << 52))
            s = (m - 1.0) / (m + 1.0)
            y = s * s
            p = fma(0.282901444924876759, y, 0.319905611999878692)
            p = fma(p, y, 0.412209254315926693)
            p = fma(p, y, 0.577077942347201305)
            p = fma(p, y, 0.961796694113395765)
            p = fma(p, y, 2.88539008177784997)
            return fma(p, s, np.float64(e))

        return log2_64
    if u == types.float32:
        f = np.float32
        c7, c6, c5, c4 = f(-0.145812909135), f(0.234042886127), f(-0.248876693854), f(0.287098640427)
        c3, c2, c1, c0 = f(-0.360239648971), f(0.480923243512), f(-0.721352787874), f(1.442694961981)
        one, centre, shift = f(1.0), np.int32(0x3F3504F3), np.int32(23)

        def log2_32(u):
            e = np.int32(np.int32(float_to_bits(u) - centre) >> shift)
            m = bits_to_float(np.int32(float_to_bits(u) - np.int32(e << shift))) - one
            p = fma(c7, m, c6)
            p = fma(p, m, c5)
            p = fma(p, m, c4)
            p = fma(p, m, c3)
            p = fma(p, m, c2)
            p = fma(p, m, c1)
            p = fma(p, m, c0)
            return fma(p, m, np.float32(e))

        return log2_32
    return None


@overload(exp2_lane)
def _exp2_lane(x):
    if x == types.float64:
        magic = 6755399441055744.0  # 1.5 2^52: adding it rounds x to an integer in the low bits

        def exp2_64(x):
            t = x + magic
            r = x - (t - magic)
            p = fma(1.01503251001758352e-07, r, 1.32594053171451471e-06)
            p = fma(p, r, 1.52529849057541504e-05)
            p = fma(p, r, 0.000154034349500010283)
            p = fma(p, r, 0.00133335576174818626)
            p = fma(p, r, 0.00961812919206337213)
            p = fma(p, r, 0.0555041086686863177)
            p = fma(p, r, 0.240226506956496768)
            p = fma(p, r, 0.693147180559870967)
            p = fma(p, r, 1.0)
            return bits_to_float(float_to_bits(p) + (float_to_bits(t) << 52))

        return exp2_64
    if x == types.float32:
        f = np.float32
        magic, shift = f(12582912.0), np.int32(23)
        c5, c4, c3 = f(0.00132764889687), f(0.00967554152911), f(0.0555071322173)
        c2, c1, c0 = f(0.240221197184), f(0.69314696709), f(1.00000007166)

        def exp2_32(x):
            t = x + magic
            r = x - (t - magic)
            p = fma(c5, r, c4)
            p = fma(p, r, c3)
            p = fma(p, r, c2)
            p = fma(p, r, c1)
            p = fma(p, r, c0)
            return bits_to_float(np.int32(float_to_bits(p) + np.int32(float_to_bits(t) << shift)))

        return exp2_32
    return None


@overload(sincos_half)
def _sincos_half(v):
    if v == types.float64:

        def sincos_64(v):
            y = v * v
            s = fma(0.000446472387153021869, y, -0.00736318724775795125)
            s = fma(s, y, 0.0821445432435425221)
            s = fma(s, y, -0.599264397115511566)
            s = fma(s, y, 2.55016403331973561)
            s = fma(s, y, -5.16771277991226187)
            s = fma(s, y, 3.14159265358905575)
            c = fma(0.00184002212526777516, y, -0.0257763409988196849)
            c = fma(c, y, 0.235325443516001787)
            c = fma(c, y, -1.33526231616217656)
            c = fma(c, y, 4.05871210759035889)
            c = fma(c, y, -4.93480220025098664)
            c = fma(c, y, 1.0)
            return s * v, c

        return sincos_64
    if v == types.float32:
        f = np.float32
        s4, s3, s2 = f(0.0773087140228), f(-0.59809797135), f(2.55004212543909673)
        s1, s0 = f(-5.16770772690610752), f(3.14159260009379447)
        c4, c3, c2 = f(0.219696798619), f(-1.33188016337), f(4.05841191596)
        c1, c0 = f(-4.93479285875), f(0.999999953468)

        def sincos_32(v):
            y = v * v
            s = fma(s4, y, s3)
            s = fma(s, y, s2)
            s = fma(s, y, s1)
            s = fma(s, y, s0)
            c = fma(c4, y, c3)
            c = fma(c, y, c2)
            c = fma(c, y, c1)
            c = fma(c, y, c0)
            return s * v, c

        return sincos_32
    return None


def with_sign(r, word) -> Any:
    """r >= 0 with its sign bit set where bit 0 of word is set."""
    raise TypeError("with_sign runs inside compiled kernels only")


@overload(with_sign)
def _with_sign(r, word):
    if r == types.float64:
        return lambda r, word: bits_to_float(float_to_bits(r) | (np.int64(word) << 63))
    if r == types.float32:
        shift = np.uint32(31)
        return lambda r, word: bits_to_float(np.int32(float_to_bits(r) | np.int32(np.uint32(word << shift))))
    return None


@inner
def uniform(word, half):
    """(word + 1/2) / 2^32, in (0, 1], of the floating type of `half`, which is 1/2."""
    real = type(half)
    return fma(real(word), real(2.3283064365386963e-10), half * real(2.3283064365386963e-10))


@inner
def normal_pair(words, pair, pairs, half):
    """Two independent standard normals of the floating type of `half`, which is 1/2."""
    real = type(half)
    radius_word = next_word(words, pair, pairs)
    angle_word = next_word(words, pair, pairs)
    r = np.sqrt(real(-1.3862943611198906) * log2_lane(uniform(radius_word, half)))
    sine, cosine = sincos_half(real(np.int32(angle_word)) * real(2.3283064365386963e-10))
    r = with_sign(r, angle_word)
    return r * cosine, r * sine
