import json
from dataclasses import replace

import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.training.controls import campaign as module
from alphaloop.training.controls.campaign import Campaign, kept_so_far, run
from tests.training.controls.builders import PROTOCOL, SETTING

SMALL = Campaign(
    markets=4, planted=2, strengths=(3.0, 9.0), demonstrations=1, seed=7, setting=SETTING, protocol=PROTOCOL
)


@pytest.fixture
def looked_at(monkeypatch):
    """Which units were run; nothing is computed."""
    seen = []

    def fake(unit):
        seen.append(unit.name)
        return {"kind": unit.kind, "seed": unit.seed}

    monkeypatch.setattr(module, "examine", fake)
    monkeypatch.setattr(module, "demonstrate", fake)
    return seen


def test_kinds_take_turns_and_seeds_never_meet():
    units = SMALL.units()
    seeds = [unit.seed for unit in units if unit.name.startswith(("walk", "garch", "regimes"))]

    assert len(units) == 4 + 2 * 2 + 1
    assert len({unit.name for unit in units}) == len(units)
    assert sorted(seeds) == [7, 8, 9, 10]
    assert {unit.kind for unit in units} == {"walk", "garch", "regimes", "flow"}
    assert min(unit.seed for unit in units if unit.kind == "flow") > 10_000


def test_a_stopped_campaign_goes_on_where_it_was(tmp_path, looked_at):
    run(replace(SMALL, markets=2, planted=0), tmp_path)
    first, done = list(looked_at), []
    found = run(SMALL, tmp_path, progress=done.append)

    assert len(set(looked_at)) == len(looked_at) == len(SMALL.units())
    assert looked_at[: len(first)] == first
    assert done == list(range(len(first), len(SMALL.units()) + 1))
    assert [one["seed"] for one in found] == [unit.seed for unit in SMALL.units()]
    assert [one["seed"] for one in kept_so_far(SMALL, tmp_path)] == [unit.seed for unit in SMALL.units()]


def test_another_protocol_is_another_campaign(tmp_path, looked_at):
    run(replace(SMALL, markets=1, planted=0, demonstrations=0), tmp_path)
    other = replace(SMALL, markets=1, planted=0, demonstrations=0, protocol=replace(PROTOCOL, trials=9))
    run(other, tmp_path)

    assert len(looked_at) == 2


def test_a_unit_killed_midway_leaves_nothing_behind(tmp_path, monkeypatch):
    def killed(unit):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "examine", killed)
    with pytest.raises(KeyboardInterrupt):
        run(SMALL, tmp_path)

    assert list(tmp_path.rglob("*.json")) == []


def test_what_a_unit_took_stands_in_its_file(tmp_path, looked_at):
    ticks = iter(range(100))
    run(replace(SMALL, markets=1, planted=0, demonstrations=0), tmp_path, clock=lambda: float(next(ticks)))
    file = next(tmp_path.rglob("*.json"))

    assert json.loads(file.read_text())["seconds"] == 1.0


def test_no_market_is_no_campaign():
    with pytest.raises(InvalidOption):
        Campaign(markets=0)
    with pytest.raises(InvalidOption):
        Campaign(strengths=(0.0,))
