"""Units: what systemctl, service and their kin do to them, and which of them carry us or guard the host."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, Verbs, asks_for_help, fixed, note
from opsterm.policy.shell.programs.options import may_be_value
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

CARRIES_US = re.compile(
    r"(?:open)?sshd?(?:\.(?:service|socket))?|sshd?@.*|networking|network(?:-manager)?|NetworkManager|systemd-networkd|systemd-logind|"
    r"dhcpcd|wpa_supplicant|firewalld|nftables|iptables|ip6tables|ufw|netfilter-persistent|shorewall|sssd|nslcd|winbind|nscd|"
    r"systemd-resolved|openvpn.*|wg-quick.*|wireguard.*|tailscaled?|strongswan.*|ipsec|keepalived|dropbear|fail2ban|pam.*|"
    r"krb5.*|slapd|polkit|dbus|systemd-udevd|network.*|frr|bird|dnsmasq|vpnd?|teleport",
)
"""Units that our way to the target may lead through."""

GUARDS = re.compile(
    r"auditd|rsyslogd?|syslog(?:-ng)?|systemd-journald(?:-audit)?|firewalld|nftables|iptables|ip6tables|ufw|fail2ban|apparmor|clamav.*|clamd?.*|"
    r"crowdsec|falco.*|wazuh.*|ossec.*|chronyd?|ntpd?|systemd-timesyncd|osqueryd?|aide.*|auditbeat|filebeat|falcon-sensor|mdatp|"
    r"selinux.*|sysmon|crowdstrike|ds_agent|snort|suricata|unattended-upgrades|dnf-automatic.*"
)
"""Units that watch or protect."""

LOGS = re.compile(
    r"auditd|rsyslogd?|syslog(?:-ng)?|systemd-journald.*|journald|fluentd?|fluent-bit|filebeat|vector|promtail"
)

_UNIT_VERBS = """
    read: status is-active is-enabled is-failed is-system-running list-units list-unit-files list-timers list-sockets list-dependencies
    read: log-level log-target service-log-level service-log-target
    read: list-jobs list-machines list-paths list-automounts get-default show cat help show-environment whoami get-property verify
    service_start: start
    service_stop: stop kill clean freeze down force-stop force-shutdown exit once-down zap pause
    service_start: up once cont
    service_restart: restart try-restart reload reload-or-restart try-reload-or-restart condrestart force-reload daemon-reexec thaw
    service_enable: enable reenable unmask preset add-wants add-requires link
    service_stop+service_enable: disable mask
    write_config: daemon-reload edit set-property revert set-environment unset-environment import-environment reset-failed set-log-level
    boot: set-default preset-all
    service_stop+lockout~: isolate rescue emergency default
    reboot: reboot soft-reboot kexec
    reboot+service_stop+lockout: poweroff halt
    reboot+service_stop+lockout: suspend hibernate sleep hybrid-sleep suspend-then-hibernate
    service_stop+lockout: exit
    boot~: switch-root
    process_kill: cancel
