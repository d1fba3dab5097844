"""Who is changing which target is known to all, and nobody changes it at the same time without having been asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.claim import ClaimKind
from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadInput, Refused
from opsterm.runtime.ports import Ended, Operator
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import approved, story, with_targets
from tests.runtime.stage import Answer, Child, PlayedConnector, child, opened, printing, until_async

RESTART = "systemctl restart nginx"


class Held:
    """A target on which a command runs until it is let go."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()

    def answer(self) -> Answer:
        async def answer(command: str) -> AsyncIterator[bytes | Ended]:
            if command == RESTART:
                self.begun.set()
                await self.let_go.wait()
            yield Ended(exit_status=0)

        return answer


def person(name: str, origin: str = "") -> Operator:
    """Return somebody who sits at opsterm."""
    return Operator(name=name, uid=1000, host="jump-01", origin=origin, home=Path("/nowhere"))


async def running(runtime: Runtime, held: Held) -> Change:
    """Approve a change and have it run until it is let go."""
    change = await approved(runtime, RESTART, "web-01", way_back=False)
    runtime.changes.start(change.id)
    await held.begun.wait()
    return change


async def over(runtime: Runtime, change: Change) -> Change:
    """Wait for the end of a change; return it."""

    async def is_over() -> bool:
        return (await runtime.changes.get(change.id)).ended_at > 0

    await until_async(is_over)
    return await runtime.changes.get(change.id)


async def test_a_second_change_is_refused_while_one_runs_and_runs_when_somebody_says_why(home: Path) -> None:
    held = Held()
    connector = PlayedConnector({"web-01": held.answer()})
    async with opened(home, open_connector=connector.open) as runtime:
        await with_targets(runtime, "web-01")
        first = await running(runtime, held)
        second = await approved(runtime, "touch /srv/x", "web-01", way_back=False)
        with pytest.raises(Refused, match=r"c2 was not run: others have claimed 1 of the targets") as refused:
            await runtime.changes.run(second.id)
        assert "c1 of" in refused.value.why
        assert "--despite-claim" in refused.value.next_step
        assert (await runtime.changes.get(second.id)).state is ChangeState.APPROVED, "it can still be run"
        assert connector.opened == ["web-01"]
        assert (await runtime.changes.run(second.id, despite="they agreed")).state is ChangeState.DONE
        assert "claim.passed_over" in await story(runtime, second)
        held.let_go.set()
        assert (await over(runtime, first)).state is ChangeState.DONE
        assert not await runtime.claims.all()


async def test_what_only_reads_is_not_stopped(home: Path) -> None:
    held = Held()
    connector = PlayedConnector({"web-01": held.answer()})
    async with opened(home, open_connector=connector.open) as runtime:
        await with_targets(runtime, "web-01")
        await running(runtime, held)
        assert (await runtime.changes.run((await approved(runtime, "uptime", "web-01")).id)).state is ChangeState.DONE
        held.let_go.set()


async def test_who_waits_goes_on_when_the_claim_is_gone(home: Path) -> None:
    held = Held()
    connector = PlayedConnector({"web-01": held.answer()})
    async with opened(home, open_connector=connector.open) as runtime:
        await with_targets(runtime, "web-01")
        await running(runtime, held)
        second = await approved(runtime, "touch /srv/x", "web-01", way_back=False)
        waiting = asyncio.create_task(runtime.claims.wait(second))
        await asyncio.sleep(0)
        assert not waiting.done()
        held.let_go.set()
        await waiting
        assert (await runtime.changes.run(second.id)).state is ChangeState.DONE


async def test_nobody_goes_on_where_the_setting_refuses(home: Path) -> None:
    held = Held()
    connector = PlayedConnector({"web-01": held.answer()})
    async with opened(home, open_connector=connector.open, settings='[changes]\nclaims = "refuse"\n') as runtime:
        await with_targets(runtime, "web-01")
        await running(runtime, held)
        second = await approved(runtime, "touch /srv/x", "web-01", way_back=False)
        for despite in ("", "they agreed"):
            with pytest.raises(Refused):
                await runtime.changes.run(second.id, despite=despite)
        held.let_go.set()


