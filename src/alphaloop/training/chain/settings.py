"""Settings of a chain from the names and values of ``--set name=value``."""

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, ClassVar, Protocol, TypeVar

from alphaloop.core.errors import InvalidOption, UnknownName


class Record(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Settings = TypeVar("Settings", bound=Record)


def settings_of(kind: type[Settings], given: Mapping[str, float | int | str]) -> Settings:
    """A chain's record of settings with some of them given; the rest keep their defaults.

    Parameters
    ----------
    kind : type
        A frozen record whose fields all have defaults.
    given : mapping

    Raises
    ------
    UnknownName
        If there is no such setting.
    InvalidOption
        If a value is of another kind than the default, or out of its range.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Mine:
    ...     epochs: int = 3
    ...     rate: float = 0.1
    >>> settings_of(Mine, {"rate": 1})
    Mine(epochs=3, rate=1.0)
    """
    known = {one.name: one.default for one in fields(kind)}
    made: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise UnknownName(f"setting '{name}'", f"one of {', '.join(known)}", "see docs/chains.md")
        wanted = type(known[name])
        whole = wanted is float and isinstance(value, int)
        if not (isinstance(value, wanted) or whole):
            raise InvalidOption(f"{name}={value}", f"a value like {known[name]}", "correct it")
        made[name] = float(value) if whole else value
    return kind(**made)
