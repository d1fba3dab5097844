"""A mail is handed to a real SMTP server; what fails names its step, and every recipient has an answer of its own."""

from __future__ import annotations

import asyncio
import gc
import random
import tracemalloc
from email.headerregistry import Address
from pathlib import Path

import pytest

from opsterm.adapters import smtp
from opsterm.adapters.mail_message import header_text, message_bytes
from opsterm.core.mail import MailPhase, Verdict
from opsterm.core.secret import Secret
from opsterm.runtime.mail import kept_nowhere
from tests.adapters.mail_stage import Inbox, certificate, mail, mail_server, replies, told_server, transport

PASSWORD = Secret("right horse")


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_mail_goes_over_a_verified_line_after_a_log_in(security: str, tmp_path: Path) -> None:
    context, ca_file = await asyncio.to_thread(certificate, tmp_path, "good")
    inbox = Inbox()
    async with mail_server(inbox, context=context, at_once=security == "tls", auth=True) as port:
        line = transport(port, security=security, ca_file=str(ca_file), user="ops")
        report = await line.deliver(mail("ana@site.test", "ben@site.test"), password=PASSWORD, handing=kept_nowhere)
    assert report.trouble is None, report
    assert {phase for phase, _ in report.steps} == set(MailPhase) - {MailPhase.SETTINGS}
    assert {said.verdict for said in report.answers.values()} == {Verdict.TAKEN}
    ((to, message),) = inbox.taken
    assert to == ["ana@site.test", "ben@site.test"]
    assert (message["From"], message["Subject"]) == ("opsterm@jump.test", "disk full")
    assert (message["Message-ID"], message["Auto-Submitted"]) == ("<m1@jump.test>", "auto-generated")
    assert message.get_content().strip() == "97 %"


@pytest.mark.parametrize(
    ("kind", "said"),
    [("wrong name", "another name"), ("self-signed", "signed by itself"), ("expired", "expired")],
)
@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_is_not_valid_is_refused_before_anything_is_said(
    kind: str, said: str, security: str, tmp_path: Path
) -> None:
    context, ca_file = await asyncio.to_thread(certificate, tmp_path, kind)
    inbox = Inbox()
    async with mail_server(inbox, context=context, at_once=security == "tls", auth=True) as port:
        line = transport(port, security=security, ca_file=str(ca_file), user="ops")
        report = await line.deliver(mail(), password=PASSWORD, handing=kept_nowhere)
    assert report.trouble is not None
    assert (report.trouble.phase, inbox.taken, report.answers) == (MailPhase.TLS, [], {})
    assert said in report.trouble.text
    assert report.trouble.next_step


async def test_an_authority_that_is_not_known_is_refused(tmp_path: Path) -> None:
    context, _ = await asyncio.to_thread(certificate, tmp_path, "good")
    async with mail_server(Inbox(), context=context, at_once=True) as port:
        report = await transport(port, security="tls").deliver(mail(), password=None, handing=kept_nowhere)
    assert report.trouble is not None
    assert "authority that this system does not know" in report.trouble.text
    assert "mail.ca_file" in report.trouble.next_step


async def test_a_server_that_offers_no_starttls_gets_nothing() -> None:
    inbox = Inbox()
    async with mail_server(inbox) as port:
        report = await transport(port, security="starttls", user="ops").deliver(
            mail(), password=PASSWORD, handing=kept_nowhere
        )
    assert report.trouble is not None
    assert (report.trouble.phase, inbox.taken) == (MailPhase.TLS, [])


async def test_a_wrong_password_names_the_log_in(tmp_path: Path) -> None:
    context, ca_file = await asyncio.to_thread(certificate, tmp_path, "good")
    async with mail_server(Inbox(), context=context, auth=True) as port:
        line = transport(port, security="starttls", ca_file=str(ca_file), user="ops")
        wrong, none = [
            await line.deliver(mail(), password=p, handing=kept_nowhere) for p in (Secret("wrong horse"), None)
        ]
    assert wrong.trouble is not None
    assert none.trouble is not None
    assert (wrong.trouble.phase, none.trouble.phase) == (MailPhase.LOGIN, MailPhase.LOGIN)
    assert "535" in wrong.trouble.text
    assert "horse" not in str(wrong)
    assert "opsterm vault set opsterm:mail ops@localhost" in none.trouble.next_step


