"""ssh_config in effect: what ssh would do for one destination, worked out here.

The library's own reader is not used: it leaves out options that safety rests on (StrictHostKeyChecking,
RevokedHostKeys, RequiredRSASize, permissions of the file), hands `Match exec` its command unexpanded, takes no
"1m" as a time, and expands tokens of an included file too early. This one is held against `ssh -G` by a test.

Reading blocks and `Match exec` runs commands, as for ssh itself: call it in a thread.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opsterm.adapters.ssh_config_lines import Directive, expand_home, matches_any, read_directives, shown_path
from opsterm.core.errors import BadInput, TimedOut
from opsterm.core.text import clean_line

EXEC_LIMIT_S = 10.0
"""Seconds a `Match exec` command may take; ssh waits for ever."""

SYSTEM_CONFIG = Path("/etc/ssh/ssh_config")
GATHERED = frozenset({"identityfile", "certificatefile", "sendenv"})
"""Keywords whose lines add up; for all others the first one counts."""

_TOKEN = re.compile(r"%(.?)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_ALIASES = {
    "dsaauthentication": "pubkeyauthentication",
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "skeyauthentication": "kbdinteractiveauthentication",
    "tisauthentication": "kbdinteractiveauthentication",
    "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms",
    "identityfile2": "identityfile",
    "globalknownhostsfile2": "globalknownhostsfile",
    "userknownhostsfile2": "userknownhostsfile",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What the configuration says for one destination, still as words.

    Attributes:
        original: the destination as it was asked for.
        hostname: what it stands for.
        words: lower-case keyword -> words; for gathered keywords one word per line.
        where: keyword -> "file:line" of the line that counts.
        tokens: what %h, %p and such stand for.
        environment: what ${NAME} is looked up in.
        home: what "~" stands for.
    """

    original: str
    hostname: str
    words: Mapping[str, tuple[str, ...]]
    where: Mapping[str, str]
    tokens: Mapping[str, str]
    environment: Mapping[str, str]
    home: Path

    def first(self, keyword: str) -> str | None:
        """Return the first word of a keyword (lower case), None when it is not set."""
        words = self.words.get(keyword)
        return words[0] if words else None

    def path(self, word: str, keyword: str) -> str:
        """Return a word with tokens, variables and "~" expanded."""
        return expand_home(self.expand(word, keyword), self.home)

    def expand(self, word: str, keyword: str) -> str:
        """Return a word with tokens and ${variables} expanded.

        Raises:
            BadInput: an unknown token or a variable that is not set.
        """
        return expand(word, self.tokens, self.environment, self.where.get(keyword, keyword))


def expand(text: str, tokens: Mapping[str, str], environment: Mapping[str, str], where: str) -> str:
    """Replace %x by tokens["x"] and ${NAME} by the variable; see `Values.expand`."""

    def token(match: re.Match[str]) -> str:
        value = "%" if match[1] == "%" else tokens.get(match[1])
        if value is None:
            raise BadInput(f"{where}: {clean_line(match[0])} stands for nothing here.", next_step="Mend the line.")
        return value

    def variable(match: re.Match[str]) -> str:
        value = environment.get(match[1])
        if value is None:
            raise BadInput(
                f"{where}: the variable {clean_line(match[1])} is not set.", next_step="Set it, or mend the line."
            )
        return value

    return _VARIABLE.sub(variable, _TOKEN.sub(token, text))


@dataclass(slots=True, kw_only=True)
class _Pass:
    """One walk over the directives for one destination; later walks keep what earlier ones set."""

    original: str
    host: str
    local_user: str
    canonical: bool
    final: bool
    words: dict[str, tuple[str, ...]]
    where: dict[str, str]
    wants_final: bool = False


