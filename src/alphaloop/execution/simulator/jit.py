"""numba's decorators with honest types, and arrays without its reference counts."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import carray  # type: ignore[attr-defined]
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np import arrayobj

from alphaloop.core.market import Floats

_arrays: Any = arrayobj
Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile an inner rule that many places call."""
    return cast(Function, numba.njit(error_model="numpy")(function))


def inlined(function: Function) -> Function:
    """Compile an inner rule into each place that calls it: a call passes some thirty numbers for its arrays."""
    return cast(Function, numba.njit(error_model="numpy", forceinline=True)(function))


def entry_point(function: Function) -> Function:
    """Compile a function that Python calls, and keep the machine code on disk."""
    return cast(Function, numba.njit(cache=True)(function))


@inlined
def nth(index: int) -> Any:
    """The same place, said to be zero or above: else each read asks whether it counts from the end."""
    return np.uint64(index)


@intrinsic
def _pointer(_context: Any, _address: Any) -> Any:  # numba calls it with its own compiler objects
    """An address as a pointer to float64."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        from llvmlite import ir  # type: ignore[import-untyped]

        return builder.inttoptr(arguments[0], ir.DoubleType().as_pointer())

    return types.CPointer(types.float64)(types.uintp), generate  # type: ignore[no-untyped-call]


@intrinsic
def _ask(_typing: Any, array: Any, _place: Any) -> Any:  # numba calls it with its own compiler objects
    """A hint to the memory, which never fails and changes nothing."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        data = _arrays.make_array(signature.args[0])(context, builder, arguments[0]).data
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        hint: Any = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")  # type: ignore[no-untyped-call]
        at = builder.bitcast(builder.gep(data, [arguments[1]]), byte)
        builder.call(hint, [at, number(0), number(3), number(1)])  # to read, to keep, data
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


ask_for: Any = _ask
"""``ask_for(array, place)``: fetch the element at flat ``place`` from memory while other work goes on.

A place beyond the end is asked for in vain, and does no harm.
"""


@inlined
def borrow(array: Floats) -> Floats:
    """The same memory as an array that is not reference counted, for use inside compiled code.

    numba counts its arrays at every call of an inner function, which costs more than the
    fill rules themselves. Whoever borrows keeps the owner alive.
    """
    view: Floats = carray(_pointer(array.ctypes.data), array.shape)  # type: ignore[call-arg]
    return view
