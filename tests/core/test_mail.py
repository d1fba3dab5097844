"""What becomes of a mail after a try, for each recipient, and what is an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.core.errors import BadInput
from opsterm.core.mail import (
    LONGEST_PAUSE_S,
    OPEN_STATES,
    DeliveryReport,
    Mail,
    MailPhase,
    MailReply,
    Recipient,
    RecipientState,
    Trouble,
    Verdict,
    drop,
    mail_number,
    parse_addresses,
    pause_s,
    put_back,
    settle,
)

NAMES = ("a@x.test", "b@x.test", "c@x.test")
STATES = st.sampled_from(list(RecipientState))
REPORTS = st.builds(
    DeliveryReport,
    trouble=st.none() | st.just(Trouble(phase=MailPhase.TLS, text="no")),
    answers=st.dictionaries(
        st.sampled_from(NAMES),
        st.builds(MailReply, verdict=st.sampled_from(list(Verdict)), phase=st.just(MailPhase.MESSAGE)),
    ),
)


def mail(*states: RecipientState) -> Mail:
    recipients = tuple(Recipient(address=a, state=s) for a, s in zip(NAMES, states, strict=True))
    return Mail(id=1, message_id="<1@x>", subject="s", body="b", made_at=0.0, since=0.0, recipients=recipients)


@given(st.tuples(STATES, STATES, STATES), REPORTS, st.floats(0, 200), st.floats(0, 1))
def test_a_try_changes_only_who_waits_and_says_why(
    states: tuple[RecipientState, ...], report: DeliveryReport, now: float, spread: float
) -> None:
    before = mail(*states)
    after = settle(before, report, now, spread=spread, give_up_after_s=100)
    assert after.message_id == before.message_id
    for was, found in zip(before.recipients, after.recipients, strict=True):
        said = report.answers.get(found.address)
        if was.state is RecipientState.UNSURE and said is not None and said.verdict is Verdict.TAKEN:
            assert found.state is RecipientState.SENT
            continue
        if was.state not in OPEN_STATES:
            assert found == was
            continue
        assert found.reply
        assert (found.state is RecipientState.SENT) == (said is not None and said.verdict is Verdict.TAKEN)
        assert (found.state is RecipientState.REFUSED) == (said is not None and said.verdict is Verdict.REFUSED)
        if found.state is RecipientState.GIVEN_UP:
            assert now >= 100
        if found.state is RecipientState.WAITING:
            assert now < 100
            assert after.next_try_at > now


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_pauses_grow_to_an_hour_and_spread_by_a_quarter(tries: int, spread: float) -> None:
    assert 22.5 <= pause_s(tries, spread) <= LONGEST_PAUSE_S * 1.25
    assert pause_s(tries + 1, spread) >= pause_s(tries, spread)


@given(st.tuples(STATES, STATES, STATES))
def test_who_has_got_it_never_gets_it_again(states: tuple[RecipientState, ...]) -> None:
    before = mail(*states)
    again, gone = put_back(before, 50.0), drop(before, 50.0)
    for was, back, dropped in zip(before.recipients, again.recipients, gone.recipients, strict=True):
        sent = was.state is RecipientState.SENT
        assert (back.state is RecipientState.SENT, dropped.state is RecipientState.SENT) == (sent, sent)
        handed = was.state is RecipientState.HANDED  # by a process that is at it
        assert back.state in (RecipientState.SENT, RecipientState.HANDED if handed else RecipientState.WAITING)
    assert gone.waiting == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        (" ana@site.test , ben+x@sub.site.test,ana@site.test", ("ana@site.test", "ben+x@sub.site.test")),
        ("root@localhost", ("root@localhost",)),
        ("jürgen@bücher.test", ("jürgen@bücher.test",)),
    ],
)
def test_addresses_are_read(text: str, found: tuple[str, ...]) -> None:
    assert parse_addresses(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "ana", "@site.test", "ana@", "a b@site.test", "ana@site..test", "ana@-site.test", "<ana@site.test>",
        "ana@site.test\r\nRCPT TO:<x@y.z>", "ana\x00@site.test", '"a b"@site.test', "ana@[192.0.2.1]",
        "x" * 65 + "@site.test", "ana@" + "x" * 64 + ".test", "ana@site.test>", "a\u2028b@site.test",
    ],
)  # fmt: skip
def test_what_is_no_address_is_said(text: str) -> None:
    with pytest.raises(BadInput, match="not a mail address"):
        parse_addresses(text)


@given(st.text())
def test_no_text_gets_a_line_end_into_an_address(text: str) -> None:
    try:
        found = parse_addresses(text)
    except BadInput:
        return
    assert not any(set(address) & set("\r\n\x00 <>") for address in found)


def test_a_number_is_read_as_it_is_shown() -> None:
    assert (mail_number("m7"), mail_number(" M7 "), mail_number("7")) == (7, 7, 7)
    for text in ("", "m", "m-7", "seven", "m" + "1" * 20, "٧"):
        with pytest.raises(BadInput):
            mail_number(text)
