"""Reads rules and packs from TOML, strictly: every fault is told with its file, line and key, and what is allowed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from opsterm.core.errors import BadSetting
from opsterm.core.toml_places import Path
from opsterm.core.toml_text import TomlFault, TomlText
from opsterm.policy.compliance.circumstances import Circumstances, KnownTarget
from opsterm.policy.compliance.decision import RuleDecision
from opsterm.policy.compliance.pattern import Patterns
from opsterm.policy.compliance.rule import Condition, ControlSource, Pack, PolicyRule, RuleSample
from opsterm.policy.effects import EffectKind
from opsterm.policy.order import SHELLS_ASSESSED

OWN_RULES_SAY = "OT-"
"""Ids of the rules that ship begin so; the operator's own may not."""

_ID = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+")
_RULE_KEYS = ("id", "title", "decision", "why", "safer", "hits", "misses", "when")
_WHEN_KEYS = (
    "effect", "object", "except_object", "program", "words", "without", "text", "without_text", "shell", "environment",
    "tag", "targets_over", "actor", "ticket", "window", "second_person", "recovery_point",
)  # fmt: skip
_SAMPLE_KEYS = (
    "line", "shell", "environment", "tags", "targets", "actor", "ticket", "window", "second_person", "recovery_point",
)  # fmt: skip
_PACK_KEYS = ("name", "about", "source")
_SOURCE_KEYS = ("title", "version", "number", "controls", "cites")
_PATTERNS = ("object", "except_object", "program", "words", "without", "text", "without_text")
_YES_NO = ("ticket", "window", "second_person", "recovery_point")
_LOOKS_AT_COMMANDS = frozenset({"effect", "object", "program", "words", "text"})


def read_rules(text: str, file: str, *, own: bool = False) -> tuple[tuple[PolicyRule, ...], tuple[TomlFault, ...]]:
    """Return the rules of a text and everything that is wrong with it; with a problem the rules are not to be used.

    Args:
        text: TOML with [[rule]] tables.
        file: how messages name it.
        own: whether it is the operator's.
    """
    read = TomlText(text, file)
    read.check_keys((), read.tree, ("rule",))
    rules: dict[str, PolicyRule] = {}
    for place, table in enumerate(read.tables((), read.tree, "rule")):
        path: Path = ("rule", place)
        rule = _rule(read, path, table, own=own)
        if rule.id in rules:
            read.complain((*path, "id"), f"{rule.id} stands here twice.", "Give each rule an id of its own.")
        rules[rule.id] = rule
    if not rules and not read.problems:
        read.complain((), "It holds no rule.", "Write [[rule]] tables.")
    return tuple(rules.values()), tuple(read.problems)


def _rule(read: TomlText, path: Path, table: Mapping[str, Any], *, own: bool) -> PolicyRule:
    read.check_keys(path, {key: table[key] for key in table if key != "autonomy"}, _RULE_KEYS)
    name = read.word(path, table, "id")
    if name and not _ID.fullmatch(name):
        read.complain((*path, "id"), f"{name!r} is no id.", "Write capitals, digits and -, as in ACME-DB-01.")
    if name and own == name.startswith(OWN_RULES_SAY):
        read.complain((*path, "id"), f"Ids that begin with {OWN_RULES_SAY} are of the rules that ship.",
                      "Begin it with a word of your own.")  # fmt: skip
    said = read.words(path, table, "decision", [str(one) for one in RuleDecision])
    if not said and "decision" not in table:
        read.complain((*path, "decision"), "It is missing.", f"Allowed are {', '.join(RuleDecision)}.")
    conditions = [_condition(read, (*path, "when", at), one) for at, one in enumerate(read.tables(path, table, "when"))]
    if not conditions and "when" not in table:
        read.complain((*path, "when"), "It says nowhere when it counts.", "Write a [[rule.when]] below it.")
    rule = PolicyRule(
        id=name, title=read.word(path, table, "title"), decision=RuleDecision(said[0]) if said else RuleDecision.DENY,
        why=read.word(path, table, "why"), safer=read.word(path, table, "safer", needed=False),
        conditions=tuple(conditions), origin=f"{read.file}:{read.line(path)}", own=own,
        samples=(*_samples(read, path, table, "hits"), *_samples(read, path, table, "misses")),
    )  # fmt: skip
    _check_milder(read, path, table, rule)
    return rule


def _check_milder(read: TomlText, path: Path, table: Mapping[str, Any], rule: PolicyRule) -> None:
    """Hold the wall: a rule can make nothing milder."""
    step = "Take it out; [[approvals.autonomy]] in config.toml says what may run without a person."
    if "autonomy" in table:
        read.complain((*path, "autonomy"), "A rule lets nothing run without a person.", step)
    if rule.decision is RuleDecision.ALLOW:
        read.complain((*path, "decision"), "A rule cannot make anything milder, so one that allows does nothing.", step)


