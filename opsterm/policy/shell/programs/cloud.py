"""Clouds, their infrastructure as text, and their services."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.places import is_secret, resolved
from opsterm.policy.shell.programs.calling import Deed, Verbs, asks_for_help, note
from opsterm.policy.shell.programs.options import is_trial, may_be_value
from opsterm.policy.shell.programs.transfer import copies
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

_READ_VERB = re.compile(
    r"^(?:describe|list|get|show|head|lookup|search|query|scan|batch-get|estimate|validate|test|check|filter|select|view|read|info|status|logs|tail|ls|find|diff|preview|explain|simulate|detect|wait|"
    r"print|discover|download-db-log|generate-credential|decode|batch-describe|list-.*|version|configurations|can|is|exists|summarize|count|inspect|checks|completion|options|usage|whoami|history|cat|du|hash|log|rl|ratelimit)(?:-.*)?$|^[a-z-]+-(?:list|view|inspect|info|status)$"
)
_LOSS_VERB = re.compile(
    r"^(?:delete|destroy|terminate|purge|remove|deregister|release|revoke|disassociate|detach|cancel|rb|rm|wipe|erase|batch-delete|clear|empty|drop|abort|schedule-key-deletion|reset|"
    r"unassign|deactivate|archive|expire|deprovision|decommission|uninstall|evict)(?:-.*)?$"
)
_STOP_VERB = re.compile(
    r"^(?:stop|disable|deallocate|suspend|pause|kill|drain|power-off|poweroff|shutdown|halt|redeploy|undeploy|failover|demote)(?:-.*)?$"
)
_RESTART_VERB = re.compile(r"^(?:restart|reboot|reload)(?:-.*)?$")
_DATA = re.compile(
    r"bucket|volume|snapshot|db-|database|table|instance|cluster|disk|image|backup|vault|key|secret|namespace|project|group|stack|filesystem|file-system|storage|server|vm|user|role|hosted-zone|"
    r"queue|topic|stream|repository|domain|organization|account|collection|index|log-group|trail",
    re.IGNORECASE,
)


def _cloud_verb(call: ProgramCall, words: list[str]) -> str:
    """Return the effects of the verb among the first words of a cloud's command line."""
    line = " ".join(words)
    values = {word.text for word in call.words if may_be_value(call, word)}
    for word in words[:6]:
        if _LOSS_VERB.match(word):
            return "infra+delete+data_loss~" if _DATA.search(line) else "infra+delete"
        if _STOP_VERB.match(word):
            return "infra+service_stop"
        if _RESTART_VERB.match(word):
            return "infra+service_restart"
        if _READ_VERB.match(word) and word not in values:
            return "read"
    return "infra"


_AWS_TAKES = word_set(
    "--region --profile --output --query --endpoint-url --filters --instance-ids --cli-input-json --max-items --page-size --instance-id --name --names --bucket --key --group-id --group-name --protocol --port "
    "--cidr --user-name --role-name --policy-arn --stack-name --function-name --log-group-name --db-instance-identifier --cluster --service --desired-count --exclude --include --volume-id --snapshot-id --body --acl "
    "--start-time --end-time --metric-name --namespace --statistics --period --dimensions --since --secret-id --table-name --hosted-zone-id --change-batch --image-id --vpc-id --resource-id --user-data --filter-pattern "
    "--auto-scaling-group-name --min-size --max-size --desired-capacity --source-db-snapshot-identifier --final-db-snapshot-identifier --nodegroup-name --cluster-name --owners --storage-class --policy-document --ids --format"
)


