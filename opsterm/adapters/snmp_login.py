"""A kept SNMP log-in: how it is written into the keyring, and how the SNMP library is given it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pysnmp.hlapi.v3arch import asyncio as hlapi
from pysnmp.proto import rfc1902

from opsterm.core.errors import BadInput
from opsterm.core.secret import Secret
from opsterm.runtime.ports_snmp import AUTH_PROTOCOLS, PRIV_PROTOCOLS, SHORTEST_PASSPHRASE, SnmpLogin

AuthData = Any  # what the library takes; it has no types

AUTH_IDS: Mapping[str, tuple[int, ...]] = dict(
    zip(
        AUTH_PROTOCOLS,
        (
            hlapi.USM_AUTH_HMAC96_SHA, hlapi.USM_AUTH_HMAC128_SHA224, hlapi.USM_AUTH_HMAC192_SHA256,
            hlapi.USM_AUTH_HMAC256_SHA384, hlapi.USM_AUTH_HMAC384_SHA512, hlapi.USM_AUTH_HMAC96_MD5,
        ),
        strict=True,
    )
)  # fmt: skip
PRIV_IDS: Mapping[str, tuple[int, ...]] = dict(
    zip(
        PRIV_PROTOCOLS,
        (
            hlapi.USM_PRIV_CFB128_AES, hlapi.USM_PRIV_CFB192_AES_BLUMENTHAL, hlapi.USM_PRIV_CFB256_AES_BLUMENTHAL,
            hlapi.USM_PRIV_CFB192_AES, hlapi.USM_PRIV_CFB256_AES, hlapi.USM_PRIV_CBC56_DES,
        ),
        strict=True,
    )
)  # fmt: skip


def seal(login: SnmpLogin) -> Secret:
    """Return a log-in as one secret text: JSON."""
    secrets = {"community": login.community, "auth_passphrase": login.auth_passphrase,
               "priv_passphrase": login.priv_passphrase}  # fmt: skip
    kept = {name: secret.reveal() for name, secret in secrets.items() if secret}
    words = {"user": login.user, "auth": login.auth, "priv": login.priv}
    return Secret(json.dumps({**{name: word for name, word in words.items() if word}, **kept}, sort_keys=True))


def unseal(secret: Secret, name: str) -> SnmpLogin:
    """Return the log-in that `seal` wrote; a text that is no JSON object is a community of version 2c.

    Args:
        secret: what was kept.
        name: the target's, for the error.

    Raises:
        BadInput: what is kept cannot be a log-in. The sentence says which part, never what it is.
    """
    text = secret.reveal()
    if not text.startswith("{"):
        return checked(SnmpLogin(community=Secret(text)), name)
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise _unusable(name, "It is no JSON object of texts.")

    def part(key: str) -> Secret | None:
        return Secret(found[key]) if found.get(key) else None

    return checked(
        SnmpLogin(
            community=part("community"), user=found.get("user", ""), auth=found.get("auth", ""),
            auth_passphrase=part("auth_passphrase"), priv=found.get("priv", ""),
            priv_passphrase=part("priv_passphrase"),
        ),
        name,
    )  # fmt: skip


def checked(login: SnmpLogin, name: str) -> SnmpLogin:
    """Return a log-in that can be used as it stands. Raises BadInput, as `unseal`."""
    if bool(login.community) == bool(login.user):
        raise _unusable(name, "It has a community or a user, one of the two.")
    if login.user and len(login.user.encode()) > 32:
        raise _unusable(name, "A user has at most 32 bytes.")
    for word, passphrase, known, what in (
        (login.auth, login.auth_passphrase, AUTH_IDS, "authentication"),
        (login.priv, login.priv_passphrase, PRIV_IDS, "privacy"),
    ):  # fmt: skip
        if word and word not in known:
            raise _unusable(name, f"Its {what} protocol is one of {', '.join(known)}.")
        if bool(word) != bool(passphrase):
            raise _unusable(name, f"Its {what} protocol and passphrase go together.")
        if passphrase and len(passphrase.reveal()) < SHORTEST_PASSPHRASE:
            raise _unusable(name, f"Its {what} passphrase has fewer than {SHORTEST_PASSPHRASE} characters.")
    if login.priv and not login.auth:
        raise _unusable(name, "Encryption needs authentication as well.")
    return login


def auth_data(login: SnmpLogin) -> AuthData:
    """Return what the SNMP library takes: octets, because it writes a text that is not Latin 1 into an error."""
    if login.community:
        return hlapi.CommunityData(octets(login.community), mpModel=1)  # noqa: S508 (many devices speak nothing newer)
    return hlapi.UsmUserData(
        rfc1902.OctetString(login.user.encode("utf-8", "surrogateescape")),
        octets(login.auth_passphrase) if login.auth_passphrase else None,
        octets(login.priv_passphrase) if login.priv_passphrase else None,
        authProtocol=AUTH_IDS.get(login.auth, hlapi.USM_AUTH_NONE),
        privProtocol=PRIV_IDS.get(login.priv, hlapi.USM_PRIV_NONE),
    )


def octets(secret: Secret) -> Any:
    """Return a secret as the octets that the SNMP library takes."""
    return rfc1902.OctetString(secret.reveal().encode("utf-8", "surrogateescape"))


def _unusable(name: str, why: str) -> BadInput:
    return BadInput(
        f"The SNMP log-in of {name} cannot be used.", why=why, next_step=f"Keep it again: opsterm snmp login {name}"
    )
