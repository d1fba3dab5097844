"""What an agent refuses, as a sentence. The words of the SNMP library never reach the operator."""

from __future__ import annotations

from opsterm.adapters.snmp_silence import Silence
from opsterm.core.errors import AuthenticationFailed, OpstermError, Unreachable
from opsterm.core.text import clean_line
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports_snmp import SnmpLogin


def _login_again(target: OrderTarget) -> str:
    return f"Keep the right one: opsterm snmp login {target.name}"


def refusal(target: OrderTarget, login: SnmpLogin, indication: str) -> OpstermError:
    """Return the error for what the library calls `indication`, the name of its class."""
    name, user = target.name, clean_line(login.user)
    next_step = _login_again(target)
    if indication in ("WrongDigest", "AuthenticationFailure", "AuthenticationError"):
        return AuthenticationFailed(
            f"{name} refuses the SNMP user {user}: the authentication passphrase or protocol is wrong.",
            why=f"{login.auth or 'No authentication'} was tried.", next_step=next_step,
        )  # fmt: skip
    if indication in ("UnknownUserName", "UnknownSecurityName"):
        return AuthenticationFailed(f"{name} knows no SNMP user {user}.", next_step=next_step)
    if indication in ("UnsupportedSecurityLevel", "UnsupportedAuthProtocol", "UnsupportedPrivProtocol"):
        return AuthenticationFailed(
            f"{name} does not speak to the SNMP user {user} at this level of security.",
            why=f"Tried: {login.auth or 'no authentication'}, {login.priv or 'no encryption'}.", next_step=next_step,
        )  # fmt: skip
    if indication in ("DecryptionError", "EncryptionError"):
        return AuthenticationFailed(
            f"What {name} sends the SNMP user {user} cannot be decrypted: the privacy passphrase or protocol is wrong.",
            next_step=next_step,
        )
    if indication == "NotInTimeWindow":
        return Unreachable(
            f"{name} and this host do not agree on the SNMP engine's time.",
            why="Two agents with the same engine id, as cloned machines have, look like that.",
            next_step="Give each agent an engine id of its own.",
        )
    return Unreachable(f"The SNMP answer of {name} cannot be used: {clean_line(indication, limit=80)}.")


def may_not_read(target: OrderTarget, login: SnmpLogin) -> AuthenticationFailed:
    """Return the error for an agent that lets us in and shows nothing."""
    who = f"The SNMP user {clean_line(login.user)}" if login.user else "This community"
    level = "" if login.priv or not login.user else " The agent may want encryption: keep a privacy passphrase as well."
    return AuthenticationFailed(
        f"{who} may not read this on {target.name}.", why=f"The agent answered authorizationError.{level}",
        next_step=_login_again(target),
    )  # fmt: skip


def silent(target: OrderTarget, login: SnmpLogin | None, found: Silence, *, port: int, waited_s: float) -> OpstermError:
    """Return the error for a request that had no answer."""
    name, place = target.name, f"{clean_line(target.address)} port {port}/udp"
    match found:
        case Silence.CLOSED:
            return Unreachable(
                f"Nothing listens for SNMP on {name}: {place} is closed.",
                next_step=f"Start its agent, or give the right port: opsterm targets edit {name} --port N",
            )
        case Silence.NO_ROUTE:
            return Unreachable(f"No route to {name} ({clean_line(target.address)}).",
                               next_step="Look at its address, its power and the network between.")  # fmt: skip
        case Silence.ANSWERS if login is not None and login.user:
            return AuthenticationFailed(
                f"{name} speaks SNMP and does not answer the user {clean_line(login.user)}: the privacy passphrase or "
                "protocol is wrong.",
                why="An agent drops what it cannot decrypt.", next_step=_login_again(target),
            )  # fmt: skip
        case Silence.ANSWERS:
            return AuthenticationFailed(
                f"{name} speaks SNMP and does not answer this community: it is wrong, or not allowed from this host.",
                next_step=_login_again(target),
            )
        case Silence.SILENT:
            return Unreachable(
                f"{name} does not answer SNMP on {place} within {waited_s:g} s.",
                why="It is off or frozen, a filter drops the packets, or it does not like the community and has no "
                "version 3 to say so.",
                next_step="Look at its agent and the way there; snmp.timeout_s and snmp.retries set the wait.",
            )  # fmt: skip