def _aws(call: ProgramCall) -> None:
    """Follow aws: service, then a verb that says what it does."""
    call.take(_AWS_TAKES, long=("--dryrun", "--dry-run", "--recursive"))
    words = [word.text for word in call.words]
    if (
        asks_for_help(call)
        or not words
        or words[-1] == "help"
        or is_trial(call, ("--dryrun", "--dry-run"))
        or call.has("--no-execute-changeset")
        or call.has("--generate-cli-skeleton")
    ):
        call.add(_K.READ)
    elif words[0] == "s3":
        _s3(call, words)
    elif words[0] == "configure":
        call.add(_K.READ if words[1:2] in (["list"], ["get"], ["list-profiles"]) else _K.WRITE_CONFIG, "aws")
    elif words[:2] == ["sts", "get-caller-identity"]:
        call.add(_K.READ)
    elif words[:2] in (
        ["secretsmanager", "get-secret-value"],
        ["ecr", "get-login-password"],
        ["sts", "get-session-token"],
    ) or (words[0] == "ssm" and call.has("--with-decryption")):
        call.add(_K.READ_SECRET, " ".join(words))
    elif words[:2] in (
        ["ssm", "send-command"],
        ["ssm", "start-session"],
        ["ecs", "execute-command"],
        ["lambda", "invoke"],
    ):
        call.dark("It runs code elsewhere, which is not shown here.")
        call.add(_K.REMOTE_CODE if words[0] != "lambda" else _K.INFRA, " ".join(words))
    else:
        _aws_verb(call, words)


def _aws_verb(call: ProgramCall, words: list[str]) -> None:
    note(call, _cloud_verb(call, words[1:2]), " ".join(words)[:80])
    if words[:2] in (["s3api", "get-object"], ["glacier", "get-job-output"]) and len(call.words) > 2:
        deeds.write(call.words[-1], call.notes, call.frame, call.span, replaces=True)
    line = " ".join(word.text for word in call.arguments)
    if words[0] in ("ec2", "ec2-instance-connect") and re.search(
        r"authorize-security-group|modify-instance-attribute.*groups|create-network-acl-entry|put-bucket-(?:acl|policy)|0\.0\.0\.0/0",
        line,
    ):
        call.add(_K.FIREWALL_WEAKEN, line[:80])
    if re.search(
        r"revoke-security-group|delete-route|replace-route|delete-security|modify-subnet|detach-internet|delete-network-acl",
        line,
    ):
        call.add(_K.LOCKOUT, line[:80], _C.LIKELY)
    if words[0] == "iam" and re.search(
        r"^(?:attach|put|add|create-access-key|create-login|update-assume|create-user|create-policy-version)",
        words[1] if len(words) > 1 else "",
    ):
        call.add(_K.PRIVILEGE, line[:80])
    if words[0] in ("cloudtrail", "logs", "guardduty", "config", "configservice") and re.search(
        r"stop-logging|delete-trail|delete-log|delete-detector|stop-configuration|put-event-selectors|delete-flow-logs",
        line,
    ):
        call.add(_K.LOG_LOSS, line[:80])
    if re.search(
        r"public-read|--no-block-public|put-public-access-block|delete-public-access-block|--no-enable-log|publicly-accessible",
        line,
    ):
        call.add(_K.SECURITY_WEAKEN, line[:80])
    if re.search(r"--desired-(?:count|capacity)[ =]0\b|--min-size 0 .*--max-size 0", line):
        call.add(_K.SERVICE_STOP, line[:80])


def _s3(call: ProgramCall, words: list[str]) -> None:
    verb = words[1] if len(words) > 1 else ""
    target = call.words[-1] if len(call.words) > 2 else ""
    if any("public-read" in word.text for word in call.arguments):
        call.add(_K.SECURITY_WEAKEN, target)
    if verb in ("ls", "presign", ""):
        call.add(_K.READ, target)
    elif verb in {"rb", "rm"}:
        note(
            call,
            "infra+delete+data_loss" if call.has("--recursive", "--force") or verb == "rb" else "infra+delete",
            target,
        )
    elif verb == "sync" and call.has("--delete"):
        note(call, "infra+delete+data_loss~", target)
    elif verb == "mb":
        call.add(_K.INFRA, target)
    else:
        text = target if isinstance(target, str) else target.text
        if text == "-":
            call.add(_K.READ)
        elif text.startswith("s3://"):
            note(call, "infra+exfil?", target)
            if len(call.words) > 3 and is_secret(resolved(call.words[2].text, call.frame.scope.cwd)):
                call.add(_K.EXFIL, call.words[2])
            if re.search(r"public-read", " ".join(word.text for word in call.arguments)):
                call.add(_K.SECURITY_WEAKEN, target)
        elif not isinstance(target, str):
            deeds.write(target, call.notes, call.frame, call.span, replaces=True)
        if verb == "mv":
            call.add(_K.DELETE, call.words[2] if len(call.words) > 2 else "")


