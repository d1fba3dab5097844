"""Versions of files, builds, and servers that can check themselves."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, Verbs, asks_for_help, by_option, fixed, note, reads
from opsterm.policy.shell.programs.strangers import note_destroying_word
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

_GIT_READS = word_set(
    "status log diff show blame annotate shortlog describe rev-parse rev-list ls-files ls-tree ls-remote cat-file grep show-ref for-each-ref reflog name-rev merge-base count-objects fsck verify-commit verify-tag help version "
    "whatchanged range-diff cherry check-ignore check-attr var diff-tree diff-index diff-files show-branch request-pull get-tar-commit-id column stripspace check-mailmap check-ref-format "
    "show-index effort fame guilt standup info missing show-tree show-unmerged-branches show-merged-branches brv locked ci-status"
)
_GIT_WRITES = word_set(
    "add commit fetch pull merge cherry-pick revert clone init mv apply am switch worktree submodule notes bundle archive format-patch checkout-index update-index write-tree commit-tree sparse-checkout lfs mergetool bisect maintenance pack-refs repack"
)
_GIT_CONFIG_RUNS = re.compile(
    r"^(?:core\.(?:pager|editor|sshcommand|fsmonitor|hookspath|askpass|gitproxy)|pager\.|alias\.|diff\.(?:external|.*\.command|.*\.textconv)|filter\.|credential\.helper|protocol\.ext|interactive\.diffFilter|sequence\.editor|gpg\.program|uploadpack|merge\.\w+\.driver|ssh\.)",
    re.IGNORECASE,
)


def _git(call: ProgramCall) -> None:
    """Follow git: its own options first, then the verb."""
    call.take(word_set("-C -c --git-dir --work-tree --namespace --super-prefix --config-env"), in_order=True)
    for value in call.values("-c"):
        name, _, text = value.text.partition("=")
        if _GIT_CONFIG_RUNS.match(name) and text not in ("", "cat", "less", "true", "false"):
            call.dark(f"It sets {name}, by which git starts another program.")
            call.add(_K.REMOTE_CODE, value, _C.LIKELY)
    if not call.words:
        call.add(_K.READ)
        return
    verb = call.words[0].text
    inner = ProgramCall("git", call.first, call.words[1:], call.notes, call.frame)
    takes = word_set(
        "-m -F -S -G -o --output --format --pretty --author --since --until --after --before --grep --max-count -L --depth --branch --onto --strategy -X --message --exec -x --upload-pack --receive-pack "
        "--sort --contains --merged -O --date"
    )
    own = word_set("-e --exclude") if verb == "clean" else frozenset()
    inner.take(takes | own, long=("--force", "--hard", "--dry-run", "--no-dry-run", "--output"))
    if asks_for_help(inner) and [word.text for word in inner.arguments] not in (["-v"], ["-V"]):
        call.add(_K.READ)
        return
    output = inner.value("--output") or (inner.value("-o") if verb in ("format-patch", "archive") else None)
    if output is not None:
        deeds.write(output, call.notes, call.frame, call.span, replaces=True)
    if (inner.has("--open-files-in-pager", "-O") and verb == "grep") or inner.has(
        "--ext-diff", "--upload-pack", "--receive-pack"
    ):
        call.dark("It starts another program.")
        call.add(_K.REMOTE_CODE, verb, _C.POSSIBLE)
    words = [word.text for word in inner.words]
    _GIT_VERBS.get(verb, _git_other)(inner, verb, words)


_GIT_TRIES = frozenset({"add", "clean", "mv", "prune", "push", "rm"})


def _dry(call: ProgramCall, verb: str) -> bool:
    """Return whether the last of -n, --dry-run and --no-dry-run leaves a trial; -n means so with a few verbs only."""
    names = ("-n", "--dry-run", "--no-dry-run") if verb in _GIT_TRIES else ("--dry-run", "--no-dry-run")
    given = [option.name for option in call.options if option.name in names]
    return bool(given) and given[-1] != "--no-dry-run"


def _git_other(call: ProgramCall, verb: str, words: list[str]) -> None:
    if verb in _GIT_READS and not (verb == "reflog" and words[:1] in (["expire"], ["delete"])):
        call.add(_K.READ)
    elif verb in ("gc", "prune", "reflog", "filter-branch", "filter-repo", "update-ref", "replace"):
        note(
            call,
            "read"
            if _dry(call, verb)
            else "delete+data_loss~"
            if verb.startswith(("filter", "reflog", "prune")) or call.has("--prune")
            else "write_file+delete?",
            verb,
        )
    elif verb in ("bisect", "submodule", "rebase") and (
        words[:1] in (["run"], ["foreach"]) or call.value("--exec", "-x") is not None
    ):
        command = call.value("--exec", "-x")
        if command is not None:
            call.again(command, "git")
        elif len(call.words) > 1:
            call.start(call.words[1:], "git")
        call.add(_K.WRITE_FILE, verb)
    elif verb == "ls-remote" or (
        verb in ("worktree", "submodule", "notes", "bundle", "lfs", "sparse-checkout")
        and words[:1] in (["list"], ["status"], ["show"], ["verify"], ["ls-files"], ["env"])
    ):
        call.add(_K.READ)
    elif verb in _GIT_WRITES or verb == "rebase":
        clones = verb in ("clone", "fetch", "pull") and any(word.startswith("ext::") for word in words)
        if clones:
            call.add(_K.REMOTE_CODE, words[0])
        checks = _dry(call, verb) or (verb == "apply" and call.has("--check", "--stat") and not call.has("--apply"))
        call.add(_K.READ if checks else _K.WRITE_FILE)
    else:
        call.dark(f"git {verb} is not known to this check; it may be an alias for anything.")


def _git_reset(call: ProgramCall, verb: str, words: list[str]) -> None:
    if call.has("--hard", "--merge"):
        note(call, "data_loss~", "uncommitted work")
    else:
        call.add(_K.WRITE_FILE, verb)


def _git_clean(call: ProgramCall, verb: str, words: list[str]) -> None:
    if _dry(call, verb):
        call.add(_K.READ)
    else:
        note(call, "delete+data_loss~", "untracked files")


def _git_checkout(call: ProgramCall, verb: str, words: list[str]) -> None:
    whole = {".", "./", "*", "./*", ":/"} & set(words)
    if call.has("-f", "--force") or (whole and not call.has("--staged", "-S")):
        note(call, "data_loss~", "uncommitted work")
    else:
        call.add(_K.WRITE_FILE, verb)


def _git_push(call: ProgramCall, verb: str, words: list[str]) -> None:
    if _dry(call, verb):
        call.add(_K.READ)
        return
    call.add(_K.WRITE_FILE, "remote repository")
    refs = [word for word in words[1:] if word.startswith(("+", ":"))]
    if call.has("-f", "--force", "--force-with-lease", "--mirror", "--prune", "-d", "--delete") or refs:
        note(call, "data_loss~", "remote history")


def _git_branch(call: ProgramCall, verb: str, words: list[str]) -> None:
    if call.has("-D") or (call.has("-d", "--delete") and call.has("-f", "--force", "-r")):
        note(call, "data_loss?", words[0] if words else "")
    elif call.has("-d", "--delete"):
        note(call, "delete", words[0] if words else "")
    elif call.has(
        "-m",
        "-M",
        "-c",
        "-C",
        "-f",
        "-u",
        "--move",
        "--set-upstream-to",
        "--unset-upstream",
        "--edit-description",
        "--force",
    ) or (
        words
        and not call.has(
            "-a",
            "-r",
            "-v",
            "--list",
            "-l",
            "--contains",
            "--merged",
            "--no-merged",
            "--points-at",
            "--show-current",
            "--sort",
            "--format",
        )
    ):
        call.add(_K.WRITE_FILE, verb)
    else:
        call.add(_K.READ)


def _git_tag(call: ProgramCall, verb: str, words: list[str]) -> None:
    if call.has("-d", "--delete"):
        note(call, "delete", words[0] if words else "")
    elif words and not call.has("-l", "--list", "-n", "--contains", "--points-at", "-v", "--verify", "--sort"):
        call.add(_K.WRITE_FILE, verb)
    else:
        call.add(_K.READ)


def _git_stash(call: ProgramCall, verb: str, words: list[str]) -> None:
    if words[:1] in (["list"], ["show"]):
        call.add(_K.READ)
    elif words[:1] in (["drop"], ["clear"]):
        note(call, "data_loss~", "stashed work")
    else:
        call.add(_K.WRITE_FILE, verb)


def _git_remote(call: ProgramCall, verb: str, words: list[str]) -> None:
    shows = not words or words[0] in ("show", "get-url")
    call.add(_K.READ if shows else _K.WRITE_FILE, verb)
    if words[:1] in (["remove"], ["rm"]):
        call.add(_K.DELETE, words[1] if len(words) > 1 else "", _C.POSSIBLE)


def _git_config(call: ProgramCall, verb: str, words: list[str]) -> None:
    shows = (
        call.has("--get", "--get-all", "--get-regexp", "-l", "--list", "--show-origin", "--get-urlmatch")
        or (len(words) < 2 and not call.has("--unset", "--unset-all", "--remove-section", "-e", "--edit", "--add"))
        or words[:1] in (["get"], ["list"])
    )
    call.add(_K.READ if shows else _K.WRITE_CONFIG, words[0] if words else verb)
    if not shows and words and _GIT_CONFIG_RUNS.match(words[0]):
        call.add(_K.REMOTE_CODE, words[0], _C.POSSIBLE)


def _git_rm(call: ProgramCall, verb: str, words: list[str]) -> None:
    if _dry(call, verb):
        call.add(_K.READ)
    elif call.has("--cached"):
        call.add(_K.WRITE_FILE, verb)
    else:
        for word in call.words:
            deeds.delete(word, call.notes, call.frame, call.span, tree=call.has("-r"))


def _git_reference(call: ProgramCall, verb: str, words: list[str]) -> None:
    sets = len(words) > 1 or call.has("-d", "--delete")
    call.add(_K.WRITE_FILE if sets else _K.READ, verb)


def _git_recorded(call: ProgramCall, verb: str, words: list[str]) -> None:
    call.add(_K.READ if words[:1] in ([], ["status"], ["diff"], ["remaining"]) else _K.WRITE_FILE, verb)


def _hub_issue(call: ProgramCall, verb: str, words: list[str]) -> None:
    """Follow what hub adds to git: issues, requests and releases of a forge."""
    if words[:1] in ([], ["list"], ["show"], ["labels"]):
        call.add(_K.READ)
    else:
        note(call, "infra+delete" if words[0] == "delete" else "infra", verb)


_GIT_VERBS = {
    "reset": _git_reset, "clean": _git_clean, "checkout": _git_checkout, "restore": _git_checkout, "switch": _git_checkout, "push": _git_push, "branch": _git_branch, "tag": _git_tag, "stash": _git_stash,
    "remote": _git_remote, "config": _git_config, "rm": _git_rm, "issue": _hub_issue, "pr": _hub_issue, "release": _hub_issue, "gist": _hub_issue, "symbolic-ref": _git_reference, "rerere": _git_recorded,
}  # fmt: skip


def _java(call: ProgramCall) -> None:
    """Note a program in Java, which is opaque; its words may say that something is lost."""
    if asks_for_help(call) or [word.text for word in call.arguments] in (["-version"], ["-help"]):
        call.add(_K.READ)
        return
    call.dark("It runs a program in Java, which this check does not know.")
    note_destroying_word(call)


def _make(call: ProgramCall) -> None:
    """Note a build: what its targets run is in a file; with -n it only tells."""
    call.take(word_set("-C -f -j -I -l -o -W --directory --file --jobs"))
    if call.has(
        "-n",
        "--dry-run",
        "--just-print",
        "--recon",
        "-q",
        "--question",
        "-v",
        "--version",
        "--help",
    ):
        call.add(_K.READ)
        return
    call.dark(f"It runs what {call.name} finds in its file, which is not shown here.")
    note_destroying_word(call)
    target = call.word(0)
    if re.search(r"clean|destroy|delete|uninstall|purge|reset|drop|deploy", target):
        call.add(_K.DELETE, target, _C.POSSIBLE)


def _server(reading: str, table: str, *, alone: str = "service_start") -> Deed:
    """Return a deed of a server's own program: some options only check, -s and -k send it a signal."""
    showing = word_set(reading)
    signals = dict(pair.split("=") for pair in table.split())

    def deed(call: ProgramCall) -> None:
        call.take(word_set("-s -k -c -f -p -g -d -D -C -sf -st --config"), in_order=False)
        signal = call.value("-s", "-k")
        words = [word.text for word in call.words]
        verb = (
            signal.text
            if signal is not None
            else next((word for word in words if word in signals or word in showing), "")
        )
        if verb in signals:
            note(call, signals[verb], call.name)
        elif (
            call.has(*showing)
            or verb in showing
            or any(option.word.text in showing for option in call.options)
            or asks_for_help(call)
        ):
            call.add(_K.READ)
        else:
            note(call, alone, call.name)

    return deed


