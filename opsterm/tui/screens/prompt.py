"""One line to type, checked before it is taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from opsterm.core.errors import OpstermError
from opsterm.core.text import clean_block
from opsterm.tui.screens.dialog import Dialog
from opsterm.tui.widgets.line import LineInput


async def _nothing(text: str) -> None:
    """Do nothing with what was typed: the caller takes it."""
    del text


class PromptScreen(Dialog[str]):
    """Asks for one line, and stays until it can be taken.

    Args:
        title: of the box.
        question: what is asked, with an example.
        value: what stands in the line.
        replaces: whether the first letter typed takes the place of `value`.
        check: returns "" for what may be taken, else what is wrong with it.
        attempt: does what the line is for; its OpstermError is shown and the line stays.
        secret: dots instead of letters; a line that could not be taken is emptied.
        left: is told what stood in the line when it was left with esc.
    """

    def __init__(
        self, title: str, question: str, *, value: str = "", replaces: bool = False,
        check: Callable[[str], str] = lambda _: "", attempt: Callable[[str], Awaitable[None]] = _nothing,
        secret: bool = False, left: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        super().__init__(title)
        self._question = question
        self._value = value
        self._replaces = replaces
        self._check = check
        self._attempt = attempt
        self._secret = secret
        self._left = left
        self._trying = False

    def compose(self) -> ComposeResult:
        """Lay out question and line."""
        with self.box(kind="small"):
            yield Static(clean_block(self._question), markup=False)
            yield LineInput(self._value, secret=self._secret, id="prompt-line")
            yield Static("", markup=False, id="prompt-fault", classes="fault")
            yield from self.notes()
            yield Static("enter takes it · esc leaves it", markup=False, classes="dialog-keys")

    def notes(self) -> ComposeResult:
        """Lay out what else is said below the line; nothing here."""
        yield from ()

    def on_mount(self) -> None:
        """Begin in the line."""
        line = self.query_one(Input)
        line.focus()
        if self._replaces:
            line.select_all()

    def tell(self, text: str) -> None:
        """Show how far the attempt is."""
        self.query_one("#prompt-fault", Static).update(clean_block(text))

    def action_leave(self) -> None:
        """Close without a result; what was typed is told first."""
        self._left(self.query_one(Input).value)
        super().action_leave()

    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        """Take the fault away: it was about what stood there before."""
        message.stop()
        if message.value:
            self.query_one("#prompt-fault", Static).update("")

    @on(Input.Submitted)
    def _take(self, message: Input.Submitted) -> None:
        message.stop()
        if self._trying:
            return
        fault = self._check(message.value)
        if fault:
            self._show_fault(fault)
        elif self._attempt is _nothing:
            self.dismiss(message.value)
        else:
            self._trying = True
            self.begin(partial(self._try, message.value), group="ask")

    async def _try(self, text: str) -> None:
        try:
            await self._attempt(text)
        except OpstermError as error:
            self._show_fault(str(error))
        else:
            self.dismiss(text)
        finally:
            self._trying = False

    def _show_fault(self, fault: str) -> None:
        self.query_one("#prompt-fault", Static).update(clean_block(fault))
        if self._secret:
            self.query_one(Input).value = ""


class ConfirmScreen(Dialog[bool]):
    """Asks for a yes: `y` is yes, everything else is no."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(title)
        self._text = text

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        with self.box(kind="small"):
            yield Static(clean_block(self._text), markup=False)
            yield Static("y yes · any other key no", markup=False, classes="dialog-keys")

    def on_key(self, event: object) -> None:
        """Take the answer."""
        key = getattr(event, "key", "")
        stop = getattr(event, "stop", None)
        if stop is not None:
            stop()
        self.dismiss(key == "y")
