"""The whole way to a real SSH server and back: an unknown key, trust, a change, a stop."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Sequence

from opsterm.cli.json_keys import JSON_KEYS, PROFILE_KEYS, QUERY_KEYS
from tests.adapters.ssh_stage import HOST_KEY, USER_KEY, Door, serve
from tests.cli.account import PROGRAM, Account
from tests.house.source import CHECKOUT


async def run(account: Account, *argv: str) -> tuple[int, str, str]:
    """Run to the end beside the server, which is in this process; return code, output and talk."""
    child = await asyncio.create_subprocess_exec(
        *PROGRAM, *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE, env=account.environment, cwd=CHECKOUT,
    )  # fmt: skip
    async with asyncio.timeout(120):
        out, err = await child.communicate()
    return child.returncode or 0, out.decode(), err.decode()


async def ok(account: Account, *argv: str) -> str:
    """Run, fail unless it ended with 0, and return its output."""
    code, out, err = await run(account, *argv)
    assert code == 0, f"{argv} ended with {code}\n{out}\n{err}"
    return out


def with_targets(account: Account, ports: Sequence[int]) -> None:
    """Let an account's ssh_config lead to servers on these ports."""
    key = account.write(".ssh/id_ed25519", USER_KEY.export_private_key())
    key.chmod(0o600)
    account.write(".ssh/config", "".join(
        f"Host web-{n}\n    HostName 127.0.0.1\n    Port {port}\n    User ops\n" for n, port in enumerate(ports, 1)
    ))  # fmt: skip


async def test_an_unknown_key_is_compared_trusted_and_then_obeyed(account: Account) -> None:
    door = Door()
    async with serve(door) as port:
        with_targets(account, [port])
        change = json.loads(await ok(account, "propose", "--json", "--on", "web-1", "--", "echo $((40 + 2)); exit 3"))
        code, _, err = await run(account, "approve", change["id"])
        assert code == 3
        shown = re.search(r"opsterm targets trust (\S+) --fingerprint (SHA256:\S+)", err)
        assert shown is not None, err
        code, _, err = await run(account, "targets", "trust", "web-1", "--fingerprint", "SHA256:" + "A" * 43)
        assert code == 3
        assert "not the one that was compared" in err
        trusted = json.loads(await ok(account, "targets", "trust", shown[1], "--fingerprint", shown[2], "--json"))
        assert trusted == {"target": "web-1", "fingerprint": shown[2], "trusted": True}
        story = json.loads((await ok(account, "audit", "--json")).splitlines()[-1])
        assert (story["what"], story["result"]) == ("trusted the host key of web-1", shown[2])
        assert HOST_KEY.export_public_key().decode().split()[1] in (account.home / ".ssh/known_hosts").read_text()
        change = json.loads(await ok(account, "propose", "--json", "--on", "web-1", "--", "echo $((40 + 2)); exit 3"))
        code, out, err = await run(account, "approve", change["id"])
        assert (code, out) == (1, "42\n")
        assert "web-1: failed (exit 3)" in err
        row = json.loads(await ok(account, "targets", "show", "web-1", "--json"))
        assert (row["status"], row["last_seen"] is not None) == ("online", True), "the run taught that it answers"
        assert await ok(account, "targets", "check", "web-1") == "web-1  answers\n"


async def test_a_connection_test_tells_each_phase_and_how_to_trust_a_host_that_is_no_target(account: Account) -> None:
    async with serve(Door()) as port:
        with_targets(account, [])
        host = ("targets", "test", "127.0.0.1", "--port", str(port), "--user", "ops")
        code, out, err = await run(account, *host, "--json")
        phases = [json.loads(line) for line in out.splitlines()]
        assert code == 3
        assert set(phases[0]) == set(JSON_KEYS["targets test"])
        assert [phase["state"] for phase in phases] == ["passed"] * 4 + ["failed"]
        assert phases[-1]["phase"] == "host key"
        shown = re.search(r"opsterm (targets trust \S+ --fingerprint SHA256:\S+)", err)
        assert shown is not None, err
        await ok(account, *shown[1].split())
        out = await ok(account, *host)
        assert re.search(r"ok +log-in +[\d.]+ ms  127.0.0.1  publickey: ssh-ed25519 SHA256:", out), out
    code, out, _ = await run(account, *host)
    assert code == 3
    assert out.splitlines()[-1].startswith("FAILED  TCP connection")


