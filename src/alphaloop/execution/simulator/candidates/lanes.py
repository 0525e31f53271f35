"""Eight bars at once: the first that reaches a level, how deep the price fell before it, and tables of both.

numba has no word for a vector of prices, and its compiler finds none here: the peak before a
bar depends on all bars before, and a search is turned into jumps that the processor guesses
wrong. So these few lines are written in LLVM's terms, which any processor runs, fastest one with
masks for eight float64. They take maxima, comparisons and single differences only, so their
bits are those of a loop over single bars.

The peak before each of eight closes takes three steps, each looking twice as far back as the
one before: at the neighbour, at two more, at four more.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np import arrayobj

LANES, FLOAT_BYTES = 8, 8
FLOAT, WHOLE, SMALL, BITS = ir.DoubleType(), ir.IntType(64), ir.IntType(32), ir.IntType(LANES)
VECTOR, MASK = ir.VectorType(FLOAT, LANES), ir.VectorType(ir.IntType(1), LANES)
BEFORE = list(range(LANES - 1, 2 * LANES - 1))  # the last of eight lanes, and all but the last of the next
LOWEST = float("-inf")
FOUND: Any = types.Tuple((types.int64, types.float64, types.float64))  # type: ignore[no-untyped-call]
_arrays: Any = arrayobj


class Rows(NamedTuple):
    """Where the lanes read: what is held against the levels, what falls, closes, and fell within."""

    low: Any
    high: Any
    worst: Any
    close: Any
    inside: Any


class Step(NamedTuple):
    """What eight lanes show: ``hits``, a bit each; peak ``before`` each; ``falls``; ``closes``; the peak ``after``."""

    hits: Any
    before: Any
    falls: Any
    closes: Any
    after: Any


class Past(NamedTuple):
    """What the lanes before left: the bar they end at, their closes, the peak in all lanes, and the deepest falls."""

    at: Any
    closes: Any
    peak: Any
    falls: Any


def _same(value: float) -> Any:
    return ir.Constant(VECTOR, [value] * LANES)


def _shuffled(build: Any, left: Any, right: Any, places: list[int]) -> Any:
    return build.shuffle_vector(left, right, ir.Constant(ir.VectorType(SMALL, LANES), places))


def _spread(build: Any, value: Any) -> Any:
    nothing = ir.Constant(VECTOR, ir.Undefined)
    return _shuffled(build, build.insert_element(nothing, value, SMALL(0)), nothing, [0] * LANES)


def _larger(build: Any, left: Any, right: Any) -> Any:
    return build.select(build.fcmp_ordered(">", left, right), left, right)


def _smaller(build: Any, left: Any, right: Any) -> Any:
    return build.select(build.fcmp_ordered("<", left, right), left, right)


def _running(build: Any, lanes: Any, chosen: Callable[[Any, Any, Any], Any]) -> Any:
    """What is chosen of each lane and all before it."""
    for back in (1, 2, 4):
        earlier = _shuffled(build, lanes, lanes, [max(lane - back, lane % back) for lane in range(LANES)])
        lanes = chosen(build, lanes, earlier)
    return lanes


def _last(build: Any, lanes: Any) -> Any:
    return _shuffled(build, lanes, lanes, [LANES - 1] * LANES)


def _first(build: Any, count: Any) -> Any:
    """A mask of the first ``count`` lanes, 0 to 8."""
    ones = build.sub(build.shl(WHOLE(1), count), WHOLE(1))
    return build.bitcast(build.trunc(ones, BITS), MASK)


def _load(build: Any, address: Any, at: Any, lanes: Any) -> Any:
    """The values from ``at`` on, all or those of the mask ``lanes``: others are zero, and not touched in memory."""
    place = build.bitcast(build.gep(address, [at]), VECTOR.as_pointer())
    if lanes is None:
        found = build.load(place)
        found.align = FLOAT_BYTES
        return found
    kind = ir.FunctionType(VECTOR, [VECTOR.as_pointer(), SMALL, MASK, VECTOR])
    masked: Any = cgutils.get_or_insert_function(build.module, kind, "llvm.masked.load.v8f64.p0")  # type: ignore[no-untyped-call]
    return build.call(masked, [place, SMALL(FLOAT_BYTES), lanes, _same(0.0)])


def _negative(build: Any, lanes: Any) -> Any:
    return build.fsub(_same(-0.0), lanes)


def _step(build: Any, rows: Rows, terms: tuple[Any, ...], past: Past, lanes: Any) -> Step:
    """The next eight lanes, or those of the mask ``lanes``, against levels and side as vectors."""
    floor, ceiling, side = terms
    low, high = _load(build, rows.low, past.at, lanes), _load(build, rows.high, past.at, lanes)
    reached = build.or_(build.fcmp_ordered("<=", low, floor), build.fcmp_ordered(">=", high, ceiling))
    closes = build.fmul(_load(build, rows.close, past.at, lanes), side)
    worst = build.fmul(_load(build, rows.worst, past.at, lanes), side)
    before = _running(build, _shuffled(build, past.closes, closes, BEFORE), _larger)
    highest = _larger(build, before, closes)
    highest = _last(build, highest)
    before = _larger(build, before, past.peak)
    falls = build.fsub(before, worst)
    if rows.inside is not None:
        falls = _larger(build, falls, _load(build, rows.inside, past.at, lanes))
    hits = build.zext(build.bitcast(reached, BITS), WHOLE)
    return Step(hits, before, falls, closes, _larger(build, highest, past.peak))


def _addresses(context: Any, build: Any, kind: Any, columns: Any) -> list[Any]:
    arrays = [_arrays.make_array(one)(context, build, build.extract_value(columns, i)) for i, one in enumerate(kind)]
    return [array.data for array in arrays]


def _rows(context: Any, build: Any, kind: Any, columns: Any, long: Any) -> Rows:
    """The columns by side: a long falls to its lows from the highest close, a short the other way."""
    low, high, top, bottom, *inside = _addresses(context, build, kind, columns)
    within = build.select(long, *inside) if inside else None
    return Rows(low, high, build.select(long, low, high), build.select(long, top, bottom), within)


def _hunt(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
    """Eight lanes at a time until one hits, or fewer are left; then what came before the first that hits or is none."""
    columns, span, wish, so_far = arguments
    floor, ceiling, side = (build.extract_value(wish, i) for i in range(3))
    rows = _rows(context, build, signature.args[0], columns, build.fcmp_ordered(">", side, FLOAT(0.0)))
    terms = tuple(_spread(build, one) for one in (floor, ceiling, side))
    (start, stop), (peak, fall) = ([build.extract_value(pair, i) for i in range(2)] for pair in (span, so_far))
    first = Past(start, _same(LOWEST), _spread(build, peak), build.insert_element(_same(0.0), fall, SMALL(0)))
    entry, (ahead, whole, rest, part, hit, done) = build.block, [build.append_basic_block() for _ in range(6)]
    build.branch(ahead)

    build.position_at_end(ahead)
    past = Past(build.phi(WHOLE), build.phi(VECTOR), build.phi(VECTOR), build.phi(VECTOR))
    onward = build.add(past.at, WHOLE(LANES))
    build.cbranch(build.icmp_signed("<=", onward, stop), whole, rest)

    build.position_at_end(whole)
    full = _step(build, rows, terms, past, None)
    later = Past(onward, full.closes, full.after, _larger(build, full.falls, past.falls))
    build.cbranch(build.icmp_unsigned("!=", full.hits, WHOLE(0)), hit, ahead)

    build.position_at_end(rest)
    left = build.sub(stop, past.at)
    passed_all = (past.at, build.extract_element(past.peak, SMALL(0)), past.falls)
    build.cbranch(build.icmp_signed(">", left, WHOLE(0)), part, done)

    build.position_at_end(part)
    few = _step(build, rows, terms, past, _first(build, left))
    ends = build.or_(few.hits, build.shl(WHOLE(1), left))  # the lane after the last is as good as a hit
    build.branch(hit)

    build.position_at_end(hit)
    hits, before, falls = build.phi(WHOLE), build.phi(VECTOR), build.phi(VECTOR)
    _join((hits, before, falls), {whole: full[:3], part: (ends, few.before, few.falls)})
    count = build.cttz(hits, ir.Constant(ir.IntType(1), 1))
    deepest = _larger(build, build.select(_first(build, count), falls, _same(0.0)), past.falls)
    stopped = (build.add(past.at, count), build.extract_element(before, build.trunc(count, SMALL)), deepest)
    build.branch(done)

    build.position_at_end(done)
    found = [build.phi(kind) for kind in (WHOLE, FLOAT, VECTOR)]
    _join(past, {entry: first, whole: later})
    _join(found, {rest: passed_all, hit: stopped})
    return context.make_tuple(build, signature.return_type, [*found[:2], _highest(build, found[2])])


def _join(values: Iterable[Any], sources: dict[Any, tuple[Any, ...]]) -> None:
    """Say what each value is when it comes from each block."""
    for place, value in enumerate(values):
        for block, given in sources.items():
            value.add_incoming(given[place], block)


def _highest(build: Any, lanes: Any) -> Any:
    for apart in (4, 2, 1):
        lanes = _larger(build, lanes, _shuffled(build, lanes, lanes, [lane ^ apart for lane in range(LANES)]))
    return build.extract_element(lanes, SMALL(0))


@intrinsic
def _hunted(
    _typing: Any, columns: Any, span: Any, wish: Any, so_far: Any
) -> Any:  # numba calls it with its own objects
    return FOUND(columns, span, wish, so_far), _hunt


hunt: Any = _hunted
"""``hunt(columns, span, wish, so_far)``: the first bar that reaches a level, and peak and fall before it.

