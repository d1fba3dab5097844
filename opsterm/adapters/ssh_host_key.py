"""Whose key is this: a host's key against what known_hosts says. Decides; reads and writes nothing.

An unknown key is never accepted here by itself, unless ssh_config says accept-new (or no, which is treated
alike); a changed or revoked one never.
"""

from __future__ import annotations

from pathlib import Path

from opsterm.adapters.ssh_destination import Destination, StrictHostKeys
from opsterm.adapters.ssh_known_hosts import KnownFor, fingerprint, key_type, known_hosts_line, rsa_bits
from opsterm.core.errors import HostKeyChanged, HostKeyUnknown, Unreachable
from opsterm.core.text import clean_line


class UnknownHostKey(HostKeyUnknown):
    """A host's key that known_hosts does not have, with what is needed to add it.

    Attributes:
        destination: whose key it is: the target or a jump host before it.
        blob: the key as SSH sends it.
    """

    def __init__(self, destination: Destination, blob: bytes, *, target: str) -> None:
        kind, print_ = key_type(blob), fingerprint(blob)
        line = known_hosts_line(destination.known_name, kind, blob)
        super().__init__(clean_line(target), key_type=kind, fingerprint=print_, known_hosts_line=line)
        if target != destination.name:
            self.what = (
                f"The host key of {destination.place}, the jump host before {clean_line(target)}, is not known: "
                f"{kind} {print_}"
            )
        self.destination = destination
        self.blob = blob

    @property
    def file(self) -> Path | None:
        """Where the key is added, None when ssh_config names no file."""
        return next(iter(self.destination.user_known_hosts), None)


def judge_host_key(destination: Destination, known: KnownFor, blob: bytes, *, target: str) -> Unreachable | None:
    """Return why a key is not accepted, None when it is.

    A key of another kind than those known counts as changed: somebody who answers in the host's place would
    choose the kind that is not known.

    Args:
        destination: whose key it should be.
        known: what known_hosts says.
        blob: the key that was shown; its owner has proved to have the private part.
        target: the target that is to be reached in the end; `destination` may be a jump host before it.
    """
    shown = f"{key_type(blob)} {fingerprint(blob)}"
    for key in known.revoked:
        if key.blob == blob:
            return HostKeyChanged(
                f"The host key of {destination.place} is revoked: {shown}",
                why=f"{clean_line(key.where)} says it must never be accepted. Nothing was sent to the host.",
                next_step="Ask who looks after the host for its new key.",
            )
    if rsa_bits(blob) < destination.least_rsa_bits:
        return HostKeyChanged(
            f"The host key of {destination.place} is too short: RSA with {rsa_bits(blob)} bits.",
            why=f"RequiredRSASize is {destination.least_rsa_bits}. Nothing was sent to the host.",
            next_step="Have the host make new keys (ssh-keygen -A), or lower RequiredRSASize for it in ssh_config.",
        )
    if any(key.blob == blob for key in known.keys):
        return None
    if known.keys:
        return _changed(destination, known, blob, target=target)
    if destination.strict is StrictHostKeys.ACCEPT_NEW:
        return None
    return UnknownHostKey(destination, blob, target=target)


def is_new(destination: Destination, known: KnownFor, blob: bytes) -> bool:
    """Return whether an accepted key is one that accept-new has to write down."""
    return destination.strict is StrictHostKeys.ACCEPT_NEW and not any(key.blob == blob for key in known.keys)


def _changed(destination: Destination, known: KnownFor, blob: bytes, *, target: str) -> HostKeyChanged:
    kind = key_type(blob)
    old = next((key for key in known.keys if key.key_type == kind), known.keys[0])
    file, _, line = clean_line(old.where).rpartition(":")
    return HostKeyChanged(
        f"The host key of {destination.place} has changed. {clean_line(old.where)} has {clean_line(old.key_type)} "
        f"{fingerprint(old.blob)}, the host shows {kind} {fingerprint(blob)}.",
        why="Either the host was given new keys, or something else answers in its place. Nothing was sent to it.",
        next_step="Ask who looks after the host. Only if the new key is theirs: remove line "
        f"{line} of {file} (ssh-keygen -R '{clean_line(destination.known_name)}'), then "
        f"opsterm targets trust {clean_line(target)} --fingerprint {fingerprint(blob)}",
    )
