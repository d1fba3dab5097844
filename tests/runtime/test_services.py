"""The registry of services: looks propose, the operator decides, what is gone stays until it is removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, NotFound
from opsterm.inventory.service import HealthStatus, ServiceState
from opsterm.inventory.target import Target
from opsterm.runtime.runtime import Runtime
from tests.monitoring.hosts import SS, SYSTEMD, printed
from tests.runtime.stage import PlayedConnector, opened, printing

LINUX = {"kernel": "Linux\n6.1\nx86_64\nx", "services": "systemd", "owners": ""}
WEB = {
    **LINUX,
    "ss": 'tcp LISTEN 0 9 *:80 *:* users:(("nginx",pid=4,fd=5))\n',
    "lines": 'ESTAB 0 0 10.0.0.5:51000 10.0.0.7:5432 users:(("nginx",pid=4,fd=7))',
}
BARE = {**LINUX, "ss": "Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n", "lines": ""}
DB = {
    **LINUX, **SYSTEMD,
    "ss": 'tcp LISTEN 0 9 *:5432 *:* users:(("postgres",pid=4,fd=5))\n',
    "lines": "",
    "addresses": "2: eth0    inet 10.0.0.7/24 scope global eth0",
}  # fmt: skip


def saying(parts: Mapping[str, str]) -> bytes:
    return printed(parts).encode()


@pytest.fixture
def connector() -> PlayedConnector:
    return PlayedConnector({"web-1": printing(saying(WEB)), "db-1": printing(saying(DB))})


@asynccontextmanager
async def stage(home: Path, clock: StoppedClock, connector: PlayedConnector) -> AsyncIterator[Runtime]:
    async with opened(home, clock=clock, open_connector=connector.open) as runtime:
        for name in ("db-1", "web-1"):
            await runtime.inventory.add(Target(name=name, address="127.0.0.1"))
        yield runtime


async def reasons(runtime: Runtime) -> list[tuple[str, str]]:
    facts = await runtime.store.journal.search(kinds=["service.changed", "service.dependency_changed"])
    return [(getattr(fact.event, "service"), getattr(fact.event, "reason")) for fact in facts]  # noqa: B009 (of two kinds)


async def test_what_is_found_is_proposed_and_dependencies_are_observed(
    home: Path, clock: StoppedClock, connector: PlayedConnector
) -> None:
    async with stage(home, clock, connector) as runtime:
        found = await runtime.services.discover("db-1 or web-1")
        assert [s.id for s in found.new] == ["postgres@db-1", "nginx@web-1"]
        assert [(d.service, d.on) for d in found.observed] == [("nginx@web-1", "postgres@db-1")]
        assert {s.id: s.state for s in await runtime.services.list()} == {
            "postgres@db-1": ServiceState.FOUND, "nginx@web-1": ServiceState.FOUND,
        }  # fmt: skip
        assert [s.id for s in await runtime.services.list(capability="sql")] == ["postgres@db-1"]
        assert [s.id for s in await runtime.services.list(capability="sql:postgres", selector="db-1")] == [
            "postgres@db-1"
        ]
        view = await runtime.services.get("postgres@db-1")
        assert [r.id for r in view.dependants] == ["nginx@web-1"]
        assert await reasons(runtime) == [
            ("postgres@db-1", "found"), ("nginx@web-1", "found"), ("nginx@web-1", "observed"),
        ]  # fmt: skip
        again = await runtime.services.discover("db-1 or web-1")
        assert (again.new, again.changed, again.gone, again.observed) == ((), (), (), ())
        assert len(await reasons(runtime)) == 3


async def test_what_is_missed_is_gone_and_stays_until_it_is_removed(
    home: Path, clock: StoppedClock, connector: PlayedConnector
) -> None:
    async with stage(home, clock, connector) as runtime:
        await runtime.services.discover("web-1")
        assert [s.id for s in await runtime.services.accept(["nginx@web-1"])] == ["nginx@web-1"]
        connector.answers = {"web-1": printing(saying(BARE))}
        assert [s.id for s in (await runtime.services.discover("web-1")).gone] == ["nginx@web-1"]
        assert [s.state for s in await runtime.services.list()] == [ServiceState.GONE]
        connector.answers = {"web-1": printing(saying(WEB))}
        assert [s.state for s in (await runtime.services.discover("web-1")).back] == [ServiceState.ACCEPTED]
        await runtime.services.remove(["nginx@web-1"])
        assert await runtime.services.list() == []
        with pytest.raises(NotFound, match="no service nginx@web-1"):
            await runtime.services.get("nginx@web-1")


async def test_a_refreshed_profile_tells_the_registry_only_of_targets_it_knows(
    home: Path, clock: StoppedClock, connector: PlayedConnector
) -> None:
    async with stage(home, clock, connector) as runtime:
        await runtime.profiles.refresh("web-1")
        assert await runtime.services.list() == []
        await runtime.services.discover("web-1", refresh=False)
        connector.answers = {"web-1": printing(saying(BARE))}
        await runtime.profiles.refresh("web-1")
        assert [s.state for s in await runtime.services.list()] == [ServiceState.GONE]


async def test_a_target_that_cannot_be_looked_at_is_named_and_loses_nothing(
    home: Path, clock: StoppedClock, connector: PlayedConnector
) -> None:
    async with stage(home, clock, connector) as runtime:
        await runtime.services.discover("web-1")
        connector.answers = {"db-1": printing(saying(DB))}
        found = await runtime.services.discover("db-1 or web-1")
        assert found.failed == {"web-1": "web-1 did not answer."}
        assert {s.id: s.state for s in await runtime.services.list()}["nginx@web-1"] is ServiceState.FOUND


async def test_ignored_services_stay_out_of_the_way(
    home: Path, clock: StoppedClock, connector: PlayedConnector
) -> None:
    async with stage(home, clock, connector) as runtime:
        await runtime.services.discover("all and not localhost")
        assert [s.id for s in await runtime.services.ignore(["web-1"])] == ["nginx@web-1"]
        assert [s.id for s in await runtime.services.list()] == ["postgres@db-1"]
        assert [s.id for s in await runtime.services.list(states=[ServiceState.IGNORED])] == ["nginx@web-1"]
        assert (await runtime.services.discover("web-1")).new == ()
        assert await runtime.services.ignore(["nginx@web-1"]) == []
        with pytest.raises(NotFound, match="waits for a decision"):
            await runtime.services.accept(["web-1"])
        with pytest.raises(BadInput):
            await runtime.services.remove(["web-1"])


async def test_dependencies_are_declared_and_withdrawn_and_may_go_in_a_circle(
    home: Path, clock: StoppedClock, connector: PlayedConnector
) -> None:
    async with stage(home, clock, connector) as runtime:
        await runtime.services.discover("all and not localhost")
        await runtime.services.depend("postgres@db-1", "nginx@web-1")
        view = await runtime.services.get("nginx@web-1")
        assert view.cycle == ("nginx@web-1", "postgres@db-1")
        assert [r.id for r in view.dependants] == ["postgres@db-1"]
        await runtime.services.depend("postgres@db-1", "nginx@web-1", withdraw=True)
        assert (await runtime.services.get("nginx@web-1")).cycle == ()
        with pytest.raises(NotFound, match="Nothing says"):
            await runtime.services.depend("postgres@db-1", "nginx@web-1", withdraw=True)
        with pytest.raises(BadInput, match="cannot need itself"):
            await runtime.services.depend("nginx@web-1", "nginx@web-1")


async def test_health_is_checked_over_the_network_and_by_a_look(
    home: Path, clock: StoppedClock, connector: PlayedConnector
) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    listens = f'tcp LISTEN 0 9 *:{port} *:* users:(("postgres",pid=4,fd=5))\n'
    connector.answers = {
        "db-1": printing(saying({**DB, "ss": listens})),
        "web-1": printing(saying({**LINUX, **SYSTEMD, **SS})),
    }
    async with server, stage(home, clock, connector) as runtime:
        await runtime.services.discover("all and not localhost")
        await runtime.services.accept(["postgres@db-1", "postgresql-15-main@web-1", "snmpd@web-1"])
        checked = {s.id: (s.health, s.health_text) for s in await runtime.services.check([])}
        assert checked["postgres@db-1"] == (HealthStatus.OK, f"127.0.0.1:{port} takes connections.")
        assert checked["postgresql-15-main@web-1"] == (HealthStatus.FAILED, "Its unit postgresql@15-main is failed.")
        assert checked["snmpd@web-1"][0] is HealthStatus.UNKNOWN
        server.close()
        await server.wait_closed()
        (after,) = await runtime.services.check(["postgres@db-1"])
        assert after.health is HealthStatus.FAILED
        assert ("postgres@db-1", "health") in await reasons(runtime)


async def test_the_chat_answers_from_profiles_and_registry(
    home: Path, clock: StoppedClock, connector: PlayedConnector
) -> None:
    async with stage(home, clock, connector) as runtime:
        await runtime.services.discover("all and not localhost")
        assistant = await runtime.assistant()
        for sentence, first in {
            "which targets run postgres": "1 target of 2 that were looked at runs postgres.",
            "who listens on 5432": "Port 5432:",
            "what depends on db-1's postgres": "1 service would be reached if postgres@db-1 failed:",
            "pending security updates": "Pending security updates are not known of db-1,web-1.",
        }.items():
            answer = await assistant.ask(sentence, origin="chat")
            assert getattr(answer.blocks[0], "text", "") == first
