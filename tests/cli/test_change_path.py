"""A change without a screen: from proposal to outcome, as a script drives it."""

from __future__ import annotations

import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from opsterm.cli.json_keys import CHANGE_KEYS, OUTCOME_KEYS
from tests.cli.account import Account, wait_until


def alive(number: int) -> bool:
    """Return whether a process still runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_from_proposal_to_audit(account: Account) -> None:
    proposed = account.run("propose", "--json", "--on", "localhost", "--reason", "see it", "--", "echo", "a b", "$HOME",
                           expect=0).record()  # fmt: skip
    assert proposed["command"] == "echo 'a b' '$HOME'", "several words arrive as they were typed"
    assert tuple(proposed) == CHANGE_KEYS
    assert tuple(proposed["outcomes"][0]) == OUTCOME_KEYS
    assert account.run("output", "c1").err.strip() == "c1 is proposed and has not run."
    approved = account.run("approve", "c1", expect=0)
    assert approved.out == "a b $HOME\n", "standard output is what the command printed, nothing else"
    for said in ("echo 'a b' '$HOME'", "localhost (1 target)", proposed["digest"], "c1 approved by", "c1 done."):
        assert said in approved.err
    shown = account.run("change", "C1", "--json", expect=0).record()
    assert (shown["state"], shown["outcomes"][0]["exit_status"]) == ("done", 0)
    assert shown["approved_digest"] == proposed["digest"]
    assert account.run("output", "c1").out == "a b $HOME\n"
    assert account.run("output", "c1", "--raw").out_bytes == b"a b $HOME\n"
    assert account.run("output", "1", "localhost", "--json").record() == {
        "change": "c1", "target": "localhost", "output": "a b $HOME\n",
    }  # fmt: skip
    story = account.run("audit", "c1", "--json", expect=0).records()
    assert [row["what"].split()[0] for row in story] == ["proposed", "approved", "started", "ended", "ended"]
    assert story[0]["why"] == "see it"


def test_one_word_is_the_text_for_the_shell_as_it_is(account: Account) -> None:
    number = account.propose('for i in 1 2; do echo "$i"; done | tac')
    assert account.run("approve", number, expect=0).out == "2\n1\n"


def test_a_script_on_standard_input_is_proposed_whole(account: Account) -> None:
    text = 'for i in a b; do\n  echo "$i"\ndone\n'
    proposed = account.run("propose", "--on", "localhost", "--json", "--", "-", stdin=text, expect=0).record()
    assert proposed["command"] == text.removesuffix("\n")
    shown = account.run("change", "c1", expect=0)
    assert "what    for i in a b; do\n          echo " in shown.err
    assert account.run("approve", "c1", expect=0).out == "a\nb\n"
    assert account.run("propose", "--on", "localhost", "--", "-", stdin=b"\xff\xfe", expect=2).err.startswith(
        "opsterm: The command on standard input is not UTF-8"
    )


def test_options_behind_the_dashes_belong_to_the_command(account: Account) -> None:
    proposed = account.run("propose", "--on", "localhost", "--json", "--", "ls", "--json", "-h", "--", "-x", expect=0)
    assert proposed.record()["command"] == "ls --json -h -- -x"


@pytest.mark.parametrize(
    ("command", "options", "code", "state", "outcome"),
    [
        ("exit 3", (), 1, "failed", "failed"),
        ("kill -9 $$", ("--no-confirm", "it kills itself"), 1, "failed", "failed"),
        ("sleep 60", ("--timeout", "1s"), 124, "failed", "timed out"),
    ],
)
def test_how_a_command_ends_is_the_exit_code(
    command: str, options: tuple[str, ...], code: int, state: str, outcome: str, account: Account
) -> None:
    number = account.propose(command, "localhost", *options)
    ended = account.run("approve", number, "--reason", "how it ends", expect=code)
    assert ended.out == ""
    assert f"localhost: {outcome}" in ended.err
    shown = account.run("change", number, "--json").record()
    assert (shown["state"], shown["outcomes"][0]["state"]) == (state, outcome)


def test_where_nobody_answers(account: Account) -> None:
    account.run("targets", "add", "web-01", "--address", "127.0.0.1", "--port", "1", expect=0)
    number = account.propose("uptime", "web-01")
    ended = account.run("approve", number, expect=3)
    assert "refused the connection" in ended.err
    row = account.run("targets", "show", "web-01", "--json").record()
    assert (row["status"], row["last_seen"]) == ("offline", None), "what the run taught is kept"
    assert "refused the connection" in row["note"]
    table = account.run("change", number).out + account.run("audit", number).out
    assert "\\n" not in table, "sentences of several lines are one line in a table"
    both = account.propose("true", "web-01 or localhost")
    assert account.run("approve", both).code == 1, "one was reached, one was not"


def test_approving_and_running_may_be_two_steps(account: Account) -> None:
    number = account.propose("echo ran")
    assert "nobody has approved it" in account.run("run", number, expect=4).err
    approved = account.run("approve", number, "--no-run", "--json", expect=0)
    assert approved.record()["state"] == "approved"
    assert account.run("run", number, expect=0).out == "ran\n"
    assert "was run already" in account.run("run", number, expect=4).err, "no order runs twice"
    ended = account.propose("echo again")
    assert account.run("approve", ended, "--json", expect=0).record()["state"] == "done"


def test_a_no_is_kept_with_its_reason(account: Account) -> None:
    number = account.propose("reboot")
    denied = account.run("deny", number, "--note", "not today", "--json", expect=0).record()
    assert (denied["state"], denied["decision_note"]) == ("denied", "not today")
    for verb in ("approve", "run", "deny"):
        assert "denied" in account.run(verb, number, expect=4).err
    story = account.run("audit", number, "--json").records()
    assert [row["why"] for row in story if row["kind"] == "change.denied"] == ["not today"]
    assert [row["what"] for row in story[2:]] == [
        f"was refused to {verb} {number}" for verb in ("approve", "run", "deny")
    ]


def test_only_what_was_shown_is_approved(account: Account) -> None:
    number = account.propose("reboot")
    assert "what you were shown is not what would run" in account.run("approve", number, "--digest", "0" * 64,
                                                                      expect=4).err  # fmt: skip
    assert "it is for localhost (1 target), not for 2" in account.run("approve", number, "--targets", "2", expect=4).err
    assert account.run("change", number, "--json").record()["state"] == "proposed"


def test_an_edited_target_voids_what_was_proposed(account: Account) -> None:
    account.run("targets", "add", "web-01", "--address", "192.0.2.1", expect=0)
    number, other = account.propose("uptime", "web-01"), account.propose("uptime", "web-01")
    account.run("approve", other, "--no-run", expect=0)
    account.run("targets", "edit", "web-01", "--address", "192.0.2.2", expect=0)
    assert "is void: web-01 is reached differently" in account.run("approve", number, expect=4).err
    assert "is void" in account.run("run", other, expect=4).err
    states = [change["state"] for change in account.run("changes", "--json", "--state", "voided").records()]
    assert states == ["voided", "voided"]
    third = account.propose("uptime", "web-01")
    account.run("targets", "remove", "web-01", expect=0)
    assert "no longer in the inventory" in account.run("approve", third, expect=4).err


def test_what_waits_too_long_expires_without_a_worker(account: Account) -> None:
    first, second = account.propose("true"), account.propose("true")
    make_older(account, seconds=3600)
    assert "has expired" in account.run("approve", first, expect=4).err
    assert [c["state"] for c in account.run("changes", "--json").records()] == ["expired", "expired"]
    assert account.run("audit", second, "--json").records()[-1]["what"] == f"let {second} expire"


def make_older(account: Account, *, seconds: float) -> None:
    """Let time pass for every change: a process takes its clock from the system, so what is kept moves instead."""
    with closing(sqlite3.connect(account.data / "opsterm.db")) as db, db:
        db.execute("UPDATE change SET expires_at = expires_at - ?", (seconds,))


def test_read_only_mode_refuses_every_step_that_changes(account: Account) -> None:
    number = account.propose("true")
    account.run("approve", number, "--no-run", expect=0)
    waiting = account.propose("true")
    for argv in (("propose", "--on", "localhost", "--", "true"), ("approve", waiting), ("run", number)):
        for refused in (account.run("--read-only", *argv), account.run(argv[0], "--read-only", *argv[1:])):
            assert refused.code == 4
            assert "read-only mode" in refused.err
    account.config("[changes]\nread_only = true\n")
    assert "changes.read_only" in account.run("run", number, expect=4).err
    account.run("deny", waiting, expect=0)
    assert {c["state"] for c in account.run("changes", "--json").records()} == {"approved", "denied"}


def test_output_streams_while_the_command_runs(account: Account, tmp_path: Path) -> None:
    go = tmp_path / "go"
    number = account.propose(f'echo first; until [ -e "{go}" ]; do sleep 0.02; done; echo last')
    with account.start("approve", number) as running:
        assert running.line() == "first", "it is here before the command has ended"
        go.touch()
        assert running.line() == "last"
        assert running.wait().code == 0


def test_another_process_stops_it(account: Account, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    number = account.propose(f'echo $$ > "{pid}.new"; mv "{pid}.new" "{pid}"; echo here; sleep 600')
    with account.start("approve", number) as running:
        assert running.line() == "here"
        assert account.run("stop", number, "--json", expect=0).record()["id"] == number
        ended = running.wait()
    assert ended.code == 130
    wait_until(lambda: not alive(int(pid.read_text())))
    assert account.run("change", number, "--json").record()["state"] == "cancelled"
    assert "not running" in account.run("stop", number, expect=2).err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_stops_the_command_and_is_recorded(number: signal.Signals, account: Account, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    change = account.propose(f'echo $$ > "{pid}"; echo here; sleep 600')
    with account.start("approve", change) as running:
        assert running.line() == "here"
        running.send(number)
        ended = running.wait()
    assert ended.code == 130
    assert f"{change} was stopped" in ended.err
    assert "Traceback" not in ended.err
    wait_until(lambda: not alive(int(pid.read_text())))
    shown = account.run("change", change, "--json").record()
    assert (shown["state"], shown["outcomes"][0]["state"]) == ("cancelled", "cancelled")


def test_a_change_outlives_whoever_read_its_output(account: Account, tmp_path: Path) -> None:
    done = tmp_path / "done"
    number = account.propose(f'echo first; for i in $(seq 2000); do echo "line $i"; done; touch "{done}"')
    ran = account.shell(f"opsterm approve {number} 2>/dev/null | head -n 1")
    assert ran.out == "first\n"
    wait_until(done.exists)
    wait_until(lambda: account.run("change", number, "--json").record()["state"] == "done")


def test_output_beyond_the_limit_is_counted_not_kept(account: Account) -> None:
    account.config("[changes]\noutput_limit_kb = 1\n")
    number = account.propose("head -c 5000 /dev/zero | tr '\\0' x")
    ended = account.run("approve", number, expect=0)
    assert "4000 more bytes came and were not kept" in ended.err
    outcome = account.run("change", number, "--json").record()["outcomes"][0]
    assert (outcome["output_bytes"], outcome["kept_bytes"]) == (5000, 1000)
    assert account.run("output", number, "--raw").out_bytes == b"x" * 1000
    assert account.run("output", number).err == "localhost: 4000 more bytes came and were not kept.\n"


def test_raw_bytes_are_refused_on_a_terminal(account: Account) -> None:
    number = account.propose(r"printf '\033]0;evil\007\377'")
    account.run("approve", number, expect=0)
    assert account.run("output", number, "--raw").out_bytes == b"\033]0;evil\007\xff"
    with account.on_terminal("output", number, "--raw") as app:
        assert app.wait_for_end() == 4
        assert b"\033]0;" not in app.raw
    assert account.run("output", number).out == "\\x1b]0;evil\\x07\\xff\n"


def test_on_a_terminal_a_high_risk_asks_for_the_count(account: Account) -> None:
    number = account.propose("kill -9 999999999; echo ran")
    with account.on_terminal("approve", number) as app:
        app.wait_for("Type the number of targets to approve:")
        app.send("2\r")
        assert app.wait_for_end() == 4
        assert "still waits" in app.text
    assert account.run("change", number, "--json").record()["state"] == "proposed"
    with account.on_terminal("approve", number) as app:
        app.wait_for("Type the number of targets to approve:")
        app.send("1\r")
        assert app.wait_for_end() == 0
        assert "ran" in app.text
    low = account.propose("uptime")
    with account.on_terminal("approve", low) as app:
        assert app.wait_for_end() == 0, "what only reads is not asked about"


def test_ctrl_c_at_the_question_ends_at_once(account: Account) -> None:
    number = account.propose("kill -9 999999999; sleep 1")
    with account.on_terminal("approve", number) as app:
        app.wait_for("Type the number of targets to approve:")
        app.send(b"\x03")
        assert app.wait_for_end() == 130
    assert account.run("change", number, "--json").record()["state"] == "proposed"


def test_the_list_of_changes(account: Account) -> None:
    assert "No changes." in account.run("changes", expect=0).err
    account.propose("true")
    account.run("deny", account.propose("false"), expect=0)
    assert [c["id"] for c in account.run("changes", "--json", expect=0).records()] == ["c2", "c1"]
    assert [c["id"] for c in account.run("changes", "--json", "--state", "denied").records()] == ["c2"]
    assert len(account.run("changes", "--json", "--limit", "1").records()) == 1
    assert "'bogus' is not a state of a change" in account.run("changes", "--state", "bogus", expect=2).err
    lines = account.run("changes").out.splitlines()
    assert lines[0].split() == ["ID", "STATE", "RISK", "ASKED", "BY", "WHERE", "COMMAND"]
    assert lines[1].startswith("c2  denied")


def test_a_yes_to_one_of_two_like_changes_is_no_yes_to_the_other(account: Account) -> None:
    one, two = account.propose("true; true"), account.propose("true; true")
    account.run("approve", one, expect=0)
    assert account.run("change", two, "--json").record()["state"] == "proposed"
    assert "nobody has approved it" in account.run("run", two, expect=4).err


def test_a_query_runs_at_once_and_is_in_the_audit(account: Account) -> None:
    ran = account.run("query", "--on", "localhost", "--reason", "load", "--", "echo", "a b", expect=0)
    assert ran.out == "a b\n"
    story = account.run("audit", "c1", "--json", expect=0).records()
    assert [row["what"].split()[0] for row in story] == ["proposed", "approved", "started", "ended", "ended"]
    assert story[1]["who"] == "opsterm policy"
    assert account.run("query", "--on", "localhost", "--each", "--", "echo again", expect=0).out == "again\n"


def test_in_read_only_mode_nothing_is_looked_at_either(account: Account) -> None:
    assert "read-only" in account.run("--read-only", "query", "--on", "localhost", "--", "uptime", expect=4).err


def test_how_far_a_query_is_stands_on_the_terminal_and_goes_again(account: Account) -> None:
    with account.on_terminal("query", "--on", "localhost", "--", "uptime") as app:
        assert app.wait_for_end() == 0
        assert b"c1: 1 of 1 ended" in app.raw
        assert "ended" not in app.text.replace("c1 done: 1 done", "")


@pytest.mark.skipif(shutil.which("vmstat") is None, reason="vmstat (procps) is not installed: stopping was NOT tried")
def test_a_query_that_is_stopped_ends_on_the_target_too(account: Account) -> None:
    with account.start("query", "--on", "localhost", "--", "vmstat 1 50") as looking:
        wait_until(lambda: '"state": "running"' in account.run("changes", "--json").out)
        looking.send(signal.SIGINT)
        assert looking.wait().code == 130
    assert account.run("change", "c1", "--json", expect=0).record()["state"] == "cancelled"


def test_a_change_whose_process_is_gone_is_told_by_the_next_who_asks(account: Account) -> None:
    for verb in ("stop", "changes", "change"):
        number = account.propose("echo begun; sleep 30")
        with account.start("approve", number) as running:
            wait_until(lambda n=number: account.run("output", n).out == "begun\n")  # type: ignore[misc]  # n is bound now
            running.send(signal.SIGKILL)
            running.wait()
        told = account.run(verb, *([] if verb == "changes" else [number]))
        assert "interrupted" in told.out + told.err
        (outcome,) = account.run("change", number, "--json", expect=0).record()["outcomes"]
        assert (outcome["state"], outcome["output_bytes"]) == ("unknown", len("begun\n"))
        assert verb != "stop" or (told.code == 1 and "may still run" in told.err)


def test_a_grade_that_was_edited_in_the_database_approves_nothing(account: Account) -> None:
    number = account.propose("touch made-by-a-change")
    with closing(sqlite3.connect(account.data / "opsterm.db")) as database:
        database.execute("update change set risk_level = 'read'")
        database.commit()
    refused = account.run("approve", number, expect=4)
    assert "its risk is higher than the read kept with it" in refused.err


def test_as_whom_and_where_is_told_before_it_is_approved(account: Account) -> None:
    for name, more in (("web-8", ()), ("web-9", ("--user", "root", "--environment", "prod"))):
        account.run("targets", "add", name, *more, expect=0)
    account.run("propose", "--on", "web-[8-9] or localhost", "--", "reboot", expect=0)
    shown = account.run("change", "c1", expect=0).err
    assert "as yourself on localhost, your log-in there on web-8, root on web-9" in shown
    assert "(3 targets) · PROD" in shown
