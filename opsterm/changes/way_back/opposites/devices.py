"""What does the opposite of lines for a network device.

A device is not kept here: it keeps its own configuration, and takes it back better than any text could, by its rollback
or a commit that has to be confirmed. So the class is inverse at most, and says what those are called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from opsterm.policy.effects import EffectKind
from opsterm.policy.understanding import Understanding
from opsterm.policy.way_back import Coverage, WayBack

_ENTERS = frozenset({"interface", "int", "line", "router", "vlan", "class-map", "policy-map", "route-map", "vrf"})
_BELOW = frozenset({"address-family", "class", "vni"})
_LEAVES = frozenset({"end", "exit", "exit-address-family"})
_NOTHING = frozenset({"configure", "conf", "config", "show", "sh", "write", "wr", "copy", "do", "top", "edit", "up"})
_ACTS = frozenset({
    "reload", "clear", "erase", "delete", "format", "debug", "request", "boot", "install", "archive", "reboot",
    "reset", "license", "restart", "test", "factory-reset", "default", "rollback", "load", "halt", "poweroff",
})  # fmt: skip
_REPLACES = (
    ("switchport", "access", "vlan"), ("switchport", "mode"), ("switchport", "trunk", "allowed", "vlan"),
    ("switchport", "trunk", "native", "vlan"), ("description",), ("mtu",), ("speed",), ("duplex",), ("bandwidth",),
    ("name",), ("ip", "mtu"), ("hostname",), ("encapsulation",), ("ip", "ospf", "cost"), ("spanning-tree", "mode"),
    ("router-id",), ("ip", "default-gateway"), ("clock", "timezone"), ("enable", "secret"), ("enable", "password"),
)  # fmt: skip
"""Lines that take the place of another one of their kind."""

_REPLACED = "A line that takes the place of another one is only taken out: look at the running configuration before."
_WHOLE = "What takes the place of the whole configuration is taken back by a copy of it that was made before."
_DELETED = "What a deleted part held is not known here: `rollback 1` on the device has it."
_OWN_SET = "The device's own way is safer: `commit confirmed 5` (VyOS: `commit-confirm 5`), and `rollback 1`."
_OWN = (
    "The device's own way is safer: `configure terminal revert timer 5` or `configure replace` (IOS, with an archive), "
    "`checkpoint` and `rollback` (NX-OS), a session with `commit timer` (EOS)."
)


@dataclass(slots=True)
class _Part:
    """Lines that stand below the same heads, "" for none."""

    heads: tuple[str, ...]
    lines: list[str] = field(default_factory=list)


def way_back_of_device(understood: Understanding) -> WayBack:
    """Return what would take lines for a network device back: inverse at most, as text, and what is safer.

    Args:
        understood: the lines.
    """
    if not understood.opaque and all(
        one.kind in (EffectKind.READ, EffectKind.READ_SECRET) for one in understood.effects
    ):
        return WayBack(coverage=Coverage.NOTHING)
    lines = [
        (understood.text[one.span.start : one.span.end], one.words) for one in understood.commands if one.words
    ]  # fmt: skip
    if any(words[0] in ("set", "delete") and len(words) > 2 for _, words in lines):
        return _by_sets([words for _, words in lines])
    if any(words[0].startswith("/") or words[0] in ("next", "unset") for _, words in lines):
        return WayBack(coverage=Coverage.NONE, gaps=("No opposite of lines for this kind of device is known.",))
    return _by_no(lines)


def _made(texts: Sequence[str], gaps: Sequence[str], own: str) -> WayBack:
    told = tuple(dict.fromkeys([*gaps, own]))
    if not texts:
        return WayBack(coverage=Coverage.NONE, gaps=told)
    return WayBack(coverage=Coverage.PARTIAL if gaps else Coverage.INVERSE, gaps=told, opposite="\n".join(texts))


def _by_sets(lines: Sequence[tuple[str, ...]]) -> WayBack:
    """Return the opposite of `set` and `delete`, as Junos and VyOS have them."""
    texts, gaps = [], []
    for words in reversed(lines):
        if words[0] == "set":
            texts.append(" ".join(["delete", *words[1:]]))
        elif words[0] == "delete":
            gaps.append(_DELETED)
        elif words[0] not in _NOTHING and words[0] not in ("commit", "save", *_LEAVES):
            gaps.append(f"`{' '.join(words)}` is not taken back.")
    return _made(["configure", *texts, "commit"] if texts else [], gaps, _OWN_SET)


def _by_no(lines: Sequence[tuple[str, tuple[str, ...]]]) -> WayBack:
    """Return the opposite by `no`, part by part, the last part first."""
    parts, gaps, heads = [_Part(heads=())], [], tuple[str, ...]()
    indented = any(text.startswith(" ") and not text[1:2].isspace() for text, _ in lines) and "\n" in "\n".join(
        text for text, _ in lines
    )
    for text, words in lines:
        line = " ".join(words)
        if words[0] in _LEAVES:
            heads = () if words[0] == "end" else heads[:-1]
        elif words[:2] in (("configure", "replace"), ("configure", "network"), ("configure", "memory")):
            gaps.append(_WHOLE)
            continue
        elif words[0] in _NOTHING or words[0] in ("commit", "abort"):
            continue
        elif words[0] in _ACTS:
            gaps.append(f"`{line}` is not taken back.")
            continue
        elif words[0] in _ENTERS or (words[0] in _BELOW and heads):
            heads = (*heads[:1], line) if words[0] in _BELOW else (line,)
        else:
            if indented and heads and not text.startswith((" ", "\t")):
                heads = ()
            parts[-1].lines.append(line)
            continue
        parts.append(_Part(heads=heads))
    texts: list[str] = []
    for part in reversed(parts):
        back = [_opposite(line, gaps) for line in reversed(part.lines)]
        if back:
            texts += [*part.heads, *(f" {line}" if part.heads else line for line in back)]
        elif part.heads and part.heads[-1].startswith("vlan "):
            texts.append(f"no {part.heads[-1]}")
    return _made(["configure terminal", *texts, "end"] if texts else [], gaps, _OWN)


def _opposite(line: str, gaps: list[str]) -> str:
    words = line.split()
    if words[0] == "no":
        return " ".join(words[1:])
    for kind in _REPLACES:
        if tuple(words[: len(kind)]) == kind:
            gaps.append(_REPLACED)
            return " ".join(["no", *kind])
    return f"no {line}"
