"""Mail from the command line: the step that failed is named with a way to mend it, and the queue can be looked at."""

from __future__ import annotations

import socket

import pytest

from opsterm.core.errors import ExitCode
from tests.cli.account import Account


def closed_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ((), ExitCode.BAD_INPUT, "No mail server is set."),
        (("mail.host=127.0.0.1", "mail.sender=o@x.test"), ExitCode.BAD_INPUT, "There is nobody to write to."),
        (("mail.host=h", "mail.sender=o@x.test", "mail.to=me"), ExitCode.BAD_INPUT, "'me' is not a mail address."),
        (("mail.host=h", "mail.user=u@x.test", "mail.security=none"), ExitCode.BAD_INPUT, "in clear"),
    ],
)
def test_settings_that_cannot_work_are_said(account: Account, settings: tuple[str, ...], code: int, said: str) -> None:
    ran = account.run(*(word for one in settings for word in ("--set", one)), "mail", "test")
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_the_step_that_failed_is_named(account: Account) -> None:
    port = closed_port()
    how = (
        "--set",
        "mail.host=127.0.0.1",
        "--set",
        f"mail.port={port}",
        "--set",
        "mail.sender=o@x.test",
        "mail",
        "test",
    )
    ran = account.run(*how, "--to", "ana@x.test")
    assert ran.code == ExitCode.UNREACHABLE
    assert f"failed  connect    127.0.0.1:{port} refused the connection" in ran.out
    assert "See whether the server is up" in ran.err
    record = account.run(*how, "--to", "ana@x.test", "--json").record()
    assert (record["failed_phase"], record["sent"], record["to"]) == ("connect", [], ["ana@x.test"])


def test_an_empty_queue_and_a_number_that_is_none_are_said(account: Account) -> None:
    assert account.run("mail", "queue").err == "No mail waits, and none was lost.\n"
    assert account.run("mail", "retry").err == "There is nothing to try again.\n"
    assert "no mail m7" in account.run("mail", "drop", "m7").err
    assert "not the number of a mail" in account.run("mail", "retry", "seven").err