_OTHER_TAKES = word_set(
    "-X --method --project --zone --region --format --filter --limit --account -g --resource-group -n --name --subscription -o --output --query --location -l --size --image --instance --cluster --machine-type --tag --tags --ids "
    "--command --sort-by --order-by --freshness --configuration -p -f --file --namespace --member --role --condition --scope --assignee --source-ranges --allow --rules --num-nodes --vm-name --disk-size-gb --os-cloud -c --column --server"
)


def _parted(word: str) -> list[str]:
    """Return group and verb of a word like apps:destroy or vm.destroy."""
    return re.split(r"[:.]", word) if re.fullmatch(r"[a-z-]+(?:[:.][a-z-]+)+", word) else [word]


_SHOWS_SECRETS = re.compile(
    r"^(?:secrets? versions access|keyvault secret show|auth print-(?:access|identity)-token|"
    r"account get-access-token|storage account keys list|\w+ .*list-keys|acr credential show)"
)
_SETS_THE_TOOL_UP = word_set("auth login logout config init configure components account extension cloud")
_SHOWS_THE_SET_UP = re.compile(
    r"^(?:auth (?:list|status)|config (?:list|get|view)|config configurations list|account (?:show|list|get)|"
    r"components list|[a-z]+ list-[a-z-]+|account (?:rl|ratelimit|settings)$|account [a-z-]*(?:-list|view)$|(?:auth|extension) (?:ls|search|view|whoami)|config (?:show|dump))"
)


_TRIES_NOTHING = word_set("gh glab heroku railway cf vercel netlify fly flyctl")
"""Tools that hand --dry-run on to what they run, let it pass unseen, or push all the same."""


def _only_asks(call: ProgramCall, words: list[str]) -> bool:
    return (
        asks_for_help(call)
        or (not words and call.name != "vercel")
        or (call.name not in _TRIES_NOTHING and is_trial(call, ("--dry-run", "--what-if", "--validate-only")))
        or words[:1] in (["info"], ["version"], ["help"], ["topic"])
    )


def _cloud(call: ProgramCall) -> None:
    """Follow gcloud, az, doctl and their kin: the verb stands behind the groups."""
    call.take(_OTHER_TAKES, long=("--dry-run", "--what-if"))
    words = [piece for word in call.words for piece in _parted(word.text)]
    said = " ".join(words)
    line = " ".join(word.text for word in call.arguments)
    if _only_asks(call, words):
        call.add(_K.READ)
    elif _SHOWS_SECRETS.search(said):
        call.add(_K.READ_SECRET, line[:80])
    elif words[:2] == ["compute", "ssh"] or "run-command" in words or words[:2] == ["ssh", "vm"]:
        _session_elsewhere(call, words)
    elif words[:1] and words[0] in _SETS_THE_TOOL_UP and not _SHOWS_THE_SET_UP.search(said):
        call.add(_K.WRITE_CONFIG, said)
    elif "get-credentials" in words or (call.name in ("vercel", "netlify", "now") and not words):
        call.add(_K.WRITE_CONFIG if words else _K.INFRA, line[:80])
    else:
        _cloud_effects(call, words, line)


def _session_elsewhere(call: ProgramCall, words: list[str]) -> None:
    """Read the command that a cloud's tool runs on one of its machines."""
    command = next(
        (word.part(word.text.partition("=")[2]) for word in call.arguments if word.text.startswith("--command=")),
        call.value("--command", "--scripts"),
    )
    if command is not None:
        call.again(command, call.name, where=f"{call.name} {words[-1]}")
    else:
        call.dark("It opens a session elsewhere.")


