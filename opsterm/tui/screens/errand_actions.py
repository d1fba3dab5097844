"""Actions of the home screen that hand on to an errand: each opens a dialog or a list and touches no pane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsterm.tui.screens.file_errands import FILE, FOLDER

if TYPE_CHECKING:
    from opsterm.tui.screens.approval_errands import ApprovalErrands
    from opsterm.tui.screens.errands import Errands
    from opsterm.tui.screens.file_errands import FileErrands
    from opsterm.tui.screens.reports import Reports
    from opsterm.tui.screens.target_errands import TargetErrands


class ErrandActions:
    """The actions; whoever has them has the errands."""

    errands: Errands
    reports: Reports
    files: FileErrands
    targets: TargetErrands
    approvals: ApprovalErrands

    def chosen(self) -> list[str]:
        """Return the names of the targets that are chosen."""
        raise NotImplementedError

    def action_open_palette(self) -> None:
        """Find a command."""
        self.errands.palette()

    async def action_show_sent(self) -> None:
        """List what was really sent."""
        await self.reports.sent()

    def action_propose(self) -> None:
        """Propose a command for the chosen targets."""
        self.errands.propose(self.chosen())

    def action_troubleshoot(self) -> None:
        """Ask for an error on the chosen targets, and list what helps."""
        self.errands.trouble.ask(self.chosen())

    def action_get_file(self) -> None:
        """Fetch a file from the chosen targets."""
        self.files.get(self.chosen(), FILE)

    def action_get_folder(self) -> None:
        """Fetch a folder from the chosen targets."""
        self.files.get(self.chosen(), FOLDER)

    def action_put_file(self) -> None:
        """Propose to put a file on the chosen targets."""
        self.files.put(self.chosen(), FILE)

    def action_put_folder(self) -> None:
        """Propose to put a folder on the chosen targets."""
        self.files.put(self.chosen(), FOLDER)

    def action_show_target(self) -> None:
        """Open the page of a target that is chosen by name."""
        self.targets.choose()

    def action_import_targets(self) -> None:
        """Take targets in from a file."""
        self.errands.import_targets()

    async def action_choose_theme(self) -> None:
        """Choose the colours."""
        self.errands.theme()

    def action_show_settings(self) -> None:
        """Show the settings."""
        self.errands.settings()

    async def action_show_doctor(self) -> None:
        """Show how everything is."""
        await self.reports.doctor()

    async def action_show_checks(self) -> None:
        """Show how the checks at an interval stand."""
        await self.reports.checks()

    async def action_show_mail(self) -> None:
        """Show what mail waits."""
        await self.reports.mail()

    async def action_show_reviews(self) -> None:
        """List emergencies that somebody else has to look at."""
        await self.approvals.reviews()

    async def action_show_breakers(self) -> None:
        """List breakers, which stop approvals after failures."""
        await self.approvals.breakers()

    async def action_show_apis(self) -> None:
        """Call an operation of an HTTP API."""
        await self.errands.apis.run()

    def action_show_credentials(self) -> None:
        """Show which credentials are kept."""
        self.errands.credentials()

    async def action_unlock_vault(self) -> None:
        """Open the vault."""
        await self.errands.vault()
