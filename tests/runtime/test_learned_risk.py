"""What became of this operator's own changes raises the grade of the next, once it is known to tell something."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState, Outcome, OutcomeState
from opsterm.changes.past_commands import PAST_ENDS, past_end
from opsterm.core.clock import StoppedClock
from opsterm.inventory.target import Target
from opsterm.policy.learned import training
from opsterm.policy.learned.lesson import PastEnd
from opsterm.runtime.learned_risk import READ_AGAIN_S
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.runtime import Runtime
from tests.policy.past import past
from tests.runtime.changing import approved, proposed
from tests.runtime.learning import change_of, with_past
from tests.runtime.stage import opened, until

EVENING = datetime(2024, 3, 5, 20, 30, tzinfo=UTC).timestamp()
MORNING = EVENING - 11 * 3600
MILD = "touch /tmp/opsterm-learned"
AUTONOMY = """
[policy]
packs = ""
[[approvals.autonomy]]
environment = "prod"
level = "low"
actor = "command line"
daily = 9
"""


async def with_two_hosts(runtime: Runtime) -> None:
    for name, environment in (("web-1", "prod"), ("lab-1", "lab")):
        await runtime.inventory.add(Target(name=name, address=f"{name}.example", environment=environment))


async def grade(runtime: Runtime, selector: str, command: str = MILD) -> tuple[str, str]:
    """Return the grade of a proposal and its last reason."""
    risk = (await proposed(runtime, command, selector)).risk
    return risk.level, risk.reasons[-1]


async def test_what_ended_badly_in_such_a_place_raises_the_next(home: Path) -> None:
    clock = StoppedClock(EVENING)
    async with opened(home, clock=clock) as runtime:
        await with_two_hosts(runtime)
        await with_past(runtime, past(300, 1))
        assert (await grade(runtime, "web-1"))[0] == "low"
        state = await runtime.learned.train()
        assert state.silent == ""
        level, reason = await grade(runtime, "web-1")
        assert level == "medium"
        assert reason.startswith("Learned from your own outcomes: none like it has run here")
        assert (await grade(runtime, "lab-1"))[0] == "low"
        clock.at = MORNING
        assert (await grade(runtime, "web-1"))[0] == "low"
        _, told = await grade(runtime, "web-1", "uptime")
        assert "Learned" not in told, "what only reads is left alone"


async def test_what_would_run_without_a_person_waits_for_one_when_it_is_raised(home: Path) -> None:
    mild = Proposal(command=MILD, selector="web-1", origin="command line")
    async with opened(home, clock=StoppedClock(EVENING), settings=AUTONOMY) as runtime:
        await with_two_hosts(runtime)
        await with_past(runtime, past(300, 1))
        assert (await runtime.changes.query(mild)).state is ChangeState.APPROVED
        await runtime.learned.train()
        waiting = await runtime.changes.query(mild)
        assert waiting.state is ChangeState.PROPOSED
        given = await runtime.changes.approve(waiting.id, digest=waiting.digest)
        assert (given.state, given.risk.level) == (ChangeState.APPROVED, "medium"), "as it was shown"


async def test_those_like_it_are_counted(home: Path) -> None:
    async with opened(home, clock=StoppedClock(EVENING)) as runtime:
        await with_two_hosts(runtime)
        await with_past(runtime, past(300, 1))
        await runtime.learned.train()
        where = await runtime.assessments.whereabouts("web-1")
        found = await runtime.assessments.assess("systemctl restart elsewhere", shell="bash", where=where)
        assert any("like it here" in reason and "did not end well (" in reason for reason in found.reasons)


async def test_each_end_of_a_real_change_is_counted(home: Path) -> None:
    async with opened(home) as runtime:
        ran = [await approved(runtime, f"touch {home}/learned/x") for _ in range(2)]
        (home / "learned").mkdir(parents=True, exist_ok=True)
        await runtime.changes.run(ran[0].id)
        (home / "learned/x").unlink()
        (home / "learned").rmdir()
        await runtime.changes.run(ran[1].id)
        denied = await proposed(runtime, "systemctl stop ssh")
        await runtime.changes.deny(denied.id, note="no")
        await proposed(runtime, "systemctl stop cron")
        read = await approved(runtime, "uptime")
        await runtime.changes.run(read.id)
        state = await runtime.learned.train()
        assert state.model is not None
        assert state.model.figures.ends == {"denied": 1, "done": 1, "failed": 1}
        assert "Of outcomes of your own changes it has seen 3, and speaks from 100 on." in state.silent
        (row,) = [row for row in await runtime.audit.rows() if row.kind == "policy.model_trained"]
        assert "3 changes, 2 of them not well" in row.result


async def test_a_spoilt_file_raises_nothing_and_stops_nothing(home: Path) -> None:
    async with opened(home) as runtime:
        await runtime.learned.train()
        file = runtime.paths.learned_risk
        assert file.stat().st_mode & 0o777 == 0o600
        file.write_text(file.read_text().replace('"intercept": ', '"intercept": 1'))
        runtime.learned._state = None
        state = await runtime.learned.status()
        assert state.model is None
        assert state.silent.startswith("What was learned of risk is not used: its file is not as it was written.")
        assert (await grade(runtime, "localhost"))[0] == "low"
        (line,) = [check for check in await runtime.doctor() if check.name == "learned risk"]
        assert (line.health, line.next_step) == ("note", "`opsterm risk train` makes it anew.")
        await runtime.learned.train()
        assert (await runtime.learned.status()).model is not None


async def test_what_another_process_has_learned_is_heard_within_a_minute(home: Path) -> None:
    clock = StoppedClock(EVENING)
    async with opened(home, clock=clock) as runtime, opened(home, clock=clock) as other:
        assert (await runtime.learned.status()).model is None
        await other.learned.train()
        assert (await runtime.learned.status()).model is None
        clock.advance(READ_AGAIN_S)
        assert (await runtime.learned.status()).model is not None


async def test_a_training_that_is_cancelled_leaves_what_was_learned(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on, ended = threading.Event(), threading.Event(), threading.Event()
    fit = training._fit

    def slow_fit(*given: object) -> object:
        begun.set()
        goes_on.wait(30)
        try:
            return fit(*given)  # type: ignore[arg-type]  # passed on as it came
        except training.TrainingStopped:
            ended.set()
            raise

    async with opened(home) as runtime:
        before = await runtime.learned.train()
        monkeypatch.setattr(training, "_fit", slow_fit)
        task = asyncio.create_task(runtime.learned.train())
        await until(begun.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        goes_on.set()
        await until(ended.is_set)
        assert await runtime.learned.status() == before


async def test_an_export_is_of_the_lessons_of_now(home: Path) -> None:
    async with opened(home) as runtime:
        await with_past(runtime, past(30, 2))
        await runtime.learned.train()
        found = await runtime.learned.export()
        assert found.same
        assert sum(lesson.own for lesson in found.lessons) == 30
        await with_past(runtime, past(1, 3))
        assert not (await runtime.learned.export()).same


def test_every_state_of_a_change_says_something_or_is_left_out() -> None:
    assert set(PAST_ENDS) == set(ChangeState)


@pytest.mark.parametrize(
    ("outcomes", "end"),
    [
        ([OutcomeState.FAILED, OutcomeState.DONE], PastEnd.FAILED),
        ([OutcomeState.TIMED_OUT], PastEnd.FAILED),
        ([OutcomeState.UNREACHABLE, OutcomeState.DONE], None),
    ],
)
def test_a_target_that_was_not_reached_says_nothing_of_the_command(
    outcomes: list[OutcomeState], end: PastEnd | None
) -> None:
    failed = next(change for one in past(50, 1) if (change := change_of(one)).state is ChangeState.FAILED)
    ends = tuple(Outcome(target=f"h{n}", state=state) for n, state in enumerate(outcomes))
    assert past_end(replace(failed, outcomes=ends)) is end
