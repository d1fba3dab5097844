"""Previews of commands that have a dry run or a check of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from opsterm.policy.invocation import Invocation
from opsterm.policy.preview.paths import NotKnown, Wording, place_named
from opsterm.policy.preview.step import PreviewKind, PreviewStep, command
from opsterm.policy.safer_words import flags_of, others_of

Steps = Callable[[Invocation, Wording, str], Iterator[PreviewStep]]

_CHECKS: Mapping[str, tuple[str, ...]] = {
    "nginx": ("nginx", "-t"), "ssh": ("sshd", "-t"), "sshd": ("sshd", "-t"), "apache2": ("apachectl", "-t"),
    "httpd": ("apachectl", "-t"), "named": ("named-checkconf",), "bind9": ("named-checkconf",),
    "haproxy": ("haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg"),
    "nftables": ("nft", "-c", "-f", "/etc/nftables.conf"), "sudo": ("visudo", "-c"),
}  # fmt: skip
"""Unit -> what checks its configuration."""

STOPPED_WITH = "Id,ActiveState,SubState,RequiredBy,BoundBy,ConsistsOf,TriggeredBy"
_STOPS = frozenset({"stop", "restart", "try-restart", "disable", "mask", "kill", "isolate", "condrestart"})
_STARTS = frozenset({"start", "restart", "try-restart", "reload", "reload-or-restart", "try-reload-or-restart"})
_UNIT = re.compile(r"[A-Za-z0-9@][A-Za-z0-9:_.@\\-]*")
_APT_KEPT = {"--purge", "--only-upgrade", "--no-install-recommends", "--no-upgrade", "--autoremove"}
_APT_QUIET = {"-y", "--yes", "--assume-yes", "-q", "-qq", "--quiet", "-V", "-s", "--simulate", "--dry-run"}
_APT_VERBS = {"full-upgrade": "dist-upgrade"}
_MANAGED = frozenset({
    "install", "remove", "purge", "upgrade", "dist-upgrade", "full-upgrade", "autoremove", "reinstall", "update",
    "downgrade", "erase",
})  # fmt: skip


def _systemctl(call: Invocation, wording: Wording, become: str) -> Iterator[PreviewStep]:
    """Tell what stops with a unit, and whether its configuration would let it start again."""
    verb, *units = others_of(call) or ("",)
    if flags_of(call) & {"--user", "-H", "--host", "-M", "--machine", "--root"}:
        raise NotKnown("it is for another manager than that of the system")
    if verb in _STOPS | _STARTS:
        yield from _of_units(verb, units, become)


def _service(call: Invocation, wording: Wording, become: str) -> Iterator[PreviewStep]:
    """Tell the same of a unit that `service` is called for."""
    named = others_of(call)
    if len(named) == 2:
        yield from _of_units(named[1], named[:1], become)


def _of_units(verb: str, units: list[str], become: str) -> Iterator[PreviewStep]:
    for unit in units:
        if not _UNIT.fullmatch(unit):
            raise NotKnown(f"{unit} is a pattern, or known only when it runs")
        if verb in _STOPS:
            yield PreviewStep(
                kind=PreviewKind.STOPS, title=f"{verb} {unit}", become=become,
                commands=(
                    command("systemctl", "show", "--no-pager", "-p", STOPPED_WITH, unit),
                    command("systemctl", "list-dependencies", "--reverse", "--plain", "--no-pager", unit),
                ),
            )  # fmt: skip
        check = _CHECKS.get(unit.removesuffix(".service").removesuffix(".socket"))
        if check is not None and verb in _STARTS:
            yield _check(check, become)


def _check(words: tuple[str, ...], become: str) -> PreviewStep:
    return PreviewStep(kind=PreviewKind.CHECK, title=" ".join(words), become=become, commands=(command(*words),))


def _apt(call: Invocation, wording: Wording, become: str) -> Iterator[PreviewStep]:
    """Let apt-get simulate it; its caches stay in memory, and it takes no lock."""
    verb, *packages = others_of(call) or ("",)
    if verb not in _MANAGED or verb == "update":
        return
    options = flags_of(call) - {f"-{letter}" for letter in "yqVs"}
    strange = sorted(options - _APT_KEPT - _APT_QUIET)
    if strange:
        raise NotKnown(f"the option {strange[0]} is not among those that a simulation is made with here")
    if any("?" in package or "*" in package for package in packages):
        raise NotKnown("a pattern is among its packages, or a name that is known only when it runs")
    yield PreviewStep(
        kind=PreviewKind.PACKAGES, title=" ".join([verb, *packages])[:80], become=become,
        commands=(command(
            "apt-get", "-s", "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", "-o",
            "Debug::NoLocking=1", _APT_VERBS.get(verb, verb), *sorted(options & _APT_KEPT), *packages,
        ),),
    )  # fmt: skip


def _dnf(call: Invocation, wording: Wording, become: str) -> Iterator[PreviewStep]:
    """Let dnf say what it would do, from what it has in its cache, and answer no."""
    verb, *packages = others_of(call) or ("",)
    if verb not in _MANAGED:
        return
    if flags_of(call) - {"-y", "--assumeyes", "-q", "--quiet"}:
        raise NotKnown("it has an option that a simulation is not made with here")
    name = call.words[0].rpartition("/")[2]
    yield PreviewStep(
        kind=PreviewKind.PACKAGES, title=" ".join([verb, *packages])[:80], become=become,
        commands=(command(name, "--assumeno", "--cacheonly", verb, *packages),),
    )  # fmt: skip


def _rsync(call: Invocation, wording: Wording, become: str) -> Iterator[PreviewStep]:
    """Let rsync list what it would transfer and delete, between folders of the target itself."""
    words = [word for word in call.words[1:] if word.startswith("-") and word not in ("-n", "--dry-run", "--")]
    named = others_of(call)
    if any(":" in word.partition("/")[0] for word in named):
        raise NotKnown("it goes to another host, which would have to be reached for that")
    paths = []
    for word in named:
        place = place_named(word, wording)
        if place.pattern:
            raise NotKnown(f"{word} is a pattern")
        paths.append(place.path)
    quiet = [word for word in words if word in ("--progress", "--stats", "-P", "--human-readable", "--verbose")]
    kept = [word if word.startswith("--") else _without(word, "hiPqn") for word in words if word not in quiet]
    yield PreviewStep(
        kind=PreviewKind.TRANSFER, title=" ".join(named)[:80], become=become,
        commands=(command("rsync", "-n", "--itemize-changes", *(word for word in kept if word != "-"), "--", *paths),),
    )  # fmt: skip


def _without(flags: str, letters: str) -> str:
    return "-" + "".join(letter for letter in flags[1:] if letter not in letters)


def _git(call: Invocation, wording: Wording, become: str) -> Iterator[PreviewStep]:
    """Let git list what clean would delete."""
    words = list(call.words[1:])
    folder = wording.folder or ("./" if wording.folder is not None else None)
    if words[:1] == ["-C"] and len(words) > 2:
        folder, words = place_named(words[1], wording).path, words[2:]
    if words[:1] != ["clean"]:
        return
    if folder is None:
        raise NotKnown("the folder in which it runs is not known before")
    options = words[1:]
    if not all(re.fullmatch(r"-[fdxXnq]+|--force", word) for word in options):
        raise NotKnown("it has words that are not followed here")
    letters = sorted({letter for word in options if not word.startswith("--") for letter in word[1:]} & set("dxX"))
    yield PreviewStep(
        kind=PreviewKind.DELETES, title=f"git clean in {folder}", become=become,
        commands=(command(
            "git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", folder, "clean", "-n",
            *(f"-{letter}" for letter in letters),
        ),),
    )  # fmt: skip


def _checks_file(*words: str, option: str = "") -> Steps:
    """Return what checks the file that a program is given, behind an option or as its first word."""

    def steps(call: Invocation, wording: Wording, become: str) -> Iterator[PreviewStep]:
        named = others_of(call)
        if not named or (option and option not in call.words):
            return
        place = place_named(named[0], wording)
        if place.pattern:
            raise NotKnown(f"{named[0]} is a pattern")
        yield _check((*words, place.path), become)

    return steps


def _kubectl(call: Invocation, wording: Wording, become: str) -> Iterator[PreviewStep]:
    """Let the server of a cluster say what it would do."""
    words = list(call.words[1:])
    if not set(words) & {"delete", "apply", "create", "scale"} or any(word.startswith("--dry-run") for word in words):
        return
    if "-f" in words:
        at = words.index("-f") + 1
        words[at : at + 1] = [place_named(words[at], wording).path] if at < len(words) else []
    yield PreviewStep(
        kind=PreviewKind.DRY_RUN, title=" ".join(words)[:80], become=become,
        commands=(command("kubectl", *words, "--dry-run=server"),),
    )  # fmt: skip


PROGRAM_STEPS: Mapping[str, Steps] = {
    "systemctl": _systemctl, "service": _service, "apt-get": _apt, "apt": _apt, "dnf": _dnf, "yum": _dnf,
    "rsync": _rsync, "git": _git, "nft": _checks_file("nft", "-c", "-f", option="-f"),
    "iptables-restore": _checks_file("iptables-restore", "--test"),
    "ip6tables-restore": _checks_file("ip6tables-restore", "--test"), "kubectl": _kubectl,
}  # fmt: skip
