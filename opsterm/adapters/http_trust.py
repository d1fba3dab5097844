"""Which authorities a web check trusts, and which certificate it shows: contexts for TLS, kept for a while."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

from opsterm.adapters.certificate import trusting
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput
from opsterm.core.secret import Secret
from opsterm.core.text import clean_line
from opsterm.runtime.offload import Run

KEPT_S = 300.0
"""Seconds after which the files are read again: making a context costs 30 ms of CPU, a check 3 ms."""

MOST_KEPT = 32


class TrustStore:
    """Contexts by the files they are made of."""

    def __init__(self, clock: Clock, run: Run) -> None:
        self._clock = clock
        self._run = run
        self._made: dict[tuple[str, str, Secret | None], tuple[float, ssl.SSLContext]] = {}

    async def context(self, ca_file: str, certificate: str = "", passphrase: Secret | None = None) -> ssl.SSLContext:
        """Return a context that verifies chain and name.

        Args:
            ca_file: PEM file of the authorities to trust, "" for those of this machine.
            certificate: PEM file with the certificate and key that are shown, "" for none.
            passphrase: of the key, None when it has none.

        Raises:
            BadInput: a file cannot be read or used, or others can read the key.
        """
        key, now = (ca_file, certificate, passphrase), self._clock.monotonic()
        made_at, context = self._made.get(key, (0.0, None))
        if context is None or not 0 <= now - made_at <= KEPT_S:
            context = await self._run(lambda: _make(ca_file, certificate, passphrase))
            if len(self._made) >= MOST_KEPT:
                self._made.clear()
            self._made[key] = (now, context)
        return context


def _make(ca_file: str, certificate: str, passphrase: Secret | None) -> ssl.SSLContext:
    try:
        context = trusting(ca_file)
    except OSError as error:
        raise BadInput(
            f"The authorities in {clean_line(ca_file) or 'this machine'} cannot be read.", why=_said(error)
        ) from None
    if certificate:
        _show(context, certificate, passphrase)
    return context


def _show(context: ssl.SSLContext, certificate: str, passphrase: Secret | None) -> None:
    file = clean_line(certificate)
    try:
        if stat.S_IMODE(Path(certificate).stat().st_mode) & 0o077:
            raise BadInput(f"Others can read the key in {file}.", next_step=f"chmod 600 {file}")
        # always a callable: without one OpenSSL asks at the terminal
        context.load_cert_chain(certificate, password=passphrase.reveal if passphrase else _no_passphrase)
    except _NoPassphraseError:
        raise BadInput(
            f"The key in {file} has a passphrase, and none is kept for it.",
            next_step=f"Keep it first: opsterm vault set opsterm:http {file}",
        ) from None
    except (OSError, ValueError) as error:
        why = "The passphrase that is kept does not open it." if passphrase else _said(error)
        raise BadInput(f"The certificate and key in {file} cannot be used.", why=why) from None


class _NoPassphraseError(Exception):
    """The key asks for a passphrase and there is none."""


def _no_passphrase() -> str:
    raise _NoPassphraseError


def _said(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{clean_line(said, limit=200)}."
