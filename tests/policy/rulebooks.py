"""The rules and packs that ship, for tests."""

from __future__ import annotations

import functools

from opsterm.policy.compliance.reading import read_pack, read_rules
from opsterm.policy.compliance.rule import Pack, PolicyRule
from opsterm.policy.compliance.rulebook import Rulebook
from tests.house.source import CHECKOUT

SHIPPED = CHECKOUT / "knowledge_seed/policy_packs"


@functools.cache
def shipped_rules() -> tuple[PolicyRule, ...]:
    """Return all rules; a fault in a file fails the test that asks first."""
    found: list[PolicyRule] = []
    for path in sorted((SHIPPED / "rules").glob("*.toml")):
        rules, problems = read_rules(path.read_text(encoding="utf-8"), path.name)
        assert not problems, [str(problem) for problem in problems]
        found += rules
    return tuple(found)


@functools.cache
def shipped_packs() -> tuple[Pack, ...]:
    """Return all packs."""
    found = []
    for path in sorted((SHIPPED / "packs").glob("*.toml")):
        pack, problems = read_pack(path.read_text(encoding="utf-8"), path.name)
        assert not problems, [str(problem) for problem in problems]
        found.append(pack)
    return tuple(found)


def rulebook(*, strict: bool = False, rules: tuple[PolicyRule, ...] = ()) -> Rulebook:
    """Return everything that ships, switched on, and some more rules."""
    packs = shipped_packs()
    return Rulebook(rules=(*shipped_rules(), *rules), packs=packs, known_packs=packs, strict=strict, sha256="0" * 64)