async def test_two_targets_say_who_said_what_and_one_of_them_fails(account: Account) -> None:
    one, two = Door(), Door()
    async with serve(one) as first, serve(two) as second:
        with_targets(account, [first, second])
        account.write(".ssh/known_hosts", "".join(
            f"[127.0.0.1]:{port} {HOST_KEY.export_public_key().decode()}" for port in (first, second)
        ))  # fmt: skip
        command = f'if [ "$SSH_NOT_SET" = "" ]; then echo here; fi; {sys.executable} -c "print(1)"'
        change = json.loads(await ok(account, "propose", "--json", "--on", "web-[1-2]", "--", command))
        out = await ok(account, "approve", change["id"])
        assert sorted(out.splitlines()) == ["web-1: 1", "web-1: here", "web-2: 1", "web-2: here"]
        assert await ok(account, "output", change["id"], "web-2") == "here\n1\n"
    assert one.log_ins == two.log_ins == ["ops"]


async def test_a_signal_ends_the_command_on_the_other_side(account: Account) -> None:
    door = Door()
    async with serve(door) as port:
        with_targets(account, [port])
        account.write(".ssh/known_hosts", f"[127.0.0.1]:{port} {HOST_KEY.export_public_key().decode()}")
        change = json.loads(await ok(account, "propose", "--json", "--on", "web-1", "--", "echo here; exec sleep 600"))
        child = await asyncio.create_subprocess_exec(
            *PROGRAM, "approve", change["id"], stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, env=account.environment, cwd=CHECKOUT,
        )  # fmt: skip
        async with asyncio.timeout(120):
            assert child.stdout is not None
            assert await child.stdout.readline() == b"here\n"
            child.terminate()
            await child.communicate()
            assert child.returncode == 130
            await asyncio.gather(*(one.wait() for one in door.children))
        shown = json.loads(await ok(account, "change", change["id"], "--json"))
        assert shown["outcomes"][0]["state"] == "cancelled"


async def test_many_targets_are_looked_at_and_the_odd_one_is_told(account: Account) -> None:
    door = Door()
    precious = account.write("precious", "")
    async with serve(door) as port:
        with_targets(account, [port, port, port, 1])  # nobody listens on the last one
        key = HOST_KEY.export_public_key().decode()
        account.write(".ssh/known_hosts", f"[127.0.0.1]:{port} {key}")
        code, out, err = await run(account, "query", "--on", "web-*", "--", "echo 12.7")
        assert code == 1
        assert out == "== web-[1-3] (3 targets) · exit 0\n12.7\n\n== web-4 (1 target) · unreachable\n"
        assert "--on 'web-4'" in err
        assert err.splitlines()[-1] == "c1 failed: 1 unreachable, 3 done."
        code, out, err = await run(account, "query", "--json", "--on", "web-*", "--", "echo 12.7")
        records = [json.loads(line) for line in out.splitlines()]
        assert [tuple(record) for record in records] == [QUERY_KEYS] * 4
        assert [(r["target"], r["output"], r["group"], r["odd"]) for r in records] == [
            ("web-1", "12.7\n", 1, False), ("web-2", "12.7\n", 1, False), ("web-3", "12.7\n", 1, False),
            ("web-4", "", 2, True),
        ]  # fmt: skip
        before = len(door.commands)
        code, out, err = await run(account, "query", "--on", "web-[1-3]", "--", "rm", str(precious))
        assert (code, out, len(door.commands)) == (4, "", before), "what may change something was not run"
        assert "c3 waits for an approval" in err
    assert precious.exists()


async def test_a_target_is_profiled(account: Account) -> None:
    door = Door()
    async with serve(door) as port:
        with_targets(account, [port, 1])
        code, _, err = await run(account, "targets", "profile", "web-1")
        assert code == 3
        assert "opsterm targets trust web-1" in err
        account.write(".ssh/known_hosts", f"[127.0.0.1]:{port} {HOST_KEY.export_public_key().decode()}")
        said = json.loads(await ok(account, "targets", "profile", "web-1", "--json"))
        assert tuple(said) == PROFILE_KEYS
        name = os.uname()
        assert (said["target"], said["kernel"], said["complete"]) == ("web-1", f"{name.sysname} {name.release}", True)
        shown = await ok(account, "targets", "profile", "web-1")
        assert re.search(rf"^processors +{os.cpu_count()}$", shown, re.MULTILINE)
        assert f"({os.geteuid()})" in shown
        assert json.loads(await ok(account, "targets", "show", "web-1", "--json"))["status"] == "online"
        code, out, err = await run(account, "targets", "profile", "web-2")
        assert (code, out) == (3, "")
        assert "Traceback" not in err
