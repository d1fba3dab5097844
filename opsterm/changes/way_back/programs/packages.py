"""Ways back from what installs, upgrades and removes packages."""

from __future__ import annotations

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


PACKAGES: Mapping[str, Ways] = {
    "apt-get": _apt, "apt": _apt, "aptitude": _apt, "dpkg": _dpkg, "apt-mark": _mark,
}  # fmt: skip
