"""Whether a command can cut our own way to a target, and why, in sentences.

The reading of a command says what may cut anybody off. What is known of our session makes that exact: it names the
account, address, port and interface that we use, finds what only hurts us, and lets go what is plainly of others. Where
nothing is known of the session, whatever may cut anybody off cuts us off. A grade is never made milder here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from opsterm.monitoring.session_path import SessionPath
from opsterm.policy.effects import Effect, EffectKind, Span
from opsterm.policy.flow import FlowMatch
from opsterm.policy.flow_rules import match_of_filter
from opsterm.policy.invocation import Invocation
from opsterm.policy.understanding import Understanding
from opsterm.policy.way_words import KINDS_TOLD, Topic, topic_of

CONFIRMED_CHANGE = "confirmed change"
"""The guard that a command needs which can cut us off: it undoes itself unless a new log-in succeeds."""

ONLY_GUARDED = "It runs only with a guard that takes it back, or with a reason for none."

MOST_SAID = 5
"""Reasons that are shown."""

MOST_TOLD_APART = 32
"""Effects that are looked at one by one; where there are more, none is let go as one of others."""

_K = EffectKind
_NOBODY = SessionPath()
_RESTARTS = frozenset({_K.SERVICE_RESTART, _K.SERVICE_START})
_HOME_EFFECTS = frozenset({_K.DELETE, _K.PERM, _K.OWNER, _K.TRUNCATE, _K.DATA_LOSS})
_ONE_ACCOUNT = frozenset({"userdel", "usermod", "passwd", "chage", "deluser", "chsh"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockout:
    """What a command may do to our way.

    Attributes:
        cuts: whether it can cut us off.
        reasons: whole sentences why, each once; () when it cannot.
        guard: CONFIRMED_CHANGE when it needs one, else "".
        spared: a sentence when its words are about the way of others only, else "".
        told: effects that the reasons tell, so that nobody need be told them again.
    """

    cuts: bool
    reasons: tuple[str, ...] = ()
    guard: str = ""
    spared: str = ""
    told: frozenset[Effect] = frozenset()


NO_LOCKOUT = Lockout(cuts=False)
"""Of what nobody has looked at."""


def lockout_of(understood: Understanding, ways: Sequence[SessionPath] = ()) -> Lockout:
    """Say whether a command can cut us off. Never raises.

    Args:
        understood: the command.
        ways: how our sessions reach the targets; () when not known, then nothing is let go.
    """
    reasons: dict[str, None] = {}
    every = [effect for effect in understood.effects if effect.kind is _K.LOCKOUT]
    cutting = [(effect, _command_of(effect, understood.commands)) for effect in every[:MOST_TOLD_APART]]
    at = _effects_at(understood.effects)
    told: set[Effect] = set()
    topics = [(one, topic_of(None, one)) for one in understood.commands if one.words and not one.where]
    for way in ways or (_NOBODY,):
        for effect, command in cutting:
            all_cut = not ways or understood.opaque or len(every) > len(cutting)
            if all_cut or not _is_of_others(effect, command, way):
                same = {one.kind for one in at[effect.span]}
                reasons.setdefault(_sentence(effect, command, way, same), None)
                told.update(_told_with(effect, command, at[effect.span]))
        for said in _only_ours(understood, topics, way):
            reasons.setdefault(said, None)
    if reasons:
        return Lockout(cuts=True, reasons=tuple(reasons), guard=CONFIRMED_CHANGE, told=frozenset(told))
    spared = f"By its words it does not touch our own way in: {way_text(ways[0])}." if cutting and ways else ""
    return Lockout(cuts=False, spared=spared)


def lockout_lines(found: Lockout) -> tuple[str, ...]:
    """Return what is said of a lockout, a line each; never empty."""
    if not found.cuts:
        return (f"no. {found.spared}" if found.spared else "no",)
    more = len(found.reasons) - MOST_SAID
    left_out = [f"And {more} more way{'s' * (more > 1)} in which it can."] if more > 0 else []
    return ("yes: it can cut our way to the target", *found.reasons[:MOST_SAID], *left_out)


def way_text(way: SessionPath) -> str:
    """Return our way in few words, as in "ops from 198.18.1.1 to port 22 by eth0"; "not known" when nothing is."""
    parts = [
        way.user, f"from {way.client}" if way.client else "", f"to port {way.port}" if way.port else "",
        f"by {way.interface}" if way.interface else "",
    ]  # fmt: skip
    return " ".join(part for part in parts if part) or "not known"


def _command_of(effect: Effect, commands: Sequence[Invocation]) -> Invocation | None:
    """Return the innermost command that shows an effect: a redirection stands behind its command."""
    inside = [
        one for one in commands if one.span.start <= effect.span.start and effect.span.end <= one.span.end and one.words
    ]
    return min(inside, key=lambda one: (one.span.end - one.span.start, -len(one.via)), default=None)


def _is_of_others(effect: Effect, command: Invocation | None, way: SessionPath) -> bool:
    """Return whether an effect is plainly on the way of others: another account, or a rule that leaves us out."""
    keys = _home_of_keys(effect.object)
    if keys and way.home and way.user:
        return keys not in (way.home, "/root")
    if command is None or command.where:
        return False
    name = command.words[0].rpartition("/")[2]
    if name in _ONE_ACCOUNT and way.user:
        plain = effect.object.replace("-", "").replace("_", "").isalnum() and effect.object.islower()
        return plain and effect.object not in (way.user, "root", "passwords")
    return match_of_filter(command.words, way) is FlowMatch.OTHERS


def _home_of_keys(path: str) -> str:
    """Return the home folder whose authorized_keys a path names, "" for any other path."""
    home, found, _ = path.partition("/.ssh/")
    return home if found and home.startswith("/") and not set("*?[$\x00") & set(path) and ".." not in path else ""


def _effects_at(effects: Iterable[Effect]) -> Mapping[Span, list[Effect]]:
    """Return place -> what happens there."""
    found: dict[Span, list[Effect]] = {}
    for effect in effects:
        found.setdefault(effect.span, []).append(effect)
    return found


def _told_with(effect: Effect, command: Invocation | None, at_its_place: Iterable[Effect]) -> Iterator[Effect]:
    """Yield the effects that the sentence about a cutting one tells: itself, and what does the cutting."""
    topic = topic_of(effect, command)
    for one in at_its_place:
        same = one.object == effect.object or topic in (Topic.NETWORK, Topic.FIREWALL)
        if one == effect or (same and one.kind in KINDS_TOLD.get(topic, ())):
            yield one


def _sentence(effect: Effect, command: Invocation | None, way: SessionPath, same: Set[EffectKind]) -> str:
    """Return why an effect can cut us off; `same` is what happens at its place."""
    what = " ".join(effect.object.split())[:80]
    place = f" ({command.where})" if command is not None and command.where else ""
    match topic_of(effect, command):
        case Topic.SERVICE if same & _RESTARTS and _K.SERVICE_STOP not in same:
            said = f"It restarts {what}: with a fault in its configuration it does not come back, and we come in by it"
        case Topic.SERVICE:
            said = f"It stops {what or 'a service'}, by which we come in"
        case Topic.FIREWALL:
            said = _firewall(command, way)
        case Topic.NETWORK:
            said = _network(what, command, way)
        case Topic.ACCOUNT:
            said = _account(what, way)
        case Topic.PROCESS:
            said = f"It kills {what or 'processes'}, on which our own session may hang"
        case Topic.DISK:
            said = f"It can fill the disk below {what or '/'}: on a full one a log-in can fail"
        case Topic.PACKAGE:
            said = f"It changes the package {what or '?'}, which we come in by"
        case Topic.POWER:
            said = "The host goes down and does not come back by itself"
        case Topic.KEYS:
            said = f"{what} holds the keys by which we may be let in"
        case Topic.LOGIN_FILE:
            said = f"{what} decides who is let in and how"
        case _:
            said = f"It can cut the way to the target: {what or 'by what it does there'}"
    return f"{said}{place}."


def _firewall(command: Invocation | None, way: SessionPath) -> str:
    words = command.words if command is not None else ()
    ours = f"our own line ({way_text(way)})" if way.client or way.port else "our own line"
    if any(word in ("-P", "--policy", "default") for word in words):
        return f"It sets what becomes of everything that no rule lets in, and with that of {ours}"
    if any(word in ("-F", "--flush", "flush", "reset") for word in words):
        return f"It takes the rules away that let in {ours}; what is left may drop it"
    if words and match_of_filter(words, way) is FlowMatch.OURS:
        return f"Its rule is about {ours}"
    return f"It changes the packet filter that lets in {ours}"


def _network(what: str, command: Invocation | None, way: SessionPath) -> str:
    words = " ".join(command.words).split() if command is not None else what.split()
    hit = next((name for name in (way.interface, *way.carriers) if name and name in words), "")
    if hit:
        carried = "" if hit == way.interface else f", on which {way.interface} stands"
        return f"It changes {hit}{carried}, by which we came in"
    if way.server and any(word.partition("/")[0] == way.server for word in words):
        return f"It changes {way.server}, the address that we are connected to"
    if "default" in words or (way.gateway and way.gateway in words):
        back = f" to {way.client}" if way.client else ""
        return f"It changes the route by which the target answers{back}"
    came = f", and we came in by {way.interface}" if way.interface else ", by which we came in"
    return f"It changes the network{f' ({what})' if what else ''}{came}"


def _account(what: str, way: SessionPath) -> str:
    if way.user and what == way.user:
        return f"{what} is the account that we log in with"
    if what and what in way.groups:
        return f"The account that we log in with, {way.user}, is in the group {what}"
    return f"It changes who may log in{f': {what}' if what else ''}"


def _only_ours(
    understood: Understanding, topics: Iterable[tuple[Invocation, Topic]], way: SessionPath
) -> Iterator[str]:
    """Yield what cuts off nobody in general, but us: our account, our processes, our home, our interface."""
    for command, topic in topics:
        yield from _of_command(command, topic, way)
    for effect in understood.effects:
        if effect.kind in _HOME_EFFECTS and way.home not in ("", "/") and _holds(effect.object, way.home):
            yield f"It changes {way.home}, the home of the account that we log in with: its keys are in it."


def _of_command(command: Invocation, topic: Topic, way: SessionPath) -> Iterator[str]:
    words = command.words[1:]
    reads = any(word in ("show", "list", "status", "-l", "--list", "-S", "-L") for word in words)
    if topic is Topic.ACCOUNT and way.user and way.user in words and not reads:
        yield f"{_account(way.user, way)}."
    if topic is Topic.PROCESS:
        for word in words:
            if word.lstrip("-").isascii() and word.lstrip("-").isdigit() and int(word.lstrip("-")) in way.processes:
                yield f"Our own session hangs on the process {word.lstrip('-')}."
    if topic is Topic.NETWORK and not reads and len(words) > 1 and way.interface in words and way.interface:
        yield f"{_network('', command, way)}."


def _holds(path: str, home: str) -> bool:
    """Return whether a path is a folder that holds a home, the home itself, or all that is in one of these."""
    plain = path.removesuffix("/…").removesuffix("/*").rstrip("/")
    return plain in (home, "~") or bool(plain.startswith("/") and home.startswith(plain + "/"))
