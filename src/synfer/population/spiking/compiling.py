"""How the spiking kernels are compiled, beyond `synfer.core.jit.kernel`.

They allocate nothing, so they run without numba's reference counts: those are atomic, cost more
than the arithmetic of a spike, and would make threads wait for each other. Inner functions are called from
kernels only and need no Python wrapper, which shortens compilation.
"""

from functools import partial
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from synfer.core import lanes
from synfer.core.jit import kernel

outer = partial(kernel, _nrt=False)
inner = partial(kernel, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)

# Any: kernels call an intrinsic without the typing context that its Python signature begins with.
fma: Any = lanes.fma
float_to_bits: Any = lanes.float_to_bits
bits_to_float: Any = lanes.bits_to_float


@intrinsic
def _stack_array(typingctx: Any, lanes: Any, like: Any):
    """Room on the stack for two numbers like `like` per entry of the tuple `lanes`, as a pointer to index.

    The compiler sees that nothing else points there, so a loop that writes it needs no check for
    overlap. It lasts as long as the function that asked for it.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        size = ir.Constant(ir.IntType(64), 2 * len(signature.args[0]))
        room = cgutils.alloca_once(builder, context.get_value_type(signature.args[1]), size=size)
        room.align = 64
        return room

    return types.CPointer(like)(lanes, like), codegen


stack_array: Any = _stack_array