def _cloud_effects(call: ProgramCall, words: list[str], line: str) -> None:
    """Note what a verb does, and what its options open or close."""
    method = call.value("-X", "--method")
    if words[:1] == ["api"] and method is None and call.has("-f", "-F", "--field", "--raw-field", "--input"):
        note(call, "infra", line[:80])
        return
    if method is not None and method.text.upper() in ("DELETE", "PUT", "PATCH", "POST"):
        note(call, "infra+delete" if method.text.upper() == "DELETE" else "infra", line[:80])
        return
    if re.search(r"\bps:scale\b.*=0\b|\bscale\b.*\b(?:count )?0$", line):
        call.add(_K.SERVICE_STOP, line[:80])
    statement = re.search(
        r"--command[ =](?P<text>.+)|--sql[ =](?P<sql>.+)|^(?:query|sql) .*(?P<q>(?i:drop|delete|truncate) .+)", line
    )
    if statement and re.search(r"(?i)\b(?:drop|truncate|delete\s+from|alter)\b", statement[0]):
        call.add(_K.DATA_LOSS, line[:80])
    verbs = words[1:] if call.name in ("gh", "glab") and len(words) > 1 else words
    note(call, _cloud_verb(call, _verbs_last(verbs)), " ".join(words)[:80])
    if re.search(r"firewall|nsg rule|security-group|network-security", line) and re.search(
        r"0\.0\.0\.0/0|\ballow\b|Allow|--source-address-prefixes \*", line
    ):
        call.add(_K.FIREWALL_WEAKEN, line[:80])
    if re.search(
        r"add-iam-policy-binding|set-iam-policy|role assignment create|roles/owner|keys create|ad sp create|add-iam",
        line,
    ):
        call.add(_K.PRIVILEGE, line[:80])
    if re.search(r"(?:firewall|nsg|network|route|security).*(?:delete|update|Deny|deny)", line):
        call.add(_K.LOCKOUT, line[:80], _C.POSSIBLE)
    if re.search(r"logging (?:sinks|logs|buckets) delete|diagnostic-settings delete|log-profiles delete", line):
        call.add(_K.LOG_LOSS, line[:80])


_MAKES = word_set("create add update set start deploy import apply attach enable resize launch push upload")
"""Verbs behind which names stand, which may look like verbs themselves: `create test-1`."""


def _verbs_last(words: list[str]) -> list[str]:
    """Return the words that may be the verb first: groups as `describe` of gcloud stand before it, its object behind."""
    verbs = (_LOSS_VERB, _STOP_VERB, _RESTART_VERB, _READ_VERB)
    pieces = [piece for word in words[:5] for piece in _pieces(word)]
    made = next((at for at, piece in enumerate(pieces) if piece in _MAKES and at), len(pieces))
    found = [piece for piece in pieces[:made] if any(verb.match(piece) for verb in verbs)]
    if not found and made < len(pieces):
        return [pieces[made]]
    if not found and len(words) <= 2 and words[-1].endswith("s"):
        return ["list"]
    return found or words[1:]


def _pieces(word: str) -> list[str]:
    """Return what a word stands for: `apps:destroy` is two, `DescribeInstances` is describe-instances."""
    if re.fullmatch(r"(?:[A-Z][a-z]+){2,}", word):
        return [re.sub(r"(?<=[a-z])(?=[A-Z])", "-", word).lower()]
    return list(reversed(word.split(":"))) if re.fullmatch(r"[a-z-]+(?::[a-z-]+)+", word) else [word]


_TERRAFORM = Verbs(
    takes="-var -var-file -target -out -state -chdir -lock -backend-config -parallelism -replace", dash_long=True,
    table="""
    read: plan show validate version output graph console providers state/list state/show workspace/list workspace/show get metadata help state/pull
    write_file: init fmt get
    infra: apply import taint untaint refresh workspace/new workspace/select up
    infra+delete+data_loss: destroy
    infra+delete: state/rm state/push state/mv workspace/delete force-unlock state/replace-provider
    read: test
    """,
    acts="-destroy=infra+delete+data_loss", forced="-auto-approve=infra+delete~", else_="infra",
)  # fmt: skip


