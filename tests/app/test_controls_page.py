"""The page of controls, and the picture on it."""

import json
import xml.etree.ElementTree as ET

from alphaloop.app.report.controls import write_controls
from alphaloop.app.report.power import power_curve
from alphaloop.training.controls.campaign import Campaign
from alphaloop.training.controls.summary import summarise
from tests.training.controls.test_summary import FINDINGS

FOUND = {**summarise(Campaign(), FINDINGS), "command": "alphaloop evaluate controls --markets <4>"}


def test_the_page_its_figures_and_its_picture_lie_side_by_side(tmp_path):
    page = write_controls(FOUND, tmp_path / "controls")
    text = page.read_text()

    assert json.loads((page.parent / "controls.json").read_text()) == FOUND
    assert (page.parent / "power.svg").read_text().strip() in text
    assert "1 of 4" in text
    assert "pbo 1, dsr 1" in text
    assert "--markets &lt;4&gt;" in text
    assert "{{" not in text


def test_the_picture_is_an_svg_that_says_itself_in_words():
    picture = ET.fromstring(power_curve(FOUND))
    space = "{http://www.w3.org/2000/svg}"
    circles = picture.findall(f"{space}circle")

    assert picture.find(f"{space}desc").text.startswith(
        "No edge: 1 of 4. 1 on 420 days: 0 of 1; 3.5 on 420 days: 3 of 4"
    )
    assert len(circles) == 1 + 3
    heights = {one.get("class"): float(one.get("cy")) for one in circles}
    assert heights["none"] > heights["long"]  # a quarter stands below all


def test_a_campaign_without_planted_edges_is_drawn_as_well(tmp_path):
    found = {**summarise(Campaign(), FINDINGS[:4]), "command": ""}

    assert write_controls(found, tmp_path).exists()
