"""Paths and registry keys of Windows: what it means to write, to delete or to read them."""

from __future__ import annotations

import ntpath
from collections.abc import Mapping, Sequence
from enum import StrEnum

from opsterm.core import lean_re as re
from opsterm.policy.effect_notes import EffectNotes
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.win32.place_rows import PLACES

_K, _C = EffectKind, Certainty
Span = tuple[int, int]


class WindowsPlace(StrEnum):
    """What a path or a key stands for."""

    NOTHING = "nothing"
    TEMPORARY = "temporary"
    DISK = "disk"
    ROOT = "root"
    SYSTEM = "system"
    BOOT = "boot"
    LOGS = "logs"
    ACCESS = "access"
    HOSTS = "hosts"
    SECRET = "secret"  # noqa: S105 (a kind of place, not a secret)
    STARTUP = "startup"
    HOME = "home"
    REGISTRY = "registry"
    REMOTING = "remoting"
    CERTIFICATES = "certificates"
    SESSION = "session"
    DIRECTORY = "directory"
    WEB = "web"
    TASKS = "tasks"
    DATABASE = "database"
    UNKNOWN = "unknown"
    OTHER = "other"


_PLACES = [(WindowsPlace(place), re.compile(pattern)) for place, pattern in PLACES]
_USER_HOME = re.compile(r"(?:[a-z]:|%systemdrive%)\\users\\[^\\]+(?:\\.*)?")
_WIDE = frozenset({
    WindowsPlace.ROOT, WindowsPlace.SYSTEM, WindowsPlace.BOOT, WindowsPlace.HOME, WindowsPlace.DISK,
    WindowsPlace.UNKNOWN, WindowsPlace.ACCESS,
})  # fmt: skip


def normal(path: str) -> str:
    """Return a path in lower case with single backslashes and `..` resolved."""
    plain = path.strip().strip("'\"").lower().replace("/", "\\")
    plain = re.sub(r"^(?:filesystem|microsoft\.powershell\.core\\filesystem)::", "", plain).removeprefix("\\\\?\\")
    if ".." in plain or "\\.\\" in plain:
        plain = ntpath.normpath(plain)
    return plain if plain == "\\" else plain.rstrip("\\") or plain


def place_of(path: str) -> WindowsPlace:
    """Return what a path or key stands for; UNKNOWN where a piece of it that decides is not known."""
    plain = normal(path)
    if plain.startswith("?") or plain in ("", "$_"):
        return WindowsPlace.UNKNOWN
    if _USER_HOME.fullmatch(plain) and not plain.endswith("\\*"):
        return next((p for p, pattern in _PLACES[:-3] if pattern.fullmatch(plain) and p is not WindowsPlace.SYSTEM),
                    WindowsPlace.HOME)  # fmt: skip
    return next((place for place, pattern in _PLACES if pattern.fullmatch(plain)), WindowsPlace.OTHER)


def is_wild(path: str) -> bool:
    """Tell whether a path stands for many files."""
    return "*" in path or "?" in normal(path)[:-1]


def delete_path(path: str, notes: EffectNotes, span: Span, *, tree: bool = False) -> None:
    """Note that a file, folder or key is deleted; with `tree` all that is below it."""
    place = place_of(path)
    if place is WindowsPlace.REGISTRY:
        write_registry(path, "", "", notes, span, deletes=True)
        return
    if place is WindowsPlace.SESSION:
        notes.add(_K.READ, path, span)
        return
    notes.add(_K.DELETE, path, span)
    wide = tree or is_wild(path)
    if wide and place in _WIDE:
        notes.add(_K.DATA_LOSS, path, span)
    elif wide:
        notes.add(_K.DATA_LOSS, path, span, _C.POSSIBLE if place is WindowsPlace.TEMPORARY else _C.LIKELY)
    _note_place(place, path, notes, span, deletes=True)


