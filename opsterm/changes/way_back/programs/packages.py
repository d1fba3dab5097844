"""Ways back from what installs, upgrades and removes packages."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping

from opsterm.changes.way_back.call import Gap, KnownCall
from opsterm.policy.preview.paths import NotKnown
from opsterm.policy.way_back import Thing, ThingKind

Ways = Callable[[KnownCall], Iterator[Thing | Gap]]

_STATE = Thing(kind=ThingKind.PACKAGES)
_REMAINS = Gap("Accounts, data and services that scripts of a package make or remove are not taken back.")
_ARCHIVES = Gap("An older version comes back only when the host still has its archive, or a repository has.")
_CONFIGURATION = Gap("Configuration that a purge removes comes back as the package ships it.")


def _apt(call: KnownCall) -> Iterator[Thing | Gap]:
    verb = (call.others("-o -t -c --option --target-release") or [""])[0]
    if verb in ("update", "clean", "autoclean"):
        yield Gap(f"`{call.name} {verb}` changes what apt knows of repositories; that is not taken back.")
        return
    if verb not in ("install", "reinstall", "remove", "purge", "autoremove", "upgrade", "full-upgrade", "dist-upgrade"):
        raise NotKnown(f"no way back from `{call.name} {verb}` is known")
    yield _STATE
    yield _REMAINS
    if verb != "install" or call.has("-t", "--target-release", "--allow-downgrades"):
        yield _ARCHIVES
    if verb == "purge" or call.has("--purge"):
        yield _CONFIGURATION


def _dpkg(call: KnownCall) -> Iterator[Thing | Gap]:
    yield _STATE
    yield _REMAINS
    if not call.has("-i", "--install"):
        yield _ARCHIVES


def _mark(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield _STATE


def _rpm(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep what is installed by rpm, however that is changed."""
    verb = (call.others("-c --config --enablerepo --disablerepo --installroot --releasever -x --exclude") or [""])[0]
    if call.has("--installroot", "--root", "-r"):
        raise NotKnown("it is about packages of another root")
    if verb == "versionlock":
        yield from (Thing(kind=ThingKind.FILES, name=f"/etc/{tool}") for tool in ("dnf/plugins", "yum/pluginconf.d"))
        return
    if call.name != "rpm" and verb in ("makecache", "clean", "check-update", "list", "info"):
        yield Gap(f"`{call.name} {verb}` changes what is known of repositories; that is not taken back.")
        return
    yield Thing(kind=ThingKind.PACKAGES, name="rpm")
    yield _REMAINS
    yield Gap("A version comes back only while a repository has it; some of the base system cannot be downgraded.")


def _pip(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep what pip has installed: by the python that is called, else by the first pip there is."""
    python = call.via[-1] if call.via and call.via[-1].startswith("python") else ""
    if call.others("--target -t --prefix --root --user -r -c")[:1] not in (["install"], ["uninstall"]):
        raise NotKnown("no way back from this form of pip is known")
    if call.has("--target", "-t", "--prefix", "--root", "--user"):
        raise NotKnown("it is about packages elsewhere than where this pip keeps them")
    yield Thing(kind=ThingKind.PYTHON, name=f"{python} -m pip" if python else call.name)
    yield Gap("A version comes back only while the package index, or the cache of pip, has it.")


def _opposite(sentence: str, **verbs: str) -> Ways:
    """Return the way back of what has an opposite at most.

    Args:
        sentence: what is not taken back.
        verbs: word of the command, with "_" for "-" -> what stands there instead.
    """
    swaps = {verb.replace("_", "-"): opposite for verb, opposite in verbs.items()}

    def ways(call: KnownCall) -> Iterator[Thing | Gap]:
        words = [word for word in call.words if word not in ("--classic", "--channel", "-U")]
        at = next((number for number, word in enumerate(words) if number and word in swaps), 0)
        named = [word.partition("=")[0] for word in words[at + 1 :]]
        yield Gap(sentence, shlex.join([*words[:at], swaps[words[at]], *named]) if at and named else "")

    return ways


_FOREIGN = "What was installed before, and in which version, is not kept."
_SNAP = "The data of a snap goes back with it."

PACKAGES: Mapping[str, Ways] = {
    "apt-get": _apt, "apt": _apt, "aptitude": _apt, "dpkg": _dpkg, "apt-mark": _mark,
    **dict.fromkeys(("dnf", "yum", "microdnf", "dnf5", "rpm"), _rpm),
    **dict.fromkeys(("pip", "pip3"), _pip),
    "snap": _opposite(_SNAP, refresh="revert", install="remove", enable="disable", disable="enable"),
    "flatpak": _opposite(_FOREIGN, install="uninstall"), "npm": _opposite(_FOREIGN, install="uninstall"),
    "gem": _opposite(_FOREIGN, install="uninstall"), "zypper": _opposite(_FOREIGN, install="remove"),
    "apk": _opposite(_FOREIGN, add="del"), "pacman": _opposite(_FOREIGN, _S="-R", _U="-R"),
}  # fmt: skip
