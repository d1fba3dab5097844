"""Answers from looks at targets and from the registry: services, ports, updates, and what needs what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.assistant.answer import Answer, Block, FollowUp, Paragraph, Source, count_text, table
from opsterm.assistant.answers_profiles import about
from opsterm.assistant.queries import DiscoverRequest, HostQuestion, RunRequest
from opsterm.assistant.query_words import HostTopic
from opsterm.core.units import age_text
from opsterm.inventory.dependencies import Dependency, dependants
from opsterm.inventory.folding import fold
from opsterm.inventory.selector import parse_selector
from opsterm.inventory.service_commands import service_command
from opsterm.inventory.service_kinds import answers_to
from opsterm.inventory.target import WITH_A_SHELL, TargetRow
from opsterm.monitoring.host_facts import Listener
from opsterm.monitoring.kept_profile import KeptProfile

_LISTING = {"apt-get": "apt list --upgradable", "dnf": "dnf -C check-update", "yum": "yum -C check-update",
            "zypper": "zypper --no-refresh list-updates", "apk": "apk version", "pacman": "pacman -Qu"}  # fmt: skip
"""Package manager -> a command that lists what is pending."""


def answer_hosts(
    question: HostQuestion, rows: Sequence[TargetRow], profiles: Mapping[str, KeptProfile], now: float
) -> Answer:
    """Answer from kept profiles; NEEDED_BY is `answer_needed_by`, OFFERING is `answer_offering`.

    Args:
        question: what was asked.
        rows: every target.
        profiles: the newest profile of every target that was looked at.
        now: epoch seconds.
    """
    chosen = [row.target for row in parse_selector(question.selector).select(rows)]
    looked = [profiles[target.name] for target in chosen if target.name in profiles]
    if not looked:
        where = f" that match {question.selector}" if question.selector else ""
        text = f"None of the targets{where} was looked at yet: `opsterm targets profile NAME` looks at one."
        if chosen and not any(target.protocol in WITH_A_SHELL for target in chosen):
            text = f"None of the targets{where} has a shell to look with."
            return Answer(blocks=(Paragraph(text=text),), interpretation=question.line)
        look = FollowUp(words="look for services there", line=DiscoverRequest(selector=question.selector).line)
        return Answer(blocks=(Paragraph(text=text),), interpretation=question.line, follow_ups=(look,))
    build = {
        HostTopic.SERVICES: _services, HostTopic.RUNNING: _running, HostTopic.LISTENING: _listening,
        HostTopic.UPDATES: _updates, HostTopic.SECURITY: _updates,
    }.get(question.topic)  # fmt: skip
    blocks, follow_ups = build(question, looked) if build else about(question.topic, looked, now)
    missing = len(chosen) - len(looked)
    if missing and len(chosen) > 1:
        blocks = (*blocks, Paragraph(text=f"{count_text(missing, 'more target')}: never looked at, so not known."))
    oldest = min(kept.at for kept in looked)
    source = Source(tag="p1", text=f"{count_text(len(looked), 'profile')}, the oldest {age_text(now - oldest)} ago")
    return Answer(blocks=blocks, interpretation=question.line, sources=(source,), follow_ups=follow_ups)


_Parts = tuple[tuple[Block, ...], tuple[FollowUp, ...]]


def _ports_of(unit: str, listeners: Sequence[Listener]) -> str:
    found = dict.fromkeys(f"{one.protocol}/{one.port}" for one in listeners if unit in (one.unit, one.process))
    return ", ".join(found)


def _services(question: HostQuestion, looked: Sequence[KeptProfile]) -> _Parts:
    listed: list[tuple[str, str, str, str]] = []
    unknown = [kept.target for kept in looked if kept.profile.units is None and kept.profile.listeners is None]
    for kept in looked:
        listeners = kept.profile.listeners or ()
        units = [unit for unit in kept.profile.units or () if unit.state in ("running", "failed", "crashed")]
        listed += [(kept.target, unit.name, unit.state, _ports_of(unit.name, listeners)) for unit in units]
        named = {unit.name for unit in units}
        others = dict.fromkeys(one.process or f"port {one.port}" for one in listeners if one.unit not in named)
        listed += [
            (kept.target, other, "listens", _ports_of(other, listeners)) for other in others if other not in named
        ]
    one = looked[0].target if len(looked) == 1 else ""
    text = f"{count_text(len(listed), 'service')} on {one or count_text(len(looked), 'target')}:"
    blocks: list[Block] = [Paragraph(text=text), table("target|service|state|ports", listed)]
    if one:
        blocks[1] = table("service|state|ports", [row[1:] for row in listed])
    if unknown:
        blocks.append(Paragraph(text=f"Services of {fold(unknown)} are not known."))
    bad = [row for row in listed if row[2] in ("failed", "crashed")]
    follow_ups = [
        _command(row[0], service_command(_manager(looked, row[0]), "status", row[1]), f"see why {row[1]} failed")
        for row in bad[:2]
    ]
    return tuple(blocks), tuple(filter(None, follow_ups))


def _manager(looked: Sequence[KeptProfile], target: str) -> str:
    return next(kept.profile.services for kept in looked if kept.target == target)


def _command(target: str, command: str, text: str) -> FollowUp | None:
    line = RunRequest(selector=target, command=command).line
    return FollowUp(words=text, line=line, edit=True) if command else None


def _running(question: HostQuestion, looked: Sequence[KeptProfile]) -> _Parts:
    found: dict[tuple[str, str, str], list[str]] = {}
    for kept in looked:
        named: dict[str, str] = {}
        for unit in kept.profile.units or ():
            if answers_to(question.subject, name=unit.name, process="", kind=""):
                named[unit.name] = unit.state or "state not known"
        for one in kept.profile.listeners or ():
            name = one.unit or one.process
            if name and answers_to(question.subject, name=one.unit, process=one.process, kind=""):
                named[name] = "running"
        for name, state in named.items():
            found.setdefault((name, state, _ports_of(name, kept.profile.listeners or ())), []).append(kept.target)
    runs = {target for (_, state, _), targets in found.items() if state == "running" for target in targets}
    text = (
        f"{count_text(len(runs), 'target')} of {len(looked)} that were looked at {'runs' if len(runs) == 1 else 'run'}"
    )
    text = f"{text} {question.subject}."
    if question.selector and len(looked) == 1:
        text = f"{question.subject} {'runs' if runs else 'does not run'} on {looked[0].target}."
    blocks: tuple[Block, ...] = (Paragraph(text=text),)
    if found:
        listed = [(fold(targets), *what) for what, targets in sorted(found.items())]
        blocks = (*blocks, table("targets|service|state|ports", listed))
    if question.selector and len(looked) == 1:
        name, shown = looked[0].target, next((what[0] for what in sorted(found)), question.subject)
        command = service_command(_manager(looked, name), "status", shown)
        return blocks, tuple(filter(None, [_command(name, command, "ask it now")]))
    return blocks, ()


def _listening(question: HostQuestion, looked: Sequence[KeptProfile]) -> _Parts:
    found: dict[tuple[str, str, str], list[str]] = {}
    unknown = [kept.target for kept in looked if kept.profile.listeners is None]
    for kept in looked:
        for one in kept.profile.listeners or ():
            if str(one.port) == question.subject:
                who = one.unit or one.process or "not known: the account may not see it"
                where = "itself only" if one.is_local else one.address
                held = found.setdefault((one.protocol, who, where), [])
                held.extend([kept.target] if kept.target not in held else [])
    text = f"Nobody listens on {question.subject}" if not found else f"Port {question.subject}"
    blocks: tuple[Block, ...] = (Paragraph(text=f"{text} on {count_text(len(looked) - len(unknown), 'target')}."),)
    if found:
        listed = [(fold(targets), *what) for what, targets in sorted(found.items())]
        blocks = (Paragraph(text=f"{text}:"), table("targets|protocol|who|reachable at", listed))
    if unknown:
        blocks = (*blocks, Paragraph(text=f"Ports of {fold(unknown)} are not known."))
    return blocks, ()


def _updates(question: HostQuestion, looked: Sequence[KeptProfile]) -> _Parts:
    security = question.topic is HostTopic.SECURITY
    listed, unknown = [], []
    for kept in looked:
        state = kept.profile.package_state
        pending = state.security if security else state.pending
        if pending is None:
            unknown.append(kept.target)
        elif pending:
            names = ", ".join(update.name for update in pending[:6]) + (" …" if len(pending) > 6 else "")
            age = f"{age_text(state.index_age_s)} old" if state.index_age_s is not None else "age not known"
            listed.append((kept.target, f"{len(pending):,}", age, names))
    what = "security updates" if security else "updates"
    known = len(looked) - len(unknown)
    has = "has" if len(listed) == 1 else "have"
    head = f"{count_text(len(listed), 'target')} of {known} {has} pending {what}, as far as their indexes tell."
    if known == len(looked) == 1:
        number = listed[0][1] if listed else "no"
        head = f"{looked[0].target} has {number} pending {what}, as far as its index tells."
    blocks: list[Block] = [Paragraph(text=head)] if known else []
    if listed:
        listed.sort(key=lambda row: -int(row[1].replace(",", "")))
        blocks.append(table(f"target|>{what}|index|packages", listed))
    if unknown:
        blocks.append(Paragraph(text=f"Pending {what} are not known of {fold(unknown)}."))
    follow_ups = []
    if listed:
        kept = next(one for one in looked if one.target == listed[0][0])
        command = next((_LISTING[name] for name in kept.profile.packages if name in _LISTING), "")
        follow_ups = [_command(kept.target, command, f"list those of {kept.target}")]
    return tuple(blocks), tuple(filter(None, follow_ups))


def answer_needed_by(question: HostQuestion, dependencies: Sequence[Dependency]) -> Answer:
    """Answer what needs a service: what its failure would reach."""
    origins = {(one.service, one.on): one.origin.value for one in dependencies}
    reached = dependants(dependencies, question.subject)
    if not reached:
        text = f"Nothing is known to need {question.subject}: neither declared nor observed."
        return Answer(blocks=(Paragraph(text=text),), interpretation=question.line)
    listed = [
        (one.id, one.via or question.subject, origins[one.id, one.via or question.subject], f"{one.steps}")
        for one in reached
    ]
    blocks = (
        Paragraph(text=f"{count_text(len(reached), 'service')} would be reached if {question.subject} failed:"),
        table("service|needs|known because|>steps", listed),
    )
    return Answer(blocks=blocks, interpretation=question.line)
