"""Containers, clusters and virtual machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, Verbs, asks_for_help, note, rows
from opsterm.policy.shell.programs.options import note_unlisted
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

_DOCKER_TABLE = """
    read: ps images logs inspect top stats version info port diff history search events manifest/inspect help wait container/ls container/list container/ps
    read: container/logs container/inspect container/top container/stats container/port container/diff image/ls image/list image/inspect image/history network/ls network/inspect
    read: volume/ls volume/inspect volume/list system/df system/info system/events service/ls service/ps service/logs service/inspect stack/ls stack/ps stack/services node/ls node/ps node/inspect
    read: context/ls context/show context/inspect secret/ls secret/inspect config/ls config/inspect plugin/ls plugin/inspect buildx/ls buildx/du buildx/inspect network/list scan
    read: compose/ps compose/logs compose/config compose/ls compose/images compose/top compose/version compose/port compose/events builder/du trust/inspect pod/ps pod/inspect healthcheck/run
    read: container/exists image/exists image/tree image/diff image/trust/show image/search network/exists volume/exists pod/exists pod/stats pod/logs pod/top secret/exists secret/list
    read: container/stats generate/kube generate/spec kube/generate machine/ls machine/list machine/inspect machine/info machine/os/status artifact/ls artifact/inspect quadlet/list
    read: quadlet/print farm/list manifest/exists system/check system/connection/list checkpoint/ls namespace/ls namespace/inspect image/trust
    read: context/list model/ls model/list scout/cves scout/quickview scout/compare scout/recommendations buildx/history/ls buildx/history/logs buildx/history/inspect
    read: buildx/imagetools/inspect compose/stats compose/volumes service/list stack/list stack/config node/list
    infra: create start pull build tag push commit rename update load import cp container/create container/start container/cp container/rename container/update image/pull
    infra: image/build image/tag image/push image/load network/create network/connect volume/create service/create service/update service/scale service/rollback compose/pull compose/build
    infra: swarm/ca compose/create compose/start compose/up compose/cp stack/deploy unpause container/unpause buildx/build swarm/init swarm/join swarm/update node/update node/promote node/demote
    infra: secret/create config/create context/create context/use context/update login logout plugin/install plugin/enable container/commit compose/push compose/unpause machine/start generate play buildx/create buildx/use
    service_restart: restart container/restart compose/restart
    service_stop: stop kill pause container/stop container/kill container/pause compose/stop compose/kill compose/pause network/disconnect plugin/disable swarm/leave machine/stop
    infra+delete: rm rmi container/rm container/remove image/rm image/remove container/prune image/prune network/rm network/remove network/prune service/rm stack/rm stack/down
    infra+delete: secret/rm config/rm node/rm compose/rm builder/prune buildx/prune buildx/rm context/rm plugin/rm compose/down pod/rm machine/rm
    infra+delete+data_loss: volume/rm volume/remove volume/prune system/prune system/reset
    write_file: export save image/save container/export
    dark: attach compose/watch compose/attach
