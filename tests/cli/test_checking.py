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
        assert account.run("check", "tcp", "127.0.0.1", "--port", good.rpartition(":")[2], expect=0).out
        assert account.run("check", "http", f"http://{good}/", "--timeout", "0.2s", "--json", expect=124).record()
        account.run("targets", "add", "web-01", "--address", "127.0.0.1", "--protocol", "http", "--port",
                    bad.rpartition(":")[2], expect=0)  # fmt: skip
        assert account.run("check", "http", "web-01", "--json", expect=3).record()["name"] == "web-01"
        assert "refused" in account.run("targets", "check", "web-01", expect=3).out
        account.run("targets", "edit", "web-01", "--port", good.rpartition(":")[2], expect=0)
        assert "answers" in account.run("targets", "check", "web-01", expect=0).out
        by_name = f"web-01:{good.rpartition(':')[2]}"
        assert account.run("check", "tcp", by_name, "--json", expect=0).record()["name"] == by_name


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
        (("tcp", "nope"), "No target matches nope.\nWrite nope:443, or --port 443."),
        (("tcp", "192.0.2.9"), "Which port of 192.0.2.9?"),
        (("tcp", "2001:db8::9"), "Write [2001:db8::9]:443, or --port 443."),
        (("tcp", "tag:none"), "No target matches tag:none."),
        (("tcp", "all"), "leave it out, as in 'all and not localhost'"),
        (("ping", "tag:none"), "No target matches"),
    ):
        assert sentence in account.run("check", *argv, expect=2).err


def test_checks_of_the_settings_are_listed_and_made_by_name(account: Account) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        tables = [
            f'[[checks.tcp]]\nname = "{name}"\nhost = "127.0.0.1"\nport = {number}\n'
            for name, number in (("open", port), ("closed", 1))
        ]
        account.config("\n".join(tables))
        good = account.run("check", "run", "open", "--json", expect=0).record()
        assert (good["grade"], good["measured"]["up"], good["target"]) == ("ok", 1.0, "localhost")
        assert "refused the connection." in account.run("check", "run", expect=1).out
        rows = account.run("check", "list", "--json", expect=0).records()
        assert [(row["name"], row["state"], row["made_at"]) for row in rows] == [
            ("closed", "idle", None), ("open", "idle", None),
        ]  # fmt: skip
        assert "There are: closed, open." in account.run("check", "list", "nope", expect=2).err
        assert "2 idle" in account.run("doctor").out
    account.config('[[checks.tcp]]\nname = "x"\nhost = "x"\n')
    assert "[[checks.tcp]] number 1 (x): it needs a port." in account.run("check", "list", expect=2).err


def test_cameras_are_asked_and_what_is_none_is_said(account: Account) -> None:
    account.run("targets", "add", "cam-1", "--address", "127.0.0.1", "--protocol", "http", "--port", "1", expect=0)
    account.run("targets", "add", "web-1", expect=0)
    assert "web-1 is no camera" in account.run("camera", "info", "web-1", expect=2).err
    account.config('[storage]\nkeyring = "memory"\n')
    record = account.run("camera", "info", "cam-1", "--json", expect=1).record()
    assert record["error"] == "There is no password of opsterm:http for root@cam-1."
    assert "opsterm vault set opsterm:http root@cam-1" in account.run("camera", "snapshot", "cam-1", expect=1).out
    assert "no password" in account.run("camera", "events", "cam-1", "--for", "5s", expect=2).err
    assert "at most 30 days" in account.run("camera", "events", "cam-1", "--for", "0s", expect=2).err
