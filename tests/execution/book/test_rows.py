"""Rows of a recorded book as the lake has them, and what is wrong with some."""

import pytest

from alphaloop.core.errors import SchemaViolation, UnsortedData
from alphaloop.execution.book.rows import BookRow, TradeRow, book_rows, trade_rows


def columns(**changes):
    """A snapshot and an update."""
    plain = {
        "event_time": [10, 20],
        "kind": ["snapshot", "update"],
        "bid_price": [[99.0, 98.0], [99.0]],
        "bid_qty": [[1.0, 2.0], [0.0]],
        "ask_price": [[101.0], []],
        "ask_qty": [[3.0], []],
    }
    return plain | changes


def test_rows_become_records():
    assert book_rows(columns(sequence=[1, 2], received_at=[11, None])) == [
        BookRow(10, "snapshot", ((99.0, 1.0), (98.0, 2.0)), ((101.0, 3.0),)),
        BookRow(20, "update", ((99.0, 0.0),), ()),
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"bid_qty": [[1.0, -2.0], [0.0]]}, "-2.0 at 98"),
        ({"bid_qty": [[1.0, 0.0], [0.0]]}, "0.0 at 98"),
        ({"bid_qty": [[1.0, float("nan")], [0.0]]}, "nan at 98"),
        ({"ask_price": [[0.0], []]}, "at 0.0"),
        ({"ask_qty": [[3.0, 4.0], []]}, "1 prices and 2 sizes"),
        ({"kind": ["update", "update"]}, "an update first"),
        ({"kind": ["snapshot", "delta"]}, "delta"),
        ({"received_at": [10, 20 - 1_000_001]}, "before it happened"),
    ],
)
def test_impossible_rows_are_refused(changes, says):
    with pytest.raises(SchemaViolation, match=says):
        book_rows(columns(**changes))


def test_clocks_may_run_a_little_apart():
    assert len(book_rows(columns(received_at=[10, 20 - 1_000_000]))) == 2
    assert len(book_rows(columns(received_at=[10, -5_000_000]), max_skew_us=6_000_000)) == 2


def chain(finals, befores):
    """A snapshot and updates of the same two levels, with their ids."""
    more = len(finals) - 1
    plain = {"event_time": range(len(finals)), "kind": ["snapshot", *["update"] * more], "final_update_id": finals}
    levels = {f"{side}_{what}": [[price]] * len(finals) for side, what, price in LEVELS}
    return plain | levels | {"prev_update_id": befores}


LEVELS = (("bid", "price", 99.0), ("bid", "qty", 1.0), ("ask", "price", 101.0), ("ask", "qty", 1.0))


def test_updates_that_the_snapshot_contains_are_left_out():
    assert [row.ts for row in book_rows(chain([50, 40, 50, 60, 70], [None, 30, 40, 48, 60]))] == [0, 3, 4]
    assert len(book_rows(chain([None, 40, 41], [None, None, None]))) == 3


def test_a_lost_update_is_noticed():
    with pytest.raises(SchemaViolation, match="update 80 after 60"):
        book_rows(chain([50, 60, 80], [None, 48, 70]))


@pytest.mark.parametrize("changes", [{"event_time": [20, 10]}, {"event_time": [10, 10], "sequence": [2, 1]}])
def test_unsorted_rows_are_refused(changes):
    with pytest.raises(UnsortedData):
        book_rows(columns(**changes))


def test_trades():
    plain = {"event_time": [1, 2], "price": [9.0, 8.0], "quantity": [1.0, 2.0]}

    assert trade_rows(plain) == [TradeRow(1, 9.0, 1.0, None), TradeRow(2, 8.0, 2.0, None)]
    with pytest.raises(UnsortedData):
        trade_rows(plain | {"event_time": [2, 1]})
    with pytest.raises(SchemaViolation):
        trade_rows(plain | {"quantity": [1.0, 0.0]})
