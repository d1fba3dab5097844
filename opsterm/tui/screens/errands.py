"""What the home screen does with more than one pane: dialogs, and what follows from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from opsterm.changes.change import ChangeState
from opsterm.changes.guard import wish_from
from opsterm.core.errors import OpstermError, Unguarded
from opsterm.core.settings_reading import describe_settings
from opsterm.inventory.folding import fold
from opsterm.runtime.commands import COMMANDS, PLACES
from opsterm.runtime.imports import ImportSource
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.rollbacks import RollbackWish
from opsterm.runtime.runtime import Runtime
from opsterm.tui.panes.inventory import InventoryPane
from opsterm.tui.panes.terminal import TerminalPane
from opsterm.tui.screens.apis import ApiErrand
from opsterm.tui.screens.approval import ApprovalScreen
from opsterm.tui.screens.choice import ChoiceScreen, PaletteScreen
from opsterm.tui.screens.command_prompt import CommandPrompt
from opsterm.tui.screens.credentials import CredentialsScreen
from opsterm.tui.screens.help import help_text
from opsterm.tui.screens.prompt import ConfirmScreen, PromptScreen
from opsterm.tui.screens.text import TextScreen
from opsterm.tui.screens.trouble import TroubleErrand
from opsterm.tui.screens.vault import VaultErrand
from opsterm.tui.widgets.suggestions import asking

if TYPE_CHECKING:
    from opsterm.tui.screens.home import HomeScreen

_NOT_OFFERED = ("lists", "approval", "target", "connection", "credentials", "services", "files", "points", "jobs")


class Errands:
    """Dialogs of the home screen; each method opens one."""

    def __init__(self, home: HomeScreen) -> None:
        self._home = home
        self.apis = ApiErrand(home)
        self.trouble = TroubleErrand(home)
        self._drafts: dict[str, str] = {}  # commands that were left with esc
        self._changed: dict[str, str] = {}  # settings that count from the next start on

    @property
    def _runtime(self) -> Runtime:
        return self._home.runtime

    def _fail(self, error: OpstermError) -> None:
        self._home.cockpit.fail(error)

    # --------------------------------------------------------------- looking things up

    def help(self, place: str) -> None:
        """Explain a place and its keys."""
        self._home.app.push_screen(TextScreen(f"Help: {place}", help_text(place, self._home.keymap)))

    def palette(self) -> None:
        """Find a command by name and do it."""
        keymap = self._home.keymap
        offered = [c for c in COMMANDS if c.pane not in _NOT_OFFERED and c.id not in ("open_palette", "say_quit")]
        places = {c.id: [place for place in c.pane.split(", ") if place in PLACES] for c in offered}
        titles = {f"{c.title} ({places[c.id][0]})" if len(places[c.id]) == 1 else c.title: c for c in offered}

        def chosen(lines: frozenset[str] | None) -> None:
            for line in lines or ():
                self._home.run_command(titles[line])

        self._home.app.push_screen(
            PaletteScreen(
                "Commands",
                list(titles),
                text="enter does it",
                details=[(keymap.shown(c), c.text) for c in titles.values()],
                headings=("command", "key", "what it does"),
            ),
            chosen,
        )

    def settings(self) -> None:
        """Show every setting; enter changes one in the settings file."""
        rows = {key: (value, words) for key, value, _, words in describe_settings(self._runtime.loaded)}
        for key, text in self._changed.items():
            rows[key] = text or "the default", f"From the next start on. {rows[key][1]}"

        def chosen(keys: frozenset[str] | None) -> None:
            for key in keys or ():
                value, words = rows[key]
                self._ask_setting(key, self._changed.get(key, value.strip('"')), words)

        self._home.app.push_screen(
            ChoiceScreen(
                f"Settings in {self._runtime.loaded.file}",
                list(rows),
                details=list(rows.values()),
                headings=("setting", "value", "what it is"),
                text="enter changes it",
            ),
            chosen,
        )

    def _ask_setting(self, key: str, value: str, words: str) -> None:
        async def change(text: str) -> None:
            await self._runtime.change_setting(key, text or None)
            self._changed[key] = text

        def told(text: str | None) -> None:
            if text is None:
                return
            done = f"{key} is {text}" if text else f"{key} has its default again"
            self._home.cockpit.say(f"{done} from the next start on.")

        question = f"{words}\n\nThe new value; an empty line goes back to the default."
        self._home.app.push_screen(PromptScreen(key, question, value=value, replaces=True, attempt=change), told)

    # ------------------------------------------------------------------- changing things

    def theme(self) -> None:
        """Choose the colours and keep the choice."""
        cockpit = self._home.cockpit
        before = cockpit.theme

        async def chosen(names: frozenset[str] | None) -> None:
            for name in names or ():
                cockpit.use_theme(name)
                try:
                    how_long = await self._keep_theme(name)
                except OpstermError as error:
                    self._fail(error)
                else:
                    cockpit.say(f"The theme is {name}, {how_long}.")

        self._home.app.push_screen(
            ChoiceScreen(
                "Theme",
                sorted(cockpit.themes),
                details=[(cockpit.themes[name].title,) for name in sorted(cockpit.themes)],
                headings=("theme", "for whom"),
                text=f"enter or space chooses; now {before}",
            ),
            chosen,
        )

    async def _keep_theme(self, name: str) -> str:
        """Keep a theme where the next start looks first; return for how long it will count."""
        await self._runtime.keep_preference("theme", name)
        loaded, key = self._runtime.loaded, "screen.theme"
        source = loaded.sources.get(key, "")
        in_file = source.startswith(loaded.file) or key in self._changed
        if in_file:
            await self._runtime.change_setting(key, name)
            self._changed[key] = name
        return "also next time" if in_file or not source else f"until opsterm ends: {source} sets it"

    def import_targets(self) -> None:
        """Ask for the format and the file, and take it in."""

        async def take(source: str, file: str | None) -> None:
            if not file:
                return
            try:
                report = await self._home.runtime.inventory.import_from(ImportSource(source), Path(file))
            except OpstermError as error:
                self._fail(error)
                return
            said = f"{len(report.added)} added, {len(report.changed)} changed, {report.unchanged} as they were."
            self._home.cockpit.say("\n".join([said, *report.problems[:3], *report.notes[:3]]))

        def chosen(sources: frozenset[str] | None) -> None:
            for source in sources or ():
                self._home.app.push_screen(
                    PromptScreen(f"Import {source}", "Which file?"),
                    lambda file, s=source: take(s, file),
                )

        self._home.app.push_screen(ChoiceScreen("Import targets", [source.value for source in ImportSource]), chosen)

    def propose(self, names: list[str]) -> None:
        """Ask for a command for the chosen targets and propose it."""
        self._ask_command("Propose for", "The command. It runs only when it is approved on the next screen.", names)

    def query(self, names: list[str]) -> None:
        """Ask for a command for the chosen targets; what only reads runs at once."""
        words = "The command. It runs at once when it is known to only read; any other is proposed."
        self._ask_command("Look at", words, names, at_once=True)

    def _ask_command(self, title: str, question: str, names: list[str], *, at_once: bool = False) -> None:
        if not names:
            self._home.cockpit.say("Choose targets in the inventory first: space marks them.", severity="warning")
            return
        where = fold(names)
        changes = self._runtime.changes

        async def take(text: str) -> None:
            if not text:
                return
            proposal = Proposal(command=text, selector=where, origin="screen", how=prompt.how)
            try:
                change = await (changes.query(proposal) if at_once else changes.propose(proposal))
            except Unguarded as error:
                self._home.run_worker(self._ask_why_unguarded(proposal, error), group="change", exclusive=True)
                return
            self._drafts.pop(title, None)
            if at_once and change.state is ChangeState.APPROVED:
                changes.start(change.id)
            self.show_change(change.id)

        def left(text: str) -> None:
            self._drafts[title] = text

        value = self._drafts.get(title, "")
        suggest = asking(self._runtime, lambda: names)
        prompt = CommandPrompt(
            f"{title} {where}", question, suggest=suggest, value=value, attempt=take, left=left
        )  # fmt: skip
        self._home.app.push_screen(prompt)

    async def _ask_why_unguarded(self, proposal: Proposal, error: Unguarded) -> None:
        """Ask why something runs that can cut our way and that nothing takes back."""

        async def take(reason: str) -> None:
            guard = wish_from("", unguarded=reason)
            self.show_change((await self._runtime.changes.propose(replace(proposal, guard=guard))).id)

        question = (
            f"{proposal.command}\n{error.what}\n{error.why}\n\nWhy does it run without a guard? The risk is critical "
            "then, and whoever approves it gives a reason."
        )
        self._home.app.push_screen(PromptScreen("No guard", question, check=_no_reason, attempt=take))

    def show_change(self, change_id: int) -> None:
        """Open a change's screen, soon."""
        self._home.run_worker(self.with_change("open", change_id), group="change", exclusive=True)

    async def with_change(self, what: str, change_id: int) -> None:
        """Open a change's screen, or stop it there, or open the screen of what takes it back."""
        try:
            if what == "roll back":
                change = await self._runtime.rollbacks.propose(RollbackWish(change=change_id, origin="screen"))
            else:
                change = await self._runtime.changes.get(change_id)
        except OpstermError as error:
            self._fail(error)
            return
        screen = ApprovalScreen(self._home.runtime, change, self._home.keymap)
        await self._home.app.push_screen(screen, self._filter_to)
        if what == "stop":
            await screen.action_stop_change()

    def _filter_to(self, selector: str | None) -> None:
        """Show only what a selector chooses, so that the next key is about it."""
        if selector:
            self._home.go_to("inventory")
            self._home.query_one(InventoryPane).set_filter(selector)

    def credentials(self) -> None:
        """Show what is kept in the keyring or the vault."""
        self._home.app.push_screen(CredentialsScreen(self._home))

    async def vault(self) -> None:
        """Open the vault, or make one."""
        await VaultErrand(self._home).run()

    # ------------------------------------------------------------------------- leaving

    async def leave(self) -> None:
        """Leave opsterm; while changes or a shell run here, ask first."""
        app = self._home.app
        try:
            running = [change.name for change in await self._home.runtime.changes.list([ChangeState.RUNNING])]
        except (OpstermError, AttributeError):
            app.exit()  # not open yet: nothing can be running here
            return
        said = [f"{', '.join(running)} would be stopped if started here."] if running else []
        shell = self._home.query_one(TerminalPane).targets()
        said += [f"The shell on {fold(shell)} would be ended."] if shell else []
        if not said:
            app.exit()
            return

        def leave(sure: bool | None) -> None:  # noqa: FBT001 (the framework hands over the result)
            if sure:
                app.exit()

        app.push_screen(ConfirmScreen("Leave", f"{' '.join(said)} Leave anyway?"), leave)


def _no_reason(text: str) -> str:
    return "" if text.strip() else "Say why; esc leaves it."
