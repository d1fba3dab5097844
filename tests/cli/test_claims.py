"""Who is changing which target, on the command line."""

from __future__ import annotations

import getpass

from opsterm.cli.json_keys import CLAIM_KEYS
from opsterm.core.errors import ExitCode
from tests.cli.account import Account

ELSEWHERE = {"SSH_CONNECTION": "192.0.2.7 50000 192.0.2.1 22"}
"""The same account, logged in from another place."""


def test_a_claim_by_hand_is_taken_seen_and_given_up(account: Account) -> None:
    assert "Nobody claims a target." in account.run("claim", "list", expect=0).err
    account.run("claim", "take", "--on", "localhost", "--for", "2h", "--reason", "new kernel", expect=0)
    (claim,) = account.run("claim", "list", "--json", expect=0, env=ELSEWHERE).records()
    assert set(claim) == set(CLAIM_KEYS)
    assert (claim["target"], claim["kind"], claim["by"]) == ("localhost", "by hand", getpass.getuser())
    assert claim["until"] - claim["since"] == 7200
    assert "new kernel" in account.run("claim", "list", expect=0).out
    assert f"claimed by {getpass.getuser()}" in account.run("targets", "list", expect=0).out
    assert account.run("targets", "show", "localhost", "--json", expect=0).record()["note"].startswith("claimed by")
    taken = account.run("claim", "take", "--on", "localhost", env=ELSEWHERE, expect=ExitCode.REFUSED)
    assert "new kernel" in taken.err
    assert "not claimed" in taken.err
    not_mine = account.run("claim", "release", "--on", "all", env=ELSEWHERE, expect=ExitCode.BAD_INPUT)
    assert "You have claimed none of them" in not_mine.err
    assert account.run("claim", "release", "--on", "all", "--json", expect=0).record()["target"] == "localhost"
    assert "gave up claims of" in account.run("audit", expect=0).out


def test_a_change_beside_the_claim_of_another_is_refused_before_it_is_approved(account: Account) -> None:
    account.run("claim", "take", "--on", "localhost", "--reason", "new kernel", env=ELSEWHERE, expect=0)
    name = account.propose("touch made")
    assert "claims  localhost: claimed by" in account.run("change", name, expect=0).err
    refused = account.run("approve", name, expect=ExitCode.REFUSED)
    assert "new kernel" in refused.err
    assert "--despite-claim" in refused.err
    assert account.run("change", name, "--json", expect=0).record()["state"] == "proposed"
    account.run("approve", name, "--no-run", expect=0)
    account.run("run", name, expect=ExitCode.REFUSED)
    account.run("run", name, "--despite-claim", "they agreed", expect=0)
    audit = account.run("audit", name, expect=0).out
    assert "beside other claims" in audit
    assert "they agreed" in audit


def test_where_the_setting_refuses_a_reason_is_of_no_use(account: Account) -> None:
    account.config('[changes]\nclaims = "refuse"\n')
    account.run("claim", "take", "--on", "localhost", env=ELSEWHERE, expect=0)
    name = account.propose("touch made")
    refused = account.run("approve", name, "--despite-claim", "they agreed", expect=ExitCode.REFUSED)
    assert "changes.claims is refuse" in refused.err
    looks = account.run("query", "--on", "localhost", "--", "uptime", expect=0)
    assert "load average" in looks.out


def test_who_waits_runs_when_the_claim_is_over(account: Account) -> None:
    account.run("claim", "take", "--on", "localhost", "--for", "1s", env=ELSEWHERE, expect=0)
    name = account.propose("touch made")
    account.run("approve", name, "--wait", expect=0)
    assert account.run("change", name, "--json", expect=0).record()["state"] == "done"


def test_a_claim_that_cannot_be_is_refused_in_a_sentence(account: Account) -> None:
    for line, said in (
        (("take", "--on", "nowhere"), "No target matches"), (("take", "--on", "all", "--for", "0s"), "1 s to 7 d"),
        (("take", "--on", "all", "--for", "soon"), "soon"), (("release", "--on", "all"), "claimed none of them"),
        (("release", "--on", "all", "--of-others"), "without a reason"), (("list", "--on", "tag:("), "tag"),
    ):  # fmt: skip
        assert said in account.run("claim", *line, expect=ExitCode.BAD_INPUT).err
