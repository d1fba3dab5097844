"""Who says yes, on the command line: what waits, a yes of somebody else, reviews, breakers, what runs without one."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.cli.account import Account, Ran
from tests.runtime.approving import make_key, signed_by_ssh_keygen

TOUCH = "touch made-by-a-change"
TWO = "[[approvals.rule]]\nlevel = 'low'\nneeds = '2 persons'\n"


def digest_of(account: Account, name: str) -> str:
    return str(account.run("change", name, "--json", expect=0).record()["digest"])


def request_of(account: Account, name: str) -> str:
    text = account.run("change", name, "--request", expect=0).out
    return str(account.write(f"{name}.request", text))


def signers(account: Account, *names: str) -> dict[str, str]:
    """Make a key for each name and let it count; return name -> path of the key."""
    keys = {name: account.home / name for name in names}
    lines = [f"{name} {make_key(path)}" for name, path in keys.items()]
    account.write("signers", "\n".join(lines) + "\n")
    return {name: str(path) for name, path in keys.items()}


@pytest.fixture
def other(tmp_path: Path) -> Account:
    """Another person's opsterm, with a database of its own."""
    return Account(tmp_path / "other")


def refused(ran: Ran, *said: str) -> None:
    assert ran.code == 4, ran.err
    assert all(text in ran.err for text in said), ran.err


def test_what_waits_says_how_far_it_is_and_whether_your_yes_counts(account: Account) -> None:
    assert "Nothing waits." in account.run("approvals", expect=0).err
    account.config(TWO)
    name = account.propose(TOUCH)
    (waits,) = account.run("approvals", "--mine", "--json", expect=0).records()
    assert (waits["id"], waits["requirement"], waits["have"], waits["want"]) == (name, "2 persons", 0, 2)
    assert waits["wants_you"] is True
    assert "your yes counts" in account.run("approvals", expect=0).out
    account.run("approve", name, expect=0)
    assert "not you" in account.run("approvals", expect=0).out
    assert "Nothing waits for you." in account.run("approvals", "--mine", expect=0).err
    (waits,) = account.run("approvals", "--json", expect=0).records()
    assert (waits["have"], waits["wants_you"]) == (1, False)
    assert waits["missing"].startswith("one more to approve, not ")


def test_a_second_person_reads_the_request_signs_it_and_it_counts(account: Account, other: Account) -> None:
    account.config(f"[approvals]\nallowed_signers = '{account.home / 'signers'}'\n{TWO}")
    keys = signers(account, "ben", "eve")
    name = account.propose(TOUCH)
    request, digest = request_of(account, name), digest_of(account, name)
    told = other.run("sign", request, "--key", keys["ben"], "--digest", digest, expect=0)
    assert told.out.startswith("-----BEGIN SSH SIGNATURE-----")
    for shown in ("touch made-by-a-change", "localhost (1 target)", "risk    LOW", "it takes 2 persons", digest):
        assert shown in told.err
    yes = str(account.write("ben.yes", told.out))
    first = account.run("approve", name, "--from", yes, expect=0)
    assert "others are still needed" in first.err
    refused(account.run("approve", name, "--from", yes), "ben has approved c1 already")
    assert account.run("approve", name, "--json", expect=0).record()["state"] == "done"
    assert (account.home / "made-by-a-change").exists()
    people = account.run("change", name, "--json", expect=0).record()["approvals"]
    assert [one["proof"].split(":")[0] for one in people] == ["key SHA256", "account"]


def test_a_statement_is_only_made_of_what_was_read(account: Account, other: Account) -> None:
    name = account.propose(TOUCH)
    request, digest = request_of(account, name), digest_of(account, name)
    made = other.run("sign", request, "--digest", digest, "--reason", "looks right", expect=0)
    assert made.out == f"approve {digest}\nlooks right\n"
    record = other.run("sign", request, "--digest", digest, "--review", "--json", expect=0).record()
    assert record == {"digest": digest, "answer": f"review {digest}\n"}
    refused(other.run("sign", request), "nobody was there to read it")
    refused(other.run("sign", request, "--digest", "0" * 64), "it is for other bytes")


BAD_REQUESTS = {
    "no file": (None, "cannot be read"), "empty": ("", ""), "no json": ("hello", ""), "other json": ('{"v": 3}', ""),
    "not text": (b"\xff\xfe\x00", ""), "a list": ("[1, 2]", ""), "very deep": ("[" * 30_000, ""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), BAD_REQUESTS.values(), ids=BAD_REQUESTS)
