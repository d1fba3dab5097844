"""Putting back what a change has changed, as text: what an approval of it binds, and what is said about its risk.

The text is the command of an order whose shell is `RESTORE`. No interpreter reads it: opsterm makes of it the one text
that puts these things back, and the digest of that text's own part is in it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from opsterm.core.errors import BadInput
from opsterm.policy.effects import Certainty, Effect, EffectKind, Span
from opsterm.policy.order import RESTORE
from opsterm.policy.way_back import Thing, ThingKind

_EFFECTS = {
    ThingKind.PACKAGES: EffectKind.PACKAGE_UPGRADE, ThingKind.MOVED: EffectKind.WRITE_FILE,
    ThingKind.FILES: EffectKind.WRITE_CONFIG,
    ThingKind.RIGHTS: EffectKind.PERM, ThingKind.CRONTAB: EffectKind.SCHEDULE,
    ThingKind.SYSCTL: EffectKind.KERNEL_PARAM, ThingKind.MODULE: EffectKind.KERNEL_MODULE,
    ThingKind.HOSTNAME: EffectKind.NETWORK, ThingKind.NETWORK: EffectKind.NETWORK,
    ThingKind.FIREWALL: EffectKind.NETWORK, ThingKind.UNIT: EffectKind.SERVICE_RESTART,
    ThingKind.PYTHON: EffectKind.PACKAGE_UPGRADE, ThingKind.AGAIN: EffectKind.SERVICE_RESTART,
    ThingKind.SELINUX: EffectKind.SECURITY_WEAKEN, ThingKind.MOUNTS: EffectKind.WRITE_CONFIG,
    ThingKind.SWAP: EffectKind.KERNEL_PARAM, ThingKind.CONNECTIONS: EffectKind.NETWORK,
    ThingKind.QUEUE: EffectKind.NETWORK, ThingKind.OFFLOAD: EffectKind.NETWORK, ThingKind.ZONES: EffectKind.NETWORK,
    ThingKind.TREE: EffectKind.WRITE_CONFIG, ThingKind.REGISTRY: EffectKind.WRITE_CONFIG,
    ThingKind.TASK: EffectKind.SCHEDULE, ThingKind.RULES: EffectKind.NETWORK,
    ThingKind.TIME_ZONE: EffectKind.WRITE_CONFIG, ThingKind.POWER_PLAN: EffectKind.WRITE_CONFIG,
    ThingKind.SERVICE: EffectKind.SERVICE_RESTART, ThingKind.CONTAINER: EffectKind.SERVICE_RESTART,
    ThingKind.PRIORITY: EffectKind.KERNEL_PARAM,
}  # fmt: skip
POINT = re.compile(r"[cr][1-9][0-9]{0,11}-[0-9a-f]{12}")
"""Name of a recovery point on a target: of a change, or of a point on the jump host."""

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A copy on the jump host from which is put back.

    Attributes:
        target: for which target.
        point: name of the recovery point, as in "r3".
        digest: sha256 of its written form.
    """

    target: str
    point: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """What is put back. Make it with `parse_restoring`, which checks it, or from a change.

    Attributes:
        change: number of the change that is taken back; 0 when it is a recovery point that is put back.
        point: name of the recovery point on each target.
        keeper: sha256 of the shell texts that put back.
        insist: whether what somebody else has changed since is put back, too.
        things: in the order in which they are put back.
        stored: copies that are sent to targets that have not got the point themselves.
    """

    change: int
    point: str
    keeper: str
    insist: bool
    things: tuple[Thing, ...]
    stored: tuple[Stored, ...] = ()

    def text(self) -> str:
        """Return the one text for it: the word restore and a line of JSON in ASCII."""
        body: dict[str, object] = {
            "change": self.change, "insist": self.insist, "keeper": self.keeper, "point": self.point,
            "things": [[thing.kind, thing.option, thing.name] for thing in self.things],
        }  # fmt: skip
        if self.stored:
            body["stored"] = [[one.target, one.point, one.digest] for one in self.stored]
        return f"{RESTORE} {json.dumps(body, sort_keys=True)}"

    @property
    def name(self) -> str:
        """What is put back, as it is shown: "c18" for what a change has changed, "r3" for a recovery point."""
        return f"c{self.change}" if self.change else self.point.partition("-")[0]

    @property
    def paths(self) -> tuple[str, ...]:
        """Places whose files it writes."""
        kinds = (ThingKind.MOVED, ThingKind.FILES, ThingKind.RIGHTS, ThingKind.TREE)
        return tuple(str(thing).partition(" ")[2] for thing in self.things if thing.kind in kinds)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What it does, in the words that rules are about."""
        span = Span(start=0, end=0)
        return tuple(
            Effect(
                kind=_EFFECTS[thing.kind], object=thing.name.removeprefix("-"), certainty=Certainty.CERTAIN, span=span
            )
            for thing in self.things
        )


def parse_restoring(text: str) -> Restoring:
    """Return what a text describes.

    Raises:
        BadInput: it is not the one text that `Restoring.text` gives for what it says.
    """
    wrong = BadInput("This is no description of what is put back.", next_step="`opsterm rollback CHANGE` makes one.")
    word, _, written = text.partition(" ")
    try:
        body = json.loads(written) if word == RESTORE else {}
        found = Restoring(
            change=int(body["change"]), point=str(body["point"]), keeper=str(body["keeper"]),
            insist=bool(body["insist"]),
            things=tuple(
                Thing(kind=ThingKind(kind), option=str(option), name=str(name)) for kind, option, name in body["things"]
            ),
            stored=tuple(
                Stored(target=str(target), point=str(point), digest=str(digest))
                for target, point, digest in body.get("stored", ())
            ),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise wrong from error
    sound = POINT.fullmatch(found.point) and _SHA256.fullmatch(found.keeper) and found.things
    if not sound or found.text() != text:
        raise wrong
    return found


_WEIGHTY = {
    ThingKind.FIREWALL: "It replaces all rules of the packet filter by those of before.",
    ThingKind.NETWORK: "It sets links, addresses and routes as they were.",
    ThingKind.ZONES: "It lets in what the zones of firewalld let in before.",
    ThingKind.CONNECTIONS: "It sets the profiles of NetworkManager as they were, and takes them up again.",
    ThingKind.SELINUX: "It sets SELinux as it was.",
    ThingKind.RULES: "It replaces all rules of the firewall by those of before.",
    ThingKind.MOUNTS: "It mounts and unmounts until everything is mounted as it was.",
    ThingKind.PACKAGES: "It installs and removes packages until they are as they were.",
}
_ACCOUNTS = re.compile(r"/etc/(?:passwd|shadow|group|gshadow|sudoers|ssh|pam\.d)\b.*")


def restore_reasons(text: str) -> tuple[tuple[str, ...], bool]:
    """Return why putting back is a risk, and whether that is a high one. Never raises."""
    try:
        restoring = parse_restoring(text)
    except BadInput as error:
        return (error.what,), True
    kinds = [_WEIGHTY[thing.kind] for thing in restoring.things if thing.kind in _WEIGHTY]
    if any(thing.kind is ThingKind.FILES and _ACCOUNTS.fullmatch(thing.name) for thing in restoring.things):
        kinds.append("It puts back files that decide who may log in.")
    insists = ["What somebody else has changed since is lost."] if restoring.insist else []
    said = f"It puts back what {restoring.name} has changed, and proves that it is as it was."
    if not restoring.change:
        said = (
            f"It puts back what {restoring.name} holds, and proves that it is so; what is there now is kept beforehand."
        )
        insists = []
    return (*insists, *dict.fromkeys(kinds), said), bool(kinds or insists)