def _condition(read: TomlText, path: Path, table: Mapping[str, Any]) -> Condition:
    read.check_keys(path, table, _WHEN_KEYS)
    if not table:
        read.complain(path, "An empty condition would fit every command.", f"Use {', '.join(_WHEN_KEYS)}.")
    if not set(table) & (_LOOKS_AT_COMMANDS | {"second_person", "actor", "targets_over"}):
        read.complain(path, "It says nothing of the command.", f"Use one of {', '.join(sorted(_LOOKS_AT_COMMANDS))}.")
    words = {key: read.words(path, table, key) for key in _PATTERNS}
    over = table.get("targets_over")
    if over is not None and (isinstance(over, bool) or not isinstance(over, int) or over < 0):
        read.complain((*path, "targets_over"), "It is no count.", "Write a whole number, 0 or more.")
        over = None

    def patterns(key: str) -> Patterns | None:
        return Patterns(words[key]) if words[key] else None

    return Condition(
        effects=frozenset(EffectKind(one) for one in read.words(path, table, "effect", [str(k) for k in EffectKind])),
        objects=patterns("object"), except_objects=patterns("except_object"), programs=patterns("program"),
        words=tuple(Patterns(tuple(group.split("|"))) for group in words["words"]), without=patterns("without"),
        text=patterns("text"), without_text=patterns("without_text"),
        shells=frozenset(read.words(path, table, "shell", SHELLS_ASSESSED)),
        environments=frozenset(one.lower() for one in read.words(path, table, "environment")),
        tags=frozenset(read.words(path, table, "tag")), targets_over=over,
        actors=frozenset(read.words(path, table, "actor")),
        **{key: read.yes_no(path, table, key) for key in _YES_NO},
    )  # fmt: skip


def _samples(read: TomlText, path: Path, table: Mapping[str, Any], key: str) -> list[RuleSample]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str | dict) for one in value):
        read.complain((*path, key), "It is no list of lines.", 'Write lines, or { line = "…", shell = "…" }.')
        return []
    return [_sample(read, (*path, key), {"line": one} if isinstance(one, str) else one, key == "hits") for one in value]


def _sample(read: TomlText, path: Path, table: Mapping[str, Any], hits: bool) -> RuleSample:  # noqa: FBT001 (told by its list)
    read.check_keys(path, table, _SAMPLE_KEYS)
    places = KnownTarget(
        environment=read.word(path, table, "environment", needed=False),
        tags=frozenset(read.words(path, table, "tags")),
    )  # fmt: skip
    count = table.get("targets", 1)
    many = count if isinstance(count, int) and not isinstance(count, bool) and 0 < count < 10_000 else 1
    known = any(key in table for key in ("environment", "tags", "targets"))
    shell = read.words(path, table, "shell", SHELLS_ASSESSED)
    return RuleSample(
        line=read.word(path, table, "line"), shell=shell[0] if shell else "bash", hits=hits,
        circumstances=Circumstances(
            targets=(places,) * many if known else (), actor=read.word(path, table, "actor", needed=False) or None,
            ticket=read.yes_no(path, table, "ticket"), in_window=read.yes_no(path, table, "window"),
            second_person=read.yes_no(path, table, "second_person"),
            recovery_point=read.yes_no(path, table, "recovery_point") or False,
        ),
    )  # fmt: skip


def read_pack(text: str, file: str) -> tuple[Pack, tuple[TomlFault, ...]]:
    """Return a pack and everything that is wrong with its text.

    Args:
        text: TOML with name, about and [[source]] tables.
        file: how messages name it.
    """
    read = TomlText(text, file)
    read.check_keys((), read.tree, _PACK_KEYS)
    sources = tuple(_source(read, ("source", at), one) for at, one in enumerate(read.tables((), read.tree, "source")))
    pack = Pack(
        name=read.word((), read.tree, "name"), about=read.word((), read.tree, "about"), sources=sources,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )  # fmt: skip
    return pack, tuple(read.problems)


def _source(read: TomlText, path: Path, table: Mapping[str, Any]) -> ControlSource:
    read.check_keys(path, table, _SOURCE_KEYS)
    number = re.compile(read.word(path, table, "number"))
    titles, cites = table.get("controls", {}), table.get("cites", {})
    cited = {rule: read.words((*path, "cites"), cites, rule) for rule in cites}
    for rule, numbers in cited.items():
        for one in numbers:
            if not number.fullmatch(one):
                read.complain((*path, "cites", rule), f"{one!r} is no number of {table.get('title')}.")
    return ControlSource(
        title=read.word(path, table, "title"), version=read.word(path, table, "version"),
        controls={str(key): str(value) for key, value in titles.items()}, cites=cited,
    )  # fmt: skip


def require_sound(problems: Iterable[TomlFault]) -> None:
    """Refuse to go on with a file that has faults: a rule that is passed over would be one that nobody misses.

    Raises:
        BadSetting: names the first fault and how many there are.
    """
    found = list(problems)
    if found:
        more = f" There are {len(found) - 1} more." if len(found) > 1 else ""
        raise BadSetting(
            f"A policy cannot be read: {found[0]}{more}",
            why="Without all rules nothing is proposed or approved.",
            next_step=f"opsterm policy validate {found[0].file} tells every fault.",
        )
