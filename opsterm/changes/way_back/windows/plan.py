"""From what a text for Windows would do to the way back from it. Exact is not said there: no equality was ever seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opsterm.changes.way_back.call import Gap
from opsterm.changes.way_back.opposites.windows import opposite_of
from opsterm.changes.way_back.windows.places import is_key, key_named, place_named
from opsterm.policy.effects import Effect, EffectKind
from opsterm.policy.invocation import Invocation
from opsterm.policy.preview.paths import NotKnown
from opsterm.policy.understanding import Understanding
from opsterm.policy.way_back import Coverage, Thing, ThingKind, WayBack, in_order

_K = EffectKind
_HARMLESS = frozenset({_K.READ, _K.READ_SECRET})
_FILES = frozenset({_K.WRITE_FILE, _K.WRITE_CONFIG, _K.DELETE, _K.TRUNCATE, _K.PERM, _K.OWNER, _K.LOG_LOSS})
_ON_FILES = frozenset({
    "set-content", "add-content", "clear-content", "out-file", "tee-object", "new-item", "remove-item", "rename-item",
    "move-item", "copy-item", "set-item", "set-acl", "icacls", "takeown", "attrib", "del", "erase", "rd", "rmdir",
    "copy", "move", "ren", "md", "mkdir", "echo", "type", "set-itemproperty", "new-itemproperty",
    "remove-itemproperty", "rename-itemproperty", "clear-itemproperty", "clear-item", "reg", "mklink", "fc",
    "expand-archive",
})  # fmt: skip
_SERVICES = frozenset({"start-service", "stop-service", "restart-service", "set-service", "suspend-service",
                       "resume-service"})  # fmt: skip
_ABOUT_SERVICES = frozenset({_K.SERVICE_ENABLE, _K.SERVICE_START, _K.SERVICE_STOP, _K.SERVICE_RESTART})
_RULES = frozenset({
    "new-netfirewallrule", "set-netfirewallrule", "remove-netfirewallrule", "enable-netfirewallrule",
    "disable-netfirewallrule", "set-netfirewallprofile", "rename-netfirewallrule", "copy-netfirewallrule",
})  # fmt: skip
_TASKS = frozenset({
    "register-scheduledtask", "unregister-scheduledtask", "set-scheduledtask", "enable-scheduledtask",
    "disable-scheduledtask",
})  # fmt: skip
_TASK_PASSWORD = Gap("A password that is stored with a task is not kept.")
_KEY_RIGHTS = Gap("Rights of a key that is removed are not kept.")
_MEMORY = "What {0} held in memory is lost."


def way_back_on_windows(understood: Understanding) -> WayBack:
    """Return how a text for Windows is taken back: inverse at most.

    Args:
        understood: the text.
    """
    effects = [effect for effect in understood.effects if effect.kind not in _HARMLESS]
    if not effects and not understood.opaque:
        return WayBack(coverage=Coverage.NOTHING)
    gaps = [f"What it does is not known: {sentence}" for sentence in understood.opaque]
    things: list[Thing] = []
    opposites: list[str] = []
    seen: list[Effect] = []
    whole = not understood.opaque
    for command in understood.commands:
        own = [effect for effect in effects if _is_within(effect, command)]
        seen += own
        if not own:
            continue
        try:
            _require_here(command, understood.commands)
            found = list(_ways(command, own))
            kept = [one for one in found if isinstance(one, Thing)]
            missing = [one for one in found if isinstance(one, Gap)]
            things += kept
            gaps += [one.sentence for one in missing]
            opposites += [one.opposite for one in missing if one.opposite]
            whole = whole and bool(kept)
        except NotKnown as error:
            whole = False
            gaps.append(f"`{' '.join(command.words)[:60]}` is not taken back: {error}.")
    for effect in effects:
        if effect not in seen:
            try:
                things.append(_redirected(effect))
            except NotKnown as error:
                whole = False
                gaps.append(f"What changes {effect.object or 'something'} there is not taken back: {error}.")
    coverage = Coverage.NONE if not things else Coverage.PARTIAL if gaps else Coverage.INVERSE
    return WayBack(
        coverage=coverage, things=in_order(things), opposite="; ".join(reversed(opposites)), whole=whole,
        gaps=tuple(dict.fromkeys(gaps or (["Nothing is known that would take it back."] if not things else []))),
    )  # fmt: skip


def _is_within(effect: Effect, command: Invocation) -> bool:
    return effect.span.start < command.span.end and command.span.start < effect.span.end


def _redirected(effect: Effect) -> Thing:
    """Return the file that something is written to without a command that does it. Raises NotKnown."""
    if effect.kind not in _FILES:
        raise NotKnown("no command does it")
    return Thing(kind=ThingKind.TREE, name=place_named(effect.object))


def _require_here(command: Invocation, commands: Sequence[Invocation]) -> None:
    """Raise NotKnown when a command stands inside another one that may run it elsewhere or more than once."""
    for outer in commands:
        inside = outer is not command and outer.span.start <= command.span.start and command.span.end <= outer.span.end
        if inside and outer.span != command.span:
            raise NotKnown(f"it runs by {outer.words[0] if outer.words else 'another command'}")


def _ways(command: Invocation, effects: Sequence[Effect]) -> Iterator[Thing | Gap]:
    """Return what has to be kept for a command. Raises NotKnown."""
    name = command.words[0].lower().removesuffix(".exe").rpartition("\\")[2]
    if command.where or command.via:
        raise NotKnown(f"it runs by {command.where or command.via[0]}")
    if name in _ON_FILES:
        yield from _written(command, effects)
    elif name in _SERVICES or (name in ("sc", "net") and _ABOUT_SERVICES & {effect.kind for effect in effects}):
        yield from _services(command, effects)
    elif name in _RULES or (name == "netsh" and "advfirewall" in command.words):
        yield Thing(kind=ThingKind.RULES)
    elif name in _TASKS or name == "schtasks":
        yield _task(command)
        yield _TASK_PASSWORD
    elif name in ("set-timezone", "tzutil"):
        yield Thing(kind=ThingKind.TIME_ZONE)
    elif name == "powercfg" and {word.lower() for word in command.words} & {"/setactive", "-setactive", "/s", "-s"}:
        yield Thing(kind=ThingKind.POWER_PLAN)
    elif name in ("set-executionpolicy", "setx"):
        yield from _by_registry(name, command)
    else:
        known = opposite_of(command)
        if known is None:
            raise NotKnown(f"no way back from {name} is known")
        yield Gap(known.sentence, known.command)


def _written(command: Invocation, effects: Sequence[Effect]) -> Iterator[Thing | Gap]:
    """Keep what is written: keys of the registry, one value of a key where one is named, or files."""
    name = command.words[0].lower().removesuffix(".exe")
    by_value = name.endswith("itemproperty") or (name == "reg" and "/v" in [word.lower() for word in command.words])
    if name == "reg" and command.words[1:2] and command.words[1].lower() not in ("add", "delete"):
        raise NotKnown("which keys it writes stands in a file")
    found = False
    for effect in effects:
        if effect.kind not in _FILES:
            continue
        found = True
        if is_key(effect.object):
            last = effect.object.rpartition("\\")[2]
            whole = not by_value or last.lower() not in {word.lower() for word in command.words}
            yield key_named(effect.object, whole=whole)
            if whole and effect.kind is _K.DELETE:
                yield _KEY_RIGHTS
        else:
            yield Thing(kind=ThingKind.TREE, name=place_named(effect.object))
    if not found:
        raise NotKnown("what it writes is not said")


def _services(command: Invocation, effects: Sequence[Effect]) -> Iterator[Thing | Gap]:
    words = [word.lower() for word in command.words]
    if any(word.startswith(("binpath", "-binarypathname", "obj", "-credential", "password")) for word in words):
        raise NotKnown("the program and the account of a service are not kept")
    names = dict.fromkeys(effect.object for effect in effects)
    for name in names:
        if not name or set(name) & set("*?[\x00"):
            raise NotKnown("which services it is about is known only when it runs")
        yield Thing(kind=ThingKind.SERVICE, name=name)
        if words[0] != "set-service" and any(
            effect.kind in (_K.SERVICE_STOP, _K.SERVICE_RESTART) for effect in effects
        ):
            yield Gap(_MEMORY.format(name))


def _task(command: Invocation) -> Thing:
    given = {word.lower().rstrip(":"): value for word, value in zip(command.words, command.words[1:], strict=False)}
    if command.words[0].lower().startswith("schtasks"):
        name, path = given.get("/tn", ""), ""
    else:
        first = command.words[1] if len(command.words) > 1 and not command.words[1].startswith("-") else ""
        name, path = given.get("-taskname", first), given.get("-taskpath", "\\")
    full = name if name.startswith("\\") else f"{path.rstrip(chr(92))}\\{name}"
    if not name or set(full) & set("*?[\x00"):
        raise NotKnown("which task it is about is not said")
    return Thing(kind=ThingKind.TASK, name=full if full.startswith("\\") else f"\\{full}")


_POLICY = r"HKLM:\SOFTWARE\Microsoft\PowerShell\1\ShellIds\Microsoft.PowerShell"
_ENVIRONMENT = r"HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"


def _by_registry(name: str, command: Invocation) -> Iterator[Thing | Gap]:
    """Keep what is set for the whole machine; the key of the one who logs in is another account's as well."""
    words = [word.lower() for word in command.words]
    if name == "setx":
        if "/m" not in words or len(words) < 3:
            raise NotKnown("only variables of the machine (/M) are kept")
        named = [word for word in command.words[1:] if not word.startswith("/")]
        yield Thing(kind=ThingKind.REGISTRY, name=_ENVIRONMENT, option=f"={named[0]}")
    elif "-scope" in words and "localmachine" not in words:
        raise NotKnown("only the policy of the machine is kept")
    else:
        yield Thing(kind=ThingKind.REGISTRY, name=_POLICY, option="=ExecutionPolicy")