def write_path(path: str, notes: EffectNotes, span: Span, *, replaces: bool = True) -> None:
    """Note that a file or key is written; with `replaces` what was in it is lost."""
    place = place_of(path)
    if place in (WindowsPlace.NOTHING, WindowsPlace.SESSION):
        notes.add(_K.READ, path, span)
        return
    if place is WindowsPlace.DISK:
        notes.add(_K.DATA_LOSS, path, span)
        return
    if place is WindowsPlace.REGISTRY:
        write_registry(path, "", "", notes, span)
        return
    configured = place in (
        WindowsPlace.BOOT, WindowsPlace.ACCESS, WindowsPlace.HOSTS, WindowsPlace.STARTUP, WindowsPlace.REMOTING,
        WindowsPlace.CERTIFICATES, WindowsPlace.WEB, WindowsPlace.DIRECTORY, WindowsPlace.SYSTEM,
    )  # fmt: skip
    notes.add(_K.WRITE_CONFIG if configured else _K.WRITE_FILE, path, span)
    if replaces and place is WindowsPlace.DATABASE:
        notes.add(_K.DATA_LOSS, path, span, _C.POSSIBLE)
    if replaces and place is WindowsPlace.SYSTEM:
        notes.add(_K.TRUNCATE, path, span, _C.POSSIBLE)
    _note_place(place, path, notes, span, deletes=replaces and place is WindowsPlace.LOGS)


def read_path(path: str, notes: EffectNotes, span: Span) -> None:
    """Note that what is in a file or key is shown."""
    place = place_of(path)
    secret = place is WindowsPlace.SECRET or re.search(
        r"\\(?:lsa\\secrets|sam|security\\policy\\secrets)(?:\\|$)", normal(path)
    )
    notes.add(_K.READ_SECRET if secret else _K.READ, path, span)


_MEANS: Mapping[WindowsPlace, tuple[EffectKind, Certainty]] = {
    WindowsPlace.BOOT: (_K.BOOT, _C.LIKELY),
    WindowsPlace.ACCESS: (_K.LOCKOUT, _C.LIKELY),
    WindowsPlace.REMOTING: (_K.LOCKOUT, _C.LIKELY),
    WindowsPlace.HOSTS: (_K.NETWORK, _C.LIKELY),
    WindowsPlace.STARTUP: (_K.SCHEDULE, _C.LIKELY),
    WindowsPlace.TASKS: (_K.SCHEDULE, _C.CERTAIN),
    WindowsPlace.CERTIFICATES: (_K.SECURITY_WEAKEN, _C.POSSIBLE),
    WindowsPlace.DIRECTORY: (_K.USER, _C.LIKELY),
    WindowsPlace.WEB: (_K.SERVICE_STOP, _C.POSSIBLE),
}


def _note_place(place: WindowsPlace, path: str, notes: EffectNotes, span: Span, *, deletes: bool) -> None:
    if place in _MEANS:
        kind, certainty = _MEANS[place]
        notes.add(kind, path, span, certainty)
    if deletes and place is WindowsPlace.LOGS:
        notes.add(
            _K.LOG_LOSS, path, span, _C.CERTAIN if ".evt" in path.lower() or "winevt" in path.lower() else _C.LIKELY
        )
    if deletes and place is WindowsPlace.CERTIFICATES:
        notes.add(_K.LOCKOUT, path, span, _C.POSSIBLE)
    if deletes and place in (WindowsPlace.DIRECTORY, WindowsPlace.CERTIFICATES, WindowsPlace.WEB, WindowsPlace.SECRET):
        notes.add(_K.DATA_LOSS, path, span, _C.LIKELY)


