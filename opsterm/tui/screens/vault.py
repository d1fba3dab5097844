"""The vault on the screen: its passphrase is asked for until it is right."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from opsterm.core.errors import BadInput, OpstermError
from opsterm.core.secret import Secret
from opsterm.tui.screens.prompt import PromptScreen

if TYPE_CHECKING:
    from opsterm.tui.screens.home import HomeScreen


class VaultErrand:
    """Opens the vault, or makes one."""

    def __init__(self, home: HomeScreen) -> None:
        self._home = home
        self._then: Callable[[], None] | None = None

    async def run(self, then: Callable[[], None] | None = None) -> None:
        """Open the vault, or make one.

        Args:
            then: called when it is open; None: say so, or where credentials are when it was open already.
        """
        self._then = then
        credentials = self._home.runtime.credentials
        try:
            state = await credentials.state()
            words = await credentials.describe()
        except OpstermError as error:
            self._home.cockpit.fail(error)
            return
        if state == "open":
            self._go_on(words)
            return
        if state == "absent":
            self._make_vault(words)
            return

        async def unlock(text: str) -> None:
            await credentials.unlock(Secret(text))

        self._ask_passphrase("Unlock the vault", f"{words}\n\nPassphrase:", unlock)

    def _go_on(self, words: str) -> None:
        if self._then is None:
            self._home.cockpit.say(words)
        else:
            self._then()

    def _make_vault(self, words: str) -> None:
        """Ask for the passphrase twice: one that was mistyped would never open the vault again."""

        def again(first: str | None) -> None:
            if not first:
                return

            async def create(text: str) -> None:
                if text != first:
                    raise BadInput(
                        "That is not the passphrase that was typed before.",
                        next_step="Type that one again, or press esc and begin anew.",
                    )
                await self._home.runtime.credentials.create(Secret(text))

            self._ask_passphrase("Make a vault", "The same passphrase once more:", create)

        question = f"{words}\n\nPassphrase:"
        self._home.app.push_screen(PromptScreen("Make a vault", question, secret=True), again)

    def _ask_passphrase(self, title: str, question: str, attempt: Callable[[str], Awaitable[None]]) -> None:
        def told(text: str | None) -> None:
            if text is not None:
                self._go_on("The vault is open for this session.")

        self._home.app.push_screen(PromptScreen(title, question, secret=True, attempt=attempt), told)
