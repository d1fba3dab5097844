"""A plan in a file: what it asks for, and each fault with its line, what is wrong and what would be right."""

from __future__ import annotations

import pytest

from opsterm.changes.plan_file import PlanFile, kept_scripts_in, read_plan_file
from opsterm.changes.rollout import RolloutWish
from opsterm.changes.verification import OnFailure
from opsterm.core.errors import BadInput, NotFound

WHOLE = """
title = "a new site"
on = "tag:web"
reason = "ticket 4711"
become = "root"
timeout = "2m"
rollout = "canary:1"
max_failures = "10%"
max_unavailable = 1
confirm = "90s"
on_failure = "rollback"
verify = ["http:http://localhost/ 200"]

[[step]]
title = "write the configuration"
script = "write.sh"
shell = "bash"
before = "config:nginx"
inverse = "rm /etc/nginx/conf.d/site.conf"

[[step]]
title = "let nginx read it"
command = '''
systemctl reload nginx
'''
verify = ["unit:nginx", "port:80/tcp"]
tries = 3
within = "30s"
"""


def test_steps_say_where_they_run_and_what_is_waited_for() -> None:
    found = read(
        'on = "tag:web"\nrollout = "canary:1"\nwait = "5m"\nprobe = "metric:load.1m"\nmargin = 5\nworse = "lower"\n'
        '[[step]]\ntitle = "a"\non = "db-1"\ncommand = "true"\n[[step]]\ntitle = "b"\ncommand = "true"\n'
    )
    assert found.places == ("db-1", "")
    assert found.rollout == RolloutWish(
        strategy="canary:1", wait="5m", probe="metric:load.1m", margin="5", worse="lower"
    )


def script(name: str) -> tuple[str, str]:
    if name not in ("write.sh", "write@3"):
        raise NotFound(f"There is no {name}.", next_step="Name a file that is there.")
    return "set -e\ncp a b\n", "bash" if name == "write@3" else ""


def read(text: str) -> PlanFile:
    found, faults = read_plan_file(text, "site.toml", script)
    assert (faults, found is not None) == ((), True)
    assert found is not None
    return found


def test_all_that_a_file_can_say() -> None:
    found = read(WHOLE)
    assert (found.title, found.selector, found.reason, found.become) == ("a new site", "tag:web", "ticket 4711", "root")
    assert (found.timeout_s, found.guard.seconds, found.way_back) == (120, 90, True)
    assert found.rollout == RolloutWish(strategy="canary:1", failures="10%", max_unavailable=1)
    assert found.verification.on_failure is OnFailure.ROLLBACK
    assert list(map(str, found.verification.checks)) == ["http:http://localhost/ 200"]
    first, second = found.plan.steps
    assert (first.command, first.shell, first.before) == ("set -e\ncp a b", "bash", ("config:nginx",))
    assert first.inverse == "rm /etc/nginx/conf.d/site.conf"
    assert (second.command, second.shell) == ("systemctl reload nginx", "sh")
    assert (second.verify, second.tries, second.within_s) == (("unit:nginx active", "port:80"), 3, 30)


def test_little_is_enough() -> None:
    found = read('[[step]]\ntitle = "look"\ncommand = "uptime"\n')
    assert (found.selector, found.become, found.timeout_s, found.rollout) == ("", "", None, RolloutWish())
    assert found.verification.text() == ""


STEP = '\n[[step]]\ntitle = "look"\ncommand = "uptime"\n'


