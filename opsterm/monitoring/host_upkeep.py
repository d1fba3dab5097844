"""Packages and certificates of a host, from what `looks.PROFILE_SCRIPT` prints."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from opsterm.core import lean_re as re
from opsterm.core.text import clean_line
from opsterm.monitoring.host_facts import HostCertificate, PackageState, PendingUpdate
from opsterm.monitoring.reach import Certificate
from opsterm.monitoring.sections import Sections

MOST_UPDATES = 500
MOST_CERTIFICATES = 80
MOST_NAMES = 20
LONGEST_NAME = 300

ReadCertificate = Callable[[bytes], Certificate | None]
"""Reads one DER-encoded certificate; None when it is none."""

_APT = re.compile(r"Inst (\S{1,200}) (?:\[(\S*)\] )?\((\S{1,200}) ([^)]{0,500}?)(?: \[\w+\])?\).*")
_APT_END = re.compile(r"\d+ upgraded, .*")
_DNF = re.compile(r"(\S{1,200})\.(\w+) +(\S{1,200}) +(\S{1,200}) *")
_ADVISORY = re.compile(r"\S+ +\S*[Ss]ec\S*.* (\S{1,300})\.\w+(?: .*)?")
_NEVRA = re.compile(r"(.+)-[^-]+-[^-]+")
_APK = re.compile(r"(.{1,200})-(\d[^- ]*-r\d+) +< +(\S{1,200}) *")
_PACMAN = re.compile(r"(\S{1,200}) (\S{1,200}) -> (\S{1,200})(?: \[ignored\])?")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.{1,20000})-----END CERTIFICATE-----", re.DOTALL)


def package_state(sections: Sections, *, now: float | None) -> PackageState:
    """Return what is known of the packages.

    Args:
        sections: what was printed.
        now: the host's own time, epoch seconds; None when not known.
    """
    kind, *lines = sections.of("updates") or ("",)
    refreshed = _refreshed(kind, sections.of("index"))
    pending, tells = _pending(kind, lines, sections) if refreshed is not None else (None, False)
    installed = sections.of("installed")
    return PackageState(
        installed=next((int(line) for line in installed if line.isascii() and line.isdigit() and len(line) < 8), None),
        pending=pending,
        index_age_s=max(0.0, now - refreshed) if now is not None and refreshed is not None else None,
        tells_security=tells,
        reboot="reboot" in installed,
        versions=tuple(_versions(sections.of("versions"))),
    )


def _clean(text: str) -> str:
    return clean_line(text.strip(), limit=LONGEST_NAME)


_INDEXES: Mapping[str, tuple[str, ...]] = {
    "apt": ("/var/lib/apt/lists/",), "dnf": ("/var/cache/dnf/", "/var/cache/libdnf5/", "/var/cache/yum/"),
    "zypper": ("/var/cache/zypp/",), "apk": ("/var/cache/apk/",), "pacman": ("/var/lib/pacman/sync/",),
}  # fmt: skip


def _refreshed(kind: str, lines: Sequence[str]) -> float | None:
    """Return when the index was refreshed, in the host's epoch seconds; None where there is none to compare with.

    apt gives its lists the age that the server says, so the folder into which it loads them tells when it did.
    """
    times: dict[str, float] = {}
    for line in lines:
        seconds, _, path = line.partition(" ")
        if seconds.isascii() and seconds.isdigit() and len(seconds) < 12:
            times[path] = float(seconds)
    held = [path for path in times if path.startswith(_INDEXES.get(kind, ())) and path != "/var/lib/apt/lists/partial"]
    if not held:
        return None
    newest = max(times[path] for path in held)
    return times.get("/var/lib/apt/lists/partial", newest) if kind == "apt" else newest


def _pending(kind: str, lines: Sequence[str], sections: Sections) -> tuple[tuple[PendingUpdate, ...] | None, bool]:
    """Return (the updates, None when the package manager did not come to its end; whether security is told)."""
    code = next(iter(sections.of("checked")), "")
    readers: Mapping[str, tuple[Callable[[Sequence[str]], Iterator[PendingUpdate]], tuple[str, ...]]] = {
        "apt": (_apt, ("0",)), "dnf": (_dnf, ("0", "100")), "zypper": (_zypper, ("0",)), "apk": (_apk, ("0",)),
        "pacman": (_pacman, ("0", "1")),
    }  # fmt: skip
    if kind not in readers or code not in readers[kind][1]:
        return None, False
    if kind == "apt" and not any(map(_APT_END.fullmatch, lines)):
        return None, False
    found = tuple(readers[kind][0](lines))[:MOST_UPDATES]
    if kind == "apt":
        return found, True
    advisories = sections.of("advisories")
    if kind == "dnf" and "complete" in advisories:
        named = {told[1] for line in advisories if (told := _ADVISORY.fullmatch(line))}
        secure = {whole[1] for name in named if (whole := _NEVRA.fullmatch(name))}
        return tuple(replace(update, security=update.name in secure) for update in found), True
    return found, False


def _apt(lines: Sequence[str]) -> Iterator[PendingUpdate]:
    """Read `apt-get -s dist-upgrade`; what has no version before is a package that an update brings along."""
    for line in lines:
        told = _APT.fullmatch(line)
        if told and told[2]:
            security = "security" in told[4].lower()
            yield PendingUpdate(name=_clean(told[1]), version=_clean(told[3]), security=security)


def _dnf(lines: Sequence[str]) -> Iterator[PendingUpdate]:
    for line in lines:
        if line.startswith("Obsoleting"):
            return
        told = _DNF.fullmatch(line)
        if told:
            yield PendingUpdate(name=_clean(told[1]), version=_clean(told[3]))


def _zypper(lines: Sequence[str]) -> Iterator[PendingUpdate]:
    """Read the table of `zypper list-updates`: mark, repository, name, current and available version, architecture."""
    for line in lines:
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 6 and cells[0] == "v":
            yield PendingUpdate(name=_clean(cells[2]), version=_clean(cells[4]))


def _apk(lines: Sequence[str]) -> Iterator[PendingUpdate]:
    for line in lines:
        told = _APK.fullmatch(line)
        if told:
            yield PendingUpdate(name=_clean(told[1]), version=_clean(told[3]))


def _pacman(lines: Sequence[str]) -> Iterator[PendingUpdate]:
    for line in lines:
        told = _PACMAN.fullmatch(line)
        if told:
            yield PendingUpdate(name=_clean(told[1]), version=_clean(told[3]))


def _versions(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for line in lines[:200]:
        words = line.split()
        if len(words) == 3 and words[0] == "installed":
            yield _clean(words[1]), _clean(words[2])
        elif len(words) == 1 and (told := re.fullmatch(r"(.{1,200}?)-(\d[^-]*-r\d+)", words[0])):
            yield _clean(told[1]), _clean(told[2])


def certificates_of(lines: Sequence[str], read: ReadCertificate) -> tuple[HostCertificate, ...]:
    """Return the certificates that were found in files and shown by ports, the one that ends first in front.

    Args:
        lines: "file PATH" or "port NUMBER", then the first certificate there as PEM.
        read: takes a certificate apart.
    """
    found: list[HostCertificate] = []
    place, pem = "", [""]
    for line in (*lines, "file "):
        kind, _, rest = line.partition(" ")
        if kind in ("file", "port"):
            if place and len(found) < MOST_CERTIFICATES:
                found += _certificate(place, "\n".join(pem), read)
            place, pem = _clean(rest if kind == "file" else line), []
        else:
            pem.append(line)
    return tuple(sorted(found, key=lambda one: (one.not_after is None, one.not_after or 0.0, one.place)))


def _certificate(place: str, text: str, read: ReadCertificate) -> Iterator[HostCertificate]:
    pem = _PEM.search(text)
    if pem is None:
        return  # no certificate, or one that this account may not read
    try:
        told = read(base64.b64decode("".join(pem[1].split()), validate=True))
    except ValueError:  # binascii.Error is one
        told = None
    if told is None:
        yield HostCertificate(place=place)
    else:
        yield HostCertificate(
            place=place, subject=told.subject, names=told.names[:MOST_NAMES], issuer=told.issuer,
            not_after=told.not_after,
        )  # fmt: skip
