"""Round trips: fills folded into trades, and every cent of cost given to one of them.

A trade is the life of one position of one symbol, from flat to flat; a fill that turns a
position through zero ends one trade and begins the next. Costs are positive numbers:

    net = gross - fees - slippage - funding + shortfall

``gross`` is what the price moves alone would have paid, so the slippage that sits inside
the fill prices is added back to it and shown as a cost. The net results of all trades
sum to the change in equity. Knows fills and last marks only: no bars, no policy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import polars as pl

from alphaloop.core.errors import NoData
from alphaloop.core.orders import Fill
from alphaloop.core.time import HOUR_US

FLAT = 1e-12  # of all that was ever entered: the residue of adding floats, not a position
_TIME = pl.Datetime("us", "UTC")

SCHEMA: dict[str, pl.DataType] = {
    "trade": pl.Int64(),  # ordinal of the position, by entry
    "symbol": pl.String(),
    "side": pl.Int64(),  # 1 long, -1 short
    "entry_time": _TIME,
    "exit_time": _TIME,  # null while open
    "quantity": pl.Float64(),  # base units entered in all, above zero
    "entry_price": pl.Float64(),  # quote per base, average of what was entered
    "exit_price": pl.Float64(),  # average of exits; what is still held counts at its mark
    "gross_pnl": pl.Float64(),  # quote currency, before any cost
    "fees": pl.Float64(),
    "slippage": pl.Float64(),
    "funding": pl.Float64(),  # below zero where funding was received
    "shortfall": pl.Float64(),  # loss beyond the margin, borne by the venue
    "net_pnl": pl.Float64(),
    "return": pl.Float64(),  # net_pnl / (quantity * entry_price)
    "holding_hours": pl.Float64(),
    "entry_reason": pl.String(),
    "exit_reason": pl.String(),  # "open" while open
    "open": pl.Boolean(),
}
COSTS = ("fees", "slippage", "funding", "shortfall")


class Piece(NamedTuple):
    """One reduction of a position, or what is left of it at the end."""

    trade: int
    symbol: str
    side: int
    entry_time: int
    exit_time: int | None
    quantity: float
    entry_price: float
    exit_price: float
    fees: float
    slippage: float
    funding: float
    shortfall: float
    entry_reason: str
    exit_reason: str


@dataclass(slots=True)
class _Book:
    """One symbol's running position, and the costs that wait for its exits."""

    symbol: str
    held: float = 0.0
    price: float = 0.0
    entered: float = 0.0
    trade: int = -1
    start: int = 0
    reason: str = ""
    last: int | None = None  # where its latest piece stands
    costs: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0, 0.0])

    def take(self, share: float) -> list[float]:
        """Remove and return ``share`` of the waiting costs."""
        taken = [share * cost for cost in self.costs]
        self.costs = [cost - part for cost, part in zip(self.costs, taken, strict=True)]
        return taken

    def add(self, costs: Sequence[float], share: float = 1.0) -> None:
        """Let ``share`` of ``costs`` wait for the next exit."""
        self.costs = [old + share * new for old, new in zip(self.costs, costs, strict=True)]


def round_trips(
    fills: Sequence[Fill],
    marks: Mapping[str, float] | None = None,
    end_us: int | None = None,
    by: Literal["position", "exit"] = "position",
) -> pl.DataFrame:
    """One row per trade, oldest entry first; average cost, open trades valued at ``marks``.

    Fees and slippage of an entry wait with the position and go, in proportion, to the
    exits that undo it; funding goes to the position that was held. A cost that comes
    when a symbol is flat belongs to its last trade.

    Parameters
    ----------
    fills : sequence of Fill
        In the order they happened.
    marks : mapping of symbol to float, quote per base
        Last known price of every symbol that may still be held.
    end_us : int, microseconds UTC
        When the marks were known; open trades are held until then. Default: the last fill.
    by : {"position", "exit"}
        One row from flat to flat, or one row for each reduction on the way.

    Returns
    -------
    polars.DataFrame
        Columns of :data:`SCHEMA`.

    Raises
    ------
    NoData
        If a position is still open and ``marks`` does not value it.

    Examples
    --------
    >>> from alphaloop.core.orders import Reason
    >>> fills = [Fill("a", "X", 0, 2.0, 100.0, Reason.MARKET, fee=0.1),
    ...          Fill("b", "X", 3_600_000_000, -2.0, 110.0, Reason.STOP, fee=0.1)]
    >>> round_trips(fills).select("side", "net_pnl", "holding_hours", "exit_reason").row(0)
    (1, 19.8, 1.0, 'stop')
    """
    books: dict[str, _Book] = {}
    pieces: list[Piece] = []
    started = 0
    for fill in fills:
        book = books.setdefault(fill.symbol, _Book(fill.symbol))
        started = _fold(fill, book, pieces, started)
    for book in books.values():
        _close_book(book, pieces, marks or {})
    end = end_us if end_us is not None else max((fill.ts for fill in fills), default=0)
    frame = _derived(_framed(pieces), end)
    return frame if by == "exit" else _by_position(frame)


