"""What is said of a command: each fact once, the weightiest first, and never less than what there is."""

from __future__ import annotations

from itertools import combinations

import pytest

from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.grading import grade
from opsterm.policy.lockout import lockout_of
from opsterm.policy.risk import assess
from opsterm.policy.understanding import understand
from tests.policy.understood import CASES

SAID = {
    "rm -rf /srv/a /srv/b /srv/c": ["It deletes 3 paths for good: /srv/a, /srv/b, /srv/c."],
    "rm -f /srv/1 /srv/2 /srv/3 /srv/4 /srv/5": ["It deletes 5 paths: /srv/1, /srv/2, /srv/3 and 2 more."],
    "rm -f /srv/a; rm -rf /srv/b": ["It deletes for good: /srv/b.", "It deletes: /srv/a."],
    "systemctl stop sshd": ["It stops sshd, by which we come in."],
    "iptables -F": ["It takes the rules away that let in our own line; what is left may drop it.",
                    "It opens the firewall."],
    "truncate -s 0 /srv/x.log": ["It empties what was in: /srv/x.log."],
    "> /var/log/syslog": ["It empties records of what happened: /var/log/syslog.",
                          "/var/log/syslog belongs to the system."],
    "find / -name x -delete": ["It deletes: /…."],
    "kubectl delete ns prod": ["It deletes for good: ns prod."],
    "kill -9 $$": ["It kills processes: $$, the shell itself."],
    "kill -9 1234": ["It kills processes: 1234."],
    "mv /srv/x /var/lib/app/": ["It writes 2 files: /srv/x, /var/lib/app/x."],
    "mv a b /var/log": ["It writes files: /var/log/a, /var/log/b, a and 1 more."],
    "docker rm -f web": ["It deletes: web."],
    "rabbitmqctl stop": ["It stops a service."],
    "git pull": ["It writes files."],
    "ip link set eth0 down": ["It changes the network (eth0 down), by which we came in."],
    "usermod -aG sudo bob": ["It gives more rights to: bob."],
}  # fmt: skip


INTO_A_FOLDER = {
    "mv passwd /etc/": "mv passwd /etc/passwd; touch /etc", "mv -t old x": "mv x old/x",
    "cp /srv/x /usr/bin/": "cp /srv/x /usr/bin/x", "mv x old/": "mv x old/x", "cp x ./": "cp x ./x",
    "mv a b /usr/bin": "mv a /usr/bin/a; mv b /usr/bin/b", "mv -- *.gz ../old/": "mv -- *.gz '../old/*.gz'",
}  # fmt: skip
"""What is put into a folder -> the same with the names that it has there."""


@pytest.mark.parametrize("command", INTO_A_FOLDER)
def test_what_is_put_into_a_folder_replaces_one_file_there_and_not_the_folder(command: str) -> None:
    def effects(text: str) -> set[tuple[EffectKind, str, Certainty]]:
        return {(effect.kind, effect.object, effect.certainty) for effect in understand(text, "sh").effects}

    assert effects(command) == effects(INTO_A_FOLDER[command])


@pytest.mark.parametrize("command", SAID)
def test_each_fact_is_said_once_and_the_worst_first(command: str) -> None:
    risk = assess(command, "sh", (), ())
    assert list(risk.reasons) == SAID[command]


def _lines(name: str) -> list[str]:
    text = (CASES / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("name", ["bash_destructive.txt", "bash_lockout.txt", "bash_changing.txt"])
def test_no_sentence_says_what_another_one_says(name: str) -> None:
    for line in _lines(name):
        reasons = assess(line, "bash", (), ()).reasons
        assert reasons, line
        twice = [(one, other) for one, other in combinations(reasons, 2) if one == other or one[:-1] in other]
        assert not twice, f"{line}: {twice}"
        assert not any(f": {sign}" in reason for reason in reasons for sign in ("-F", "--flush", "-P")), line


@pytest.mark.parametrize("name", ["bash_destructive.txt", "bash_lockout.txt"])
def test_what_is_told_elsewhere_is_graded_all_the_same(name: str) -> None:
    for line in _lines(name):
        understood = understand(line, "bash")
        plain = grade(understood)
        assert grade(understood, understood.effects).level is plain.level
        assert grade(understood, lockout_of(understood).told).lockout is plain.lockout


@pytest.mark.parametrize("name", ["bash_destructive.txt", "bash_lockout.txt", "bash_changing.txt"])
def test_every_object_of_a_grave_effect_is_named_or_counted(name: str) -> None:
    grave = (EffectKind.DELETE, EffectKind.DATA_LOSS, EffectKind.LOG_LOSS, EffectKind.TRUNCATE)
    for line in _lines(name):
        named = {e.object for e in understand(line, "bash").effects if e.kind in grave and e.object.startswith("/")}
        said = " ".join(assess(line, "bash", (), ()).reasons)
        unsaid = [one for one in named if " ".join(one.split())[:60].replace("//", "/") not in said.replace("//", "/")]
        assert not unsaid or " more" in said, f"{line}: {unsaid} in {said}"
