"""Whether a description says of an operation that it only reads: by its own words, since GET alone is no proof.

RFC 9110 says that GET changes nothing; devices and old applications hold themselves to it less. So what is asked
without anybody being asked about it is what also says so: `listPets`, "Returns one pet".
"""

from __future__ import annotations

import re

_READS = frozenset({
    "browse", "count", "counts", "describe", "describes", "details", "display", "displays", "enumerate", "fetch",
    "fetches", "find", "finds", "get", "gets", "health", "info", "inspect", "list", "lists", "lookup", "ping",
    "preview", "queries", "query", "read", "reads", "retrieve", "retrieves", "return", "returns", "search",
    "searches", "show", "shows", "status", "summary", "version", "view", "views",
})  # fmt: skip
_ACTS = frozenset({
    "acknowledge", "activate", "activates", "add", "adds", "applies", "apply", "approve", "approves", "cancel",
    "cancels", "change", "changes", "clear", "clears", "close", "create", "creates", "deactivate", "deactivates",
    "delete", "deletes", "disable", "disables", "enable", "enables", "erase", "execute", "executes", "flush",
    "flushes", "halt", "import", "install", "installs", "invoke", "invokes", "kill", "kills", "launch", "launches",
    "lock", "locks", "logoff", "logout", "mark", "marks", "modifies", "modify", "move", "moves", "open", "pause",
    "publish", "purge", "purges", "reboot", "reboots", "rebuild", "refresh", "refreshes", "regenerate", "register",
    "reject", "rejects", "reload", "reloads", "remove", "removes", "rename", "renames", "replace", "replaces",
    "reset", "resets", "restart", "restarts", "resume", "retry", "revoke", "revokes", "rotate", "rotates", "run",
    "runs", "send", "sends", "set", "sets", "shutdown", "start", "starts", "stop", "stops", "submit", "subscribe",
    "suspend", "switch", "sync", "synchronize", "terminate", "terminates", "toggle", "trigger", "triggers",
    "uninstall", "unlock", "unlocks", "unpublish", "unregister", "unsubscribe", "update", "updates", "upgrade",
    "upgrades", "wipe", "wipes",
})  # fmt: skip
_CHUNK = re.compile(r"[./:_\s#]+")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_JOINED = re.compile(r"\b(?:and|then|or)\s+([a-z]+)")


def says_it_reads(name: str, summary: str, path: str) -> bool:
    """Return whether an operation's words say that it reads, and none that it does something. Never raises.

    Args:
        name: its operationId as the description has it, "" for none.
        summary: one line, "" for none.
        path: template, as in "/pets/{petId}".
    """
    firsts = [first for chunk in _CHUNK.split(name) if (first := _first(chunk))]
    said = _first(summary)
    last = next((part for part in reversed(path.split("/")) if part and "{" not in part), "")
    does = {*firsts, said, _first(last), *_JOINED.findall(summary.lower())}
    return not does & _ACTS and bool({*firsts, said} & _READS)


def _first(text: str) -> str:
    found = _WORD.search(text)
    return found[0].lower() if found else ""
