"""Answers that are no answers: malformed ones, 10,000 on demand, and the ways by which XML is made to hurt."""

from __future__ import annotations

import contextlib
import gc
import json
import random
import re
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from winrm.exceptions import WinRMTransportError
from winrm.protocol import Protocol

from opsterm.adapters.winrm import WinrmConnector
from opsterm.adapters.winrm_clixml import LARGEST_DOCUMENT, ErrorStream, decoded
from opsterm.adapters.winrm_faults import Fault, WireError
from opsterm.adapters.winrm_login import WinrmLogin
from opsterm.adapters.winrm_refusals import told
from opsterm.adapters.winrm_wire import Wire, read_answer
from opsterm.adapters.winrm_xml import LARGEST, UnusableXml, parse_xml
from opsterm.core.errors import OpstermError, Unreachable
from opsterm.core.text import clean_line
from opsterm.core.winrm_settings import WinrmSettings
from tests.adapters.winrm_stage import Windows, windows
from tests.adapters.wsman.host import ScriptedHost, clixml
from tests.adapters.wsman.soap import Operations

SUITE, ON_DEMAND = 300, 10_000
"""Answers that are spoilt each time, and with -m speed."""
LOG_IN = WinrmLogin(
    address="win", port=5985, https=False, auth="ntlm", user="u", password=None, settings=WinrmSettings()
)


class SpoilingTransport:
    """Answers each kind of request as the server once did, and spoils the answer.

    The answers are kept: a server that reads ten thousand requests would take longer than what is tested here.
    """

    def __init__(self, dice: random.Random) -> None:
        host = ScriptedHost()
        host.classes["win32_service"] = [{"Name": "a", "State": None}, {"Name": "b", "State": "x"}]
        self._operations = Operations(host)
        self._kept: dict[str, tuple[int, bytes]] = {}
        self._dice = dice

    def learn(self, kind: str, message: str) -> bytes:
        """Ask the server; keep the answer."""
        status, answer = self._operations.answer(message.encode(), "ops")
        self._kept[kind] = status, answer
        return answer

    def send_message(self, message: str) -> bytes:
        """Return a spoiled answer; a fault comes as pywinrm hands it over."""
        kind = re.search(r"/(\w+)</a:Action>", message)
        identity = re.search(r"<a:MessageID>(.*?)</a:MessageID>", message)
        assert kind is not None
        assert identity is not None
        if kind[1] not in self._kept:
            return self.learn(kind[1], message)
        status, answer = self._kept[kind[1]]
        answer = re.sub(rb"<a:RelatesTo>.*?<", b"<a:RelatesTo>" + identity[1].encode() + b"<", answer)
        answer = spoilt(answer, self._dice)
        if status != 200:
            raise WinRMTransportError("http", status, answer.decode("utf-8", "replace"))
        return answer


def asks(wire: Wire) -> list[Callable[[], Any]]:
    """Return one call of each kind that has an answer; each is learnt from the server first."""
    shell = wire.open_shell(65001)
    command = wire.begin(shell, "hostname", console=True)
    while wire.receive(shell, command).exit_code is None:
        pass
    calls: list[Callable[[], Any]] = [
        lambda: wire.open_shell(65001),
        lambda: wire.begin(shell, "hostname", console=True),
        lambda: list(wire.select("SELECT * FROM Win32_Service")),
        lambda: wire.receive(shell, command),
        lambda: wire.delete("gone"),
    ]
    for call in calls:
        with contextlib.suppress(WireError):
            call()
    return calls


PIECES = (b"<", b">", b"</", b"&amp;", b"&x;", b"\x00", b"\xff\xfe", b'"', b"s:Fault", b"<!DOCTYPE a [", b"]]>",
          b"<![CDATA[", b"99999999999999999999", b"-", b"xmlns:", b"\xc3\x28", b"<a>" * 50)  # fmt: skip


def spoilt(answer: bytes, dice: random.Random) -> bytes:
    """Return an answer with one to four things wrong with it."""
    data = bytearray(answer)
    for _ in range(dice.randint(1, 4)):
        at, to = sorted((dice.randrange(len(data) + 1), dice.randrange(len(data) + 1)))
        match dice.randrange(6):
            case 0:
                del data[at:]
            case 1:
                del data[at : at + dice.randint(1, 40)]
            case 2:
                data[at:at] = dice.choice(PIECES)
            case 3:
                data[at : at + 1] = bytes([dice.randrange(256)])
            case 4:
                data[at:at] = data[at : min(to, at + 300)]
            case _:
                data[at:to] = data[at:to][::-1]
    return bytes(data)


