"""Which algorithms are asked for: the library's safe defaults, fast ones first, and what ssh_config says."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsterm.adapters.ssh_config_lines import matches
from opsterm.adapters.ssh_known_hosts import KnownFor
from opsterm.adapters.ssh_library import encryption, kex, mac, public_key
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line

FAST_CIPHERS = "^aes128-gcm@openssh.com,aes256-gcm@openssh.com"
"""A megabyte costs 3.5 ms with these, 4.8 ms with the library's first choice."""
FAST_KEX = "^curve25519-sha256,curve25519-sha256@libssh.org"

HOST_KEYS = "^ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521"
"""In OpenSSH's order, so that an unknown host shows the key that `ssh` would show."""

SIGNATURES = "^rsa-sha2-512"
"""OpenSSH's first choice for RSA keys: a server may say that it knows more than it lets in."""

WITH_SHA1 = (b"ssh-rsa", b"ssh-dss")
"""Not spoken unless ssh_config asks for them, as with OpenSSH since 8.8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithms:
    """Lists in order of preference.

    Attributes:
        kex: key exchange.
        ciphers: encryption.
        macs: message authentication.
        signatures: what certificates and our keys may be signed with.
        host_keys: kinds of host key without certificates.
        host_certificates: kinds of host certificate.
        host_keys_chosen: whether ssh_config gives their order; else known kinds go first.
    """

    kex: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]
    signatures: tuple[str, ...]
    host_keys: tuple[str, ...]
    host_certificates: tuple[str, ...]
    host_keys_chosen: bool

    def host_keys_for(self, known: KnownFor) -> list[str]:
        """Return the kinds of host key to ask for: those that are known first, certificates if they can be checked."""
        types = {key.key_type for key in known.keys}
        certificates = list(self.host_certificates) if known.authorities else []
        if self.host_keys_chosen or not types:
            return certificates + list(self.host_keys)
        first = [name for name in self.host_keys if _key_type(name) in types]
        return certificates + first + [name for name in self.host_keys if name not in first]


def _key_type(algorithm: str) -> str:
    """Return the kind of key that signs with an algorithm: rsa-sha2-256 is signed by ssh-rsa keys."""
    return "ssh-rsa" if algorithm.startswith("rsa-sha2-") else algorithm


def choose_algorithms(written: Mapping[str, str]) -> Algorithms:
    """Return the lists for what ssh_config says; see `Destination.algorithms`.

    Raises:
        BadInput: a line leaves no algorithm that is spoken here.
    """
    return _chosen(tuple(sorted(written.items())))


@functools.lru_cache(maxsize=64)
def _chosen(written: tuple[tuple[str, str], ...]) -> Algorithms:
    said = dict(written)
    keys = said.get("hostkeyalgorithms", "")
    signers = [name for name in public_key.get_default_public_key_algs() if name not in WITH_SHA1]
    certificates = _names(public_key.get_default_certificate_algs())
    return Algorithms(
        kex=_pick("KexAlgorithms", said.get("kexalgorithms", FAST_KEX), kex.get_kex_algs(), kex.get_default_kex_algs()),
        ciphers=_pick(
            "Ciphers",
            said.get("ciphers", FAST_CIPHERS),
            encryption.get_encryption_algs(),
            encryption.get_default_encryption_algs(),
        ),
        macs=_pick("MACs", said.get("macs", ""), mac.get_mac_algs(), mac.get_default_mac_algs()),
        signatures=_pick(
            "PubkeyAcceptedAlgorithms",
            said.get("pubkeyacceptedalgorithms", said.get("casignaturealgorithms", SIGNATURES)),
            public_key.get_public_key_algs(),
            signers,
        ),
        host_keys=_pick(
            "HostKeyAlgorithms",
            keys or HOST_KEYS,
            public_key.get_public_key_algs(),
            signers,
        ),
        host_certificates=tuple(certificates),
        host_keys_chosen=bool(keys),
    )


def _names(algorithms: Sequence[bytes]) -> list[str]:
    return [algorithm.decode("ascii") for algorithm in algorithms]


def _pick(keyword: str, written: str, possible: Sequence[bytes], default: Sequence[bytes]) -> tuple[str, ...]:
    """Apply a list with +, - or ^ as ssh_config(5) has it; names that are not spoken here are passed over."""
    standard = _names(default)
    if not written:
        return tuple(standard)
    sign = written[0] if written[0] in "+-^" else ""
    named = [
        name
        for pattern in written.removeprefix(sign).split(",")
        for name in _names(possible)
        if matches(pattern.strip(), name)
    ]
    chosen = {
        "": named,
        "+": standard + named,
        "^": named + standard,
        "-": [name for name in standard if name not in named],
    }[sign]
    if not chosen:
        raise BadInput(
            f"{keyword} in ssh_config leaves nothing that is spoken here: {clean_line(written, limit=120)}",
            next_step="Add one of " + ", ".join(standard[:3]) + ".",
        )
    return tuple(dict.fromkeys(chosen))