async def test_targets_are_claimed_by_hand_for_a_time_and_by_one_at_once(home: Path, clock: StoppedClock) -> None:
    connector = PlayedConnector({"web-01": printing(b"ok")})
    async with (
        opened(home, clock=clock, operator=person("ana"), open_connector=connector.open) as ana,
        opened(home, clock=clock, operator=person("ben"), open_connector=connector.open) as ben,
    ):
        await with_targets(ana, "web-01", "web-02")
        await ben.inventory.reload()
        await ana.claims.take("web-01", for_s=600, reason="new kernel, password=hunter22")
        (claim,) = await ben.claims.all()
        assert (claim.target, claim.kind, claim.by) == ("web-01", ClaimKind.BY_HAND, "ana")
        assert "hunter22" not in claim.reason
        with pytest.raises(Refused, match="claimed by ana") as refused:
            await ben.claims.take("web-*", for_s=60)
        assert "2 of" not in str(refused.value)
        assert len(await ben.claims.all()) == 1, "all or none"
        mine = await approved(ana, "touch /srv/x", "web-01", way_back=False)
        assert (await ana.changes.run(mine.id)).state is ChangeState.DONE, "nobody is stopped by an own claim"
        theirs = await approved(ben, "touch /srv/x", "web-01", way_back=False)
        with pytest.raises(Refused, match="new kernel"):
            await ben.changes.run(theirs.id)
        clock.advance(601)
        assert [claim.kind for claim in await ana.claims.all()] == [ClaimKind.APPROVED], "what ben may still start"
        await ben.claims.take("web-*", for_s=60)
        assert len(await ben.claims.all("web-02")) == 1


async def test_a_claim_by_hand_is_given_up_by_its_owner_and_by_others_with_a_reason(home: Path) -> None:
    async with (
        opened(home, operator=person("ops", "192.0.2.1")) as one,
        opened(home, operator=person("ops", "192.0.2.2")) as two,
    ):
        await with_targets(one, "web-01", "web-02")
        await two.inventory.reload()
        await one.claims.take("web-*", for_s=600)
        with pytest.raises(BadInput, match="You have claimed none"):
            await two.claims.release("web-01")
        with pytest.raises(BadInput, match="reason"):
            await two.claims.release("web-01", of_others=True)
        await two.claims.release("web-01", of_others=True, reason="gone home")
        assert [claim.target for claim in await one.claims.all()] == ["web-02"]
        await one.claims.release("web-*")
        assert not await one.claims.all()
        await one.claims.take("web-01", for_s=60)
        with pytest.raises(Refused, match="claimed by ops from"):
            await two.claims.take("web-01", for_s=60)
        await two.claims.take("web-01", for_s=60, despite="both of us")
        assert [claim.by for claim in await two.claims.all("web-01")] == ["ops from 192.0.2.1", "ops from 192.0.2.2"]


@pytest.mark.parametrize("for_s", [0.0, -1.0, 7 * 86_400 + 1.0])
async def test_a_claim_ends(home: Path, for_s: float) -> None:
    async with opened(home) as runtime:
        with pytest.raises(BadInput, match="1 s to 7 d"):
            await runtime.claims.take("localhost", for_s=for_s)


async def test_claims_are_known_in_every_process_and_outlive_none(home: Path) -> None:
    """What a killed process was at stays claimed for as long as it may act, as something whose end was not seen."""
    async with opened(home, operator=person("dora")) as here:
        here.follow()
        async with child(home) as runner:
            number, digest = await runner.ask("propose", command=f"echo begun; touch {home}/x; exec sleep 30")
            await runner.ask("approve", number=number, digest=digest)
            await runner.ask("begin", number=number)

            async def knows(kind: ClaimKind) -> bool:
                return [claim.kind for claim in here.claims.known("localhost")] == [kind]

            await until_async(lambda: knows(ClaimKind.RUNNING))
            await until_async(lambda: here.changes.output(number, "localhost"))
            await runner.kill()
        (claim,) = await here.claims.all()
        assert (claim.kind, claim.change) == (ClaimKind.UNSEEN, f"c{number}")
        await here.changes.settle()
        assert [one.kind for one in await here.claims.all()] == [ClaimKind.UNSEEN]
        other = await approved(here, f"touch {home}/y", way_back=False)
        with pytest.raises(Refused, match="was not seen"):
            await here.changes.run(other.id)


async def test_of_many_processes_one_at_a_time_changes_a_target(home: Path) -> None:
    """Whatever two processes do at once, no two changes of one target run beside one another unasked."""
    line = f"set -e; mkdir {home}/busy; sleep 0.05; rmdir {home}/busy; echo x >> {home}/done"
    async with child(home) as one, child(home) as two:
        numbers = []
        for process in (one, two) * 3:
            number, digest = await process.ask("propose", command=line)
            await process.ask("approve", number=number, digest=digest)
            numbers.append(number)

        async def run_all(process: Child, mine: list[int]) -> list[str]:
            return [await process.ask("run", number=number) for number in mine]

        answers = await asyncio.gather(run_all(one, numbers[::2]), run_all(two, numbers[1::2]))
        ended = [answer for some in answers for answer in some]
        assert set(ended) <= {"done", "Refused"}
        assert ended.count("done") == len((home / "done").read_text().splitlines())
        assert "done" in ended
