"""The recipe of random trades, on a small simulated lake."""

import json
import runpy
from pathlib import Path

import polars as pl
import pytest

from alphaloop.lake.sources.simulated import SimulatedMarket, simulate
from alphaloop.lake.table import Lake

RECIPE = Path(__file__).parents[2] / "recipes" / "candidate_outcomes.py"
SYMBOLS = ("BTCUSDT", "ETHUSDT")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A lake with two symbols, one of them with a hole of an hour."""
    made = tmp_path_factory.mktemp("home")
    frames = simulate(SimulatedMarket(symbols=SYMBOLS, days=3))
    bars = frames["market_bars"].with_row_index().filter(~pl.col("index").is_between(300, 311)).drop("index")
    lake = Lake(made / "lake")
    for table, frame in (frames | {"market_bars": bars}).items():
        if frame.height and table in ("market_bars", "funding_rates", "open_interest"):
            lake.append(table, frame, ingested_at=1)
    return made


def run(home, out, *words):
    main = runpy.run_path(str(RECIPE))["main"]
    return main(["--home", str(home), "--symbols", ",".join(SYMBOLS), "--out", str(out), *words])


def test_every_candidate_asked_for_has_a_row(home, tmp_path, capsys):
    assert run(home, tmp_path / "page.html", "--candidates", "2001", "--horizon", "24") == 0

    said = json.loads(capsys.readouterr().out)
    rows = pl.read_parquet(tmp_path / "page.parquet")
    assert said["asked"] == rows.height == 2001
    assert set(rows["symbol"].unique()) == set(SYMBOLS)
    assert rows["net_return"].is_between(-1.0, 1.0).all()
    assert rows.filter(pl.col("reason") == "end_of_data").height > 0  # at the hole too, not only at the end
    assert rows["regime"].n_unique() > 2
    assert "Simulated market" in (tmp_path / "page.html").read_text()


def test_same_seed_same_rows(home, tmp_path, capsys):
    for name in ("a", "b"):
        assert run(home, tmp_path / f"{name}.html", "--candidates", "500") == 0
    capsys.readouterr()

    assert pl.read_parquet(tmp_path / "a.parquet").equals(pl.read_parquet(tmp_path / "b.parquet"))


def test_a_symbol_without_bars_is_an_error_that_says_so(home, tmp_path, capsys):
    main = runpy.run_path(str(RECIPE))["main"]

    assert main(["--home", str(home), "--symbols", "NONEUSDT", "--out", str(tmp_path / "x.html")]) == 2
    assert "NONEUSDT" in capsys.readouterr().err
    assert not (tmp_path / "x.html").exists()
