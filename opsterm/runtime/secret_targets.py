"""For which places a secret is kept: worked out from its account, the inventory and the checks, when it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from opsterm.core.errors import BadInput
from opsterm.inventory.target import Protocol, Target
from opsterm.monitoring.reach import HttpAsk
from opsterm.runtime.credentials import HTTP, SNMP, SSH, SUDO, WINRM
from opsterm.runtime.reach import url_of_target
from opsterm.runtime.secret_places import SecretPlace, place_of_jump, place_of_url


def places_for(
    service: str, account: str, targets: Sequence[Target], asks: Iterable[HttpAsk]
) -> tuple[SecretPlace, ...]:
    """Return where a secret may be sent to, as things are now; () for a service whose accounts say it themselves.

    Args:
        service: a name of `credentials.SERVICES`.
        account: whose.
        targets: of the inventory.
        asks: what the checks of the settings ask for.
    """
    match service:
        case _ if service == SSH:
            found = {*_of_log_in(account, targets, Protocol.SSH), place_of_jump(account.rpartition("@")[2])}
        case _ if service == SUDO:
            found = {*_of_log_in(account, targets, Protocol.SSH)}
        case _ if service == SNMP:
            found = {*_of_log_in(account, targets, Protocol.SNMP)}
        case _ if service == WINRM:
            found = {*_of_windows(account, targets)}
        case _ if service == HTTP:
            found = {*_of_request(account, targets, asks)}
        case _:
            found = set()
    return tuple(sorted(found))


def _now(target: Target) -> SecretPlace:
    address = target.reach.lower().strip("[]")
    return SecretPlace(name=target.name, protocol=str(target.protocol), address=address, port=target.port or 0)


def _names_in(account: str) -> Iterator[str]:
    """Yield what may be the name in USER@NAME, the shortest first: both may have an @ in them."""
    parts = account.split("@")
    for count in range(1, len(parts) + 1):
        yield "@".join(parts[-count:])


def _of_log_in(account: str, targets: Sequence[Target], protocol: Protocol) -> Iterator[SecretPlace]:
    """Yield where USER@TARGET, or TARGET, is.

    A name that no target has stands for itself: what is added later under that name and with another address is
    another place.
    """
    known = {target.name: target for target in targets}
    for name in _names_in(account):
        if name in known:
            yield _now(known[name])
            return
    name = account.rpartition("@")[2]
    yield SecretPlace(name=name, protocol=str(protocol), address=name.lower(), port=0)


def _of_windows(account: str, targets: Sequence[Target]) -> Iterator[SecretPlace]:
    """Yield where USER@TARGET is, or every Windows target of now for a USER alone."""
    known = {target.name for target in targets}
    named = [name for name in _names_in(account) if name in known and name != account]
    if named or "@" in account:
        yield from _of_log_in(account, targets, Protocol.WINRM)
    if not named:  # also USER alone as USER@DOMAIN
        yield from (_now(target) for target in targets if target.protocol is Protocol.WINRM)


def _of_request(account: str, targets: Sequence[Target], asks: Iterable[HttpAsk]) -> Iterator[SecretPlace]:
    """Yield where web checks and cameras are that have their secret under this account.

    It is USER@NAME, NAME, or what a check names itself; NAME is a check's, a target's or a URL.
    """
    for ask in asks:
        if ask.secret_account == account:
            yield place_of_url(ask.url, ask.name)
    known = {target.name: target for target in targets}
    for name in _names_in(account):
        try:
            if name in known:
                yield place_of_url(url_of_target(known[name], ""), name)
            elif "://" in name:
                yield place_of_url(name, name)
        except BadInput:
            continue
