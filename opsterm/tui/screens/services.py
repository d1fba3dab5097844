"""The registry of services: what was found, what the operator has decided, and how it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_line
from opsterm.core.units import age_text
from opsterm.inventory.service import HealthStatus, ServiceRecord, ServiceState
from opsterm.runtime.commands import command
from opsterm.runtime.runtime import Runtime
from opsterm.runtime.service_view import ServiceView
from opsterm.runtime.services import Discovery
from opsterm.tui.keys import KeyMap
from opsterm.tui.screens.prompt import ConfirmScreen
from opsterm.tui.screens.record_list import RecordList
from opsterm.tui.screens.text import TextScreen
from opsterm.tui.widgets.row_table import RowTable, TableCell, TableColumn, TableRow

if TYPE_CHECKING:
    pass

_KEYS = ("accept_service", "ignore_service", "check_service", "remove_service", "discover_services")
_SIGNS = {HealthStatus.OK: "ok", HealthStatus.WARNING: "warning", HealthStatus.FAILED: "critical"}
_ORDER = (ServiceState.FOUND, ServiceState.GONE, ServiceState.ACCEPTED, ServiceState.IGNORED)


class ServicesScreen(RecordList[None]):
    """Lists services, those that wait for a decision first; keys decide for the marked ones, or the one in the cursor.

    Args:
        runtime: what is asked.
        keymap: which keys do what.
        targets: those that were chosen in the inventory: where `discover` looks.
    """

    def __init__(self, runtime: Runtime, keymap: KeyMap, targets: Sequence[str]) -> None:
        super().__init__("Services", "services", runtime, keymap, targets)
        self._places: dict[str, int] = {}  # a record stays where it was when the screen was opened

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        columns = [
            TableColumn(title="service", min_width=14, max_width=48, priority=9, grows=True),
            TableColumn(title="kind", min_width=6, max_width=14, priority=5),
            TableColumn(title="state", min_width=8, max_width=10, priority=8),
            TableColumn(title="health", min_width=9, max_width=12, priority=7),
            TableColumn(title="ports", min_width=8, max_width=24, priority=4),
            TableColumn(title="seen", min_width=5, max_width=8, priority=3),
        ]
        empty = (
            f"No services yet. {self._keymap.shown(command('discover_services'))} looks for them on {self._where()}."
        )
        yield from self.laid_out(columns, _KEYS, empty)

    async def _show(self) -> None:
        services = await self.runtime.services.list(states=tuple(ServiceState))
        ordered = sorted(services, key=lambda one: (_ORDER.index(one.state), one.target, one.name))
        for one in ordered:
            self._places.setdefault(one.id, len(self._places))
        ordered.sort(key=lambda one: self._places[one.id])
        self._table.set_rows([self._row(one) for one in ordered])
        waiting = sum(1 for one in services if one.state is ServiceState.FOUND)
        title = f"Services ─ {len(services)}{f', {waiting} wait for a decision' if waiting else ''}"
        self.query_one(".dialog").border_title = title

    def _row(self, one: ServiceRecord) -> TableRow:
        sign = f"{self.cockpit.glyphs.severity(_SIGNS[one.health])} " if one.health in _SIGNS else ""
        style = {HealthStatus.FAILED: "critical", HealthStatus.WARNING: "warning"}.get(one.health, "")
        ports = ", ".join(port.text for port in one.ports)
        seen = age_text(self.runtime.clock.now() - one.seen_at)
        return TableRow(one.id, (one.id, one.kind, one.state, TableCell(f"{sign}{one.health}", style), ports, seen))

    def _chosen(self) -> list[str]:
        table = self._table
        return sorted(table.marked) or ([table.cursor_key] if table.cursor_key else [])

    def _note(self, text: str) -> None:
        self.query_one("#services-note", Static).update(clean_line(text))

    async def _do(self, work: Callable[[list[str]], Awaitable[str]]) -> None:
        """Do something with the chosen records, say what came of it, and show the list anew."""
        chosen = self._chosen()
        if not chosen:
            return
        try:
            self._note(await work(chosen))
        except OpstermError as error:
            self._note(str(error))
        self._table.set_marks(frozenset())
        await self._show()

    def action_open_service(self) -> None:
        """Show everything known of the record under the cursor."""
        self._table.action_select()

    async def action_accept_service(self) -> None:
        """Accept the chosen records."""

        async def accept(ids: list[str]) -> str:
            return f"{len(await self.runtime.services.accept(ids))} accepted."

        await self._do(accept)

    async def action_ignore_service(self) -> None:
        """Ignore the chosen records."""

        async def ignore(ids: list[str]) -> str:
            return f"{len(await self.runtime.services.ignore(ids))} ignored."

        await self._do(ignore)

    def action_check_service(self) -> None:
        """See whether the chosen services work."""

        async def check(ids: list[str]) -> str:
            checked = await self.runtime.services.check(ids)
            failed = [one for one in checked if one.health is not HealthStatus.OK]
            told = (failed or checked)[:1]
            return f"{len(checked)} checked. " + " ".join(f"{one.id}: {one.health_text}" for one in told)

        self._note("Checking …")
        self.begin(partial(self._do, check), group="services", exclusive=True)

    def action_remove_service(self) -> None:
        """Take the chosen records out; asks first."""
        chosen = self._chosen()

        async def remove(ids: list[str]) -> str:
            return f"{len(await self.runtime.services.remove(ids))} removed."

        def answered(yes: bool | None) -> None:  # noqa: FBT001 (the framework calls it)
            if yes:
                self.begin(partial(self._do, remove), group="services", exclusive=True)

        if chosen:
            what = chosen[0] if len(chosen) == 1 else f"{len(chosen)} services"
            question = f"Take {what} out of the registry, with what is known to need it?"
            self.app.push_screen(ConfirmScreen("Remove", question), answered)

    def action_discover_services(self) -> None:
        """Look for services on the targets that are chosen in the inventory."""
        if self._targets:
            self._note(f"Looking at {self._where()} …")
            self.begin(self._discover, group="services", exclusive=True)
        else:
            self._note("Choose targets in the inventory first.")

    async def _discover(self) -> None:
        try:
            found = await self.runtime.services.discover(" or ".join(self._targets))
        except OpstermError as error:
            self._note(str(error))
            return
        self._note(_told(found))
        await self._show()

    @on(RowTable.Selected)
    async def _selected(self, message: RowTable.Selected) -> None:
        message.stop()
        try:
            view = await self.runtime.services.get(message.key)
        except OpstermError as error:
            self._note(str(error))
            return
        text = "\n".join(f"{label:10} {words}" for label, words in _facts(view) if words)
        self.app.push_screen(TextScreen(message.key, text))


def _told(found: Discovery) -> str:
    counts = (("new", found.new), ("changed", found.changed), ("back", found.back), ("gone", found.gone))
    said = ", ".join(f"{len(services)} {word}" for word, services in counts)
    failed = [f"{name}: {reason}" for name, reason in sorted(found.failed.items())]
    return " ".join([f"{found.seen} seen: {said}.", *failed[:3]])


def _facts(view: ServiceView) -> Sequence[tuple[str, str]]:
    one = view.service
    return (
        ("state", one.state), ("kind", ", ".join(one.capabilities)),
        ("ports", ", ".join(port.text for port in one.ports)), ("process", one.process), ("unit", one.unit),
        ("version", one.version), ("check", one.check.text), ("health", f"{one.health}  {one.health_text}"),
        *(("needs", f"{other.id}{f' through {other.via}' if other.via else ''}") for other in view.needs),
        *(("needed by", f"{other.id}{f' through {other.via}' if other.via else ''}") for other in view.dependants),
        ("cycle", " → ".join([*view.cycle, one.id]) if view.cycle else ""),
    )  # fmt: skip
