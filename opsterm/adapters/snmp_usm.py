"""The user-based security model, as the receiver of traps and informs needs it (RFC 3414, RFC 7860, RFC 3826).

Of a trap the sender's engine counts, of an inform ours: its sender learns our id and clock from reports. Keys and
ciphers are those of the SNMP library; the digest is looked for where it stands in the message, and nowhere else.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pyasn1.error import PyAsn1Error
from pyasn1.type import univ
from pysnmp.error import PySnmpError
from pysnmp.proto.secmod.rfc3414.service import SnmpUSMSecurityModel

from opsterm.adapters.snmp_ber import STRING, Malformed, wrapped
from opsterm.adapters.snmp_login import AUTH_IDS, PRIV_IDS, octets
from opsterm.adapters.snmp_message import (
    AUTHENTICATED,
    ENCRYPTED,
    REPORTABLE,
    V3Message,
    encrypted_part,
    open_scoped,
    report,
    request_id,
    v3_envelope,
)
from opsterm.monitoring.mib import Oid
from opsterm.runtime.ports_snmp import SnmpLogin
from opsterm.runtime.ports_traps import LocalEngine

WINDOW_S = 150
"""How far a message's time may be from the engine's (RFC 3414, 2.2.3)."""

LARGEST_BOOTS = 2**31 - 1
SHORTEST_ENGINE = 5
"""Octets of an engine's id at least (RFC 3411, 5)."""

ENGINES_KNOWN = 2000
"""Senders whose clock, and as many localised keys, that are remembered; beyond, the one not heard for longest goes."""

_DIGESTS = {
    "SHA": ("sha1", 12), "SHA-224": ("sha224", 16), "SHA-256": ("sha256", 24), "SHA-384": ("sha384", 32),
    "SHA-512": ("sha512", 48), "MD5": ("md5", 12),
}  # fmt: skip


class Distrust(Enum):
    """Why a message of version 3 is not taken; the number is that of the counter in usmStats (RFC 3414, 5)."""

    LEVEL = 1
    TIME = 2
    USER = 3
    ENGINE = 4
    DIGEST = 5
    DECRYPTION = 6


_WORDS = {
    Distrust.LEVEL: "it has less security than the kept log-in asks for",
    Distrust.TIME: "its time is not the engine's: it is old, or was sent before",
    Distrust.USER: "no log-in of its user is kept",
    Distrust.ENGINE: "it asks who we are",
    Distrust.DIGEST: "the authentication passphrase or protocol is wrong",
    Distrust.DECRYPTION: "the privacy passphrase or protocol is wrong",
}


class NotTaken(Exception):
    """A message of version 3 that is not taken.

    Attributes:
        fault: why.
    """

    def __init__(self, fault: Distrust) -> None:
        super().__init__(_WORDS[fault])
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """A log-in made ready: passphrases hashed, for any engine; see `hashed`.

    Attributes:
        login: whose.
        auth, priv: of the SNMP library's own type; None where the log-in has none.
    """

    login: SnmpLogin
    auth: Any = None
    priv: Any = None


@dataclass(frozen=True, slots=True)
class _Localised:
    auth: bytes
    priv: Any


@dataclass(frozen=True, slots=True)
class _Clock:
    boots: int
    time: int
    at: float


def hashed(login: SnmpLogin) -> Keys:
    """Return the keys of a log-in. Blocking: it hashes a megabyte for each passphrase, as RFC 3414, 2.6 wants."""
    auth = priv = None
    if login.auth_passphrase:
        auth = _auth(login).hash_passphrase(octets(login.auth_passphrase))
        if login.priv_passphrase:
            priv = _priv(login).hash_passphrase(AUTH_IDS[login.auth], octets(login.priv_passphrase))
    return Keys(login=login, auth=auth, priv=priv)


def _auth(login: SnmpLogin) -> Any:
    return SnmpUSMSecurityModel.AUTH_SERVICES[AUTH_IDS[login.auth]]


def _priv(login: SnmpLogin) -> Any:
    return SnmpUSMSecurityModel.PRIV_SERVICES[PRIV_IDS[login.priv]]


