"""Lines of a network device read: Cisco IOS and NX-OS, Arista EOS, Junos, RouterOS, FortiOS and their like."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from opsterm.core.text import escaped
from opsterm.policy.effects import Certainty, EffectKind, Span
from opsterm.policy.invocation import Invocation
from opsterm.policy.layer import LONGEST, Layer
from opsterm.policy.network_cli.line_rows import (
    ASKS_SECRETS,
    CHANGES_THOUGH_LOOKING,
    CUTS,
    ENDS,
    LOSES_ALL,
    ROWS,
    TAKES_AWAY,
)

_K, _C = EffectKind, Certainty
_MOST_LINES = 500
_LONGEST_LINE = 2_000
_LEAST = 2
"""Letters that a word must have at least when it is cut short."""

_CUTS = re.compile(CUTS, re.IGNORECASE)
_LOSES_ALL = re.compile(LOSES_ALL)
_ENDS = re.compile(ENDS)
_SECRETS = re.compile(ASKS_SECRETS, re.IGNORECASE)
_PROMPT = re.compile(
    r"^(?:<[\w.-]+>\s*|\[[~*]?[\w.@/-]+\]\s*[>#]?\s*|\([\w .:-]+\)\s*[>#]\s*|[\w.@~-]+(?:\([\w./-]+\))?\s?[>#]\s*)"
)
"""What devices write before a line: `sw1#`, `sw1(config)#`, `<sw1>`, `[sw1]`, `(sw1) #`, `[admin@r1] >`, `ops@fw1>`."""

_CONTEXTS = (
    "interface",
    "line",
    "router",
    "vlan",
    "config",
    "edit",
    "aaa",
    "ip access-list",
    "user",
    "management",
    "control-plane",
)
_WRITES_BEHIND = re.compile(r"^(?:redirect|tee|append|save|file)\b")
_SHORT = {"sh": "show", "t": "terminal", "conf": "configure", "wr": "write", "int": "interface", "rel": "reload"}
"""What operators write for a word; where it could be the beginning of another one, it is this."""

_ONLY_ENTERS = frozenset(
    {"interface", "int", "line", "vlan", "router", "config", "edit", "description", "remark", "name"}
)
"""Words that begin a part of a configuration, or only name it."""

_UNDOES = frozenset({"no", "undo", "default", "unset"})


Deeds = tuple[tuple[EffectKind, Certainty], ...]
LineRow = tuple[tuple[str, ...], Deeds]
_LOOKS: Deeds = ((_K.READ, _C.CERTAIN),)


def _rows() -> list[LineRow]:
    rows = []
    for line in ROWS.strip().splitlines():
        left, _, right = line.partition(" = ")
        deeds = tuple(
            (EffectKind(kind), Certainty(certainty or "certain"))
            for kind, _, certainty in (deed.partition(":") for deed in right.split())
        )
        rows += [(tuple(name.split()), deeds) for name in left.split(" | ")]
    return rows


def _by_letter() -> Mapping[str, list[LineRow]]:
    table: dict[str, list[LineRow]] = defaultdict(list)
    for row in _rows():
        table[row[0][0][0]].append(row)
    return table


_TABLE = _by_letter()


def note_network_cli(text: str, layer: Layer) -> None:
    """Note what lines for a network device do. Never raises; a line that is not known is opaque."""
    lines = list(re.finditer(r"[^\n;{}]+", text)) if len(text) <= LONGEST else []
    if len(text) > LONGEST or len(lines) > _MOST_LINES:
        layer.unread(f"It is longer than {LONGEST} characters or {_MOST_LINES} lines.", len(text))
        return
    odd = next((c for c in text if not c.isprintable() and c not in "\t\r\n"), "")
    if odd:
        layer.notes.hide(f"It contains a character that is not seen ({escaped(odd)}).")
    context = ""
    for match in lines:
        line = _PROMPT.sub("", match[0].strip())
        if len(line) > _LONGEST_LINE:
            layer.unread(f"A line of it is longer than {_LONGEST_LINE} characters.", len(text))
            return
        if line and not line.startswith(("!", "#")):
            context = _read_line(line, context, layer, layer.place(match.start(), match.end()))
        elif line:
            layer.notes.add(_K.READ, "", layer.place(match.start(), match.end()))


def _read_line(line: str, context: str, layer: Layer, span: tuple[int, int]) -> str:
    """Note one line; return the part of a configuration that the next one is in."""
    command = line.partition("|")[0]
    if not command.strip():
        layer.notes.hide(f"{line[:60]!r} begins no line that is known here.")
        return context
    layer.notes.start(Invocation(words=tuple(command.split()), via=layer.via, where=layer.where,
                                 span=Span(start=span[0], end=span[1])))  # fmt: skip
    words = _behind_prefix(command.lower().split())
    if line.startswith("/"):
        _router_os(words, layer, span)
        return context
    undoes = words[0] in _UNDOES and len(words) > 1
    if undoes and words[:2] != ["no", "debug"] and words[:2] != ["undo", "debugging"]:
        _undo(words, context, layer, span)
        return context
    deeds = _LOOKS if words[-1] == "?" else _deeds(words)
    if deeds is None:
        _note_unknown(line, context, layer, span)
        return context
    _note_known(line, words, deeds, context, layer, span)
    return _next_context(words, context)


def _behind_prefix(words: list[str]) -> list[str]:
    """Return the words of the line that is carried out in another part of the configuration (`do`, `top`, `up 2`)."""
    if words[:1] in (["do"], ["run"], ["top"], ["up"]) and len(words) > 1 and words[1] != "bash":
        return words[2:] if words[1].isdigit() and len(words) > 2 else words[1:]
    return words


def _note_unknown(line: str, context: str, layer: Layer, span: tuple[int, int]) -> None:
    layer.notes.hide(f"{line[:60]!r} begins no line that is known here.")
    if context:
        layer.notes.add(_K.WRITE_CONFIG, line, span, _C.LIKELY)
    if _CUTS.search(f"{context} {line.lower()} "):
        layer.notes.add(_K.LOCKOUT, line, span, _C.POSSIBLE)
    if _LOSES_ALL.search(line.lower()):
        layer.notes.add(_K.DATA_LOSS, line, span, _C.LIKELY)


def _note_known(
    line: str, words: Sequence[str], deeds: Deeds, context: str, layer: Layer, span: tuple[int, int]
) -> None:  # fmt: skip
    command, _, filtered = line.partition("|")
    reads = all(kind is _K.READ for kind, _ in deeds)
    if reads and words[0].startswith(("dia", "test")) and CHANGES_THOUGH_LOOKING.intersection(words):
        deeds, reads = ((_K.WRITE_CONFIG, _C.LIKELY), (_K.SERVICE_STOP, _C.LIKELY)), False
    for kind, certainty in deeds:
        layer.notes.add(kind, " ".join(command.split()[1:]), span, certainty)
    if reads and (_SECRETS.search(line) and words[0][:2] in ("sh", "mo", "ge", "di", "wr")):
        layer.notes.add(_K.READ_SECRET, command, span, _C.POSSIBLE)
    if filtered and _WRITES_BEHIND.match(filtered.strip().lower()):
        layer.notes.add(_K.WRITE_FILE, filtered.strip(), span)
    if not reads:
        _note_change(words, context, layer, span)


def _next_context(words: Sequence[str], context: str) -> str:
    if words[0] in ("exit", "end", "quit", "abort") or words[:2] == ["next", ""]:
        return ""
    joined = " ".join(words)
    if words[0] == "next" or (words[0] == "edit" and context.startswith("config")):
        outer = context.partition(" edit ")[0]
        return outer if words[0] == "next" else f"{outer} {joined}"
    begins = next((name for name in _CONTEXTS if joined.startswith(name) or _cut_short(words[0], name.split()[0])), "")
    return joined if begins and len(words) > 1 and words[0] not in ("configure", "conf") else context


def _cut_short(word: str, whole: str) -> bool:
    return len(word) >= _LEAST and whole.startswith(word)


def _deeds(words: Sequence[str]) -> Deeds | None:
    """Return what the rows say that fit best: more words before fewer, whole words before those cut short."""
    best: tuple[int, int] = (0, -1)
    found: dict[tuple[EffectKind, Certainty], None] = {}
    for row, deeds in _TABLE.get(words[0][0], ()):
        if len(row) > len(words) and row[-1] != ".":
            continue
        if row[-1] == "." and len(words) != len(row) - 1:
            continue
        whole = 0
        for typed, word in zip(words, row, strict=False):
            if typed == word or _SHORT.get(typed) == word:
                whole += 1
            elif not _cut_short(typed, word) and not (word.endswith(":") and typed.startswith(word)):
                break
        else:
            rank = (len(row), whole)
            if rank > best:
                best, found = rank, {}
            if rank == best:
                found |= dict.fromkeys(deeds)
    return tuple(found) if best[0] else None


def _note_change(words: Sequence[str], context: str, layer: Layer, span: tuple[int, int]) -> None:
    text = f"{context} {' '.join(words)} "
    if _LOSES_ALL.search(text):
        layer.notes.add(_K.DATA_LOSS, " ".join(words), span, _C.LIKELY)
    if words[0] in (
        "reload",
        "reboot",
        "copy",
        "write",
        "wr",
        "save",
        "commit",
        "format",
        "erase",
        "clear",
        "debug",
        "execute",
    ):
        return
    if words[0] in ("request", "file", "redundancy") and TAKES_AWAY.intersection(words):
        layer.notes.add(_K.DATA_LOSS, " ".join(words), span, _C.LIKELY)
    if words[0] in ("set", "interface") and _ENDS.search(text):
        layer.notes.add(_K.SERVICE_STOP, " ".join(words), span, _C.LIKELY)
    if words[0] not in _ONLY_ENTERS and _CUTS.search(text):
        layer.notes.add(_K.LOCKOUT, " ".join(words), span, _C.LIKELY)
        layer.notes.add(_K.NETWORK, " ".join(words), span, _C.LIKELY)
    if re.search(r"\busername\b|local-user|\blogin user\b|enable (?:secret|password)|\badmin\b", text):
        layer.notes.add(_K.USER, " ".join(words), span)
    if re.search(
        r"permit (?:ip )?any any|community \S+ rw|transport input (?:all|telnet)|ip http server|any any accept", text
    ):
        layer.notes.add(_K.SECURITY_WEAKEN, " ".join(words), span, _C.LIKELY)
    if words[0] in ("delete", "del", "purge", "deactivate") and not re.search(
        r"flash|disk|bootflash|usb|nvram|\.", text
    ):
        layer.notes.add(_K.WRITE_CONFIG, " ".join(words), span)
        if len(words) < 3:
            layer.notes.add(_K.DATA_LOSS, " ".join(words), span, _C.LIKELY)
            layer.notes.add(_K.LOCKOUT, " ".join(words), span, _C.LIKELY)
    elif words[0] in ("delete", "del", "squeeze", "rmdir"):
        layer.notes.add(_K.DATA_LOSS, " ".join(words), span, _C.LIKELY)
    if "log" in text and words[0] == "set" and "disable" in text:
        layer.notes.add(_K.LOG_LOSS, " ".join(words), span, _C.LIKELY)


def _undo(words: Sequence[str], context: str, layer: Layer, span: tuple[int, int]) -> None:
    rest = " ".join(words[1:])
    notes = layer.notes
    notes.add(_K.WRITE_CONFIG, rest, span)
    if re.match(r"sh(?:ut(?:down)?)?\b", rest):
        notes.add(_K.NETWORK, context or rest, span)
        notes.add(_K.SERVICE_START, context or rest, span)
        return
    notes.add(_K.DELETE, rest, span)
    if re.match(
        r"router|vlan|interface|vrf|spanning|ip routing|feature|policy-map|crypto|switchport|bgp|ospf|neighbor|network",
        rest,
    ):
        notes.add(_K.NETWORK, rest, span)
        notes.add(_K.SERVICE_STOP, rest, span, _C.LIKELY)
    if re.match(r"logging|archive|syslog|info-center|snmp-server (?:enable|host)|accounting", rest):
        notes.add(_K.LOG_LOSS, rest, span)
    if re.match(
        r"(?:ip )?access-|acl|firewall|service password|enable secret|ip dhcp snooping|ip arp inspection|aaa"
        r"|port-security",
        rest,
    ):
        notes.add(_K.SECURITY_WEAKEN, rest, span, _C.LIKELY)
    if re.match(r"username|local-user|user", rest):
        notes.add(_K.USER, rest, span)
    if _CUTS.search(f"{context} {rest} ") or rest.startswith("feature"):
        notes.add(_K.LOCKOUT, rest, span, _C.LIKELY)
        notes.add(_K.NETWORK, rest, span, _C.LIKELY)


_ROUTER_READS = frozenset(
    {"print", "export", "monitor", "monitor-traffic", "find", "get", "ping", "traceroute", "torch", "check-for-updates"}
)


def _router_os(words: Sequence[str], layer: Layer, span: tuple[int, int]) -> None:
    """Read a line of RouterOS: a path of words, a verb, values."""
    path = [part for word in words for part in word.split("/") if part]
    text = " ".join(path)
    notes = layer.notes
    verb = next((word for word in path if word in _ROUTER_VERBS), "")
    if re.match(r"system (?:reboot|shutdown|routerboard upgrade)", text):
        notes.add(_K.REBOOT, text, span)
    elif re.match(
        r"system reset-configuration|disk format|system package uninstall|file remove|system backup load|import", text
    ):
        notes.add(_K.DATA_LOSS, text, span)
        notes.add(_K.LOCKOUT, text, span, _C.LIKELY)
    elif re.match(r"(?:system script run|tool fetch|system ssh|system telnet|tool sniffer)", text):
        notes.add(_K.REMOTE_CODE, text, span, _C.POSSIBLE)
    elif (
        (verb in _ROUTER_READS or (path and path[0] in ("ping", "export", "print", "log")))
        and "show-sensitive" not in text
        and "file=" not in text
    ):
        notes.add(_K.READ, text, span)
    elif "show-sensitive" in text:
        notes.add(_K.READ_SECRET, text, span)
    elif verb:
        notes.add(_ROUTER_VERBS[verb], text, span)
        notes.add(_K.WRITE_CONFIG, text, span)
        if _CUTS.search(f"{text} ") or re.search(
            r"bridge|ip (?:address|route|dhcp-client|service)|user|interface", text
        ):
            notes.add(_K.LOCKOUT, text, span, _C.LIKELY)
            notes.add(_K.NETWORK, text, span, _C.LIKELY)
        if path[0] == "log" or "logging" in text:
            notes.add(_K.LOG_LOSS, text, span, _C.LIKELY)
        if "firewall" in text and verb in ("remove", "disable", "set"):
            notes.add(_K.FIREWALL_WEAKEN, text, span, _C.LIKELY)
    else:
        notes.hide(f"{text[:60]!r} is no line of RouterOS that is known here.")


_ROUTER_VERBS = {
    **dict.fromkeys(_ROUTER_READS, _K.READ), "add": _K.WRITE_CONFIG, "set": _K.WRITE_CONFIG, "remove": _K.DELETE,
    "disable": _K.SERVICE_STOP, "enable": _K.SERVICE_START, "move": _K.WRITE_CONFIG, "unset": _K.WRITE_CONFIG,
    "reset": _K.DATA_LOSS, "release": _K.LOCKOUT, "renew": _K.NETWORK, "flush": _K.NETWORK, "save": _K.WRITE_FILE,
    "install": _K.PACKAGE_UPGRADE, "upgrade": _K.PACKAGE_UPGRADE, "clear": _K.LOG_LOSS, "kill": _K.PROCESS_KILL,
    "edit": _K.WRITE_CONFIG, "comment": _K.WRITE_CONFIG, "password": _K.USER, "run": _K.REMOTE_CODE,
}  # fmt: skip
