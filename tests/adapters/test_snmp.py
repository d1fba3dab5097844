"""Asking SNMP agents: what is read, what each failure is called, and what rubbish does to us (nothing)."""

from __future__ import annotations

import asyncio
import gc
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest
from pysnmp.proto import rfc1902

from opsterm.adapters.snmp import UP_TIME, PySnmpReader
from opsterm.adapters.snmp_login import seal, unseal
from opsterm.core.errors import AuthenticationFailed, BadInput, OpstermError, TimedOut, Unreachable
from opsterm.core.secret import Secret
from opsterm.core.snmp_settings import SnmpSettings
from opsterm.monitoring.mib import NAMES, Oid, instance_of
from opsterm.monitoring.snmp_values import ValueKind
from opsterm.policy.order import OrderTarget
from opsterm.runtime.credentials import SNMP
from opsterm.runtime.ports_snmp import SnmpLogin
from opsterm.runtime.secret_places import SecretPlace
from tests.adapters.snmp_agent import Agent, honest, system_group

T = TypeVar("T")

NAME = instance_of(NAMES["sysName"])
QUICK = SnmpSettings(timeout_s=0.5, retries=0)
V3 = SnmpLogin(
    user="monitor", auth="SHA-256", auth_passphrase=Secret("a long one"), priv="AES",
    priv_passphrase=Secret("another 1"),
)  # fmt: skip


class Ring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Secret] = {}

    async def get(self, service: str, account: str, at: SecretPlace | None = None) -> Secret | None:
        return self.kept.get((service, account))

    async def unsent(self, service: str, account: str) -> Secret | None:
        return await self.get(service, account)

    async def put(self, service: str, account: str, secret: Secret) -> None:
        self.kept[service, account] = secret


async def in_a_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, work)


def at(port: int, *, name: str = "sw-1", address: str = "127.0.0.1") -> OrderTarget:
    return OrderTarget(name=name, protocol="snmp", address=address, port=port, user="")


@asynccontextmanager
async def reader(*, settings: SnmpSettings = QUICK, community: str = "public") -> AsyncIterator[PySnmpReader]:
    ring = Ring()
    opened = PySnmpReader(settings, ring, in_a_thread)  # type: ignore[arg-type]  # the part of Credentials that it uses
    if community:
        await opened.keep("sw-1", SnmpLogin(community=Secret(community)))
    try:
        yield opened
    finally:
        await opened.close()


async def test_what_an_agent_has_is_read_and_what_it_lacks_is_absent() -> None:
    with Agent(system_group()) as agent:
        async with reader() as snmp:
            name, up, none = await snmp.get(at(agent.port), [NAME, UP_TIME, (1, 3, 6, 1, 9)])
    assert (name.value.text, up.value.number) == ("agent", 123_456)
    assert (none.oid, none.value.kind, none.value.why) == ((1, 3, 6, 1, 9), ValueKind.ABSENT, "no such object")


async def test_many_objects_are_asked_for_in_several_requests_and_keep_their_order() -> None:
    objects: dict[Oid, object] = {(1, 3, 6, 1, 4, 1, 5, n): rfc1902.Integer32(n) for n in range(1, 101)}
    with Agent(objects) as agent:
        async with reader() as snmp:
            wanted = list(reversed(objects))
            found = await snmp.get(at(agent.port), wanted)
    assert [binding.oid for binding in found] == wanted
    assert [binding.value.number for binding in found] == list(range(100, 0, -1))


@pytest.mark.parametrize(("limit", "count", "truncated"), [(500, 200, False), (200, 200, False), (57, 57, True)])
async def test_a_walk_ends_at_its_tree_or_at_its_limit_and_says_which(limit: int, count: int, truncated: bool) -> None:
    root = (1, 3, 6, 1, 4, 1, 5)
    objects: dict[Oid, object] = {(*root, n): rfc1902.Integer32(n) for n in range(200)}
    with Agent({**objects, (1, 3, 6, 1, 4, 1, 6, 0): rfc1902.Integer32(1)}) as agent:
        async with reader() as snmp:
            found = await snmp.walk(at(agent.port), [root], limit=limit)
    assert [binding.value.number for binding in found.bindings] == list(range(count))
    assert found.truncated is truncated


async def test_several_trees_are_walked_side_by_side() -> None:
    roots = [NAMES[name] for name in ("ifDescr", "ifOperStatus", "ifHCInOctets", "ifAlias", "hrStorageDescr")]
    with Agent(system_group()) as agent:
        async with reader() as snmp:
            found = await snmp.walk(at(agent.port), roots, limit=100)
            requests = agent.requests
    assert [binding.oid for binding in found.bindings] == [(*root, row) for root in roots[:3] for row in (1, 2)]
    assert requests == 1, "all of it fits into one answer"


