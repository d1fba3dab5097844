"""Answers about what targets are: profiles, ports, who is logged in; what the registry offers; and a discovery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.assistant.answer import Answer, Block, FollowUp, Paragraph, count_text, table
from opsterm.assistant.queries import DiscoverRequest, HostQuestion
from opsterm.assistant.query_words import HostTopic
from opsterm.core.units import age_text
from opsterm.inventory.folding import fold
from opsterm.inventory.service import ServiceRecord
from opsterm.inventory.service_kinds import answers_to
from opsterm.monitoring.kept_profile import KeptProfile
from opsterm.monitoring.profile_lines import profile_lines

Parts = tuple[tuple[Block, ...], tuple[FollowUp, ...]]


def about(topic: HostTopic, looked: Sequence[KeptProfile], now: float) -> Parts:
    """Return blocks and follow-ups about some profiles: PROFILE, PORTS or LOGGED_IN.

    Args:
        topic: which.
        looked: at least one.
        now: epoch seconds, for what ends.
    """
    if topic is HostTopic.PORTS:
        return _ports(looked)
    return _logged_in(looked) if topic is HostTopic.LOGGED_IN else _profiles(looked, now)


def _profiles(looked: Sequence[KeptProfile], now: float) -> Parts:
    if len(looked) == 1:
        name = looked[0].target
        told = profile_lines(looked[0].profile, now)
        again = FollowUp(words="look again, for services too", line=DiscoverRequest(selector=name).line)
        ports = FollowUp(words="its ports", line=HostQuestion(topic=HostTopic.PORTS, selector=name).line)
        return (Paragraph(text=f"Profile of {name}:"), table("what|is", told)), (ports, again)
    rows = [
        (kept.target, kept.profile.os, kept.profile.kernel, kept.profile.services or "-", _pending(kept))
        for kept in looked
    ]
    one = FollowUp(
        words=f"all about {looked[0].target}",
        line=HostQuestion(topic=HostTopic.PROFILE, selector=looked[0].target).line,
    )
    head = Paragraph(text=f"Profiles of {count_text(len(looked), 'target')}:")
    return (head, table("target|system|kernel|services|>updates", rows)), (one,)


def _pending(kept: KeptProfile) -> str:
    pending = kept.profile.package_state.pending
    return "not known" if pending is None else f"{len(pending):,}"


def _ports(looked: Sequence[KeptProfile]) -> Parts:
    found: dict[tuple[str, str, str], list[str]] = {}
    unknown = [kept.target for kept in looked if kept.profile.listeners is None]
    for kept in looked:
        for one in kept.profile.listeners or ():
            who = one.unit or one.process or "not known: the account may not see it"
            where = "itself only" if one.is_local else one.address
            held = found.setdefault((f"{one.protocol}/{one.port}", who, where), [])
            held.extend([kept.target] if kept.target not in held else [])
    known = len(looked) - len(unknown)
    blocks: list[Block] = []
    if known == 1:
        name = next(kept.target for kept in looked if kept.profile.listeners is not None)
        blocks.append(Paragraph(text=f"{count_text(len(found), 'port')} of {name} {_are(len(found))} listened on:"))
        blocks.append(table("port|who|reachable at", [list(what) for what in sorted(found, key=_port_order)]))
    elif known:
        rows = [(fold(found[what]), *what) for what in sorted(found, key=_port_order)]
        blocks.append(Paragraph(text=f"Ports that {known} targets listen on:"))
        blocks.append(table("targets|port|who|reachable at", rows))
    if unknown:
        blocks.append(Paragraph(text=f"Ports of {fold(unknown)} are not known."))
    return tuple(blocks), ()


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _port_order(what: tuple[str, str, str]) -> tuple[str, int, str]:
    protocol, _, port = what[0].partition("/")
    return protocol, int(port), what[1]


def _logged_in(looked: Sequence[KeptProfile]) -> Parts:
    rows: list[tuple[str, str, str]] = []
    nobody = [kept.target for kept in looked if kept.profile.login_sessions == ()]
    unknown = [kept.target for kept in looked if kept.profile.login_sessions is None]
    for kept in looked:
        rows += [(kept.target, one.user, one.origin or "here") for one in kept.profile.login_sessions or ()]
    blocks: list[Block] = []
    if rows:
        head = f"{count_text(len(rows), 'log-in')} on {count_text(len({row[0] for row in rows}), 'target')}:"
        blocks += [Paragraph(text=head), table("target|user|from", rows)]
    if nobody:
        blocks.append(Paragraph(text=f"Nobody was logged in on {fold(nobody)}."))
    if unknown:
        blocks.append(Paragraph(text=f"Who is logged in on {fold(unknown)} is not known."))
    blocks.append(Paragraph(text="That is how it was at the last look; our own session to look is not counted."))
    again = FollowUp(words="ask now", line=f"run on {fold([kept.target for kept in looked])} -- who", edit=True)
    return tuple(blocks), (again,)


def answer_offering(question: HostQuestion, services: Sequence[ServiceRecord], now: float) -> Answer:
    """Answer which services of the registry can be asked for a capability.

    Args:
        question: OFFERING, with the capability as its subject.
        services: those that are not ignored.
        now: epoch seconds.
    """
    word = question.subject
    found = [
        one for one in services
        if one.offers(word) or answers_to(word, name=one.unit or one.name, process=one.process, kind=one.kind)
    ]  # fmt: skip
    everywhere = FollowUp(words="look for services on every target", line=DiscoverRequest().line, edit=True)
    if not found:
        text = f"No service of the registry offers {word}. Only targets that were looked at for services are in it."
        return Answer(blocks=(Paragraph(text=text),), interpretation=question.line, follow_ups=(everywhere,))
    rows = [
        (one.id, one.kind, ", ".join(port.text for port in one.ports), one.state.value, _health(one, now))
        for one in found
    ]
    targets = {one.target for one in found}
    offer = "offers" if len(found) == 1 else "offer"
    head = f"{count_text(len(found), 'service')} on {count_text(len(targets), 'target')} {offer} {word}:"
    needed = FollowUp(
        words=f"what needs {found[0].id}", line=HostQuestion(topic=HostTopic.NEEDED_BY, subject=found[0].id).line
    )
    return Answer(
        blocks=(Paragraph(text=head), table("service|kind|ports|record|health", rows)),
        interpretation=question.line, follow_ups=(needed, everywhere),
    )  # fmt: skip


def _health(one: ServiceRecord, now: float) -> str:
    return "not checked" if one.health_at is None else f"{one.health}, {age_text(now - one.health_at)} ago"


def answer_discovery(
    request: DiscoverRequest, *, brought: Mapping[str, Sequence[ServiceRecord]], seen: int, failed: Mapping[str, str]
) -> Answer:
    """Answer what a look for services has found.

    Args:
        request: what was asked.
        brought: records that are different from before, by how: "new", "changed", "back", "gone".
        seen: services there are on the targets that were looked at.
        failed: why a target was not looked at, by name.
    """
    rows = [
        (how, one.id, one.kind, ", ".join(port.text for port in one.ports), one.version)
        for how, records in brought.items()
        for one in records
    ]
    counts = ", ".join(f"{len(records)} {how}" for how, records in brought.items())
    blocks: list[Block] = [Paragraph(text=f"{count_text(seen, 'service')} seen: {counts}.")]
    if rows:
        blocks.append(table("news|service|kind|ports|version", rows))
    if brought.get("new"):
        where = request.selector or "all"
        blocks.append(
            Paragraph(text=f"New ones wait for you: `opsterm services accept '{where}'`, or services under : here.")
        )
    by_reason: dict[str, list[str]] = {}
    for name, reason in failed.items():
        by_reason.setdefault(reason, []).append(name)
    blocks += [Paragraph(text=f"{fold(names)} not looked at: {reason}") for reason, names in by_reason.items()]
    after = HostQuestion(topic=HostTopic.SERVICES, selector=request.selector)
    return Answer(
        blocks=tuple(blocks), interpretation=request.line,
        follow_ups=(FollowUp(words="what runs there", line=after.line),),
    )  # fmt: skip