"""
_TAKES = (
    "-t -p -P -n -o -s -H -M -C --type --property --state --lines --output --signal --host --machine --capsule --root --image --image-policy "
    "--kill-who --kill-whom --kill-value --kill-subgroup --job-mode --what --timestamp --check-inhibitors --message --legend --preset-mode "
    "--boot-loader-menu --boot-loader-entry --reboot-argument --kernel-cmdline --when --drop-in"
)
_PREPARING = "--firmware-setup --boot-loader-menu --boot-loader-entry --reboot-argument --kernel-cmdline --when"
"""Options that write down for the next start what was asked for, also when the start itself is only tried."""
_FLAGS = word_set(
    "-a -l -r -T -i -q -v -f -h --help --version --system --user --global --all --full --recursive --reverse --after --before --failed "
    "--with-dependencies --show-transaction --show-types --value --ignore-inhibitors --ignore-dependencies --irreversible --fail --now "
    "--dry-run --quiet --verbose --no-warn --wait --no-block --no-wall --no-reload --no-legend --no-pager --no-ask-password --runtime "
    "--force --firmware-setup --plain --read-only --mkdir --marked --stdin"
)
"""Options of systemctl without a value; these and those of `_TAKES` are all of them, from version 252 to the newest."""
_TRIED = word_set(
    "halt poweroff reboot kexec soft-reboot suspend hibernate suspend-then-hibernate hybrid-sleep default rescue emergency exit"
)
"""Verbs that --dry-run only tries; systemctl does all others as if it were not there."""
_systemctl_verbs = Verbs(table=_UNIT_VERBS, takes=_TAKES)
_initctl_verbs = Verbs(table=_UNIT_VERBS + "read: version check-config show-config\n", takes="--dest")

_CLOSES = re.compile(r"firewalld|ufw|nftables|iptables|ip6tables|shorewall|netfilter-persistent|csf|ferm")
"""Units that put rules in force, when they are started."""

_STOPS = frozenset({"service_stop", "service_restart", "service_stop+service_enable"})


def _note_unit(call: ProgramCall, spec: str, unit: Argument | str) -> None:
    """Note what a verb does to a unit, and what else goes with that unit."""
    note(call, spec, unit)
    name = (unit.text if isinstance(unit, Argument) else unit).removesuffix(".service")
    if spec in _STOPS and CARRIES_US.fullmatch(name.removesuffix(".socket")):
        certain = _C.LIKELY if "stop" in spec else _C.POSSIBLE
        call.add(_K.LOCKOUT, unit, certain)
    if spec in _STOPS and isinstance(unit, Argument) and (not unit.known or unit.glob):
        call.add(_K.LOCKOUT, unit, _C.POSSIBLE)
    if spec in ("service_start", "service_enable") and _CLOSES.fullmatch(name):
        call.add(_K.LOCKOUT, unit, _C.LIKELY if spec == "service_start" or call.has("--now") else _C.POSSIBLE)
    if "set-default" in (word.text for word in call.words[:1]) and name.removesuffix(".target") in (
        "rescue",
        "emergency",
        "halt",
        "poweroff",
    ):
        call.add(_K.LOCKOUT, unit, _C.LIKELY)
    if "stop" in spec and name in (
        "system.slice",
        "user.slice",
        "-.slice",
        "multi-user.target",
        "basic.target",
        "sysinit.target",
    ):
        call.add(_K.LOCKOUT, unit, _C.LIKELY)
    if "stop" in spec and GUARDS.fullmatch(name):
        call.add(_K.SECURITY_WEAKEN, unit)
    if "stop" in spec and LOGS.fullmatch(name):
        call.add(_K.LOG_LOSS, unit, _C.LIKELY)
    if "stop" in spec and name in ("firewalld", "nftables", "iptables", "ip6tables", "ufw", "netfilter-persistent"):
        call.add(_K.FIREWALL_WEAKEN, unit)


_SHOWN_WITH = {"log-level": 1, "log-target": 1, "service-log-level": 2, "service-log-target": 2}
"""Verb -> words with which it shows; with one more it sets."""


def _verb_and_units(call: ProgramCall, verbs: Verbs, flags: Collection[str] = ()) -> tuple[str, Sequence[Argument]]:
    """Return (effects of the verb, the units): a unit may be called like a verb or a program, as ssh is.

    A word that may be the value of an option that is not known hides no verb behind it.
    """
    spec, behind = verbs.verb(call.words[:1])[0], 1
    for at, word in enumerate(call.words[:-1]):
        if spec not in ("read", "dark") or not may_be_value(call, word, flags):
            break
        later = verbs.verb(call.words[at + 1 : at + 2])[0]
        if later not in ("read", "dark"):
            spec, behind = later, at + 2
    return spec, call.words[behind:]


def _sets_what_it_shows(call: ProgramCall) -> bool:
    """Return whether a verb that shows a setting has a word more, with which it sets it."""
    verbs = [0, *(at + 1 for at, word in enumerate(call.words) if may_be_value(call, word, _FLAGS))]
    return any(len(call.words) - at > _SHOWN_WITH.get(call.word(at), len(call.words)) for at in verbs)


def _only_tries(call: ProgramCall) -> bool:
    """Return whether --dry-run keeps systemctl from what it is asked for."""
    known = all(option.name in _FLAGS or option.name in word_set(_TAKES) for option in call.options)
    prepares = call.has(*_PREPARING.split())
    return call.has("--dry-run") and known and not prepares and len(call.words) == 1 and call.word(0) in _TRIED


def _systemctl(call: ProgramCall) -> None:
    """Follow systemctl; the verb is the first word, each other one a unit."""
    call.take(word_set(_TAKES), long=_FLAGS)
    if asks_for_help(call) or not call.words or _only_tries(call):
        call.add(_K.READ)
        return
    spec, units = _verb_and_units(call, _systemctl_verbs, _FLAGS)
    if _sets_what_it_shows(call):
        call.add(_K.WRITE_CONFIG, call.words[-1])
        return
    _note_units(call, spec, units)


def _note_units(call: ProgramCall, spec: str, units: Sequence[Argument]) -> None:
    named: Sequence[Argument | str] = units[: 1 if spec == "read" else None] or [""]
    for unit in named:
        _note_unit(call, spec, unit)


def _initctl(call: ProgramCall) -> None:
    """Follow initctl of upstart, whose -n waits for nothing and has no value."""
    flags = word_set("-n -q -v --no-wait --quiet --verbose --session --system --user")
    call.take(word_set(_initctl_verbs.takes), long=flags)
    if asks_for_help(call) or not call.words:
        call.add(_K.READ)
        return
    _note_units(call, *_verb_and_units(call, _initctl_verbs, flags))


def _service(call: ProgramCall) -> None:
    """Follow service, rc-service, invoke-rc.d and /etc/init.d: the unit comes first, and options behind it are the unit's."""
    call.take((), in_order=True)
    call.words = [word for word in call.words if not word.text.startswith("-")]
    if call.has("--status-all", "-l", "--list", "--help", "-e", "--exists", "-r", "--resolve") or (
        len(call.words) < 2
        and ".." not in call.word(0)
        and not any(word.text in ("--full-restart", "-R") for word in call.arguments)
    ):
        call.add(_K.READ)
        return
    if len(call.words) < 2:
        _note_unit(call, "service_restart", call.words[0] if call.words else "")
        return
    unit, verb = call.words[0], call.word(1)
    if ".." in unit.text:
        call.dark("The name of the service leads out of the folder of services.")
        call.add(_K.REMOTE_CODE, unit)
    spec = "read" if verb in ("status", "configtest", "info", "describe", "check", "checkconfig") else (
        _systemctl_verbs.verb([call.words[1]])[0]
    )  # fmt: skip
    _note_unit(call, "service_restart" if spec == "dark" else spec, unit)