async def test_an_agent_that_walks_in_circles_is_left() -> None:
    root = (1, 3, 6, 1, 4, 1, 5)

    class Circle(Agent):
        def _bulk(self, asked: Sequence[Oid], rows: int) -> list[tuple[Oid, object]]:
            return [((*root, 5), rfc1902.Integer32(1)), ((*root, 4), rfc1902.Integer32(1))]

    with Circle({}) as agent:
        async with reader() as snmp:
            with pytest.raises(Unreachable, match="in circles"):
                await snmp.walk(at(agent.port), [root], limit=10**6)


async def test_an_agent_without_an_end_is_left_when_the_time_is_over() -> None:
    root = (1, 3, 6, 1, 4, 1, 5)

    class Endless(Agent):
        def _bulk(self, asked: Sequence[Oid], rows: int) -> list[tuple[Oid, object]]:
            return [((*root, (asked[0][len(root)] if len(asked[0]) > len(root) else 0) + 1), rfc1902.Integer32(1))]

    with Endless({}) as agent:
        async with reader(settings=SnmpSettings(timeout_s=0.5, retries=0, total_timeout_s=1)) as snmp:
            with pytest.raises(TimedOut, match="longer than 1 s"):
                await snmp.walk(at(agent.port), [root], limit=10**6)


async def _is_wrong_community(ask: Callable[[OrderTarget], Awaitable[object]]) -> OpstermError:
    with Agent(system_group(), community="other", speaks_v3=True) as agent:
        return await _error(ask, at(agent.port))


async def _is_silent(ask: Callable[[OrderTarget], Awaitable[object]]) -> OpstermError:
    with Agent(system_group(), community="other") as agent:
        return await _error(ask, at(agent.port))


async def _is_closed(ask: Callable[[OrderTarget], Awaitable[object]]) -> OpstermError:
    with Agent({}) as agent:
        port = agent.port
    return await _error(ask, at(port))


async def _has_no_name(ask: Callable[[OrderTarget], Awaitable[object]]) -> OpstermError:
    return await _error(ask, at(161, address="no such host"))


async def _error(ask: Callable[[OrderTarget], Awaitable[object]], target: OrderTarget) -> OpstermError:
    with pytest.raises(OpstermError) as caught:
        await ask(target)
    return caught.value


@pytest.mark.parametrize(
    ("fails", "kind", "words"),
    [
        (_is_wrong_community, AuthenticationFailed, "speaks SNMP and does not answer this community"),
        (_is_silent, Unreachable, "does not answer SNMP on 127.0.0.1 port"),
        (_is_closed, Unreachable, "Nothing listens for SNMP on sw-1"),
        (_has_no_name, Unreachable, "No address is known for no such host"),
    ],
)
async def test_each_failure_has_its_sentence(
    fails: Callable[[Callable[[OrderTarget], Awaitable[object]]], Awaitable[OpstermError]],
    kind: type[OpstermError], words: str,
) -> None:  # fmt: skip
    async with reader() as snmp:
        error = await fails(lambda target: snmp.get(target, [NAME]))
        checked = await fails(snmp.check)
    assert type(error) is kind
    assert words in error.what
    assert error.next_step
    assert re.sub(r"[0-9]", "", checked.what) == re.sub(r"[0-9]", "", error.what)


async def test_a_check_without_a_login_asks_whether_there_is_an_agent_at_all() -> None:
    async with reader(community="") as snmp:
        with Agent({}, speaks_v3=True) as agent:
            await snmp.check(at(agent.port))
        with Agent({}) as agent, pytest.raises(Unreachable, match="does not answer SNMP") as caught:
            await snmp.check(at(agent.port))
        assert "opsterm snmp login sw-1" in caught.value.next_step
        with pytest.raises(AuthenticationFailed, match="No SNMP log-in of sw-1 is kept"):
            await snmp.get(at(agent.port), [NAME])


async def test_a_stopped_question_leaves_no_task_and_no_socket() -> None:
    before = asyncio.all_tasks()
    with Agent({}, community="other") as agent:
        async with reader(settings=SnmpSettings(timeout_s=30, retries=5)) as snmp:
            asked = asyncio.get_running_loop().create_task(snmp.get(at(agent.port), [NAME]))
            await in_a_thread(lambda: agent.asked.wait(5))
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


