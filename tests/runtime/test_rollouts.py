"""The executor goes over targets as was approved, and a change that stopped is gone on with."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.changes.rollout import RolloutWish
from opsterm.cli.verbs.running import exit_code
from opsterm.core.errors import BadInput, ExitCode, NotApproved
from opsterm.inventory.target import Target
from opsterm.runtime.ports import Ended
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.rollouts import ResumePart, ResumeWish
from opsterm.runtime.runtime import Runtime
from tests.runtime.changing import approved, outcomes, story, with_targets
from tests.runtime.stage import Answer, PlayedConnector, opened, printing, until

NAMES = tuple(f"web-{number:02}" for number in range(1, 7))
ALL = "web-[01-06]"


_AROUND = re.compile("^(keeper (capture|note)|take|give_up) ", re.MULTILINE)
"""What is sent around a command: to keep what it touches, and to leave a mark."""


class Fleet:
    """Targets of which some fail, and what was seen of them.

    Attributes:
        most: targets that were worked on at the same time, at most.
    """

    def __init__(self, *bad: str) -> None:
        self.connector = PlayedConnector({name: self._answer(exit_status=int(name in bad)) for name in NAMES})
        self.most = 0
        self._now = 0

    def _answer(self, *, exit_status: int) -> Answer:
        async def answer(command: str) -> AsyncIterator[bytes | Ended]:
            if _AROUND.search(command):
                yield Ended(exit_status=0)
                return
            self._now += 1
            self.most = max(self.most, self._now)
            for _ in range(5):
                await asyncio.sleep(0)
            self._now -= 1
            yield Ended(exit_status=exit_status)

        return answer


async def run(runtime: Runtime, strategy: str = "", failures: str = "", most: int = 0, on: str = ALL) -> Change:
    """Propose, approve and run by a rollout."""
    wish = RolloutWish(strategy=strategy, failures=failures, max_unavailable=most)
    change = await approved(runtime, "uptime", on, rollout=wish)
    return await runtime.changes.run(change.id)


def states(change: Change) -> str:
    """Return the first letter of each outcome: d done, f failed, c not started."""
    return "".join(outcome.state[0] for outcome in change.outcomes)


@pytest.mark.parametrize(
    ("strategy", "failures", "bad", "ended", "at_once"),
    [
        ("", "", (), "dddddd", 6),
        ("", "", ("web-01", "web-03"), "fdfddd", 6),
        ("sequential", "", (), "dddddd", 1),
        ("sequential", "", ("web-03",), "ddfccc", 1),
        ("sequential", "2", ("web-01", "web-03"), "fdfccc", 1),
        ("rolling:2", "", (), "dddddd", 2),
        ("rolling:2", "", ("web-03",), "ddfdcc", 2),
        ("rolling:3", "50%", ("web-02",), "dfdddd", 3),
        ("canary:1", "", (), "dddddd", 5),
        ("canary:1:2", "3", ("web-01",), "fccccc", 1),
        ("canary:2:2", "", ("web-05",), "ddddfd", 2),
    ],
)  # fmt: skip
async def test_targets_are_worked_on_as_was_approved(
    home: Path, strategy: str, failures: str, bad: tuple[str, ...], ended: str, at_once: int
) -> None:
    fleet = Fleet(*bad)
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        await with_targets(runtime, *NAMES)
        change = await run(runtime, strategy, failures)
        assert (states(change), fleet.most) == (ended, at_once)
        assert change.state is (ChangeState.FAILED if bad else ChangeState.DONE)
        assert (await runtime.changes.get(change.id)).outcomes == change.outcomes
        assert exit_code(change) == (ExitCode.SOME_FAILED if bad else ExitCode.DONE)


async def test_what_was_not_started_says_why_and_is_in_the_journal(home: Path) -> None:
    fleet = Fleet("web-01")
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        await with_targets(runtime, *NAMES)
        change = await run(runtime, "sequential", "1")
        left = outcomes(change)["web-02"]
        assert (left.state, left.message) == (OutcomeState.CANCELLED, "Not started: 1 failed, and the budget is 1.")
        assert fleet.connector.opened == ["web-01"]
        assert (await story(runtime, change)).count("change.target_ended") == len(NAMES)


async def test_the_rollout_is_part_of_what_is_approved(home: Path) -> None:
    async with opened(home, open_connector=Fleet().connector.open) as runtime:
        await with_targets(runtime, *NAMES)
        change = await approved(runtime, "uptime", ALL, rollout=RolloutWish(strategy="canary:1:2", failures="50%"))
        assert b'"rollout":"canary:1:2 max-failures=50%"' in change.order.canonical()
        assert (await runtime.changes.get(change.id)).order == change.order
        for wish in (RolloutWish(strategy="canary:6"), RolloutWish(strategy="x"), RolloutWish(max_unavailable=1)):
            with pytest.raises(BadInput):
                await approved(runtime, "uptime", ALL, rollout=wish)


async def with_group(runtime: Runtime, *names: str) -> None:
    """Add targets that stand in for one another."""
    for name in names:
        await runtime.inventory.add(
            Target(name=name, address=f"{name}.example", tags=("redundancy:web",), environment="prod")
        )


async def test_of_a_group_no_more_are_away_than_was_approved(home: Path) -> None:
    fleet = Fleet("web-02")
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        await with_group(runtime, "web-01", "web-02", "web-03")
        await with_targets(runtime, *NAMES[3:])
        change = await run(runtime, "", "", 1)
        assert states(change) == "dfcddd", "the others are not of the group"
        assert "at most 1 may be away, and web-02 failed" in outcomes(change)["web-03"].message


async def test_a_group_with_other_members_than_approved_voids_the_change(home: Path) -> None:
    async with opened(home, open_connector=Fleet().connector.open) as runtime:
        await with_group(runtime, "web-01", "web-02")
        change = await approved(runtime, "uptime", "web-01", rollout=RolloutWish(max_unavailable=1))
        await with_group(runtime, "web-03")
        with pytest.raises(NotApproved, match="redundancy:web has other members"):
            await runtime.changes.run(change.id)


@pytest.mark.parametrize(
    ("part", "names"),
    [
        (ResumePart.FAILED, ["web-03"]),
        (ResumePart.NOT_STARTED, ["web-04", "web-05", "web-06"]),
        (ResumePart.ALL, ["web-03", "web-04", "web-05", "web-06"]),
    ],
)
async def test_a_change_that_stopped_is_gone_on_with_where_it_is_not_done(
    home: Path, part: ResumePart, names: list[str]
) -> None:
    fleet = Fleet("web-03")
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        await with_targets(runtime, *NAMES)
        first = await run(runtime, "sequential")
        again = await runtime.rollouts.resume(ResumeWish(change=first.id, part=part, origin="command line"))
        assert [target.name for target in again.order.targets] == names
        assert (again.order.command, again.reason) == ("uptime", f"resumes {first.name}")
        assert again.order.terms is not None
        assert again.order.terms.rollout == "sequential"
        fleet.connector.answers = dict.fromkeys(NAMES, printing(b"ok"))
        await runtime.changes.approve(again.id, digest=again.digest)
        ended = await runtime.changes.run(again.id)
        assert ended.state is ChangeState.DONE
        with pytest.raises(BadInput, match="No target of c2 is"):
            await runtime.rollouts.resume(ResumeWish(change=ended.id, part=part, origin="command line"))


async def test_what_is_stopped_stops_and_can_be_resumed(home: Path) -> None:
    fleet, reached = Fleet(), asyncio.Event()

    async def waits(command: str) -> AsyncIterator[bytes | Ended]:
        del command
        reached.set()
        await asyncio.Event().wait()
        yield Ended(exit_status=0)

    fleet.connector.answers = {**fleet.connector.answers, "web-02": waits}
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        await with_targets(runtime, *NAMES)
        change = await approved(runtime, "uptime", ALL, rollout=RolloutWish(strategy="sequential"))
        runtime.changes.start(change.id)
        await reached.wait()
        with pytest.raises(BadInput, match="nothing to resume"):
            await runtime.rollouts.resume(ResumeWish(change=change.id, origin="command line"))
        runtime.changes._stop_here(change.id)
        await until(lambda: not runtime.changes._running)
        stopped = await runtime.changes.get(change.id)
        assert (states(stopped), stopped.state) == ("dccccc", ChangeState.CANCELLED)
        assert fleet.connector.opened == ["web-01", "web-02"]
        for part, names in ((ResumePart.FAILED, ["web-02"]), (ResumePart.NOT_STARTED, list(NAMES[2:]))):
            again = await runtime.rollouts.resume(ResumeWish(change=change.id, part=part, origin="command line"))
            assert [target.name for target in again.order.targets] == names


async def test_how_much_it_would_reach_is_said(home: Path) -> None:
    async with opened(home) as runtime:
        await with_group(runtime, "web-01", "web-02")
        change = await approved(runtime, "uptime", "web-01")
        assert runtime.rollouts.blast_radius(change) == "1 of 2 production targets; 1 of 2 members of web"


@pytest.mark.parametrize(
    ("strategy", "bad", "touched"),
    [
        ("sequential", "web-03", "web-03 web-02 web-01"),
        ("rolling:2", "web-03", "web-04 web-03 web-02 web-01"),
        ("canary:1:2", "web-02", "web-03 web-02 web-01"),
        ("", "web-03", " ".join(reversed(NAMES))),
    ],
)
async def test_just_what_was_touched_is_taken_back_in_the_reverse_order(
    home: Path, strategy: str, bad: str, touched: str
) -> None:
    fleet = Fleet(bad)
    async with opened(home, open_connector=fleet.connector.open) as runtime:
        await with_targets(runtime, *NAMES)
        first = await approved(runtime, "touch /srv/x", ALL, rollout=RolloutWish(strategy=strategy))
        assert (await runtime.changes.run(first.id)).state is ChangeState.FAILED
        back = await runtime.rollbacks.propose(RollbackWish(change=first.id, origin="command line"))
        await runtime.changes.approve(back.id, digest=back.digest)
        fleet.connector.answers = Fleet(touched.split(" ", maxsplit=1)[0]).connector.answers  # the first cannot be
        fleet.connector.opened.clear()
        ended = await runtime.changes.run(back.id)
        assert fleet.connector.opened == touched.split()
        assert [outcome.target for outcome in ended.outcomes] == touched.split()
        assert states(ended).count("d") == len(touched.split()) - 1, "one that fails is no reason to leave the others"
