"""A mail as the bytes that go over the line, and addresses as a server takes them.

Sources: RFC 5322 (header), RFC 2047 (other scripts in it), RFC 6531 (addresses beyond ASCII), RFC 3834 (mail that a
program writes), RFC 5890 (names of domains beyond ASCII).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage

from opsterm.core.mail import Mail
from opsterm.core.text import clean_line

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def wire_address(address: str) -> str:
    """Return an address with its domain in ASCII where that is possible; the part before the @ stays as it is."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def needs_utf8(*addresses: str) -> bool:
    """Return whether an address can only be said to a server that takes UTF-8 in addresses."""
    return not all(wire_address(address).isascii() for address in addresses)


def message_bytes(mail: Mail, sender: str, *, utf8: bool) -> bytes:
    """Return the message with CR LF at the end of each line, 7-bit unless its addresses are not.

    Args:
        mail: what is written.
        sender: the address it is from.
        utf8: whether header lines may hold UTF-8 as it is (the server said SMTPUTF8).
    """
    rules = policy.SMTP.clone(utf8=utf8, cte_type="7bit", max_line_length=76)
    message = EmailMessage(policy=rules)
    message["From"] = _address(sender)
    message["To"] = [_address(r.address) for r in mail.recipients if utf8 or not needs_utf8(r.address)]
    message["Subject"] = header_text(mail.subject)
    message["Date"] = datetime.fromtimestamp(mail.made_at, UTC)
    message["Message-ID"] = header_text(mail.message_id)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body.encode("utf-8", "backslashreplace").decode("utf-8"), cte=_encoding(mail.body))
    return message.as_bytes()


def _encoding(body: str) -> str:
    """Return "7bit" for short lines of ASCII, which a person can read in the raw, else what carries anything."""
    plain = body.isascii() and all(len(line) < 900 for line in body.split("\n"))
    return "7bit" if plain else "quoted-printable"


def _address(address: str) -> Address:
    local, _, domain = wire_address(address).rpartition("@")
    return Address(username=local, domain=domain)


def header_text(text: str) -> str:
    """Return text fit for one header: no line ends and no other controls, whatever came in."""
    return _UNSAFE.sub(" ", clean_line(text, limit=900)).strip()
