"""numba's decorators with honest types, and arrays without its reference counts."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba import carray  # type: ignore[attr-defined]
from numba.core import types
from numba.extending import intrinsic

from alphaloop.core.market import Floats

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


@intrinsic
def _pointer(_context: Any, _address: Any) -> Any:  # numba calls it with its own compiler objects
    """An address as a pointer to float64."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        from llvmlite import ir  # type: ignore[import-untyped]

        return builder.inttoptr(arguments[0], ir.DoubleType().as_pointer())

    return types.CPointer(types.float64)(types.uintp), generate  # type: ignore[no-untyped-call]


@inlined
def borrow(array: Floats) -> Floats:
    """The same memory as an array that is not reference counted, for use inside compiled code.

    numba counts its arrays at every call of an inner function, which costs more than the
    fill rules themselves. Whoever borrows keeps the owner alive.
    """
    view: Floats = carray(_pointer(array.ctypes.data), array.shape)  # type: ignore[call-arg]
    return view
