"""Use-cases of rules: which controls a command touches, and what that asks for."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from opsterm.changes.change import Change
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, BadSetting, Refused
from opsterm.core.paths import Paths
from opsterm.core.policy_settings import PolicySettings
from opsterm.inventory.target import Target
from opsterm.policy.change_windows import Zone, parse_window
from opsterm.policy.compliance.circumstances import Circumstances, KnownTarget, names_ticket
from opsterm.policy.compliance.review import RuleReview, worse_than
from opsterm.policy.compliance.rulebook import Rulebook, chosen
from opsterm.policy.order import Order
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.offload import Offload

if TYPE_CHECKING:
    from opsterm.core.toml_text import TomlFault
    from opsterm.policy.compliance.rule import PolicyRule
    from opsterm.runtime.edges import Files


class Compliance:
    """Reads the rules once, when the first command is looked at, and says what they say."""

    def __init__(
        self, settings: PolicySettings, paths: Paths, clock: Clock, *, files: Files, offload: Offload, zone: Zone,
    ) -> None:  # fmt: skip
        self.settings = settings
        self._paths = paths
        self._clock = clock
        self._files = files
        self._offload = offload
        self._zone = zone
        self._rules: Rulebook | None = None
        self._reading = asyncio.Lock()

    @property
    def own_folder(self) -> Path:
        """Where the operator's own rules are."""
        return self._paths.config / "policies"

    async def rulebook(self) -> Rulebook:
        """Return the rules in force. They are read once; what is edited counts from the next start.

        Raises:
            BadSetting: a file has faults, or a setting names no pack: without all rules nothing goes on.
        """
        async with self._reading:
            if self._rules is None:
                self._rules = await self._offload.run("files", self._read)
            return self._rules

    def _read(self) -> Rulebook:
        from opsterm.policy.compliance.reading import (  # noqa: PLC0415 (a start does not need it)
            read_pack,
            read_rules,
            require_sound,
        )

        shipped = self._paths.shipped / "knowledge_seed" / "policy_packs"
        rules: list[PolicyRule] = []
        digest = hashlib.sha256()
        packs = []
        for text, name in self._texts(shipped / "packs"):
            pack, problems = read_pack(text, Path(name).name)
            require_sound(problems)
            packs.append(pack)
        for folder, own in ((shipped / "rules", False), (self.own_folder, True)):
            for text, name in self._texts(folder, own=own):
                read, problems = read_rules(text, name if own else Path(name).name, own=own)
                require_sound(problems)
                rules += read
                digest.update(text.encode())
        _require_one_of_each(rules)
        return Rulebook(
            rules=tuple(rules), known_packs=tuple(packs), packs=chosen(packs, self.settings.packs.split(",")),
            strict=self.settings.strict, sha256=digest.hexdigest(),
        )  # fmt: skip

    def _texts(self, folder: Path, *, own: bool = False) -> Iterable[tuple[str, str]]:
        read = self._files.read_obeyed if own else self._files.read
        for name in self._files.glob(f"{folder}/*.toml"):
            try:
                yield read(Path(name)), name
            except OSError as error:
                raise BadSetting(f"The policy {name} cannot be read.", why=f"{error.strerror}.") from error

    async def validate(self, file: str) -> Sequence[TomlFault]:
        """Return everything that is wrong with a file of the operator's own rules.

        Raises:
            BadInput: it cannot be read.
        """
        from opsterm.policy.compliance.reading import read_rules  # noqa: PLC0415 (as above)

        try:
            text = await self._offload.run("files", lambda: self._files.read(Path(file).expanduser()))
        except OSError as error:
            raise BadInput(f"{file} cannot be read.", why=f"{error.strerror}.") from error
        return await self._offload.run("files", lambda: read_rules(text, file, own=True)[1])

    def circumstances(self, targets: Sequence[Target], *, actor: str, reason: str | None) -> Circumstances:
        """Return what is known beside a command.

        Args:
            targets: where it would run; empty: nobody has said.
            actor: the account that asks.
            reason: why, in which a ticket may be named; None: nobody has asked for one yet.

        Raises:
            BadSetting: policy.ticket or policy.windows cannot be read.
        """
        return Circumstances(
            targets=tuple(KnownTarget(environment=one.environment, tags=frozenset(one.tags)) for one in targets),
            actor=actor, ticket=None if reason is None else names_ticket(reason, self.settings.ticket),
            in_window=self.in_window(self._clock.now()),
        )  # fmt: skip

    async def is_planned_now(self) -> bool | None:
        """Return whether changes are planned for now, None when that is not known; a time zone is a file.

        Raises:
            BadSetting: as `in_window`.
        """
        if not self.settings.windows:
            return None
        return await self._offload.run("files", lambda: self.in_window(self._clock.now()))

    def in_window(self, at: float) -> bool | None:
        """Return whether changes are planned at a time (epoch seconds), None when that is not known.

        Raises:
            BadSetting: policy.windows cannot be read.
        """
        if not self.settings.windows:
            return None
        try:
            return parse_window(self.settings.windows).is_open(at, self._zone)
        except BadInput as error:
            raise BadSetting(f"The setting policy.windows: {error.what}", next_step=error.next_step) from None


class ComplianceGate:
    """Asks the rules about changes: when one is proposed, when it is approved, and before it runs."""

    def __init__(self, compliance: Compliance, inventory: Inventory) -> None:
        self._compliance = compliance
        self._inventory = inventory

    async def review(self, order: Order, *, requested_by: str, reason: str, by: str = "") -> RuleReview:
        """Return what the rules say of an order.

        Args:
            order: what would run.
            requested_by: the account that asks.
            reason: why; a ticket is looked for in it.
            by: the account that approves, "" while nobody does.

        Raises:
            BadSetting: the rules cannot be read.
        """
        rules = await self._compliance.rulebook()
        found = (self._inventory.target(target.name) for target in order.targets)
        known = self._compliance.circumstances(
            [target for target in found if target is not None], actor=requested_by, reason=reason
        )
        if by:
            known = replace(known, second_person=by != requested_by)
        return rules.review(order.command, order.shell, known)

    async def difference(self, change: Change) -> str:
        """Return a sentence when the rules ask for more than when it was proposed, "" when they do not."""
        now = await self.review(change.order, requested_by=change.requested_by, reason=change.reason)
        return worse_than(now, change.review)

    async def require_allowed(self, change: Change, *, by: str) -> None:
        """Refuse an approval that a rule denies.

        Args:
            change: the change.
            by: the account that approves.

        Raises:
            Refused: a rule denies; the sentence says which, what it touches and what would be safer.
        """
        review = await self.review(change.order, requested_by=change.requested_by, reason=change.reason, by=by)
        for finding in review.denied:
            raise Refused(
                f"{change.name} cannot be approved: {finding.rule} {finding.touches}, and is to be denied.",
                why=f"{finding.title}. {finding.why}",
                next_step=f"Safer: {finding.safer}" if finding.safer else "Propose something else.",
            )


def _require_one_of_each(rules: Sequence[PolicyRule]) -> None:
    """Raise BadSetting when two rules have one id: of two answers nobody knows which one counts."""
    seen: dict[str, PolicyRule] = {}
    for rule in rules:
        if rule.id in seen:
            raise BadSetting(
                f"Two rules are called {rule.id}: {seen[rule.id].origin} and {rule.origin}.",
                next_step="Give one of them another id.",
            )
        seen[rule.id] = rule
