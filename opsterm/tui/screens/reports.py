"""What is only looked at, from the home screen: lists and reports in a screen of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsterm.core.errors import OpstermError
from opsterm.policy.audit import as_text
from opsterm.policy.chain import verdict_text
from opsterm.runtime.audit import checkpoints_text
from opsterm.runtime.runtime import Runtime
from opsterm.tui.screens.checks import ChecksErrand
from opsterm.tui.screens.text import TextScreen

if TYPE_CHECKING:
    from opsterm.tui.screens.home import HomeScreen


class Reports:
    """Lists and reports; each method opens one."""

    def __init__(self, home: HomeScreen) -> None:
        self._home = home

    @property
    def _runtime(self) -> Runtime:
        return self._home.runtime

    async def sent(self) -> None:
        """List what was really sent, newest last, and whether the audit chain is whole."""
        audit = self._runtime.audit
        rows = [as_text(row) for row in await audit.rows(limit=500)]
        if rows:
            verdict = await audit.verify()
            rows += ["", f"Audit chain: {verdict_text(verdict)} {checkpoints_text(await audit.status()).capitalize()}."]
        self._home.app.push_screen(TextScreen("What was sent", "\n".join(rows) or "Nothing was sent yet."))

    async def doctor(self) -> None:
        """Show how every part is."""
        lines = []
        for check in await self._runtime.doctor():
            lines.append(f"{check.health.upper():5} {check.name}: {check.text}")
            if check.next_step:
                lines.append(f"      {check.next_step}")
        self._home.app.push_screen(TextScreen("Doctor", "\n".join(lines)))

    async def checks(self) -> None:
        """List the checks at an interval; enter draws the latency of one."""
        await ChecksErrand(self._home).run()

    async def mail(self) -> None:
        """Show what mail waits or was not delivered."""
        try:
            mails = await self._runtime.post.queue()
        except OpstermError as error:
            self._home.cockpit.fail(error)
            return
        lines = ["No mail waits, and none was lost." if not mails else "`opsterm mail retry` tries again at once.", ""]
        for mail in mails:
            lines.append(f"{mail.name}  {mail.state}  {mail.subject}")
            lines += [f"      {r.address}: {r.state}  {r.reply}" for r in mail.recipients]
        self._home.app.push_screen(TextScreen("Mail", "\n".join(lines)))
