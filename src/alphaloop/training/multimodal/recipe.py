"""What may be set of the multimodal chain by ``--set name=value``."""

from dataclasses import asdict, dataclass
from typing import Any

from alphaloop.core.errors import InvalidOption


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
