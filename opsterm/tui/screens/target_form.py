"""The fields of a target, to type in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Input, Label, Static

from opsterm.core.errors import BadInput, OpstermError
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
    """Adds or changes one target; enter in any field takes it, and it stays until it can be taken.

    Args:
        target: what stands in the fields.
        new: whether it is added.
        keep: adds or changes it; its OpstermError is shown and the fields stay.
        test: tests the connection to what stands in the fields.
        typed: what was typed when the form was left before, field by field.
        left: is told what stood in the fields when the form is left with esc.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", show=False),
        Binding("shift+tab", "app.focus_previous", show=False),
        Binding("ctrl+t", "test", show=False),
    ]

    def __init__(
        self, target: Target, *, new: bool, keep: Callable[[Target], Awaitable[None]],
        test: Callable[[Target], None], typed: Mapping[str, str], left: Callable[[Mapping[str, str]], None],
    ) -> None:  # fmt: skip
        super().__init__("Add a target" if new else f"Edit {target.name}")
        self._target = target
        self._new = new
        self._keep = keep
        self._test = test
        self._typed_before = typed
        self._left = left
        self._trying = False

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
            yield Static(
                "enter keeps it · ctrl+t tests it · tab next field · esc leaves it",
                markup=False,
                classes="dialog-keys",
            )

    def on_mount(self) -> None:
        """Begin in the first field."""
        self.query_one("#field-name" if self._new else "#field-address", Input).focus()

    def action_leave(self) -> None:
        """Close without a result; what was typed is told first."""
        self._left({field: self.query_one(f"#field-{field}", Input).value for field in FIELDS})
        super().action_leave()

    def _value(self, field: str) -> str:
        if field in self._typed_before:
            return self._typed_before[field]
        value = getattr(self._target, field)
        if isinstance(value, tuple):
            return " ".join(value)
        return "" if value is None else str(value)

    def _typed(self, field: str) -> str:
        return self.query_one(f"#field-{field}", Input).value.strip()

    @on(Input.Submitted)
    def _take(self, message: Input.Submitted) -> None:
        message.stop()
        if not self._trying:
            self._trying = True
            self.begin(self._try, group="ask")

    def action_test(self) -> None:
        """Test the connection to what stands in the fields; nothing is kept."""
        try:
            self._test(self._made())
            self._show_fault("")
        except OpstermError as error:
            self._show_fault(str(error))

    def _show_fault(self, text: str) -> None:
        self.query_one("#form-fault", Static).update(clean_block(text))

    async def _try(self) -> None:
        try:
            made = self._made()
            await self._keep(made)
        except OpstermError as error:
            self._show_fault(str(error))
        else:
            self.dismiss(made)
        finally:
            self._trying = False

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
