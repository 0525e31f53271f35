"""Market latent features: the newest vector of the market encoder, as of each decision time.

A row counts from its ``available_at``, as all do, and only if that lies after the training
of the encoder that made it: what an encoder says of its own training window knows that
window's future. Where several encoders made a row at once, the one trained last counts, as
a walk-forward wants; name a model to have one and no other. Knows stored rows, no bars.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Bools, Floats
from alphaloop.core.time import DAY_US, HOUR_US
from alphaloop.features.asof import as_of
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.sources.encoder.pca import IN_SAMPLE, TABLE, training_end

STALE_US = DAY_US
_MISSING = "masked without a vector that became available in the last 24 h, after its encoder's training had ended"


@dataclass(frozen=True, slots=True)
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

    @property
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

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask``, both (columns, n)."""
        rows = self._rows(facts)
        known = rows["available_at"].to_physical().to_numpy()
        newest = as_of(known, facts.now)
        fresh = newest >= 0
        fresh[fresh] = facts.now[fresh] - known[newest[fresh]] < STALE_US
        values[:] = np.nan
        if fresh.any():
            vectors = rows["latent"].explode(empty_as_null=False).to_numpy().reshape(-1, self.dimension)
            values[:-1, fresh] = vectors[newest[fresh]].T
            values[-1, fresh] = (facts.now[fresh] - known[newest[fresh]]) / HOUR_US
        np.isfinite(values, out=mask)

    def _rows(self, facts: SymbolFacts) -> pl.DataFrame:
        """The symbol's honest rows, by when they became available, the encoder trained last at the end."""
        rows = facts.tables.get(TABLE)
        if rows is None or rows.is_empty():
            return pl.DataFrame(schema={"available_at": pl.Datetime("us", "UTC"), "latent": pl.List(pl.Float32)})
        mine = (pl.col("symbol") == facts.symbol) & (pl.col("timeframe") == str(facts.timeframe))
        mine &= (pl.col("venue") == facts.venue) if facts.venue else pl.lit(True)
        mine &= (pl.col("model") == self.model) if self.model else pl.lit(True)
        rows = rows.filter(mine & (pl.col("latent").list.len() == self.dimension))
        models = rows["model"].unique().to_list()
        ends = {one: training_end(one) for one in models if not one.endswith(IN_SAMPLE)}
        ended = pl.col("model").replace_strict(
            {one: end for one, end in ends.items() if end is not None}, default=None, return_dtype=pl.Int64
        )
        rows = rows.with_columns(ended=ended).filter(pl.col("available_at").to_physical() > pl.col("ended"))
        return rows.sort("available_at", "event_time", "ended", "model", "venue")