``columns`` are four arrays (T,): low, high, and the close twice; or six, where each bar is a
block of bars: low, high, highest and lowest close, the fall within of a long and of a short.
``span`` is (start, stop), bars; ``wish`` (floor, ceiling, side), prices, ``so_far`` (peak,
fall), signed by the side. The answer is (bar, or stop where none hits; peak; fall), signed too.
"""


def _write(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
    """Eight bars at a time: running extremes once, then what each side makes of them; the last lanes go on."""
    columns, tables, span, peaks = arguments
    sources = _addresses(context, build, signature.args[0], columns)
    kept = _addresses(context, build, signature.args[1], tables)
    start, count, size = (build.extract_value(span, i) for i in range(3))
    peaks = [_spread(build, build.extract_value(peaks, side)) for side in range(2)]
    begun = [_same(-LOWEST), _same(LOWEST), *peaks, _same(0.0), _same(0.0)]
    entry, (loop, done) = build.block, [build.append_basic_block() for _ in range(2)]
    build.branch(loop)

    build.position_at_end(loop)
    at, (least, most, *past) = build.phi(WHOLE), [build.phi(VECTOR) for _ in begun]
    lanes = _first(build, _clamped(build, build.sub(count, at)))
    low, high, close = (_load(build, one, build.add(start, at), lanes) for one in sources)
    lowest = _smaller(build, _running(build, low, _smaller), least)
    highest = _larger(build, _running(build, high, _larger), most)
    down, up, end = _negative(build, highest), _negative(build, lowest), _negative(build, close)
    long = _write_side(build, kept, (at, size, lanes), (lowest, highest, low, close), (past[0], past[2]))
    short_at = (build.add(at, size), size, lanes)
    short = _write_side(build, kept, short_at, (down, up, _negative(build, high), end), (past[1], past[3]))
    onward = build.add(at, WHOLE(LANES))
    later = (onward, _last(build, lowest), _last(build, highest), long[0], short[0], long[1], short[1])
    _join((at, least, most, *past), {entry: (WHOLE(0), *begun), loop: later})
    build.cbranch(build.icmp_signed("<", onward, size), loop, done)

    build.position_at_end(done)
    return context.get_dummy_value()


def _write_side(build: Any, kept: Any, where: Any, signed: Any, past: Any) -> tuple[Any, Any]:
    """One side's places from ``where`` on, of ``signed`` lanes; returns its peak and fall after them, in all lanes."""
    (at, size, lanes), (worst, best, low, close), (peak, fall) = where, signed, past
    before = _running(build, _shuffled(build, _same(LOWEST), close, BEFORE), _larger)
    before = _larger(build, before, peak)
    fallen = _larger(build, _running(build, build.fsub(before, low), _larger), fall)
    worst = build.select(lanes, worst, _same(LOWEST))
    best = build.select(lanes, best, _same(-LOWEST))
    for address, values in zip(kept, (worst, best, before, _shuffled(build, fall, fallen, BEFORE)), strict=False):
        build.store(values, build.bitcast(build.gep(address, [at]), VECTOR.as_pointer())).align = FLOAT_BYTES
    step = build.ashr(at, WHOLE(3))
    for place, values in ((step, worst), (build.add(step, build.ashr(size, WHOLE(2))), best)):
        build.store(build.extract_element(values, SMALL(LANES - 1)), build.gep(kept[-1], [place]))
    return _last(build, _larger(build, before, close)), _last(build, fallen)


