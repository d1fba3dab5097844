"""Programs that run something on many hosts at once."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, asks_for_help, by_option, note, reads
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

_TAKES: Mapping[str, str] = {
    "pssh": "-h -H -l -p -t -o -e -x -X -O --hosts --host --user --par --timeout",
    "clush": "-w -x -g -X -f -t -u -l -o --hostfile --nodes --group --exclude",
    "pdsh": "-w -x -g -X -R -l -f -t -u",
    "dsh": "-m -g -f -r -o -F",
}


def _shell_everywhere(takes: str) -> Deed:
    """Return a deed of a program whose words are a text for the shell of each host."""
    options = word_set(takes)

    def deed(call: ProgramCall) -> None:
        call.take(options, in_order=True)
        if not call.words:
            call.add(_K.READ)
            return
        text = " ".join(word.text for word in call.words)
        base = call.words[0].base if len(call.words) == 1 else -1
        span = call.words[0].span if len(call.words) == 1 else call.span
        call.again(Argument(text=text, raw=text, span=span, base=base), call.name, where=f"{call.name} hosts")

    return deed


_ANSIBLE_READS = re.compile(
    r"(?:ansible\.\w+\.)?(?:ping|setup|debug|stat|command_facts|package_facts|service_facts|gather_facts|slurp|getent|win_ping|find|wait_for|assert)"
)
_STATES: Mapping[str, Mapping[str, str]] = {
    "file": {"absent": "delete+data_loss~", "": "write_file"},
    "service": {
        "stopped": "service_stop",
        "restarted": "service_restart",
        "reloaded": "service_restart",
        "": "service_start",
    },
    "package": {"absent": "package_remove", "removed": "package_remove", "": "package_add"},
    "user": {"absent": "user+delete+lockout?", "": "user"},
    "filesystem": {"": "data_loss"},
    "reboot": {"": "reboot"},
    "cron": {"": "schedule"},
    "lineinfile": {"": "write_config"},
    "sysctl": {"": "kernel_param"},
    "mount": {"unmounted": "service_stop", "absent": "service_stop", "": "write_config"},
    "iptables": {"": "network+lockout~"},
}
_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("service", "systemd", "systemd_service", "win_service"), "service"),
    **dict.fromkeys(("apt", "yum", "dnf", "package", "pip", "zypper", "apk"), "package"),
    **dict.fromkeys(("user", "group", "authorized_key"), "user"), **dict.fromkeys(("parted", "filesystem", "lvol", "lvg"), "filesystem"),
    **dict.fromkeys(("reboot", "shutdown"), "reboot"), **dict.fromkeys(("copy", "template", "lineinfile", "blockinfile", "replace"), "lineinfile"),
    **dict.fromkeys(("iptables", "ufw", "firewalld"), "iptables"), "file": "file", "cron": "cron", "sysctl": "sysctl", "mount": "mount",
}  # fmt: skip


def _ansible(call: ProgramCall) -> None:
    """Follow ansible: a module, and what it is asked for; shell and command have a text for the shell."""
    call.take(
        word_set(
            "-m -a -i -u -l -e -f -t -c --module-name --args --inventory --user --limit --extra-vars --forks --become-user"
        )
    )
    module = call.value("-m", "--module-name")
    name = (module.text if module is not None else "command").rpartition(".")[2]
    asked = call.value("-a", "--args")
    if asks_for_help(call) or call.has("-C", "--check", "--list-hosts") or _ANSIBLE_READS.fullmatch(name):
        call.add(_K.READ)
    elif name in ("shell", "command", "raw", "script") and asked is not None and name != "script":
        call.again(asked, call.name, where="ansible hosts")
    elif name in _KINDS:
        states = _STATES[_KINDS[name]]
        text = asked.text if asked is not None else ""
        state = re.search(r"\bstate=(\w+)", text)
        thing = re.search(r"\b(?:name|path|dest|dev)=(\S+)", text)
        note(call, states.get(state[1] if state else "", states[""]), thing[1] if thing else "")
    else:
        note(call, "dark")


_SALT_READS = re.compile(
    r"(?:test\.(?:ping|version|echo)|grains\..*|status\..*|disk\.usage|network\..*|pkg\.(?:list|version|latest).*|service\.(?:status|get_all|available)|sys\..*|pillar\.(?:items|get)|state\.show.*)"
)
_SALT: Mapping[str, str] = {
    "service.stop": "service_stop", "service.disable": "service_stop+service_enable", "service.restart": "service_restart", "service.start": "service_start",
    "pkg.install": "package_add", "pkg.remove": "package_remove", "pkg.purge": "package_remove", "pkg.upgrade": "package_upgrade", "system.reboot": "reboot",
    "system.shutdown": "reboot+service_stop+lockout", "file.remove": "delete+data_loss~", "user.delete": "user+delete", "user.add": "user",
}  # fmt: skip


def _salt(call: ProgramCall) -> None:
    """Follow salt: targets, a function and its words."""
    call.take(word_set("-t -b -l --timeout --batch-size --out --output -c"))
    words = call.words if call.name == "salt-call" else call.words[1:]
    function = words[0].text if words else ""
    tries = function.startswith("state.") and any(word.text.lower() == "test=true" for word in words)
    if asks_for_help(call) or _SALT_READS.fullmatch(function) or tries:
        call.add(_K.READ)
    elif function in ("cmd.run", "cmd.run_all", "cmd.shell") and len(words) > 1:
        call.again(words[1], call.name, where="salt hosts")
    elif function in _SALT:
        note(call, _SALT[function], words[1] if len(words) > 1 else "")
    else:
        note(call, "dark")


PROGRAMS: Mapping[str, Deed] = {
    **dict.fromkeys(("pssh", "parallel-ssh", "prun"), _shell_everywhere(_TAKES["pssh"])), "clush": _shell_everywhere(_TAKES["clush"]), "pdsh": _shell_everywhere(_TAKES["pdsh"]),
    "dsh": _shell_everywhere(_TAKES["dsh"]), "ansible": _ansible, "salt": _salt, "salt-call": _salt, "nodeset": reads(content=False),
    "ansible-playbook": by_option("read: --list-hosts --list-tasks --syntax-check --check -C --list-tags", "-i -e -l -t -u -f --extra-vars --limit --tags --inventory", else_="dark"),
}  # fmt: skip
