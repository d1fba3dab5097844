"""Hands mail to a server, step by step, so that a failure names its step and every recipient has an answer.

The library speaks SMTP; this file decides the order, the time-outs and what an answer means. Its own `sendmail` does
the same in one call and tells less. A line or a reply that never ends is cut off by the library at 32 KiB.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from functools import partial
from pathlib import Path

from aiosmtplib import SMTP, SMTPException, SMTPRecipientRefused, SMTPResponseException

from opsterm.adapters.mail_message import message_bytes, needs_utf8, wire_address
from opsterm.adapters.smtp_faults import answer, reply_text, trouble, unknown_name
from opsterm.core.mail import DeliveryReport, Mail, MailPhase, MailReply, Trouble, Verdict
from opsterm.core.mail_settings import MailSettings
from opsterm.core.secret import Secret
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_mail import Handing

MOST_ADDRESSES = 4
"""Addresses of the server's name that are tried, one after the other."""

LAST_STEP_TIMES = 10
"""How many times longer than any other step the answer to the whole message is waited for.

A server that is given up while it still takes the message leads to a second copy: RFC 5321, 4.5.3.2.6, asks for
10 minutes where a command gets 5.
"""


class _Failed(Exception):
    """A step failed; carries the trouble."""

    def __init__(self, found: Trouble) -> None:
        super().__init__(found.text)
        self.trouble = found


class SmtpTransport:
    """See `runtime.ports_mail.MailTransport`."""

    def __init__(self, settings: MailSettings, hostname: str, offload: Run) -> None:
        """Make a transport that has connected to nothing yet.

        Args:
            settings: the server.
            hostname: what this machine calls itself.
            offload: runs blocking work in a thread.
        """
        self._settings = settings
        self._hostname = hostname if hostname.isascii() and hostname.replace("-", "").replace(".", "").isalnum() else ""
        self._offload = offload

    async def deliver(self, mail: Mail, *, password: Secret | None, handing: Handing) -> DeliveryReport:
        """Offer a mail to the server for everybody who waits for it. Raises nothing but cancellation."""
        conversation = _Conversation(self._settings, self._hostname or "localhost", self._offload)
        try:
            await conversation.open(password)
            await conversation.offer(mail, handing)
        except _Failed as failed:
            return conversation.report(failed.trouble)
        finally:
            conversation.close()
        return conversation.report(None)


