"""The executor goes over 500 hosts with faults of every kind, again and again, until all is done."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from random import Random

from opsterm.changes.change import ChangeState, OutcomeState
from opsterm.changes.rollout import RolloutWish
from opsterm.core.errors import TimedOut, Unreachable
from opsterm.runtime.imports import ImportSource
from opsterm.runtime.ports import Ended
from opsterm.runtime.rollouts import ResumeWish
from tests.runtime.changing import approved, outcomes
from tests.runtime.stage import Answer, PlayedConnector, opened

FAULTS = ("exit", "line", "late", "ours")


class Faults:
    """500 hosts with faults of every kind, seen from the hosts: what ran there, and who was away at the same time.

    Attributes:
        done: how often the command ended well on each.
        at_work: hosts on which it runs now.
        worst: members of one group that were away at once, at most.
    """

    def __init__(self, names: Sequence[str], groups: Mapping[str, str], random: Random, *, ills: float) -> None:
        self.done: Counter[str] = Counter()
        self.at_work: set[str] = set()
        self.down: set[str] = set()
        self.worst = self.most_not_well = 0
        self._groups, self._random, self._ills = groups, random, ills
        self.connector = PlayedConnector({name: self._answer(name) for name in names})

    def _answer(self, name: str) -> Answer:
        async def answer(command: str) -> AsyncIterator[bytes | Ended]:
            del command
            self.at_work.add(name)
            self._look(name)
            try:
                for _ in range(self._random.randrange(4)):
                    await asyncio.sleep(0)
                fault = self._random.choice(FAULTS) if self._random.random() < self._ills else ""
                if fault:
                    self.down.add(name)
                    self._look(name)
                yield b"some output"
                if fault == "line":
                    raise Unreachable(f"The connection to {name} was lost.")
                if fault == "late":
                    raise TimedOut("It took too long.")
                if fault == "ours":
                    raise ZeroDivisionError
                if not fault:
                    self.done[name] += 1
                    self.down.discard(name)
                yield Ended(exit_status=int(bool(fault)))
            finally:
                self.at_work.discard(name)

        return answer

    def _look(self, name: str) -> None:
        """Note what is away now."""
        away = self.at_work | self.down
        self.worst = max(self.worst, sum(self._groups[one] == self._groups[name] for one in away))
        self.most_not_well = max(self.most_not_well, len(away))


async def test_500_hosts_with_faults_are_gone_over_until_all_is_done(home: Path) -> None:
    """The budget is never overrun, no group has more away than allowed, and what is resumed is what is not done."""
    random = Random(1)
    names = [f"web-{number:03}" for number in range(500)]
    groups = {name: f"redundancy:{place // 5}" for place, name in enumerate(names)}
    fleet = Faults(names, groups, random, ills=0.03)
    settings = "[ssh]\nparallel = 40\n"
    async with opened(home, open_connector=fleet.connector.open, settings=settings) as runtime:
        lines = ["name,address,tags", *(f"{name},{name}.example,{groups[name]}" for name in names)]
        (home / "fleet.csv").write_text("\n".join(lines))
        await runtime.inventory.import_from(ImportSource.CSV, home / "fleet.csv")
        wish = RolloutWish(strategy="rolling:100", failures="8", max_unavailable=2)
        change = await approved(runtime, "touch /srv/x", "web-*", rollout=wish, way_back=False)
        rounds = 0
        while True:
            before = fleet.most_not_well = len(fleet.down)
            ended = await runtime.changes.run(change.id)
            assert fleet.most_not_well - before <= 8, "failed and at work together are never more than the budget"
            assert fleet.worst <= 2
            assert {name for name, outcome in outcomes(ended).items() if outcome.state is OutcomeState.DONE} == {
                name for name in outcomes(ended) if fleet.done[name]
            }
            if ended.state is ChangeState.DONE:
                break
            rounds += 1
            wish_again = ResumeWish(change=ended.id, rollout=wish, origin="command line")
            change = await runtime.rollouts.resume(wish_again)
            assert {target.name for target in change.order.targets} == {name for name in names if not fleet.done[name]}
            await runtime.changes.approve(change.id, digest=change.digest)
        assert rounds > 1, "the budget was spent more than once"
        assert fleet.done == Counter(names), "everywhere, and nowhere twice"
