"""A row of lanes as one LLVM vector, with the arithmetic a scalar kernel would use.

Kernels of this package walk down the cells of W densities at once; a row
`array[cell, 0:W]` is one value here, so the running sums of a sweep stay in
registers, vector code is certain (no loop vectoriser, no alias checks) and compiling
is quick. Every operation is lane by lane, IEEE, never contracted: the bits of a lane
do not depend on W. W is the length of a tuple `lanes = (0,) * W`, which numba knows at
compile time.
"""

import operator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic as _intrinsic
from numba.extending import lower_builtin, register_model

# numba supplies the first argument of an intrinsic; a type checker cannot know.
intrinsic: Any = _intrinsic


class Vector(types.Type):
    """The numba type of W floats of one width."""

    def __init__(self, dtype: types.Float, width: int) -> None:
        self.dtype, self.width = dtype, width
        super().__init__(name=f"Vector({dtype}, {width})")

    @property
    def llvm(self) -> ir.VectorType:
        return ir.VectorType(ir.DoubleType() if self.dtype == types.float64 else ir.FloatType(), self.width)

    @property
    def ints(self) -> ir.VectorType:
        return ir.VectorType(ir.IntType(self.dtype.bitwidth), self.width)


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Vector) -> None:
        super().__init__(dmm, fe_type, fe_type.llvm)


def _elementwise(op: Any, instruction: str) -> None:
    @infer_global(op)  # pyright: ignore[reportOptionalCall]
    class _Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            alike = len(args) == 2 and isinstance(args[0], Vector) and args[0] == args[1]
            return signature(args[0], *args) if alike else None

    @lower_builtin(op, Vector, Vector)
    def _lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args)


for _op, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _elementwise(_op, _instruction)


def _fma(builder: Any, kind: Vector, a: Any, b: Any, c: Any) -> Any:
    name = f"llvm.fma.v{kind.width}f{kind.dtype.bitwidth}"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind.llvm, [kind.llvm] * 3), name)
    return builder.call(function, [a, b, c])


def _broadcast(builder: Any, kind: Vector, scalar: Any) -> Any:
    one = builder.insert_element(ir.Constant(kind.llvm, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), kind.width), [0] * kind.width)
    return builder.shuffle_vector(one, one, mask)


def _row(context: Any, builder: Any, kind: Vector, array_type: Any, array: Any, row: Any, row_type: Any) -> Any:
    """Pointer to array[row, 0] of a C-contiguous array, seen as a vector."""
    struct = context.make_array(array_type)(context, builder, array)
    strides = cgutils.unpack_tuple(builder, struct.strides, 2)
    row = context.cast(builder, row, row_type, types.intp)
    address = builder.add(builder.ptrtoint(struct.data, strides[0].type), builder.mul(row, strides[0]))
    return builder.inttoptr(address, kind.llvm.as_pointer())


