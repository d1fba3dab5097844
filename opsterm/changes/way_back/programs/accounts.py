"""Ways back from what makes, changes and removes accounts and groups, and their jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opsterm.changes.way_back.call import Gap, KnownCall
from opsterm.policy.preview.paths import NotKnown
from opsterm.policy.way_back import Thing, ThingKind

Ways = Callable[[KnownCall], Iterator[Thing | Gap]]

_RECORDS = ("passwd", "shadow", "group", "gshadow", "subuid", "subgid")
_TAKES = (
    "-u -g -G -d -s -c -e -f -p -k -b -K -R --uid --gid --groups --home --home-dir --shell --comment --expiredate "
    "--inactive --password --skel --base-dir --key --ingroup --gecos --firstuid --lastuid -l --login"
)

_HOMES = {
    "useradd": ("-m", "--create-home"), "usermod": ("-m", "--move-home"), "userdel": ("-r", "--remove"),
}  # fmt: skip
"""What of an option makes, moves or removes the home as well."""


def _records(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep what says who may log in: its files, with the copies that the tools make of them."""
    del call
    for name in _RECORDS:
        yield Thing(kind=ThingKind.FILES, name=f"/etc/{name}")
        yield Thing(kind=ThingKind.FILES, name=f"/etc/{name}-")


def _account(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep the records, and the home of the account where the program makes, moves or removes it."""
    yield from _records(call)
    call.require_known()
    named = call.others(_TAKES)
    name = named[-1] if named else ""
    homes = call.has(*_HOMES.get(call.name, ()))
    if call.name in ("adduser", "deluser"):
        homes = len(named) == 1 and not call.has("--no-create-home", "--system", "--group")
    if not homes or not name:
        return
    home = call.value("-d", "--home", "--home-dir") or ("/root" if name == "root" else f"/home/{name}")
    yield call.files(home)
    if call.name == "usermod" and home != f"/home/{name}":
        yield call.files(f"/home/{name}")  # from where it is moved
    yield call.files(f"/var/mail/{name}")
    if call.name in ("userdel", "deluser", "usermod") and not call.value("-d", "--home", "--home-dir"):
        yield Gap(f"The home of {name} is kept from /home/{name}; one elsewhere is not.")


def _crontab(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep the table of one account."""
    if call.has("-l"):
        return
    if call.has("-e"):
        raise NotKnown("it opens an editor")
    yield Thing(kind=ThingKind.CRONTAB, name=call.value("-u") or "-")


ACCOUNTS: Mapping[str, Ways] = {
    **dict.fromkeys(("useradd", "userdel", "usermod", "adduser", "deluser", "addgroup", "delgroup"), _account),
    **dict.fromkeys(
        ("groupadd", "groupdel", "groupmod", "gpasswd", "passwd", "chpasswd", "chage", "chsh", "chfn", "groupmems",
         "vipw", "pwck", "grpck", "pwconv", "pwunconv"), _records,
    ),
    "crontab": _crontab,
}  # fmt: skip