_SIGNALS = "stop=service_stop quit=service_stop reload=service_restart reopen=service_restart restart=service_restart graceful=service_restart graceful-stop=service_stop start=service_start shutdown=service_stop rotate=log_loss? reconfigure=service_restart"


def _sshd(call: ProgramCall) -> None:
    """Note the server that we come in by: -t and -T check it."""
    call.take(word_set("-f -o -p -C -h -u -g -c -E -b"))
    if call.has("-t", "-T", "-V", "-?", "-G"):
        call.add(_K.READ)
    else:
        note(call, "service_start+lockout?", "sshd")


PROGRAMS: Mapping[str, Deed] = {
    "git": _git, "hub": _git, "hg": Verbs(table="read: status log diff summary id branches tags heads paths incoming outgoing annotate cat files\nwrite_file: add commit pull update clone init push merge\ndata_loss~: strip purge revert rollback"),
    "svn": Verbs(table="read: status st log diff info list ls blame cat propget proplist\nwrite_file: add commit ci update up checkout co switch merge copy move mkdir cleanup export propset resolve\ndelete: delete rm remove\ndata_loss~: revert"),
    **dict.fromkeys(("make", "gmake", "ninja", "cmake", "rake", "just", "gradle", "mvn", "ant", "bazel", "tox", "nox", "task"), _make), "gcc": fixed("write_file", "-o"), "g++": fixed("write_file", "-o"), "cc": fixed("write_file", "-o"), "javac": fixed("write_file"),
    "patch": by_option("read: --dry-run -C", "-p -i -d -o", else_="write_file"), "java": _java, "jcmd": reads(content=False), "jinfo": reads(content=False), "pytest": fixed("dark"),
    "nginx": _server("-t -T -v -V -q -h", _SIGNALS), "openresty": _server("-t -T -v -V", _SIGNALS), **dict.fromkeys(("apachectl", "apache2ctl", "httpd", "apache2"), _server("-t -S -v -V -M -l -L configtest status fullstatus", _SIGNALS)),
    "haproxy": _server("-c -v -vv", _SIGNALS), "varnishd": _server("-C -V", ""), "varnishadm": Verbs(table="read: status ping backend.list param.show vcl.list vcl.show banner panic.show ban.list", else_="service_restart", takes="-n -S -T"), "caddy": Verbs(
        table="read: version validate list-modules environ adapt build-info\nservice_restart: reload\nservice_start: start run\nservice_stop: stop\nwrite_file: fmt"), "sshd": _sshd, "dropbear": fixed("service_start+lockout?"), "vsftpd": fixed("service_start"), "squid": _server("-v", _SIGNALS + " parse=read check=read"),
    **dict.fromkeys(("a2ensite", "a2enmod", "a2enconf"), fixed("write_config")), **dict.fromkeys(("a2dissite", "a2dismod", "a2disconf"), fixed("write_config+service_stop~")), "named": fixed("service_start"), "unbound-control": Verbs(table="read: status stats stats_noreset list_stubs list_forwards dump_cache lookup\nservice_restart: reload flush flush_zone flush_all\nservice_stop: stop"),
    "unbound-checkconf": reads(content=False), "postconf": by_option("write_config: -e -X -M# -P# -#", else_="read"), "postfix": Verbs(table="read: check status\nservice_stop: stop abort\nservice_restart: reload flush\nservice_start: start\nperm: set-permissions"), "postsuper": by_option("data_loss: -d\nwrite_file: -h -H -r -s -p", else_="read"),
    "postqueue": by_option("write_file: -f -i -s", else_="read"), "postcat": reads(), "postmap": by_option("read: -q -s", "-q", else_="write_config"), "newaliases": fixed("write_config"), "exim": by_option("read: -bp -bpc -bt -bV -bP -bh\ndata_loss: -Mrm -Mg\nwrite_file: -M -Mf -Mt -qff", dash_long=True, else_="write_file"), "exim4": by_option("read: -bp -bpc -bt -bV\ndata_loss: -Mrm", dash_long=True, else_="write_file"),
    "doveadm": Verbs(table="read: who mailbox/list mailbox/status search log/find pw quota/get user fetch\nservice_stop: stop kick\nservice_restart: reload log/reopen\ndata_loss~: expunge mailbox/delete"), "php-fpm": _server("-t -tt -i -v -m", ""), "uwsgi": fixed("service_start"), "gunicorn": by_option("read: --check-config --version", else_="service_start"),
    "certbot": Verbs(alone="write_config", table="read: certificates plugins show_account\nwrite_config: renew certonly run install register enhance\ndelete+security_weaken: delete revoke\ndelete: unregister", takes="-d -m --cert-name -w --email", dry="--dry-run"), "zabbix_get": reads(content=False), "zabbix_sender": fixed("write_file"), "snmpwalk": reads(content=False), "snmpget": reads(content=False), "snmpbulkwalk": reads(content=False), "snmptable": reads(content=False), "snmpstatus": reads(content=False), "snmpset": fixed("infra"),
    "snmptranslate": reads(content=False), "lpstat": reads(content=False), "lpq": reads(content=False), "lp": fixed("write_file"), "lpr": fixed("write_file"), "lprm": fixed("delete"), "cancel": fixed("delete"), "lpadmin": fixed("write_config"), "cupsenable": fixed("service_start"), "cupsdisable": fixed("service_stop"), "squeue": reads(content=False), "sinfo": reads(content=False), "sacct": reads(content=False),
    "scontrol": Verbs(table="read: show ping", else_="infra+service_stop?"), "scancel": fixed("process_kill"), "sbatch": fixed("dark"), "qstat": reads(content=False), "qdel": fixed("process_kill"), "nagios": by_option("read: -v", else_="service_start"),
    "prometheus": by_option("read: --version", else_="service_start"), "opsterm": Verbs(table="read: query targets/list targets/show alerts metrics history doctor where keys settings risk mask audit changes", else_="dark"),
}  # fmt: skip