_KEYS: Sequence[tuple[str, tuple[tuple[EffectKind, Certainty], ...]]] = (
    (r"terminal server|fdenytsconnections|\\winstations|portnumber", ((_K.LOCKOUT, _C.LIKELY),)),
    ((r"\\services\\(?:winrm|sshd|termservice|tcpip|tcpip6|netbt|lanmanserver|dhcp|ndis|nsi|afd|bfe|mpssvc|rpcss)(?:\\|$)"
     r"|\\wsman(?:\\|$)|\\winrm(?:\\|$)|\\openssh"), ((_K.LOCKOUT, _C.LIKELY), (_K.SERVICE_ENABLE, _C.LIKELY))),
    ((r"\\services\\(?:windefend|sense|wdnissvc|wdfilter|wdboot|securityhealthservice|wscsvc)|windows defender"
     r"|\\policies\\system(?:\\|$)|\\control\\lsa|wdigest|\\securityproviders|amsi|scriptblocklogging|modulelogging"
     r"|\\image file execution options|deviceguard|\\safer\\|applocker|\\schannel|enablelua|smartscreen|\\srp"),
     ((_K.SECURITY_WEAKEN, _C.LIKELY),)),
    (r"localaccounttokenfilterpolicy|\\lsa(?:\\|$).*|restrictanonymous|\\netlogon", ((_K.LOCKOUT, _C.POSSIBLE),)),
    (r"\\services\\eventlog|\\winevt|\\eventlog", ((_K.LOG_LOSS, _C.LIKELY),)),
    (r"firewall(?:policy|rules)?", ((_K.FIREWALL_WEAKEN, _C.LIKELY), (_K.LOCKOUT, _C.POSSIBLE))),
    ((r"\\currentversion\\run(?:once|services)?(?:ex)?(?:\\|$)|\\winlogon|\\userinit|appinit_dlls|\\active setup"
     r"|\\schedule\\taskcache"), ((_K.SCHEDULE, _C.LIKELY), (_K.SECURITY_WEAKEN, _C.LIKELY))),
    (r"\\session manager|\\safeboot|\\bootexecute|\\control\\class|\\bcd0+|\\enum\\|\\mounteddevices",
     ((_K.BOOT, _C.LIKELY),)),
    (r"\\services(?:\\|$)", ((_K.SERVICE_ENABLE, _C.LIKELY),)),
)  # fmt: skip
_KEY_PATTERNS = [(re.compile(pattern), means) for pattern, means in _KEYS]
_HIVE = re.compile(
    r"(?:registry::|microsoft\.powershell\.core\\registry::)?(?:hk(?:lm|cu|cr|u|cc)|hkey_\w+):?"
    r"(?:\\(?:system|software|sam|security|classes|microsoft|currentcontrolset|controlset\d+|\*))?"
    r"(?:\\(?:microsoft|currentcontrolset|control|services|classes|windows|windows nt|currentversion|policies|\*))*"
)


def write_registry(
    key: str, name: str, data: str, notes: EffectNotes, span: Span, *, deletes: bool = False, tree: bool = True,
) -> None:  # fmt: skip
    """Note that a registry key or one value of it is written or deleted.

    Args:
        key: in any of its spellings.
        name: of the value, "" for the key itself.
        data: what is written, "" where the text does not say.
        notes: where effects go.
        span: what shows it.
        deletes: whether it is deleted.
        tree: whether, with the key, all below it goes.
    """
    plain = normal(key)
    whole = f"{key}\\{name}" if name else key
    notes.add(_K.WRITE_CONFIG, whole, span)
    if deletes:
        notes.add(_K.DELETE, whole, span)
        if not name and tree:
            certain = place_of(key) is WindowsPlace.UNKNOWN or _HIVE.fullmatch(plain)
            notes.add(_K.DATA_LOSS, whole, span, _C.CERTAIN if certain else _C.LIKELY)
            if _HIVE.fullmatch(plain) and not plain.startswith(("hkcu", "hkey_current_user")):
                notes.add(_K.BOOT, whole, span, _C.LIKELY)
                notes.add(_K.LOCKOUT, whole, span, _C.LIKELY)
    text = f"{plain}\\{name.lower()}"
    opens_desktop = "fdenytsconnections" in text and data.strip() in ("0", "0x0")
    if opens_desktop:
        notes.add(_K.SECURITY_WEAKEN, whole, span, _C.POSSIBLE)
        return
    for pattern, means in _KEY_PATTERNS:
        if pattern.search(text):
            for kind, certainty in means:
                notes.add(kind, whole, span, certainty)