@pytest.mark.blocking
@pytest.mark.parametrize("cases", [SUITE, pytest.param(ON_DEMAND, marks=pytest.mark.speed)])
def test_malformed_answers(cases: int) -> None:
    """Each ends in a value or in an error that is a sentence; and none leaves anything behind."""
    dice = random.Random(7)
    transport = SpoilingTransport(dice)
    wire = Wire(Protocol("http://x/wsman", username="u", password="p"), transport)  # type: ignore[arg-type]  # the part that is used
    calls = asks(wire)
    gc.collect()
    before = 0
    ended = {"value": 0, "error": 0}
    for number in range(cases):
        if number == cases // 10:
            gc.collect()
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            calls[number % len(calls)]()
            ended["value"] += 1
        except WireError as error:
            said = told(error, "win-1", LOG_IN)
            assert said.what == clean_line(said.what)
            ended["error"] += 1
    assert ended["error"] > cases / 2
    assert ended["value"] > cases / 100
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kb < 20_000


@pytest.mark.parametrize(
    "text",
    [
        b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a>&y;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a>&undefined;</a>",
        b"<a>" * 5000 + b"</a>" * 5000,
        b"<a>" + b"<b/>" * 200_000 + b"</a>",
        b"<a>" + b"x" * LARGEST + b"</a>",
        "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE a><a/>".encode("utf-16"),
        b"<?xml version='1.0' encoding='no-such'?><a/>",
        b"",
        b"<a/><b/>",
        b"\xff\xfe\x00",
    ],
    ids=range(11),
)
def test_xml_that_hurts_is_refused(text: bytes) -> None:
    with pytest.raises(UnusableXml):
        parse_xml(text)


def test_an_answer_to_another_request_is_none() -> None:
    _, answer = Operations(ScriptedHost()).answer(b"<x/>", "ops")
    with pytest.raises(WireError):
        read_answer(500, answer, "uuid:1")
    body = (
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        b'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header><a:RelatesTo>uuid:2</a:RelatesTo>'
        b"</s:Header><s:Body/></s:Envelope>"
    )
    assert read_answer(200, body, "uuid:2").tag.endswith("Body")
    with pytest.raises(WireError, match="another request"):
        read_answer(200, body, "uuid:1")


@pytest.mark.parametrize(
    "element", ['<f:WSManFault xmlns:f="f" Code="{}"/>', "<p:error_Code xmlns:p='p'>{}</p:error_Code>"]
)
@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2150858843", 2150858843),
        (" 5 ", 5),
        ("-2144108453", 2150858843),
        ("18446744071565443163", 2150858843),
        ("0x8033805B", 2150858843),
        ("0xFFFFFFFF8033805b", 2150858843),
        ("99999999999999999999999", 0),
        ("0x", 0),
        ("five", 0),
        ("", 0),
    ],
)
def test_numbers_of_errors_however_they_are_written(element: str, written: str, code: int) -> None:
    body = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Detail>'
        f"{element.format(written)}</s:Detail></s:Fault></s:Body></s:Envelope>"
    )
    with pytest.raises(Fault) as caught:
        read_answer(500, body.encode(), "uuid:1")
    assert caught.value.code == code


# ------------------------------------------------------------------------------------------------------ CLIXML


def test_each_stream_is_told_by_its_name_and_progress_not_at_all() -> None:
    streams = [
        ("Error", "e\r\n"),
        ("warning", "w\r\n"),
        ("verbose", "v\r\n"),
        ("debug", "d\r\n"),
        ("Error", "two\r\nlines\r\n"),
    ]
    stream = ErrorStream()
    said = stream.feed(clixml(*streams).encode()) + stream.end()
    assert said.decode() == "e\r\nWARNING: w\r\nVERBOSE: v\r\nDEBUG: d\r\ntwo\r\nlines\r\n"


def test_escapes_of_clixml() -> None:
    assert decoded("a_x000D__x000A_b_x0009_") == "a\r\nb\t"
    assert decoded("_xD834__xDD1E_") == "𝄞"
    assert decoded("_x005F_x000D_") == "_x000D_"
    assert decoded("_xD834_") == "�"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.integers(1, 40), st.binary(max_size=30))