async def test_every_recipient_has_an_answer_of_its_own() -> None:
    inbox = Inbox(rcpt={
        "gone@site.test": ["550 5.1.1 no such user"], "full@site.test": ["452 4.2.2 mailbox full"],
        "grey@site.test": ["450 4.7.1 greylisted", "250 OK"],
    })  # fmt: skip
    to = ("ana@site.test", "gone@site.test", "full@site.test", "grey@site.test")
    async with mail_server(inbox) as port:
        first = await transport(port).deliver(mail(*to), password=None, handing=kept_nowhere)
        second = await transport(port).deliver(mail("grey@site.test"), password=None, handing=kept_nowhere)
    found = {address: (said.verdict, said.phase, said.code) for address, said in first.answers.items()}
    assert found == {
        "ana@site.test": (Verdict.TAKEN, MailPhase.MESSAGE, 250),
        "gone@site.test": (Verdict.REFUSED, MailPhase.RECIPIENT, 550),
        "full@site.test": (Verdict.LATER, MailPhase.RECIPIENT, 452),
        "grey@site.test": (Verdict.LATER, MailPhase.RECIPIENT, 450),
    }
    assert second.answers["grey@site.test"].verdict is Verdict.TAKEN
    assert inbox.taken[0][0] == ["ana@site.test"]
    assert inbox.taken[0][1]["Message-ID"] == inbox.taken[1][1]["Message-ID"]


@pytest.mark.parametrize(
    ("inbox", "verdict", "phase"),
    [
        (Inbox(sender="550 not you"), Verdict.REFUSED, MailPhase.SENDER),
        (Inbox(sender="451 not now"), Verdict.LATER, MailPhase.SENDER),
        (Inbox(data="554 5.7.1 spam"), Verdict.REFUSED, MailPhase.MESSAGE),
        (Inbox(data="451 4.3.0 try later"), Verdict.LATER, MailPhase.MESSAGE),
    ],
)
async def test_a_refusal_of_sender_or_message_counts_for_everybody(
    inbox: Inbox, verdict: Verdict, phase: MailPhase
) -> None:
    async with mail_server(inbox) as port:
        report = await transport(port).deliver(
            mail("ana@site.test", "ben@site.test"), password=None, handing=kept_nowhere
        )
    assert {(said.verdict, said.phase) for said in report.answers.values()} == {(verdict, phase)}
    assert len(report.answers) == 2


GO_ON = {"EHLO": b"250 mx.test\r\n", "DATA": b"354 go on\r\n"}

BROKEN = {
    "never greets": ({}, b"", MailPhase.CONNECT),
    "is busy": ({}, b"421 too many connections\r\n", MailPhase.CONNECT),
    "greets with HTTP": ({}, b"HTTP/1.1 400 Bad Request\r\n\r\n", MailPhase.CONNECT),
    "never ends its greeting": ({}, b"220-" + b"x" * 100_000, MailPhase.CONNECT),
    "cuts at the sender": ({"MAIL": b""}, b"220 mx\r\n", MailPhase.SENDER),
    "cuts at a recipient": ({"RCPT": b""}, b"220 mx\r\n", MailPhase.RECIPIENT),
    "cuts in the middle of the message": (GO_ON, b"220 mx\r\n", MailPhase.MESSAGE),
    "never answers the message": ({**GO_ON, ".": b""}, b"220 mx\r\n", MailPhase.MESSAGE),
}


@pytest.mark.parametrize("how", BROKEN)
async def test_a_broken_server_costs_a_time_out_and_names_its_step(how: str) -> None:
    by_word, greeting, phase = BROKEN[how]
    async with told_server(replies(by_word, greeting=greeting)) as port:
        async with asyncio.timeout(120):
            report = await transport(port, timeout_s=0.2).deliver(mail(), password=None, handing=kept_nowhere)
    assert report.trouble is not None, report
    assert report.trouble.phase is phase
    assert report.answers == {}


async def test_a_cancelled_mail_leaves_no_connection_and_no_task() -> None:
    before = len(asyncio.all_tasks())
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.test\r\n")
        await reader.readline()
        began.set()
        await reader.read()
        ended.set()

    began = asyncio.Event()
    async with told_server(talk) as port:
        task = asyncio.ensure_future(transport(port).deliver(mail(), password=None, handing=kept_nowhere))
        await began.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(120):
            await ended.wait()
    assert task.cancelled()
    assert len(asyncio.all_tasks()) <= before


