"""Credentials on the screen: which are kept, where and for what; adding, replacing, removing. Never a secret."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from opsterm.core.errors import BadInput, OpstermError
from opsterm.core.secret import Secret
from opsterm.core.text import clean_block, clean_line
from opsterm.runtime.commands import command
from opsterm.runtime.credential_keeping import KeptSecret, destined_words, places_words
from opsterm.runtime.credentials import MAIL, SNMP, SNMP_TRAPS, SSH_KEY, Service, require_looked_up
from opsterm.runtime.ports_snmp import AUTH_PROTOCOLS, PRIV_PROTOCOLS, SnmpLogin
from opsterm.tui.panes.pane import take_keys
from opsterm.tui.screens.choice import ChoiceScreen
from opsterm.tui.screens.dialog import Dialog
from opsterm.tui.screens.prompt import ConfirmScreen, PromptScreen
from opsterm.tui.screens.vault import VaultErrand
from opsterm.tui.widgets.row_table import RowTable, TableColumn, TableRow

if TYPE_CHECKING:
    from opsterm.tui.screens.home import HomeScreen

_EMPTY = "Nothing is kept. + keeps a password or a passphrase."
_KEYS = ("add_credential", "replace_credential", "confirm_credential", "remove_credential", "open_credentials")
_COMMUNITY, _USER = "community (version 2c)", "user (version 3)"


class CredentialsScreen(Dialog[None]):
    """The list of what is kept. Secrets are typed behind dots, handed on at once, and never shown again."""

    def __init__(self, home: HomeScreen) -> None:
        super().__init__("Credentials")
        self._home = home
        self._kept: dict[str, KeptSecret] = {}

    def compose(self) -> ComposeResult:
        """Lay out where they are kept, the list, and the keys."""
        with self.box():
            yield Static("", markup=False, id="credentials-place")
            yield RowTable(
                [
                    TableColumn(title="account", min_width=12, max_width=50, priority=9),
                    TableColumn(title="service", min_width=11, max_width=20, priority=8),
                    TableColumn(title="what it is", min_width=12, max_width=80, priority=6, grows=True),
                ],
                ascii=self._home.cockpit.terminal.ascii,
                empty_text=_EMPTY,
                id="credentials-table",
            )
            yield Static("", markup=False, id="credentials-detail")
            yield Static("", markup=False, id="credentials-said", classes="fault")
            keys = " · ".join(f"{self._home.keymap.shown(command(name))} {command(name).title}" for name in _KEYS)
            yield Static(clean_block(f"{keys} · esc closes"), markup=False, classes="dialog-keys")

    async def on_mount(self) -> None:
        """Show the list."""
        take_keys(self, self._home.keymap, "credentials")
        self._table.focus()
        await self.show()

    @property
    def _table(self) -> RowTable:
        return self.query_one(RowTable)

    async def show(self) -> None:
        """Read anew what is kept; no passphrase is needed for that."""
        try:
            place = await self._home.runtime.credentials.describe()
            kept = await self._home.runtime.secrets.list()
        except OpstermError as error:
            self._say(str(error))
            return
        self.query_one("#credentials-place", Static).update(clean_block(place))
        self._kept = {f"{one.service}\x1f{one.account}": one for one in kept}
        self._table.set_rows([
            TableRow(key, (one.account, one.service, one.what or "not known to this version"))
            for key, one in self._kept.items()
        ])  # fmt: skip
        await self._show_detail()

    @on(RowTable.Highlighted)
    async def _show_detail(self) -> None:
        """Show the line under the cursor in full, since the list cuts a long path, and where the secret goes."""
        kept = self._chosen()
        text = f"{kept.account}: {kept.what or kept.service}" if kept is not None else ""
        self.query_one("#credentials-detail", Static).update(clean_line(text))
        if kept is None:
            return
        try:
            goes = destined_words(await self._home.runtime.secrets.destined(kept.service, kept.account))
        except OpstermError as error:
            goes = error.what
        if goes and kept == self._chosen():
            self.query_one("#credentials-detail", Static).update(clean_block(f"{clean_line(text)}\n{goes}"))

    def _say(self, text: str) -> None:
        self.query_one("#credentials-said", Static).update(clean_block(text))

    def _chosen(self) -> KeptSecret | None:
        return self._kept.get(self._table.cursor_key or "")

    # ---------------------------------------------------------------- the vault

    async def action_open_credentials(self) -> None:
        """Open the vault, or make one."""
        await self._when_open(lambda: self._say(""))

    async def _when_open(self, then: Callable[[], None]) -> None:
        """Open the vault if it is closed, and go on; the list says then how it is."""

        def go_on() -> None:
            self.begin(self.show, group="ask")
            then()

        self._say("")
        await VaultErrand(self._home).run(go_on)

    # ------------------------------------------------------------------ keeping

    async def action_add_credential(self) -> None:
        """Choose what kind it is, whose, and type it."""
        await self._when_open(self._choose_service)

    def _choose_service(self) -> None:
        services = {service.name: service for service in self._home.runtime.secrets.services()}

        def chosen(names: frozenset[str] | None) -> None:
            for name in names or ():
                self._ask_account(services[name])

        self.app.push_screen(
            ChoiceScreen(
                "Keep a credential", list(services), details=[(s.account, s.what) for s in services.values()],
                headings=("service", "for", "what it is"),
            ),
            chosen,
        )  # fmt: skip

    def _ask_account(self, service: Service) -> None:
        def check(account: str) -> str:
            if not account.strip():
                return "Nothing was given."
            try:
                require_looked_up(service.name, account.strip())
            except BadInput as error:
                return str(error)
            return ""

        def told(account: str | None) -> None:
            if account is not None:
                self._ask_secret(service.name, self._as_looked_up(service.name, account.strip()))

        question = f"{service.what}\n\nFor whom: {service.account}, as in {service.example}"
        mail = self._home.runtime.settings.mail
        value = mail.account if service.name == MAIL and mail.host else ""
        self.app.push_screen(PromptScreen(service.name, question, value=value, check=check), told)

    def _as_looked_up(self, service: str, account: str) -> str:
        """Return a key file's path as it is looked up: no shell has read it here."""
        home = self._home.runtime.operator.home
        return f"{home}/{account[2:]}" if service == SSH_KEY and account.startswith("~/") else account

    async def action_replace_credential(self) -> None:
        """Type another secret in place of the one under the cursor."""
        kept = self._chosen()
        if kept is not None:
            await self._when_open(lambda: self._ask_secret(kept.service, kept.account))

    @on(RowTable.Selected)
    async def _selected(self, message: RowTable.Selected) -> None:
        message.stop()
        await self.action_replace_credential()

    def _ask_secret(self, service: str, account: str) -> None:
        if service in (SNMP, SNMP_TRAPS):
            self._ask_snmp(service, account)
            return

        async def put(text: str) -> None:
            await self._home.runtime.secrets.put(service, account, Secret(text))

        self._ask(f"{service} of {account}", "The secret; dots stand for its letters.", put)

    def _ask(self, title: str, question: str, put: Callable[[str], Awaitable[None]]) -> None:
        """Ask for a secret, hand it on, and show the list anew."""

        async def told(text: str | None) -> None:
            if text is not None:
                self._say("")
                await self.show()

        self.app.push_screen(PromptScreen(clean_line(title), question, secret=True, attempt=put), told)

    # --------------------------------------------------------------------- SNMP

    def _ask_snmp(self, service: str, target: str) -> None:
        """Ask for a community, or for a user and passphrases, one after the other."""

        async def community(text: str) -> None:
            await self._keep_snmp(service, target, SnmpLogin(community=Secret(text)))

        def chosen(kinds: frozenset[str] | None) -> None:
            if _COMMUNITY in (kinds or ()):
                self._ask(f"SNMP community of {target}", "The community; dots stand for its letters.", community)
            elif kinds:
                self._ask_user(service, target)

        self.app.push_screen(ChoiceScreen(f"SNMP log-in of {target}", [_COMMUNITY, _USER]), chosen)

    def _ask_user(self, service: str, target: str) -> None:
        def told(user: str | None) -> None:
            if user:
                self._choose_protocols(service, target, user.strip())

        self.app.push_screen(PromptScreen(f"SNMP log-in of {target}", "The user's name:"), told)

    def _choose_protocols(self, service: str, target: str, user: str) -> None:
        ways = {f"{auth} and {priv}": (auth, priv) for auth in AUTH_PROTOCOLS for priv in PRIV_PROTOCOLS}
        ways |= {f"{auth}, no encryption": (auth, "") for auth in AUTH_PROTOCOLS}

        def chosen(lines: frozenset[str] | None) -> None:
            for line in lines or ():
                self._ask_passphrases(service, target, user, *ways[line])

        self.app.push_screen(ChoiceScreen(f"How {user} proves itself to {target}", list(ways)), chosen)

    def _ask_passphrases(self, service: str, target: str, user: str, auth: str, priv: str) -> None:
        async def keep(auth_passphrase: str, priv_passphrase: str = "") -> None:
            await self._keep_snmp(service, target, SnmpLogin(
                user=user, auth=auth, auth_passphrase=Secret(auth_passphrase), priv=priv,
                priv_passphrase=Secret(priv_passphrase) if priv else None,
            ))  # fmt: skip

        def then_priv(first: str | None) -> None:
            if first:
                self._ask(title, f"The passphrase of {priv}:", lambda second: keep(first, second))

        title = f"SNMP user {user} of {target}"
        if priv:
            question = f"The passphrase of {auth}; that of {priv} is asked for next."
            self.app.push_screen(PromptScreen(clean_line(title), question, secret=True), then_priv)
        else:
            self._ask(title, f"The passphrase of {auth}:", keep)

    async def _keep_snmp(self, service: str, target: str, login: SnmpLogin) -> None:
        await self._home.runtime.snmp.keep_login(target, login, for_traps=service == SNMP_TRAPS)

    # ---------------------------------------------------------------- confirming

    async def action_confirm_credential(self) -> None:
        """Say that the one under the cursor may go to where its account stands for now, after asking."""
        kept = self._chosen()
        if kept is not None:
            await self._when_open(lambda: self._begin_to_confirm(kept))

    def _begin_to_confirm(self, kept: KeptSecret) -> None:
        self.begin(partial(self._ask_to_confirm, kept), group="confirm")

    async def _ask_to_confirm(self, kept: KeptSecret) -> None:
        secrets = self._home.runtime.secrets
        try:
            found = await secrets.destined(kept.service, kept.account)
        except OpstermError as error:
            self._say(str(error))
            return
        if found is None or not found.waits:
            self._say("Nothing is to be confirmed: it goes where its account stands for.")
            return
        places = found.now

        async def confirm(sure: bool | None) -> None:  # noqa: FBT001 (the framework hands over the result)
            if not sure:
                return
            try:
                await secrets.confirm(kept.service, kept.account, places)
            except OpstermError as error:
                self._say(str(error))
            await self.show()

        question = f"Send {kept.service} of {kept.account} there from now on?\n\nUntil now it "
        question += f"{destined_words(found, waiting=False)}.\nThen it goes to {places_words(places)}."
        self.app.push_screen(ConfirmScreen("Confirm", question), confirm)

    # ------------------------------------------------------------------ removing

    async def action_remove_credential(self) -> None:
        """Forget the one under the cursor, after asking."""
        kept = self._chosen()
        if kept is not None:
            await self._when_open(lambda: self._ask_to_remove(kept))

    def _ask_to_remove(self, kept: KeptSecret) -> None:
        async def remove(sure: bool | None) -> None:  # noqa: FBT001 (the framework hands over the result)
            if not sure:
                return
            try:
                await self._home.runtime.secrets.remove(kept.service, kept.account)
            except OpstermError as error:
                self._say(str(error))
            await self.show()

        question = f"Forget {kept.service} of {kept.account}?\n\n{_loss(kept)}"
        self.app.push_screen(ConfirmScreen("Remove", question), remove)


def _loss(kept: KeptSecret) -> str:
    words: Sequence[str] = (kept.what, "What needs it will fail until it is kept again.")
    return "\n".join(word for word in words if word)
