"""The page of a target: what it is, how it is, what was done to it, and the keys to go on from there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from opsterm.changes.claim_events import ClaimsKnown
from opsterm.core.errors import NotFound, OpstermError
from opsterm.core.events import Fact
from opsterm.core.text import clean_block
from opsterm.inventory.events import (
    DependencyChanged,
    ServiceChanged,
    TargetEdited,
    TargetRemoved,
    TargetSeen,
    TargetsImported,
)
from opsterm.inventory.target import Protocol
from opsterm.monitoring.events import (
    AlertChanged,
    ProfileChanged,
    SamplesTaken,
    SnmpEngineChanged,
    SnmpEngineTrusted,
    TrapReceived,
)
from opsterm.monitoring.snmp_profile import SnmpProfile
from opsterm.runtime.commands import command
from opsterm.runtime.profiles import ProfileNews
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.trap_engines import KnownEngine, what_changed
from opsterm.tui.drawing.page_lines import Line, PageWriter
from opsterm.tui.drawing.target_findings import MOST_TRAPS, TRAPS_BACK_S, FindingsSheet, TargetFindings
from opsterm.tui.drawing.target_sheet import (
    MOST_CHANGES,
    MOST_SERIES,
    PageKeys,
    TargetFacts,
    TargetSheet,
    page_order,
)
from opsterm.tui.facts import CHANGE_FACTS, FactsArrived
from opsterm.tui.glyphs import Glyphs
from opsterm.tui.keys import KeyMap
from opsterm.tui.panes.pane import take_keys
from opsterm.tui.screens.prompt import ConfirmScreen
from opsterm.tui.screens.scrolling import ScrollingDialog
from opsterm.tui.standing import while_it_stands

LOOKED_BACK_S = 3600.0
POINTS = 160
SHOWN_EVERY_S = 1.0
"""Measurements are shown at most this often."""

_CHANGES_SEARCHED = 200
_LEFT, _RIGHT = ("alerts", "checks", "traps", "measurements"), ("services", "profile", "changes", "fields")
_WIDE = 100
_FRAME = 6
"""Cells that border, padding and scroll bar take."""
_GAP = 3
_FACTS = (
    TargetEdited, TargetRemoved, TargetSeen, TargetsImported, AlertChanged, ProfileChanged, ServiceChanged,
    DependencyChanged, TrapReceived, SnmpEngineChanged, SnmpEngineTrusted, ClaimsKnown, *CHANGE_FACTS,
)  # fmt: skip
_KEYS = (
    "open_terminal", "propose", "query", "edit_target", "chart_target", "check_target", "test_target", "look_again",
    "claim_target",
)  # fmt: skip


class TargetPage(ScrollingDialog[None]):
    """One target; follows what happens to it.

    Args:
        runtime: the door.
        name: of the target.
        keymap: which keys do what.
        glyphs: signs of its status.
        do: does what is wanted with targets, in the words of `InventoryPane.Wanted`.
    """

    hears_facts: ClassVar[bool] = True
    SCROLLER: ClassVar[str] = "page-scroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "section(1)", show=False),
        Binding("shift+tab", "section(-1)", show=False),
    ]

    def __init__(
        self, runtime: Runtime, name: str, keymap: KeyMap, glyphs: Glyphs,
        do: Callable[[str, list[str]], Awaitable[None]],
    ) -> None:  # fmt: skip
        super().__init__(name)
        self.runtime = runtime
        self._target = name
        self._keymap = keymap
        self._glyphs = glyphs
        self._do = do
        self._facts: TargetFacts | None = None
        self._found: TargetFindings | None = None
        self._looking = False
        self._fault = ""
        self._agent: tuple[float, SnmpProfile] | None = None
        self._unchanged_since: float | None = None
        self._said = ""
        self._soon = False

    def compose(self) -> ComposeResult:
        """Lay out the sections: side by side where there is room, else below one another."""
        with self.box(kind="page"):
            yield Static("", markup=False, id="page-head")
            with VerticalScroll(id=self.SCROLLER), Container(id="page-columns"):
                for side, names in (("left", _LEFT), ("right", _RIGHT)):
                    with Vertical(id=f"page-{side}", classes="page-side"):
                        for name in names:
                            yield Static("", markup=False, id=f"page-{name}", classes="page-section")
            yield Static("", markup=False, id="page-foot", classes="dialog-keys")

    def on_mount(self) -> None:
        """Take the keys and show what is known."""
        take_keys(self, self._keymap, "target")
        for key in self._keymap.keys(command("propose")):
            self._bindings.bind(key, "propose", show=False)
        self.refresh_soon()
        self.set_interval(5.0, self.refresh_soon)

    def on_resize(self) -> None:
        """Write for the new width."""
        self.call_after_refresh(self.show)

    async def on_facts_arrived(self, message: FactsArrived) -> None:
        """Follow what happens to the target."""
        if message.has(*_FACTS):
            self.refresh_soon()
        elif not self._soon and message.has(SamplesTaken) and any(map(self._is_measured, message.facts)):
            self._soon = True
            self.set_timer(SHOWN_EVERY_S, self.refresh_soon)

    def _is_measured(self, fact: Fact) -> bool:
        return isinstance(fact.event, SamplesTaken) and fact.event.target == self._target

    # -------------------------------------------------------------------- showing

    def refresh_soon(self) -> None:
        """Ask everything anew and show it."""
        self._soon = False
        self.begin(self._gather, group="page", exclusive=True)

    async def _gather(self) -> None:
        row = self.runtime.inventory.row(self._target)
        if row is None:
            self.dismiss(None)  # somebody took it out of the inventory
            return
        now = self.runtime.clock.now()
        monitoring = self.runtime.monitoring
        try:
            await monitoring.know([self._target])
            samples = sorted(monitoring.latest(self._target), key=lambda sample: page_order(sample.key))
            keys = [sample.key for sample in samples[:MOST_SERIES]]
            windows = await monitoring.window(keys, start=now - LOOKED_BACK_S, end=now, points=POINTS)
            changes = await self.runtime.changes.list(limit=_CHANGES_SEARCHED)
            profile = await self._profile()
            self._found = await self._findings(now)
        except OpstermError as error:
            self._tell(str(error))
            return
        concerned = [c for c in changes if any(target.name == self._target for target in c.order.targets)]
        self._facts = TargetFacts(
            row=row, seen=self.runtime.inventory.seen(self._target), samples=samples, windows=windows, now=now,
            alerts=self.runtime.alerts.by_target().get(self._target, ()), changes=concerned[:MOST_CHANGES],
            profile=profile, unchanged_since=self._unchanged_since, agent=self._agent, looking=self._looking,
            fault=self._fault, claims=self.runtime.claims.known(self._target),
        )  # fmt: skip
        self.show()

    async def _profile(self) -> ProfileNews | None:
        try:
            return await self.runtime.profiles.changes(self._target)
        except NotFound:  # nobody has looked yet
            return None

    async def _findings(self, now: float) -> TargetFindings:
        runtime, name = self.runtime, self._target
        return TargetFindings(
            services=await runtime.services.views(name),
            checks=[state for state in await runtime.check_states() if state.place.target == name],
            traps=await runtime.traps.list(name, since_s=TRAPS_BACK_S, limit=MOST_TRAPS + 1),
            engine=await self._other_engine(),
            trust=self._shown("trust_engine"),
            now=now,
        )

    async def _other_engine(self) -> KnownEngine | None:
        """Return the engines of the target's traps when another than the kept one sends them, else None."""
        known = (await self.runtime.traps.engines.known()).get(self._target)
        return known if known is not None and known.other else None

    @while_it_stands
    def show(self) -> None:
        """Write everything anew from what was gathered."""
        facts, found = self._facts, self._found
        if facts is None or found is None:
            return
        columns = self.size.width - _FRAME
        wide = self.size.width >= _WIDE
        keys = PageKeys(
            look=self._shown("look_again"), check=self._shown("check_target"), test=self._shown("test_target"),
            chart=self._shown("chart_target"), propose=self._shown("propose"),
        )  # fmt: skip
        head = TargetSheet(facts, PageWriter(columns, self._glyphs), keys)
        self.query_one("#page-head", Static).update(_content(head.head()))
        writer = PageWriter((columns - _GAP) // 2 if wide else columns, self._glyphs)
        sheet, findings = TargetSheet(facts, writer, keys), FindingsSheet(found, writer)
        parts = {
            "alerts": sheet.alerts(), "measurements": sheet.measurements(), "checks": findings.checks(),
            "traps": findings.traps(), "services": findings.services(), "profile": sheet.profile(),
            "changes": sheet.changes(), "fields": sheet.fields(),
        }  # fmt: skip
        for name, part in parts.items():
            section = self.query_one(f"#page-{name}", Static)
            section.display = bool(part.title)
            section.update(Content("\n").join([Content.assemble((part.title, "bold $accent")), _content(part.lines)]))
        self._show_foot()

    def _show_foot(self) -> None:
        keys = " · ".join(f"{self._shown(name)} {command(name).title}" for name in _KEYS)
        said = f"{self._said}\n" if self._said else ""
        self.query_one("#page-foot", Static).update(clean_block(f"{said}{keys} · tab next part · esc closes"))

    def _shown(self, command_id: str) -> str:
        return self._keymap.shown(command(command_id))

    def _tell(self, text: str) -> None:
        self._said = text
        self._show_foot()

    # ------------------------------------------------------------------ actions

    def action_section(self, by: int) -> None:
        """Scroll to the next part, or the one before."""
        parts = [part for name in (*_LEFT, *_RIGHT) if (part := self.query_one(f"#page-{name}")).display]
        columns = self.query_one("#page-columns")
        tops = sorted({part.region.y - columns.region.y for part in parts})
        at = self.scroller.scroll_offset.y
        ahead = [top for top in tops if top > at] if by > 0 else [top for top in reversed(tops) if top < at]
        self.scroller.scroll_to(y=ahead[0] if ahead else 0, animate=False)

    async def _want(self, what: str, *, leave: bool = False) -> None:
        if leave:
            self.dismiss(None)
        await self._do(what, [self._target])

    async def action_open_terminal(self) -> None:
        """Open a shell on the target."""
        try:
            await self.runtime.terminals.require(self._target)
        except OpstermError as error:
            self._tell(str(error))
        else:
            await self._want("terminal", leave=True)

    async def action_chart_target(self) -> None:
        """Show the target's measurements."""
        await self._want("chart", leave=True)

    async def action_propose(self) -> None:
        """Propose a command for the target."""
        await self._want("propose")

    async def action_query(self) -> None:
        """Look at the target with a command that only reads."""
        await self._want("query")

    async def action_edit_target(self) -> None:
        """Change the target's fields."""
        await self._want("edit")

    async def action_claim_target(self) -> None:
        """Claim the target, or give that up."""
        await self._want("claim")

    async def action_test_target(self) -> None:
        """Connect phase by phase."""
        await self._want("test")

    def action_check_target(self) -> None:
        """See whether the target answers."""
        self._tell("Asking " + self._glyphs.ellipsis)
        self.begin(self._check, group="check", exclusive=True)

    async def _check(self) -> None:
        try:
            reason = (await self.runtime.inventory.check([self._target]))[self._target]
        except OpstermError as error:
            reason = str(error)
        self._tell(reason or "It answers.")
        self.refresh_soon()

    def action_trust_engine(self) -> None:
        """Take the engine that sends the target's traps now for its own, after asking."""
        engine = self._found.engine if self._found is not None else None
        if engine is None:
            self._tell("No other SNMP engine than the kept one has sent its traps.")
            return

        async def told(sure: bool | None) -> None:  # noqa: FBT001 (the framework hands over the result)
            if sure:
                await self._trust(engine.other)

        question = f"{what_changed(engine)}\n\nTake {engine.other} for the engine of {self._target} from now on?"
        self.app.push_screen(ConfirmScreen("Trust the engine", question), told)

    async def _trust(self, engine: str) -> None:
        try:
            await self.runtime.traps.engines.trust(self._target, shown=engine)
        except OpstermError as error:
            self._tell(str(error))
        else:
            self._tell(f"{engine} is the engine of {self._target} now; its traps raise alerts again.")
        self.refresh_soon()

    def action_look_again(self) -> None:
        """Log in and look what the target is."""
        if not self._looking:
            self._looking, self._fault = True, ""
            self.refresh_soon()
            self.begin(self._look, group="look", exclusive=True)

    async def _look(self) -> None:
        try:
            await self._look_or_ask()
        except OpstermError as error:
            self._fault = str(error)
        finally:
            self._looking = False
        self.refresh_soon()

    async def _look_or_ask(self) -> None:
        row = self.runtime.inventory.row(self._target)
        if row is None or row.target.protocol is not Protocol.SNMP:
            news = await self.runtime.profiles.refresh(self._target)
            self._unchanged_since = None if news.changes else news.compared_with
            return
        for answer in await self.runtime.snmp.profile(self._target):
            self._fault = "\n".join(filter(None, (answer.error, answer.why, answer.next_step)))
            if answer.found is not None:
                self._agent = self.runtime.clock.now(), answer.found


def _content(lines: Sequence[Line]) -> Content:
    return Content("\n").join([Content.assemble(*line) for line in lines])
