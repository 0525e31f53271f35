"""What the features of a symbol stand on, told truthfully."""

import polars as pl

from alphaloop.app.modalities import modalities
from alphaloop.features.contract import full
from alphaloop.lake.sources.simulated import SimulatedMarket, simulate
from alphaloop.lake.table import Lake

FRAMES = simulate(SimulatedMarket(symbols=("BTCUSDT", "ETHUSDT"), days=8))


def found(tmp_path, frames, symbol="BTCUSDT", **window):
    """Rows of the audit by (modality, table)."""
    lake = Lake(tmp_path / "lake")
    for table, frame in frames.items():
        lake.append(table, frame, ingested_at=1)
    return {(row["modality"], row["table"]): row for row in modalities(lake, full(), [symbol], **window)}


def test_a_simulated_row_is_never_real(tmp_path):
    rows = found(tmp_path, FRAMES)

    bars = rows["price", "market_bars"]
    assert (bars["status"], bars["real"], bars["derived"]) == ("synthetic", 0, 0)
    assert bars["synthetic"] == FRAMES["market_bars"].filter(symbol="BTCUSDT").height
    assert not any("real" in row["status"] for row in rows.values())


def test_kinds_are_counted_apart(tmp_path):
    funding = FRAMES["funding_rates"].filter(symbol="BTCUSDT")
    rows = found(
        tmp_path,
        {
            "funding_rates": pl.concat(
                [
                    funding[:2].with_columns(is_synthetic=False),
                    funding[2:3].with_columns(is_synthetic=False, is_derived=True),
                    funding[3:],
                ]
            )
        },
    )

    row = rows["derivatives", "funding_rates"]
    assert (row["status"], row["real"], row["derived"]) == ("real+derived+synthetic", 2, 1)
    assert row["synthetic"] == funding.height - 3


def test_a_full_table_without_the_column_is_missing_to_its_features(tmp_path):
    silent = (
        FRAMES["market_bars"]
        .with_columns(
            pl.lit(None, pl.Float64).alias(name)
            for name in ("taker_buy_volume", "taker_buy_quote_volume", "quote_volume")
        )
        .with_columns(trades=pl.lit(None, FRAMES["market_bars"]["trades"].dtype))
    )
    rows = found(tmp_path, {"market_bars": silent})

    assert rows["price", "market_bars"]["status"] == "synthetic"
    flow = rows["flow", "market_bars"]
    assert (flow["status"], flow["from"]) == ("missing", None)
    assert set(flow["empty"]) == {"quote_volume", "taker_buy_quote_volume", "trades"}


def test_inputs_that_are_series_of_a_table_are_told_one_by_one(tmp_path):
    funding = FRAMES["funding_rates"].filter(symbol="BTCUSDT")
    ratio = funding.drop("interval_hours").rename({"rate": "value"}).with_columns(metric=pl.lit("taker_buy_sell_ratio"))
    rows = found(tmp_path, {"derivatives": ratio})

    row = rows["derivatives", "derivatives"]
    assert row["status"] == "synthetic"
    assert "taker_buy_sell_ratio" not in row["empty"]
    assert "basis_rate" in row["empty"]


def test_events_count_through_their_links_under_the_coin_s_name(tmp_path):
    events, links = FRAMES["events"], FRAMES["event_links"]
    ours = links.filter(pl.col("symbol").is_in(["BTC", "BTCUSDT"]))["event_id"].n_unique()
    rows = found(tmp_path, {"events": events, "event_links": links})

    assert 0 < ours < events.height
    assert rows["event", "events"]["synthetic"] == ours


def test_a_window_without_rows_is_missing(tmp_path):
    rows = found(tmp_path, FRAMES, end=0)

    assert {row["status"] for row in rows.values()} == {"missing"}
