"""Market latent features: the newest vector of the market encoder, as of each decision time.

A row counts from its ``available_at``, as all do, and only if that lies after the training
of the encoder that made it: what an encoder says of its own training window knows that
window's future. Where several encoders made a row at once, the one trained last counts, as
a walk-forward wants; name a model to have one and no other. Knows stored rows, no bars.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Bools, Floats
from alphaloop.core.time import DAY_US, HOUR_US
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.sources.encoder.pca import IN_SAMPLE, TABLE, training_end
from alphaloop.features.sources.rows import Reader, Rows, Whose, instants, own, rows, told, vectors
from alphaloop.features.sources.series import fresh

STALE_US = DAY_US
_MISSING = "masked without a vector that became available in the last 24 h, after its encoder's training had ended"


@dataclass(frozen=True)
class LatentFamily:
    """As-of vectors of ``market_latent``; a :class:`alphaloop.features.facts.SourceFamily`.

    Parameters
    ----------
    dimension : int
        Of the vectors; rows of another length are passed over.
    model : str
        Which encoder; empty for whichever was trained last.

    Examples
    --------
    >>> [one.name for one in LatentFamily(dimension=2).declared]
    ['market_latent_0', 'market_latent_1', 'market_latent_age']
    """

    dimension: int = 8
    model: str = ""

    def __post_init__(self) -> None:
        if self.dimension < 1:
            raise InvalidOption(f"a dimension of {self.dimension}", "1 or more", "use e.g. 8")

    @property
    def name(self) -> str:
        """Family name."""
        return "latent"

    @cached_property
    def declared(self) -> tuple[Declared, ...]:
        """The columns, in order: the vector, then its age."""
        inputs, which = (f"{TABLE}.latent", f"{TABLE}.available_at"), self.model or "the encoder trained last"
        vector = [
            Declared(f"market_latent_{d}", "latent", "deviations", f"latent[{d}] of {which}", inputs, _MISSING)
            for d in range(self.dimension)
        ]
        return (*vector, Declared("market_latent_age", "latent", "hours", "now - available_at", inputs[1:], _MISSING))

    @property
    def tables(self) -> tuple[str, ...]:
        """Lake tables read."""
        return (TABLE,)

    @property
    def memory_us(self) -> int:
        """A day: an older vector is missing."""
        return STALE_US

    @property
    def memory_bars(self) -> int:
        """No bars are read: the rows hold what the encoder saw."""
        return 0

    @cached_property
    def readers(self) -> dict[str, Reader]:
        """The symbol's honest rows: those of a wrong encoder, or of its training, are passed over."""
        return {TABLE: Reader(self._read)}

    def _read(self, frame: pl.DataFrame, whose: Whose) -> Rows:
        """By when they became available, the encoder trained last at the end."""
        mine = own(frame, symbol=whose.symbol, timeframe=str(whose.timeframe), venue=whose.venue, model=self.model)
        ended = told(frame["model"], _ended)
        whole, vector = vectors(frame["latent"], self.dimension)
        kept = mine & whole & (instants(frame, "available_at") > ended)
        if not kept.all():
            frame, ended, vector = frame.filter(pl.Series(kept)), ended[kept], vector[kept[whole]]
        if len(frame) > 1:
            order = frame.select("available_at", "event_time", pl.Series("ended", ended), "model", "venue")
            places = order.with_row_index("place").sort(order.columns)["place"].to_numpy()
            frame, vector = frame[places], vector[places]
        return rows(frame, vector=vector)

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask``, both (columns, n)."""
        known, now = facts.read(TABLE, self.readers[TABLE]), facts.asked
        newest = fresh(known.available, now, STALE_US - 1)
        values[:], there = np.nan, newest >= 0
        values[:-1, there] = known["vector"][newest[there]].T
        values[-1, there] = (now[there] - known.available[newest[there]]) / HOUR_US
        np.isfinite(values, out=mask)


def _ended(model: str) -> int:
    """When the training of a model ended; of one that does not say, or saw its own training, the end of time."""
    ended = None if model.endswith(IN_SAMPLE) else training_end(model)
    return _NEVER if ended is None else ended


_NEVER = np.iinfo(np.int64).max
