"""One command as the table of ways back looks at it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from opsterm.policy.invocation import Invocation
from opsterm.policy.order import RunAs
from opsterm.policy.preview.paths import NotKnown, place_named, wording_of
from opsterm.policy.safer_words import flags_of
from opsterm.policy.understanding import Understanding
from opsterm.policy.way_back import Thing, ThingKind

_TO_FILE = re.compile(r"\d*(?:>>|>\||>|&>>|&>|>&)\s*(?P<path>[^&].*)", re.DOTALL)
_VALUES = ("/proc/", "/sys/")
ASIDE = re.compile(r"\.removed-\d{8}-\d{6}(?:-\d+)?")
"""Names of folders for what is moved aside instead of being deleted; see `changes/rewriting`."""

_NOT_A_FILE = ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/full")


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is not taken back.

    Attributes:
        sentence: a whole one.
        opposite: a command that does the opposite, and knows nothing of what was there; "" for none.
    """

    sentence: str
    opposite: str = ""


class KnownCall:
    """A command with its words sorted, and what they name on the target.

    Args:
        command: one of `understood`.
        understood: the whole text.
        how: as whom the text runs.
    """

    def __init__(self, command: Invocation, understood: Understanding, how: RunAs) -> None:
        self.words = command.words
        self.name = command.words[0].rpartition("/")[2] if command.words else ""
        self.via = command.via
        self.flags = flags_of(command) if command.words else frozenset[str]()
        self._command = command
        become = how.become or ("root" if "sudo" in command.via else "")
        self._wording = wording_of(command, understood, become=become)

    @property
    def folder(self) -> str:
        """The folder in which it runs, "" where that is not said before it in its text."""
        return self._wording.folder or ""

    def others(self, takes: str = "") -> list[str]:
        """Return the words that are neither options nor the values of some of them.

        Args:
            takes: options that take the next word, with blanks between.
        """
        found, taking, plain = [], False, False
        valued = takes.split()
        for word in self.words[1:]:
            if taking:
                taking = False
            elif plain or not word.startswith("-") or word == "-":
                found.append(word)
            elif word == "--":
                plain = True
            else:
                taking = word in valued
        return found

    def value(self, *options: str) -> str:
        """Return the value of the first of some options, "" for none: `-t X`, `--to X`, `--to=X`."""
        for at, word in enumerate(self.words[1:], 1):
            name, sign, value = word.partition("=")
            if word in options and at + 1 < len(self.words):
                return self.words[at + 1]
            if sign and name in options:
                return value
        return ""

    def has(self, *options: str) -> bool:
        """Return whether any of some options is there."""
        return bool(self.flags.intersection(options))

    def files(self, word: str) -> Thing:
        """Return the files that a word means. Raises NotKnown."""
        return self._places(word, ThingKind.FILES)

    def rights(self, word: str) -> Thing:
        """Return the rights of the files that a word means. Raises NotKnown."""
        return self._places(word, ThingKind.RIGHTS)

    def _places(self, word: str, kind: ThingKind) -> Thing:
        place = place_named(word, self._wording)
        if place.path.startswith(_VALUES) or place.path in ("/proc", "/sys"):
            key = place.path.removeprefix("/proc/sys/")
            if key != place.path and not place.pattern and kind is ThingKind.FILES:
                # What forwards sets others as well, so that all keys are kept.
                name = "-" if "forward" in key else key.translate({46: "/", 47: "."})
                return Thing(kind=ThingKind.SYSCTL, name=name)
            raise NotKnown(f"{place.path} is a value of the kernel, not a file, and what it was is not kept")
        if place.path.startswith("/dev/"):
            raise NotKnown(f"what is on {place.path} is not kept")
        if posixpath.normpath(place.path) in ("/", "/usr", "/var", "/home") and not place.pattern:
            raise NotKnown(f"{place.path} is too much to be kept")
        return Thing(kind=kind, name=place.path, option=place.pattern or "-")

    def into(self, source: str, folder: str) -> Thing:
        """Return the file that a source becomes in a folder. Raises NotKnown."""
        if place_named(source, self._wording).pattern:
            raise NotKnown(f"which files {source} matches is known only when it runs")
        return self.files(posixpath.join(folder, posixpath.basename(source.rstrip("/"))))

    def either(self, source: str, target: str) -> Thing:
        """Return the file that a source becomes: the target, or one below it if that is a folder. Raises NotKnown."""
        below, place = self.into(source, target), self.files(target)
        if place.option != "-":
            raise NotKnown(f"{target} is a pattern")
        return Thing(kind=ThingKind.FILES, name=place.name, option=f"/{posixpath.basename(below.name)}")

    def aside(self, source: str, folder: str) -> Thing:
        """Return what is moved into a new folder beside it. Raises NotKnown."""
        place, into = place_named(source, self._wording), place_named(folder.rstrip("/"), self._wording)
        above = place.path if place.pattern else posixpath.dirname(place.path)
        if into.pattern or posixpath.dirname(into.path) != above:
            raise NotKnown(f"{folder} is not beside {source}")
        name = place.pattern or re.sub(r"([*?\\\[])", r"\\\1", posixpath.basename(place.path))
        return Thing(kind=ThingKind.MOVED, name=into.path, option=name)

    def redirected(self) -> Iterator[Thing]:
        """Return the files that its streams go to.

        Raises:
            NotKnown: which they are is known only when it runs, or another account than its own writes them.
        """
        for redirect in self._command.redirects:
            found = _TO_FILE.fullmatch(redirect)
            if found is None:
                continue
            path = found["path"].strip()
            bare = path[1:-1] if path[:1] in ("'", '"') and path[-1:] == path[:1] else path
            if bare in _NOT_A_FILE:
                continue
            if set(bare) & set("'\"\\$`"):
                raise NotKnown(f"what {path} stands for is known only when it runs")
            yield self.files(bare)

    def require_known(self) -> None:
        """Raise NotKnown when one of its words is known only when it runs."""
        if any("?" in word or "\x00" in word for word in self.words):
            raise NotKnown("a word of it is known only when it runs")
