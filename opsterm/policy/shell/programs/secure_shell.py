"""OpenSSH: what runs on the other host, and keys."""

from __future__ import annotations

import re
from collections.abc import Mapping

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.places import resolved
from opsterm.policy.shell.programs.calling import Deed, by_option, note, reads
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

_SSH_TAKES = word_set("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w -B -P")


def _ssh(call: ProgramCall) -> None:
    """Follow ssh: what is behind the host is a text for the shell there."""
    call.take(_SSH_TAKES, in_order=True)
    for value in call.values("-o"):
        name, _, text = re.sub(r"\s*=\s*|\s+", "=", value.text, count=1).partition("=")
        if name.lower() in ("proxycommand", "localcommand", "knownhostscommand", "match"):
            call.again(value.part(text), "ssh")
    if call.has("-E"):
        deeds.write(call.value("-E") or call.first, call.notes, call.frame, call.span, replaces=False)
    if call.has("-V", "-G", "-Q", "--help") or not call.words or call.value("-O") is not None:
        call.add(_K.READ)
        return
    host, rest = call.words[0], call.words[1:]
    if call.has("-R", "-D", "-w"):
        call.add(_K.NETWORK, host)
        call.add(_K.SECURITY_WEAKEN, host, _C.LIKELY)
    if call.has("-L", "-N", "-W"):
        call.add(_K.NETWORK, host)
    _there(call, host, rest)


def _there(call: ProgramCall, host: Argument, rest: list[Argument]) -> None:
    """Follow what runs on the other host: the words behind it, or what it is sent."""
    where = f"ssh {host.shown}"
    if rest and rest[0].text == "--":
        rest = rest[1:]
    while rest and rest[0].text.startswith("-") and len(rest) > 1 and not rest[0].text.startswith("--"):
        rest = rest[2:] if rest[0].text in _SSH_TAKES else rest[1:]
    feed = call.frame.feed
    if rest:
        text = " ".join(word.text for word in rest)
        base = rest[0].base if len(rest) == 1 else -1
        span = rest[0].span if len(rest) == 1 else call.span
        call.again(Argument(text=text, raw=text, span=span, base=base), call.name, where=where)
    elif feed is not None and feed.origin == "text":
        text = feed.text
        call.again(Argument(text=text, raw=text, span=feed.span, base=feed.base), call.name, where=where)
    elif feed is not None:
        call.dark("The other host runs what it is sent, which is not shown here.")
        call.add(_K.REMOTE_CODE, host, _C.CERTAIN if feed.origin == "network" else _C.POSSIBLE)
    elif not call.has("-N"):
        call.dark("It opens a session on another host, and what is typed there is not known.")


def _ssh_keygen(call: ProgramCall) -> None:
    """Note keys that are shown, made or forgotten."""
    call.take(word_set("-f -t -b -C -N -P -F -R -E -s -I -n -V -z -m -O -a -w -D -r -Y"))
    target = call.value("-f")
    if call.has("-l", "-F", "-B", "-L", "-r", "-Q") or (call.has("-y") and call.value("-D") is None):
        call.add(_K.READ, target or "")
    elif call.has("-A"):
        note(call, "write_config+lockout?", "/etc/ssh")
    elif call.has("-R", "-H"):
        deeds.write(
            target or Argument(text="~/.known_hosts", raw="known_hosts", span=call.span),
            call.notes,
            call.frame,
            call.span,
            replaces=False,
        )
    elif target is not None:
        call.add(_K.WRITE_FILE, target)
        path = resolved(target.text, call.frame.scope.cwd)
        if path.startswith("/etc/ssh/") or path.endswith("authorized_keys"):
            call.add(_K.LOCKOUT, target, _C.LIKELY)
    else:
        call.add(_K.WRITE_FILE, "~/.keys/id")


def _ssh_agent(call: ProgramCall) -> None:
    """Follow ssh-agent: behind its options it starts a command."""
    call.take(word_set("-a -E -P -t -O"), in_order=True)
    if call.words:
        call.start(call.words, call.name)
    elif call.has("-k"):
        call.add(EffectKind.SERVICE_STOP)
    else:
        call.add(EffectKind.READ)


PROGRAMS: Mapping[str, Deed] = {
    "ssh": _ssh, "autossh": _ssh, "mosh": _ssh,
    "ssh-keygen": _ssh_keygen, "ssh-keyscan": reads(content=False), "ssh-add": by_option("read: -l -L\nwrite_config: -d -D -x -X", "-t", else_="write_config"), "ssh-agent": _ssh_agent,
}  # fmt: skip
