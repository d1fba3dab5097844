"""One line to type, checked before it is taken."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from opsterm.core.text import clean_block
from opsterm.tui.screens.dialog import Dialog
from opsterm.tui.widgets.line import LineInput


class PromptScreen(Dialog[str]):
    """Asks for one line.

    Args:
        title: of the box.
        question: what is asked, with an example.
        value: what stands in the line.
        check: returns "" for what may be taken, else what is wrong with it.
        secret: dots instead of letters.
    """

    def __init__(
        self,
        title: str,
        question: str,
        *,
        value: str = "",
        check: Callable[[str], str] = lambda _: "",
        secret: bool = False,
    ) -> None:
        super().__init__(title)
        self._question = question
        self._value = value
        self._check = check
        self._secret = secret

    def compose(self) -> ComposeResult:
        """Lay out question and line."""
        with self.box(kind="small"):
            yield Static(clean_block(self._question), markup=False)
            yield LineInput(self._value, secret=self._secret, id="prompt-line")
            yield Static("", markup=False, id="prompt-fault", classes="fault")
            yield Static("enter takes it · esc leaves it", markup=False, classes="dialog-keys")

    def on_mount(self) -> None:
        """Begin in the line."""
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _take(self, message: Input.Submitted) -> None:
        message.stop()
        fault = self._check(message.value)
        if fault:
            self.query_one("#prompt-fault", Static).update(clean_block(fault))
        else:
            self.dismiss(message.value)


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
