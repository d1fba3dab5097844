"""Cmdlets whose parameters decide what they do: services, accounts, firewall, Defender, forwarding effects by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.powershell import items, running
from opsterm.policy.powershell.frame import CmdletCall
from opsterm.policy.powershell.verbs import READING_VERBS, deeds_of
from opsterm.policy.win32.places import write_path
from opsterm.policy.win32.programs import rests_on
from opsterm.policy.win32.services import note_membership, note_process, note_service
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty
_SERVICE_KINDS = frozenset({_K.SERVICE_STOP, _K.SERVICE_START, _K.SERVICE_RESTART, _K.SERVICE_ENABLE})
_WEAKENS_DEFENDER = re.compile(
    r"-dis\w*[: ]+(?:\$true|1)|-excl\w+|submitsamples\w*[: ]+(?:2|never)|mapsreporting[: ]+(?:0|disabled)"
    r"|-\w*protection\w*[: ]+(?:0|\$false|disabled)|defaultaction[: ]+(?:6|allow|9|noaction)"
    r"|attacksurface\w*[: ]+(?:disabled|0)|-enable\w*[: ]+(?:\$false|0|disabled)"
)
_WEAKENS_SMB = re.compile(r"\$false|(?<!\d)0\b|-\w*(?:smb1|insecure)\w*:? \$true")
_FILTERS = word_set(
    "where-object select-object sort-object group-object measure-object format-table format-list format-wide "
    "format-custom out-string out-null out-host out-default out-gridview compare-object write-output write-host "
    "get-unique"
)
_WAYS_IN = re.compile(
    r"\*|remote|rdp|winrm|wsman|ssh|5985|5986|3389|\b22\b|any|^\?$|^$|management|terminal", re.IGNORECASE
)


def note_cmdlet(call: CmdletCall) -> bool:
    """Note what a cmdlet does; tell whether it is known, by table or by its verb."""
    form = _FORMS.get(call.name)
    deeds = deeds_of(call.name)
    if form is None and deeds is None:
        return False
    if form:
        form(call)
        return True
    for kind, certainty in deeds or ():
        for what in [""] if call.name in _FILTERS else call.objects():
            if kind in _SERVICE_KINDS and call.name.endswith("-service"):
                note_service(kind, what, call.layer.notes, call.span, certainty=certainty)
            elif kind is _K.PROCESS_KILL and call.name.endswith("-process"):
                note_process(what, call.layer.notes, call.span)
            else:
                call.note(kind, what, certainty)
            if rests_on(kind, what):
                call.note(_K.LOCKOUT, what, _C.LIKELY)
    if call.name.startswith("set-smb") and _WEAKENS_SMB.search(" ".join(p.text.lower() for p in call.arguments.pieces)):
        call.note(_K.SECURITY_WEAKEN, (call.objects() or [""])[0], _C.LIKELY)
    if call.name == "register-scheduledtask" and call.arguments.text("user").lower().endswith("system"):
        call.note(_K.PRIVILEGE, "SYSTEM", _C.LIKELY)
    if call.name.partition("-")[0] in READING_VERBS:
        _note_what_a_reader_writes(call)
    return True


_WRITTEN = (
    "outfile", "destinationpath", "output", "outputfile", "outputfilepath", "outputpath", "outputfolder", "outputxml",
    "outputdirectory", "exportpath", "exportfile", "savepath", "reportpath", "reportfile",
)  # fmt: skip
"""Parameters of cmdlets that else only look, which name what they write."""

_MENDING = ("repair", "resetpassword", "resetcredentials", "install", "removeall", "fix", "execute")
"""Switches of cmdlets that else only look, with which they change what they find."""


_WRITTEN_BY: Mapping[str, str] = {
    "get-gporeport": "path",
    "get-gpresultantsetofpolicy": "path",
    "get-clusterlog": "destination",
}


def _note_what_a_reader_writes(call: CmdletCall) -> None:
    for name in (*_WRITTEN, *filter(None, [_WRITTEN_BY.get(call.name)])):
        saved = call.arguments.value_of(name, least=4 if name.startswith("out") else len(name))
        if saved is not None:
            write_path("?" if saved.unknown else saved.text, call.layer.notes, call.span)
            break
    if call.name == "convertfrom-securestring" and call.arguments.has("asplaintext", least=3):
        call.note(_K.READ_SECRET, "")
    for switch in _MENDING:
        if call.arguments.has(switch, least=min(len(switch), 4)):
            call.note(_K.WRITE_CONFIG, switch, _C.LIKELY)
            call.note(_K.PACKAGE_UPGRADE if switch == "install" else _K.READ, "")


def _set_service(call: CmdletCall) -> None:
    start = call.arguments.text("startuptype", "startmode").lower()
    status = call.arguments.text("status").lower()
    for name in call.objects():
        stops = start == "disabled" or status in ("stopped", "paused") or start == "?"
        note_service(_K.SERVICE_ENABLE if stops else _K.WRITE_CONFIG, name, call.layer.notes, call.span)
        if status == "stopped":
            note_service(_K.SERVICE_STOP, name, call.layer.notes, call.span)
        elif status == "running":
            call.note(_K.SERVICE_START, name)
        elif not stops:
            call.note(_K.SERVICE_ENABLE, name)
        if stops and start:
            call.note(_K.SERVICE_STOP, name, _C.LIKELY)


_GROUP_AT: Mapping[str, tuple[str, int]] = {
    "localgroupmember": ("group", 0), "adgroupmember": ("identity", 0), "adprincipalgroupmembership": ("memberof", 1),
}  # fmt: skip
"""End of a cmdlet's name -> the parameter that names the group, and its place without one."""


