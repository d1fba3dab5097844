"""Checks by schedule: each turn looks at this program's own measurements, and tells once when they pass a level."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from opsterm.changes.job import Job, JobTerms, once_a_turn
from opsterm.core.units import value_text
from opsterm.inventory.folding import fold
from opsterm.monitoring.condition import ConditionReading, MeasuredCondition, condition_body, condition_of, reading_text
from opsterm.monitoring.jobs import JOB_FAILED, JOB_MET
from opsterm.monitoring.metrics import metric_of
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.jobs import JobWish
from opsterm.runtime.mail import Post
from opsterm.runtime.measured import Measured
from opsterm.runtime.ports_jobs import JobOutcome
from opsterm.runtime.schedules import ReadPhrase

MEASURE = "measure"
"""The kind of these jobs."""

SHOWN_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureWish:
    """A look at measurements that is to be taken by schedule.

    Attributes:
        condition: what is told of.
        selector: which targets; it is resolved anew at each turn.
        to: mail addresses; () for an alert alone.
    """

    condition: MeasuredCondition
    selector: str
    to: tuple[str, ...] = ()

    def job(self, when: ReadPhrase, terms: JobTerms) -> JobWish:
        """Return what is kept of it."""
        body = {"condition": condition_body(self.condition), "selector": self.selector, "to": self.to}
        what = f"tell when {self.condition.text} on {self.selector}"
        return JobWish(kind=MEASURE, payload=json.dumps(body, sort_keys=True), what=what, when=when, terms=terms)

    @property
    def told(self) -> str:
        """When and whom it tells, in words."""
        mail = f" and a mail to {', '.join(self.to)}" if self.to else ""
        back = value_text(self.condition.back, metric_of(self.condition.metric).unit)
        return (
            f"When {self.condition.text}, or nothing fresh was measured: an alert of the target{mail}, once, "
            f"until it is back at {back}."
        )


def measure_wish(job: Job) -> MeasureWish:
    """Return what a job of this kind looks at."""
    body = json.loads(job.payload)
    return MeasureWish(condition=condition_of(body["condition"]), selector=body["selector"], to=tuple(body["to"]))


class MeasureJobs:
    """Looks at measurements by schedule. It reads what is kept here, so nobody approves it.

    Args:
        measured: looks.
        inventory: targets.
        alerts: what is open now: for whom it held before.
        post: sends mail.
        host: this machine's name, for mail.
    """

    def __init__(
        self, measured: Measured, inventory: Inventory, alerts: Alerts, post: Callable[[], Post], host: str
    ) -> None:
        self._measured = measured
        self._inventory = inventory
        self._alerts = alerts
        self._post = post
        self._host = host

    async def run(self, job: Job) -> JobOutcome:
        """Look, and tell of targets that were not told of before. Raises BadInput: no target is left."""
        wish = measure_wish(job)
        names = tuple(row.target.name for row in await self._inventory.resolve(wish.selector))
        before = self._open(job, JOB_MET)
        looked = await self._measured.look(wish.condition, names, before=before)
        met = {
            name: ", ".join(reading_text(one) for one in found.met[:10]) for name, found in looked.items() if found.met
        }
        unread = {name: f"Nothing can be said: {found.unread}." for name, found in looked.items() if found.unread}
        await self._tell(job, wish, met, unread, before)
        return JobOutcome(said=_said(wish, looked, met), targets=names, failed=unread, met=met)

    def _open(self, job: Job, metric: str) -> Collection[str]:
        return {
            one.key.target for one in self._alerts.feed()
            if one.key.metric == metric and one.key.item == job.name
        }  # fmt: skip

    async def _tell(
        self, job: Job, wish: MeasureWish, met: Mapping[str, str], unread: Mapping[str, str], before: Collection[str]
    ) -> None:
        """Send the mail of a turn, where a target is to be told of that was not before."""
        new = {name: text for name, text in met.items() if name not in before}
        silent = {name: text for name, text in unread.items() if name not in self._open(job, JOB_FAILED)}
        if not wish.to or not (new or silent):
            return
        what = f"{wish.condition.text} on {len(new)}" if new else f"nothing fresh of {len(silent)}"
        still = sorted({*met} - {*new})
        lines = [
            f"{wish.told}", "", *(f"{name}  {text}" for name, text in [*new.items()][:SHOWN_ROWS]),
            *([f"As before: {fold(still)}"] if still else []),
            *(f"{name}  {text}" for name, text in [*silent.items()][:SHOWN_ROWS]), "",
            f"opsterm on {self._host}. All of it: opsterm schedule show {job.name}",
        ]  # fmt: skip
        await self._post().send(wish.to, f"[opsterm] {job.name} {what}", "\n".join(lines), once=once_a_turn(job))


def _said(wish: MeasureWish, looked: Mapping[str, ConditionReading], met: Mapping[str, str]) -> str:
    unread = {name: found.unread for name, found in looked.items() if found.unread}
    parts = [f"Read at {len(looked) - len(unread)} of {len(looked)}."]
    parts += [f"{name}: {text}." for name, text in [*unread.items()][:3]]
    if met:
        parts += [f"{wish.condition.text} on {fold(list(met))}.", *(f"{n}: {text}." for n, text in [*met.items()][:3])]
    else:
        worst = [f"{name}: {reading_text(found.read)}" for name, found in looked.items() if found.read is not None]
        parts.append(f"None {wish.condition.text}. {'; '.join(worst[:3])}.")
    return " ".join(parts)
