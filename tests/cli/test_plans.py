"""Plans in files and simulations, as a script drives them."""

from __future__ import annotations

from tests.cli.account import Account

PLAN = """
title = "two files"
on = "localhost"
verify = ["command:true"]

[[step]]
title = "make one"
command = "touch one"
verify = ["command:true"]

[[step]]
title = "make two"
command = "touch two"
"""


def test_a_plan_from_a_file_to_its_end(account: Account) -> None:
    file = str(account.write("plan.toml", PLAN))
    checked = account.run("change", "check", file, expect=0)
    assert f"{file} is in order." in checked.err
    proposed = account.run("change", "run", file, "--json", expect=4).record()
    assert (proposed["id"], proposed["state"], proposed["shell"]) == ("c1", "proposed", "plan")
    assert "command:true" in proposed["verify"]
    done = account.run("approve", "c1", "--targets", "1", expect=0)
    assert "step make two" in done.err
    assert "limit a step" in done.err
    assert "c1 done." in done.err
    assert "plan: make one, make two" in account.run("changes", expect=0).out


def test_faults_of_a_plan_are_told_with_their_lines(account: Account) -> None:
    file = str(account.write("plan.toml", PLAN.replace("verify", "verfy")))
    checked = account.run("change", "check", file, expect=2)
    assert checked.out.splitlines()[0].startswith(f"{file}:4: verfy: There is no such key. Did you mean verify?")
    assert [row["line"] for row in account.run("change", "check", "--json", file, expect=2).records()] == [4, 9]
    refused = account.run("change", "run", file, expect=2)
    assert "is no plan: it has 2 faults" in refused.err
    assert f"opsterm change check {file}" in refused.err
    assert "cannot be read" in account.run("change", "run", "none.toml", expect=2).err


def test_a_simulation_tells_what_would_be_done_and_does_nothing(account: Account) -> None:
    file = str(account.write("plan.toml", PLAN))
    told = account.run("simulate", file, expect=0)
    kinds = [line.split()[0] for line in told.out.splitlines()]
    assert kinds == [
        "asks", "on", "connect", "keep", "run", "note", "check", "keep", "run", "note", "check", "done:", "ends"
    ]  # fmt: skip
    rows = account.run("simulate", "--json", "--fail", "localhost:2", file, expect=0).records()
    assert [row["kind"] for row in rows] == [
        "connect", "keep", "run", "note", "check", "keep", "run", "note", "ends"
    ]  # fmt: skip
    assert (rows[-1]["state"], rows[6]["fails"]) == ("failed", True)
    assert account.run("changes", "--json", expect=0).records() == []


def test_what_is_proposed_or_typed_is_simulated_as_well(account: Account) -> None:
    number = account.propose("echo x > /tmp/opsterm-never", "localhost", "--verify", "unit:cron")
    rows = account.run("simulate", number, "--json", expect=0).records()
    assert [row["kind"] for row in rows] == ["connect", "keep", "run", "note", "check", "ends"]
    typed = account.run("simulate", "--on", "localhost", "--json", "--", "uptime", expect=0).records()
    assert [row["kind"] for row in typed] == ["connect", "run", "ends"]
    assert "none of its targets" in account.run("simulate", number, "--fail", "db-1", expect=2).err


def test_a_check_that_may_change_something_is_refused(account: Account) -> None:
    refused = account.run("propose", "--on", "localhost", "--verify", "command:rm -r /x", "--", "uptime", expect=4)
    assert "A check has to only read" in refused.err
    wrong = account.run("propose", "--on", "localhost", "--verify", "nginx", "--", "uptime", expect=2)
    assert "is no check" in wrong.err
