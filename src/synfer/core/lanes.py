"""Scalar primitives that vectorise over lanes.

A lane is one density or one neuron; kernels advance W of them in arrays
``[row][lane]`` whose inner loop runs over a compile-time number of lanes. The
functions here are branch-free IEEE arithmetic with explicit fused
multiply-adds and no fast-math: a lane's bits then depend neither on W nor on its
tile mates, NaN stays visible, and LLVM still turns the lane loop into vector code.
(`math.exp` would call libm once per lane.) Each works for float64 and float32.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

_BITS = {types.float64: types.int64, types.float32: types.int32}


@intrinsic
def fma(typingctx: Any, a: Any, b: Any, c: Any):
    """a * b + c, rounded once."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return (a(a, a, a), codegen) if isinstance(a, types.Float) and a == b == c else None


@intrinsic
def float_to_bits(typingctx: Any, x: Any):
    """The bit pattern of a float as a signed integer of its width."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(signature.return_type.bitwidth))

    return (_BITS[x](x), codegen) if x in _BITS else None


@intrinsic
def bits_to_float(typingctx: Any, i: Any):
    """The float whose bit pattern is the signed integer i."""
    floats = {v: k for k, v in _BITS.items()}

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(signature.return_type))

    return (floats[i](i), codegen) if i in floats else None


def exp_parts(x):
    """(s, m) with s = 2^k, m = e^r - 1 and e^x = s (1 + m), abs(r) <= ln(2)/2.

    e^x - 1 = s m + (s - 1) then keeps full relative accuracy near x = 0. x must lie
    within +-700 (float64) or +-80 (float32): callers clamp. Accuracy: about 1 ulp.
    """
    raise TypeError("exp_parts runs inside compiled kernels only")


@overload(exp_parts, inline="always")
def _exp_parts(x):
    import numpy as np

    if x == types.float64:
        # k + 1.5 2^52: the rounded exponent sits in the low mantissa bits.
        magic, log2e = 6755399441055744.0, 1.4426950408889634
        ln2_hi, ln2_lo = 0.6931471803691238, 1.9082149292705877e-10

        def exp_parts64(x):
            t = fma(x, log2e, magic)
            k = t - magic
            r = fma(-k, ln2_lo, fma(-k, ln2_hi, x))
            q = fma(1.6059043836821613e-10, r, 2.08767569878681e-09)
            q = fma(q, r, 2.505210838544172e-08)
            q = fma(q, r, 2.755731922398589e-07)
            q = fma(q, r, 2.7557319223985893e-06)
            q = fma(q, r, 2.48015873015873e-05)
            q = fma(q, r, 0.0001984126984126984)
            q = fma(q, r, 0.001388888888888889)
            q = fma(q, r, 0.008333333333333333)
            q = fma(q, r, 0.041666666666666664)
            q = fma(q, r, 0.16666666666666666)
            q = fma(q, r, 0.5)
            q = fma(q, r, 1.0)
            scale = bits_to_float((float_to_bits(t) << 52) + 0x3FF0000000000000)
            return scale, q * r

        return exp_parts64
    if x == types.float32:
        f = np.float32
        magic, log2e = f(12582912.0), f(1.4426950408889634)
        ln2_hi, ln2_lo = f(0.693359375), f(-2.12194440e-4)
        c6, c5, c4, c3, c2, c1 = (f(1 / 5040), f(1 / 720), f(1 / 120), f(1 / 24), f(1 / 6), f(0.5))
        one, shift, bias = f(1.0), np.int32(23), np.int32(0x3F800000)

        def exp_parts32(x):
            t = fma(x, log2e, magic)
            k = t - magic
            r = fma(-k, ln2_lo, fma(-k, ln2_hi, x))
            q = fma(c6, r, c5)
            q = fma(q, r, c4)
            q = fma(q, r, c3)
            q = fma(q, r, c2)
            q = fma(q, r, c1)
            q = fma(q, r, one)
            scale = bits_to_float(np.int32(np.int32(float_to_bits(t) << shift) + bias))
            return scale, q * r

        return exp_parts32
    return None
