"""Lanes: eight rows side by side, as the processor's vector registers hold them.

The compiler makes vectors of plain loops on its own, but then it writes what a row needs
next to memory and reads it back, and one loop waits for the other. Written with lanes,
numbers stay in registers and divisions run while other rows are added. Each lane is
computed as a number alone would be, so the bits are those of a plain loop; a processor
without such registers does the same in smaller steps.

Memory that no cache holds and that is kept from call to call (:func:`kept`) is written past
the caches, which saves reading it first. Knows numbers and memory, nothing of bars.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.extending import intrinsic, overload, register_model
from numba.np import arrayobj

from alphaloop.core.market import Floats
from alphaloop.execution.simulator.jit import ask_for, inlined
from alphaloop.features.family import compiled

WIDTH = 8  # rows of a vector
LINE = 64  # bytes of a cache line: one vector
FAR = 1 << 15  # rows from which a column is longer than what stays near

AHEAD = 512  # rows between those that are read and those that memory is asked for meanwhile

Lanes = Any  # eight numbers; known to compiled code alone

_HALF = ir.VectorType(ir.DoubleType(), WIDTH // 2)
_VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
_arrays: Any = arrayobj


class LanesType(types.Type):
    """The type of :data:`Lanes` in compiled code."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


@register_model(LanesType)
class _Model(models.PrimitiveModel):
    """How they are held: in one vector."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)  # type: ignore[no-untyped-call]


_lanes = LanesType()


def _rule(typing: Callable[..., Any]) -> Any:
    """A rule that the compiler writes out itself."""
    return intrinsic(typing)


def _places(*numbers: int) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(32), len(numbers)), list(numbers))


def _address(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    data = _arrays.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [place]), _VECTOR.as_pointer())


def _named(builder: Any, name: str, vector: Any, *given: Any) -> Any:
    """What the compiler knows by name, of vectors."""
    kind = ir.FunctionType(vector, [vector] * len(given))
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), given)  # type: ignore[no-untyped-call]


@_rule
def _load(_context: Any, array: Any, _place: Any) -> Any:  # numba calls these with its own compiler objects
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value = builder.load(_address(context, builder, signature.args[0], *arguments))
        value.align = 8
        return value

    return _lanes(array, types.intp), generate


@_rule
def _store(_context: Any, array: Any, _place: Any, _value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _address(context, builder, signature.args[0], *arguments[:2])).align = 8
        return context.get_dummy_value()

    return types.void(array, types.intp, _lanes), generate


@_rule
def _stream(_context: Any, array: Any, _place: Any, _value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kept = builder.store(arguments[2], _address(context, builder, signature.args[0], *arguments[:2]))
        kept.align = LINE
        kept.set_metadata("nontemporal", builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)]))
        return context.get_dummy_value()

    return types.void(array, types.intp, _lanes), generate


@_rule
def _settle(_context: Any) -> Any:
    def generate(context: Any, builder: Any, _signature: Any, _arguments: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), generate


@_rule
def _all(_context: Any, _value: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        none = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(none, arguments[0], ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(first, none, _places(*[0] * WIDTH))

    return _lanes(types.float64), generate


@_rule
def _lane(_context: Any, _value: Any, _place: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.extract_element(*arguments)

    return types.float64(_lanes, types.intp), generate


@_rule
def _root(_context: Any, _value: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        none, parts = ir.Constant(_VECTOR, ir.Undefined), []
        for first in (0, WIDTH // 2):  # two roots of four numbers take less time than one of eight
            half = builder.shuffle_vector(arguments[0], none, _places(*range(first, first + WIDTH // 2)))
            parts.append(_named(builder, "llvm.sqrt.v4f64", _HALF, half))
        return builder.shuffle_vector(*parts, _places(*range(WIDTH)))

    return _lanes(_lanes), generate


@_rule
def _fused(_context: Any, _a: Any, _b: Any, _c: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return _named(builder, "llvm.fma.v8f64", _VECTOR, *arguments)

    return _lanes(_lanes, _lanes, _lanes), generate


@_rule
def _above(_context: Any, _one: Any, _other: Any, _then: Any, _else: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *arguments[:2]), *arguments[2:])

    return _lanes(_lanes, _lanes, _lanes, _lanes), generate


def _after(rows: int) -> Any:
    """The numbers ``rows`` rows back, of two vectors in a row."""

    @_rule
    def back(_context: Any, _before: Any, _now: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.shuffle_vector(*arguments, _places(*range(WIDTH - rows, 2 * WIDTH - rows)))

        return _lanes(_lanes, _lanes), generate

    return back


def _arithmetic(sign: Callable[..., Any], instruction: str) -> None:
    """Teach compiled code a sign between lanes, and between lanes and a number."""

    @_rule
    def both(_context: Any, _one: Any, _other: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments)

        return _lanes(_lanes, _lanes), generate

    def with_lanes(one: Any, other: Any) -> Any:
        return both(one, other)

    def with_number(one: Any, other: Any) -> Any:
        return both(one, every(other))

    @overload(sign, jit_options={"forceinline": True})
    def of_lanes(one: Any, other: Any) -> Any:
        if not isinstance(one, LanesType):
            return None
        return with_lanes if isinstance(other, LanesType) else with_number


for _sign, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _arithmetic(_sign, _instruction)

_by_one, _by_two, _by_four = _after(1), _after(2), _after(4)


@inlined
def every(number: float) -> Lanes:
    """One number in all lanes."""
    return _all(number)


@inlined
def ask_ahead(values: Floats, row: int) -> None:
    """Fetch the rows far behind the eight from ``row`` on, for when they are read: a long column is nowhere near."""
    ask_for(values, row + AHEAD)


@inlined
def load(array: Floats, place: int) -> Lanes:
    """Eight numbers of a contiguous array, from flat ``place`` on; whoever asks sees to it that they are there."""
    return _load(array, place)


@inlined
def store(array: Floats, place: int, value: Lanes) -> None:
    """Write them there."""
    _store(array, place, value)


@inlined
def back(before: Lanes, now: Lanes, rows: int) -> Lanes:
    """The numbers one, two or four ``rows`` back, of two vectors in a row."""
    if rows == 1:
        return _by_one(before, now)
    return _by_two(before, now) if rows == 2 else _by_four(before, now)


@inlined
def root(value: Lanes) -> Lanes:
    """Square roots."""
    return _root(value)


@inlined
def fused(a: Lanes, b: Lanes, c: Lanes) -> Lanes:
    """``a * b + c``, rounded once: :func:`alphaloop.features.bars.multiply_add.multiply_add` of each lane."""
    return _fused(a, b, c)


@inlined
def above(one: Lanes, other: Lanes, then: Lanes, otherwise: Lanes) -> Lanes:
    """``then`` in lanes where ``one > other``; ``otherwise`` in the rest, and where one of them is unknown."""
    return _above(one, other, then, otherwise)


@compiled
def kept(columns: int, rows: int) -> Floats:
    """Memory (columns, rows) for results that its owner keeps: it begins at a cache line, and is zero."""
    whole = np.zeros(columns * rows + WIDTH)
    first = (-whole.ctypes.data % LINE) // 8
    return whole[first : first + columns * rows].reshape((columns, rows))


@inlined
def is_far(out: Floats) -> bool:
    """Whether columns of ``out`` (P, m) are written past the caches: they are long, and begin at a cache line."""
    return bool(out.shape[1] >= FAR and out.ctypes.data % LINE == 0)


@inlined
def put(out: Floats, column: int, row: int, value: Lanes, far: bool) -> None:
    """Write to rows ``row .. row + 8`` of a column of ``out`` (P, m), C order; rows it does not have are left out."""
    rows = out.shape[1]
    place = column * rows + row
    if row < 0 or row + WIDTH > rows:
        for k in range(max(0, row), min(rows, row + WIDTH)):
            out[column, k] = _lane(value, k - row)
    elif far and place % WIDTH == 0:
        _stream(out, place, value)
    else:
        _store(out, place, value)


@compiled
def hold(room: Floats) -> int:
    """Memory that views were lent of lives until here."""
    return len(room)


@inlined
def settle() -> None:
    """All that was written past the caches stands in memory from here on, for any reader."""
    _settle()
