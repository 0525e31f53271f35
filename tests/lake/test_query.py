"""SQL over the lake answers questions and can do nothing else."""

from pathlib import Path

import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.lake.schema import TABLES
from alphaloop.lake.table import Lake
from tests.lake.builders import FIVE, bars, lake_with


def test_tables_are_there_by_name(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0, 1, 2), bars(0, symbol="ETHUSDT"))
    answer = lake.query(
        "select symbol, count(*) as n, max(market_bars.event_time) as last from market_bars left join events on false "
        "group by symbol order by symbol"
    )

    assert answer["symbol"].to_list() == ["BTCUSDT", "ETHUSDT"]
    assert answer["n"].to_list() == [3, 1]
    assert answer["last"].dt.convert_time_zone("UTC").to_physical().to_list() == [2 * FIVE, 0]


def test_every_declared_table_can_be_asked(tmp_path: Path) -> None:
    listed = Lake(tmp_path).query("select table_name from information_schema.tables")

    assert set(TABLES) <= set(listed["table_name"])


@pytest.mark.parametrize(
    "sql",
    [
        "selec 1",
        "select * from nothing",
        "",
        "select 1; select 2",
        "drop view market_bars",
        "create table x as select 1",
        "insert into market_bars select * from market_bars",
        "copy (select 1) to 'out.csv'",
        "select * from read_csv('secret.csv')",
        "select * from 'market_bars/*/*.parquet'",
        "attach 'other.db'",
        "set enable_external_access = true",
        "select * from lake",
    ],
)
def test_what_is_not_a_question_to_the_lake_is_refused(
    tmp_path: Path, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lake = lake_with(tmp_path, bars(0))
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with pytest.raises(InvalidOption):
        lake.query(sql)

    assert (lake.read("market_bars").height, (tmp_path / "out.csv").exists()) == (1, False)
