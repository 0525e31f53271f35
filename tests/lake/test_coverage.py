"""Buckets counted by hand."""

import numpy as np
import pytest

from alphaloop.core.time import DAY_US, HOUR_US, instant_us
from alphaloop.lake.coverage import Hole, cover, picture, sparkline, usual_step


def hours(*values: float) -> np.ndarray:
    return np.array([round(value * HOUR_US) for value in values], dtype=np.int64)


def of_hours(times: np.ndarray, length: float, start: float | None = None, end: float | None = None):
    lengths = np.full(len(times), round(length * HOUR_US))
    window = tuple(None if edge is None else round(edge * HOUR_US) for edge in (start, end))
    return cover(times, lengths, window)


def days(*dates: str) -> np.ndarray:
    return np.array([instant_us(date) for date in dates], dtype=np.int64)


def of_days(times: np.ndarray, start: str | None = None, end: str | None = None):
    window = tuple(None if edge is None else instant_us(edge) for edge in (start, end))
    return cover(times, np.full(len(times), DAY_US), window, sessions=True)


@pytest.mark.parametrize(
    ("start", "end", "expected", "sizes"),
    [
        (None, None, 7, [2, 1]),
        (0, 7, 7, [2, 1]),
        (-2, 7, 9, [2, 2, 1]),
        (0, 10, 10, [2, 1, 3]),
        (0, 6.5, 7, [2, 1]),
        (-0.5, 7.5, 8, [2, 1, 1]),
    ],
)
def test_holes_inside_and_at_the_edges_of_a_window(start, end, expected: int, sizes: list[int]) -> None:
    found = of_hours(hours(0, 1, 4, 6), 1, start, end)

    assert (found.expected, found.present, [hole.buckets for hole in found.holes]) == (expected, 4, sizes)


def test_a_hole_names_the_rows_beside_it() -> None:
    assert of_hours(hours(0, 3), 1).holes == (Hole(0, 3 * HOUR_US, 2),)


def test_settlements_may_jitter() -> None:
    found = of_hours(hours(0, 8.00001, 15.99999, 32.00002), 8)

    assert (found.expected, [hole.buckets for hole in found.holes]) == (5, [1])


def test_an_interval_may_change_on_the_way() -> None:
    times = hours(0, 8, 16, 20, 24, 32)
    found = cover(times, hours(8, 8, 8, 4, 4, 4), (None, None))

    assert (found.expected, [hole.buckets for hole in found.holes]) == (7, [1])


def test_weekends_and_holidays_are_no_holes_of_a_stock() -> None:
    """Christmas 2023: Friday, then Tuesday; New Year: Friday, then Tuesday."""
    found = of_days(days("2023-12-21", "2023-12-22", "2023-12-26", "2023-12-27", "2023-12-29", "2024-01-02"))

    assert (found.expected, found.present, found.holes) == (6, 6, ())


def test_a_long_silence_of_a_stock_is_counted_in_weekdays() -> None:
    """From Friday 2024-01-05 to Monday 2024-01-15: one week of five days is missing."""
    found = of_days(days("2024-01-04", "2024-01-05", "2024-01-15", "2024-01-16"))

    assert (found.expected, [hole.buckets for hole in found.holes]) == (9, [5])


def test_a_stock_that_starts_late_misses_the_weekdays_before() -> None:
    """The window opens on Monday 2024-01-01, the stock on Monday 2024-01-15; ten weekdays lie before."""
    found = of_days(days("2024-01-15", "2024-01-16", "2024-01-17"), "2024-01-01", "2024-01-18")

    assert [hole.buckets for hole in found.holes] == [10]


def test_hours_of_a_session_are_counted_inside_the_day() -> None:
    monday, tuesday = (instant_us(date) for date in ("2024-01-08T14:00", "2024-01-09T14:00"))
    times = np.concatenate([monday + hours(0, 1, 2, 3), tuesday + hours(0, 1, 3)])
    found = cover(times, np.full(7, HOUR_US), (None, None), sessions=True)

    assert [hole.buckets for hole in found.holes] == [1]


def test_the_usual_step_is_the_most_frequent() -> None:
    assert usual_step(hours(0, 4, 8, 9, 13)) == 4 * HOUR_US
    assert usual_step(hours(0, 4)) == 0


def test_the_picture_shows_where_the_rows_are() -> None:
    assert picture(hours(0, 1, 2, 3), (0, 8 * HOUR_US), 8) == (1, 1, 1, 1, 0, 0, 0, 0)
    assert sparkline((1.0, 0.0, 0.01, 0.99)) == "█ ▁█"
