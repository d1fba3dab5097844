"""Programs that start commands on many hosts, or ask many hosts to be in a state."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, Verbs, asks_for_help, by_option, fixed, note, reads
from opsterm.policy.shell.programs.transfer import copies
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty


def _joined(call: ProgramCall, words: Sequence[Argument], where: str) -> None:
    """Read words as the one text that they are joined to for the shell of each host."""
    text = " ".join(word.text for word in words)
    span = words[0].span if len(words) == 1 else call.span
    base = words[0].base if len(words) == 1 else -1
    call.again(Argument(text=text, raw=text, span=span, base=base), call.name, where=where)


def everywhere(takes: str, *, hosts: str, skip: int = 0, copy: str = "", shown: str = "") -> Deed:
    """Return a deed of a program that starts the same command on many hosts.

    Args:
        takes: options with a value.
        hosts: those of them that name the hosts.
        skip: words in front of the command, which name the hosts.
        copy: options that copy files instead.
        shown: options with which nothing is started.
    """
    options, named, copying, showing = word_set(takes), word_set(hosts), word_set(copy), word_set(shown)

    def deed(call: ProgramCall) -> None:
        call.take(options, in_order=True)
        rest = call.words[skip:]
        said = call.value(*named) or (call.words[0] if skip and call.words else None)
        where = f"{call.name} {said.shown if said is not None else ''}".strip()
        if asks_for_help(call) or call.has(*showing):
            call.add(_K.READ)
        elif call.has(*copying):
            call.words = [*call.values(*copying), *rest]
            call.add(_K.WRITE_FILE, call.words[-1] if call.words else "")
        elif rest:
            _joined(call, rest, where)
        else:
            call.dark(f"{call.name} starts what is typed then on all hosts.")

    return deed


_STATES = re.compile(r"\bstate=(\w+)")
_READ_MODULES = word_set(
    "ping setup debug gather_facts stat find getent service_facts package_facts mount_facts assert wait_for ansible.builtin.ping ansible.builtin.setup "
    "ansible.builtin.debug ansible.builtin.stat ansible.builtin.find win_ping ansible.windows.win_ping ansible.builtin.service_facts ansible.builtin.package_facts"
)
_SHELL_MODULES = word_set("command shell raw win_shell win_command script")
_MODULES: Mapping[str, str] = {
    "reboot": "reboot", "win_reboot": "reboot", "user": "user", "group": "user", "authorized_key": "privilege+write_config", "cron": "schedule",
    "iptables": "network+lockout~", "ufw": "network+lockout~", "firewalld": "network+lockout?", "nmcli": "network+lockout?", "sysctl": "kernel_param",
    "hostname": "network", "selinux": "security_weaken", "modprobe": "kernel_module", "mount": "write_config", "parted": "data_loss~", "filesystem": "data_loss",
    "lvol": "data_loss?", "copy": "write_file", "template": "write_config", "lineinfile": "write_config", "blockinfile": "write_config", "replace": "write_config",
    "git": "write_file", "get_url": "write_file", "unarchive": "write_file", "fetch": "exfil?",
}  # fmt: skip


def _ansible(call: ProgramCall) -> None:
    """Follow ansible: a module, with its arguments in one word."""
    call.take(word_set("-m -a -i -e -l -u -f -B -P -T -t -M -c --module-name --args --inventory --extra-vars --limit --user --forks "
                       "--become-user --private-key --key-file --become-method --connection --timeout --vault-password-file"),
              long=("--check", "--list-hosts", "--become"))  # fmt: skip
    where = f"ansible {call.word(0)}".strip()
    module = call.value("-m", "--module-name")
    name = module.text.rsplit(".", 1)[-1] if module is not None else "command"
    said = call.value("-a", "--args")
    text = said.text if said is not None else ""
    raised = call.has("-b", "--become", "-K", "--become-user")
    only_asks = asks_for_help(call) or call.has("--list-hosts") or (module is not None and module.text in _READ_MODULES)
    if only_asks or (call.has("-C", "--check") and name not in _SHELL_MODULES):
        call.add(_K.READ, where)
    elif name in _SHELL_MODULES and said is not None and name != "script":
        stripped = re.sub(r"\b(?:chdir|creates|removes|executable|warn|argv|stdin)=\S+\s*|^cmd=", "", text)
        call.again(said.part(stripped.strip("\"'")), "sudo" if raised else "ansible", where=where)
    elif name in ("service", "systemd", "systemd_service", "win_service", "supervisorctl"):
        _serves(call, text)
    elif name in ("file", "apt", "yum", "dnf", "package", "pip", "win_file", "win_package", "zypper", "apk", "snap"):
        _is_there(call, name, text)
    elif name in _MODULES:
        loses = "absent" in text and _MODULES[name] == "user"
        note(call, "user+lockout?" if loses else _MODULES[name], text[:80])
    else:
        call.dark(f"What the module {name[:40]} does there is not known to this check.")
        if _STATES.search(text) and _STATES.search(text)[1] == "absent":  # type: ignore[index]
            note(call, "infra+delete", text[:80])


def _serves(call: ProgramCall, text: str) -> None:
    state = _STATES.search(text)
    named = re.search(r"\bname=(\S+)", text)
    unit = named[1] if named else "?"
    specs = {"stopped": "service_stop", "restarted": "service_restart", "reloaded": "service_restart", "started": "service_start"}
    note(call, specs.get(state[1] if state else "", "service_enable"), unit)
    carries = re.fullmatch(r"(?:sshd?|networking|NetworkManager|systemd-networkd)(?:\.service)?", unit)
    if carries and (state and state[1] == "stopped"):
        call.add(_K.LOCKOUT, unit, _C.LIKELY)
    if re.search(r"\benabled=(?:no|false)", text):
        note(call, "service_stop", unit)


def _is_there(call: ProgramCall, name: str, text: str) -> None:
    state = _STATES.search(text)
    word = state[1] if state else ""
    path = re.search(r"\b(?:path|dest|name|pkg)=(\S+)", text)
    what = path[1] if path else "?"
    if name in ("file", "win_file"):
        if word == "absent":
            call.again(Argument(text=f"rm -rf {what}", raw=text, span=call.span), "ansible", where=f"ansible {call.word(0)}")
        else:
            note(call, "perm" if re.search(r"\b(?:mode|owner|group)=", text) else "write_file", what)
    else:
        note(call, {"absent": "package_remove", "removed": "package_remove", "latest": "package_upgrade"}.get(word, "package_add"), what)


_SALT_READS = re.compile(
    r"^(?:test\.(?:ping|version|versions|echo|fib)|grains\.(?:items?|get|ls)|pillar\.(?:ls|keys)|status\.\w+|disk\.(?:usage|inodeusage|percent)|"
    r"network\.(?:ip_addrs|interfaces|ping|netstat|active_tcp|arp|dig|traceroute)|service\.(?:status|get_all|get_enabled|available|show|missing)|"
    r"pkg\.(?:list_pkgs|version|latest_version|list_upgrades|available_version|info_installed)|sys\.(?:doc|list_\w+)|state\.show_\w+|"
    r"ps\.(?:top|cpu_percent|virtual_memory)|file\.(?:stats|file_exists|directory_exists|readdir|find|grep)|user\.(?:info|list_users)|"
    r"saltutil\.(?:running|list_jobs)|manage\.(?:up|down|status)|config\.get|mine\.get|cp\.list_\w+|key\.(?:list|finger))$"
)


def _salt(call: ProgramCall) -> None:
    """Follow salt: hosts, a function, its arguments."""
    call.take(word_set("-t --timeout -b --batch-size --out --output -c --config-dir --log-level -l --return"),
              long=("--static", "--local"))  # fmt: skip
    words = call.words if call.name == "salt-call" else call.words[1:]
    function = words[0].text if words else ""
    where = f"salt {call.word(0)}"
    test = any(word.text.lower() in ("test=true", "test=1") for word in words)
    if asks_for_help(call) or not words or _SALT_READS.match(function) or test:
        call.add(_K.READ, where)
    elif function in ("cmd.run", "cmd.shell", "cmd.run_all", "cmd.run_stdout", "cmd.retcode") and len(words) > 1:
        call.again(words[1], "sudo", where=where)
    elif re.match(r"service\.(?:stop|disable|mask)", function):
        note(call, "service_stop", words[1] if len(words) > 1 else "")
    elif re.match(r"service\.(?:restart|reload|start|enable)", function):
        note(call, "service_restart", words[1] if len(words) > 1 else "")
    elif re.match(r"pkg\.(?:remove|purge)", function):
        note(call, "package_remove", words[1] if len(words) > 1 else "")
    elif re.match(r"system\.(?:reboot|shutdown|halt|poweroff|init)", function):
        note(call, "reboot", where)
    elif re.match(r"(?:file\.(?:remove|rmdir|wipe)|user\.delete|group\.delete|disk\.wipe|disk\.format|partition\.\w+|lvm\.\w*remove)", function):
        note(call, "delete+data_loss~", words[1] if len(words) > 1 else "")
    else:
        call.dark(f"What {function[:60]} does there cannot be followed.")


def _clush(call: ProgramCall) -> None:
    """Follow clush: its options may stand behind the hosts, what is left is the command."""
    call.take(word_set("-w -x -g -X -f -t -u -l -o -O -p --hostfile --machinefile --pick --dest"), in_order=True,
              long=("--copy", "--rcopy"))  # fmt: skip
    if call.has("-c", "--copy", "--rcopy"):
        call.add(_K.WRITE_FILE, call.words[-1] if call.words else "")
    elif call.words:
        said = call.value("-w", "-g") or call.first
        _joined(call, call.words, f"{call.name} {said.shown}")
    else:
        call.add(_K.READ) if asks_for_help(call) else call.dark("It starts what is typed then on all hosts.")


def _copies_everywhere(call: ProgramCall) -> None:
    """Note what pscp and prsync put on many hosts."""
    call.take(word_set("-h -H -l -p -o -e -t -O -x -X -w -g"))
    if call.name in ("pnuke", "parallel-nuke"):
        note(call, "process_kill", call.words[-1] if call.words else "")
    else:
        copies(call)


_PSSH = everywhere("-h -H -l -p -o -e -t -O -x -X --hosts --host --user --par --outdir --errdir --timeout --options", hosts="-h -H --hosts --host")
_PDSH = everywhere("-w -x -g -X -f -t -u -l -R --wcoll", hosts="-w -g", shown="-q -L -V")
_LAPS = "-W --why-run"

PROGRAMS: Mapping[str, Deed] = {
    **dict.fromkeys(("pssh", "parallel-ssh"), _PSSH), **dict.fromkeys(("pdsh", "dsh", "rpdsh", "rgang"), _PDSH), "clush": _clush, "pdcp": _copies_everywhere,
    **dict.fromkeys(("prsync", "parallel-rsync", "parallel-scp", "pnuke", "parallel-nuke", "pslurp", "parallel-slurp"), _copies_everywhere),
    "dshbak": reads(content=False), "nodeset": reads(content=False), "cluset": reads(content=False), "clubak": reads(content=False),
    "mssh": fixed("dark"), "cssh": fixed("dark"), "csshx": fixed("dark"), "psexec.py": fixed("dark"), "fab": fixed("dark"), "pyinfra": fixed("dark"), "mco": Verbs(table="read: ping inventory find facts", else_="dark"),
    "bolt": Verbs(table="read: inventory/show task/show plan/show", else_="dark"),
    "ansible": _ansible, "ansible-playbook": by_option("read: --list-hosts --list-tasks --syntax-check --check -C --list-tags", "-i -e -l -t -u -f --extra-vars --limit --tags --inventory", else_="dark"),
    **dict.fromkeys(("ansible-inventory", "ansible-doc", "ansible-config", "ansible-lint", "ansible-navigator"), reads(content=False)), "ansible-pull": fixed("dark"),
    "ansible-galaxy": Verbs(table="read: list info search collection/list role/list\npackage_add: install collection/install role/install\npackage_remove: remove delete\nwrite_file: init"),
    "ansible-vault": Verbs(table="read_secret: view\nwrite_file: encrypt decrypt create edit rekey encrypt_string"), "ansible-console": fixed("dark"), "molecule": Verbs(table="read: list matrix lint\ninfra+delete: destroy cleanup reset", else_="dark"),
    "salt": _salt, "salt-call": _salt, "salt-ssh": _salt, "salt-run": _salt, "salt-key": by_option("read: -L --list -l -F -f -p --list-all --finger\ninfra+delete: -d -D --delete --delete-all -r -R\nprivilege: -a -A --accept --accept-all", else_="read"),
    "puppet": Verbs(table="read: help facts config/print lookup module/list resource parser/validate facts/show node/find catalog/find ssl/show epp/validate\ninfra+delete: node/purge node/clean cert/clean ssl/clean module/uninstall\nservice_stop: agent/--disable", dry="--noop", else_="dark"),
    "puppetserver": Verbs(table="read: ca/list\ninfra+delete: ca/clean ca/revoke\nprivilege: ca/sign", else_="dark"),
    "chef-client": by_option(f"read: {_LAPS}", else_="dark"), "chef-solo": by_option(f"read: {_LAPS}", else_="dark"), "cf-agent": by_option("read: -n --dry-run -h", else_="dark"),
    "knife": Verbs(table="read: node/list node/show status search cookbook/list role/list client/list environment/list data/bag/list cookbook/show client/show\ninfra+delete: node/delete client/delete cookbook/delete role/delete environment/delete", else_="dark"),
}  # fmt: skip
