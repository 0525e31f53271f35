"""Asking again: how long to wait after a failure that may pass, and when to give up.

The waiting itself is an argument, so nothing here sleeps in a test. Knows no exchange.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Answer = TypeVar("Answer")


class Passing(Exception):
    """A failure that may pass; ``wait_s`` is what the other side asked for, 0 if nothing."""

    def __init__(self, why: str, wait_s: float = 0.0) -> None:
        self.why = why
        self.wait_s = wait_s
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to wait.

    Parameters
    ----------
    attempts : int, 1 or more
    first_s, longest_s : float, seconds
        Wait after the first failure; it doubles each time, up to the longest.

    Examples
    --------
    >>> [Patience().wait_s(failure, asked=0.0) for failure in range(5)]
    [1.0, 2.0, 4.0, 8.0, 16.0]
    >>> Patience().wait_s(0, asked=7.0), Patience().wait_s(0, asked=3600.0)
    (7.0, 60.0)
    """

    attempts: int = 6
    first_s: float = 1.0
    longest_s: float = 60.0

    def wait_s(self, failures: int, asked: float) -> float:
        """Seconds to wait after so many earlier failures; never less than was asked for, up to the longest."""
        return min(self.longest_s, max(asked, self.first_s * 2.0**failures))


def patiently(call: Callable[[], Answer], patience: Patience, sleep: Callable[[float], None]) -> Answer:
    """The answer of ``call``, asked again while it raises `Passing`.

    Raises
    ------
    Passing
        The last failure, once all attempts are used.

    Examples
    --------
    >>> answers, waited = iter([Passing("busy"), Passing("busy", 5.0), "done"]), []
    >>> def call():
    ...     answer = next(answers)
    ...     if isinstance(answer, Passing):
    ...         raise answer
    ...     return answer
    >>> patiently(call, Patience(), waited.append), waited
    ('done', [1.0, 5.0])
    """
    for failures in range(patience.attempts - 1):
        try:
            return call()
        except Passing as passing:
            sleep(patience.wait_s(failures, passing.wait_s))
    return call()