def test_what_is_no_request_is_a_sentence(text: str | bytes | None, said: str, other: Account) -> None:
    path = other.home / "request"
    if text is not None:
        other.write("request", text)
    ran = other.run("sign", str(path), "--digest", "0" * 64, expect=2)
    assert said in ran.err
    assert ran.out == ""


EDITS = {
    "another name": ("made-by", "made-bY"), "no end": ('"timeout_ms":300000', '"timeout_ms":Infinity'),
    "no time": ('"timeout_ms":300000', '"timeout_ms":NaN'), "no name": ('"localhost"', "[]"),
    "number for a text": ('"sh"', "7"), "a line too long to be shown": ("made-by", "x" * 5000),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), EDITS.values(), ids=EDITS)
def test_a_request_whose_bytes_were_edited_is_for_other_bytes(
    old: str, new: str, account: Account, other: Account
) -> None:
    name = account.propose(TOUCH)
    digest = digest_of(account, name)
    text = Path(request_of(account, name)).read_text()
    assert old in text
    edited = str(other.write("edited", text.replace(old, new)))
    assert other.run("sign", edited, "--digest", digest).code in (2, 4)


def test_a_key_that_cannot_sign_and_a_reason_that_a_signature_cannot_hold(account: Account, other: Account) -> None:
    name = account.propose(TOUCH)
    request, digest = request_of(account, name), digest_of(account, name)
    for key, said in (("none", "cannot be read"), ("agent", "There is no SSH agent"), (request, "cannot be used")):
        assert said in other.run("sign", request, "--digest", digest, "--key", key, expect=2).err
    keys = signers(account, "ben")
    told = other.run("sign", request, "--digest", digest, "--key", keys["ben"], "--reason", "fine", expect=2)
    assert "A signature holds no reason." in told.err