def _members(call: CmdletCall) -> None:
    parameter, place = next(found for ending, found in _GROUP_AT.items() if call.name.endswith(ending))
    others = call.arguments.positional
    group = call.arguments.text(parameter) or (others[min(place, len(others) - 1)].text if others else "?")
    note_membership(group, call.layer.notes, call.span, removes=call.name.startswith("remove-"))


def _firewall_profile(call: CmdletCall) -> None:
    arguments, what = call.arguments, call.arguments.text("profile", "name") or "all"
    enabled = arguments.text("enabled").lower()
    inbound = arguments.text("defaultinboundaction").lower()
    if enabled in ("false", "$false", "0", "2"):
        call.note(_K.FIREWALL_WEAKEN, what)
    elif enabled:
        call.note(_K.LOCKOUT, what, _C.LIKELY)
    if inbound == "allow":
        call.note(_K.FIREWALL_WEAKEN, what)
    elif inbound or arguments.text("allowinboundrules").lower() in ("false", "$false"):
        call.note(_K.LOCKOUT, what, _C.LIKELY)
    if arguments.text("defaultoutboundaction").lower() == "block":
        call.note(_K.LOCKOUT, what, _C.LIKELY)
    if arguments.text("logblocked", "logallowed").lower() in ("false", "$false"):
        call.note(_K.LOG_LOSS, what, _C.LIKELY)
    call.note(_K.NETWORK, what)


def _firewall_rule(call: CmdletCall) -> None:
    names = [name for name in call.objects() if name] or ["?"]
    action = call.arguments.text("action").lower()
    text = call.source[call.command.start : call.command.end]
    before = " ".join(call.source[element.start : element.end] for element in call.before)
    for name in names:
        call.note(_K.NETWORK, name)
        weakens = call.name.startswith(("remove", "disable")) or (
            call.name.startswith(("new", "set")) and action == "allow"
        )
        if weakens or (call.name.startswith("set") and not action):
            call.note(_K.FIREWALL_WEAKEN, name, _C.LIKELY)
        cuts = call.name.startswith(("remove", "disable", "set")) or action == "block"
        inbound = call.arguments.text("direction").lower() != "outbound"
        if cuts and (_WAYS_IN.search(f"{text} {before}") or name in ("?", "*") or (action == "block" and inbound)):
            call.note(_K.LOCKOUT, name, _C.LIKELY)
        elif cuts:
            call.note(_K.LOCKOUT, name, _C.POSSIBLE)


def _defender(call: CmdletCall) -> None:
    text = call.source[call.command.start : call.command.end].lower()
    weak = _WEAKENS_DEFENDER.search(text)
    call.note(_K.WRITE_CONFIG, "defender")
    call.note(_K.SECURITY_WEAKEN, "defender", _C.CERTAIN if weak or call.name.startswith("add") else _C.POSSIBLE)