def _fold(fill: Fill, book: _Book, pieces: list[Piece], started: int) -> int:
    """Book one fill; returns how many trades have begun so far."""
    costs = (fill.fee, fill.slippage, fill.funding, fill.shortfall)
    size = abs(fill.quantity)
    if size == 0.0:
        _book_cost(book, costs, pieces)
        return started
    closing = min(size, abs(book.held)) if book.held * fill.quantity < 0 else 0.0
    if closing and abs(size - abs(book.held)) <= FLAT * book.entered:
        closing = size
    if closing:
        _reduce(book, fill, closing, costs, pieces)
    opening = size - closing
    if opening <= 0.0:
        return started
    if book.held == 0.0:
        book.trade, book.start, book.reason, book.entered = started, fill.ts, str(fill.reason), 0.0
        started += 1
    sign = 1.0 if fill.quantity > 0 else -1.0
    after = abs(book.held) + opening
    book.price = (abs(book.held) * book.price + opening * fill.price) / after
    book.held, book.entered = sign * after, book.entered + opening
    book.add(costs, opening / size)
    return started


def _reduce(book: _Book, fill: Fill, closing: float, costs: Sequence[float], pieces: list[Piece]) -> None:
    """Take ``closing`` base units off the position, with their share of the costs."""
    held = abs(book.held)
    gone = closing >= held * (1.0 - FLAT)
    waited = book.take(1.0 if gone else closing / held)
    paid = [old + new * closing / abs(fill.quantity) for old, new in zip(waited, costs, strict=True)]
    pieces.append(_piece(book, held if gone else closing, fill.price, paid, (fill.ts, str(fill.reason))))
    book.last = len(pieces) - 1
    book.held = 0.0 if gone else book.held - closing * (1.0 if book.held > 0 else -1.0)


def _piece(book: _Book, quantity: float, price: float, costs: Sequence[float], exit_: tuple[int | None, str]) -> Piece:
    side = 1 if book.held > 0 else -1 if book.held < 0 else 0
    fees, slippage, funding, shortfall = costs
    return Piece(
        *(book.trade, book.symbol, side, book.start, exit_[0], quantity, book.price, price),
        *(fees, slippage, funding, shortfall, book.reason, exit_[1]),
    )


def _book_cost(book: _Book, costs: Sequence[float], pieces: list[Piece]) -> None:
    """A payment without a trade: it belongs to what is held, else to the symbol's last trade."""
    if book.held or book.last is None:
        book.add(costs)
        return
    old = pieces[book.last]
    changed = {name: getattr(old, name) + cost for name, cost in zip(COSTS, costs, strict=True)}
    pieces[book.last] = old._replace(**changed)


def _close_book(book: _Book, pieces: list[Piece], marks: Mapping[str, float]) -> None:
    """Value what is still held; costs that never met a position stand in a row of their own."""
    if book.held:
        mark = marks.get(book.symbol)
        if mark is None or not mark > 0:
            raise NoData(f"an open position in {book.symbol} marked at {mark}", "its last price", "pass it in marks")
        pieces.append(_piece(book, abs(book.held), mark, book.take(1.0), (None, "open")))
    elif any(book.costs):
        pieces.append(_piece(book, 0.0, 0.0, book.take(1.0), (book.start, "cost")))


def _framed(pieces: Sequence[Piece]) -> pl.DataFrame:
    schema = {name: SCHEMA[name] for name in Piece._fields}
    times = {"entry_time": pl.Int64(), "exit_time": pl.Int64()}
    return pl.DataFrame(pieces, schema={**schema, **times}, orient="row").cast(dict.fromkeys(times, _TIME))


def _derived(frame: pl.DataFrame, end_us: int) -> pl.DataFrame:
    """Add what follows from the bare facts of each piece."""
    move = pl.col("side") * pl.col("quantity") * (pl.col("exit_price") - pl.col("entry_price"))
    cost = pl.col("fees") + pl.col("slippage") + pl.col("funding") - pl.col("shortfall")
    last = pl.col("exit_time").fill_null(pl.lit(end_us, dtype=pl.Int64()).cast(_TIME))
    return (
        frame.with_columns((move + pl.col("slippage")).alias("gross_pnl"))
        .with_columns(
            (pl.col("gross_pnl") - cost).alias("net_pnl"),
            ((last - pl.col("entry_time")).dt.total_microseconds() / HOUR_US).alias("holding_hours"),
            pl.col("exit_time").is_null().alias("open"),
        )
        .with_columns(_return())
        .select(*SCHEMA)
        .sort("entry_time", "trade", maintain_order=True)
    )


def _return() -> pl.Expr:
    notional = pl.col("quantity") * pl.col("entry_price")
    return pl.when(notional > 0).then(pl.col("net_pnl") / notional).otherwise(0.0).alias("return")


def _by_position(pieces: pl.DataFrame) -> pl.DataFrame:
    """Join the pieces of one position into one row."""
    weight = pl.when(pl.col("quantity").sum() > 0).then(pl.col("quantity").sum()).otherwise(1.0)
    averages = [
        ((pl.col("quantity") * pl.col(name)).sum() / weight).alias(name) for name in ("entry_price", "exit_price")
    ]
    sums = [pl.col(name).sum() for name in ("quantity", "gross_pnl", *COSTS, "net_pnl")]
    firsts = [pl.col(name).first() for name in ("side", "entry_time", "entry_reason")]
    lasts = [pl.col(name).last() for name in ("exit_time", "exit_reason", "open")]
    joined = pieces.group_by("trade", "symbol", maintain_order=True).agg(
        *firsts, *lasts, *averages, *sums, pl.col("holding_hours").max()
    )
    return joined.with_columns(_return()).select(*SCHEMA)
