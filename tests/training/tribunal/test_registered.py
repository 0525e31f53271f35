"""Whatever the contract registers is judged, by the names it is registered under."""

import numpy as np
import polars as pl

from alphaloop.features.contract import FAMILIES, FULL_BARS, SOURCES, full, resolve
from alphaloop.training.tribunal.judge import judge
from alphaloop.training.tribunal.registered import (
    DERIVED,
    bar_features,
    small_names,
    source_features,
    to_market,
    whole_matrix,
)
from alphaloop.training.tribunal.subject import Memory


def test_every_column_of_every_family_of_bars_has_a_name():
    stems = {column.stem for family in FAMILIES for column in family.columns}
    found = {resolve(name).kernel.columns[resolve(name).part].stem for name in small_names()}

    assert found == stems


def test_features_of_bars_declare_their_lookback(scene):
    subject = bar_features(scene, ["ret_7"])

    assert {*small_names(), *FULL_BARS, "ret_7"} == set(subject.columns)
    assert subject.memory["ret_7"] == Memory(bars=7)


def test_every_source_is_a_subject_made_from_facts_alone(scene):
    made = {one.table for one in DERIVED}
    for family in SOURCES:
        subject = source_features(scene, family)

        assert subject.columns == tuple(one.name for one in family.declared)
        assert subject.tables[0] == "market_bars"
        assert not made & set(subject.tables)
        assert set(subject.tables) <= set(scene.frames)


def test_every_column_speaks_somewhere_in_the_scene(scene):
    """A column that is missing throughout would pass every check unheard."""
    rows = whole_matrix(scene).compute(scene.frames)

    silent = [name for name in full().names if rows[name].is_null().all()]
    assert silent == []


def test_a_family_that_peeks_is_caught_on_arrival(futures):
    class Peeking:
        """Open interest as of the next bar."""

        name, tables, memory_us, memory_bars = "peeking", ("open_interest",), 10**12, 0
        declared = (SOURCES[0].declared[0],)

        def compute(self, facts, values, mask):
            rows = facts.tables["open_interest"]
            place = np.searchsorted(rows["available_at"].to_physical().to_numpy(), facts.now) - 1 + 1
            inside = place < rows.height
            values[0, inside] = rows["oi_usd"].to_numpy()[place[inside]]
            mask[:] = np.isfinite(values)

    verdict = judge(source_features(futures.scene, Peeking()), futures, cuts=24, apart=True)

    assert verdict.leaking == (SOURCES[0].declared[0].name,)


def test_a_candle_without_prices_is_no_candle(scene):
    bars = (
        scene.frames["market_bars"]
        .head(3)
        .with_columns(pl.lit(float("nan")).alias(name) for name in ("open", "high", "low", "close"))
    )

    assert np.isnan(to_market(bars, scene.symbols, scene.timeframe).values[:, :, :4]).all()