def _computer(call: CmdletCall) -> None:
    where = call.arguments.text("computername") or "localhost"
    call.note(_K.REBOOT, where)
    if call.name == "stop-computer":
        call.note(_K.LOCKOUT, where, _C.POSSIBLE)


def _execution_policy(call: CmdletCall) -> None:
    words = call.source[call.command.start : call.command.end].lower()
    call.note(_K.WRITE_CONFIG, "execution policy")
    if not re.search(r"allsigned|restricted\b", words) or "unrestricted" in words:
        certain = "process" not in words
        call.note(_K.SECURITY_WEAKEN, "execution policy", _C.LIKELY if certain else _C.POSSIBLE)


def _filtering(call: CmdletCall) -> None:
    """Read ForEach-Object: blocks are read where they stand; a bare word is a member that is called."""
    member = call.arguments.text("membername") or next(
        (p.text for p in call.arguments.positional if p.kind == "word"), ""
    )
    if member.lower() in (
        "kill",
        "delete",
        "terminate",
        "stop",
        "stopservice",
        "disable",
        "remove",
        "uninstall",
        "reboot",
    ):
        kinds = {"kill": _K.PROCESS_KILL, "terminate": _K.PROCESS_KILL, "stop": _K.SERVICE_STOP,
                 "stopservice": _K.SERVICE_STOP, "disable": _K.LOCKOUT, "reboot": _K.REBOOT}  # fmt: skip
        call.note(kinds.get(member.lower(), _K.DATA_LOSS), "?")
        call.note(_K.DELETE if member.lower() not in kinds else _K.READ, "?")
        return
    call.note(_K.READ, "")
    named = (call.arguments.value(name) for name in ("process", "begin", "end", "parallel", "remainingscripts"))
    blocks = (*(piece for piece in named if piece), *(() if member else call.arguments.positional))
    if any(p.kind in ("variable", "group") and p.unknown for p in blocks):
        call.layer.notes.hide("It runs a script block that is known only when it runs.")


def _where(call: CmdletCall) -> None:
    block = call.arguments.value("filterscript") or (
        call.arguments.pieces[0] if len(call.arguments.pieces) == 1 else None
    )
    if block is not None and block.kind in ("variable", "group") and block.unknown:
        call.layer.notes.hide("It runs a script block that is known only when it runs.")
    call.note(_K.READ, "")


def _account(call: CmdletCall) -> None:
    for kind, certainty in deeds_of(call.name) or ():
        for what in call.objects():
            call.note(kind, what, certainty)
    if call.arguments.text("enabled").lower() in ("$false", "false"):
        call.note(_K.LOCKOUT, (call.objects() or ["?"])[0], _C.LIKELY)


def _wsman(call: CmdletCall) -> None:
    for kind, certainty in deeds_of(call.name) or ():
        call.note(kind, (call.objects() or [""])[0], certainty)


_FORMS: Mapping[str, Callable[[CmdletCall], None]] = {
    **items.FORMS, **running.FORMS, "set-service": _set_service, "add-localgroupmember": _members,
    "remove-localgroupmember": _members, "add-adgroupmember": _members, "remove-adgroupmember": _members,
    "add-adprincipalgroupmembership": _members, "remove-adprincipalgroupmembership": _members,
    "set-netfirewallprofile": _firewall_profile, "new-netfirewallrule": _firewall_rule,
    "set-netfirewallrule": _firewall_rule, "remove-netfirewallrule": _firewall_rule,
    "disable-netfirewallrule": _firewall_rule, "set-mppreference": _defender, "add-mppreference": _defender,
    "stop-computer": _computer, "restart-computer": _computer, "set-executionpolicy": _execution_policy,
    "foreach-object": _filtering,
    "where-object": _where, "set-aduser": _account, "set-localuser": _account, "set-adcomputer": _account,
    "set-wsmaninstance": _wsman,
}  # fmt: skip
"""Cmdlet -> what notes it. The others are told by the table of deeds."""


def has_form(name: str) -> bool:
    """Tell whether a cmdlet is known by more than its verb."""
    return name in _FORMS