def _mutated(packet: bytes, dice: random.Random) -> bytes:
    """Return a packet with some of it changed, cut off, repeated or put in."""
    found = bytearray(packet)
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(found) or 1)
        match dice.randrange(5):
            case 0 if found:
                found[place] = dice.choice((0, 0x7F, 0x80, 0x84, 0xFF, dice.randrange(256)))
            case 1 if found:
                found[place] ^= 1 << dice.randrange(8)
            case 2:
                del found[place:]
            case 3:
                found[place:place] = found[place : place + dice.randrange(1, 40)]
            case _:
                found[place:place] = dice.randbytes(dice.randrange(1, 20))
    return bytes(found)


async def test_ten_thousand_broken_answers_do_nothing() -> None:
    """Each right answer comes behind twenty broken ones; what is broken may be believed where it can be read."""
    dice, sent = random.Random(20261128), 0

    def lie(answer: bytes, asked: Sequence[Oid]) -> Sequence[bytes]:
        nonlocal sent
        sent += 20
        return [*(_mutated(answer, dice) for _ in range(20)), *honest(answer, asked)]

    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    outcomes: dict[str, int] = {}
    sizes: list[int] = []
    with Agent(system_group(), sends=lie) as agent:
        async with reader(settings=SnmpSettings(timeout_s=0.5, retries=1)) as snmp:
            while sent < 10_000:
                try:
                    await snmp.get(at(agent.port), [NAME, UP_TIME])
                    outcome = "answered"
                except OpstermError as error:
                    outcome = error.what
                outcomes[outcome] = outcomes.get(outcome, 0) + 1
                if len(sizes) * 2000 <= sent:
                    gc.collect()
                    sizes.append(len(gc.get_objects()))
    assert faults == [], "the library lets an error of a broken packet fall into the loop"
    assert outcomes["answered"] > 400, outcomes
    assert sizes[-1] - sizes[1] < 2000, f"objects alive grow: {sizes}"


async def test_a_community_outside_latin_1_is_sent_as_utf_8() -> None:
    with Agent(system_group(), community="gehéim-Ж") as agent:
        async with reader(community="gehéim-Ж") as snmp:
            (name,) = await snmp.get(at(agent.port), [NAME])
    assert name.value.text == "agent"


LOGINS = {
    "community": (SnmpLogin(community=Secret("public")), ""),
    "no encryption": (SnmpLogin(user="u", auth="SHA", auth_passphrase=Secret("x" * 8)), ""),
    "no security": (SnmpLogin(user="u"), ""),
    "all of version 3": (V3, ""),
    "nothing": (SnmpLogin(), "a community or a user"),
    "both": (SnmpLogin(user="u", community=Secret("public")), "a community or a user"),
    "short passphrase": (SnmpLogin(user="u", auth="SHA", auth_passphrase=Secret("short")), "fewer than 8 characters"),
    "no passphrase": (SnmpLogin(user="u", auth="SHA"), "go together"),
    "unknown protocol": (SnmpLogin(user="u", auth="SHA3", auth_passphrase=Secret("x" * 8)), "is one of SHA, "),
    "encryption alone": (SnmpLogin(user="u", priv="AES", priv_passphrase=Secret("x" * 8)), "needs authentication"),
    "long user": (SnmpLogin(user="u" * 33), "at most 32 bytes"),
}


@pytest.mark.parametrize(("login", "fault"), LOGINS.values(), ids=LOGINS)
def test_a_login_is_kept_as_it_is_or_refused_with_the_reason(login: SnmpLogin, fault: str) -> None:
    if not fault:
        assert unseal(seal(login), "sw-1") == login
        return
    with pytest.raises(BadInput) as caught:
        unseal(seal(login), "sw-1")
    assert fault in caught.value.why
    assert "short" not in str(caught.value)


def test_a_plain_text_that_is_kept_is_a_community() -> None:
    assert unseal(Secret("public"), "sw-1") == SnmpLogin(community=Secret("public"))
    for text in ("{", "{}", '{"community": 4}', "[]{"):
        if text.startswith("{"):
            with pytest.raises(BadInput):
                unseal(Secret(text), "sw-1")


async def test_what_is_kept_stands_under_the_targets_name() -> None:
    ring = Ring()
    snmp = PySnmpReader(QUICK, ring, in_a_thread)  # type: ignore[arg-type]  # as above
    await snmp.keep("sw-1", V3)
    assert list(ring.kept) == [(SNMP, "sw-1")]
    await snmp.close()
