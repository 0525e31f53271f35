"""One lake for the tests of the command line: three symbols of hand-made bars, and funding of one."""

import math
from pathlib import Path

import pytest

from alphaloop.core.time import HOUR_US, iso
from tests.app.cli.builders import START, call, write_bars


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    """Real bars of BTC and ETH for two days, simulated ones of SIMA beside them; read it, do not write to it."""
    folder = tmp_path_factory.mktemp("cli")
    wave = [100 + 10 * math.sin(i / 20) for i in range(576)]
    files = [
        write_bars(folder / "BTCUSDT-5m.csv", wave),
        write_bars(folder / "ETHUSDT-5m.csv", [200 - one for one in wave]),
    ]
    rates = folder / "BTCUSDT-fundingRate.csv"
    lines = [f"{iso(START + i * 8 * HOUR_US)},BTCUSDT,0.0001" for i in range(6)]
    rates.write_text("\n".join(["fundingTime,symbol,fundingRate", *lines]) + "\n")
    result = call("data", "import", *files, rates, "--venue", "binance", home=folder / "home")
    assert result.code == 0, result
    made = call("data", "simulate", "--symbols", "SIMA", "--days", "2", "--seed", "3", home=folder / "home")
    assert made.code == 0, made
    return folder / "home"
