"""All kernels of a plan in one call: compiled code that calls compiled kernels by address.

From Python a kernel costs microseconds before its first row, and a plan has dozens; a live
feed would spend its time there. So a plan is written down as a table of numbers, one row
per run, and one entry point walks through it. A kernel that is declared tomorrow is one
more address; nothing is compiled anew.
"""

from functools import cache
from typing import Any

from numba.core import cgutils, types
from numba.extending import intrinsic

from alphaloop.core.market import Floats, Ints
from alphaloop.execution.simulator.jit import borrow
from alphaloop.features.bars.lanes import is_far, settle
from alphaloop.features.family import Kernel, compiled

ADDRESS, FIRST_NUMBER, LAST_NUMBER, FIRST_SLOT, LAST_SLOT, FIRST_COLUMN, LAST_COLUMN = range(7)
ENTRIES = 7  # numbers in a row of the table, as named above

_SIGNATURE = (types.float64[:, ::1], types.int64, types.int64[::1], types.float64[::1], types.float64[:, ::1])


@cache
def address_of(kernel: Kernel) -> int:
    """Where the machine code of a kernel lies, for contiguous arrays; the kernel must outlive its use."""
    compiler: Any = kernel
    compiler.compile(_SIGNATURE)
    made = compiler.overloads[_SIGNATURE]
    return int(made.library.get_pointer_to_function(made.fndesc.llvm_func_name))


@intrinsic
def _jump(_context: Any, address: Any, bars: Any, start: Any, params: Any, state: Any, out: Any) -> Any:
    """Call the kernel at ``address``; what it raises is passed on."""
    signature = types.none(address, bars, start, params, state, out)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds, convention = signature.args[1:], context.call_conv
        pointer = builder.inttoptr(arguments[0], convention.get_function_type(types.none, kinds).as_pointer())
        status, _ = convention.call_function(builder, pointer, types.none, kinds, arguments[1:])
        with cgutils.if_unlikely(builder, status.is_error):  # type: ignore[no-untyped-call]
            convention.return_status_propagate(builder, status)
        return context.get_dummy_value()

    return signature, generate


_call: Any = _jump


@compiled
def run_all(table: Ints, numbers: Ints, bars: Floats, start: int, states: Floats, out: Floats) -> None:
    """Every row of ``table`` (runs, ENTRIES): ``numbers`` and ``states`` are those of all runs, one after the other."""
    bars, states, out = borrow(bars), borrow(states), borrow(out)  # the caller holds them meanwhile
    for run in range(len(table)):
        row = table[run]
        params, state = numbers[row[FIRST_NUMBER] : row[LAST_NUMBER]], states[row[FIRST_SLOT] : row[LAST_SLOT]]
        _call(row[ADDRESS], bars, start, params, state, out[row[FIRST_COLUMN] : row[LAST_COLUMN]])
    if is_far(out):
        settle()