def _clamped(build: Any, left: Any) -> Any:
    """``left``, but none below zero and eight at most."""
    left = build.select(build.icmp_signed("<", left, WHOLE(0)), WHOLE(0), left)
    return build.select(build.icmp_signed(">", left, WHOLE(LANES)), WHOLE(LANES), left)


@intrinsic
def _written(
    _typing: Any, columns: Any, tables: Any, span: Any, peaks: Any
) -> Any:  # numba calls it with its own objects
    return types.void(columns, tables, span, peaks), _write


write: Any = _written
"""``write(columns, tables, span, peaks)``: running extremes, peaks and falls of a window, for both sides.

``columns`` are low, high and close (T,); ``tables`` those of :class:`.group.Tables`, without the bar.
``span`` is (first bar, bars, places of a side), ``peaks`` the signed entries of a long and of a short.
"""


def _pass(context: Any, build: Any, signature: Any, arguments: Any) -> Any:
    """One comparison of eight lanes with both levels, as bits; then the first bit that is not set."""
    columns, at, protect, take = arguments
    pair = enumerate(signature.args[0])
    worst, best = [_arrays.make_array(kind)(context, build, build.extract_value(columns, i)).data for i, kind in pair]
    worst, best = (build.load(build.bitcast(build.gep(one, [at]), VECTOR.as_pointer())) for one in (worst, best))
    worst.align = best.align = FLOAT_BYTES
    down = build.fcmp_ordered("<=", worst, _spread(build, protect))
    ends = build.or_(down, build.fcmp_ordered(">=", best, _spread(build, take)))
    bits = build.or_(build.zext(build.bitcast(ends, BITS), WHOLE), WHOLE(1 << LANES))
    return build.cttz(bits, ir.Constant(ir.IntType(1), 1))


@intrinsic
def _passed(_typing: Any, columns: Any, at: Any, protect: Any, take: Any) -> Any:  # numba calls it with its own objects
    return types.int64(columns, at, protect, take), _pass


passed: Any = _passed
"""``passed(columns, at, protect, take)``: how many of eight places from ``at`` on come before a level is reached.

``columns`` are the running worst and best price, both signed and with at least eight places from ``at``.
"""
