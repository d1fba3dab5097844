"""Use-case of automations over several protocols: writes the plan that a sentence wishes for. It changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from opsterm.assistant.automation_plan import AutomationPlan, automation_plan
from opsterm.assistant.automation_wish import AutomationWish
from opsterm.core.errors import OpstermError
from opsterm.core.mail_settings import MailSettings
from opsterm.inventory.target import Protocol
from opsterm.runtime.credentials import HTTP, SNMP
from opsterm.runtime.inventory import Inventory

_LETS_IN = {SNMP: Protocol.SNMP, HTTP: Protocol.HTTP}

KeptNames = Callable[[], Awaitable[Sequence[tuple[str, str]]]]
"""Returns (service, account) of each credential that is kept; never the secrets."""


class Automations:
    """Writes plans.

    Args:
        inventory: targets.
        kept: says which credentials there are.
        mail: says whether alerts are mailed.
    """

    def __init__(self, inventory: Inventory, kept: KeptNames, mail: MailSettings) -> None:
        self._inventory = inventory
        self._kept = kept
        self._mail = mail

    async def plan(self, wish: AutomationWish) -> AutomationPlan:
        """Return the plan of a wish, by the inventory and the credentials of now."""
        try:
            kept = frozenset(
                (_LETS_IN[service], account) for service, account in await self._kept() if service in _LETS_IN
            )
        except OpstermError:  # the vault is locked, or cannot be read: then nothing is said of what is missing
            kept = None
        fleet = [row.target for row in self._inventory.rows()]
        return automation_plan(wish, fleet, kept=kept, mails=bool(self._mail.notify))