_SV = Verbs(
    table="""
    read: status check s
    service_start: up start once u o
    service_stop: down stop exit kill force-stop force-shutdown shutdown d e k pause p
    service_restart: restart reload hup force-restart force-reload try-restart cont h t term 1 2 i q interrupt alarm""",
    takes="-w",
)


def _sv(call: ProgramCall) -> None:
    """Follow sv of runit: what is done comes first, then the services."""
    call.take(word_set("-w"))
    if len(call.words) < 2:
        call.add(_K.READ)
        return
    spec, units = _verb_and_units(call, _SV, ("-v",))
    for unit in units:
        _note_unit(call, spec, unit)


def _toggles(on: str, off: str, listing: str) -> Deed:
    """Return a deed of update-rc.d, chkconfig and rc-update: a unit, and whether it starts by itself."""
    adds, removes, lists = word_set(on), word_set(off), word_set(listing)

    def deed(call: ProgramCall) -> None:
        call.take(word_set("--level --levels"))
        words = [word.text for word in (*call.words, *(option.word for option in call.options))]
        units = [word for word in call.words if word.text not in adds | removes | lists]
        spec = "service_stop+service_enable" if set(words) & removes else "service_enable"
        changes = bool(set(words) & (adds | removes)) or (len(call.words) > 1 and not set(words) & lists)
        spec = spec if changes else "read"
        named: Sequence[Argument | str] = units[:1] or [""]
        for unit in named:
            _note_unit(call, spec, unit)

    return deed


PROGRAMS: Mapping[str, Deed] = {
    "systemctl": _systemctl, "service": _service, "rc-service": _service, "invoke-rc.d": _service,
    "update-rc.d": _toggles("defaults enable", "remove disable defaults-disabled", ""), "chkconfig": _toggles("on add --add reset resetpriorities --override", "off --del del", "--list"),
    "rc-update": _toggles("add", "del delete", "show -v"), "sv": _sv, "initctl": _initctl, "start": fixed("service_start"),
    "stop": fixed("service_stop"), "restart": fixed("service_restart"),
}  # fmt: skip
