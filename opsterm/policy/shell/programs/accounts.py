"""Accounts, groups, passwords and the rights that go with them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.programs.calling import Deed, Verbs, by_option, fixed, note
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

ADMIN_GROUPS = frozenset({"sudo", "wheel", "admin", "root", "adm", "docker", "lxd", "disk", "shadow", "libvirt", "kvm"})
_USERMOD = word_set(
    " -c -d -e -f -g -G -l -p -R -P -s -u -v -V -w -W -Z -k -K -b --comment --home --expiredate --inactive --gid --groups --login --password "
    "--shell --uid --expire --key --base-dir --skel"
)


def _admins(text: str) -> bool:
    return bool(ADMIN_GROUPS & set(text.split(",")))


def _useradd(call: ProgramCall) -> None:
    """Note an account that is made; UID 0 and an admin group are more."""
    call.take(_USERMOD | word_set("--ingroup --gecos --uid"), long=("--groups", "--uid"))
    sets = call.has("-b", "-e", "-f", "-g", "-s", "--base-dir", "--expiredate", "--inactive", "--gid", "--shell")
    if (call.has("-D", "--defaults") and not call.words and not sets) or call.has("--help"):
        call.add(_K.READ)
        return
    for word in call.objects(2):
        call.add(_K.USER, word)
    uid, groups = call.value("-u", "--uid"), call.value("-G", "--groups", "-g", "--gid")
    if (
        (uid is not None and uid.text == "0")
        or (groups is not None and _admins(groups.text))
        or (len(call.words) > 1 and _admins(call.word(1)))
    ):
        call.add(_K.PRIVILEGE, call.words[0] if call.words else "")


def _usermod(call: ProgramCall) -> None:
    """Note what changes about an account, and whether it can still log in."""
    call.take(_USERMOD, long=("--append", "--lock", "--unlock", "--remove"))
    user = call.words[-1] if call.words else ""
    call.add(_K.USER, user)
    groups, shell, uid = call.value("-G", "--groups"), call.value("-s", "--shell"), call.value("-u", "--uid")
    if groups is not None and _admins(groups.text):
        call.add(_K.PRIVILEGE, user)
    closes = shell is not None and re.search(r"nologin|false", shell.text)
    if (
        closes
        or call.has(
            "-L",
            "--lock",
            "-e",
            "--expiredate",
            "-f",
            "-l",
            "--login",
            "-d",
            "--home",
            "-u",
            "-p",
            "-r",
            "--remove",
            "-g",
        )
        or (groups is not None and not call.has("-a", "--append"))
        or shell is not None
    ):
        certain = closes or call.has("-L", "--lock", "-e", "--expiredate", "-r") or groups is not None
        call.add(_K.LOCKOUT, user, _C.LIKELY if certain else _C.POSSIBLE)
    if uid is not None and uid.text == "0":
        call.add(_K.PRIVILEGE, user)


def _passwd(call: ProgramCall) -> None:
    """Note a password that is changed, locked or taken away."""
    call.take(word_set("-n -x -w -i -R --mindays --maxdays --warndays --inactive"))
    user = call.words[0] if call.words else ""
    if call.has("-S", "--status", "-a", "--help"):
        call.add(_K.READ)
        return
    call.add(_K.USER, user)
    call.add(_K.LOCKOUT, user, _C.LIKELY if call.has("-l", "--lock", "-e", "--expire") else _C.POSSIBLE)
    if call.has("-d", "--delete"):
        call.add(_K.SECURITY_WEAKEN, user)


def _userdel(call: ProgramCall) -> None:
    """Note an account that is removed, with -r its files too."""
    call.take(word_set("-R -P --backup-to --root"))
    user = call.words[0] if call.words else ""
    call.add(_K.USER, user)
    call.add(_K.DELETE, f"account {user.text}" if not isinstance(user, str) else "account")
    call.add(_K.LOCKOUT, user, _C.LIKELY)
    if call.has("-r", "--remove", "--remove-home", "--remove-all-files"):
        call.add(_K.DATA_LOSS, user, _C.LIKELY)


def _gpasswd(call: ProgramCall) -> None:
    """Note who joins or leaves a group."""
    call.take(word_set("-a -d -A -M -Q -R --add --delete --administrators --members"))
    group = call.words[-1] if call.words else ""
    call.add(_K.USER, group)
    if not isinstance(group, str) and _admins(group.text):
        call.add(_K.PRIVILEGE, group)
    if call.has("-d", "--delete", "-M", "--members", "-r"):
        call.add(_K.LOCKOUT, group, _C.LIKELY)


def _chpasswd(call: ProgramCall) -> None:
    """Note passwords that are set."""
    call.add(_K.USER, "passwords")
    call.add(_K.LOCKOUT, "passwords", _C.POSSIBLE)


def _chage(call: ProgramCall) -> None:
    """Note how long a password lasts; an account that has expired cannot log in."""
    call.take(word_set("-d -E -I -m -M -W -R --lastday --expiredate --inactive --mindays --maxdays --warndays"))
    if call.has("-l", "--list", "--help"):
        call.add(_K.READ)
        return
    user = call.words[0] if call.words else ""
    call.add(_K.USER, user)
    if call.has("-E", "--expiredate", "-d", "--lastday", "-I", "--inactive", "-M"):
        call.add(_K.LOCKOUT, user, _C.LIKELY if call.has("-E", "-d", "--expiredate", "--lastday") else _C.POSSIBLE)


def _visudo(call: ProgramCall) -> None:
    """Note sudoers that are checked or edited."""
    call.take(word_set("-f -x --file --export"))
    if call.has("-c", "--check", "-V", "--version", "--help"):
        call.add(_K.READ)
        return
    call.dark("An editor opens sudoers, and what is changed there is not known.")
    call.add(_K.PRIVILEGE, "/etc/sudoers")
    call.add(_K.LOCKOUT, "/etc/sudoers", _C.POSSIBLE)


def _ssh_copy_id(call: ProgramCall) -> None:
    """Note a key that is let in somewhere."""
    call.take(word_set("-i -p -o -F -t"))
    call.add(_K.READ if call.has("-n") else _K.PRIVILEGE, call.words[0] if call.words else "")


def _htpasswd(call: ProgramCall) -> None:
    """Note a password file of a web server."""
    call.take(word_set("-C -r"))
    if call.has("-n", "-v"):
        call.add(_K.READ)
    elif call.words:
        deeds.write(call.words[0], call.notes, call.frame, call.span, replaces=call.has("-c"))
        call.add(_K.USER, call.word(1))


_EDITS = fixed("user+lockout?")


_KADMIN = Verbs(
    table="""
    read: list_principals listprincs get_principals getprincs get_principal getprinc list_policies listpols get_policy getpol get_privs getprivs list_requests
    user+delete+lockout?: delete_principal delprinc delete_policy delpol
    write_file: ktadd xst
    """,
    else_="user",
)  # fmt: skip


def _kadmin(call: ProgramCall) -> None:
    """Follow kadmin: -q has one request."""
    call.take(word_set("-p -w -k -t -q -r -s -c -e -x"))
    said = call.value("-q")
    if said is None:
        call.dark("What is asked of it then is not shown here.")
        return
    spec, _ = _KADMIN.verb([said.part(word) for word in said.text.split()])
    note(call, spec, said)


PROGRAMS: Mapping[str, Deed] = {
    "useradd": _useradd, "adduser": _useradd, "newusers": _chpasswd, "usermod": _usermod, "userdel": _userdel, "deluser": _userdel,
    "groupadd": fixed("user", "-g -K -p"), "addgroup": fixed("user", "--gid"), "groupdel": fixed("user+lockout?"), "delgroup": fixed("user+lockout?"),
    "groupmod": fixed("user+lockout?", "-g -n -p -U"), "gpasswd": _gpasswd, "passwd": _passwd, "chpasswd": _chpasswd, "chgpasswd": _chpasswd,
    "chage": _chage, "chsh": fixed("user+lockout?", "-s --shell", dry="-l --list-shells"), "chfn": fixed("user", "-f -r -w -h -o"), "vipw": _EDITS, "vigr": _EDITS,
    "pwconv": _EDITS, "pwunconv": fixed("user+security_weaken"), "grpconv": _EDITS, "grpunconv": _EDITS, "pwck": by_option("user: -s --sort\nread: -r --read-only", else_="user?"),
    "grpck": by_option("read: -r", else_="user?"), "visudo": _visudo, "newgrp": fixed("dark"), "ssh-copy-id": _ssh_copy_id, "htpasswd": _htpasswd,
    "pam-auth-update": by_option("read: --help", else_="write_config+lockout~"), "authselect": Verbs(
        table="read: list list-features show current check test\nwrite_config+lockout~: select apply-changes enable-feature disable-feature opt-out\nwrite_config: create-profile backup-list backup-restore"),
    "authconfig": by_option("write_config+lockout~: --update --updateall --kickstart --restorebackup --restorelastbackup\nread: --test --probe", else_="write_config+lockout~"), "faillock": by_option("user: --reset", "--user --dir", else_="read"),
    "pam_tally2": by_option("user: -r --reset", "-u --user", else_="read"), "google-authenticator": fixed("write_config+lockout?"),
    "realm": Verbs(table="read: list discover\nwrite_config+lockout~: leave deny\nwrite_config+user: join permit"),
    "smbpasswd": fixed("user"), "pdbedit": by_option("user: -a -x -m -r -z -c -t -h -p -f -D --create --delete --modify --bad-password-count-reset --account-control --password-from-stdin --machine --set-nt-hash", "-u", else_="read"),
    "samba-tool": Verbs(table="read: user/list user/show group/list group/listmembers computer/list domain/info drs/showrepl dns/query\nuser+delete: user/delete group/delete computer/delete\n"
                        "user: user/create user/add user/setpassword group/add group/addmembers group/removemembers user/disable user/enable"),
    "sss_cache": fixed("write_config"), "kadmin": _kadmin, "kadmin.local": _kadmin, "kinit": fixed("write_file"), "kdestroy": fixed("write_file"),
    "ipa": Verbs(table="read: ping env config-show", pattern=((r"^\S+-(?:show|find)\b", "read"), (r"^\S+-del\b", "user+delete"), (r"^\S+-(?:add|mod|add-member|remove-member|disable|enable)\b", "user+lockout?"))),
    "ldapadd": fixed("user"), "ldapmodify": fixed("user+lockout?"), "ldapdelete": fixed("user+delete"), "ldappasswd": fixed("user"),
    "aureport": fixed("read"), "ausearch": fixed("read"),
}  # fmt: skip
