"""Use-case of orders about alerts: said back with the exact alerts, and done once that is confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from opsterm.assistant.alert_order import AlertOrder, AlertVerb, command_for, meant_alerts
from opsterm.assistant.answer import Answer, Block, FollowUp, Paragraph, count_text, table
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput
from opsterm.core.units import age_text
from opsterm.monitoring.alerts import Alert
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.said_back import SaidBack

LISTED = 40
_SAYS = {AlertVerb.ACKNOWLEDGE: "Acknowledge", AlertVerb.SILENCE: "Silence", AlertVerb.REOPEN: "Reopen"}


class AlertOrders:
    """Says back what is wished of alerts. A yes does it, of the alerts that were named and no others."""

    def __init__(self, clock: Clock, alerts: Alerts, inventory: Inventory, said_back: SaidBack) -> None:
        self._clock = clock
        self._alerts = alerts
        self._inventory = inventory
        self._said_back = said_back

    def meant(self, order: AlertOrder) -> Sequence[Alert]:
        """Return the alerts that an order would change."""
        return meant_alerts(order, self._alerts.feed(), self._inventory.rows())[0]

    def answer(self, order: AlertOrder, now: float) -> Answer:
        """Say back which alerts are meant, and until when; `now` in epoch seconds. Nothing is done."""
        self._said_back.drop()
        can, cannot = meant_alerts(order, self._alerts.feed(), self._inventory.rows())
        until = now + order.for_min * 60 if order.for_min else 0.0
        blocks: list[Block] = [Paragraph(text=f"{one.name} is {one.state} as it is.") for one in cannot[:LISTED]]
        if not can:
            what = "" if cannot else " Only alerts that are open can be silenced or acknowledged; no target is muted."
            blocks.insert(0, Paragraph(text=f"No open alert is meant by that, so there is nothing to do.{what}"))
            return Answer(blocks=tuple(blocks), interpretation=order.line, follow_ups=(_LISTS,))
        rows = [(one.name, one.key.target, one.severity, one.state, one.summary) for one in can]
        end = f" until {_time(until, now)}, for {age_text(order.for_min * 60)}" if until else ""
        head = f"{_SAYS[order.verb]} {_counted(can)}{end}. Nothing is done yet. Say yes to do it."
        blocks = [Paragraph(text=head), table("alert|target|severity|state|what", rows, limit=LISTED), *blocks]
        if order.verb is AlertVerb.SILENCE and not order.numbers:
            blocks.append(Paragraph(text="Alerts that are raised later are not silenced by this."))
        self._said_back.wait(partial(self._done, order.verb, tuple(one.id for one in can), until), now)
        return Answer(
            blocks=tuple(blocks), interpretation=order.line,
            follow_ups=(FollowUp(words="do it", line="yes"), FollowUp(words=command_for(order, can), line="")),
        )  # fmt: skip

    async def _done(self, verb: AlertVerb, numbers: Sequence[int], until: float) -> Answer:
        lines, done = list[str](), 0
        for number in numbers:
            try:
                alert = await self._change(verb, number, until)
            except BadInput as error:  # it has ended since; the others are done all the same
                lines.append(error.what)
            else:
                done += 1
                lines.append(f"{alert.name} is {alert.state}: {alert.summary}")
        head = f"{count_text(done, 'alert')} of {len(numbers):,} done."
        texts = lines[:LISTED] if len(numbers) == 1 else [head, *lines[:LISTED]]
        return Answer(blocks=tuple(Paragraph(text=one) for one in texts), follow_ups=(_LISTS,))

    async def _change(self, verb: AlertVerb, number: int, until: float) -> Alert:
        if verb is AlertVerb.ACKNOWLEDGE:
            return await self._alerts.acknowledge(number)
        if verb is AlertVerb.REOPEN:
            return await self._alerts.unsilence(number)
        return await self._alerts.silence(number, for_s=until - self._clock.now())


_LISTS = FollowUp(words="what is open", line="list alerts")


def _counted(alerts: Sequence[Alert]) -> str:
    return f"alert {alerts[0].name}" if len(alerts) == 1 else f"these {len(alerts):,} alerts"


def _time(at: float, now: float) -> str:
    end, today = datetime.fromtimestamp(at).astimezone(), datetime.fromtimestamp(now).astimezone()
    return f"{end:%H:%M}" if end.date() == today.date() else f"{end:%a %d %b %H:%M}"
