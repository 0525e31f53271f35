"""numba's decorators with honest types: what comes out is called like what went in."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile an inner rule; it is inlined into the entry points that call it."""
    return cast(Function, numba.njit(function))


def entry_point(function: Function) -> Function:
    """Compile a function that Python calls, and keep the machine code on disk."""
    return cast(Function, numba.njit(cache=True)(function))
