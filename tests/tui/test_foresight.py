"""The approval screen shows what a change would do before it is approved, and asks more where it can cut us off."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsterm.changes.change import ChangeState
from opsterm.runtime.proposal import Proposal
from opsterm.tui.screens.home import HomeScreen
from tests.tui.cockpit import Stage, sitting
from tests.tui.test_approving import GUARD_S, change, propose


async def test_what_would_be_deleted_stands_on_the_screen(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "old-file").write_text("12345")
    async with sitting(stage, (140, 40)) as there:
        await propose(there, f"rm -rf {tmp_path}/old-file")
        await there.until("It would delete 1 file, 5 B in all.")
        assert "a form that keeps what this destroys: m takes it instead" in there.text
        assert (tmp_path / "old-file").exists()


async def test_a_change_that_can_cut_our_way_takes_the_name_of_the_target(stage: Stage) -> None:
    async with sitting(stage, (140, 40)) as there:
        await propose(there, "ip link set dummy-of-tests down")
        assert "it can cut our way in: type localhost to approve" in there.text
        stage.clock.advance(GUARD_S)
        await there.press("a")
        await there.type("another")
        await there.press("enter")
        assert "That is not its name." in there.text
        assert (await change(there)).state is ChangeState.PROPOSED


DENIED = [
    "OT-DATA-01 says deny: Data is destroyed",
    "here: approve; rules that ship only advise (policy.strict is off)",
]
IN_SIGHT = {
    "rm -rf /srv/a /srv/b /srv/c": [
        "✖ CRITICAL  It deletes 3 paths for good: /srv/a, /srv/b, /srv/c.", "The target is in production.", *DENIED,
        "safer     a form that keeps what this destroys: m takes it instead", "back      exact: files", "preview   ",
        "more lines below: pgdn",
    ],
    "ip link set dummy-of-tests down": [
        "✖ HIGH  The target is in production.", "cuts      yes: It changes the network (dummy-of-tests down)",
        "guard the target takes it back by itself", "rules     OT-CHG-01 says approve:", "back      exact: network",
        "type web-01 to approve",
    ],
    "systemctl restart nginx": [
        "✖ HIGH  It restarts: nginx. The target is in production.", "systemctl reload nginx", "preview   ",
    ],
}  # fmt: skip


@pytest.mark.parametrize("command", IN_SIGHT)
async def test_what_a_decision_rests_on_is_in_sight_on_the_smallest_usual_screen(
    furnished: Stage, command: str
) -> None:
    async with sitting(furnished) as there:
        home = there.app.screen
        assert isinstance(home, HomeScreen)
        proposal = Proposal(command=command, selector="web-01", origin="screen")
        made = await there.app.runtime.changes.propose(proposal)
        await home.errands.with_change("open", made.id)
        await there.until(lambda: "preview   " in there.text and "looking up" not in there.text)
        words = " ".join(there.text.replace("┃", " ").replace("▁", " ").split())
        missing = [text for text in IN_SIGHT[command] if " ".join(text.split()) not in words]
        assert not missing, there.text
        assert "read them first" not in there.text


async def test_what_does_not_fit_has_to_be_read_before_it_is_approved(stage: Stage) -> None:
    lines = "\n".join(f"touch made-{number}" for number in range(30))
    async with sitting(stage) as there:
        await propose(there, "kill -9 4242424")
        home = there.app.screen_stack[-2]
        assert isinstance(home, HomeScreen)
        made = await there.app.runtime.changes.propose(
            Proposal(command=f"kill -9 4242424\n{lines}", selector="localhost", origin="screen")
        )
        await there.press("escape")
        await home.errands.with_change("open", made.id)
        await there.until("read them first")
        stage.clock.advance(GUARD_S)
        await there.press("1", "enter")
        assert "There is more to read: pgdn. Then approve it." in there.text
        assert (await change(there, made.id)).state is ChangeState.PROPOSED
        await there.press(*["pagedown"] * 4)
        assert "read them first" not in there.text
