"""Changes that their targets take back unless they are confirmed, as a script drives them."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from opsterm.cli.json_keys import GUARD_KEYS, JSON_KEYS
from tests.cli.account import Account, wait_until


def test_another_process_looks_gives_time_and_keeps_it(account: Account, tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    text = f"echo after > {conf}"
    number = account.propose(text, "localhost", "--confirm", "10m by hand")
    assert account.run("status", number, expect=0).err.splitlines()[-1].endswith("was changed on any target yet.")
    with account.start("approve", number, "--targets", "1") as running:
        wait_until(lambda: [one["state"] for one in account.run("status", "--json").records()] == ["pending"])
        (seen,) = account.run("status", number, "--json", expect=0).records()
        assert list(seen) == list(GUARD_KEYS) == list(JSON_KEYS["confirm"])
        assert (seen["change"], seen["change_state"], seen["target"]) == (number, "running", "localhost")
        assert 500 < seen["left_s"] <= 600
        assert account.run("extend", number, "20m", "--json", expect=0).record()["left_s"] > 1100
        assert account.run("confirm", number, expect=0).out.startswith("localhost: confirmed: it stays.")
        ended = running.wait()
    assert (ended.code, conf.read_text()) == (0, "after\n")
    assert "unless it is confirmed: opsterm confirm c1" in ended.err
    assert "Nothing of c1 waits" in account.run("confirm", number, expect=2).err
    assert "Too late: localhost keeps it" in account.run("revert", number, "--on", "localhost", expect=4).err


def test_after_a_kill_the_next_who_asks_is_told_and_can_take_it_back(account: Account, tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    conf.write_text("before\n")
    text = f"echo after > {conf}"
    number = account.run(
        "propose", "--on", "localhost", "--confirm", "10m", "--by-hand", "--json", "--", text
    ).record()["id"]
    with account.start("approve", number, "--targets", "1") as running:
        wait_until(lambda: conf.read_text() == "after\n")
        running.send(signal.SIGKILL)
        running.wait()
    told = account.run("status", expect=0)
    assert f"unless it is confirmed: opsterm confirm {number}" in told.out
    assert account.run("revert", number, "--json", expect=0).record()["state"] == "reverted"
    assert (account.run("change", number, "--json").record()["state"], conf.read_text()) == ("rolled back", "before\n")
    assert account.run("status", expect=0).err == "Nothing waits to be confirmed.\n"


def test_what_was_taken_back_ends_with_1_and_says_so(account: Account, tmp_path: Path) -> None:
    conf = tmp_path / "conf"
    conf.write_text("before\n")
    number = account.propose(f"echo after > {conf}", "localhost", "--confirm", "10m by hand")
    with account.start("approve", number, "--targets", "1") as running:
        wait_until(lambda: conf.read_text() == "after\n")
        wait_until(lambda: [one["state"] for one in account.run("status", "--json").records()] == ["pending"])
        account.run("revert", number, expect=0)
        ended = running.wait()
    assert (ended.code, conf.read_text()) == (1, "before\n")
    assert ended.err.splitlines()[-1] == f"{number} rolled back."


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("propose", "--on", "localhost", "--", "poweroff"), 4, "--no-confirm"),
        (("propose", "--on", "localhost", "--confirm", "soon", "--", "touch /tmp/x"), 2, "60s, or 5m by hand"),
        (("propose", "--on", "localhost", "--confirm", "9s", "--no-confirm", "x", "--", "poweroff"), 2, "both are"),
        (("confirm", "c9"), 2, "no change c9"), (("extend", "c9", "soon"), 2, "soon"), (("status", "c9"), 2, "c9"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_with_its_number(
    account: Account, words: tuple[str, ...], code: int, said: str
) -> None:  # fmt: skip
    assert said in account.run(*words, expect=code).err


def test_a_reason_runs_it_without_a_guard_and_is_kept(account: Account) -> None:
    asked = account.run(
        "propose", "--on", "localhost", "--no-confirm", "the console is open", "--json", "--", "poweroff"
    )
    made = asked.record()
    assert (made["guard"]["unguarded"], made["risk"]["level"]) == ("the console is open", "critical")
    assert "with a reason" in made["requirement"]
    assert "not approved without a reason" in account.run("approve", "c1", "--targets", "1", "--no-run", expect=2).err
    assert "NOT GUARDED" in account.run("audit", "c1").out