def test_clixml_reads_the_same_however_it_is_cut(text: str, step: int, before: bytes) -> None:
    lines = "".join(char for char in text if char.isprintable()) + "\r\n"
    head = before.replace(b"#", b"")
    data = head + clixml(("Error", lines)).encode() + b"tail"
    stream = ErrorStream()
    said = b"".join(stream.feed(data[start : start + step]) for start in range(0, len(data), step)) + stream.end()
    assert said == head + lines.encode() + b"tail"


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_clixml_never_raises_and_loses_nothing_it_cannot_read(noise: bytes, cut: int) -> None:
    whole = clixml(("Error", "x\r\n")).encode()
    stream = ErrorStream()
    stream.feed(whole[:cut] + noise + whole[cut:])
    stream.end()


def test_an_endless_document_is_passed_on() -> None:
    stream = ErrorStream()
    said = stream.feed(b"#< CLIXML\r\n<Objs>")
    for _ in range(20):
        said += stream.feed(b"<S>" + b"x" * 100_000 + b"</S>")
    said += stream.end()
    assert len(said) > 20 * 100_000
    assert len(stream.feed(b"a" * 10)) == 10
    assert LARGEST_DOCUMENT < 2_000_000


# ---------------------------------------------------------------------------------------------------- the line


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Windows]:
    with windows(tmp_path, monkeypatch) as found:
        yield found


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {"Content-Type": "text/html"}, b"<html>hello</html>"),
        (200, {"Content-Type": "x", "Content-Encoding": "gzip"}, b"no gzip"),
        (200, {}, b"x" * (LARGEST + 1)),
        (401, {"WWW-Authenticate": "Negotiate"}, b""),
        (401, {"WWW-Authenticate": "Negotiate !!!!"}, b""),
        (401, {"WWW-Authenticate": "Negotiate TlRMTVNTUAACAAAA"}, b""),
        (401, {"WWW-Authenticate": "Negotiate"}, b"x" * 100_000),
        (401, {}, b""),
        (500, {"Content-Type": "multipart/encrypted"}, b"--Encrypted Boundary\r\n"),
        (200, {"Content-Type": 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted"'},
         b"--Encrypted Boundary\r\nLength=5\r\n--Encrypted Boundary\r\n\xff\xff\xff\x7f"),
        (301, {"Location": "http://127.0.0.1:1/wsman"}, b""),
    ],
    ids=range(11),
)  # fmt: skip
async def test_strange_answers_on_the_line_are_sentences(
    status: int, headers: dict[str, str], body: bytes, there: Windows
) -> None:
    there.server.raw = (status, headers, body)
    async with there.connector() as connector:
        with pytest.raises(Unreachable) as caught:
            await there.run(connector, "hostname")
    assert caught.value.what
    assert "Traceback" not in str(caught.value)


def spoiling(dice: random.Random) -> Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]:
    """Return what spoils half of a server's answers, its headers and tokens as well as what it sealed."""

    def spoil(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
        if dice.random() < 0.5:
            return headers, body
        if headers and dice.random() < 0.5:
            name = dice.choice(sorted(headers))
            text = spoilt(headers[name].encode(), dice).decode("latin-1")
            return {**headers, name: "".join(char for char in text if " " <= char < "\x7f")}, body
        return headers, spoilt(body, dice) if body else body

    return spoil


async def outlast(there: Windows, connector: WinrmConnector, cases: int, **target: Any) -> None:
    """Look often at a host that spoils its answers: each time it ends with a sentence, and good answers are good."""

    async def look() -> bytes:
        session = await connector.session(there.target(**target), looks=True)
        try:
            told = [piece async for piece in session.run("SELECT Name FROM Win32_Service", shell="wql")]
        finally:
            await session.close()
        return b"".join(piece for piece in told if isinstance(piece, bytes))

    there.host.classes["win32_service"] = [{"Name": "a"}]
    there.server.spoil = spoiling(random.Random(11))
    said: list[str] = []
    for _ in range(cases):
        try:
            await look()
        except OpstermError as error:
            said.append(error.what)
    there.server.spoil = None
    there.server.cut()
    assert json.loads(await look())["Name"] == "a"
    assert said == [clean_line(text) for text in said]
    assert cases / 20 < len(said) < cases * 19 / 20
    assert there.operations.shells == {}


@pytest.mark.parametrize("cases", [60, pytest.param(ON_DEMAND // 10, marks=pytest.mark.speed)])
async def test_malformed_answers_on_a_sealed_line_and_to_log_ins(cases: int, there: Windows) -> None:
    async with there.connector(answer_timeout_s=2.0) as connector:
        await outlast(there, connector, cases)
