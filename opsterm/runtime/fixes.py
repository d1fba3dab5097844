"""Use-cases of fixes from cards: look with their checks, propose their steps, remember what became of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from opsterm.changes.change import Change, ChangeState
from opsterm.changes.suggested_checks import suggested_checks
from opsterm.changes.verification import NO_VERIFICATION, Verification
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound
from opsterm.inventory.target import Protocol, Target
from opsterm.knowledge.card import Card, CardStep
from opsterm.knowledge.events import FixForgotten, FixSaid, FixTried
from opsterm.knowledge.steps import filled, fillings, step_of
from opsterm.knowledge.trials import FixRecord, TrialContext
from opsterm.policy.order import SHELLS_OF_PROTOCOL
from opsterm.runtime.alerts import Alerts
from opsterm.runtime.changes import Changes
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.knowledge import Knowledge
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Operator
from opsterm.runtime.ports_knowledge import Trial, TrialEnd, TrialPlace, TrialStore
from opsterm.runtime.proposal import Proposal

_RUN_BY = frozenset(shell for shells in SHELLS_OF_PROTOCOL.values() for shell in shells)
_SYSTEM_OF = {Protocol.WINRM: "windows", Protocol.SNMP: "network", Protocol.HTTP: "device"}
_ENDED = (ChangeState.DONE, ChangeState.FAILED, ChangeState.ROLLED_BACK, ChangeState.ROLLBACK_FAILED)


def context_of(target: Target) -> TrialContext:
    """Return what a target is, as far as that decides whether a fix works."""
    system = _SYSTEM_OF.get(target.protocol, "windows" if target.os.lower().startswith("win") else "linux")
    return TrialContext(system=system, environment=target.environment, role=next(iter(target.groups), ""))


class Fixes:
    """Turns cards into queries and proposals, and knows what became of them. Nothing runs from here but what reads."""

    def __init__(
        self, trials: TrialStore, ledger: Ledger, clock: Clock, *, knowledge: Knowledge, changes: Changes,
        inventory: Inventory, alerts: Alerts, operator: Operator,
    ) -> None:  # fmt: skip
        self._trials = trials
        self._ledger = ledger
        self._clock = clock
        self._knowledge = knowledge
        self._changes = changes
        self._inventory = inventory
        self._alerts = alerts
        self._operator = operator

    async def places(self, selector: str) -> Sequence[TrialContext]:
        """Return what the targets of a selector are; () for "", or where none matches. Raises BadInput."""
        if not selector:
            return ()
        try:
            rows = await self._inventory.resolve(selector)
        except BadInput:
            return ()
        return list(dict.fromkeys(context_of(row.target) for row in rows))

    async def look(
        self, card_id: str, *, selector: str, values: Mapping[str, str], origin: str
    ) -> tuple[Sequence[Change], Sequence[str]]:
        """Record the checks of a card as queries.

        Args:
            card_id: which.
            selector: the targets.
            values: word of a check -> what is put there.
            origin: "screen", "chat" or "command line".

        Returns:
            (the changes: those known to only read are APPROVED and can be run at once, any other waits for an
            approval; a sentence for each check that was left out, because nothing was said for one of its words)

        Raises:
            NotFound: there is no such card.
            BadInput: it has no check that can run there, a value is for no word, or no target matches.
            Refused: as `Changes.query`.
        """
        card = await self._knowledge.get(card_id)
        words = {word for step in card.checks for word in fillings(step)}
        _refuse_unknown(values, words, card)
        made, left = [], []
        for step in card.checks:
            wanted = fillings(step)
            if step.shell not in _RUN_BY:
                left.append(f"{step.text}: it is for {step.shell or 'a person'}.")
            elif missing := [word for word in wanted if word not in values]:
                left.append(f"{step.text}: say it with --with {missing[0]}=…")
            else:
                command = filled(step, {word: values[word] for word in wanted})
                asked = Proposal(
                    command=command, selector=selector, shell=step.shell, origin=origin,
                    reason=f"a check of card {card.id}: {card.title}",
                )  # fmt: skip
                made.append(await self._changes.query(asked))
        if not made:
            raise BadInput(f"No check of {card.id} can run so.", why=" ".join(left) or "It has none.")
        return made, left

    async def propose(
        self, card_id: str, number: int, *, selector: str, values: Mapping[str, str], origin: str, alert: int = 0,
        verification: Verification = NO_VERIFICATION,
    ) -> Change:  # fmt: skip
        """Propose a step of a card as an ordinary change, and remember where it is from.

        Args:
            card_id: which.
            number: of the step, from 1.
            selector: the targets.
            values: word of the step -> what is put there.
            origin: "screen", "chat" or "command line".
            alert: number of the alert that it is for, 0 for none.
            verification: what is looked at afterwards; what suits the command where nothing is said.

        Raises:
            NotFound: there is no such card, or no such alert.
            BadInput: the step is no command that opsterm runs, a word of it has no value, or no target matches.
            Refused: as `Changes.propose`.
        """
        card = await self._knowledge.get(card_id)
        step = step_of(card, number)
        _refuse_other_tools(card, step)
        if alert:
            await self._alerts.get(alert)
        proposal = Proposal(
            command=filled(step, values), selector=selector, shell=step.shell, origin=origin,
            reason=f"step {number} of card {card.id}: {card.title}", verification=verification,
        )  # fmt: skip
        if not verification.checks:
            suiting = suggested_checks((await self._changes.draft(proposal)).order)
            proposal = replace(proposal, verification=replace(verification, checks=suiting))
        change = await self._changes.propose(proposal)
        rows = await self._inventory.resolve(selector)
        kept = {target.name for target in change.order.targets}
        places = [TrialPlace(target=row.target.name, context=context_of(row.target)) for row in rows]
        told = self._ledger.fact(
            FixTried(change=change.id, card=card.id, step=number, alert=alert), correlation_id=change.name
        )
        trial = Trial(change=change.id, card=card.id, step=number, alert=alert)
        self._ledger.committed(await self._trials.keep(trial, [one for one in places if one.target in kept], [told]))
        return change

    async def say(self, change_id: int, said: TrialEnd) -> Trial:
        """Take the word of the operator on whether a fix worked, of one that ran to its end.

        What was seen counts more: a word makes no success of what failed, was taken back, or waits for its alert. That
        it did not work is believed always.

        Raises:
            NotFound: there is no such change.
            BadInput: it is no fix from a card, or has not run to its end.
        """
        change, trial = await self._changes.get(change_id), await self._trials.get(change_id)
        if trial is None:
            raise BadInput(
                f"{change.name} was not proposed from a card.",
                next_step="`opsterm knowledge record` lists the changes that were.",
            )
        if change.state not in _ENDED:
            raise BadInput(f"{change.name} is {change.state}: only what has run can have worked.")
        fact = self._ledger.fact(
            FixSaid(change=change_id, card=trial.card, said=said.value), correlation_id=change.name
        )
        at, by = self._clock.now(), self._operator.name
        self._ledger.committed(await self._trials.say(change_id, said, by=by, at=at, facts=[fact]))
        return next(
            one for one in await self._trials.list(trial.card, now=at, limit=MOST_TRIALS) if one.change == change_id
        )

    async def trials(self, card_id: str = "", *, limit: int = 50) -> Sequence[Trial]:
        """Return the newest trials of a card, "" for all, with what became of them."""
        return await self._trials.list(card_id, now=self._clock.now(), limit=limit)

    async def records(self) -> Mapping[str, FixRecord]:
        """Return what became of the fixes of each card with a trial that has ended."""
        return await self._trials.records(now=self._clock.now())

    async def forget(self, card_id: str) -> None:
        """Forget what became of the fixes of a card. Raises NotFound when there is nothing to forget."""
        facts = await self._trials.forget(
            card_id, lambda count: [self._ledger.fact(FixForgotten(card=card_id, trials=count))]
        )
        if not facts:
            raise NotFound(f"No fix of {card_id[:60]!r} was tried here.")
        self._ledger.committed(facts)


MOST_TRIALS = 100_000


def _refuse_unknown(values: Mapping[str, str], words: set[str], card: Card) -> None:
    for name in values:
        if name not in words:
            there = ", ".join(sorted(words)) or "none"
            raise BadInput(f"No check of {card.id} has the word {name[:40]!r}.", why=f"There are: {there}.")


def _refuse_other_tools(card: Card, step: CardStep) -> None:
    """Refuse a step in a language that no target of ours reads."""
    if step.shell not in _RUN_BY:
        raise BadInput(
            f"The step is for {step.shell}, which opsterm does not speak: {step.text}",
            next_step=f"Do it by hand where that is spoken; `opsterm knowledge show {card.id}` prints all steps.",
        )
