"""The pictures of docs/splits.md are what the calls beside them draw."""

import re

import pytest

from tests.docs.pages import ROOT, blocks

TEXT = (ROOT / "docs" / "splits.md").read_text(encoding="utf-8")
PICTURES = re.findall(r"`(picture\([^`]+\))`\n\n```text\n(.*?)\n```", TEXT, re.DOTALL)


def test_every_splitter_has_a_picture():
    assert len(PICTURES) == 4


@pytest.mark.parametrize(("call", "drawn"), PICTURES, ids=[call.split("(")[1] for call, _ in PICTURES])
def test_a_picture_is_what_its_call_draws(call, drawn):
    namespace: dict[str, object] = {}
    exec(blocks(TEXT)[0].text, namespace)

    assert eval(call, namespace) == drawn