@pytest.mark.parametrize(
    ("text", "line", "key", "said"),
    [
        ("on = x", 1, "", "It is not TOML"), ("", 0, "step", "It has 0 steps"),
        ('tittle = "x"' + STEP, 1, "tittle", "Did you mean title?"),
        (STEP + 'verfy = ["port:80"]', 5, "step.verfy", "Did you mean verify?"),
        ('targets = "tag:web"' + STEP, 1, "targets", "Did you mean on?"),
        (STEP + "retries = 3", 5, "step.retries", "Did you mean tries?"),
        (STEP + 'verify = ["port:0"]', 5, "step.verify", "is no check"),
        (STEP + 'verify = ["command:rm x"]', 5, "step.verify", "has to only read"),
        (STEP + 'before = "unit:a b c"', 5, "step.before", "is no check"),
        (STEP + "verify = 7", 5, "step.verify", "no list of texts"),
        (STEP + 'shell = "zsh"', 5, "step.shell", "Allowed are sh, bash"),
        (STEP + "tries = 0\nverify = 'port:80'", 5, "step.tries", "no whole number"),
        (STEP + "tries = 500\nverify = 'port:80'", 2, "step", "tried 1 to 100 times"),
        (STEP + "tries = 3", 2, "step", "and not what"),
        (STEP + 'script = "write.sh"', 5, "step.script", "has a command as well"),
        ('[[step]]\ntitle = "x"\nscript = "none.sh"', 3, "step.script", "There is no none.sh"),
        ('[[step]]\ntitle = "x"', 1, "step.command", "It is missing"),
        ('[[step]]\ncommand = "x"', 1, "step.title", "missing"),
        ('[[step]]\ntitle = "a\\nb"\ncommand = "x"', 2, "step.title", "no line of"),
        ('rollout = "all"' + STEP, 1, "rollout", "is no rollout"),
        ('on = "tag:("' + STEP, 1, "on", "missing after tag: It is at column 5"),
        (STEP + 'on = "tag:("', 5, "step.on", "missing after tag: It is at column 5"),
        (STEP + 'on = "db-1"' + STEP, 6, "step", "does not say on which targets"),
        ('rollout = "canary:1"\nwait = "soon"' + STEP, 2, "wait", "soon"),
        ('probe = "command:rm x"' + STEP, 1, "probe", "only read"),
        ('probe = "metric:load.1m"\nmargin = "red"' + STEP, 2, "margin", "is no margin"),
        ('worse = "red"' + STEP, 1, "worse", "Allowed are higher, lower"),
        ('margin = 5' + STEP, 1, "margin", "and not of what"),
        ("max_failures = 0" + STEP, 1, "max_failures", "no number"),
        ("max_unavailable = -1" + STEP, 1, "max_unavailable", "no whole number"),
        ('become = "-x"' + STEP, 1, "become", "not the name of an account"),
        ('confirm = "soon"' + STEP, 1, "confirm", "soon"),
        ('way_back = "no"' + STEP, 1, "way_back", "neither yes nor no"),
        ('on_failure = "panic"' + STEP, 1, "on_failure", "Allowed are keep, rollback"),
        ("step = 3", 1, "step", "It is no table"),
    ],
)  # fmt: skip
def test_a_fault_says_where_what_and_what_would_be_right(text: str, line: int, key: str, said: str) -> None:
    found, faults = read_plan_file(text, "site.toml", script)
    assert found is None
    told = [(fault.line, fault.key) for fault in faults if said in str(fault)]
    assert told == [(line, key)], list(map(str, faults))
    assert all(str(fault).startswith("site.toml") for fault in faults)


def test_all_faults_are_told_at_once() -> None:
    _, faults = read_plan_file('rollout = "all"\nbecome = "-x"\n[[step]]\nshell = "zsh"\n', "site.toml", script)
    assert len(faults) >= 4


def test_a_script_that_cannot_be_read_is_a_fault_and_no_crash() -> None:
    def broken(name: str) -> tuple[str, str]:
        raise BadInput(f"{name} cannot be read.")

    found, faults = read_plan_file('[[step]]\ntitle = "x"\nscript = "s"\n', "site.toml", broken)
    assert found is None
    assert "s cannot be read" in str(faults[0])


def test_a_step_runs_a_version_of_a_kept_script_in_its_own_shell() -> None:
    (step,) = read('[[step]]\ntitle = "x"\nscript = "write@3"\n').plan.steps
    assert (step.command, step.shell) == ("set -e\ncp a b", "bash")
    _, faults = read_plan_file('[[step]]\ntitle = "x"\nscript = "write@3"\nshell = "sh"\n', "site.toml", script)
    assert "The script runs in bash" in str(faults[0])
    _, faults = read_plan_file('[[step]]\ntitle = "x"\nscript = "write@4"\n', "site.toml", script)
    assert "There is no write@4" in str(faults[0])
    assert kept_scripts_in('[[step]]\nscript = "a@1"\n[[step]]\nscript = "a.sh"\n') == {"a@1"}
