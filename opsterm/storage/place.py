"""Which place credentials are in: chosen once per process, with a reason, and never a weaker one in silence."""

from __future__ import annotations

from dataclasses import dataclass

import keyring

from opsterm.core.paths import Paths
from opsterm.storage.rings import (
    Desktop,
    DesktopRing,
    KWallet,
    MemoryRing,
    NameIndex,
    RingBackend,
    SecretRing,
    SecretService,
)
from opsterm.storage.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where credentials are in this process.

    Attributes:
        ring: the place.
        title: what it is, as part of a sentence.
        why: why this one, as part of a sentence.
        takes_passphrase: a passphrase of ours opens it.
    """

    ring: SecretRing
    title: str
    why: str
    takes_passphrase: bool = False


def choose_place(paths: Paths, choice: str) -> Place:
    """Pick the place and make it what the keyring library uses in this process. Blocks for up to some 10 s.

    "auto" stays where credentials already are: in a vault that was made, else in a desktop keyring that holds
    some of ours even when it is locked now. Only then it takes a desktop keyring that is unlocked, else the vault.

    Args:
        paths: where the vault and the list of names in the desktop keyring are.
        choice: "auto", "desktop", "vault" or "memory".
    """
    place = _find(paths, choice)
    # Set in every case: keyring would otherwise search the host's plugins and settings for a backend.
    keyring.set_keyring(RingBackend(place.ring))
    return place


def _find(paths: Paths, choice: str) -> Place:
    if choice == "memory":
        return Place(ring=MemoryRing(), title="memory, for this session only", why='storage.keyring is "memory"')
    if choice == "vault":
        return _vault(paths, 'storage.keyring is "vault"')
    if choice == "auto" and (paths.vault.exists() or paths.vault.is_symlink()):
        return _vault(paths, "it was made here before")
    index = NameIndex(paths.data / "keyring.json")
    desktops: tuple[Desktop, ...] = (SecretService(), KWallet())
    faults = []
    for desktop in desktops:
        fault = desktop.fault()
        if not fault:
            return _desktop(desktop, index, "it answers" if choice == "auto" else 'storage.keyring is "desktop"')
        faults.append(fault)
    if choice == "desktop":
        return _desktop(desktops[0], index, f'storage.keyring is "desktop", but {faults[0]}')
    kept = len(index.names())
    if kept:
        return _desktop(desktops[0], index, f"{kept} of opsterm's credentials are there, but {faults[0]}")
    return _vault(paths, f"no desktop keyring can be used ({faults[0]})")


def _desktop(desktop: Desktop, index: NameIndex, why: str) -> Place:
    return Place(ring=DesktopRing(desktop, index), title=desktop.title, why=why)


def _vault(paths: Paths, why: str) -> Place:
    return Place(ring=Vault(paths.vault), title=f"the vault {paths.vault}", why=why, takes_passphrase=True)
