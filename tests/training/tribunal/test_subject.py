"""Answers: rows in order, one kind of NaN, compared by their bits."""

import numpy as np
import polars as pl
import pytest

from alphaloop.core.errors import SchemaViolation
from alphaloop.training.tribunal.subject import Answer, Recipe, ask


def answer(symbols, known, values):
    return Answer(np.array(symbols), np.array(known), np.array(values, dtype=float))


def test_rows_are_put_in_order_and_numbers_made_floats():
    rows = pl.DataFrame({"symbol": ["B", "A", "A"], "known_at": [1, 2, 1], "up": [True, None, False], "x": [7, 8, 9]})

    made = ask(Recipe("r", ("up", "x"), (), lambda _: rows), {}, ("A", "B"))

    assert (made.symbols.tolist(), made.known.tolist()) == ([0, 0, 1], [1, 2, 1])
    assert np.array_equal(made.values, [[0.0, np.nan, 1.0], [9.0, 8.0, 7.0]], equal_nan=True)


def test_rows_that_are_never_known_do_not_count():
    rows = pl.DataFrame({"symbol": ["A", "A"], "known_at": [5, None], "x": [1.0, 2.0]})

    assert ask(Recipe("r", ("x",), (), lambda _: rows), {}, ("A",)).known.tolist() == [5]


def test_a_promised_column_must_be_there():
    rows = pl.DataFrame({"symbol": ["A"], "x": [1.0]})

    with pytest.raises(SchemaViolation, match=r"subject 'r' without \['known_at', 'y'\]"):
        ask(Recipe("r", ("x", "y"), (), lambda _: rows), {}, ("A",))


@pytest.mark.parametrize(
    ("left", "right", "differs"),
    [
        ([[1.0, np.nan]], [[1.0, np.nan]], [False]),
        ([[1.0, 2.0]], [[1.0, np.nextafter(2.0, 3.0)]], [True]),
        ([[0.0, 1.0]], [[-0.0, 1.0]], [True]),
        ([[1.0, 1.0], [2.0, 2.0]], [[1.0, 1.0], [2.0, 3.0]], [False, True]),
    ],
)
def test_columns_differ_by_a_bit(left, right, differs):
    rows = ([0, 0], [1, 2])

    assert answer(*rows, left).differs(answer(*rows, right)).tolist() == differs


def test_other_rows_are_a_difference_in_every_column():
    whole = answer([0, 0], [1, 2], [[1.0, 1.0], [2.0, 2.0]])

    assert whole.differs(whole.until(1)).tolist() == [True, True]
    assert whole.until(1).differs(whole.until(1)).tolist() == [False, False]
    assert whole.until(0).values.shape == (2, 0)