"""
_DOCKER_TAKES = (
    "-H --host --context --config -l --log-level -f --format --filter --since --until -n --tail --name -e -v -p -w -u -h -m --env --volume --publish --workdir --user --network --net "
    "--memory --cpus --entrypoint --restart --label --mount --env-file --hostname --add-host --cap-add --cap-drop --device --security-opt --pid --ipc --userns --platform --pull --ulimit "
    "--log-driver --log-opt --file --project-name --profile -t --time --signal -s --tag --build-arg --target -c --detach-keys --link --dns --tmpfs --gpus --shm-size --index "
    "--project-directory --type -o --output --replicas --image --timeout"
)
_EXEC_TAKES = word_set("-e -u -w --env --user --workdir --env-file --detach-keys --index")
_RUN_TAKES = word_set(_DOCKER_TAKES) - word_set("-t --tag -n -s -f -o")
_DOCKER = Verbs(
    table=_DOCKER_TABLE,
    takes=_DOCKER_TAKES,
    dry="--dry-run",
    forced="--volumes=data_loss --rmi=delete",
    pattern=((r"^(?:ls|list|show)\b", "read"),),
)


def _docker(call: ProgramCall) -> None:
    """Follow docker, podman and nerdctl: exec and run start a command inside."""
    call.take(word_set(_DOCKER_TAKES), in_order=True)
    words = call.words
    if call.arguments[-1:] and call.arguments[-1].text == "--help" and len(words) == len(call.arguments) == 2:
        call.add(_K.READ)
        return
    while words and words[0].text in ("container", "compose") and len(words) > 1 and words[1].text in ("exec", "run"):
        words = words[1:]
    verb = words[0].text if words else ""
    compose = call.name in ("docker-compose", "podman-compose")
    if verb in ("compose", "stack") and len(words) > 1:
        inner = ProgramCall(call.name, call.first, words[1:], call.notes, call.frame)
        inner.take(word_set(_DOCKER_TAKES), in_order=True)
        if verb == "compose" and inner.words and inner.words[0].text in ("exec", "run"):
            words, verb = inner.words, inner.words[0].text
    if verb in ("exec", "run"):
        _inside(call, words, verb)
        return
    if verb in ("volume", "system", "down", "compose", "rm", "rmi", "image", "container") or compose:
        call.arguments = _with_long_names(call.arguments)
    if compose:
        call.arguments = [Argument(text="compose", raw="compose", span=call.first.span), *call.arguments]
    _DOCKER(call)


_WITHOUT_VALUE: Mapping[str, str] = {"-v": "--volumes", "-f": "--force", "-fv": "--volumes", "-vf": "--volumes"}


def _with_long_names(arguments: list[Argument]) -> list[Argument]:
    """Return the words with -v and -f behind a verb that removes under long names, since they take no value there."""
    at = next((at for at, word in enumerate(arguments) if word.text in ("down", "rm", "rmi")), len(arguments))
    long = [word.part(_WITHOUT_VALUE[word.text]) if word.text in _WITHOUT_VALUE else word for word in arguments[at:]]
    return [*arguments[:at], *long]


def _inside(call: ProgramCall, words: list[Argument], verb: str) -> None:
    """Follow the command that starts in a container."""
    inner = ProgramCall(call.name, call.first, words[1:], call.notes, call.frame)
    inner.take(_RUN_TAKES if verb == "run" else _EXEC_TAKES, in_order=True)
    container, rest = (inner.words[0].shown if inner.words else "?"), inner.words[1:]
    if verb == "run":
        _rights(call, inner)
        call.add(_K.INFRA, container)
        if rest and rest[0].text.startswith("-"):
            return
    elif asks_for_help(inner) and not inner.words:
        call.add(_K.READ)
        return
    elif not rest:
        call.dark("It opens a session in a container.")
        return
    if rest:
        call.start(rest, call.name, where=f"{call.name} {container}")


def _rights(call: ProgramCall, inner: ProgramCall) -> None:
    """Note a container that is started with the rights of the host."""
    line = " ".join(word.text for word in inner.arguments)
    if re.search(
        r"--privileged|--cap-add[= ](?:ALL|SYS_ADMIN)|--pid[= ]host|(?:-v|--volume|source=)[= ]?/(?::|,)|--device[= ]/dev/(?:sd|nvme|vd|mem)|docker\.sock|"
        r"(?:-v|--volume)[= ]?/(?:etc|root|var/run|proc|sys|boot|dev)(?:/[\w.]*)*:(?!\S*:ro)|--userns[= ]host|--security-opt[= ]\S*unconfined",
        line,
    ):
        call.add(_K.PRIVILEGE, line[:80])
        call.add(_K.SECURITY_WEAKEN, line[:80])


_KUBECTL_TABLE = """
    read: get describe logs top version cluster-info explain api-resources api-versions diff events config/view config/get-contexts config/current-context config/get-clusters wait options
    read: rollout/status rollout/history auth/can-i auth/whoami plugin/list certificate/list kustomize completion config/get-users help tree neat krew/list krew/search krew/info adm/node-logs adm/top status projects adm/policy/who-can whoami
    infra: apply create expose autoscale label annotate set run patch replace rollout/resume rollout/pause config/use-context config/set-context uncordon edit config/set config/set-cluster
    infra: config/set-credentials config/unset config/delete-context config/rename-context certificate/approve certificate/deny cp debug taint config/delete-cluster
    infra+service_restart: rollout/restart rollout/undo
    infra: scale
    infra+delete: delete
    service_stop: drain cordon
    network: port-forward proxy
    dark: attach
