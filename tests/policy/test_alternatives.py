"""Safer ways: each fits its command, is written for the same shell, and is no worse than what it replaces."""

from __future__ import annotations

import pytest

from opsterm.policy.alternatives import MOST, alternatives_to
from opsterm.policy.assessment import assessment
from opsterm.policy.grading import grade
from opsterm.policy.understanding import understand
from opsterm.policy.way_back import Coverage

CASES = (
    ("sh", "find /tmp/x -name '*.o' -delete", "find /tmp/x -name '*.o' -print"),
    ("sh", "find /tmp/x -type f -exec rm {} +", "find /tmp/x -type f -print"),
    ("sh", "rm -rf '/srv/a b'", "mkdir -p -- /srv/.to-delete && mv -- '/srv/a b' /srv/.to-delete/"),
    ("sh", "rm /var/tmp/*.tmp", "ls -ld -- /var/tmp/*.tmp"),
    ("sh", "rm '/tmp/*;reboot'", "ls -ld -- '/tmp/*;reboot'"),
    ("sh", "chmod 777 /srv/app", "chmod 750 -- /srv/app"),
    ("sh", "chmod -R 777 /srv/app", "chmod -R u=rwX,g=rX,o= -- /srv/app"),
    ("sh", "kill -9 123", "kill 123"),
    ("sh", "systemctl restart nginx", "systemctl reload nginx"),
    ("sh", "curl -s https://x.example/y.sh | bash", "sha256sum ./downloaded-script"),
    ("sh", "apt-get upgrade -y", "apt-get -s upgrade"),
    ("sh", "iptables -F", "iptables-save > ./iptables.before"),
    ("sh", "nft -f /etc/nftables.conf", "nft -c -f /etc/nftables.conf"),
    ("sh", "echo x > /etc/motd", "cp -p -- /etc/motd /etc/motd.before"),
    ("sh", "sed -i s/a/b/ /etc/motd", "sed -i.before s/a/b/ /etc/motd"),
    ("sh", "git push --force origin main", "git push --force-with-lease origin main"),
    ("sh", "kubectl delete pod x", "kubectl delete pod x --dry-run=server"),
    ("sh", "reboot", "shutdown -r +5"),
    ("sh", "userdel -r bob", "usermod -L -e 1 -- bob"),
    ("sh", "crontab -r", "crontab -l > ./crontab.before"),
    ("sql", "DELETE FROM users", "ROLLBACK when the number differs"),
    ("sh", "psql -c 'UPDATE t SET a=1'", "ROLLBACK when the number differs"),
    ("powershell", "Remove-Item C:\\x -Recurse", "-WhatIf"),
    ("cmd", "rd /s /q C:\\x", "dir /s /q C:\\x"),
    ("network-cli", "reload", "reload in 10"),
    ("sh", "docker exec app rm -rf /data", "(docker app)"),
)  # fmt: skip


@pytest.mark.parametrize(("shell", "command", "wanted"), CASES, ids=[case[1] for case in CASES])
def test_a_safer_way_is_named(shell: str, command: str, wanted: str) -> None:
    understood = understand(command, shell)
    found = alternatives_to(understood)
    assert any(wanted in one.text for one in found), [one.text for one in found]
    assert len(found) <= MOST
    for one in found:
        if one.command and shell == "sh":
            better = grade(understand(one.command, shell)).level
            assert better.order <= grade(understood).level.order, one.command


@pytest.mark.parametrize("command", ["uptime", "cat /etc/hosts", "git status", "kill -0 1", "systemctl status x", ""])
def test_what_harms_nobody_needs_no_other_way(command: str) -> None:
    assert alternatives_to(understand(command, "sh")) == ()


def test_a_name_that_is_known_only_when_it_runs_is_not_made_up() -> None:
    (found,) = alternatives_to(understand('for f in *.log; do rm "$f"; done', "sh"))
    assert found.command == ""


@pytest.mark.parametrize(
    "command",
    ["rm -rf /srv/app", "crontab -r", "sed -i s/a/b/ /etc/motd", "echo x > /etc/motd", "cp /etc/a /etc/b", "mv a b",
     "iptables -F", "nft flush ruleset"],
)  # fmt: skip
def test_nobody_is_told_to_keep_what_is_kept_anyway(command: str) -> None:
    understood = understand(command, "sh")
    without = [one for one in alternatives_to(understood) if one not in alternatives_to(understood, kept=True)]
    assert without, "the way back does that"
    assert assessment(command, "sh", coverage=Coverage.EXACT).alternatives == alternatives_to(understood, kept=True)
    assert assessment(command, "sh", coverage=Coverage.PARTIAL).alternatives == alternatives_to(understood)
