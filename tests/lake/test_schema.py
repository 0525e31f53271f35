"""The declared tables: those of the design, complete, with keys that can be keys."""

import polars as pl
import pytest

from alphaloop.core.errors import UnknownName
from alphaloop.lake.columns import TIME
from alphaloop.lake.schema import QUARANTINE, TABLES, table_schema

DESIGNED = """
    market_bars prices orderbook_l2 trades funding_rates open_interest derivatives onchain_signals events event_links
    entities social_posts feature_snapshots_main social_text_latent market_latent feature_matrix_main quarantine
"""
FACTS = [table for table in TABLES.values() if table is not QUARANTINE]


def test_every_table_of_the_design_is_declared() -> None:
    assert sorted(TABLES) == sorted(DESIGNED.split())


@pytest.mark.parametrize("table", FACTS, ids=lambda table: table.name)
def test_every_fact_has_two_times_and_provenance(table) -> None:
    types = table.dtypes

    assert types["event_time"] == types["available_at"] == types["ingested_at"] == TIME
    assert (types["source"], types["is_synthetic"], types["is_derived"]) == (pl.String, pl.Boolean, pl.Boolean)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_keys_are_known_columns_without_null(table) -> None:
    assert [name for name in table.key if table.column(name).nullable] == []
    assert len(set(table.names)) == len(table.columns)


@pytest.mark.parametrize("table", FACTS, ids=lambda table: table.name)
def test_tables_with_a_symbol_are_parted_by_it(table) -> None:
    assert table.partition == ("symbol" if "symbol" in table.names else "")


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_column_says_what_it_means(table) -> None:
    silent = [one.name for one in table.columns if not one.meaning]
    without_unit = [one.name for one in table.columns if one.dtype == pl.Float64 and not one.unit]

    assert (table.meaning != "", silent, without_unit) == (True, [], [])


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UnknownName, match="table 'bars'"):
        table_schema("bars")
    with pytest.raises(UnknownName, match="column 'price' of market_bars"):
        TABLES["market_bars"].column("price")


def test_an_empty_frame_has_the_types() -> None:
    assert TABLES["trades"].empty(["price", "trade_id"]).schema == {"price": pl.Float64, "trade_id": pl.String}
