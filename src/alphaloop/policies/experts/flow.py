"""Order flow: with the takers, while they press."""

from dataclasses import dataclass
from typing import ClassVar

from alphaloop.core.errors import InvalidOption
from alphaloop.policies.experts.sided import Row, Sided

WINDOWS = ("5m", "1h", "4h")


@dataclass(frozen=True)
class OrderFlow(Sided):
    """On the side of the takers' net volume over a window.

    Long once ``(bought - sold) / (bought + sold)`` is at or above ``enter``, short once at or
    below ``-enter``; flat again once its size has fallen below ``leave``, or its sign has turned.

    Parameters
    ----------
    window : {"5m", "1h", "4h"}
    enter, leave : float, 0 to 1
        ``0 <= leave < enter``.

    Raises
    ------
    InvalidOption
        If the window is unknown or the thresholds do not ascend.

    Examples
    --------
    >>> OrderFlow(window="4h").features
    ('close', 'cvd_ratio_4h')
    """

    window: str = "1h"
    enter: float = 0.15
    leave: float = 0.02
    name: ClassVar[str] = "order-flow"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window not in WINDOWS:
            raise InvalidOption(f"a window of {self.window}", f"one of {', '.join(WINDOWS)}", "use 1h")
        if not 0 <= self.leave < self.enter <= 1:
            raise InvalidOption(
                f"enter {self.enter}, leave {self.leave}", "0 <= leave < enter <= 1", "use 0.15 and 0.02"
            )

    @property
    def reads(self) -> tuple[str, ...]:
        """The takers' net volume over all of it."""
        return (f"cvd_ratio_{self.window}",)

    def side(self, row: Row, before: Row | None, wanted: int) -> int:  # noqa: ARG002 - the expert's form
        """With the takers."""
        pressure = row[1]
        if abs(pressure) >= self.enter:
            return 1 if pressure > 0 else -1
        return wanted if wanted and wanted * pressure >= self.leave else 0
