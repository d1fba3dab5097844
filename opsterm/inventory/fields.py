"""A target's fields as text: how they are checked, read and written, whoever gives them.

The operator's `targets edit`, a CSV cell and a variable of an Ansible inventory all pass here.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Mapping

from opsterm.core.errors import BadInput, NotFound
from opsterm.core.text import clean_line
from opsterm.inventory.patterns import near_enough
from opsterm.inventory.target import Protocol, Target, check_name

FIELD_NAMES = ("address", "os", "groups", "tags", "protocol", "port", "user", "environment", "site")
"""What can be set besides the name."""

CONNECTION_FIELDS = ("address", "port", "user", "protocol")
"""What decides which machine a command reaches, and as whom."""

_ALIASES = {"group": "groups", "tag": "tags", "env": "environment", "addr": "address", "ip": "address",
            "hostname": "address", "proto": "protocol", "username": "user"}  # fmt: skip
_ADDRESS = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9_.:%-]{0,252}")
_USER = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.@$+\\-]{0,127}")
_WORDS_LIMIT = 200
_NAMES_LIMIT = 200

_Value = str | int | None | Protocol | tuple[str, ...]


def shown(text: str, limit: int = 60) -> str:
    """Return a stranger's text in quotes, safe and short enough for a message."""
    return f'"{clean_line(text, limit=limit)}"'


def field_name(word: str) -> str:
    """Return the field that a word means.

    Raises:
        NotFound: it means none; names the nearest.
    """
    name = word.strip().lower()
    name = _ALIASES.get(name, name)
    if name in FIELD_NAMES:
        return name
    near = near_enough(name, (*FIELD_NAMES, *_ALIASES))
    hint = f"The nearest is {near}." if near else "Known are " + ", ".join(FIELD_NAMES) + "."
    raise NotFound(f"A target has no field {shown(word)}.", next_step=hint)


def with_fields(target: Target, values: Mapping[str, str]) -> Target:
    """Return a target with some fields set from text.

    Args:
        target: what it was.
        values: by field name or one of its short forms; several groups or tags are joined by `;` or `,`; an empty
            text empties the field.

    Raises:
        BadInput: a field is unknown or a value cannot be used.
    """
    parsed: dict[str, _Value] = {}
    for word, text in values.items():
        name = field_name(word)
        parsed[name] = parse_field(name, text)
    return dataclasses.replace(target, **parsed)  # type: ignore[arg-type]  # parse_field gives each its own type


def parse_field(name: str, text: str) -> _Value:
    """Return the value of one field from its text.

    Raises:
        BadInput: it cannot be used.
    """
    stripped = text.strip()
    match name:
        case "groups":
            return split_names(stripped)
        case "tags":
            return tuple(sorted(set(split_names(stripped))))
        case "port":
            return parse_port(stripped)
        case "protocol":
            return parse_protocol(stripped)
        case "address":
            return check_address(stripped)
        case "user":
            return check_user(stripped)
        case _:
            return tidy(stripped)


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in "a;b, c", each once, in the order given.

    Raises:
        BadInput: one of them cannot be a name, or there are more than 200.
    """
    names = tuple(dict.fromkeys(check_name(part.strip()) for part in re.split("[;,]", text) if part.strip()))
    if len(names) > _NAMES_LIMIT:
        raise BadInput(f"{len(names):,} groups or tags are too many for one target: at most {_NAMES_LIMIT}.")
    return names


def parse_port(text: str) -> int | None:
    """Return a port, None for "".

    Raises:
        BadInput: it is no number from 1 to 65535.
    """
    if not text:
        return None
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise BadInput(f"{shown(text)} is no port.", next_step="Give a number from 1 to 65535.")
    return int(text)


def parse_protocol(text: str) -> Protocol:
    """Return a protocol, SSH for "".

    Raises:
        BadInput: there is none of that name.
    """
    if not text:
        return Protocol.SSH
    known = tuple(protocol.value for protocol in Protocol)
    if text.lower() in known:
        return Protocol(text.lower())
    near = near_enough(text[:40], known)
    hint = f"The nearest is {near}." if near else "Known are " + ", ".join(known) + "."
    raise BadInput(f"There is no protocol {shown(text)}.", next_step=hint)


def check_address(text: str) -> str:
    """Return `text` when it may be an address: no blanks, no leading `-` that a program could take for an option.

    Raises:
        BadInput: it may not.
    """
    if text and not _ADDRESS.fullmatch(text):
        raise BadInput(f"{shown(text)} cannot be an address.", next_step="Give a host name or an IP address.")
    if _is_no_number(text):
        raise BadInput(
            f"{shown(text)} is a number that is no IP address.",
            why="An IPv4 address has four numbers from 0 to 255, an IPv6 one hexadecimal digits and colons.",
            next_step="Give it as in 192.0.2.7 or 2001:db8::7, or a host name.",
        )
    return text


def _is_no_number(text: str) -> bool:
    """Return whether a text can only be meant as an IP address, and is none.

    No host name ends in a label of digits (RFC 3696, 2), nor has it a colon. inet_aton reads "10.1" and "2130706433" as
    addresses that nobody sees in them.
    """
    last = text.rstrip(".").rpartition(".")[2]
    if ":" not in text and not re.fullmatch(r"[0-9]+|0[xX][0-9A-Fa-f]*", last):
        return False
    try:
        ipaddress.ip_address(text.partition("%")[0] if ":" in text else text)
    except ValueError:
        return True
    return False


def check_user(text: str) -> str:
    r"""Return `text` when it may be a log-in name; DOMAIN\name and name@domain may.

    Raises:
        BadInput: it may not.
    """
    if text and not _USER.fullmatch(text):
        raise BadInput(f"{shown(text)} cannot be a log-in name.")
    return text


def tidy(text: str) -> str:
    """Return free words with single blanks, controls made visible, at most 200 characters."""
    return clean_line(" ".join(text.split()), limit=_WORDS_LIMIT)


def checked(target: Target, *, before: Target | None = None) -> Target:
    """Return a target whose every field passed the check that text from a file passes; names in tags once, sorted.

    Args:
        target: as it should become.
        before: as it was; None for a new one.

    Raises:
        BadInput: a field cannot be used, or it would be run on this machine under another name.
    """
    check_name(target.name)
    made = with_fields(target, {name: field_text(target, name) for name in FIELD_NAMES if name != "protocol"})
    here = before is not None and before.protocol is Protocol.LOCAL
    if before is not None and here and set(changed_fields(before, made)) & set(CONNECTION_FIELDS):
        raise BadInput(
            f"{made.name} is the machine opsterm stands on and is not reached in another way.",
            next_step="Add a target of another name for another machine.",
        )
    if made.protocol is Protocol.LOCAL and not here:
        raise BadInput(
            f"{made.name} cannot have the protocol local: its commands would run on this machine.",
            next_step="Give it the protocol ssh; this machine is the target localhost.",
        )
    return made


def field_text(target: Target, name: str) -> str:
    """Return one field as text that `parse_field` reads back."""
    value = getattr(target, name)
    if isinstance(value, tuple):
        return ";".join(value)
    return "" if value is None else str(value)


def changed_fields(before: Target, after: Target) -> tuple[str, ...]:
    """Return the names of fields that differ, `source` excluded."""
    return tuple(name for name in FIELD_NAMES if getattr(before, name) != getattr(after, name))
