"""The text of ssh_config files as one list of sections, includes put in their places.

Rules from ssh_config(5) and OpenSSH's readconf.c: keywords in any case, one optional `=`, quotes, comments; an
Include inside a Host or Match block counts only where that block does.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from opsterm.core.errors import OpstermError
from opsterm.inventory.fields import shown
from opsterm.inventory.imports import LINE_LIMIT, Gathering, Read, lines_of
from opsterm.inventory.patterns import compile_glob, glob_regex, is_wild

INCLUDE_DEPTH = 16
"""As in OpenSSH."""

INCLUDE_LIMIT = 500
"""Files that one configuration may be made of."""

Glob = Callable[[str], Sequence[str]]
"""Returns the existing files for an absolute pattern, sorted."""

_WANTED = frozenset({"hostname", "port", "user", "proxyjump", "proxycommand", "canonicalizehostname"})
_BLANKS = re.compile("[ \t]+")
_KEYWORD = re.compile(r'"?([A-Za-z0-9]+)"?(?:[ \t]*=[ \t]*|[ \t]+|$)(.*)', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCondition:
    """A Host line: counts for a host that a pattern matches and no negated one does.

    Attributes:
        names: patterns without wildcards.
        wild: test for the patterns with wildcards, None when there are none.
        never: test for the negated patterns, None when there are none.
    """

    names: frozenset[str]
    wild: Callable[[str], bool] | None
    never: Callable[[str], bool] | None

    def matches(self, host: str) -> bool:
        """Return whether the block counts for a host; case matters, as in OpenSSH."""
        if self.never is not None and self.never(host):
            return False
        return host in self.names or (self.wild is not None and self.wild(host))


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchCondition:
    """A Match line.

    Attributes:
        criteria: (word, pattern list or "", negated) in order; `None` in place of a line that never counts.
    """

    criteria: tuple[tuple[str, str, bool], ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SshSection:
    """The settings that stand under one condition.

    Attributes:
        condition: None for what counts for every host.
        parents: numbers of the sections around an included file; all of them must count too.
        same_as: number of the section that this one continues after an include, -1 for none.
        settings: keyword in lower case -> first value.
        names: targets that its Host line names, with file and line.
    """

    condition: HostCondition | MatchCondition | None
    parents: tuple[int, ...] = ()
    same_as: int = -1
    settings: dict[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    file: str = ""
    line: int = 0


class SshSectionList:
    """Reads configuration files into `sections`.

    Attributes:
        sections: in the order in which OpenSSH would meet them.
    """

    def __init__(self, gathering: Gathering, *, home: str, read: Read, glob: Glob) -> None:
        self.sections: list[SshSection] = []
        self._gathering = gathering
        self._home = home
        self._read = read
        self._glob = glob
        self._files_read = 0

    def add_file(self, file: str, *, parents: tuple[int, ...] = (), depth: int = 0, folder: str = "") -> None:
        """Read one file and what it includes.

        Args:
            file: absolute name.
            parents: see `SshSection`.
            depth: how many includes led here.
            folder: where relative includes start.
        """
        text = self._text(file, required=depth == 0)
        self._open(SshSection(condition=None, parents=parents, file=file))
        for number, line in enumerate(lines_of(text), 1):
            stripped = line.strip(" \t\r\f")
            if not stripped or stripped[0] == "#":
                continue
            if len(stripped) > LINE_LIMIT:
                self._gathering.problem(file, number, f"This line is longer than {LINE_LIMIT:,} characters.")
                continue
            match = _KEYWORD.match(stripped)
            keyword = match[1].lower() if match else ""
            words = split_words(match[2]) if match else None
            if words is None or not match:
                self._gathering.problem(file, number, f"This line cannot be read: {shown(stripped)}.")
            elif keyword == "include":
                self._include(words, file, number, depth, folder)
            elif keyword == "host":
                self._host(words, parents, file, number)
            elif keyword == "match":
                criteria = self._criteria(words, file, number)
                self._open(SshSection(condition=MatchCondition(criteria=criteria), parents=parents, file=file))
            elif keyword in _WANTED:
                self._setting(keyword, words, file, number)

    def _open(self, section: SshSection) -> None:
        self.sections.append(section)

    def _text(self, file: str, *, required: bool) -> str:
        self._files_read += 1
        if self._files_read > INCLUDE_LIMIT:
            self._gathering.note(f"More than {INCLUDE_LIMIT} files are included; the rest is not read.")
            return ""
        try:
            return self._read(file)
        except FileNotFoundError:
            if required:
                self._gathering.problem(file, 0, "There is no such file.")
        except OSError as error:
            self._gathering.problem(file, 0, f"It cannot be read: {error.strerror or error}.")
        except OpstermError as error:
            self._gathering.problem(file, 0, f"It cannot be read: {error.what}")
        except UnicodeError:
            self._gathering.problem(file, 0, "It is not UTF-8 text.")
        return ""

    def _include(self, words: list[str], file: str, number: int, depth: int, folder: str) -> None:
        if depth >= INCLUDE_DEPTH or self._files_read > INCLUDE_LIMIT:
            self._gathering.problem(file, number, f"Includes are followed {INCLUDE_DEPTH} deep, as ssh does.")
            return
        around = len(self.sections) - 1
        here = self.sections[around]
        for word in words:
            pattern = posixpath.join(self._home, word[2:]) if word.startswith("~/") else word
            if pattern.startswith("~"):
                self._gathering.problem(file, number, f"{shown(word)}: homes of other accounts are not followed.")
                continue
            for included in self._glob(posixpath.join(folder, pattern)):
                self.add_file(included, parents=(*here.parents, around), depth=depth + 1, folder=folder)
        first = here.same_as if here.same_as >= 0 else around
        self._open(SshSection(condition=here.condition, parents=here.parents, same_as=first, file=file))

    def _host(self, words: list[str], parents: tuple[int, ...], file: str, number: int) -> None:
        if not words or "" in words:
            self._gathering.problem(file, number, "This Host line has an empty pattern.")
        never = [word[1:] for word in words if word.startswith("!")]
        wanted = [word for word in words if word and not word.startswith("!")]
        plain = [word for word in wanted if not is_wild(word)]
        condition = HostCondition(
            names=frozenset(plain),
            wild=_any_of([word for word in wanted if is_wild(word)]),
            never=_any_of(never),
        )
        names = tuple(dict.fromkeys(plain))
        self._open(SshSection(condition=condition, parents=parents, names=names, file=file, line=number))

    def _criteria(self, words: list[str], file: str, number: int) -> tuple[tuple[str, str, bool], ...] | None:
        made: list[tuple[str, str, bool]] = []
        left = list(words)
        while left:
            word, joined, value = left.pop(0).partition("=")
            negated = word.startswith("!")
            name = word.lstrip("!").lower()
            if name in ("all", "canonical", "final"):
                made.append((name, "", negated))
                continue
            if not joined:
                value = left.pop(0) if left else ""
            if not value:
                self._gathering.problem(file, number, f"Match {shown(name)} has no value; the block is left out.")
                return None
            if name == "exec":
                self._gathering.problem(
                    file, number, "Match exec is never run here, so the block is treated as not matching."
                )
                return None
            if name not in ("host", "originalhost", "user", "localuser"):
                self._gathering.problem(
                    file, number, f"Match {shown(name)} is not known here, so the block is treated as not matching."
                )
                return None
            made.append((name, value, negated))
        if not made:
            self._gathering.problem(file, number, "This Match line has no criteria.")
            return None
        return tuple(made)

    def _setting(self, keyword: str, words: list[str], file: str, number: int) -> None:
        if not words or not words[0]:
            self._gathering.problem(file, number, f"{keyword} has no value.")
            return
        # ProxyCommand and ProxyJump exclude one another: whichever comes first is used.
        key = "proxyjump" if keyword == "proxycommand" else keyword
        value = words[0] if keyword != "proxycommand" or words[0].lower() == "none" else "a command of its own"
        self.sections[-1].settings.setdefault(key, value)


def _any_of(patterns: list[str]) -> Callable[[str], bool] | None:
    if not patterns:
        return None
    if len(patterns) == 1:
        return compile_glob(patterns[0])
    match = re.compile("|".join(map(glob_regex, patterns)), re.DOTALL).fullmatch
    return lambda host: match(host) is not None


def split_words(text: str) -> list[str] | None:
    """Split the arguments of a line as ssh does; None when a quote is not closed.

    A `#` at the start of a word begins a comment; inside quotes blanks are kept; a backslash takes a quote, a
    backslash or (outside quotes) a blank as it stands.
    """
    if not any(sign in text for sign in "\"'\\#"):
        return [word for word in _BLANKS.split(text) if word]
    words: list[str] = []
    at = 0
    while True:
        while at < len(text) and text[at] in " \t":
            at += 1
        if at >= len(text) or text[at] == "#":
            return words
        made: list[str] = []
        quote = ""
        while at < len(text) and (quote or text[at] not in " \t"):
            char, after = text[at], text[at + 1 : at + 2]
            if char == "\\" and after and (after in "\"'\\" or (not quote and after == " ")):
                made.append(after)
                at += 1
            elif quote and char == quote:
                quote = ""
            elif not quote and char in "\"'":
                quote = char
            else:
                made.append(char)
            at += 1
        if quote:
            return None
        words.append("".join(made))