@dataclass(slots=True, kw_only=True)
class SshConfig:
    """The configuration files of one operator, read again when one of them changed.

    Attributes:
        path: the operator's file.
        own_path: whether it was chosen by name (as with `ssh -F`): then it must exist, no system file is read.
        home: what "~" stands for.
        user: the operator's log-in name.
        environment: for ${NAME}, and SHELL for `Match exec`.
    """

    path: Path
    own_path: bool
    home: Path
    user: str
    environment: Mapping[str, str]
    _read: tuple[Directive, ...] = field(default=(), init=False)
    _stamps: Mapping[Path, tuple[int, int, int]] | None = field(default=None, init=False)

    def names(self, host: str) -> bool:
        """Return whether a Host line names a host, be it by a pattern other than `*`."""

        def some(directives: Sequence[Directive]) -> bool:
            return any(some(file) for directive in directives for file in directive.included) or any(
                matches_any(tuple(w for w in d.words if w != "*"), host) for d in directives if d.keyword == "host"
            )

        return some(self._directives())

    def resolve(self, host: str, *, hostname: str = "", port: int = 0, user: str = "") -> Values:
        """Return what counts for a destination.

        Args:
            host: as the operator would type it after `ssh`.
            hostname: as after `-o HostName=`; "" for what the files say.
            port: as after `-p`; 0 for none.
            user: as after `-l`; "" for none.

        Raises:
            BadInput: a file cannot be read or a line cannot be understood.
            TimedOut: a `Match exec` command did not end.
        """
        directives = self._directives()
        words: dict[str, tuple[str, ...]] = {}
        where: dict[str, str] = {}
        if hostname:
            words["hostname"], where["hostname"] = (hostname.replace("%", "%%"),), "the target"
        if port:
            words["port"], where["port"] = (str(port),), "the target"
        if user:
            words["user"], where["user"] = (user,), "the target"
        walk = _Pass(original=host, host=host, local_user=self.user, canonical=False, final=False,
                     words=words, where=where)  # fmt: skip
        self._walk(directives, walk, active=True)
        canonical = _canonical_name(host, words)
        if canonical or walk.wants_final or words.get("canonicalizehostname", ("no",))[0] == "always":
            walk.canonical, walk.final, walk.host = True, True, canonical or walk.host
            self._walk(directives, walk, active=True)
        hostname = self._hostname(walk)
        return Values(original=host, hostname=hostname, words=words, where=where,
                      tokens=self._tokens(walk, hostname), environment=self.environment, home=self.home)  # fmt: skip

    def _directives(self) -> tuple[Directive, ...]:
        stamps = _stamps((self.path, SYSTEM_CONFIG))
        if self._stamps is not None and stamps == self._stamps and not any(d.keyword == "include" for d in self._read):
            return self._read
        read: list[Directive] = []
        if self.path in stamps:
            read += read_directives(self.path, self.home, folder=self.home / ".ssh", private=not self.own_path)
            # A file's last Host block ends with the file.
            read.append(Directive(keyword="host", words=("*",), where=str(self.path)))
        elif self.own_path:
            raise BadInput(
                f"The ssh_config {shown_path(self.path, self.home)} is not there.",
                next_step="Mend the setting ssh.config, or take it out to use ~/.ssh/config.",
            )
        if not self.own_path and SYSTEM_CONFIG in stamps:
            read += read_directives(SYSTEM_CONFIG, self.home, folder=SYSTEM_CONFIG.parent, private=False)
        self._read, self._stamps = tuple(read), stamps
        return self._read

    def _walk(self, directives: Sequence[Directive], walk: _Pass, *, active: bool, may: bool = True) -> None:
        """Gather what counts. `may` is False below an Include of a block that is not for this destination."""
        for directive in directives:
            if directive.keyword == "host":
                active = may and matches_any(directive.words, walk.host)
            elif directive.keyword == "match":
                active = self._match(directive, walk) and may
            elif directive.keyword == "include":
                for file in directive.included:
                    self._walk(file, walk, active=active, may=may and active)
            elif active:
                _keep(directive, walk)

    def _match(self, directive: Directive, walk: _Pass) -> bool:
        result, words = True, list(directive.words)
        while words:
            name = words.pop(0)
            inverted, name = name.startswith("!"), name.lstrip("!").lower()
            if name in ("all", "canonical", "final"):
                if name == "final":
                    walk.wants_final = True
                fits = {"all": True, "canonical": walk.canonical, "final": walk.final}[name]
            else:
                if "=" in name:
                    name, _, argument = name.partition("=")
                elif words:
                    argument = words.pop(0)
                else:
                    raise BadInput(
                        f"{directive.where}: Match {clean_line(name)} has no value.", next_step="Give it one."
                    )
                fits = self._criterion(name, argument, directive.where, walk, needed=result)
            result = result and fits != inverted
        return result

    def _criterion(self, name: str, argument: str, where: str, walk: _Pass, *, needed: bool) -> bool:
        texts = {
            "host": self._hostname(walk),
            "originalhost": walk.original,
            "user": walk.words.get("user", (walk.local_user,))[0],
            "localuser": walk.local_user,
            "tagged": walk.words.get("tag", ("",))[0],
        }
        if name in texts:
            return matches_any(argument.split(","), texts[name])
        if name == "exec":
            return needed and self._exec(expand(argument, self._tokens(walk, self._hostname(walk)), {}, where), where)
        raise BadInput(
            f"{where}: opsterm cannot tell whether Match {clean_line(name, limit=40)} applies.",
            why="It knows all, canonical, final, exec, host, originalhost, user, localuser and tagged.",
            next_step="Write the block with one of these, or name another file with the setting ssh.config.",
        )

    def _exec(self, command: str, where: str) -> bool:
        shell = self.environment.get("SHELL") or "/bin/sh"
        try:
            return subprocess.run(  # noqa: S603 (the operator's own configuration names the command, as for ssh)
                [shell, "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                check=False, timeout=EXEC_LIMIT_S, env=dict(self.environment), start_new_session=True,
            ).returncode == 0  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise TimedOut(
                f"{where}: the command of Match exec did not end within {EXEC_LIMIT_S:g} s.",
                next_step="Run it by hand to see what it waits for.",
            ) from error
        except OSError as error:
            raise BadInput(f"{where}: the command of Match exec cannot be run.", why=str(error.strerror)) from error

    def _hostname(self, walk: _Pass) -> str:
        given = walk.words.get("hostname")
        if not given:
            return walk.host
        return expand(given[0], {"h": walk.host}, {}, walk.where["hostname"])

    def _tokens(self, walk: _Pass, hostname: str) -> Mapping[str, str]:
        here = socket.gethostname()
        port = walk.words.get("port", ("22",))[0]
        user = walk.words.get("user", (walk.local_user,))[0]
        jump = ",".join(walk.words.get("proxyjump", ("",))[:1])
        digest = hashlib.sha1(f"{here}{hostname}{port}{user}".encode("utf-8", "surrogateescape"), usedforsecurity=False)
        return {"h": hostname, "n": walk.original, "p": port, "r": user, "u": walk.local_user, "l": here,
                "L": here.partition(".")[0], "d": str(self.home), "i": str(os.geteuid()), "j": jump,
                "k": walk.words.get("hostkeyalias", (walk.original,))[0], "C": digest.hexdigest()}  # fmt: skip


def _keep(directive: Directive, walk: _Pass) -> None:
    keyword = _ALIASES.get(directive.keyword, directive.keyword)
    if keyword in ("proxyjump", "proxycommand") and ("proxyjump" in walk.words or "proxycommand" in walk.words):
        return  # whichever of the two comes first counts
    if keyword in GATHERED:
        before = walk.words.get(keyword, ())
        walk.words[keyword] = before + tuple(w for w in directive.words if w not in before)
        walk.where.setdefault(keyword, directive.where)
    elif keyword not in walk.words:
        walk.words[keyword], walk.where[keyword] = directive.words, directive.where


def _canonical_name(host: str, words: Mapping[str, tuple[str, ...]]) -> str:
    """Return the full name that CanonicalizeHostname finds for a short one, "" when it finds or needs none."""
    wanted = words.get("canonicalizehostname", ("no",))[0].lower()
    proxied = words.get("proxyjump", words.get("proxycommand", ("none",)))[0].lower() != "none"
    if wanted not in ("yes", "true", "always") or (proxied and wanted != "always"):
        return ""
    dots = words.get("canonicalizemaxdots", ("1",))[0]
    if host.count(".") > (int(dots) if dots.isdigit() else 1) or ":" in host:
        return ""
    for domain in words.get("canonicaldomains", ()):
        name = host if domain.lower() == "none" else f"{host}.{domain.strip('.')}".lower()
        try:
            socket.getaddrinfo(name, None, flags=socket.AI_CANONNAME)
        except OSError:
            continue
        return name
    if words.get("canonicalizefallbacklocal", ("yes",))[0].lower() in ("no", "false"):
        raise BadInput(
            f"No domain of CanonicalDomains knows {clean_line(host)}.",
            why="CanonicalizeFallbackLocal is no, so the short name is not tried.",
            next_step="Give the target its full name as address.",
        )
    return ""


def _stamps(paths: Sequence[Path]) -> dict[Path, tuple[int, int, int]]:
    found = {}
    for path in paths:
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise BadInput(
                f"{clean_line(str(path))} cannot be read.",
                why=error.strerror or str(error),
                next_step="Make it readable.",
            ) from error
        found[path] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return found
