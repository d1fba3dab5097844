"""Words in a URL by which a server says that it does something, whatever the method promises.

Devices and old applications change things by GET: `/axis-cgi/restart.cgi`, `/param.cgi?action=update`. What is found
here is only a reason to ask a person first; a server can do as it likes under any name.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

from opsterm.core import lean_re as re

_DOES = re.compile(
    r"delete|remove|destroy|purge|erase|wipe|restart|reboot|shutdown|poweroff|halt|reset|kill|terminate|uninstall|"
    r"unsubscribe|revoke|quit|(?:hard)?factory(?:default|reset)"
)
_SAYS_WHAT = frozenset({"action", "cmd", "command", "do", "act", "op", "operation", "task", "verb"})
"""Names of parameters by which one address is told what to do."""

_READS = re.compile(
    r"(?:get|list|show|status|read|view|info|describe|query|search|find|count|version|details?)(?:[^a-z].*|[a-z]*)"
)
_SERVER = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def changing_word(url: str) -> str:
    """Return the first word of a URL that says it changes something, "" for none. Never raises.

    Args:
        url: absolute, or a path, whoever wrote it; with or without query.
    """
    path, _, query = (url[server.end() :] if (server := _SERVER.match(url)) else url).partition("?")
    for word in _WORD.findall(unquote(path)):
        if _DOES.fullmatch(word.lower()):
            return str(word)
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name.lower() in _SAYS_WHAT and not _READS.fullmatch(value.lower()):
            return f"{name}={value}"
        if any(_DOES.fullmatch(word.lower()) for word in _WORD.findall(name)):
            return name
    return ""
