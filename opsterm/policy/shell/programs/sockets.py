"""Programs that join a stream to a socket, and the questions that are asked of a service in one line."""

from __future__ import annotations

import re
from collections.abc import Mapping

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.notes import Feed
from opsterm.policy.shell.programs.calling import Deed, fixed, note
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

_QUESTION = re.compile(
    r"(?:show|help|stats?|version|info|ping|ruok|mntr|srvr|conf|cons|envi|wchs|dirs|isro|list|ls|status|query|quit|exit|noop|"
    r"GET|HEAD|OPTIONS|Host:|Connection:|User-Agent:|EHLO|HELO|QUIT|CAPABILITY|INFO|PING|"
    r"\{\s*\"execute\"\s*:\s*\"(?:query-\w[\w-]*|qmp_capabilities)\")(?![\w-]).*",
)
"""A line that a service answers and that changes nothing: HAProxy, memcached, ZooKeeper, Redis, HTTP, SMTP, QEMU."""

_LOSES = re.compile(
    r"(?i)\s*(?:flush_all|flushall|flushdb|shutdown|stop|kill|del(?:ete)?|drop|purge|system_reset|system_powerdown|quit_all|"
    r"disable|clear|debug|DELETE|PURGE)\b"
)
_NETCAT_TAKES = word_set(
    "-e -c -p -s -w -q -i -x -X -g -G -I -O -P -T -V --exec --sh-exec --lua-exec --idle-timeout --source --source-port"
)


def _lines(feed: Feed | None) -> list[str]:
    """Return the lines that are said to the socket, none when the text does not say them."""
    if feed is None or feed.origin != "text":
        return []
    said = feed.text.replace("\\r", "").replace("\\n", "\n").replace(";", "\n")
    return [line.strip() for line in said.splitlines() if line.strip()]


def _say(call: ProgramCall, lines: list[str], target: str) -> bool:
    """Note what the lines ask of the service; return whether they are known."""
    if not lines:
        return False
    if all(_QUESTION.fullmatch(line) for line in lines):
        call.add(_K.READ, target)
        return True
    for line in lines:
        if _LOSES.match(line):
            note(call, "infra+service_stop+data_loss?", line[:60])
    return False


def _nc(call: ProgramCall) -> None:
    """Follow netcat: -z only looks, -e hands a shell out, and a question is no more than a question."""
    call.take(_NETCAT_TAKES)
    text = call.value("-e", "-c", "--exec", "--sh-exec", "--lua-exec")
    target = " ".join(word.text for word in call.words)
    if text is not None:
        call.add(_K.REMOTE_CODE, text)
        call.add(_K.SECURITY_WEAKEN, target)
    elif call.has("-z", "-h", "--help", "--version"):
        call.add(_K.READ)
    elif call.has("-l", "--listen"):
        call.add(_K.SECURITY_WEAKEN, target, _C.POSSIBLE)
        call.dark("It listens, and who connects is not known.")
    elif not _say(call, _lines(call.frame.feed), target):
        feed = call.frame.feed
        plain = feed is None or feed.origin == "text"
        call.add(_K.EXFIL, target, _C.POSSIBLE if plain else _C.LIKELY)


def _socat(call: ProgramCall) -> None:
    """Note the two ends that socat joins."""
    call.take(word_set("-b -t -T -L -W -x -v -d -lf"))
    line = " ".join(word.text for word in call.arguments)
    ends = [word.text.lower() for word in call.words]
    if re.search(r"\b(?:exec|system|shell):", line, re.IGNORECASE):
        call.add(_K.REMOTE_CODE, line[:80])
    elif re.search(r"listen", line, re.IGNORECASE):
        call.add(_K.SECURITY_WEAKEN, line[:80], _C.LIKELY)
    elif any(end in ("-", "stdio", "stdin") for end in ends) and _say(call, _lines(call.frame.feed), line[:80]):
        return
    call.dark("It joins two streams, and what comes over them is not known.")


_CONSOLE_SHOWS = re.compile(
    r"(?:(?:core|sip|pjsip|iax2|dialplan|queue|voicemail|database|manager|module|dahdi|dundi|cdr|rtp|xmpp|odbc|channel|bridge|help)\s+)*(?:show|help)\b.*"
)


def _asterisk(call: ProgramCall) -> None:
    """Follow asterisk -rx: one line for the console of a telephone exchange."""
    call.take(word_set("-x -C -L -M -e -U -G"))
    lines = call.values("-x")
    if not lines:
        note(call, "read" if call.has("-V", "-h") else "dark" if call.has("-r", "-R") else "service_start")
    for line in lines:
        if _CONSOLE_SHOWS.fullmatch(line.text.strip()):
            call.add(_K.READ, line)
        else:
            note(call, "service_stop" if re.match(r"\s*core (?:stop|restart)", line.text) else "infra", line)


def _nsupdate(call: ProgramCall) -> None:
    """Follow nsupdate: its lines add and delete records of a zone."""
    call.take(word_set("-k -y -p -t -u -r -L -C"))
    lines = _lines(call.frame.feed)
    if call.has("-V", "-h", "-P", "-T"):
        call.add(_K.READ)
    elif not lines:
        call.dark("What it changes in a zone is not shown here.")
        call.add(_K.NETWORK)
    for line in lines:
        if re.match(r"(?:update\s+)?del(?:ete)?\b", line):
            note(call, "network+infra+delete", line[:60])
        else:
            note(call, "network" if re.match(r"(?:update\s+)?add\b|send\b", line) else "read", line[:60])


PROGRAMS: Mapping[str, Deed] = {
    **dict.fromkeys(("nc", "ncat", "netcat"), _nc), "socat": _socat, "telnet": fixed("dark"), "asterisk": _asterisk, "nsupdate": _nsupdate,
}  # fmt: skip
