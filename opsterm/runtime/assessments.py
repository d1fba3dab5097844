"""Use-cases of risk: what a command would do, asked without proposing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opsterm.changes.change import Change
from opsterm.changes.way_back.prepared import coverage_of, has_way_back, way_back_to
from opsterm.inventory.target import Target
from opsterm.monitoring.session_path import SessionPath
from opsterm.policy.assessment import Assessment, assessment
from opsterm.policy.context import Surroundings
from opsterm.policy.order import AS_LOGGED_IN, OrderTarget, RunAs, usual_shell
from opsterm.policy.way_back import Coverage
from opsterm.runtime.compliance import Compliance
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.session_paths import SessionPaths
from opsterm.runtime.surroundings import KnownSurroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Targets that a command is thought to run on.

    Attributes:
        targets: as an order names them.
        around: their environments, and how much of each group they are.
        ways: how our sessions reach them.
        known: what is known of each.
    """

    targets: Sequence[OrderTarget] = ()
    around: Surroundings | None = None
    ways: Sequence[SessionPath] = ()
    known: Sequence[Target] = ()


NOWHERE = Whereabouts()


class Assessments:
    """Says how bad a command could be. Nothing is kept, and nothing runs."""

    def __init__(
        self, inventory: Callable[[], Inventory], paths: Callable[[], SessionPaths], compliance: Compliance, *,
        surroundings: KnownSurroundings, actor: str,
    ) -> None:  # fmt: skip
        self._inventory = inventory
        self._paths = paths
        self._compliance = compliance
        self._surroundings = surroundings
        self._actor = actor

    async def whereabouts(self, selector: str) -> Whereabouts:
        """Return the targets that are chosen. Needs an open store.

        Raises:
            BadInput, NotFound: as of `Inventory.resolve`.
        """
        inventory = self._inventory()
        rows = await inventory.resolve(selector)
        targets = tuple(inventory.order_target(row.target) for row in rows)
        return Whereabouts(
            targets=targets,
            around=inventory.surroundings([row.target.name for row in rows]),
            ways=await self._paths().known(targets),
            known=tuple(row.target for row in rows),
        )

    async def of_change(self, change: Change) -> Assessment:
        """Return what is said of a change as things are known now."""
        order = change.order
        inventory, names = self._inventory(), [target.name for target in order.targets]
        coverage = coverage_of(order, kept=has_way_back(order))
        around = await self._surroundings.around(
            order.command, order.shell, inventory.surroundings(names), coverage=coverage, tags=inventory.tags(names),
            become=order.become,
        )  # fmt: skip
        ways = await self._paths().known(order.targets)
        return assessment(order.command, order.shell, order.targets, around, ways, coverage=coverage)

    async def assess(
        self, command: str, *, shell: str = "", where: Whereabouts = NOWHERE, reason: str | None = None,
        warnings: Sequence[str] = (), how: RunAs = AS_LOGGED_IN,
    ) -> Assessment:  # fmt: skip
        """Return what is said of a command; takes about a millisecond once the rules are read.

        Args:
            command: the text.
            shell: a word of SHELLS_ASSESSED, "" for the usual one of the targets.
            where: on which targets.
            reason: why, which may name a ticket; None: nobody has said.
            warnings: what else should be known, whole sentences.
            how: as whom, with which files, on what it would run.

        Raises:
            BadSetting: the rules cannot be read.
        """
        rules = await self._compliance.rulebook()
        shell = shell or usual_shell(target.protocol for target in where.targets)
        tags = {tag for target in where.known for tag in target.tags}
        way = way_back_to(command, shell)
        coverage = way.coverage if way.things or way.coverage is Coverage.NOTHING else Coverage.NONE
        around = await self._surroundings.around(
            command, shell, where.around, coverage=coverage, tags=tags, become=how.become
        )
        known = self._compliance.circumstances(where.known, actor=self._actor, reason=reason)
        return assessment(
            command, shell, where.targets, around, where.ways, rules=rules, circumstances=known, coverage=coverage,
            warnings=warnings, how=how,
        )  # fmt: skip
