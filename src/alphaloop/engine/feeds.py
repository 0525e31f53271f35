"""Feeds: bars in the order they became known."""

from collections.abc import Callable, Iterator

from alphaloop.core.market import Bars, Market


class ReplayFeed:
    """Bars of a market, oldest first, as fast as they are asked for.

    Parameters
    ----------
    market : Market
    progress : callable, optional
        Called with the number of bars done, about a hundred times in all.

    Examples
    --------
    >>> import numpy as np
    >>> from alphaloop.core.time import Timeframe
    >>> market = Market(np.array([0]), ("X",), np.full((1, 1, 6), np.nan), Timeframe.parse("5m"))
    >>> [bars.available_at for bars in ReplayFeed(market)]
    [300000000]
    """

    def __init__(self, market: Market, progress: Callable[[int], None] | None = None) -> None:
        self.market = market
        self._progress = progress

    def __len__(self) -> int:
        return len(self.market)

    def __iter__(self) -> Iterator[Bars]:
        return iter(self.market) if self._progress is None else self._told(self._progress)

    def _told(self, progress: Callable[[int], None]) -> Iterator[Bars]:
        every = max(1, len(self.market) // 100)
        for count, bars in enumerate(self.market, start=1):
            yield bars
            if count % every == 0:
                progress(count)
        progress(len(self.market))
