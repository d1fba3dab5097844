"""Commands of previews: an allow-list of exact forms, and the one text that carries them out.

A command is on the list of commands that only read (`policy.reading`), or has one of the forms here, each of which
simulates, checks or shows and is known to change nothing. Every word of an operator is one word of the shell: there
is no way from a name, however it is spelled, to a second command.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from opsterm.core import lean_re as re
from opsterm.core.errors import Bug
from opsterm.policy.order import AS_LOGGED_IN, RunAs
from opsterm.policy.reading import refusal_of
from opsterm.policy.secret_paths import has_secret_name
from opsterm.policy.words import Word

CONTENT_BYTES = 100_000
"""Bytes of a file that are compared; of a larger one only the size is told."""

SECONDS_EACH = 20
"""Seconds that one command of a preview may take."""

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.:~_/=-]*", re.IGNORECASE)
_UNIT = re.compile(r"[A-Za-z0-9@][A-Za-z0-9:_.@\\-]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*")
_APT = ("apt-get", "-s", "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", "-o", "Debug::NoLocking=1")
_APT_VERBS = frozenset({"install", "remove", "purge", "upgrade", "dist-upgrade", "autoremove", "reinstall"})
_APT_OPTIONS = frozenset({"--purge", "--only-upgrade", "--no-install-recommends", "--no-upgrade", "--autoremove"})
_DNF_VERBS = frozenset({"install", "remove", "upgrade", "update", "autoremove", "downgrade", "reinstall", "erase"})
_RSYNC_FLAGS = frozenset("arlptgoDvucxHAXSz")
_RSYNC_LONG = frozenset({
    "--delete", "--delete-before", "--delete-after", "--delete-during", "--delete-delay", "--delete-excluded",
    "--archive", "--recursive", "--checksum", "--update", "--ignore-existing", "--existing", "--size-only", "--links",
    "--perms", "--times", "--group", "--owner", "--one-file-system", "--numeric-ids", "--hard-links",
})  # fmt: skip
_CLEAN = re.compile(r"-[dxX]{1,3}")
_KUBECTL_VERBS = frozenset({"delete", "apply", "create", "scale"})


def _is_path(word: str) -> bool:
    """Return whether a word is a path that no program takes for an option, of this host."""
    return word.startswith(("/", "./")) and "\x00" not in word and len(word) <= 4096


def _head(rest: Sequence[str]) -> bool:
    fixed = list(rest[:-1]) == ["-c", str(CONTENT_BYTES + 1), "--"]
    return fixed and _is_path(rest[-1]) and not has_secret_name(rest[-1])


def _sed(rest: Sequence[str]) -> bool:
    """--sandbox refuses the commands of sed that read, write or run anything (GNU sed 4.3 and newer)."""
    if len(rest) < 5 or rest[0] != "--sandbox" or rest[-2] != "--" or not _is_path(rest[-1]):
        return False
    words = list(rest[1:-2])
    while words and words[0] in ("-E", "-n", "-s", "-z"):
        words.pop(0)
    pairs = len(words) % 2 == 0 and all(word == "-e" for word in words[::2])
    return bool(words) and pairs and not has_secret_name(rest[-1])


def _apt_get(rest: Sequence[str]) -> bool:
    if tuple(rest[: len(_APT) - 1]) != _APT[1:]:
        return False
    verb, *words = rest[len(_APT) - 1 :] or ("",)
    return verb in _APT_VERBS and all(word in _APT_OPTIONS or _PACKAGE.fullmatch(word) for word in words)


def _dnf(rest: Sequence[str]) -> bool:
    verb, *words = rest[2:] or ("",)
    cached = tuple(rest[:2]) == ("--assumeno", "--cacheonly")
    return cached and verb in _DNF_VERBS and all(_PACKAGE.fullmatch(word) for word in words)


def _rsync(rest: Sequence[str]) -> bool:
    if tuple(rest[:2]) != ("-n", "--itemize-changes") or "--" not in rest:
        return False
    at = list(rest).index("--")
    for word in rest[2:at]:
        short = re.fullmatch(r"-[A-Za-z]+", word) and set(word[1:]) <= _RSYNC_FLAGS
        if not (short or word in _RSYNC_LONG or re.fullmatch(r"--(?:exclude|include)=.+", word, re.DOTALL)):
            return False
    return len(rest) - at > 2 and all(_is_path(word) for word in rest[at + 1 :])


def _git(rest: Sequence[str]) -> bool:
    """File system monitors of a repository are programs of its own: they are left out."""
    fixed = ("--no-optional-locks", "-c", "core.fsmonitor=false", "-C")
    if tuple(rest[:4]) != fixed or len(rest) < 7 or not _is_path(rest[4]):
        return False
    return tuple(rest[5:7]) == ("clean", "-n") and all(_CLEAN.fullmatch(word) for word in rest[7:])


def _systemctl(rest: Sequence[str]) -> bool:
    return tuple(rest[:-1]) == ("list-dependencies", "--reverse", "--plain", "--no-pager") and bool(
        _UNIT.fullmatch(rest[-1])
    )


def _kubectl(rest: Sequence[str]) -> bool:
    """A dry run on the server is checked and admitted there, and not kept."""
    if len(rest) < 3 or rest[-1] != "--dry-run=server":
        return False
    words = list(rest[:-1])
    if words[0] == "-n":
        words = words[2:] if len(words) > 2 and _NAME.fullmatch(words[1]) else []
    if not words or words[0] not in _KUBECTL_VERBS:
        return False
    if words[1:2] == ["-f"]:
        return len(words) == 3 and _is_path(words[2])
    options = [word for word in words[1:] if word.startswith("-")]
    return all(re.fullmatch(r"--replicas=\d{1,6}", word) for word in options) and all(
        _NAME.fullmatch(word) for word in words[1:] if word not in options
    )


def _ends_with_path(*fixed: str) -> Callable[[Sequence[str]], bool]:
    return lambda rest: tuple(rest[:-1]) == fixed and _is_path(rest[-1])


_FORMS: Mapping[str, Sequence[Callable[[Sequence[str]], bool]]] = {
    "head": (_head,), "sed": (_sed,), "apt-get": (_apt_get,), "dnf": (_dnf,), "yum": (_dnf,), "rsync": (_rsync,),
    "git": (_git,), "systemctl": (_systemctl,), "kubectl": (_kubectl,),
    "nft": (_ends_with_path("-c", "-f"),), "iptables-restore": (_ends_with_path("--test"),),
    "ip6tables-restore": (_ends_with_path("--test"),), "haproxy": (_ends_with_path("-c", "-f"),),
    "named-checkconf": (lambda rest: not rest, _ends_with_path()), "sshd": (_ends_with_path("-t", "-f"),),
    "nginx": (_ends_with_path("-t", "-c"),), "visudo": (_ends_with_path("-c", "-f"),),
}  # fmt: skip


def refusal_of_preview(words: Sequence[str]) -> str:
    """Return why a command may not be run for a preview, "" when it is known to change nothing.

    Args:
        words: its words, the executable first, as the program gets them.
    """
    if not words or any("\x00" in word or "\n" in word or "\r" in word for word in words):
        return "It has no words, or a word that has more than one line."
    if any(form(words[1:]) for form in _FORMS.get(words[0], ()) if len(words) > 1 or words[0] == "named-checkconf"):
        return ""
    return refusal_of([Word(text=word) for word in words])


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewCommand:
    """One command that only reads.

    Attributes:
        words: the executable first.

    Raises:
        Bug: it is on no list.
    """

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        refusal = refusal_of_preview(self.words)
        if refusal:
            raise Bug(f"a preview is not known to only read: {refusal}")


_PREAMBLE = """exec 2>&1 </dev/null
LC_ALL=C PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
mark=
read -r mark </proc/sys/kernel/random/uuid
mark="@@$$-$mark"
limited() { timeout -s KILL "$@"; }
limited 1 true || limited() { shift; "$@"; }
echo "$mark"
"""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
MOST_COMMANDS = len(_LETTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewScript:
    """Commands that are carried out one after the other in one session; `remote_look` runs it as it runs a Look.

    Attributes:
        commands: at most MOST_COMMANDS.
        become: the account that sudo becomes, "" for the one that logged in.
    """

    commands: tuple[PreviewCommand, ...]
    become: str = ""

    @property
    def script(self) -> str:
        """The text for `shell`; every command is looked at again."""
        parts = [_PREAMBLE]
        for name, command in zip(_LETTERS, self.commands, strict=False):
            checked = PreviewCommand(words=command.words)
            run = f"limited {SECONDS_EACH} {shlex.join(checked.words)}"
            parts.append(f'echo "$mark {name}"\n{run}\nprintf \'\\n%s {name}{name}\\n%s\\n\' "$mark" "$?"\n')
        parts.append('echo "$mark end"\n')
        return "".join(parts)

    @property
    def shell(self) -> str:
        """What carries it out."""
        return "sh"

    @property
    def how(self) -> RunAs:
        """As whom."""
        return RunAs(become=self.become) if self.become else AS_LOGGED_IN


def section_names(index: int) -> tuple[str, str]:
    """Return the names of the sections with the output and the exit status of a command, by its place."""
    return _LETTERS[index], _LETTERS[index] * 2
