"""What is read of news is the same one by one and all at once, by whichever way it is read."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.time import Timeframe
from alphaloop.features.sources.rows import Whose
from alphaloop.features.sources.words import news
from tests.features.sources.test_events import HOSTILE
from tests.features.sources.worlds import event, told

WHOSE = Whose("BTCUSDT", Timeframe.parse("5m"), "binance")
URLS = (
    None,
    "https://www.a.com/x?y",
    "HTTP://B.org:80#t",
    "ftp://c d",
    "no address",
    "https://ü.de/x",
    "x://" + "h" * 600,
)
PAYLOADS = (
    None, "", "{}", '{"publisher": "The Times"}', '{"publisher" :\t"Ünion"}', '{"publisher": ""}', '{"other": "ü"}',
    '{"publisher":"%s"}' % ("p" * 300), '{"publisher":"deep"}' + " " * 20_000,
)  # fmt: skip
TITLES = (None, "", "Coin soars 🚀", "Hack: “gains” lost…", "e\u0301te\u0301", "비트코인 rises", *HOSTILE)


def read(frame):
    return news._read_events(frame, WHOSE)


def assert_same(made, expected):
    for name, column in expected.columns.items():
        if not name.startswith("words."):
            np.testing.assert_array_equal(made[name], column, err_msg=name)
    for k in range(len(expected)):
        one, other = (rows.values["words"][rows["words.begin"][k] : rows["words.stop"][k]] for rows in (made, expected))
        np.testing.assert_array_equal(one, other)


chosen = st.tuples(st.sampled_from(TITLES), st.sampled_from(TITLES), st.sampled_from(URLS), st.sampled_from(PAYLOADS))


@given(st.lists(chosen, min_size=1, max_size=4), st.sampled_from((None, "Desk", "Büro")))
@settings(max_examples=60, deadline=None)
def test_few_are_read_as_many(rows, source):
    frame = told([event(k, float(k), "") for k in range(len(rows))])["events"].with_columns(
        *(
            pl.Series(name, [row[at] for row in rows], dtype=pl.String)
            for at, name in enumerate(("title", "text", "url", "payload"))
        ),
        source=pl.lit(source, dtype=pl.String),
    )
    many = pl.concat([frame] * (news.few.MOST // len(frame) + 1))

    assert_same(read(frame), read(many).cut(0, len(frame)))


def test_one_by_one_is_all_at_once():
    frame = told([event(k, float(k), f"coin {k} soars", source=f"desk {k % 3}") for k in range(90)])["events"]

    whole = read(frame)

    for k in range(0, 90, 7):
        assert_same(read(frame[k : k + 1]), whole.cut(k, k + 1))
