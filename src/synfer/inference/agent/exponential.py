"""e^x for x <= 0, in arithmetic that a compiler turns into vectors, where a call of the library's exp would not be."""

import math
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic as _intrinsic

from synfer.core.jit import kernel

# numba supplies the first argument of an intrinsic; a type checker cannot know.
intrinsic: Any = _intrinsic

LOG2_E = 1 / math.log(2)
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
"""ln 2 in two parts, of which multiples of the first by |k| < 2^11 are exact."""
ROUND = 1.5 * 2.0**52
"""A number that is added to round to an integer, which then stands in the last bits."""
LEAST = -700.0
"""Below it e^x is taken as e^-700, 1e-304."""


@intrinsic
def bits(typingctx: Any, x: Any):
    """The 64 bits of a float."""
    return types.int64(types.float64), lambda context, builder, sig, args: builder.bitcast(args[0], ir.IntType(64))


@intrinsic
def from_bits(typingctx: Any, n: Any):
    """The float of these 64 bits."""
    return types.float64(types.int64), lambda context, builder, sig, args: builder.bitcast(args[0], ir.DoubleType())


@kernel
def decay(x: float) -> float:
    """e^x for -700 <= x <= 0, within 2e-16 relative: x = k ln 2 + r, abs(r) <= ln(2)/2, and a polynomial in r."""
    x = max(x, LEAST)
    shifted = x * LOG2_E + ROUND
    k = shifted - ROUND
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    y = r * r
    # Two halves, so that not every term has to wait for the last; the first neglected one is r^14 / 14! < 4e-18.
    even = 1 / 2 + y * (1 / 24 + y * (1 / 720 + y * (1 / 40320 + y * (1 / 3628800 + y / 479001600))))
    odd = 1 / 6 + y * (1 / 120 + y * (1 / 5040 + y * (1 / 362880 + y * (1 / 39916800 + y / 6227020800))))
    return (1 + (r + y * (even + r * odd))) * from_bits((bits(shifted) + 1023) << 52)
