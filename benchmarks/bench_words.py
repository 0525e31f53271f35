"""Features of events, posts and the market latent: 10 symbols x 420 days x 5m, and 100,000 events in one bucket.

Each part is timed on data made beforehand: posts to buckets, bars to latents, and the three
families symbol by symbol. Prints JSON.
"""

import argparse
import sys

import numpy as np
import polars as pl

from _rounds import interleaved, keep, peak_mib
from alphaloop.core.time import Timeframe
from alphaloop.features.facts import SourceFamily, SymbolFacts
from alphaloop.features.sources.encoder.pca import encode_bars, fit_encoder
from alphaloop.features.sources.events import EventFamily
from alphaloop.features.sources.latent import LatentFamily
from alphaloop.features.sources.social import SocialFamily
from alphaloop.features.sources.words.posts import bucket_posts
from alphaloop.lake.columns import TIME
from alphaloop.lake.schema import TABLES
from alphaloop.lake.sources.simulated import Sampling, SimulatedMarket, simulate

FIVE = Timeframe.parse("5m")
CROWD = 100_000


def facts_of(tables: dict[str, pl.DataFrame]) -> list[SymbolFacts]:
    """Facts of every symbol, tables sorted as promised."""
    made = []
    for (symbol,), bars in tables["market_bars"].sort("symbol", "event_time").group_by("symbol", maintain_order=True):
        own = {
            name: (frame.filter(pl.col("symbol") == symbol) if "symbol" in frame.columns else frame).sort(
                "available_at"
            )
            for name, frame in tables.items()
            if name in ("events", "event_links", "social_text_latent", "market_latent")
        }
        now = bars["available_at"].to_physical().to_numpy()
        made.append(SymbolFacts(str(symbol), FIVE, now, np.zeros((7, len(now))), own))
    return made


def run(family: SourceFamily, everything: list[SymbolFacts]) -> None:
    """The family for all symbols, one after the other."""
    for facts in everything:
        shape = (len(family.declared), len(facts.now))
        family.compute(facts, np.empty(shape), np.empty(shape, dtype=np.bool_))


def crowd() -> list[SymbolFacts]:
    """100,000 different events of one symbol within five minutes, and a day of decisions."""
    known = np.sort(np.random.default_rng(0).integers(0, FIVE.us, CROWD))
    columns = {
        "event_id": [f"e{n:07}" for n in range(CROWD)],
        "title": [f"headline {n} gains {n % 977} after loss" for n in range(CROWD)],
        "text": [f"story {n} " + "of bitcoin and the market " * 18 for n in range(CROWD)],
        "source": [f"s{n % 50}" for n in range(CROWD)],
        "event_time": known,
        "available_at": known,
    }
    rest = [pl.lit(None, kind).alias(name) for name, kind in TABLES["events"].dtypes.items() if name not in columns]
    events = pl.DataFrame(columns).with_columns(pl.col("event_time", "available_at").cast(TIME), *rest)
    links = events.select("event_id", "event_time", "available_at", symbol=pl.lit("BTC"))
    now = FIVE.us * np.arange(1, 289)
    return [SymbolFacts("BTCUSDT", FIVE, now, np.zeros((7, 288)), {"events": events, "event_links": links})]


def main() -> int:
    """Time, print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--days", type=int, default=420)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    sampling = Sampling(news_per_day=20.0, posts_per_day=24.0)
    tables = simulate(SimulatedMarket(days=given.days, sampling=sampling))
    bars, posts = tables["market_bars"], tables["social_posts"]
    middle = int(bars["available_at"].to_physical().median())  # type: ignore[arg-type]
    encoder = fit_encoder(bars, until=middle)
    tables["social_text_latent"] = bucket_posts(posts)
    tables["market_latent"] = encode_bars(encoder, bars)
    everything, many = facts_of(tables), crowd()
    jobs = {
        "fit encoder": lambda: fit_encoder(bars, until=middle),
        "encode bars": lambda: encode_bars(encoder, bars, in_sample=True),
        "bucket posts": lambda: bucket_posts(posts),
        "events": lambda: run(EventFamily(), everything),
        "social": lambda: run(SocialFamily(), everything),
        "latent": lambda: run(LatentFamily(), everything),
        f"events, {CROWD} in one bucket": lambda: run(EventFamily(), many),
    }
    rows = {name: tables[name].height for name in ("market_bars", "events", "social_posts", "social_text_latent")}
    keep("words", {"rows": rows, "seconds": interleaved(jobs, given.rounds), "peak_mib": round(peak_mib())})
    return 0


if __name__ == "__main__":
    sys.exit(main())