def _terraform(call: ProgramCall) -> None:
    """Follow terraform: a plan reads, also one of a destruction; apply may destroy."""
    call.take(word_set(_TERRAFORM.takes), dash_long=True)
    if call.word(0) == "plan":
        out = call.value("-out")
        if out is not None:
            deeds.write(out, call.notes, call.frame, call.span, replaces=True)
        call.add(_K.READ)
        return
    if call.word(0) == "fmt" and call.has("-check", "--check", "-diff") and not call.has("-write"):
        call.add(_K.READ)
        return
    _TERRAFORM(call)
    if call.word(0) == "apply":
        call.add(_K.DELETE, "infrastructure", _C.LIKELY)


_TERRAGRUNT: Deed = _terraform

_STACK = Verbs(
    table="""
    read: whoami version about preview logs config/get stack/ls stack/output stack/history diff synth ls list doctor status validate info stack
    infra: up update deploy config/set stack/select stack/init refresh import new bootstrap
    infra+delete+data_loss: destroy
    infra+delete+data_loss~: stack/rm delete
    """,
    else_="infra", takes="-s --stack -c",
)  # fmt: skip


_SHOWS_OBJECTS = re.compile(
    r"(?:ls|stat|du|cat|info|version|hash|list|find|tree|head|diff|ping|la|get-file-info|get-account-info)(?:[-_][a-z_-]+)?"
)


def _storage(call: ProgramCall) -> None:
    """Follow gsutil, s3cmd, mc and azcopy."""
    call.take(word_set("-h -o -p --profile -c"))
    verb = call.word(0)
    if (
        asks_for_help(call)
        or _SHOWS_OBJECTS.fullmatch(verb)
        or (verb in ("jobs", "env") and call.word(1) in ("show", "list", ""))
        or (verb == "admin" and call.word(1) in ("info", "trace", "top", "console", "logs"))
        or (verb in ("iam", "acl", "lifecycle") and call.word(1) == "get")
        or (call.has("--dry-run", "-n") and verb == "rsync")
    ):
        call.add(_K.READ)
    elif (
        verb in ("rm", "rb", "del", "remove", "delete", "remove-bucket")
        or (verb == "admin" and any(word.text in ("delete", "remove", "rm", "stop") for word in call.words))
        or call.has("--delete-destination", "--delete", "--remove", "-d", "--delete-removed")
    ):
        note(call, "infra+delete+data_loss~", call.words[-1])
    elif verb in ("cp", "mv", "rsync", "sync", "copy", "mirror", "put", "get") and len(call.words) > 2:
        call.words = call.words[1:]
        copies(call)
    else:
        note(call, "infra", call.words[-1] if call.words else "")


PROGRAMS: Mapping[str, Deed] = {
    "aws": _aws, **dict.fromkeys(("gcloud", "az", "doctl", "oci", "ibmcloud", "hcloud", "linode-cli", "scw", "aliyun", "heroku", "flyctl", "fly", "govc", "vercel", "gh", "glab", "netlify", "wrangler", "cf", "exo", "vultr-cli", "upctl", "civo", "tccli", "railway"), _cloud),
    "terraform": _terraform, "tofu": _terraform, "terragrunt": _TERRAGRUNT, "pulumi": _STACK, "cdk": _STACK, "sam": _STACK, "serverless": _STACK, "sls": _STACK,
    **dict.fromkeys(("gsutil", "s3cmd", "mc", "azcopy", "b2", "swift", "s5cmd"), _storage), "packer": Verbs(table="read: validate inspect version fmt\ninfra: build init"), "vagrant": Verbs(
        table="read: status global-status version box/list port ssh-config validate\ninfra: up provision resume box/add init\nservice_stop: halt suspend\nservice_restart: reload\ninfra+delete+data_loss~: destroy box/remove\ndark: ssh", takes="-c --command"),
}  # fmt: skip
