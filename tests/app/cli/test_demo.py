"""``alphaloop demo``, small: every line of it, and the page it ends with."""

from pathlib import Path

import pytest

from tests.app.cli.builders import call

LINES = ["market", "audit", "features", "policies", "risk", "verdict", "paper", "report"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(folder):
    return call("demo", "--days", "4", "--json", home=folder)


def test_the_demo_goes_through_the_whole_loop(demo, folder):
    assert (demo.code, demo.err) == (0, "")
    assert list(demo.json) == LINES
    assert all(line["text"] for line in demo.json.values())
    assert demo.json["paper"]["equal"] is True
    assert demo.json["paper"]["max_equity_difference"] <= 1e-9
    assert demo.json["audit"]["ready"] is True
    assert demo.json["verdict"]["verdict"] == "insufficient"  # four days show nothing
    assert (folder / "reports" / "demo" / "verdicts" / demo.json["verdict"]["candidate"] / "index.html").exists()
    assert "nothing here is a claim about real markets" in demo.json["audit"]["text"]
    assert demo.json["features"]["features"] == 10
    assert {row["policy"].split("{")[0] for row in demo.json["policies"]["figures"]} == {
        *("buy-and-hold", "flat", "random", "ma-cross", "rsi-reversal", "donchian")
    }


def test_the_demo_leaves_one_page_that_links_to_every_run(demo, folder):
    page = Path(demo.json["report"]["report_file"])

    text = page.read_text()
    assert page == folder / "reports" / "demo" / "index.html"
    links = [part.split('"')[0] for part in text.split('href="')[1:] if "index.html" in part.split('"')[0]]
    assert len(set(links)) == 7
    assert all((page.parent / link).exists() for link in links)


def test_simulated_bars_stay_out_of_the_users_lake(demo, folder):
    assert not (folder / "lake").exists()
    assert (folder / "demo" / "lake" / "market_bars").exists()


def test_for_people_and_again(demo, folder):
    """A second run finds its market there, and says the same."""
    shown = call("demo", "--days", "4", home=folder)

    numbered = [line.split()[:2] for line in shown.out.splitlines() if line[:1].isdigit()]
    assert shown.code == 0
    assert numbered == [[str(i), name] for i, name in enumerate(LINES, start=1)]
    assert shown.out.splitlines()[-1].startswith("next:")


def test_a_demo_too_short_to_judge_says_so(tmp_path):
    found = call("demo", "--days", "2", "--json", home=tmp_path)

    assert (found.code, found.json["verdict"]["verdict"]) == (0, None)
    assert "less than two to judge" in found.json["verdict"]["text"]
