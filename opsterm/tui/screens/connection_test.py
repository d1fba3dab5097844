"""A connection test on the screen: every phase as it comes, and what to do about the one that failed."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.core.units import seconds_text
from opsterm.inventory.target import Target
from opsterm.runtime.commands import command
from opsterm.runtime.ports_connection_test import Phase, PhaseResult, PhaseState
from opsterm.runtime.runtime import Runtime
from opsterm.tui.glyphs import Glyphs
from opsterm.tui.keys import KeyMap
from opsterm.tui.panes.pane import take_keys
from opsterm.tui.screens.prompt import ConfirmScreen
from opsterm.tui.screens.scrolling import ScrollingDialog
from opsterm.tui.standing import while_it_stands
from opsterm.tui.wrapping import wrapped

_PHASE = max(map(len, Phase)) + 1
_TOOK = 8
_SIGNS = {PhaseState.PASSED: "ok", PhaseState.FAILED: "critical", PhaseState.RUNNING: "unknown"}

Piece = tuple[str, str]


class ConnectionTestScreen(ScrollingDialog[None]):
    """Tests one target as soon as it is opened; leaving it ends the test.

    Args:
        runtime: the door.
        target: what is tested; it need not be in the inventory.
        keymap: which keys do what.
        glyphs: signs of the phases.
    """

    SCROLLER: ClassVar[str] = "test-scroll"

    def __init__(self, runtime: Runtime, target: Target, keymap: KeyMap, glyphs: Glyphs) -> None:
        super().__init__(f"Connection to {target.name}")
        self.runtime = runtime
        self._target = target
        self._keymap = keymap
        self._glyphs = glyphs
        self._phases: dict[int, PhaseResult] = {}
        self._end: tuple[str, str] = ("", "")  # what is said at the end, and how it looks
        self._running = False

    def compose(self) -> ComposeResult:
        """Lay out the phases."""
        with self.box():
            with VerticalScroll(id=self.SCROLLER):
                yield Static("", markup=False, id="test-phases")
            yield Static("", markup=False, classes="dialog-keys", id="test-keys")

    def on_mount(self) -> None:
        """Begin."""
        take_keys(self, self._keymap, "connection")
        self.action_test_target()

    def on_resize(self) -> None:
        """Wrap for the new width."""
        self.call_after_refresh(self.show)

    def action_test_target(self) -> None:
        """Test, or test again."""
        self._phases, self._end, self._running = {}, ("", ""), True
        self.show()
        self.begin(self._test, group="connection", exclusive=True)

    async def _test(self) -> None:
        try:
            report = await self.runtime.connection_test.run(self._target, self._tell)
            if report.error is None:
                self._end = (f"{self._target.name} can be reached.", "$sev-ok")
        except OpstermError as error:
            self._end = (str(error), "$sev-critical")
        self._running = False
        self.show()

    def _tell(self, at: int, result: PhaseResult) -> None:
        self._phases[at] = result
        self.show()

    # -------------------------------------------------------------------- showing

    @while_it_stands
    def show(self) -> None:
        """Write everything anew."""
        room = max(1, self.scroller.size.width - 1)
        lines: list[list[Piece]] = []
        several = len({phase.host for phase in self._phases.values()}) > 1
        host = ""
        for phase in self._phases.values():
            if several and phase.host != host:
                host = phase.host
                lines.append([(clean_line(host), "bold")])
            lines += self._phase(phase, room)
        for text, style in (self._end,):
            lines += [[(row, style)] for part in text.split("\n") if part for row in wrapped(clean_line(part), room)]
        body = self.query_one("#test-phases", Static)
        body.update(Content("\n").join([Content.assemble(*line) for line in lines]))
        self.query_one("#test-keys", Static).update(self._keys())

    def _phase(self, phase: PhaseResult, room: int) -> list[list[Piece]]:
        sign = self._glyphs.sign(_SIGNS[phase.state])
        look = "" if phase.state is PhaseState.RUNNING else f"$sev-{sign.ink}"
        mark = self._glyphs.ellipsis if phase.state is PhaseState.RUNNING else sign.glyph
        took = "" if phase.took_s is None else seconds_text(phase.took_s)
        start = [
            (f"{mark} ", look),
            (f"{phase.phase:{_PHASE}}", "bold" if phase.what else ""),
            (f"{took:>{_TOOK}}  ", "$muted"),
        ]
        indent, detail = sum(len(text) for text, _ in start), clean_line(phase.detail)
        if cell_len(detail) > room - indent:  # a fingerprint is compared more easily in one piece
            lines = [start, *([("    " + row, "")] for row in wrapped(detail, max(1, room - 4)))]
        else:
            lines = [[*start, (detail, "")]]
        for text, style in ((phase.what, look), (phase.why, ""), (phase.next_step, "bold")):
            lines += [[("  " + row, style)] for row in wrapped(clean_line(text), max(1, room - 2)) if text]
        return lines

    def _keys(self) -> str:
        again = self._keymap.shown(command("test_target"))
        if self._running:
            return "esc ends the test"
        trust = f"{self._keymap.shown(command('trust_key'))} trusts the key, asks first · " if self._unknown else ""
        return f"{trust}{again} tests again · j k scroll · esc closes"

    # ------------------------------------------------------------------- trusting

    @property
    def _unknown(self) -> PhaseResult | None:
        """The phase that showed a host key which may be trusted, None when none did."""
        return next((phase for phase in self._phases.values() if phase.fingerprint), None)

    def action_trust_key(self) -> None:
        """Take an unknown host key into known_hosts, after asking, and test again."""
        unknown = self._unknown
        if unknown is None or self._running:
            return

        async def decide(sure: bool | None) -> None:  # noqa: FBT001 (the framework hands over the result)
            if not sure:
                return
            try:
                await self.runtime.terminals.trust(self._target, unknown.fingerprint)
            except OpstermError as error:
                self._end = (str(error), "$sev-critical")
                self.show()
                return
            self.action_test_target()

        self.app.push_screen(
            ConfirmScreen(
                f"Host key of {unknown.host}",
                f"The key of {unknown.host} is not known:\n\n{unknown.detail}\n\n"
                "Compare it with one you trust. Add it to your known_hosts and test again?",
            ),
            decide,
        )
