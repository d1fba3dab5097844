"""What is looked up before a command runs: only by commands that are known to read, whatever the names are."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.core.errors import Bug
from opsterm.policy.order import RunAs
from opsterm.policy.preview.command import PreviewCommand, PreviewScript, refusal_of_preview
from opsterm.policy.preview.plan import plan_previews
from opsterm.policy.understanding import understand

PLANS = (
    ("rm -rf /srv/x", "find /srv/x -printf"),
    ("rm /srv/a*", "find /srv -mindepth 1 -maxdepth 1 -name 'a*' -not -name '.*' -printf"),
    ("rm -rf /srv/x/*", "find /srv/x -mindepth 1 -not -path '/srv/x/.*' -printf"),
    ("rm -rf /srv/x /srv/y /srv/x", "find /srv/x /srv/y -printf"),
    ("rm -- -x", "find ./-x -maxdepth 0 -printf"),
    ("cd /srv && rm -rf x", "find /srv/x -printf"),
    ("find /srv -name '*.o' -delete", "find /srv -name '*.o' -depth -printf"),
    ("find /srv -type f -exec rm -f {} \\;", "find /srv -type f -printf"),
    ("sed -i s/a/b/ /etc/motd", "sed --sandbox -e s/a/b/ -- /etc/motd"),
    ("echo hi > /etc/motd", "head -c 100001 -- /etc/motd"),
    ("echo hi | tee -a /etc/motd", "head -c 100001 -- /etc/motd"),
    ("cp /srv/a /etc/motd", "find /etc/motd/a -maxdepth 0 -printf"),
    ("apt-get -y install nginx", "Debug::NoLocking=1 install nginx"),
    ("apt full-upgrade", "Debug::NoLocking=1 dist-upgrade"),
    ("dnf -y remove x", "dnf --assumeno --cacheonly remove x"),
    ("rsync -avh --delete /a/ /b/", "rsync -n --itemize-changes -av --delete -- /a/ /b/"),
    ("git -C /srv clean -fdx", "-C /srv clean -n -d -x"),
    ("systemctl restart nginx", "nginx -t"),
    ("systemctl stop nginx", "systemctl list-dependencies --reverse --plain --no-pager nginx"),
    ("systemctl reload sshd", "sshd -t"),
    ("nft -f /etc/nftables.conf", "nft -c -f /etc/nftables.conf"),
    ("kubectl -n web delete pod x", "kubectl -n web delete pod x --dry-run=server"),
)  # fmt: skip

WITHOUT = (
    ('rm -rf "$dir"', "known only when it runs"), ("cd $x && rm y", "folder in which it runs"),
    ("rm -rf /srv/*/x", "pattern of folders"), ("rm '/srv/a*' b", "depends on its quotes"),
    ("ssh web2 rm -rf /srv", "nothing is looked at beforehand"), ("bash -c 'rm /srv/x'", "started by bash"),
    ("sudo -u bob rm /x", "options of sudo"), ("rsync -a /a web2:/b", "another host"),
    ("sed -i s/a/b/ /etc/shadow", "may hold secrets"), ("echo x > \"$f\"", "known only when it runs"),
    ("iptables -F", "no dry run"), ("find / -exec chmod 0 {} +", "not followed"),
    ("apt-get install -o DPkg::Pre-Invoke=x y", "not among those"),
)  # fmt: skip

NOT_ALLOWED = (
    "rm -rf /", "sed s/a/b/ /etc/motd", "sed --sandbox -e p -- /etc/shadow", "sed --sandbox -i -e p -- /x",
    "find / -delete", "find / -exec rm {} +", "find / -fprintf /x y", "apt-get install x", "apt-get -s install x",
    "head -c 100001 -- /etc/shadow", "head -c 100001 -- relative", "git clean -fdx", "git -C /x clean -n",
    "rsync -a -- /a /b", "rsync -n --itemize-changes -e sh -- /a /b", "rsync -n --itemize-changes -a -- /a web:/b",
    "nft -f /x", "systemctl stop nginx", "systemctl list-dependencies --reverse --plain --no-pager -H x",
    "kubectl delete pod x", "kubectl exec x --dry-run=server", "kubectl --kubeconfig=x delete pod x --dry-run=server",
    "dnf install x", "visudo -f /x", "iptables-restore /x", "nginx -t -c /x -g y", "sh -c id", "env rm x",
    "rsync -n --itemize-changes --rsync-path=x -- /a /b", "sed --sandbox -f /x -- /y",
)  # fmt: skip


@pytest.mark.parametrize(("command", "asked"), PLANS, ids=[case[0] for case in PLANS])
def test_what_can_be_found_out_is_planned(command: str, asked: str) -> None:
    plan = plan_previews(understand(command, "sh"))
    made = [shlex.join(one.words) for step in plan.steps for one in step.commands]
    assert any(asked in one for one in made), (made, plan.without)


@pytest.mark.parametrize(("command", "why"), WITHOUT, ids=[case[0] for case in WITHOUT])
def test_what_cannot_be_found_out_is_said(command: str, why: str) -> None:
    plan = plan_previews(understand(command, "sh"))
    assert any(why in sentence for sentence in plan.without), plan


@pytest.mark.parametrize("line", NOT_ALLOWED)
def test_a_command_that_could_change_something_is_no_preview(line: str) -> None:
    assert refusal_of_preview(shlex.split(line))
    with pytest.raises(Bug):
        PreviewCommand(words=tuple(shlex.split(line)))


def test_a_command_is_looked_at_again_when_it_is_sent() -> None:
    command = PreviewCommand(words=("nginx", "-t"))
    object.__setattr__(command, "words", ("rm", "-rf", "/"))
    with pytest.raises(Bug):
        _ = PreviewScript(commands=(command,)).script


def test_sudo_is_kept_and_shows_no_content() -> None:
    plan = plan_previews(understand("sudo systemctl stop nginx", "sh"))
    assert [step.become for step in plan.steps] == ["root"]
    assert [step.become for step in plan_previews(understand("rm /x", "sh"), RunAs(become="app")).steps] == ["app"]
    assert plan_previews(understand("sudo sed -i s/a/b/ /srv/x", "sh")).steps == ()


NAMES = st.text(alphabet=st.sampled_from("ab '\"\\$`;&|<>(){}!#-/.\t*~="), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(NAMES)
def test_a_hostile_name_stays_one_word(name: str) -> None:
    for step in plan_previews(understand(f"rm -rf -- {shlex.quote('/srv/' + name)}", "sh")).steps:
        for command in step.commands:
            assert shlex.split(shlex.join(command.words)) == list(command.words)
            assert refusal_of_preview(command.words) == ""
            assert command.words[1] == "/srv/" + name


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_planned_without_an_error(text: str) -> None:
    for step in plan_previews(understand(text, "sh")).steps:
        assert all(refusal_of_preview(command.words) == "" for command in step.commands)


def test_the_text_that_is_sent_prints_what_each_command_said_and_ended_with() -> None:
    commands = (PreviewCommand(words=("echo", "a b")), PreviewCommand(words=("find", "/does/not/exist; id")))
    said = subprocess.run(["sh", "-c", PreviewScript(commands=commands).script], capture_output=True, text=True)  # noqa: PLW1510 (it may end in any way)
    assert "uid=" not in said.stdout
    assert said.stdout.count("@@") >= 5
