"""Records and JSON: frozen dataclasses written canonically and read back strictly.

Strict means: no field missing that has no default, none unknown, none of another type. A
record that was written by other code and no longer fits says so instead of being bent.
"""

import json
import math
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from alphaloop.core.errors import SchemaViolation

Record = TypeVar("Record")


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal bytes.

    Raises
    ------
    SchemaViolation
        If a number is not finite.

    Examples
    --------
    >>> canonical({"b": 1.0, "a": None})
    '{"a":null,"b":1.0}'
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise SchemaViolation("a number that is not finite", "finite numbers", "none where not measured") from error


def plain(value: Any) -> Any:
    """Records as dictionaries, tuples as lists, numpy numbers as Python's."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value


def restored(kind: type[Record], text: str) -> Record:
    """A record of ``kind`` from its JSON.

    Raises
    ------
    SchemaViolation
        If it does not fit.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise SchemaViolation(f"text that is not JSON: {error}", f"a {kind.__name__}", "") from error
    made: Record = _build(kind, value, kind.__name__)
    return made


def _build(kind: Any, value: Any, where: str) -> Any:
    """``value`` as the annotated type; see :func:`restored`."""
    origin = get_origin(kind)
    if origin is UnionType:
        return _either(get_args(kind), value, where)
    if origin is Literal:
        return value if value in get_args(kind) else _refuse(value, kind, where)
    if origin is tuple:
        return _tuple(get_args(kind), value, where)
    if is_dataclass(kind):
        return _record(kind, value, where)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    exact = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    endless = isinstance(value, float) and not math.isfinite(value)
    return value if exact and not endless else _refuse(value, kind, where)


def _either(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    """A union: none if it may be, the exact type if it is one, else the single kind left."""
    if value is None:
        return None if NoneType in kinds else _refuse(value, kinds, where)
    if type(value) in kinds:
        return _build(type(value), value, where)
    rest = [one for one in kinds if one is not NoneType]
    return _build(rest[0], value, where)


def _tuple(inner: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        _refuse(value, "a list", where)
    many = len(inner) == 2 and inner[1] is Ellipsis
    if not many and len(value) != len(inner):
        _refuse(value, f"{len(inner)} values", where)
    kinds = [inner[0]] * len(value) if many else list(inner)
    return tuple(_build(kind, one, f"{where}[{k}]") for k, (kind, one) in enumerate(zip(kinds, value, strict=True)))


def _record(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        _refuse(value, kind, where)
    known = {one.name: one for one in fields(kind)}
    lacking = [name for name, one in known.items() if one.default is MISSING and name not in value]
    unknown = sorted(value.keys() - known.keys())
    if lacking or unknown:
        _refuse(f"lacking {lacking}, unknown {unknown}", f"the fields of {kind.__name__}", where)
    hints = get_type_hints(kind)
    return kind(**{name: _build(hints[name], one, f"{where}.{name}") for name, one in value.items()})


def _refuse(value: Any, kind: Any, where: str) -> Any:
    name = getattr(kind, "__name__", str(kind))
    raise SchemaViolation(f"{where}: {value!r}", str(name), "the record was written by other code, or changed")
