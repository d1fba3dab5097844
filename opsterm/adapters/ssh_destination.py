"""One SSH destination with every option typed: what the connection is made from."""

from __future__ import annotations

import functools
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from opsterm.adapters.ssh_config import Values
from opsterm.adapters.ssh_config_lines import matches, parse_span
from opsterm.core import lean_re as re
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.runtime.secret_places import SecretPlace

ALIVE_INTERVAL_S = 15
"""Seconds between two signs of life when ssh_config says none: a dead line is seen within a minute."""

DEFAULT_IDENTITIES = ("id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk")
_ALGORITHMS = (
    "kexalgorithms",
    "ciphers",
    "macs",
    "hostkeyalgorithms",
    "casignaturealgorithms",
    "pubkeyacceptedalgorithms",
)
_FOR_ALL = Path("/etc/ssh")
_YES, _NO = ("yes", "true"), ("no", "false")
_OBEYED = re.compile(r"""[\x00-\x20\x7f-\x9f'"`$\\;&<>|(){},*?!#]|[\ud800-\udfff]""")
_PORTED = re.compile(r"\[?([^\[\]]+?)\]?:(\d{1,5})")


class StrictHostKeys(StrEnum):
    """StrictHostKeyChecking. A changed key is refused under every one of them."""

    YES = "yes"
    ASK = "ask"
    ACCEPT_NEW = "accept-new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a connection goes and how, after ssh_config.

    Attributes:
        name: target name, as credentials and messages use it.
        secrets_for: the place that a password must have been kept for.
        hostname: what is looked up and connected to.
        port: TCP port.
        user: log-in name.
        family: of `socket`, AF_UNSPEC for any.
        bind_address: local address, "" for any.
        connect_timeout_s: from ssh_config, None when it says none.
        alive_interval_s: seconds between signs of life, 0 for none.
        alive_count: unanswered ones after which the line counts as lost.
        proxy_jump: jump hosts from here to there, as written.
        proxy_command: for /bin/sh, tokens expanded; "" for none.
        key_name: the name known_hosts has it under: HostKeyAlias or the host name, lower case.
        key_aliased: whether that is a HostKeyAlias (then the port is no part of it).
        strict: what to do about an unknown key.
        user_known_hosts: files; the first is added to.
        global_known_hosts: files, never written.
        revoked_host_keys: file, None for none.
        hash_known_hosts: whether an added name is hashed.
        least_rsa_bits: shorter RSA keys are refused, the host's and ours.
        identity_files: private keys in order, as paths.
        identities_named: whether ssh_config names them; default ones may be absent.
        certificate_files: certificates in order.
        identities_only: offer no other key of the agent.
        agent: socket of the agent, "" for none.
        methods: allowed ways to log in, in order: publickey, keyboard-interactive, password.
        algorithms: "KexAlgorithms", "Ciphers", "MACs", "HostKeyAlgorithms", "CASignatureAlgorithms",
            "PubkeyAcceptedAlgorithms" (lower case) -> list as written, for those that are set.
        compression: whether it is asked for.
        environment: variables sent along (SendEnv, SetEnv).
    """

    name: str
    secrets_for: SecretPlace
    hostname: str
    port: int
    user: str
    family: int
    bind_address: str
    connect_timeout_s: int | None
    alive_interval_s: int
    alive_count: int
    proxy_jump: tuple[str, ...]
    proxy_command: str
    key_name: str
    key_aliased: bool
    strict: StrictHostKeys
    user_known_hosts: tuple[Path, ...]
    global_known_hosts: tuple[Path, ...]
    revoked_host_keys: Path | None
    hash_known_hosts: bool
    least_rsa_bits: int
    identity_files: tuple[Path, ...]
    identities_named: bool
    certificate_files: tuple[Path, ...]
    identities_only: bool
    agent: str
    methods: tuple[str, ...]
    algorithms: Mapping[str, str]
    compression: bool
    environment: Mapping[str, str]

    @property
    def known_name(self) -> str:
        """The name as known_hosts writes it: "web-1", or "[web-1]:2222" for another port than 22."""
        return self.key_name if self.key_aliased or self.port == 22 else f"[{self.key_name}]:{self.port}"

    @property
    def place(self) -> str:
        """For messages: "web-1" or "web-1 (10.0.0.7 port 2222)", cleaned."""
        port = "" if self.port == 22 else f" port {self.port}"
        host = clean_line(self.hostname, limit=255)
        name = clean_line(self.name, limit=255)
        return f"{name}{port}" if name == host else f"{name} ({host}{port})"


def split_port(text: str) -> tuple[str, int]:
    """Split "web-1:2222" or "[2001:db8::1]:22" into name and port; the port is 0 when there is none.

    An IPv6 address without brackets has no port.
    """
    match = _PORTED.fullmatch(text)
    if match and (text.startswith("[") or ":" not in match[1]) and 0 < int(match[2]) < 65536:
        return match[1], int(match[2])
    return text.strip("[]"), 0


def check_destination(host: str, user: str) -> None:
    """See that a host and a user are only that: both reach ProxyCommand and `Match exec`, which a shell reads.

    Raises:
        BadInput: one of them begins with "-" or holds a blank, a control or a character that a shell obeys.
    """
    for what, text in (("host name", host), ("user name", user)):
        if text.startswith("-") or _OBEYED.search(text) or (what == "host name" and not text):
            raise BadInput(
                f"{clean_line(text, limit=80)!r} cannot be a {what}.",
                why="It begins with - or holds a character that a shell would obey.",
                next_step="Mend the target's address or user, or the line of ssh_config that says it.",
            )


def build_destination(values: Values, *, name: str, secrets_for: SecretPlace, known_hosts: Path | None) -> Destination:
    """Type every option; see `Destination`.

    Args:
        values: what ssh_config says.
        name: target name.
        secrets_for: see `Destination`.
        known_hosts: the operator's file where it was set in opsterm itself: it then goes before ssh_config.

    Raises:
        BadInput: a value cannot be used, or asks for a safety that is not to be had here.
    """
    check_destination(values.hostname, values.first("user") or "")
    _refuse_what_cannot_be_kept(values)
    alias = values.first("hostkeyalias")
    identities = values.words.get("identityfile", ())
    return Destination(
        name=name,
        secrets_for=secrets_for,
        hostname=values.hostname,
        port=_number(values, "port", 22, 65535),
        user=values.first("user") or values.tokens["u"],
        family={"inet": socket.AF_INET, "inet6": socket.AF_INET6}.get(
            (values.first("addressfamily") or "any").lower(), socket.AF_UNSPEC
        ),
        bind_address=values.first("bindaddress") or "",
        connect_timeout_s=_span(values, "connecttimeout", 0) or None,
        alive_interval_s=_span(values, "serveraliveinterval", ALIVE_INTERVAL_S),
        alive_count=_number(values, "serveralivecountmax", 3, 1000),
        proxy_jump=_jumps(values),
        proxy_command=_proxy_command(values),
        key_name=(alias or values.hostname).lower(),
        key_aliased=alias is not None,
        strict=_strict(values),
        user_known_hosts=(known_hosts,) if known_hosts else _files(
            values, "userknownhostsfile", values.home / ".ssh", "known_hosts", "known_hosts2"),
        global_known_hosts=_files(
            values, "globalknownhostsfile", _FOR_ALL, "ssh_known_hosts", "ssh_known_hosts2"),
        revoked_host_keys=next(iter(_files(values, "revokedhostkeys")), None),
        hash_known_hosts=_flag(values, "hashknownhosts", default=False),
        least_rsa_bits=_number(values, "requiredrsasize", 1024, 65536),
        identity_files=_files(values, "identityfile", values.home / ".ssh", *DEFAULT_IDENTITIES),
        identities_named=bool(identities),
        certificate_files=_files(values, "certificatefile"),
        identities_only=_flag(values, "identitiesonly", default=False),
        agent=_agent(values),
        methods=_methods(values),
        algorithms={k: v for k in _ALGORITHMS if (v := values.first(k)) is not None},
        compression=_flag(values, "compression", default=False),
        environment=_environment(values),
    )  # fmt: skip


def _jumps(values: Values) -> tuple[str, ...]:
    word = values.first("proxyjump") or "none"
    if word.lower() == "none":
        return ()
    return tuple(hop.strip() for hop in values.expand(word, "proxyjump").split(","))


def _proxy_command(values: Values) -> str:
    word = values.first("proxycommand") or "none"
    return "" if word.lower() == "none" else values.expand(word, "proxycommand")


def _refuse_what_cannot_be_kept(values: Values) -> None:
    """Options that make a connection safer and that cannot be kept here end it: they are not passed over."""
    for keyword, shown in (("knownhostscommand", "KnownHostsCommand"), ("bindinterface", "BindInterface")):
        word = values.first(keyword)
        if word and word.lower() != "none":
            raise BadInput(
                f"{values.where[keyword]}: {shown} is set, and opsterm cannot do it.",
                why="Passing it over could reach the wrong host, or go out through the wrong network.",
                next_step="Use known_hosts files or BindAddress for the targets of opsterm.",
            )


def _fault(values: Values, keyword: str, wanted: str) -> BadInput:
    word = clean_line(values.first(keyword) or "", limit=80)
    return BadInput(f"{values.where[keyword]}: {keyword} must be {wanted}, not {word}.", next_step="Mend the line.")


def _flag(values: Values, keyword: str, *, default: bool) -> bool:
    word = values.first(keyword)
    if word is None:
        return default
    if word.lower() not in _YES + _NO:
        raise _fault(values, keyword, "yes or no")
    return word.lower() in _YES


def _number(values: Values, keyword: str, default: int, highest: int) -> int:
    word = values.first(keyword)
    if word is None:
        return default
    if not word.isascii() or not word.isdigit() or int(word) > highest or (keyword == "port" and int(word) == 0):
        raise _fault(values, keyword, f"a number up to {highest}")
    return int(word)


def _span(values: Values, keyword: str, default: int) -> int:
    word = values.first(keyword)
    if word is None or word.lower() == "none":
        return default
    span = parse_span(word)
    if span is None:
        raise _fault(values, keyword, "a time as in 10 or 1m")
    return span


def _strict(values: Values) -> StrictHostKeys:
    word = (values.first("stricthostkeychecking") or "ask").lower()
    named = {"yes": "yes", "true": "yes", "ask": "ask", "accept-new": "accept-new",
             "no": "accept-new", "false": "accept-new", "off": "accept-new"}  # fmt: skip
    if word not in named:
        raise _fault(values, "stricthostkeychecking", "yes, ask, accept-new, no or off")
    return StrictHostKeys(named[word])


@functools.lru_cache(maxsize=16)
def _in_folder(folder: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    """Return paths; once for all targets."""
    return tuple(folder / name for name in names)


def _files(values: Values, keyword: str, folder: Path = _FOR_ALL, *default: str) -> tuple[Path, ...]:
    """Return the files that an option names; those of a folder where it is not set."""
    words = values.words.get(keyword)
    if words is None:
        return _in_folder(folder, default)
    return tuple(Path(values.path(word, keyword)) for word in words if word.lower() != "none")


def _agent(values: Values) -> str:
    word = values.first("identityagent")
    if word is None or word == "SSH_AUTH_SOCK":
        return values.environment.get("SSH_AUTH_SOCK", "")
    if word.lower() == "none":
        return ""
    if word.startswith("$") and not word.startswith("${"):
        return values.environment.get(word[1:], "")
    return values.path(word, "identityagent")


def _methods(values: Values) -> tuple[str, ...]:
    on = {
        "publickey": (values.first("pubkeyauthentication") or "yes").lower() not in _NO,
        "keyboard-interactive": _flag(values, "kbdinteractiveauthentication", default=True),
        "password": _flag(values, "passwordauthentication", default=True),
    }
    wanted = (values.first("preferredauthentications") or ",".join(on)).split(",")
    return tuple(method for method in wanted if on.get(method.strip(), False))


def _environment(values: Values) -> Mapping[str, str]:
    patterns = [p for word in values.words.get("sendenv", ()) for p in word.split()]
    sent: dict[str, str] = {}
    for pattern in patterns:
        if pattern.startswith("-"):
            sent = {k: v for k, v in sent.items() if not matches(pattern[1:], k)}
        else:
            sent.update({k: v for k, v in values.environment.items() if matches(pattern, k)})
    for word in values.words.get("setenv", ()):
        key, equals, value = word.partition("=")
        if equals:
            sent[key] = value
    return sent
