"""What every command shares: the home folder, and how options become values.

The only place that reads the wall clock and the environment on behalf of the rooms below.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alphaloop.core.errors import InvalidOption
from alphaloop.core.time import instant_us

if TYPE_CHECKING:
    from alphaloop.lake.table import Lake
    from alphaloop.registry.ledger import Ledger

HOME_VARIABLE = "ALPHALOOP_HOME"
LEDGER_VARIABLE = "ALPHALOOP_LEDGER_URL"
DEFAULT_HOME = Path(".alphaloop")

_chosen: list[Path] = []


def choose_home(folder: Path | None) -> None:
    """Remember ``--home``; the environment and then the default answer otherwise."""
    _chosen[:] = [folder] if folder is not None else []


def home() -> Path:
    """Folder of lake, ledger, artifacts and reports."""
    if _chosen:
        return _chosen[0]
    return Path(os.environ.get(HOME_VARIABLE) or DEFAULT_HOME)


def lake() -> "Lake":
    """The lake under the home folder."""
    from alphaloop.lake.table import Lake

    return Lake(home() / "lake")


@contextmanager
def ledger() -> "Iterator[Ledger]":
    """The ledger of models, verdicts and trials: under the home folder, or the PostgreSQL the environment names."""
    from alphaloop.registry.ledger import Ledger

    opened = Ledger.open(home(), clock=now_us, url=os.environ.get(LEDGER_VARIABLE))
    try:
        yield opened
    finally:
        opened.close()


def author() -> str:
    """Who is at the keyboard, for entries in the ledger."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no such user, as in some containers
        return f"user {os.getuid()}"


def now_us() -> int:
    """The wall clock, microseconds UTC: when a command ran, never what a policy knows."""
    return time.time_ns() // 1000


def instant(text: str | None) -> int | None:
    """``--start`` or ``--end`` as microseconds UTC."""
    return None if text is None else instant_us(text)


def window(start: str | None, end: str | None) -> tuple[int | None, int | None]:
    """``--start`` and ``--end`` together; an end that is not after the start is refused."""
    low, high = instant(start), instant(end)
    if low is not None and high is not None and high <= low:
        raise InvalidOption(f"a window from {start} to {end}", "an end after the start", "swap them")
    return low, high


def names(text: str | None) -> tuple[str, ...]:
    """``BTC/USDT,eth-usdt`` as ``("BTCUSDT", "ETHUSDT")``."""
    if text is None:
        return ()
    parts = [part.split(":")[0] for part in text.split(",")]
    return tuple(part.strip().upper().replace("/", "").replace("-", "").replace("_", "") for part in parts if part)


def pairs(texts: list[str], option: str = "--set", example: str = "fast=12") -> dict[str, str]:
    """``["fast=12"]`` as ``{"fast": "12"}``; ``option`` is what the user wrote before each."""
    split = [text.partition("=") for text in texts]
    for text, (key, equals, value) in zip(texts, split, strict=True):
        if not (key and equals and value):
            raise InvalidOption(f"{option} {text}", "name=value", f"use e.g. {option} {example}")
    return {key: value for key, _, value in split}
