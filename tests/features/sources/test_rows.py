"""Rows read at once and as they come: the same columns, late rows in their place, old ones forgotten."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.errors import UnsortedData
from alphaloop.core.time import Timeframe
from alphaloop.features.contract import SOURCES
from alphaloop.features.sources.rows import BEGIN, STOP, Held, Reader, Rows, Whose, lists, own, rows, told, vectors
from alphaloop.features.symbol import about, declared, ordered
from alphaloop.lake.schema import TABLES
from alphaloop.lake.sources.simulated import SimulatedMarket, simulate

WHOSE = Whose("BTCUSDT", Timeframe.parse("5m"), "simulated")


def frame(available, levels=None):
    """Rows known at these microseconds, each with a list of numbers."""
    levels = levels or [[float(one)] * (one % 3) for one in available]
    times = {name: pl.Series(available, dtype=pl.Datetime("us")) for name in ("available_at", "event_time")}
    return pl.DataFrame({**times, "x": pl.Series(levels, dtype=pl.List(pl.Float64))})


def read(given, _whose):
    starts, numbers = lists(given["x"])
    made = rows(given, total=np.zeros(len(given)), **{"x" + BEGIN: starts[:-1], "x" + STOP: starts[1:]})
    return Rows(made.columns, {"x": numbers})


def settle(given, first):
    """Sum of the row's list and that of the row before."""
    for k in range(first, len(given)):
        own_sum = given.values["x"][given["x" + BEGIN][k] : given["x" + STOP][k]].sum()
        given["total"][k] = own_sum + (given["total"][k - 1] if k else 0.0)


READER = Reader(read, settle)


def shown(given):
    parts = [given.values["x"][given["x" + BEGIN][k] : given["x" + STOP][k]].tolist() for k in range(len(given))]
    return given.available.tolist(), given["total"].tolist(), parts


@given(sizes=st.lists(st.integers(0, 60), max_size=8))
@settings(deadline=None, max_examples=30)
def test_rows_that_come_in_parts_are_those_of_the_whole(sizes):
    known, held, done = list(range(sum(sizes))), Held(READER, WHOSE, frame([])), 0
    for size in sizes:
        held.take(frame(known[done : done + size]), -1)
        done += size

    assert shown(held.rows) == shown(READER.whole(frame(known), WHOSE))


def test_a_late_row_takes_its_place():
    held = Held(READER, WHOSE, frame([1, 5, 8]))
    held.take(frame([4, 10]), -1)

    assert shown(held.rows) == shown(READER.whole(frame([1, 4, 5, 8, 10]), WHOSE))


def test_what_nobody_may_ask_for_is_forgotten():
    held = Held(READER, WHOSE, frame([]))
    for k in range(0, 3000, 10):
        held.take(frame(list(range(k, k + 10))), k - 100)

    assert 100 <= len(held.rows) < 500
    available, _, parts = shown(held.rows.between(2900, 2950))
    assert available == list(range(2900, 2951))
    assert parts == [[float(one)] * (one % 3) for one in range(2900, 2951)]


@pytest.mark.parametrize("family", SOURCES, ids=lambda family: family.name)
def test_every_reader_reads_row_by_row(family):
    tables = simulate(SimulatedMarket(symbols=("BTCUSDT",), days=3))
    for name, reader in family.readers.items():
        if name not in tables or tables[name].is_empty():
            continue
        table = ordered(about(declared(tables[name], name), "BTCUSDT"), name)
        whole, held = reader.whole(table, WHOSE), Held(reader, WHOSE, TABLES[name].empty())
        for start in range(0, len(table), 97):
            held.take(table[start : start + 97], -(2**62))
        for column, values in whole.columns.items():
            assert values.tobytes() == held.rows[column].tobytes(), (name, column)


def test_texts_asked_once():
    asked = []
    texts = pl.Series(["a", "b"] * 100)

    assert told(texts, lambda text: asked.append(text) or len(asked)).sum() == 300
    assert len(asked) == 2
    assert told(pl.Series(["a", "no number"]), lambda _: 7, np.array([True, False])).tolist() == [7, 0]


@pytest.mark.parametrize("copies", [1, 100])
def test_own_rows_of_few_and_many(copies):
    given_ = pl.DataFrame({"venue": ["a", "b", None] * copies})

    assert own(given_, venue="b").tolist() == [False, True, False] * copies
    assert own(given_, venue="").all()


def test_vectors_of_another_length_are_passed_over():
    kept, found = vectors(pl.Series([[1.0, 2.0], [3.0], None, [4.0, 5.0]], dtype=pl.List(pl.Float32)), 2)

    assert kept.tolist() == [True, False, False, True]
    assert found.tolist() == [[1.0, 2.0], [4.0, 5.0]]


def test_rows_out_of_order_are_refused():
    with pytest.raises(UnsortedData, match="available_at goes down"):
        rows(frame([2, 1]))
