"""From an exchange into the lake, page by page: what an interruption leaves is kept and gone on from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alphaloop.core.errors import InvalidOption
from alphaloop.core.time import DAY_US
from alphaloop.lake.sources.exchange import Client, Wanted, fetch, last_stored
from alphaloop.lake.sources.names import plain_symbol
from alphaloop.lake.table import Lake

DEFAULT_SPAN_US = 30 * DAY_US
COUNTS = ("read", "written", "duplicate", "quarantined")
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asked for. ``kinds`` of bars, funding, open_interest, trades, book; times in microseconds UTC."""

    venue: str
    symbols: tuple[str, ...]
    kinds: tuple[str, ...] = ("bars", "funding")
    timeframe: str = "5m"
    start: int | None = None
    end: int | None = None

    def wanted(self, kind: str, now: int) -> Wanted:
        """One kind of it; without a start, the last 30 days."""
        end = now if self.end is None else self.end
        start = end - DEFAULT_SPAN_US if self.start is None else self.start
        return Wanted(kind, self.venue, self.symbols, start, end, self.timeframe)


def fetch_into(
    lake: Lake, request: Request, *, now: int, client: Client | None = None, progress: Progress | None = None
) -> list[dict[str, Any]]:
    """Fetch every kind and append each page as it comes.

    Returns
    -------
    list of dict
        Per kind and symbol: rows read, written, duplicate, quarantined.

    Raises
    ------
    MissingExtra
        Without ccxt.
    UnknownName, InvalidOption, SourceUnavailable, SourceRejected
        As :func:`alphaloop.lake.sources.exchange.fetch`; pages stored before stay.
    """
    if not request.kinds:
        raise InvalidOption("no kind of data", "one or more", "pass --kinds bars,funding")
    client = client or Client(request.venue)
    return [
        row for kind in request.kinds for row in _fetch_kind(lake, client, request.wanted(kind, now), now, progress)
    ]


def _fetch_kind(
    lake: Lake, client: Client, wanted: Wanted, now: int, progress: Progress | None
) -> list[dict[str, Any]]:
    counts = {plain_symbol(symbol): dict.fromkeys(COUNTS, 0) for symbol in wanted.symbols}
    for page in fetch(wanted, now, client=client, stored=last_stored(lake, wanted)):
        report = lake.append(page.table, page.frame, ingested_at=now)
        row = counts[page.symbol]
        for name in COUNTS:
            row[name] += getattr(report, name)
        if progress is not None:
            progress(f"{wanted.kind} {page.symbol}", row["read"])
    return [{"kind": wanted.kind, "symbol": symbol, **row} for symbol, row in counts.items()]