class Usm:
    """Checks and opens messages, and seals the answers to informs."""

    def __init__(self, local: LocalEngine, monotonic: Callable[[], float]) -> None:
        self.local = local
        self._monotonic = monotonic
        self._began = monotonic()
        self._localised: OrderedDict[tuple[Keys, bytes], _Localised] = OrderedDict()
        self._clocks: OrderedDict[bytes, _Clock] = OrderedDict()
        self._counts = dict.fromkeys(Distrust, 0)

    @property
    def time(self) -> int:
        """Seconds for which our engine has run."""
        return int(self._monotonic() - self._began)

    def open(self, message: V3Message, keys: Keys | None) -> tuple[bytes, bytes]:
        """Check a message; return the context and the PDU that are in it.

        Args:
            message: as it came.
            keys: of its user, None when nothing is known of it.

        Raises:
            NotTaken: it is not to be believed; `refusal` makes the answer.
            Malformed: its inner part is nothing.
        """
        if len(message.engine) < SHORTEST_ENGINE or (message.flags & REPORTABLE and message.engine != self.local.id):
            raise NotTaken(Distrust.ENGINE)
        if keys is None:
            raise NotTaken(Distrust.USER)
        login = keys.login
        wanted = (AUTHENTICATED if login.auth else 0) | (ENCRYPTED if login.priv else 0)
        if message.flags & (AUTHENTICATED | ENCRYPTED) != wanted:
            raise NotTaken(Distrust.LEVEL)
        localised = self._localise(keys, message.engine)
        if login.auth:
            self._authenticate(message, login, localised)
            self._check_time(message)
        if not login.priv:
            return open_scoped(message.scoped)
        try:
            return open_scoped(self._decrypt(message, login, localised))
        except Malformed as error:  # the digest was right, so it is our key that makes nothing of it
            raise NotTaken(Distrust.DECRYPTION) from error

    def refusal(self, message: V3Message, fault: Distrust, keys: Keys | None) -> bytes:
        """Return the report for a message that asks for one: so an inform's sender learns our id and our time."""
        self._counts[fault] += 1
        context, request = wrapped(STRING, self.local.id) + wrapped(STRING, b""), 0
        if not message.flags & ENCRYPTED:
            try:
                context, pdu = open_scoped(message.scoped)
                request = request_id(pdu)
            except Malformed:
                pass  # then the message's id alone has to tell the sender what it is about
        counter: Oid = (1, 3, 6, 1, 6, 3, 15, 1, 1, fault.value, 0)
        is_signed = fault is Distrust.TIME and keys is not None
        inner = report(context, request, counter, self._counts[fault])
        return self._sealed(message, inner, keys if is_signed else None, encrypts=False)

    def answer(self, message: V3Message, context: bytes, pdu: bytes, keys: Keys) -> bytes:
        """Return the answer to an inform, protected as the inform was."""
        return self._sealed(message, wrapped(0x30, context, pdu), keys, encrypts=bool(keys.login.priv))

    # ------------------------------------------------------------------------------------------------ in

    def _authenticate(self, message: V3Message, login: SnmpLogin, keys: _Localised) -> None:
        algorithm, size = _DIGESTS[login.auth]
        start, whole = message.digest_at, message.whole
        blank = whole[:start] + bytes(len(message.digest)) + whole[start + len(message.digest) :]
        right = hmac.new(keys.auth, blank, algorithm).digest()[:size]
        if not hmac.compare_digest(right, message.digest):
            raise NotTaken(Distrust.DIGEST)

    def _check_time(self, message: V3Message) -> None:
        """See whether an authentic message is new enough (RFC 3414, 3.2, step 7)."""
        if message.engine == self.local.id:
            near = abs(message.time - self.time) <= WINDOW_S
            if message.boots != self.local.boots or message.boots >= LARGEST_BOOTS or not near:
                raise NotTaken(Distrust.TIME)
            return
        known, now = self._clocks.get(message.engine), self._monotonic()
        if known is not None:
            if message.boots < known.boots or message.boots >= LARGEST_BOOTS:
                raise NotTaken(Distrust.TIME)
            if message.boots == known.boots and message.time < known.time + (now - known.at) - WINDOW_S:
                raise NotTaken(Distrust.TIME)
        if known is None or (message.boots, message.time) > (known.boots, known.time):
            self._clocks[message.engine] = _Clock(message.boots, message.time, now)
            _forget_oldest(self._clocks, message.engine)

    def _decrypt(self, message: V3Message, login: SnmpLogin, keys: _Localised) -> bytes:
        try:
            return bytes(
                _priv(login).decrypt_data(
                    keys.priv,
                    (message.boots, message.time, univ.OctetString(message.salt)),
                    univ.OctetString(encrypted_part(message)),
                )
            )
        except (PySnmpError, PyAsn1Error, ValueError) as error:
            raise NotTaken(Distrust.DECRYPTION) from error

    def _localise(self, keys: Keys, engine: bytes) -> _Localised:
        found = self._localised.get((keys, engine))
        if found is None:
            login, name = keys.login, univ.OctetString(engine)
            found = _Localised(
                bytes(_auth(login).localize_key(keys.auth, name)) if login.auth else b"",
                _priv(login).localize_key(AUTH_IDS[login.auth], keys.priv, name) if login.priv else None,
            )
            self._localised[keys, engine] = found
        _forget_oldest(self._localised, (keys, engine))
        return found

    # ----------------------------------------------------------------------------------------------- out

    def _sealed(self, message: V3Message, inner: bytes, keys: Keys | None, *, encrypts: bool) -> bytes:
        """Return a message to the sender of another one, signed with the keys if there are some."""
        login = keys.login if keys else None
        localised = self._localise(keys, self.local.id) if keys else None
        now, salt, flags, size = self.time, b"", 0, 0
        if login and login.auth:
            flags, size = AUTHENTICATED, _DIGESTS[login.auth][1]
        if login and localised and encrypts:
            flags |= ENCRYPTED
            sealed, salted = _priv(login).encrypt_data(localised.priv, (self.local.boots, now, None), inner)
            inner, salt = wrapped(STRING, bytes(sealed)), bytes(salted)
        whole, digest_at = v3_envelope(
            message_id=message.id, flags=flags, engine=self.local.id, boots=self.local.boots, time=now,
            user=message.user, digest_size=size, salt=salt, scoped=inner,
        )  # fmt: skip
        if login and localised and size:
            digest = hmac.new(localised.auth, whole, _DIGESTS[login.auth][0]).digest()[:size]
            whole = whole[:digest_at] + digest + whole[digest_at + size :]
        return whole


def _forget_oldest(kept: OrderedDict[Any, Any], newest: object) -> None:
    kept.move_to_end(newest)
    while len(kept) > ENGINES_KNOWN:
        kept.popitem(last=False)