def _mutated(source: random.Random, reply: bytes) -> bytes:
    """Return a reply with some of its bytes cut, doubled, turned or put in."""
    data = bytearray(reply)
    for _ in range(source.randint(1, 4)):
        at = source.randrange(len(data) + 1)
        match source.randrange(4):
            case 0:
                data.insert(at, source.randrange(256))
            case 1:
                del data[at : at + source.randint(1, 3)]
            case 2:
                data[at : at + 1] = bytes([source.randrange(256)])
            case _:
                data[at:at] = data[at : at + 8]
    return bytes(data)


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.speed)])
async def test_malformed_replies_neither_crash_nor_grow(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try is one connection with every reply mutated; a reply that says nothing costs a time-out, so few do."""
    monkeypatch.setattr(smtp, "LAST_STEP_TIMES", 1)
    source = random.Random(14)
    good = {
        "": b"220 mx.test ESMTP\r\n", "EHLO": b"250-mx.test\r\n250-SIZE 1000\r\n250 SMTPUTF8\r\n",
        "MAIL": b"250 OK\r\n", "RCPT": b"250 2.1.5 OK\r\n", "DATA": b"354 go on\r\n", ".": b"250 queued\r\n",
    }  # fmt: skip
    mutations = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal mutations
        spoilt = source.choice(list(good))
        said = {word: _mutated(source, reply) if word == spoilt else reply for word, reply in good.items()}
        mutations += 1
        words = {word: reply + b"\r\n" for word, reply in said.items()}
        await replies(words, greeting=words[""])(reader, writer)

    async def one(line: object) -> None:
        report = await line.deliver(mail("ana@site.test"), password=None, handing=kept_nowhere)  # type: ignore[attr-defined]  # a transport
        assert report.trouble or report.answers
        for said in report.answers.values():
            assert "\n" not in said.text

    async with told_server(talk) as port:
        line = transport(port, timeout_s=0.3)
        peaks = []
        for _ in range(5):
            for _ in range(count // 250):
                await asyncio.gather(*(one(line) for _ in range(50)))
            if not tracemalloc.is_tracing():
                tracemalloc.start(1)
            gc.collect()
            peaks.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert mutations >= count * 0.99  # the rest timed out before the server had its turn
    assert peaks[-1] - peaks[1] < 1_000_000, peaks


HOSTILE = "disk\r\nBcc: everyone@evil.test\r\n\r\nbody \x1b]52;c;x\x07 \u2028 grüße \u202e"


def test_no_text_becomes_a_header_of_its_own() -> None:
    raw = message_bytes(mail(subject=HOSTILE, body="x\r\n.\r\nMAIL FROM:<>\n"), "opsterm@jump.test", utf8=False)
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert b"Bcc" not in names
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert not set("\r\n\x1b\x07") & set(header_text(HOSTILE))


async def test_other_scripts_arrive_as_they_were_written() -> None:
    inbox = Inbox()
    body = "Größe: 97 %\n.\n.. two dots\n" + "x" * 2000 + "\n"
    async with mail_server(inbox) as port:
        report = await transport(port).deliver(
            mail("jürgen@site.test", "ana@bücher.test", subject="Platte voll: größer als 90 %", body=body),
            password=None,
            handing=kept_nowhere,
        )
    assert report.trouble is None, report
    ((to, message),) = inbox.taken
    assert to == ["jürgen@site.test", "ana@xn--bcher-kva.test"]
    assert message["Subject"] == "Platte voll: größer als 90 %"
    assert message.get_content().replace("\r\n", "\n") == body
    assert message["To"].addresses[1] == Address(username="ana", domain="xn--bcher-kva.test")


async def test_an_address_that_the_server_cannot_be_told_is_refused_alone() -> None:
    async with told_server(replies({**GO_ON, ".": b"250 queued\r\n"})) as port:
        report = await transport(port).deliver(
            mail("jürgen@site.test", "ana@site.test"), password=None, handing=kept_nowhere
        )
    assert report.answers["jürgen@site.test"].verdict is Verdict.REFUSED
    assert report.answers["ana@site.test"].verdict is Verdict.TAKEN