"""
_KUBECTL_TAKES = (
    "-n --namespace -l --selector -o --output -f --filename -c --container --context --kubeconfig --cluster --user -k --kustomize --field-selector --sort-by --tail --since --type -p --patch --replicas "
    "--image --port --target-port --timeout --as -s --server --token --from-literal --from-file --overrides --grace-period --cascade --since-time --template --limits --requests -v --v --field-manager --raw "
    "--for --resource-version --to-revision --revision --verb --labels --env --restart --chunk-size --max --min --cpu-percent --name --max-log-requests"
)
_KUBECTL = Verbs(
    table=_KUBECTL_TABLE,
    takes=_KUBECTL_TAKES,
    dry="--dry-run",
    pattern=((r"^(?:ns|ctx)$", "read"), (r"^(?:ns|ctx) ", "infra")),
)
_LOSES = re.compile(
    r"^(?:namespaces?|ns|pvc?|persistentvolume(?:claim)?s?|statefulsets?|sts|crds?|customresourcedefinitions?\S*|nodes?|no|all|secrets?|volumesnapshots?)(?:/.*)?$"
)


def _shown(call: ProgramCall) -> tuple[str, list[Argument]]:
    """Return what the verb does and the words behind it; of one that shows, options that no row names are judged."""
    spec, rest = _KUBECTL.verb(call.words)
    if spec == "read":
        note_unlisted(call, word_set(_KUBECTL_TAKES))
    return spec, rest


def _kubectl(call: ProgramCall) -> None:
    """Follow kubectl and oc: exec starts a command in a pod; what is deleted may hold data."""
    call.take(word_set(_KUBECTL_TAKES), long=("--dry-run",))
    words = [word.text for word in call.words]
    verb = words[0] if words else ""
    if verb in ("exec", "rsh", "debug") and not call.has("--help"):
        _pod(call, verb)
        return
    output = call.value("-o", "--output")
    if (
        verb in ("get", "describe")
        and len(words) > 1
        and re.match(r"secrets?(?:/|$|,)", words[1])
        and output is not None
        and output.text not in ("name", "wide")
    ):
        call.add(_K.READ_SECRET, " ".join(words[1:]))
        return
    if verb == "config" and words[1:2] == ["view"] and call.has("--raw"):
        call.add(_K.READ_SECRET, "kubeconfig")
        return
    lists = verb in ("annotate", "label") and call.has("--list")
    if asks_for_help(call) or _is_trial(call, verb) or lists:
        call.add(_K.READ)
        return
    spec, rest = _shown(call)
    objects: Sequence[Argument | str] = rest[:6] or [""]
    for what in objects:
        note(call, spec, what)
    things = [piece for word in words[1:] for piece in word.split(",")]
    if verb == "delete" and (
        any(_LOSES.match(thing) for thing in things) or call.has("--all", "-A", "--all-namespaces")
    ):
        call.add(_K.DATA_LOSS, " ".join(words[1:])[:80], _C.LIKELY)
    patch = call.value("-p", "--patch")
    if verb == "patch" and patch is not None and re.search(r"replicas\W+0\b", patch.text):
        call.add(_K.SERVICE_STOP, " ".join(words[1:])[:80])
    replicas = call.value("--replicas")
    if verb == "scale" and (replicas is None or replicas.text == "0"):
        call.add(_K.SERVICE_STOP, " ".join(words[1:])[:80])
    if verb in ("replace", "apply") and call.has("--force", "--prune"):
        call.add(_K.DELETE, " ".join(words[1:])[:80], _C.LIKELY)
    _asked_in_a_file(call, verb)
    if verb == "taint" and "NoExecute" in " ".join(words):
        call.add(_K.SERVICE_STOP, words[2] if len(words) > 2 else "")
    if verb in ("create", "apply", "edit", "patch") and re.search(
        r"clusterrolebinding|rolebinding|cluster-admin|clusterrole", " ".join(words)
    ):
        call.add(_K.PRIVILEGE, " ".join(words[1:])[:80])


def _asked_in_a_file(call: ProgramCall, verb: str) -> None:
    """Note what a patch asks for, and objects that come over the network."""
    if verb == "patch" and re.search(r"replicas\W+0\b", " ".join(word.text for word in call.arguments)):
        call.add(_K.SERVICE_STOP, call.word(1))
    source = call.value("-f", "--filename")
    if verb in ("apply", "create", "replace") and source is not None and re.match(r"https?://", source.text):
        call.add(_K.REMOTE_CODE, source, _C.LIKELY)


_PLUGINS = frozenset(("krew", "neat", "tree"))


def _is_trial(call: ProgramCall, verb: str) -> bool:
    """Return whether --dry-run keeps a verb of kubectl itself from acting; a plugin may do as it likes with it."""
    last = next((option for option in reversed(call.options) if option.name == "--dry-run"), None)
    own = verb not in _PLUGINS and any(known.split(" ")[0] == verb for known in rows(_KUBECTL_TABLE))
    return own and last is not None and (last.value is None or last.value.text in ("client", "server", "true"))


def _pod(call: ProgramCall, verb: str) -> None:
    texts = [word.text for word in call.arguments]
    if "--" in texts:
        at = texts.index("--")
        pod = next((word.text for word in call.words[1:] if word not in call.arguments[at:]), "?")
        call.start(call.arguments[at + 1 :], call.name, where=f"{call.name} {pod}") if call.arguments[
            at + 1 :
        ] else None
        if verb == "debug":
            call.add(_K.INFRA, pod)
        return
    rest = call.words[2:]
    if verb == "exec" and rest:
        inner = ProgramCall(call.name, call.first, call.arguments, call.notes, call.frame)
        inner.take(word_set(_KUBECTL_TAKES))
        start = call.arguments.index(rest[0])
        call.start(call.arguments[start:], call.name, where=f"{call.name} {call.word(1)}")
        return
    call.dark("It opens a session in a pod.")
    if verb == "debug":
        call.add(_K.PRIVILEGE, call.word(1))


_HELM = Verbs(
    table="""
    read: list ls status history get get/all get/values get/manifest get/notes get/hooks show show/values show/chart template lint version search search/repo search/hub env repo/list dependency/list
    read: verify diff plugin/list completion show/all dependency/ls
    infra: install upgrade repo/add repo/update repo/remove dependency/update dependency/build create package pull push plugin/install plugin/update registry/login
    infra+service_restart: rollback
    infra+delete+data_loss~: uninstall delete del un
    dark: test
    """,
    takes="-n --namespace -f --values --set --set-string --version --kube-context --kubeconfig --repo -o --output --timeout --max --revision", dry="--dry-run", tried="install upgrade rollback uninstall delete del un template", forced="--force=delete? --reset-values=write_config?",
)  # fmt: skip
_CRICTL = Verbs(
    table="""
    read: ps pods images logs inspect inspecti inspectp stats statsp info version img imagefsinfo
    infra: pull create start runp run update
    service_stop: stop stopp
    infra+delete: rm rmp rmi
    dark: attach port-forward
    """,
    takes="-r -i -c --runtime-endpoint --image-endpoint -o --output --name --state -n --tail",
)  # fmt: skip
_VIRSH = Verbs(
    table="""
    read: list dominfo domstate nodeinfo dumpxml domblklist domiflist net-list net-info pool-list vol-list pool-info version capabilities vcpuinfo domblkinfo domifaddr snapshot-list snapshot-info uri
    read: domstats dommemstat vol-info net-dumpxml hostname sysinfo iface-list nodedev-list domdisplay domtime cpu-stats dommonitor domjobinfo
    infra: start define create resume autostart setmem setvcpus attach-disk attach-interface net-start net-define pool-start pool-define vol-create vol-create-as snapshot-create snapshot-create-as edit restore migrate
    service_restart: reboot
    service_stop: shutdown suspend destroy reset save managedsave net-destroy pool-destroy detach-disk detach-interface
    infra+delete: undefine net-undefine pool-undefine
    data_loss: vol-delete vol-wipe pool-delete snapshot-delete
    data_loss~: snapshot-revert
    """,
    takes="-c --connect", forced="--remove-all-storage=data_loss --wipe-storage=data_loss",
)  # fmt: skip
_LXC = Verbs(
    table="""
    read: list ls info config/show config/get image/list profile/list profile/show network/list network/show storage/list storage/info version remote/list cluster/list monitor warning/list operation/list project/list
    infra: launch init start copy move rename snapshot publish config/set config/device profile/create profile/edit profile/assign profile/add network/create storage/create file/push import image/import
    service_restart: restart
    service_stop: stop pause freeze
    infra+delete+data_loss~: delete rm storage/delete storage/volume/delete image/delete network/delete profile/delete
    data_loss~: restore
    write_file: file/pull export
    """,
    acts="-X=infra --request=infra", pattern=((r"^query .*\bDELETE\b", "infra+delete+data_loss~"),),
)  # fmt: skip


def _with_exec(verbs: Verbs, names: str = "exec") -> Deed:
    """Return a deed of a program that also starts commands inside something."""
    starts = word_set(names)

    def deed(call: ProgramCall) -> None:
        call.take(word_set(verbs.takes), in_order=True)
        if call.words and call.words[0].text in starts and len(call.words) > 2:
            rest = list(call.words[2:])
            while rest and (rest[0].text.startswith("-")):
                rest.pop(0)
            if rest:
                call.start(rest, call.name, where=f"{call.name} {call.word(1)}")
                return
        verbs(call)

    return deed


_K3S = Verbs(table="""
    read: check-config etcd-snapshot/list certificate/check token/list secrets-encrypt/status
    service_start: server agent
    data_loss~: etcd-snapshot/delete etcd-snapshot/prune""", else_="infra")  # fmt: skip


def _k3s(call: ProgramCall) -> None:
    """Follow k3s, which brings other programs with it: `k3s kubectl get nodes`."""
    if call.arguments and call.arguments[0].text in ("kubectl", "crictl", "ctr"):
        call.start(call.arguments, "k3s")
    else:
        _K3S(call)


def _nomad_like(table: str, takes: str = "") -> Deed:
    return Verbs(table=table, takes=takes, dash_long=True)


PROGRAMS: Mapping[str, Deed] = {
    **dict.fromkeys(("docker", "podman", "nerdctl", "docker-compose", "podman-compose"), _docker), **dict.fromkeys(("kubectl", "oc", "k", "k3s-kubectl", "microk8s.kubectl", "kubecolor"), _kubectl),
    "helm": _HELM, "crictl": _with_exec(_CRICTL), "ctr": _with_exec(Verbs(table="", pattern=((r"\b(?:ls|list|info|check|usage|metrics|version)\b", "read"), (r"\b(?:rm|del|delete|remove|kill)\b", "infra+delete")), else_="infra", takes="-n -a")),
    "virsh": _VIRSH, "lxc": _with_exec(_LXC), "incus": _with_exec(_LXC), "lxc-ls": Verbs(table="", else_="read"), "lxc-info": Verbs(table="", else_="read"), "lxc-stop": Verbs(table="", else_="service_stop"),
    "lxc-start": Verbs(table="", else_="infra"), "lxc-destroy": Verbs(table="", else_="infra+delete+data_loss~"),
    "k3s": _k3s,
    "qm": Verbs(shortened=True, table="read: list status config showcmd listsnapshot pending\ninfra: start create set clone resume snapshot migrate importdisk template unlock\nservice_stop: stop shutdown suspend reset\nservice_restart: reboot\ninfra+delete+data_loss: destroy\ndata_loss~: rollback delsnapshot"),
    "pct": _with_exec(Verbs(table="read: list status config listsnapshot pending df\ninfra: start create set clone resume snapshot migrate mount\nservice_stop: stop shutdown suspend\nservice_restart: reboot\ninfra+delete+data_loss: destroy\ndata_loss~: rollback delsnapshot restore")),
    "nomad": _nomad_like("read: status job/status node/status alloc/status alloc/logs server/members version plan job/plan job/validate job/inspect job/history deployment/status deployment/list\ninfra: run job/run\nservice_stop: stop job/stop node/drain alloc/stop\nservice_restart: alloc/restart\ninfra+delete: system/gc namespace/delete volume/delete"),
    "consul": _nomad_like("read: members kv/get catalog info version operator/raft/list-peers monitor catalog/services catalog/nodes\ninfra: kv/put join services/register reload\ninfra+delete: kv/delete services/deregister\nservice_stop: leave force-leave maint\ndata_loss: snapshot/restore\nwrite_file: snapshot/save"),
    "vault": _nomad_like("read: status version list auth/list secrets/list policy/list policy/read token/lookup audit/list operator/raft/list-peers kv/list kv/metadata/get secrets/list lease/lookup namespace/list plugin/list token/capabilities path-help print\nread_secret: read kv/get\ninfra: write kv/put login policy/write auth/enable secrets/enable audit/enable token/create\nservice_stop: operator/seal operator/step-down\nlog_loss: audit/disable\ninfra+delete+data_loss~: delete kv/delete kv/destroy kv/metadata/delete secrets/disable auth/disable policy/delete lease/revoke token/revoke\ndata_loss: operator/raft/snapshot/restore\nsecurity_weaken: operator/unseal operator/rekey operator/generate-root operator/init",
                         "-address -namespace -format -field -mount"),



}  # fmt: skip
