"""`opsterm check` as a script sees it; the servers here are none, and one that listens."""

from __future__ import annotations

import socket

from tests.cli.account import Account


def test_a_port_that_listens_and_one_that_does_not(account: Account) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as gone:
        good, bad = (f"127.0.0.1:{one.getsockname()[1]}" for one in (server, gone))
        gone.close()
        assert account.run("check", "tcp", good, "--json", expect=0).record()["grade"] == "ok"
        assert "refused" in account.run("check", "tcp", good, bad, expect=1).out
        assert "refused" in account.run("check", "tcp", bad, expect=3).out
        assert account.run("check", "http", f"http://{good}/", "--timeout", "0.2s", "--json", expect=124).record()
        account.run("targets", "add", "web-01", "--address", "127.0.0.1", "--protocol", "http", "--port",
                    bad.rpartition(":")[2], expect=0)  # fmt: skip
        assert account.run("check", "http", "web-01", "--json", expect=3).record()["name"] == "web-01"
        assert "refused" in account.run("targets", "check", "web-01", expect=3).out
        account.run("targets", "edit", "web-01", "--port", good.rpartition(":")[2], expect=0)
        assert "answers" in account.run("targets", "check", "web-01", expect=0).out


def test_what_cannot_be_checked_is_said(account: Account) -> None:
    for argv, sentence in (
        (("http", "ftp://x/"), "not a URL"),
        (("http", "http://ann:pw@x/"), "password in it"),
        (("http", "http://x/", "--matches", "("), "regular expression"),
        (("http", "http://x/", "--json-path", "$["), "not a path"),
        (("http", "http://x/", "--status", "ok"), "no list of statuses"),
        (("http", "http://x/", "--method", "HEAD", "--contains", "x"), "no body"),
        (("http", "http://x/", "--auth", "basic", "--user", "ann"), "sends the secret as it is"),
        (("http", "https://x/", "--auth", "digest", "--user", "ann"), "no secret"),
        (("tcp", "x:99999"), "no port"),
        (("tcp", "nope"), "No target matches"),
        (("ping", "tag:none"), "No target matches"),
    ):
        assert sentence in account.run("check", *argv, expect=2).err
