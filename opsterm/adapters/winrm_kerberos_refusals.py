"""What goes wrong with Kerberos, as a sentence with what to do."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.adapters.winrm_faults import KerberosFailed
from opsterm.adapters.winrm_login import WinrmLogin
from opsterm.core.errors import AuthenticationFailed, OpstermError, Unreachable
from opsterm.core.text import clean_line
from opsterm.runtime.credentials import WINRM

KRB5 = 2529638912
"""Where krb5's numbers begin (-1765328384 as an unsigned number of 32 bits): the rest is a number of RFC 4120, 7.5.9,
below 128, and one of the library's own above it."""
NO_MATCHING_CACHE = 39756033
"""KG_CCACHE_NOMATCH: there are tickets, and none of this account."""

_KINIT = "Get one: kinit {user}. Or keep the password: opsterm vault set {kept} '{user}@{name}'; or set winrm.keytab."
_SPELLING = "See how it is written: name@REALM, the realm in capitals; opsterm targets edit {name} --user …"
_WRONG = "Keep the right one: opsterm vault set {kept} '{user}@{name}'. It was tried once only."
_KDC = "See [realms] in krb5.conf or the domain's DNS, whether it is up, and whether port 88 is open to this host."
_CLOCKS = "See timedatectl here and w32tm /query /status there: both have to follow the domain's time."
_NAMED = (
    "Name it as the domain does: opsterm targets edit {name} --address win-1.lab.example; or list the name: "
    "setspn -S {service}."
)
_SPN = "See setspn -Q {service} in the domain, and that this name leads to that host."
_NO_KEY = ("{name} has no key for {service}.", "It is not the host that the domain lists by that name.", _SPN)
_OTHER_KEY = (
    "{name} cannot open the ticket for {service}.",
    "Its key is another one: another host answers, or the name is listed for another account.",
    _SPN,
)

_SAID: Mapping[int, tuple[str, str, str]] = {
    6: ("Kerberos knows no account {user}.", "The KDC has no such principal.", _SPELLING),
    7: ("Kerberos knows no service {service}.",
        "The KDC lists targets by name: as a rule this one was given by an address, or by a name it does not list.",
        _NAMED),
    14: ("Kerberos here and the KDC agree on no cipher.",
         "One of them allows only ciphers that the other has given up.",
         "See permitted_enctypes in krb5.conf, and what the account's and the service's keys are."),
    18: ("The account {user} is locked or disabled.", "The KDC says that it is revoked.",
         "See it in the domain: Get-ADUser … -Properties LockedOut, Enabled."),
    23: ("The password of {user} has expired.", "The KDC gives no tickets for it.", "Change it: kpasswd {user}."),
    24: ("Kerberos refuses the password of {user}.", "The KDC could not verify it.", _WRONG),
    31: ("Kerberos refuses the password of {user}.", "What the KDC sent could not be opened with it.", _WRONG),
    32: ("The ticket has expired.", "Tickets last for some hours; klist shows until when.", _KINIT),
    33: ("The ticket does not hold yet.", "It begins later: as a rule a clock is wrong.", _CLOCKS),
    35: _NO_KEY,
    37: ("The clocks of this host and of {name} or the KDC differ too much.",
         "Kerberos allows five minutes by default.", _CLOCKS),
    41: _OTHER_KEY,
    44: _OTHER_KEY,
    45: _NO_KEY,
    60: ("{name} refuses the ticket of {user}.",
         "It gave no reason. Over HTTPS one is that the log-in is bound to another certificate than the target's own.",
         "See whether a proxy ends TLS on the way; the event log there may tell more."),
    141: ("There is no Kerberos ticket.", "No cache of tickets was found; klist shows those that are here.", _KINIT),
    154: ("It is not known where the KDC of the realm is.", "Neither krb5.conf nor DNS says it.", _KDC),
    156: ("No KDC of the realm answers.", "It could not be reached.", _KDC),
    181: ("The keytab has no key of {user}.", "See klist -k on the file.", "Set winrm.keytab to the account's own."),
    195: ("There is no Kerberos ticket.", "The cache of tickets is not there; klist shows those that are.", _KINIT),
    210: ("Kerberos refuses the password of {user}.", "The KDC could not verify it.", _WRONG),
    220: ("It is not known where the KDC of the realm is.", "Its name leads nowhere.", _KDC),
}  # fmt: skip
"""By number: what is the case, why, and what to do."""


def told_of_kerberos(failed: KerberosFailed, name: str, log_in: WinrmLogin) -> OpstermError:
    """Return the error for the operator. Nothing had begun.

    Args:
        failed: what the wire raised.
        name: the target's.
        log_in: how it was tried.
    """
    number = 141 if failed.code == NO_MATCHING_CACHE else failed.code - KRB5
    known = _SAID.get(number)
    library = f"{clean_line(str(failed), limit=300)} ({failed.code or 'no number'})"
    if known is None:
        return Unreachable(
            f"Kerberos does not log in to {name} ({log_in.place}).", why=f"It said: {library}",
            next_step="See klist here; KRB5_TRACE=/dev/stderr kinit shows what Kerberos does.",
        )  # fmt: skip
    words = {
        "name": name,
        "user": clean_line(log_in.user, limit=200) or "the account",
        "service": f"HTTP/{clean_line(log_in.address, limit=255)}",
        "kept": WINRM,
    }
    what, why, step = (text.format(**words) for text in known)
    return AuthenticationFailed(what, why=why, next_step=step)
