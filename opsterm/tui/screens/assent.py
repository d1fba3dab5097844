"""What a person adds to a yes on the approval screen: a reason, a name that is typed, a signature, an emergency."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from opsterm.changes.change import Change, ChangeState
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.policy.approval import Friction, friction
from opsterm.policy.standing import is_standing
from opsterm.runtime.assent import Assent, Progress
from opsterm.runtime.runtime import Runtime
from opsterm.tui.glyphs import Glyphs
from opsterm.tui.keys import KeyMap
from opsterm.tui.screens.change_evidence import ChangeEvidence
from opsterm.tui.screens.change_sheet import not_reached
from opsterm.tui.screens.claim_question import ClaimQuestion
from opsterm.tui.screens.connection_test import ConnectionTestScreen
from opsterm.tui.screens.dialog import Dialog
from opsterm.tui.screens.prompt import PromptScreen

GLASS_WORDS = "break glass"
"""What is typed before the reason of an emergency."""


class AssentDialog(Dialog[str]):
    """A dialog about one change that somebody may say yes to. Its heirs show the change, and say what went wrong."""

    runtime: Runtime
    change: Change
    evidence: ChangeEvidence
    progress: Progress | None = None

    def show(self) -> None:
        """Write everything anew."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """Say something beside what is asked."""
        raise NotImplementedError

    def fault(self, error: OpstermError) -> None:
        """Say what went wrong, in a place that stays."""
        raise NotImplementedError

    @property
    def friction(self) -> Friction:
        """What has to be done here for a yes."""
        targets = self.change.order.targets
        name = targets[0].name if targets else ""
        return friction(self.change.risk.level, len(targets), name=name, cuts=self.evidence.can_cut)

    async def look_at_progress(self) -> None:
        """See who has approved and who is still needed; what cannot be read is told when somebody approves."""
        with suppress(OpstermError):
            self.progress = await self.runtime.approvals.progress(self.change)
        self.show()

    def ask_for_name(self) -> None:
        """Ask for the name of the one target of a critical change, or of the first to which it can cut our way."""
        asked = self.friction

        async def typed(name: str | None) -> None:
            if name is not None and self.change.state is ChangeState.PROPOSED:
                await self.give()

        def wrong(text: str) -> str:
            return "" if text.strip() == asked.answer else "That is not its name."

        self._prompt(f"{asked.prompt.capitalize()}:", typed, check=wrong)

    async def give(self) -> None:
        """Say yes, after asking for a reason where one is needed."""
        if self.progress is not None and self.progress.needs_reason:

            async def reasoned(reason: str | None) -> None:
                if reason:
                    await self._approve(Assent(note=reason, key=self._key))

            self._prompt("Why? The reason is kept in the audit.", reasoned, check=_no_reason)
            return
        await self._approve(Assent(key=self._key))

    def ask_to_break_glass(self) -> None:
        """Ask whether this one person approves alone."""
        if self.progress is None or not self.progress.may_break_glass:
            self.say("Nobody approves alone here: approvals.break_glass does not name its environment.")
            return

        async def broken(text: str | None) -> None:
            if text:
                await self._approve(Assent(note=text.strip()[len(GLASS_WORDS) :].strip(), alone=True))

        self._prompt(
            f"You approve alone, and somebody else will have to look at it.\nType {GLASS_WORDS}, and why:", broken,
            check=lambda text: "" if _is_glass(text) else f"Type {GLASS_WORDS}, a blank, and the reason.",
        )  # fmt: skip

    def ask_for_file(self) -> None:
        """Ask for the file in which somebody else says yes."""
        name = self.change.name

        async def given(path: str | None) -> None:
            if path:
                await self._approve(Assent(written=path.strip()))

        self._prompt(
            f"Somebody else reads {name} and says yes, from an account of theirs:\n"
            f"opsterm change {name} --request > {name}.request    prints it, for them to read\n"
            f"opsterm sign {name}.request > {name}.yes    is what they do\n"
            "The file that they made:", given, check=lambda text: "" if text.strip() else "Name the file.",
        )  # fmt: skip

    def test_first_missed(self, keymap: KeyMap, glyphs: Glyphs) -> None:
        """Test the connection to a target that was not reached; there an unknown host key can be trusted."""
        name = not_reached(self.change)
        target = self.runtime.inventory.target(name)
        if target is not None:
            self.app.push_screen(ConnectionTestScreen(self.runtime, target, keymap, glyphs))
        elif self.change.ended_at:
            self.say("Every target was reached." if not name else f"{name} is no longer in the inventory.")

    async def run_or_ask(self) -> None:
        """Run the approved change; when others have claimed its targets, ask whether it waits or runs beside that."""
        if is_standing(self.change.order):
            self.say("It is run by its job only: the screen of jobs runs that now.")
            return
        try:
            claims = await self.runtime.claims.in_the_way(self.change)
        except OpstermError as error:
            self.fault(error)
            return
        if claims:
            ClaimQuestion(self.app, self.runtime, self.change, self.say).ask(claims)
        else:
            self.runtime.changes.start(self.change.id)

    @property
    def _key(self) -> str:
        return "agent" if self.progress is not None and self.progress.needs_signature else ""

    def _prompt(self, question: str, then: Callable[[str | None], object], *, check: Callable[[str], str]) -> None:
        screen = PromptScreen(f"Approve {self.change.name}", question, check=check)
        self.app.push_screen(screen, then)  # type: ignore[arg-type]  # a coroutine function, which the framework awaits

    async def _approve(self, assent: Assent) -> None:
        try:
            self.change = await self.runtime.changes.approve(
                self.change.id, digest=self.change.order.digest(), assent=assent
            )
        except OpstermError as error:
            self.change = await self.runtime.changes.get(self.change.id)
            self.fault(error)
            return
        if self.change.state is ChangeState.APPROVED and not is_standing(self.change.order):
            await self.run_or_ask()
        await self.look_at_progress()
        if self.change.state is ChangeState.PROPOSED and self.progress is not None:
            self.say(clean_line(f"Your approval is kept. {self.progress.missing}"))


def _no_reason(text: str) -> str:
    return "" if text.strip() else "Say why."


def _is_glass(text: str) -> bool:
    words = text.strip()
    return words.startswith(f"{GLASS_WORDS} ") and bool(words[len(GLASS_WORDS) :].strip())
