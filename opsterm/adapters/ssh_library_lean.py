"""What the SSH library does for nothing on our connections, left out. For the whole process, from the first import on.

Each is a method of the library, replaced: it offers no switch. `ssh_library` imports this module; nothing else does.
"""

from __future__ import annotations

from asyncssh import auth, connection, encryption
from asyncssh.constants import MSG_IGNORE
from asyncssh.logging import SSHLogger
from asyncssh.packet import Boolean, SSHPacketLogger, String
from asyncssh.public_key import SSHLocalKeyPair

_AUTHENTICATED = (encryption.GCMEncryption, encryption.ChachaEncryption)
_send_packet = connection.SSHConnection.send_packet


def _say_nothing(*_: object, **__: object) -> None:
    """Log nothing. The library writes out each packet before it sees that nobody listens: a twelfth of a log-in."""


def _send_packet_alone(
    self: connection.SSHConnection, pkttype: int, *args: bytes, handler: SSHPacketLogger | None = None
) -> None:
    """Send a packet, and no empty one (MSG_IGNORE) before it where the cipher is an authenticated one.

    The library sends one before each packet, against an attack on CBC ciphers (RFC 4251, 9.3.1): half of all packets,
    of which each is a system call here and a wake-up there. AES-GCM and ChaCha20-Poly1305 do not chain packets.
    """
    if pkttype != MSG_IGNORE or not isinstance(self._send_encryption, _AUTHENTICATED):
        _send_packet(self, pkttype, *args, handler=handler)


async def _offer_signed(self: auth._ClientPublicKeyAuth) -> None:
    """Offer a key from a file with its signature at once, and spare the server the question (RFC 4252, 7).

    A key of an agent is asked about first, as ever: signing with it may ask its owner.
    """
    pair = await self._conn.public_key_auth_requested()
    self._keypair = pair
    if pair is None:
        self._conn.try_next_auth(next_method=True)
    elif isinstance(pair, SSHLocalKeyPair):
        await self._send_signed_request()
    else:
        await self.send_request(Boolean(False), String(pair.algorithm), String(pair.public_data))


def leave_out() -> None:
    """Replace the library's methods; harmless when it was done."""
    SSHLogger.log = _say_nothing  # type: ignore[method-assign]  # the library offers no switch
    SSHPacketLogger.log_sent_packet = _say_nothing  # type: ignore[method-assign]  # as above
    SSHPacketLogger.log_received_packet = _say_nothing  # type: ignore[method-assign]  # as above
    connection.SSHConnection.send_packet = _send_packet_alone  # type: ignore[method-assign]  # as above
    setattr(auth._ClientPublicKeyAuth, "_start", _offer_signed)  # noqa: SLF001, B010 - as above