BAD_YES = {
    "none": (None, 2), "empty": ("", 4), "other digest": ("approve 00\n", 4), "other word": ("review {}\n", 4),
    "no signature": ("-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n", 4), "bytes": (b"\xff", None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code"), BAD_YES.values(), ids=BAD_YES)
def test_a_file_that_does_not_say_yes_approves_nothing(
    text: str | bytes | None, code: int | None, account: Account
) -> None:
    account.config(TWO)
    name = account.propose(TOUCH)
    if text is not None:
        filled = text.format(digest_of(account, name)) if isinstance(text, str) else text
        account.write("yes", filled)
    ran = account.run("approve", name, "--from", str(account.home / "yes"))
    assert ran.code in ((code,) if code else (2, 4)), ran.err
    assert account.run("approvals", "--json", expect=0).record()["have"] == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write as another account")
def test_a_statement_counts_as_the_account_whose_file_it_is(account: Account) -> None:
    account.config(TWO)
    name = account.propose(TOUCH)
    line = f"approve {digest_of(account, name)}"
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o1777)
        write = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh", "-c"]
        subprocess.run([*write, f"umask 022; echo '{line}' > {folder}/yes"], check=True)
        account.run("approve", name, "--from", f"{folder}/yes", expect=0)
    assert account.run("approve", name, "--no-run", "--json", expect=0).record()["decided_by"].startswith("nobody, ")


@pytest.fixture
def broken(account: Account) -> tuple[str, str]:
    """A change that one person approved alone: its name and its digest. ben and eve have keys that count."""
    account.config(f"[approvals]\nbreak_glass = '*'\nallowed_signers = '{account.home / 'signers'}'\n{TWO}")
    signers(account, "ben")
    name = account.propose(TOUCH)
    assert "needs a reason" in account.run("approve", name, "--break-glass", expect=2).err
    account.run("approve", name, "--break-glass", "--reason", "site is down", "--no-run", expect=0)
    return name, digest_of(account, name)


def test_a_review_stays_open_until_somebody_else_closes_it(account: Account, broken: tuple[str, str]) -> None:
    name, digest = broken
    (review,) = account.run("reviews", "list", "--json", expect=0).records()
    assert (review["id"], review["reason"], review["digest"]) == (name, "site is down", digest)
    assert "site is down" in account.run("reviews", "list", expect=0).out
    refused(account.run("reviews", "close", name, "--note", "fine"), "somebody else has to")
    key = account.home / "ben"
    wrong = account.write("wrong", signed_by_ssh_keygen(key, digest, "opsterm-approval"))
    refused(account.run("reviews", "close", name, "--note", "fine", "--from", str(wrong)), "signature does not count")
    right = account.write("right", signed_by_ssh_keygen(key, digest, "opsterm-review"))
    assert "without a word" in account.run("reviews", "close", name, "--from", str(right), expect=2).err
    closed = account.run("reviews", "close", name, "--note", "was needed", "--from", str(right), "--json", expect=0)
    assert closed.record() == {"id": name, "closed": True}
    assert "No review is open." in account.run("reviews", "list", expect=0).err
    assert "no open review" in account.run("reviews", "close", name, "--note", "x", "--from", str(right), expect=2).err
    told = account.run("audit", "list", name, "--json", expect=0).records()
    assert [(row["who"], row["why"]) for row in told if row["kind"] == "change.review_closed"] == [
        ("ben", "was needed")
    ]


@pytest.mark.parametrize(("number", "said"), [("c99", "no open review"), ("x", "is not the number"), ("", "is not")])
def test_a_review_that_is_not_there(number: str, said: str, account: Account) -> None:
    assert said in account.run("reviews", "close", number, "--note", "x", expect=2).err


def test_glass_is_not_broken_where_the_settings_do_not_allow_it_nor_by_a_file(
    account: Account, broken: tuple[str, str]
) -> None:
    del broken
    name = account.propose(TOUCH)
    yes = account.write("yes", f"approve {digest_of(account, name)}\n")
    told = account.run("approve", name, "--break-glass", "--reason", "x", "--from", str(yes))
    refused(told, "by the person at the keyboard, not by a file")
    account.config(TWO)
    refused(account.run("approve", name, "--break-glass", "--reason", "x"), "approvals.break_glass does not name")


def test_a_breaker_opens_after_failures_and_a_person_lets_changes_go_on(account: Account) -> None:
    assert "No limit has a breaker" in account.run("breaker", expect=0).err
    account.config("[[approvals.limit]]\nfailures = 2\n")
    assert account.run("breaker", "--json", expect=0).record() == {"environment": "*", "failures": 2, "open": False}
    for _ in range(2):
        account.run("approve", account.propose("false; touch made-by-a-change/x"), expect=1)
    assert "nothing is approved" in account.run("breaker", expect=0).out
    waits = account.propose(TOUCH)
    refused(account.run("approve", waits), "2 changes in a row have failed", "opsterm breaker --reset '*'")
    assert "There is no breaker of 'prod'." in account.run("breaker", "--reset", "prod", "--reason", "x", expect=2).err
    assert "without a reason" in account.run("breaker", "--reset", "*", expect=2).err
    told = account.run("breaker", "--reset", "*", "--reason", "the disk was full", "--json", expect=0)
    assert told.record()["open"] is False
    account.run("approve", waits, "--no-run", expect=0)


def test_what_runs_without_a_person_is_counted_by_the_day(account: Account) -> None:
    assert account.run("autonomy", "--json", expect=0).records() == []
    assert "only read runs without a person" in account.run("autonomy", expect=0).err
    account.config("[[approvals.autonomy]]\nenvironment = '*'\nlevel = 'low'\ndaily = 1\n")
    allowed = {"name": "autonomy 1", "environment": "*", "level": "low", "actor": "command line", "daily": 1}
    assert account.run("autonomy", "--json", expect=0).record() == {**allowed, "spent": 0}
    file = account.home / "made"
    account.run("query", "--on", "localhost", "--", f"touch {file}", expect=0)
    assert file.exists()
    assert account.run("autonomy", "--json", expect=0).record() == {**allowed, "spent": 1}
    account.run("query", "--on", "localhost", "--", f"touch {file}-2")
    assert not Path(f"{file}-2").exists(), "the budget of the day is spent"
    assert account.run("approvals", "--json", expect=0).record()["wants_you"] is True


@pytest.mark.parametrize("line", ["level = 'critical'", "level = 'none'", "daily = -1", "daily = 'many'", "wat = 1"])
def test_a_table_of_autonomy_that_makes_no_sense(line: str, account: Account) -> None:
    account.config(f"[[approvals.autonomy]]\nenvironment = '*'\n{line}\n")
    assert "autonomy" in account.run("autonomy", expect=2).err
