"""numba's decorators for the candidate form, and records of arrays without its reference counts.

Division by zero gives infinity, as in numpy: a check before each division would keep loops
from becoming vectors. The checks are made on the candidates, once.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core import types
from numba.extending import intrinsic
from numba.np import arrayobj

Function = TypeVar("Function", bound=Callable[..., Any])
Record = TypeVar("Record", bound=tuple[Any, ...])
_arrays: Any = arrayobj


def compiled(function: Function) -> Function:
    """Compile an inner rule; it becomes part of the entry points that call it."""
    return cast(Function, numba.njit(error_model="numpy")(function))


def inlined(function: Function) -> Function:
    """The same, and never a call."""
    return cast(Function, numba.njit(error_model="numpy", forceinline=True)(function))


def entry_point(function: Function) -> Function:
    """Compile a function that Python calls, from several threads at once; keep the machine code on disk."""
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


@intrinsic
def _uncounted(_typing: Any, record: Any) -> Any:  # numba calls it with its own compiler objects
    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        found = arguments[0]
        for place, kind in enumerate(record.types):
            if isinstance(kind, types.Array):
                owner = _arrays.make_array(kind)(context, builder, builder.extract_value(found, place))
                view = _arrays.make_array(kind)(context, builder)
                parts = {name: getattr(owner, name) for name in ("data", "shape", "strides", "itemsize")}
                _arrays.populate_array(view, meminfo=None, **parts)
                found = builder.insert_value(found, view._getvalue(), place)
        return found

    return record(record), generate


_view: Any = _uncounted


@inlined
def lent(record: Record) -> Record:
    """The same record, its arrays not counted; whoever borrows touches the owner afterwards, to keep it alive.

    numba counts every array of a record at every call of an inner function, which costs more
    than the fill rules themselves.
    """
    return _view(record)  # type: ignore[no-any-return]
