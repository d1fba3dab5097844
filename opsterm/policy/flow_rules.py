"""Rules of ufw and nft read as far as it takes to tell whether our own line is left as it is.

Conditions of one rule hold together: one of them that leaves our line out is enough. Words that are not known end the
reading, and what was not told by then is unknown. Sources: ufw(8), nft(8).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from opsterm.monitoring.session_path import SessionPath
from opsterm.policy.flow import FlowMatch, among, has_port, is_interface, is_protocol, match_of_rule, with_tunnel

_M = FlowMatch
_UFW_VERBS = frozenset({"allow", "deny", "reject", "limit"})
_UFW_CLOSES = frozenset({"deny", "reject"})
_UFW_KEYS = frozenset({"on", "proto", "from", "to", "port", "app", "comment"})
_FAMILIES = frozenset({"ip", "ip6", "inet"})
_TOKEN = re.compile(r'"[^"]*"|!=|==|[{},]|[^\s{},"]+')
_OTHER_TRANSPORTS = frozenset({"udp", "udplite", "sctp", "dccp", "icmp", "icmpv6"})

Condition = Callable[[str, SessionPath], FlowMatch]

_NFT: Mapping[tuple[str, ...], Condition] = {
    ("ip", "saddr"): lambda value, way: among(way.client, value),
    ("ip6", "saddr"): lambda value, way: among(way.client, value),
    ("ip", "daddr"): lambda value, way: among(way.server, value),
    ("ip6", "daddr"): lambda value, way: among(way.server, value),
    ("tcp", "dport"): lambda value, way: has_port(way.port, value.replace("-", ":")),
    ("th", "dport"): lambda value, way: has_port(way.port, value.replace("-", ":")),
    ("iifname",): lambda value, way: is_interface(way.interface, value.replace("*", "+")),
    ("iif",): lambda value, way: is_interface(way.interface, value),
    ("meta", "iifname"): lambda value, way: is_interface(way.interface, value.replace("*", "+")),
    ("meta", "l4proto"): lambda value, _: is_protocol(value),
    ("ip", "protocol"): lambda value, _: is_protocol(value),
}
"""The words of a condition -> what its value says of our line."""


def match_of_filter(words: Sequence[str], way: SessionPath) -> FlowMatch:
    """Return what one rule of a packet filter has to do with our line. Never raises.

    Args:
        words: the command, the executable first.
        way: how we came; what is not known of it decides nothing.
    """
    match words[0].rpartition("/")[2] if words else "":
        case "iptables" | "ip6tables":
            return match_of_rule(words, way) if words.count("-j") == 1 else _M.UNKNOWN
        case "ufw":
            return _of_ufw([word for word in words[1:] if word != "--force"], way)
        case "nft":
            return _of_nft(" ".join(words[1:]), way)
        case _:
            return _M.UNKNOWN


def _of_ufw(words: Sequence[str], way: SessionPath) -> FlowMatch:
    """Judge `[delete] [insert N | prepend] VERB [in] [on IF] …`; to delete what closes closes nothing."""
    deletes = list(words[:1]) == ["delete"]
    rest = list(words[deletes:])
    if rest[:1] == ["insert"] and len(rest) > 1 and rest[1].isdigit():
        rest = rest[2:]
    elif rest[:1] == ["prepend"]:
        rest = rest[1:]
    if not rest or rest[0] not in _UFW_VERBS:
        return _M.UNKNOWN
    if deletes and rest[0] in _UFW_CLOSES and len(rest) > 1:
        return with_tunnel([_M.OTHERS], way)
    rest = [word for word in rest[1:] if word not in ("log", "log-all")]
    if rest[:1] == ["in"]:
        rest = rest[1:]
    if not rest or rest[0] == "out":
        return _M.UNKNOWN
    if rest[0] in _UFW_KEYS:
        return with_tunnel(_ufw_conditions(rest, way), way)
    if len(rest) > 1 and rest[1] != "comment":
        return _M.UNKNOWN
    port, _, protocol = rest[0].partition("/")
    answers = [has_port(way.port, port), *[is_protocol(protocol)] * bool(protocol)]
    return with_tunnel(answers, way)


def _ufw_conditions(words: Sequence[str], way: SessionPath) -> Sequence[FlowMatch]:
    """Return what each condition says; an unknown word, and all that stands behind it, is unknown."""
    answers, side = [], ""
    for at in range(0, len(words), 2):
        key, value = words[at], words[at + 1] if at + 1 < len(words) else ""
        if key == "comment":
            break
        if key in ("from", "to"):
            side = key
            answers.append(_M.OURS if value == "any" else among(way.client if key == "from" else way.server, value))
        elif key == "port" and side == "to":
            answers.append(has_port(way.port, value))
        elif key == "on":
            answers.append(is_interface(way.interface, value))
        elif key == "proto":
            answers.append(is_protocol(value))
        else:
            return [*answers, _M.UNKNOWN]
    return answers


def _of_nft(text: str, way: SessionPath) -> FlowMatch:
    """Judge one `add rule` or `insert rule` in a chain that is called input, as the chain of what comes in is."""
    tokens = _TOKEN.findall(text)
    if ";" in text or "\n" in text or tokens[:2] not in (["add", "rule"], ["insert", "rule"]):
        return _M.UNKNOWN
    rest = tokens[3:] if tokens[2:3] and tokens[2] in _FAMILIES else tokens[2:]
    if len(rest) < 3 or rest[1].lower() != "input":
        return _M.UNKNOWN
    rest = rest[4:] if rest[2] in ("position", "handle", "index") else rest[2:]
    return with_tunnel(_nft_conditions(rest, way), way)


def _nft_conditions(tokens: Sequence[str], way: SessionPath) -> Sequence[FlowMatch]:
    answers: list[FlowMatch] = []
    at = 0
    while at < len(tokens):
        if tokens[at] in ("drop", "accept", "reject", "comment"):
            return answers
        if tokens[at] == "counter":
            at += 1
            continue
        other = tokens[at] in _OTHER_TRANSPORTS
        key = next((key for key in _NFT if tuple(tokens[at : at + len(key)]) == key), tuple(tokens[at : at + 2]))
        value, at = _nft_value(tokens, at + len(key))
        if not value or not (other or key in _NFT):
            return [*answers, _M.UNKNOWN]
        answers.append(_M.OTHERS if other else _NFT[key](value, way))
    return answers


def _nft_value(tokens: Sequence[str], at: int) -> tuple[str, int]:
    """Return (a value, a set with commas between, where it ends); "" for what is negated, named or not there."""
    if at < len(tokens) and tokens[at] == "==":
        at += 1
    if at >= len(tokens) or tokens[at] == "!=" or tokens[at][0] in "@$":
        return "", at
    if tokens[at] != "{":
        return tokens[at].strip('"'), at + 1
    end = next((place for place in range(at, len(tokens)) if tokens[place] == "}"), 0)
    return "".join(token.strip('"') for token in tokens[at + 1 : end]), end + 1 if end else len(tokens)
