"""Hashes computed with hashlib alone, from the text the docstring promises."""

from hashlib import sha256

import pytest

from alphaloop.registry.chain import GENESIS, sealed


def test_the_hash_is_that_of_the_canonical_list_of_all_fields_but_itself() -> None:
    entry = sealed(1, 5, "note", ("s", "t", 0.5, "ann", '{"a":1}'), GENESIS)
    text = f'[1,5,"note","s","t",0.5,"ann","{{\\"a\\":1}}","{GENESIS}"]'

    assert entry.hash == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"seq": 2}, {"at": 6}, {"kind": "n"}, {"subject": ""}, {"scope": ""}, {"figure": None}, {"author": "bob"},
        {"body": '{"a":2}'}, {"prev": "1" * 64},
    ],
    ids=str,
)  # fmt: skip
def test_every_field_is_covered(change) -> None:
    entry = sealed(1, 5, "note", ("s", "t", 0.5, "ann", '{"a":1}'), GENESIS)

    assert entry._replace(**change).expected_hash != entry.hash
