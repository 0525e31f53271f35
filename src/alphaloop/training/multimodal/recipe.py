"""What may be set of the multimodal chain by ``--set name=value``."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from alphaloop.core.errors import InvalidOption, UnknownName


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Settings of the chain.

    Parameters
    ----------
    base_penalty, text_penalty : float, > 0
        Of the ridge regressions; ``single_ridge`` has the base's.
    text_dropout : float, 0 to below 1
        Share of the training rows of ``single_ridge`` whose text is hidden as if it were missing. The gate needs none:
        where text is missing it is its base.

    Raises
    ------
    InvalidOption
        If a number is out of its range.
    """

    base_penalty: float = 1.0
    text_penalty: float = 0.5
    text_dropout: float = 0.1

    def __post_init__(self) -> None:
        if min(self.base_penalty, self.text_penalty) <= 0 or not 0 <= self.text_dropout < 1:
            raise InvalidOption(f"{self}", "penalties above 0, a dropout in [0, 1)", "correct --set")

    def as_dict(self) -> dict[str, Any]:
        """All of them, JSON."""
        return asdict(self)


def recipe_of(given: Mapping[str, float | int | str]) -> Recipe:
    """A recipe from names and values.

    Raises
    ------
    UnknownName
        If there is no such setting.
    InvalidOption
        If a value is no number, or out of its range.

    Examples
    --------
    >>> recipe_of({"text_dropout": 0}).text_dropout
    0.0
    """
    known = [one.name for one in fields(Recipe)]
    for name, value in given.items():
        if name not in known:
            raise UnknownName(f"setting '{name}'", f"one of {', '.join(known)}", "see docs/chains.md")
        if isinstance(value, str):
            raise InvalidOption(f"{name}={value}", "a number", "correct it")
    return Recipe(**{name: float(value) for name, value in given.items()})