class _Conversation:
    """One connection, one mail."""

    def __init__(self, settings: MailSettings, hostname: str, offload: Run) -> None:
        self._settings = settings
        self._hostname = hostname
        self._offload = offload
        self._client: SMTP | None = None
        self._steps: list[tuple[MailPhase, str]] = []
        self._answers: dict[str, MailReply] = {}

    def report(self, found: Trouble | None) -> DeliveryReport:
        """Return what came of it."""
        return DeliveryReport(steps=tuple(self._steps), trouble=found, answers=dict(self._answers))

    def close(self) -> None:
        """Say goodbye and close, without waiting: what was acknowledged is to be written down at once."""
        client, self._client = self._client, None
        if client is not None:
            if client.protocol is not None:
                with suppress(SMTPException, RuntimeError, OSError):
                    client.protocol.write(b"QUIT\r\n")
            client.close()

    # ------------------------------------------------------------------------------------------- the line

    async def open(self, password: Secret | None) -> None:
        """Connect, secure the line and log in. Raises _Failed."""
        settings = self._settings
        context = None if settings.security == "none" else await self._context()
        connection = await self._connect()
        client = SMTP(
            hostname=settings.host, port=None, sock=connection, timeout=settings.timeout_s,
            local_hostname=self._hostname, use_tls=settings.security == "tls", start_tls=False, tls_context=context,
        )  # fmt: skip
        try:
            await client.connect()
        except (SMTPException, OSError, ValueError) as error:
            connection.close()
            raise _Failed(trouble(error, MailPhase.CONNECT, settings)) from error
        except BaseException:
            connection.close()
            raise
        self._client = client
        self._steps.append((MailPhase.CONNECT, "the server greets"))
        if settings.security == "starttls":
            await self._start_tls(client)
        if context is not None:
            cipher = client.get_transport_info("cipher") or ("?", "?")
            checked = "its certificate is valid" if settings.verify else "its certificate was not looked at"
            self._steps.append((MailPhase.TLS, f"{cipher[1]}, {checked}"))
        if settings.user:
            await self._log_in(client, password)

    async def _context(self) -> ssl.SSLContext:
        try:
            return await self._offload(partial(_tls_context, self._settings))
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise _Failed(Trouble(
                phase=MailPhase.SETTINGS, text=f"mail.ca_file cannot be used: {reply_text(said)}.",
                next_step="Name a PEM file with one or more certificates.",
            )) from error  # fmt: skip

    async def _connect(self) -> socket.socket:
        settings, loop = self._settings, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(settings.timeout_s):
                found = await loop.getaddrinfo(settings.host, settings.port_used, type=socket.SOCK_STREAM)
        except TimeoutError as error:
            raise _Failed(trouble(error, MailPhase.NAME, settings)) from error
        except (OSError, UnicodeError, ValueError) as error:
            raise _Failed(unknown_name(error, settings)) from error
        self._steps.append(
            (MailPhase.NAME, f"{settings.host} is {', '.join(dict.fromkeys(str(f[4][0]) for f in found))}")
        )
        fault: Exception = OSError("it has no address")
        for family, _, _, _, address in found[:MOST_ADDRESSES]:
            connection = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
            connection.setblocking(False)
            try:
                async with asyncio.timeout(settings.timeout_s):
                    await loop.sock_connect(connection, address)
            except OSError as error:  # a time-out is one too
                connection.close()
                fault = error
            except BaseException:
                connection.close()
                raise
            else:
                return connection
        raise _Failed(trouble(fault, MailPhase.CONNECT, settings)) from fault

    async def _start_tls(self, client: SMTP) -> None:
        try:
            await client.ehlo()
            if not client.supports_extension("starttls"):
                raise _Failed(Trouble(
                    phase=MailPhase.TLS, text=f"{self._settings.host} does not offer STARTTLS, so nothing was sent.",
                    next_step="Set mail.security to tls if its port speaks TLS at once. If somebody between here and "
                    "the server takes the offer away, this is what it looks like.",
                ))  # fmt: skip
            await client.starttls()
        except (SMTPException, OSError, ValueError) as error:
            raise _Failed(trouble(error, MailPhase.TLS, self._settings)) from error

    async def _log_in(self, client: SMTP, password: Secret | None) -> None:
        settings = self._settings
        if password is None:
            raise _Failed(Trouble(
                phase=MailPhase.LOGIN, text=f"No password is kept for {settings.account}.",
                next_step=f"Keep it: opsterm vault set opsterm:mail {settings.account}",
            ))  # fmt: skip
        try:
            await client.login(settings.user, password.reveal())
        except (SMTPException, OSError, ValueError, RuntimeError) as error:
            raise _Failed(trouble(error, MailPhase.LOGIN, settings)) from error
        self._steps.append((MailPhase.LOGIN, f"logged in as {settings.user}"))

    # ------------------------------------------------------------------------------------------- the mail

    async def offer(self, mail: Mail, handing: Handing) -> None:
        """Offer the mail to everybody who waits for it. Raises _Failed when the server decided about nobody more."""
        client = self._client
        if client is None:
            return
        sender = self._settings.sender_used
        try:
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except SMTPResponseException as error:
            with suppress(SMTPException, OSError):
                await client.helo()
            if client.is_ehlo_or_helo_needed:
                raise _Failed(trouble(error, MailPhase.SENDER, self._settings)) from error
        except (SMTPException, OSError, ValueError) as error:
            raise _Failed(trouble(error, MailPhase.SENDER, self._settings)) from error
        utf8 = client.supports_extension("smtputf8")
        if not await self._envelope_begun(client, mail, sender, utf8=utf8):
            return
        taken = await self._recipients_taken(client, mail, utf8=utf8)
        if taken:
            await handing(taken)
            await self._message_sent(client, mail, sender, taken, utf8=utf8)

    async def _envelope_begun(self, client: SMTP, mail: Mail, sender: str, *, utf8: bool) -> bool:
        options = ["SMTPUTF8"] if utf8 and needs_utf8(sender, *mail.waiting) else []
        try:
            await client.mail(wire_address(sender), options=options, encoding="utf-8" if utf8 else "ascii")
        except SMTPResponseException as error:
            self._answers.update(dict.fromkeys(mail.waiting, answer(error, MailPhase.SENDER)))
            return False
        except (SMTPException, OSError, ValueError) as error:
            raise _Failed(trouble(error, MailPhase.SENDER, self._settings)) from error
        self._steps.append((MailPhase.SENDER, f"may send as {sender}"))
        return True

    async def _recipients_taken(self, client: SMTP, mail: Mail, *, utf8: bool) -> list[str]:
        taken = []
        for address in mail.waiting:
            wire = wire_address(address)
            if not wire.isascii() and not utf8:
                self._answers[address] = MailReply(
                    verdict=Verdict.REFUSED, phase=MailPhase.RECIPIENT,
                    text="the server takes only ASCII addresses (it does not offer SMTPUTF8)",
                    next_step="Give an address in ASCII.",
                )  # fmt: skip
                continue
            try:
                await client.rcpt(wire, encoding="utf-8" if utf8 else "ascii")
            except SMTPRecipientRefused as error:
                self._answers[address] = answer(error, MailPhase.RECIPIENT)
            except (SMTPException, OSError, ValueError) as error:
                raise _Failed(trouble(error, MailPhase.RECIPIENT, self._settings)) from error
            else:
                taken.append(address)
        if taken:
            self._steps.append((MailPhase.RECIPIENT, f"takes mail for {', '.join(taken)}"))
        return taken

    async def _message_sent(self, client: SMTP, mail: Mail, sender: str, taken: list[str], *, utf8: bool) -> None:
        beyond = utf8 and needs_utf8(sender, *(recipient.address for recipient in mail.recipients))
        data = message_bytes(mail, sender, utf8=beyond)
        try:
            said = await client.data(data, timeout=self._settings.timeout_s * LAST_STEP_TIMES)
        except SMTPResponseException as error:
            self._answers.update(dict.fromkeys(taken, answer(error, MailPhase.MESSAGE)))
            return
        except (SMTPException, OSError, ValueError) as error:
            raise _Failed(trouble(error, MailPhase.MESSAGE, self._settings)) from error
        done = MailReply(verdict=Verdict.TAKEN, phase=MailPhase.MESSAGE, code=said.code, text=reply_text(said.message))
        self._answers.update(dict.fromkeys(taken, done))
        self._steps.append((MailPhase.MESSAGE, f"taken: {done.code} {done.text}"))


def _tls_context(settings: MailSettings) -> ssl.SSLContext:
    """Return what the line is secured with. Blocking: reads certificates."""
    file = str(Path(settings.ca_file).expanduser()) if settings.ca_file else None
    context = ssl.create_default_context(cafile=file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def open_mail(settings: MailSettings, hostname: str, offload: Run) -> SmtpTransport:
    """Return the way to the mail server that the settings name."""
    return SmtpTransport(settings, hostname, offload)
