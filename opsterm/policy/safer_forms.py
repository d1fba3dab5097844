"""Which program has a safer form, when, and which: by the name of the program, as it is typed in any shell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsterm.policy.safer_words import (
    SaferRow,
    always,
    asked_to_end,
    begins_and_names,
    begins_with,
    both,
    checked_rules,
    find_listed,
    has_any,
    is_at_once,
    moved_aside,
    narrower,
    not_so,
    opens_wide,
    swapped,
    units_then,
    upgrades_all,
    words_then_named,
)

_RECURSIVE = has_any("-r", "-R", "--recursive")
_HARD_KILL = has_any("-9", "-KILL", "-SIGKILL", "--signal=9", "--signal=KILL")
_ASK_TO_END = SaferRow(
    why="Ask it to end (SIGTERM), and kill it only when it has not after some seconds", fits=_HARD_KILL,
    instead=asked_to_end,
)  # fmt: skip
_ONE_BY_ONE = "Simulate it, then upgrade the packages that matter by name"
_WHAT_IF = "Let it say first what it would do"
_SERVICE = (
    SaferRow(
        why="Reload it where it can (systemctl show -p CanReload): connections stay open",
        fits=begins_and_names("restart"), instead=units_then("reload"),
    ),
    SaferRow(
        why="See first what stops with it", fits=begins_with("stop", "disable", "mask", "isolate"),
        instead=units_then("list-dependencies", "--reverse"),
    ),
)  # fmt: skip

SAFER: Mapping[str, Sequence[SaferRow]] = {
    "find": [SaferRow(why="List first what it would hit", fits=has_any("-delete", "-exec", "-execdir", "-ok"),
                      instead=find_listed)],
    "rm": [
        SaferRow(keeps=True, why="Move it aside on the same file system, and delete it once nobody has missed it",
                 fits=_RECURSIVE, instead=moved_aside),
        SaferRow(why="List first what the words match", fits=not_so(_RECURSIVE),
                 instead=words_then_named("ls", "-ld", "--")),
    ],
    "shred": [SaferRow(why="List first what the words match", fits=always,
                       instead=words_then_named("ls", "-ld", "--"))],
    "chmod": [SaferRow(why="Let the owner and one group in (chgrp), not everybody", fits=opens_wide,
                       instead=narrower)],
    "kill": [_ASK_TO_END], "pkill": [_ASK_TO_END], "killall": [_ASK_TO_END],
    "systemctl": _SERVICE,
    "service": [SaferRow(why="Reload it where it can: connections stay open", fits=has_any("restart"),
                         instead=swapped("restart", "reload"))],
    "apt-get": [SaferRow(why=_ONE_BY_ONE, fits=upgrades_all, instead=words_then_named("apt-get", "-s"))],
    "apt": [SaferRow(why=_ONE_BY_ONE, fits=upgrades_all, instead=words_then_named("apt-get", "-s"))],
    "dnf": [SaferRow(why=_ONE_BY_ONE, fits=upgrades_all, instead=words_then_named("dnf", "--assumeno"))],
    "yum": [SaferRow(why=_ONE_BY_ONE, fits=upgrades_all, instead=words_then_named("yum", "--assumeno"))],
    "iptables": [SaferRow(keeps=True, why="Save the rules first, and change them so that they come back by themselves "
                          "(iptables-apply)", fits=has_any("-F", "--flush", "-P", "--policy", "-X", "-D", "--delete"),
                          instead=lambda _: ["iptables-save", ">", "./iptables.before"])],
    "ip6tables": [SaferRow(keeps=True, why="Save the rules first",
                           fits=has_any("-F", "--flush", "-P", "--policy", "-X", "-D"),
                           instead=lambda _: ["ip6tables-save", ">", "./ip6tables.before"])],
    "nft": [
        SaferRow(why="Check the file before it is loaded", fits=has_any("-f", "--file"), instead=checked_rules),
        SaferRow(keeps=True, why="Save the rules first", fits=begins_with("flush", "delete", "destroy"),
                 instead=lambda _: ["nft", "list", "ruleset", ">", "./nftables.before"]),
    ],
    "ufw": [SaferRow(why="Allow what you need instead of opening everything; see what there is",
                     fits=begins_with("disable", "reset"), instead=lambda _: ["ufw", "status", "numbered"])],
    "dd": [SaferRow(why="See first what is on the disk that it writes to",
                    fits=lambda command: any(word.startswith("of=/dev/") for word in command.words),
                    instead=lambda command: ["lsblk", "-f", *(
                        word.removeprefix("of=") for word in command.words if word.startswith("of=/dev/"))])],
    **dict.fromkeys(
        ("mkfs", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs", "wipefs", "mkswap", "parted", "sgdisk"),
        (SaferRow(why="See first what is on it", fits=always,
                  instead=lambda command: ["lsblk", "-f", *(
                      word for word in command.words[1:] if word.startswith("/dev/"))]),),
    ),
    "crontab": [SaferRow(keeps=True, why="Keep the table that is there first", fits=has_any("-r"),
                         instead=lambda _: ["crontab", "-l", ">", "./crontab.before"])],
    "sed": [SaferRow(keeps=True, why="Keep a copy of what it changes", fits=has_any("-i"),
                     instead=swapped("-i", "-i.before"))],
    "git": [
        SaferRow(why="List first what it would delete", fits=begins_with("clean"),
                 instead=lambda _: ["git", "clean", "-nd"]),
        SaferRow(why="Put your changes aside instead of losing them",
                 fits=both(begins_with("reset"), has_any("--hard")),
                 instead=lambda _: ["git", "stash", "push", "--include-untracked"]),
        SaferRow(why="Refuse to overwrite what others have pushed meanwhile",
                 fits=both(begins_with("push"), has_any("-f", "--force")),
                 instead=lambda command: [
                     "--force-with-lease" if word in ("-f", "--force") else word for word in command.words]),
    ],
    "docker": [
        SaferRow(why="Let it end by itself first", fits=both(begins_with("rm", "kill"), has_any("-f", "kill")),
                 instead=lambda command: ["docker", "stop", *command.words[2:][-1:]]),
        SaferRow(why="See first what is held by what", fits=has_any("prune"),
                 instead=lambda _: ["docker", "system", "df", "-v"]),
    ],
    "kubectl": [
        SaferRow(why="Let the server say first what it would delete", fits=begins_with("delete", "drain"),
                 instead=lambda command: [*command.words, "--dry-run=server"]),
        SaferRow(why="See first what would be different", fits=begins_with("apply"), instead=swapped("apply", "diff")),
    ],
    "terraform": [SaferRow(why="Read a plan, and apply that plan",
                           fits=begins_with("apply", "destroy"),
                           instead=lambda command: ["terraform", "plan", "-out=./plan",
                                                    *["-destroy"] * ("destroy" in command.words)])],
    "rsync": [SaferRow(why="List first what it would delete, and let it keep that (--backup-dir)",
                       fits=lambda command: any(word.startswith("--del") for word in command.words)
                       and not has_any("-n", "--dry-run")(command),
                       instead=lambda command: [command.words[0], "-n", "--itemize-changes", *command.words[1:]])],
    "mv": [SaferRow(keeps=True, why="Keep what is there already",
                    fits=not_so(has_any("-n", "--no-clobber", "-b", "--backup")),
                    instead=lambda command: ["mv", "-n", *command.words[1:]])],
    "cp": [SaferRow(keeps=True, why="Keep a numbered copy of what is there already",
                    fits=not_so(has_any("-n", "--no-clobber", "-b", "--backup")),
                    instead=lambda command: ["cp", "--backup=numbered", *command.words[1:]])],
    **dict.fromkeys(
        ("reboot", "shutdown", "poweroff", "halt"),
        (SaferRow(why="Leave five minutes in which `shutdown -c` calls it off", fits=is_at_once,
                  instead=lambda command: ["shutdown", "-r" if "reboot" in command.words[0] or "-r" in command.words
                                           else "-h", "+5"]),),
    ),
    **dict.fromkeys(
        ("userdel", "deluser"),
        (SaferRow(why="Lock the account first; its files and jobs stay until you know what they are for", fits=always,
                  instead=words_then_named("usermod", "-L", "-e", "1", "--")),),
    ),
    "setenforce": [SaferRow(why="Let only the one domain that is in the way be permissive, and see what was refused",
                            fits=has_any("0", "permissive"),
                            instead=lambda _: ["ausearch", "-m", "avc", "-ts", "recent"])],
    "truncate": [SaferRow(why="See first who has it open (lsof)", fits=always)],
    "mount": [SaferRow(why="Check what it says first", fits=has_any("-a"), instead=lambda _: ["findmnt", "--verify"])],
    "visudo": [SaferRow(why="Put one rule into a file of its own below /etc/sudoers.d, and check it (visudo -cf)",
                        fits=not_so(has_any("-c", "--check")))],
    # PowerShell and cmd.exe
    **dict.fromkeys(
        ("remove-item", "stop-service", "restart-service", "stop-process", "restart-computer", "stop-computer",
         "remove-localuser", "clear-content", "set-content", "move-item", "remove-netfirewallrule", "set-acl",
         "uninstall-windowsfeature", "clear-eventlog", "remove-aduser", "remove-vm"),
        (SaferRow(why=_WHAT_IF, fits=not_so(has_any("-WhatIf")),
                  instead=lambda command: [*command.words, "-WhatIf"]),),
    ),
    "set-executionpolicy": [SaferRow(why="Only for this one process, and only what is signed or local",
                                     fits=has_any("Unrestricted", "Bypass"),
                                     instead=lambda _: ["Set-ExecutionPolicy", "-Scope", "Process", "RemoteSigned"])],
    "del": [SaferRow(why="List first what the words match", fits=always, instead=swapped("del", "dir"))],
    "rd": [SaferRow(why="List first what is below it", fits=always, instead=swapped("rd", "dir"))],
    "rmdir": [SaferRow(why="List first what is below it", fits=has_any("/s", "/S"), instead=swapped("rmdir", "dir"))],
    # network devices
    "reload": [SaferRow(why="Leave ten minutes in which `reload cancel` calls it off",
                        fits=lambda command: "in" not in command.words and "cancel" not in command.words,
                        instead=lambda _: ["reload", "in", "10"])],
    "commit": [SaferRow(why="Let it undo itself unless you confirm it", fits=not_so(has_any("confirmed", "check")),
                        instead=lambda _: ["commit", "confirmed", "5"])],
    "write": [SaferRow(why="Copy the configuration away first", fits=begins_with("erase"))],
    "erase": [SaferRow(why="Copy the configuration away first", fits=always)],
}  # fmt: skip
"""Name of a program -> its rows, the most fitting first."""
