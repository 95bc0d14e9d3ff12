"""Scalar intrinsics of kernels: a fused multiply-add, and the bits of a float.

Kernels use explicit fused multiply-adds and no fast-math, so that a lane's bits depend neither on how many lanes run
side by side nor on its mates, NaN stays visible, and LLVM still turns loops over lanes into vector code.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_BITS = {types.float64: types.int64, types.float32: types.int32}


@intrinsic
def _fma(typingctx: Any, a: Any, b: Any, c: Any):
    """a * b + c, rounded once."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return (a(a, a, a), codegen) if isinstance(a, types.Float) and a == b == c else None


@intrinsic
def _float_to_bits(typingctx: Any, x: Any):
    """The bit pattern of a float as a signed integer of its width."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(signature.return_type.bitwidth))

    return (_BITS[x](x), codegen) if x in _BITS else None


@intrinsic
def _bits_to_float(typingctx: Any, i: Any):
    """The float whose bit pattern is the signed integer i."""
    floats = {v: k for k, v in _BITS.items()}

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(signature.return_type))

    return (floats[i](i), codegen) if i in floats else None


# Kernels call an intrinsic without the typing context that its Python signature begins with.
fma: Any = _fma
float_to_bits: Any = _float_to_bits
bits_to_float: Any = _bits_to_float
