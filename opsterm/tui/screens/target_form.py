"""The fields of a target, to type in."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Input, Label, Static

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_block
from opsterm.inventory.target import Protocol, Target, check_name
from opsterm.tui.screens.dialog import Dialog
from opsterm.tui.widgets.line import LineInput

FIELDS = ("name", "address", "os", "groups", "tags", "protocol", "port", "user", "environment", "site")

_EXAMPLES = {
    "address": "host name or IP; empty: the name is the address",
    "os": "as in debian 12",
    "groups": "several, divided by blanks",
    "tags": "several, divided by blanks",
    "port": "empty: the protocol's own",
    "user": "empty: what ssh_config or the account says",
    "environment": "as in prod or lab",
}


class TargetForm(Dialog[Target]):
    """Adds or changes one target; enter in any field takes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", show=False),
        Binding("shift+tab", "app.focus_previous", show=False),
    ]

    def __init__(self, target: Target, *, new: bool) -> None:
        super().__init__("Add a target" if new else f"Edit {target.name}")
        self._target = target
        self._new = new

    def compose(self) -> ComposeResult:
        """One line a field."""
        with self.box():
            with VerticalScroll(can_focus=False):
                for field in FIELDS:
                    with Horizontal(classes="form-row"):
                        yield Label(f"{field:12}", markup=False)
                        yield LineInput(
                            self._value(field),
                            placeholder=_EXAMPLES.get(field, ""),
                            id=f"field-{field}",
                            disabled=field == "name" and not self._new,
                        )
            yield Static("", markup=False, id="form-fault", classes="fault")
            yield Static("enter keeps it · tab next field · esc leaves it", markup=False, classes="dialog-keys")

    def on_mount(self) -> None:
        """Begin in the first field."""
        self.query_one("#field-name" if self._new else "#field-address", Input).focus()

    def _value(self, field: str) -> str:
        value = getattr(self._target, field)
        if isinstance(value, tuple):
            return " ".join(value)
        return "" if value is None else str(value)

    def _typed(self, field: str) -> str:
        return self.query_one(f"#field-{field}", Input).value.strip()

    @on(Input.Submitted)
    def _take(self, message: Input.Submitted) -> None:
        message.stop()
        try:
            self.dismiss(self._made())
        except BadInput as error:
            self.query_one("#form-fault", Static).update(clean_block(str(error)))

    def _made(self) -> Target:
        protocols = [p.value for p in Protocol]
        if self._typed("protocol") not in protocols:
            raise BadInput("That is not a protocol.", next_step=f"Write one of {', '.join(protocols)}.")
        port = self._typed("port")
        if port and not (port.isdigit() and 1 <= int(port) <= 65535):
            raise BadInput("That is not a port.", next_step="Write a number between 1 and 65535, or nothing.")
        groups = tuple(dict.fromkeys(self._typed("groups").split()))
        tags = tuple(sorted(set(self._typed("tags").split())))
        for word in (*groups, *tags):
            check_name(word)
        return replace(
            self._target,
            name=check_name(self._typed("name")) if self._new else self._target.name,
            address=self._typed("address"),
            os=self._typed("os"),
            groups=groups,
            tags=tags,
            protocol=Protocol(self._typed("protocol")),
            port=int(port) if port else None,
            user=self._typed("user"),
            environment=self._typed("environment"),
            site=self._typed("site"),
        )
