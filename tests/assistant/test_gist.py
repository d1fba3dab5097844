"""Talk around a question changes nothing, and no word that could choose targets is passed over."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.assistant.interpret import interpret
from opsterm.assistant.queries import RunRequest
from tests.assistant.exam.fleet import world

WORLD = world()
FRONT = (
    "my boss keeps asking, so {}",
    "I have had three coffees and no sleep; {}",
    "before the auditors arrive: {}",
    "nobody told me this would be my job, but {}",
)
BEHIND = (
    "{}, if you would be so kind",
    "{}, because I promised it to finance",
    "{}? asking for a friend",
    "{} - it has been one of those days",
)
ASKED = (
    "which hosts in Frankfurt are offline", "how many firewalls are there in prod", "show the debian machines by site",
    "memory of db-1 yesterday", "which hosts have a load above 12", "top 3 hosts by cpu in ams",
)  # fmt: skip


@given(front=st.sampled_from(("{}", *FRONT)), behind=st.sampled_from(("{}", *BEHIND)), asked=st.sampled_from(ASKED))
@settings(max_examples=60, deadline=None)
def test_talk_around_a_question_changes_nothing(front: str, behind: str, asked: str) -> None:
    said = front.format(behind.format(asked))
    assert interpret(said, WORLD).query == interpret(asked, WORLD).query, said


@pytest.mark.parametrize(
    "text",
    [
        "would you be a dear and list the printers in Amsterdam",
        "honestly, which boxes in Paris are offline, my boss asks",
        "be an angel: how many reporting servers do we look after in prod",
        "I could have sworn we had a box called hal-9000; is it online, or did I dream it?",
        "right then, all the batch nodes humming away in London",
        "pray tell, what share of the web servers is offline",
        "which hosts were there in Amsterdam before last Tuesday, out of curiosity",
        "so, which of those are offline, I wonder",
        "list everything that runs by itself, would you",
    ],
)
def test_a_word_that_may_choose_is_asked_about(text: str) -> None:
    assert interpret(text, WORLD).query is None


@pytest.mark.parametrize(
    "text",
    [
        "cpu of that server",
        "is that box up",
        "which hosts are in that site",
        "I hardly ever look at dev. Which servers in Frankfurt are offline?",
        "The web tier keeps me up at night. How many dev hosts are there?",
        "Leaving the switches aside, what is in London?",
        "list the second busiest host",
        "the newest web server",
    ],
)
def test_what_points_to_nothing_or_to_another_sentence_is_asked_about(text: str) -> None:
    assert interpret(text, WORLD).query is None


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("hosts that are not tagged pci but are tagged nginx", "not tag:pci and tag:nginx"),
        ("with the exception of dev, which servers are offline?", "not env:dev and status:offline"),
        ("forget the firewalls, show me the web servers in prod", "not group:firewall and group:web and env:prod"),
    ],
)
def test_a_denial_ends_with_its_clause(text: str, selector: str) -> None:
    assert getattr(interpret(text, WORLD).query, "selector", None) == selector


@pytest.mark.parametrize(
    "text",
    [
        "be a dear and switch off the web servers in Frankfurt",
        "my boss insists, so kindly reboot web-03, would you",
        "out of curiosity, wipe db-1",
        "I am told it is safe; stop nginx on the web servers, there is a good chap",
    ],
)
def test_an_order_in_talk_is_no_question_and_is_not_proposed(text: str) -> None:
    query = interpret(text, WORLD).query
    assert query is None or isinstance(query, RunRequest) is False
    assert getattr(query, "selector", "") == ""


def test_what_was_passed_over_is_told() -> None:
    notes = interpret("who let centos survive this long? name the culprit", WORLD).notes
    assert any(note.startswith("Passed over: ") for note in notes)
