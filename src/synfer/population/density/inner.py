"""Kernels that only other kernels call: no Python wrapper, which would double the time to compile them."""

from functools import partial

from ...core.jit import kernel

inner = partial(kernel, no_cpython_wrapper=True, no_cfunc_wrapper=True)
