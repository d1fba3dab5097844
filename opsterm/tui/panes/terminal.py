"""Pane 5: a shell on a target. Every key goes to the remote; only ctrl+] leaves."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from opsterm.core.errors import HostKeyUnknown, OpstermError
from opsterm.inventory.target import LOCALHOST
from opsterm.runtime.runtime import Runtime
from opsterm.terminal.emulator import open_emulator
from opsterm.tui.panes.pane import Pane
from opsterm.tui.screens.prompt import ConfirmScreen
from opsterm.tui.widgets.terminal_view import TerminalView


class TerminalPane(Pane):
    """One shell at a time; opening another one hangs up the first."""

    number = 5
    place = "terminal"
    title = "Terminal"

    class Changed(Message):
        """A shell was opened, or has ended: other keys count now."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._target = LOCALHOST

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

    async def open(self, target: str) -> None:
        """Open a shell on a target and show it."""
        self._target = target
        self.retitle(f"{target} · connecting …" if not self.cockpit.terminal.ascii else f"{target} - connecting ...")
        columns, rows = self.view.grid
        try:
            emulator = await self.runtime.offload.run("emulator", lambda: open_emulator(columns, rows))
            shell = await self.runtime.terminals.open(target, columns=columns, rows=rows)
        except HostKeyUnknown as error:
            self.retitle(f"{target} · host key not known")
            self._ask_trust(target, error)
            return
        except OpstermError as error:
            self.retitle(f"{target} · not reached")
            self.fail(error)
            return
        self.view.attach(shell, emulator)
        self.post_message(self.Changed())
        self.retitle(f"{target} · ctrl+] leaves")

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
            return
        self.run_worker(self.open(self._target), group="shell", exclusive=True)

    @on(TerminalView.ReopenAsked)
    def _reopen(self, message: TerminalView.ReopenAsked) -> None:
        message.stop()
        self.run_worker(self.open(self._target), group="shell", exclusive=True)

    @on(TerminalView.Ended)
    async def _ended(self, message: TerminalView.Ended) -> None:
        message.stop()
        self.retitle(f"{self._target} · ended")
        self.post_message(self.Changed())
        status = message.ended.exit_status if message.ended is not None else None
        try:
            await self.runtime.terminals.closed(self._target, status)
        except OpstermError as error:
            self.fail(error)

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
