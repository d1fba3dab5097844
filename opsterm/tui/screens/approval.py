"""The approval screen: nothing between the eye and what will run.

Order: what, where, risk, rules, safer, back, then the keys with the default on deny. Keys typed ahead are ignored,
enter alone never approves, and what is asked for grows with the risk. The same screen shows the run and its output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.events import Key
from textual.widgets import Static

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.events import ChangeEnded, ChangeOutput, ChangeTargetEnded
from opsterm.changes.guard import guard_of
from opsterm.changes.way_back.words import KeeperStep
from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_block, clean_line
from opsterm.policy.approval import Ask
from opsterm.runtime.commands import command
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from opsterm.tui.facts import CHANGE_FACTS, FactsArrived
from opsterm.tui.keys import KeyMap
from opsterm.tui.panes.pane import take_keys
from opsterm.tui.screens.change_evidence import ChangeEvidence
from opsterm.tui.screens.change_sheet import ChangeFacts, facts_of, heading, keys_line, question
from opsterm.tui.screens.facts_and_output import FactsAndOutput
from opsterm.tui.screens.prompt import ConfirmScreen, PromptScreen
from opsterm.tui.standing import Hearing, while_it_stands
from opsterm.tui.widgets.log_view import OutputView

if TYPE_CHECKING:
    from opsterm.tui.app import OpstermApp

_SIGNS = {"read": "ok", "low": "ok", "medium": "warning", "high": "critical", "critical": "critical"}
WIDEST = 150
_FRAME = 5
"""Cells that border, padding and scroll bar take."""


class ApprovalScreen(FactsAndOutput):
    """One change: read it, decide it, watch it run. Closes with a selector when the odd ones are wanted."""

    hears_facts: ClassVar[bool] = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", show=False),
    ]

    def __init__(self, runtime: Runtime, change: Change, keymap: KeyMap) -> None:
        super().__init__(f"Change {change.name}")
        self.runtime = runtime
        self.change = change
        self._keymap = keymap
        self._typed = self._said = ""
        self._appeared = 0.0
        self.evidence = ChangeEvidence(runtime)
        self._hearing = Hearing(self, self._hear)

    def compose(self) -> ComposeResult:
        """Lay out the facts, the output and the keys."""
        with self.box(kind="approval"):
            with VerticalScroll(id="approval-scroll", can_focus=False):
                yield Static("", markup=False, id="approval-facts")
            output = OutputView(ascii=self.cockpit.terminal.ascii, id="approval-output")
            output.can_focus = False  # its own keys would stand before those of this screen
            yield output
            with Vertical(id="approval-foot"):
                yield Static("", markup=False, id="approval-ask")
                yield Static("", markup=False, id="approval-keys")

    async def on_mount(self) -> None:
        """Show the change; from now on the clock of the typed-ahead guard runs."""
        take_keys(self, self._keymap, "approval")
        await self.evidence.assess(self.change)
        self._appeared = self.runtime.clock.monotonic()
        self.show()
        await self.evidence.hear_guards(self.change)
        await self.evidence.hear_steps(self.change)
        self.set_interval(5.0, self.show)
        self.set_interval(1.0, self._count_down)
        self.has_news_from(self._everywhere)
        self.begin(self.show_output, group="output")
        self.begin(self._gather, group="evidence")
        self.begin(self.look_at_progress, group="progress", exclusive=True)

    def on_resize(self) -> None:
        """Wrap for the new width."""
        self.call_after_refresh(self.show)

    @property
    def cockpit(self) -> OpstermApp:
        """The app, by its own type."""
        from opsterm.tui.app import OpstermApp  # noqa: PLC0415 (the app imports the screens)

        assert isinstance(self.app, OpstermApp)  # noqa: S101 (narrowing)
        return self.app

    # -------------------------------------------------------------------- showing

    @while_it_stands
    def show(self) -> None:
        """Write everything anew from the change."""
        change = self.change
        facts = self._facts()
        self._decisive, self._result = facts.decisive, facts.result
        self.query_one("#approval-facts", Static).update(facts.text)
        output = self.query_one(OutputView)
        output.display = self._has_output
        self._sheet.set_class(output.display, "-above-output")
        other = ("output" if self._scrolls_facts else "facts") if output.display else ""
        self._show_ask()
        waits = self.waits_for_confirmation
        keys = keys_line(
            change, self.friction, self._keymap, other=other, progress=self.progress, waits=waits,
            at_gate=self.evidence.gate is not None,
        )  # fmt: skip
        self.query_one("#approval-keys", Static).update(keys)
        box = self.query_one(".dialog")
        box.set_class(self.progress is not None and self.progress.alone is not None, "-alone")
        box.border_title = heading(change, self.runtime.clock.now()).replace("[", "\\[")
        self.call_after_refresh(self.tell_more)

    def _count_down(self) -> None:
        if self.waits_for_confirmation or self.evidence.gate is not None:
            self.show()

    def _facts(self) -> ChangeFacts:
        sign = self.cockpit.glyphs.severity(_SIGNS[self.change.risk.level])
        return facts_of(
            self.change, self.evidence, self.runtime.clock.now(), target=self.runtime.inventory.target, sign=sign,
            columns=min(self.size.width, WIDEST) - _FRAME, progress=self.progress,
            reach=self.runtime.rollouts.blast_radius(self.change),
            take=self._keymap.shown(command("take_rewrite")),
        )  # fmt: skip

    def _ask(self) -> str:
        if self._odd_ones:
            return f"{self._keymap.shown(command('show_odd'))} filters the inventory to the odd ones: {self._odd_ones}"
        if self.change.state is not ChangeState.PROPOSED:
            return ""
        signed = self.progress is not None and self.progress.needs_signature
        return question(self.friction, self._typed, signed=signed)

    def _show_ask(self) -> None:
        """Show what is asked for, and below it what was said last: it stays until the next key that decides."""
        self.query_one("#approval-ask", Static).update("\n".join(filter(None, (self._ask(), self._said))))

    async def _gather(self) -> None:
        """Show what is found out of it, piece by piece."""
        await self.evidence.gather(self.change, self._more_to_read)

    def _more_to_read(self) -> None:
        self.forget_what_was_seen()
        self.show()

    # ------------------------------------------------------------------- hearing

    def on_facts_arrived(self, message: FactsArrived) -> None:
        """Hear facts beside the keys."""
        self._hearing.take(message)

    async def _hear(self, message: FactsArrived) -> None:
        """Follow the change and its output."""
        if message.has(*CHANGE_FACTS):
            heard = await self.runtime.changes.get(self.change.id)
            ends = bool(heard.id == self.change.id and heard.ended_at and not self.change.ended_at)
            self.change = heard if heard.id == self.change.id else self.change  # it may show another one by now
            await self.evidence.hear(self.change)
            self.begin(self.look_at_progress, group="progress", exclusive=True)
            self.show()
            if ends:
                self.show_result()
        self._note_output(message)

    def _note_output(self, message: FactsArrived) -> None:
        """Show the output of those that have news: to look at a thousand for each of them would take all the time."""
        heard = [fact.event for fact in message.facts if isinstance(fact.event, (ChangeOutput, ChangeTargetEnded))]
        news = [event.target for event in heard if event.change == self.change.id]
        if message.has(ChangeEnded):
            news = self._everywhere
        if news:
            self.has_news_from(news)
            self.begin(self.show_output, group="output")

    @property
    def _everywhere(self) -> list[str]:
        return [target.name for target in self.change.order.targets]

    def action_show_odd(self) -> None:
        """Close, with the targets that differ from the most as the selector."""
        if self._odd_ones:
            self.dismiss(self._odd_ones)
        elif self.change.ended_at:
            self.say("No target differs from the most.")

    # ------------------------------------------------------------------ deciding

    def just_appeared(self) -> bool:
        """See `RewriteDialog.just_appeared`."""
        return self.runtime.clock.monotonic() - self._appeared < self.friction.guard_s

    def on_key(self, event: Key) -> None:
        """Take digits for the number of targets."""
        if self.change.state is not ChangeState.PROPOSED or self.friction.ask is not Ask.COUNT or self.just_appeared():
            return
        if event.character and event.character.isdigit() and len(self._typed) < 6:
            self._typed += event.character
        elif event.key == "backspace":
            self._typed = self._typed[:-1]
        else:
            return
        event.stop()
        self._said = ""
        self._show_ask()

    async def action_approve(self) -> None:
        """Approve where one key is enough; else say what is asked for."""
        if self.change.state is not ChangeState.PROPOSED or self.just_appeared():
            return
        self._said = ""
        if self.friction.ask is Ask.NAME:
            if not self._unread():
                self.ask_for_name()
            return
        if self.friction.ask is Ask.COUNT:
            self.say("The risk is high: one key alone is not enough.")
            return
        self._typed = "a"
        await self._approve_if(entered=False)
        if self.change.state is ChangeState.PROPOSED:
            self._show_ask()

    async def action_enter(self) -> None:
        """Approve what was typed; with nothing typed enter is the default, deny, and asks first."""
        if self.change.state is not ChangeState.PROPOSED or self.just_appeared():
            return
        self._said = ""
        if not self._typed:
            self._ask_to_deny()
            return
        if self._unread():
            return
        await self._approve_if(entered=True)
        if self.change.state is ChangeState.PROPOSED:
            self._typed = ""
            self.say("That is not the number of targets.")

    async def _approve_if(self, *, entered: bool) -> None:
        shown_for_s = self.runtime.clock.monotonic() - self._appeared
        if not self.friction.accepts(self._typed, entered=entered, shown_for_s=shown_for_s):
            return
        await self.give()

    def action_break_glass(self) -> None:
        """Approve alone, in an emergency."""
        if self.change.state is ChangeState.PROPOSED and not self.just_appeared() and not self._unread():
            self.ask_to_break_glass()

    def action_approve_from(self) -> None:
        """Take in somebody else's yes."""
        if self.change.state is ChangeState.PROPOSED and not self.just_appeared() and not self._unread():
            self.ask_for_file()

    async def action_run_change(self) -> None:
        """Run what was approved earlier."""
        if self.change.state is ChangeState.APPROVED and not self.just_appeared():
            await self.run_or_ask()

    async def action_deny(self) -> None:
        """Say no."""
        if self.change.state not in (ChangeState.PROPOSED, ChangeState.APPROVED) or self.just_appeared():
            return
        try:
            self.change = await self.runtime.changes.deny(self.change.id)
        except OpstermError as error:
            self.fault(error)
            return
        self.show()

    def _ask_to_deny(self) -> None:
        async def deny(sure: bool | None) -> None:  # noqa: FBT001 (the framework hands over the result)
            if sure:
                await self.action_deny()

        self.app.push_screen(ConfirmScreen(f"Deny {self.change.name}", "Deny this change?"), deny)

    def action_edit_change(self) -> None:
        """Propose an edited command instead; the old proposal is denied."""
        if self.change.state is not ChangeState.PROPOSED or self.just_appeared():
            return
        if self.change.order.command != clean_line(self.change.order.command):
            self.say("It does not fit into one line to type in. Propose the new one with opsterm propose.")
            return

        async def edited(command: str | None) -> None:
            if command and command != self.change.order.command:
                await self._edited(command)

        question, old = "The command that is proposed instead:", self.change.order.command
        self.app.push_screen(PromptScreen(f"Edit {self.change.name}", question, value=old), edited)

    def action_edit_inverse(self) -> None:
        """Propose the same with another inverse; what is known to do the opposite stands there at first."""
        if self.change.state is ChangeState.PROPOSED and not self.just_appeared():
            self.ask_for_inverse()

    async def _edited(self, command: str) -> None:
        try:
            await self.propose_instead(command=command, guard=guard_of(self.change.order).wish())
        except OpstermError as error:
            self.fault(error)

    def action_guard_change(self) -> None:
        """Ask for the guard of what is proposed, or take it away."""
        if self.change.state is ChangeState.PROPOSED and not self.just_appeared():
            self.ask_for_guard(self._keymap.shown(command("confirm_change")))

    def action_confirm_change(self) -> None:
        """Have the targets keep what they would take back."""
        if self.waits_for_confirmation and not self.just_appeared():
            self.decide_guard(KeeperStep.CONFIRM)

    def action_extend_change(self) -> None:
        """Give more time."""
        if self.waits_for_confirmation and not self.just_appeared():
            self.ask_for_time()

    async def action_roll_back(self) -> None:
        """Propose what puts back what this change has changed, and show that; what still waits is taken back there."""
        if self.waits_for_confirmation:
            self.decide_guard(KeeperStep.REVERT)
            return
        if self.change.state in (ChangeState.PROPOSED, ChangeState.APPROVED, ChangeState.RUNNING):
            self.say("There is nothing to take back yet.")
            return
        try:
            new = await self.runtime.rollbacks.propose(RollbackWish(change=self.change.id, origin="screen"))
        except OpstermError as error:
            self.fault(error)
            return
        await self.turn_to(new)

    async def turn_to(self, new: Change) -> None:
        """Show another change, from its beginning."""
        self.change, self.evidence = new, ChangeEvidence(self.runtime)
        self.forget_output()
        await self.evidence.assess(new)
        self._typed, self._said, self._appeared = "", "", self.runtime.clock.monotonic()
        self.begin(self._gather, group="evidence", exclusive=True)
        self.progress = None
        self.begin(self.look_at_progress, group="progress", exclusive=True)
        self.forget_what_was_seen()
        self._sheet.scroll_home(animate=False)
        self.show()

    def action_test_target(self) -> None:
        """Test the connection to a target that was not reached."""
        self.test_first_missed(self._keymap, self.cockpit.glyphs)

    async def action_stop_change(self) -> None:
        """Stop a running change, after asking."""
        if self.change.state is not ChangeState.RUNNING:
            return

        async def stop(sure: bool | None) -> None:  # noqa: FBT001 (the framework hands over the result)
            if sure:
                try:
                    await self.runtime.changes.stop(self.change.id)
                except OpstermError as error:
                    self.fault(error)

        self.app.push_screen(ConfirmScreen(f"Stop {self.change.name}", "Stop this change on every target?"), stop)

    @property
    def must_be_read(self) -> bool:
        """See `FactsAndOutput.must_be_read`: low risk takes one key."""
        return self.change.state is ChangeState.PROPOSED and self.friction.ask is not Ask.KEY

    def _unread(self) -> bool:
        """Return whether a part of what would be approved has not been on the screen yet; say so."""
        if not (self.must_be_read and self.has_unread):
            return False
        self.say("There is more to read: pgdn. Then approve it.")
        return True

    def say(self, text: str) -> None:
        """See `AssentDialog.say`."""
        self._said = text
        self._show_ask()

    def fault(self, error: OpstermError) -> None:
        """See `AssentDialog.fault`."""
        self._said = clean_block(str(error))
        self.show()
        self.cockpit.fail(error)
