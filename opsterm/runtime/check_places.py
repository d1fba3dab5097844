"""Where checks at an interval are made, and what is known of each by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from opsterm.core.errors import BadInput
from opsterm.inventory.target import LOCALHOST, Target
from opsterm.monitoring.checks import CheckKind, CheckPlan
from opsterm.monitoring.reach import HttpAsk
from opsterm.runtime.reach import TCP_PORTS, checked_url, host_of, url_of_target


class CheckAt(NamedTuple):
    """One check of one place: what is scheduled, and the key of what is known of it.

    Attributes:
        name: of the check.
        target: that its measurements and alerts are of.
    """

    name: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPlace:
    """A check and where it is made.

    Attributes:
        plan: what is done.
        target: that its measurements and alerts are of: the one that is checked; for a url or host that is no
            target's, this host, which looks.
        host: that is connected to, or pinged; "" for a web check.
        port: 0 where there is none.
        ask: for a web check.
        fault: why it cannot be made, one sentence; "" when it can.
    """

    plan: CheckPlan
    target: str
    host: str = ""
    port: int = 0
    ask: HttpAsk | None = None
    fault: str = ""

    @property
    def at(self) -> CheckAt:
        """What it is known by."""
        return CheckAt(self.plan.name, self.target)

    @property
    def where(self) -> str:
        """URL, or host and port."""
        if self.ask is not None:
            return self.ask.url
        return f"{self.host}:{self.port}" if self.port else self.host


def named_place(plan: CheckPlan, named: Mapping[str, str]) -> CheckPlace:
    """Return the place of a check that names it; its measurements are of the target with that name or address."""
    if plan.ask is None:
        return CheckPlace(plan=plan, target=named.get(plan.place, LOCALHOST), host=plan.place, port=plan.port)
    try:
        url = checked_url(plan.place)
    except BadInput as error:
        return CheckPlace(plan=plan, target=LOCALHOST, fault=error.what)
    return CheckPlace(plan=plan, target=named.get(host_of(url), LOCALHOST), ask=replace(plan.ask, url=url))


def target_place(plan: CheckPlan, target: Target) -> CheckPlace:
    """Return the place of a check at a target that its selector chooses."""
    made = CheckPlace(plan=plan, target=target.name, host=target.reach)
    if plan.ask is not None:
        try:
            url = url_of_target(target, plan.path, port=plan.port)
        except BadInput as error:
            return replace(made, fault=error.what)
        return replace(made, host="", ask=replace(plan.ask, url=url, name=target.name))
    if plan.kind is CheckKind.PING:
        return made
    port = plan.port or target.port or TCP_PORTS.get(target.protocol, 0)
    return replace(made, port=port, fault="" if port else f"{target.name} has no TCP port: write port = 443.")
