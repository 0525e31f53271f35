"""The book at one instant: sizes by price on two sides, and what a taker pays who walks it.

Knows the market's orders only as sums per price, and nothing of ours but what we take.
"""

from bisect import bisect_left, insort

from alphaloop.core.errors import SchemaViolation
from alphaloop.core.time import iso
from alphaloop.execution.book.rows import BookRow, Levels


class Side:
    """One side of the book. ``way`` is +1 for asks (best is lowest), -1 for bids."""

    def __init__(self, way: int) -> None:
        self.way = way
        self.size: dict[float, float] = {}
        self._ranks: list[float] = []  # way * price, ascending: best first

    def replace(self, levels: Levels) -> None:
        """A whole new side."""
        self.size = dict(levels)
        self._ranks = sorted(self.way * price for price in self.size)

    def set(self, price: float, size: float) -> None:
        """The new absolute size at a price; zero takes the level away."""
        known, rank = price in self.size, self.way * price
        if size > 0:
            self.size[price] = size
            if not known:
                insort(self._ranks, rank)
        elif known:
            del self.size[price]
            del self._ranks[bisect_left(self._ranks, rank)]

    @property
    def best(self) -> float | None:
        """The price a taker meets first; none on an empty side."""
        return self.way * self._ranks[0] if self._ranks else None

    def hides(self, price: float) -> bool:
        """Whether a price is deeper than the deepest level shown, so that its size is unknown."""
        return bool(self._ranks) and self.way * price > self._ranks[-1]

    def reaches(self, limit: float | None) -> bool:
        """Whether the best price is at ``limit`` or better for a taker; no limit, any price."""
        best = self.best
        return best is not None and (limit is None or self.way * (best - limit) <= 0)

    def take(self, quantity: float, limit: float | None) -> list[tuple[float, float]]:
        """Take up to ``quantity`` at ``limit`` or better, best first: pairs of size and price.

        What was taken is gone until the recording next sets that level.

        Examples
        --------
        >>> asks = Side(1)
        >>> asks.replace(((100.0, 2.0), (101.0, 5.0)))
        >>> asks.take(3.0, None), asks.size
        ([(2.0, 100.0), (1.0, 101.0)], {101.0: 4.0})
        """
        found = []
        while quantity > 0 and self.reaches(limit):
            price = self.way * self._ranks[0]
            part = min(quantity, self.size[price])
            found.append((part, price))
            self.set(price, self.size[price] - part)
            quantity -= part
        return found


class Book:
    """Bids and asks as of the last row."""

    def __init__(self) -> None:
        self.bids, self.asks = Side(-1), Side(1)

    def apply(self, row: BookRow) -> None:
        """Let one message change the book.

        Raises
        ------
        SchemaViolation
            If the book crosses: somebody would have traded.
        """
        for side, levels in ((self.bids, row.bids), (self.asks, row.asks)):
            if row.kind == "update":
                for price, size in levels:
                    side.set(price, size)
            else:
                side.replace(levels)
        bid, ask = self.bids.best, self.asks.best
        if bid is not None and ask is not None and bid >= ask:
            raise SchemaViolation(f"a bid of {bid} over an ask of {ask} at {iso(row.ts)}", "bids below asks", "audit")
