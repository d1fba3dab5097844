"""Ways back from what is done to containers, virtual machines, clusters and the power of other machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from opsterm.changes.way_back.call import Gap, KnownCall
from opsterm.policy.preview.paths import NotKnown
from opsterm.policy.way_back import Thing, ThingKind

Ways = Callable[[KnownCall], Iterator[Thing | Gap]]

_RUNS = {
    "stop": "What {0} held in memory is lost.", "restart": "What {0} held in memory is lost.",
    "kill": "What {0} held in memory is lost.", "start": "", "pause": "", "unpause": "",
}  # fmt: skip
_GONE = "A container that is removed is not made anew: its settings, its own layer and unnamed volumes are gone."
_VOLUMES = "What was in a volume is not kept; only a copy of it brings it back."
_IMAGE = "Which image a tag stood for is not kept; its digest brings it back while a registry has it."


def _docker(call: KnownCall) -> Iterator[Thing | Gap]:
    """Keep whether containers run; all else has at most an opposite."""
    call.require_known()
    words = call.others("-H --host -c --context --log-level -t --time -s --signal")
    verb, *named = words[1:] if words[:1] == ["container"] else words or [""]
    if call.has("-H", "--host", "-c", "--context"):
        raise NotKnown("it is about another host than this one")
    if verb in _RUNS:
        for name in named:
            yield Thing(kind=ThingKind.CONTAINER, name=f"{call.name} {name}")
            if _RUNS[verb]:
                yield Gap(_RUNS[verb].format(name))
    elif verb in ("run", "create") and call.value("--name"):
        yield Thing(kind=ThingKind.CONTAINER, name=f"{call.name} {call.value('--name')}")
        yield Gap("What it wrote into volumes and folders of the host stays, and so does its image.")
    elif verb == "compose":
        yield from _compose(call)
    else:
        yield from _docker_rest(call.name, verb, named)


def _docker_rest(name: str, verb: str, named: list[str]) -> Iterator[Thing | Gap]:
    """Say what does the opposite of the rest, where there is something."""
    first = named[0] if named else ""
    if verb == "rename" and len(named) == 2:
        yield Gap("A name is not given back by itself.", f"{name} rename {named[1]} {first}")
    elif verb in ("network", "volume") and first == "create" and len(named) > 1:
        yield Gap(f"A {verb} that it makes is not removed by itself.", f"{name} {verb} rm {named[-1]}")
    elif verb == "rm":
        yield Gap(_GONE)
    elif verb in ("volume", "system"):
        yield Gap(_VOLUMES)
    elif verb in ("pull", "tag", "rmi", "image"):
        yield Gap(_IMAGE)
    else:
        raise NotKnown(f"no way back from `{name} {verb}` is known")


def _compose(call: KnownCall) -> Iterator[Thing | Gap]:
    words = list(call.words)
    if "down" in words:
        if call.has("-v", "--volumes"):
            yield Gap(_VOLUMES)
        up = [*words[: words.index("down")], "up", "-d"]
        yield Gap("Containers that it removes are made anew from their file, not brought back.", " ".join(up))
    else:
        yield Gap(
            "Which containers ran from which images is not kept; the file and the images of before bring it back."
        )


def _kubectl(call: KnownCall) -> Iterator[Thing | Gap]:
    """Say what does the opposite; the cluster itself keeps what a deployment was before."""
    call.require_known()
    words = call.others("-n --namespace --context --cluster -f --filename -l --selector -p --patch --type -o --output")
    verb, *named = words or [""]
    before = list(call.words[: call.words.index(verb)]) if verb else []
    opposite, sentence = "", "A cluster is not kept; what its objects were stands in the files that made them."
    if verb in ("cordon", "uncordon", "drain") and named:
        back = "cordon" if verb == "uncordon" else "uncordon"
        opposite, sentence = " ".join([*before, back, named[0]]), "Pods do not move back."
    elif verb == "scale":
        sentence = "How many there were is not kept: look before, and give --inverse with that number."
    elif (
        verb in ("set", "rollout") and named[:1] in (["image"], ["restart"], ["env"], ["resources"]) and len(named) > 1
    ):
        opposite = " ".join([*before, "rollout", "undo", *_object(named[1:])])
        sentence = "Only deployments, daemon sets and stateful sets are taken back so."
    elif verb in ("label", "taint", "annotate") and named and "=" in named[-1]:
        key = named[-1].partition("=")[0] + "-"
        opposite, sentence = " ".join([*before, verb, *named[:-1], key]), "What stood there before is not kept."
    elif verb == "delete":
        sentence = "An object that is deleted is made anew only from its file; what was in its volumes may be gone."
    yield Gap(sentence, opposite)


def _object(named: list[str]) -> list[str]:
    return named[:1] if "/" in named[0] else named[:2]


def _helm(call: KnownCall) -> Iterator[Thing | Gap]:
    words = call.others("-n --namespace -f --values --set --version --kube-context --timeout")
    verb, *named = words or [""]
    release = named[0] if named else ""
    back = {"upgrade": "rollback", "rollback": "rollback", "install": "uninstall"}.get(verb, "")
    space = call.value("-n", "--namespace")
    opposite = " ".join(["helm", back, release, *(["-n", space] if space else [])]) if back and release else ""
    yield Gap("Helm takes back neither its hooks nor what custom resources became.", opposite)


def _virsh(call: KnownCall) -> Iterator[Thing | Gap]:
    words = call.others("-c --connect --mode")
    verb, *named = words or [""]
    back = {
        "start": "shutdown", "shutdown": "start", "destroy": "start", "suspend": "resume", "resume": "suspend",
        "autostart": "autostart --disable", "snapshot-create-as": "snapshot-delete",
    }.get(verb, "")  # fmt: skip
    opposite = f"virsh {back} {' '.join(named)}" if back and named else ""
    if verb == "snapshot-revert":
        yield Gap("What came after the snapshot is lost; take a new one first, and revert to that.")
    elif verb == "undefine":
        yield Gap("A machine that is undefined comes back only from its definition; save `virsh dumpxml` first.")
    else:
        yield Gap("What a machine held in memory does not come back.", opposite)


def _ipmitool(call: KnownCall) -> Iterator[Thing | Gap]:
    words = list(call.words)
    opposite = ""
    if words[-1:] and words[-1] in ("off", "soft", "on") and words[-2:-1] == ["power"]:
        opposite = " ".join([*words[:-1], "off" if words[-1] == "on" else "on"])
    yield Gap("A machine that was switched off has lost what ran on it.", opposite)


def _terraform(call: KnownCall) -> Iterator[Thing | Gap]:
    del call
    yield Gap("What was replaced or destroyed has lost its data; the plan of the commit before brings back the rest.")


CONTAINERS: Mapping[str, Ways] = {
    "docker": _docker, "podman": _docker, "docker-compose": _compose, "podman-compose": _compose,
    "kubectl": _kubectl, "oc": _kubectl, "helm": _helm, "virsh": _virsh, "ipmitool": _ipmitool,
    "terraform": _terraform, "tofu": _terraform,
}  # fmt: skip
