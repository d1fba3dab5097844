"""Ways back from what decides how a host boots: all of it is files, until it boots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opsterm.changes.way_back.call import Gap, KnownCall
from opsterm.policy.way_back import Thing, ThingKind

Ways = Callable[[KnownCall], Iterator[Thing | Gap]]

_BOOTED = Gap("It is taken back only until the host has booted with it.")


def _files(*places: str, pattern: str = "-") -> Ways:
    """Return the way back from what writes fixed places.

    Args:
        places: what is written.
        pattern: names in the places, "-" for the places themselves.
    """

    def ways(call: KnownCall) -> Iterator[Thing | Gap]:
        del call
        yield from (Thing(kind=ThingKind.FILES, name=place, option=pattern) for place in places)
        yield _BOOTED

    return ways


_GRUB = ("/boot/grub", "/boot/grub2")
_MENU = tuple(f"{folder}/{name}" for folder in _GRUB for name in ("grub.cfg", "grubenv"))


BOOT: Mapping[str, Ways] = {
    **dict.fromkeys(
        ("update-grub", "update-grub2", "grub-mkconfig", "grub2-mkconfig", "grub-reboot", "grub2-reboot",
         "grub-set-default", "grub2-set-default", "grub-editenv", "grub2-editenv"), _files(*_MENU),
    ),
    "grubby": _files(*_MENU, "/boot/loader/entries", "/etc/default/grub", "/etc/kernel/cmdline"),
    "update-initramfs": _files("/boot", pattern="init*"), "dracut": _files("/boot", pattern="init*"),
}  # fmt: skip
