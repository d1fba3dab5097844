"""TCP ports and echo requests."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.adapters.ping import check_ping, checksum, echo_request, is_answer
from opsterm.adapters.tcp_check import check_tcp
from opsterm.core.clock import SystemClock
from opsterm.monitoring.reach import Failure, judge_ping, judge_tcp
from tests.adapters.web_stage import serving

CLOCK = SystemClock()


async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail\x1b[2J\r\n")
    await reader.read()


async def test_a_port_answers_with_its_banner_or_says_why_not() -> None:
    async with serving(greets) as port:
        reading = await check_tcp("127.0.0.1", port, CLOCK, timeout_s=5, banner=True)
        assert (reading.address, reading.banner) == ("127.0.0.1", b"220 mail\x1b[2J\r\n")
        assert (await check_tcp("127.0.0.1", port, CLOCK, timeout_s=5, banner=False)).banner == b""
    closed = await check_tcp("127.0.0.1", port, CLOCK, timeout_s=5, banner=False)
    assert (closed.failure, "refused" in judge_tcp(closed).reasons[0]) == (Failure.UNREACHABLE, True)
    assert "is not known" in (await check_tcp("nowhere.invalid", 1, CLOCK, timeout_s=5, banner=False)).reason


async def test_this_machine_answers_echo_requests_or_says_what_to_do() -> None:
    for host in ("127.0.0.1", "::1"):
        reading = await check_ping(host, CLOCK, count=2, timeout_s=2)
        if "ping_group_range" in reading.reason:
            assert os.geteuid() != 0
        elif "no route" not in reading.reason:  # a machine without IPv6
            assert (reading.loss_percent, len(reading.round_trips_s), judge_ping(reading).reasons) == (0.0, 2, ())


async def test_an_unknown_host_is_not_pinged() -> None:
    assert "is not known" in (await check_ping("nowhere.invalid", CLOCK, count=1, timeout_s=5)).reason


@given(identifier=st.integers(0, 65535), number=st.integers(0, 65535))
def test_a_request_sums_to_nothing_as_rfc_1071_wants(identifier: int, number: int) -> None:
    assert checksum(echo_request(identifier, number, v6=False)) == 0


@given(packet=st.binary(max_size=120), raw=st.booleans(), v6=st.booleans())
def test_any_packet_is_looked_at_without_a_fault(packet: bytes, raw: bool, v6: bool) -> None:
    assert is_answer(packet, 7 if raw else None, 1, v6=v6) in (True, False)


def test_only_the_answer_to_this_request_counts() -> None:
    answer = b"\0" + echo_request(7, 3, v6=False)[1:]
    header = b"\x45" + bytes(19)
    assert is_answer(header + answer, 7, 3, v6=False)
    assert is_answer(answer, None, 3, v6=False)
    assert not is_answer(header + answer, 8, 3, v6=False)
    assert not is_answer(answer, None, 4, v6=False)
    assert not is_answer(echo_request(7, 3, v6=False), None, 3, v6=False)


@pytest.fixture(params=[0, 1])
def host(request: pytest.FixtureRequest) -> str:
    """Return the address of a real host."""
    given = os.environ.get("OPSTERM_LAB", "")
    if not given:
        pytest.skip("OPSTERM_LAB IS NOT SET: PING AND TCP WERE NOT TRIED AGAINST REAL HOSTS")
    hosts = json.loads(given if given.lstrip().startswith("{") else Path(given).read_text(encoding="utf-8"))["hosts"]
    if request.param >= len(hosts):
        pytest.skip("OPSTERM_LAB DESCRIBES ONE HOST ALONE")
    return str(hosts[request.param]["address"])


@pytest.mark.lab
async def test_a_real_host_answers(host: str) -> None:
    assert (await check_ping(host, CLOCK, count=3, timeout_s=2)).loss_percent == 0.0
    assert (await check_tcp(host, 22, CLOCK, timeout_s=5, banner=True)).banner.startswith(b"SSH-2.0-")
    assert (await check_tcp(host, 80, CLOCK, timeout_s=5, banner=False)).address == host