@intrinsic
def load(typingctx: Any, array: Any, row: Any, lanes: Any):
    """array[row, 0:W] as a vector."""
    kind = Vector(array.dtype, len(lanes))

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = _row(context, builder, kind, array, args[0], args[1], row)
        return builder.load(pointer, align=array.dtype.bitwidth // 8)

    return kind(array, row, lanes), codegen


@intrinsic
def store(typingctx: Any, array: Any, row: Any, value: Any):
    """array[row, 0:W] = value."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = _row(context, builder, value, array, args[0], args[1], row)
        builder.store(args[2], pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, row, value), codegen


@intrinsic
def fill(typingctx: Any, like: Any, scalar: Any):
    """The vector of `like`'s type with the scalar in every lane."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _broadcast(builder, like, context.cast(builder, args[1], scalar, like.dtype))

    return like(like, scalar), codegen


@intrinsic
def fma(typingctx: Any, a: Any, b: Any, c: Any):
    """a * b + c, rounded once."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _fma(builder, a, *args)

    return (a(a, a, a), codegen) if isinstance(a, Vector) and a == b == c else None


@intrinsic
def choose(typingctx: Any, x: Any, y: Any, if_less: Any, otherwise: Any):
    """if_less where x < y, else otherwise (also where x or y is NaN)."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[2], args[3])

    return if_less(x, y, if_less, otherwise), codegen


@intrinsic
def magnitude(typingctx: Any, x: Any):
    """abs(x)."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        name = f"llvm.fabs.v{x.width}f{x.dtype.bitwidth}"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(x.llvm, [x.llvm]), name)
        return builder.call(function, [args[0]])

    return x(x), codegen


def _window(first: int) -> Any:
    """W consecutive lanes of two vectors side by side, from lane `first` mod W of them on."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        width = sig.return_type.width
        start = first % width
        mask = ir.Constant(ir.VectorType(ir.IntType(32), width), [start + i for i in range(width)])
        return builder.shuffle_vector(args[0], args[1], mask)

    return codegen


@intrinsic
def lane_below(typingctx: Any, before: Any, here: Any):
    """What stands one lane below each lane of `here`, whose lowest lane follows the highest of `before`."""
    return here(before, here), _window(-1)


@intrinsic
def lane_above(typingctx: Any, here: Any, after: Any):
    """What stands one lane above each lane of `here`, whose highest lane the lowest of `after` follows."""
    return here(here, after), _window(1)


@intrinsic
def widen(typingctx: Any, x: Any):
    """The same numbers in float64."""
    wide = Vector(types.float64, x.width)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return args[0] if x == wide else builder.fpext(args[0], wide.llvm)

    return wide(x), codegen


# Rounding to the nearest integer by adding 1.5 2^(mantissa bits); ln 2 in two parts; exponent field; Chebyshev fit of
# (e^r - 1)/r on abs(r) <= ln(2)/2, highest power first, to 2e-17 (float64) and 1.1e-8 (float32).
_EXP = {
    64: (
        6755399441055744.0, 0.6931471803691238, 1.9082149292705877e-10, 52, 0x3FF0000000000000,
        (2.5105419192016337e-08, 2.7626633990293144e-07, 2.75572549134867e-06, 2.4801503680856384e-05,
         0.00019841269875205077, 0.0013888888933014717, 0.008333333333326025, 0.041666666666571636,
         0.1666666666666667, 0.5000000000000006, 1.0),
    ),
    32: (
        12582912.0, 0.693359375, -2.12194440e-4, 23, 0x3F800000,
        (0.001393382048977602, 0.008369292165055803, 0.041666463386339524, 0.16666503963709303,
         0.5000000013620138, 1.0000000109015863),
    ),
}  # fmt: skip


def _exp_parts(builder: Any, kind: Vector, x: Any) -> tuple[Any, Any]:
    magic, ln2_hi, ln2_lo, shift, bias, polynomial = _EXP[kind.dtype.bitwidth]

    def constant(value: float) -> Any:
        return ir.Constant(kind.llvm, [value] * kind.width)

    def integer(value: int) -> Any:
        return ir.Constant(kind.ints, [value] * kind.width)

    t = _fma(builder, kind, x, constant(1.4426950408889634), constant(magic))
    k = builder.fsub(t, constant(magic))
    r = _fma(builder, kind, k, constant(-ln2_hi), x)
    r = _fma(builder, kind, k, constant(-ln2_lo), r)
    q = constant(polynomial[0])
    for coefficient in polynomial[1:]:
        q = _fma(builder, kind, q, r, constant(coefficient))
    bits = builder.shl(builder.bitcast(t, kind.ints), integer(shift))
    scale = builder.bitcast(builder.add(bits, integer(bias)), kind.llvm)
    return scale, builder.fmul(q, r)


@intrinsic
def exponentials(typingctx: Any, x: Any, bound: Any):
    """(e^x - 1, e^x) for x clamped to +-bound, each to about 2 ulp however small x is."""
    result = types.UniTuple(x, 2)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bound_value = context.cast(builder, args[1], bound, x.dtype)
        upper = _broadcast(builder, x, bound_value)
        lower = builder.fsub(ir.Constant(x.llvm, [0.0] * x.width), upper)
        clamped = builder.select(builder.fcmp_ordered("<", args[0], upper), args[0], upper)
        clamped = builder.select(builder.fcmp_ordered(">", clamped, lower), clamped, lower)
        s, m = _exp_parts(builder, x, clamped)
        minus_one = _fma(builder, x, s, m, builder.fsub(s, ir.Constant(x.llvm, [1.0] * x.width)))
        return context.make_tuple(builder, result, [minus_one, _fma(builder, x, s, m, s)])

    return result(x, bound), codegen
