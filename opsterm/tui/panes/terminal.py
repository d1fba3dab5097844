"""Pane 5: a shell on a target. Every key goes to the remote; only ctrl+] leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from opsterm.core.errors import HostKeyUnknown, OpstermError
from opsterm.inventory.target import LOCALHOST
from opsterm.knowledge.error_signs import error_lines
from opsterm.runtime.ports import Shell
from opsterm.runtime.runtime import Runtime
from opsterm.terminal.emulator import open_emulator
from opsterm.tui.panes.pane import Pane
from opsterm.tui.screens.prompt import ConfirmScreen
from opsterm.tui.widgets.terminal_view import TerminalView


class TerminalPane(Pane):
    """One shell at a time; opening another one hangs up the first, after asking.

    Title, targets and the facts that are recorded are always about the shell that gets the keys.
    """

    number = 5
    place = "terminal"
    title = "Terminal"

    class Changed(Message):
        """A shell was opened, or has ended: other keys count now."""

    class Troubled(Message):
        """What the shell shows is to be explained.

        Attributes:
            target: where it runs.
            text: the lines that look like an error, else the last ones.
        """

        def __init__(self, target: str, text: str) -> None:
            super().__init__()
            self.target = target
            self.text = text

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._target = LOCALHOST  # of the shell that gets the keys, or that got them last
        self._wanted = ""  # the target that is being connected to
        self._open_shells: dict[Shell, str] = {}

    def compose(self) -> ComposeResult:
        """Lay out the view."""
        yield TerminalView(
            ascii=self.cockpit.terminal.ascii,
            empty_text="enter opens a shell on this host.",
            id="terminal-view",
        )

    @property
    def view(self) -> TerminalView:
        """The emulator on the screen."""
        return self.query_one(TerminalView)

    def entry(self) -> Widget:
        """The view takes the focus."""
        return self.view

    def ask_open(self, target: str, *, then: Callable[[], None]) -> None:
        """Open a shell on a target, or go back to the one that runs there; ask first where another one would end.

        Args:
            target: its name.
            then: called when the pane is to be shown.
        """
        if not self.view.running:
            then()
            self._open_soon(target)
            return
        if target == self._target:
            then()
            return

        def replace(sure: bool | None) -> None:  # noqa: FBT001 (the framework hands over the result)
            if sure:
                then()
                self._open_soon(target)

        self.app.push_screen(
            ConfirmScreen(
                "Open a shell",
                f"A shell runs on {self._target}. It ends when the one on {target} is there, with all that runs in it."
                f"\n\nOpen one on {target}?",
            ),
            replace,
        )

    def _open_soon(self, target: str) -> None:
        self.run_worker(self.open(target), group="shell", exclusive=True)

    async def open(self, target: str) -> None:
        """Open a shell on a target and show it; until it is there, all stays about the shell before."""
        self._wanted = target
        self._entitle()
        columns, rows = self.view.grid
        fault = "not reached"
        try:
            emulator = await self.runtime.offload.run("emulator", lambda: open_emulator(columns, rows))
            shell = await self.runtime.terminals.open(target, columns=columns, rows=rows)
        except HostKeyUnknown as error:
            fault = "host key not known"
            self._ask_trust(target, error)
        except OpstermError as error:
            self.fail(error)
        else:
            fault, self._target = "", target
            self._open_shells[shell] = target
            self.view.attach(shell, emulator)
            self.cockpit.say("")  # why it could not be reached before is no longer true
            self.post_message(self.Changed())
        finally:
            if self._wanted == target:
                self._wanted = ""
            if self.view.link is None:
                self._target = target  # enter tries it again
            self._entitle(fault)

    def _entitle(self, fault: str = "") -> None:
        """Say whose shell gets the keys, and beside it what is being connected to or was not reached."""
        running, shown = self.view.running, self.view.link is not None
        parts = [f"{self._target} · {'ctrl+] leaves' if running else 'ended'}"] if shown else []
        if self._wanted:
            dots = "..." if self.cockpit.terminal.ascii else "…"
            parts.append(f"connecting to {self._wanted} {dots}" if shown else f"{self._wanted} · connecting {dots}")
        elif fault and not shown:
            parts.append(f"{self._target} · {fault}")
        self.retitle(" · ".join(parts).replace(" · ", " - " if self.cockpit.terminal.ascii else " · "))

    def _ask_trust(self, target: str, error: HostKeyUnknown) -> None:
        async def decide(sure: bool | None) -> None:  # noqa: FBT001 (the framework hands over the result)
            if not sure:
                return
            try:
                await self.runtime.terminals.trust(error.host, error.fingerprint)
            except OpstermError as fault:
                self.fail(fault)
                return
            await self.open(target)

        self.app.push_screen(
            ConfirmScreen(
                f"Host key of {target}",
                f"The key of {error.host} is not known:\n\n{error.key_type} {error.fingerprint}\n\n"
                "Compare it with one you trust. Add it to your known_hosts and connect?",
            ),
            decide,
        )

    def targets(self) -> Sequence[str] | None:
        """Return the target of the shell."""
        return [self._target] if self.view.running else None

    def action_open_shell(self) -> None:
        """Go back into the shell; where none is, open one on the target shown last, at first this host."""
        if self.view.running:
            self.view.focus()
        else:
            self._open_soon(self._target)

    def action_explain_output(self) -> None:
        """Say what the error is that the shell shows, and what helps."""
        if self.view.link is not None:
            self.post_message(self.Troubled(self._target, error_lines(self.view.link.emulator.text())))

    @on(TerminalView.ReopenAsked)
    def _reopen(self, message: TerminalView.ReopenAsked) -> None:
        message.stop()
        self._open_soon(self._target)

    @on(TerminalView.Ended)
    async def _ended(self, message: TerminalView.Ended) -> None:
        message.stop()
        self._entitle()
        self.post_message(self.Changed())
        target = self._open_shells.pop(message.shell, None)
        if target is not None:
            await self._record_closing(target, message.ended.exit_status if message.ended is not None else None)

    async def _record_closing(self, target: str, status: int | None) -> None:
        try:
            await self.runtime.terminals.closed(target, status)
        except OpstermError as error:
            self.fail(error)

    async def on_unmount(self) -> None:
        """Record that the shell which the view hangs up is over."""
        while self._open_shells:
            await self._record_closing(self._open_shells.popitem()[1], None)

    @on(TerminalView.Failed)
    def _failed(self, message: TerminalView.Failed) -> None:
        message.stop()
        self.fail(message.error)

    @on(TerminalView.Left)
    def _left(self, message: TerminalView.Left) -> None:
        message.stop()
        self.focus()

    @on(TerminalView.Asked)
    def _asked(self, message: TerminalView.Asked) -> None:
        message.stop()
        if message.requests.clipboard:
            self.cockpit.say(
                f"{self._target} wanted to write your clipboard; opsterm did not let it.", severity="warning"
            )
