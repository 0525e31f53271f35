"""The picture of an ablation: one mark a change, its interval, and the same in words."""

import xml.etree.ElementTree as ET

from alphaloop.app.evaluating.forest import MARKS, PANELS, forest

SPACE = "{http://www.w3.org/2000/svg}"


def change(value, low=None, high=None, full=2.0):
    return {"full": full, "without": full + value, "change": value, "low": low, "high": high}


def row(value, low=None, high=None):
    return {figure: change(value, low, high) for figure, _ in PANELS}


FOUND = {
    "walk_forward": {
        "zeroed": {"no_flow": row(-0.2, -0.3, -0.1), "no_text": row(0.0, 0.0, 0.0)},
        "retrained": {"no_flow": row(-0.1)},
    },
    "purged_kfold": {"zeroed": {"no_text": {"reason": "one scored row"}}, "retrained": {}},
}


def picture():
    return ET.fromstring(forest(FOUND, ["no_flow", "no_text", "<odd>"]))


def test_every_change_that_was_measured_has_a_mark_in_every_panel():
    drawn = picture()
    dots = [one for one in drawn.iter(f"{SPACE}circle") if float(one.get("cy")) > 30]
    bars = [one for one in drawn.iter(f"{SPACE}line") if "bar" in one.get("class")]

    assert len(dots) == 3 * len(PANELS)
    assert len(bars) == 2 * len(PANELS)  # one of the three has no interval


def test_a_loss_lies_left_of_no_change():
    drawn = picture()
    zero = next(float(one.get("x1")) for one in drawn.iter(f"{SPACE}line") if one.get("class") == "zero")
    flow = next(one for one in drawn.iter(f"{SPACE}circle") if float(one.get("cy")) > 30)

    assert float(flow.get("cx")) < zero


def test_it_says_itself_in_words():
    said = picture().find(f"{SPACE}desc").text

    assert (
        said == "no_flow: IC -0.2000, -0.3000 to -0.1000; no_text: IC +0.0000, +0.0000 to +0.0000; <odd>: not measured."
    )


def test_the_error_is_a_share_of_the_full_one_and_money_is_in_basis_points():
    labels = [one.text for one in picture().iter(f"{SPACE}text")]

    assert "+16" in labels  # 0.3 of 2 is 15 %, and room beside it
    assert "+3.2e+03" in labels  # 0.3 is 3000 bp


def test_nothing_measured_is_an_empty_picture():
    drawn = ET.fromstring(forest({}, ["no_text"]))

    assert len(list(drawn.iter(f"{SPACE}circle"))) == len(MARKS)  # the legend
