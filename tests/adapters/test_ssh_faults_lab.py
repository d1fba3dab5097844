"""What can go wrong with real hosts while a change runs: each time the right state, the right sentence, in time.

The stage sees at each end that no connection, no task and no socket is left; see test_ssh_lab for what it needs.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.core.clock import SystemClock
from opsterm.core.errors import OpstermError, Unreachable
from opsterm.inventory.target import Target
from opsterm.runtime.put_proposals import PutWish
from opsterm.runtime.runtime import Runtime
from tests.adapters.lab_stage import CUT, FREEZE, KILL, by_itself, cockpit, mended, quoted, ran, seen, silent
from tests.adapters.ssh_stage import Home
from tests.adapters.test_ssh_lab import Lab, LabHost, home, lab
from tests.runtime.changing import approved, outcomes
from tests.runtime.stage import until_async

pytestmark = pytest.mark.lab
__all__ = ["home", "lab"]  # fixtures

QUICK = "[ssh]\nconnect_timeout_s = 2\nlogin_timeout_s = 3\n"


def only(change: Change) -> Outcome:
    (outcome,) = change.outcomes
    return outcome


async def running(lab: Lab, host: LabHost, mark: str) -> str:
    """Return the processes of a command that sleeps for so many seconds."""
    return await seen(lab, host, f"pgrep -fx 'sleep {mark}' || true")


async def sleeping(lab: Lab, host: LabHost, mark: str) -> None:
    await until_async(lambda: running(lab, host, mark))


async def test_a_server_restarted_under_load_ends_every_command(lab: Lab, home: Home) -> None:
    one, mark = lab.hosts[0], f"1.{os.getpid()}"
    async with cockpit(home, lab) as runtime:
        names = [f"load-{n}" for n in range(12)]
        for name in names:
            await runtime.inventory.add(Target(name=name, address=one.address, user="root"))
        ended: list[Change] = []
        enough = asyncio.Event()

        async def load() -> None:
            while not enough.is_set():
                change = await approved(runtime, f"echo up; sleep {mark}; echo down", "load-[0-11]")
                ended.append(await runtime.changes.run(change.id, despite="two at a time are the load"))

        async with asyncio.TaskGroup() as loads:
            for _ in range(2):
                loads.create_task(load())
            for _ in range(2):
                await sleeping(lab, one, mark)
                await by_itself(lab, one, KILL)
                await mended(lab, one)
            enough.set()
        states = set()
        for change in ended:
            for outcome in change.outcomes:
                states.add(outcome.state)
                match outcome.state:
                    case OutcomeState.DONE:
                        assert await runtime.changes.output(change.id, outcome.target) == b"up\ndown\n"
                    case OutcomeState.UNKNOWN:
                        assert "was lost" in outcome.message
                    case OutcomeState.UNREACHABLE:
                        assert one.address in outcome.message
                    case other:
                        pytest.fail(f"{other}: {outcome.message}")
        assert OutcomeState.UNKNOWN in states
        await until_async(lambda: _all_answer(runtime))
        await until_async(lambda: _none_runs(lab, one, mark))


async def _all_answer(runtime: Runtime) -> bool:
    return (await ran(runtime, "echo back", "load-[0-11]")).state is ChangeState.DONE


async def _none_runs(lab: Lab, host: LabHost, mark: str) -> bool:
    return not await running(lab, host, mark)


@pytest.mark.parametrize("how", [CUT, FREEZE], ids=["cut", "frozen"])
async def test_a_command_on_a_host_that_falls_silent_is_given_up_in_time_and_not_called_stopped(
    lab: Lab, home: Home, how: str
) -> None:
    two, mark = lab.hosts[1], f"1009.{os.getpid()}"
    async with cockpit(home, lab, settings=QUICK) as runtime:
        begun = f"until pgrep -fx 'sleep {mark}' >/dev/null; do sleep 0.05; done; "
        await by_itself(lab, two, begun + how.removeprefix("sleep 0.5; ").format(seconds=13))
        outcome = only(await ran(runtime, f"sleep {mark}", two.name, timeout_s=3))
        assert outcome.ended_at - outcome.started_at < 3 + 8 + 2
        assert outcome.state is OutcomeState.UNKNOWN
        assert "was to be stopped, and" in outcome.message
        assert "Whether it still runs is not known" in outcome.message
        refused = only(await ran(runtime, "echo in", two.name))
        assert refused.state in (OutcomeState.UNREACHABLE, OutcomeState.DONE), "mended by now, or told so"
        await mended(lab, two)
        assert only(await ran(runtime, "echo in", two.name)).state is OutcomeState.DONE
        assert await _none_runs(lab, two, mark), "what could not be ended is ended before the next command"


@pytest.mark.parametrize("how", [CUT, FREEZE], ids=["cut", "frozen"])
async def test_a_host_that_is_silent_from_the_start_is_unreachable_and_nothing_is_sent_late(
    lab: Lab, home: Home, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsterm.adapters.ssh_lines.FRESH_S", 0.0)
    two, mark = lab.hosts[1], f"/tmp/late.{os.getpid()}"
    async with cockpit(home, lab, settings=QUICK) as runtime:
        assert only(await ran(runtime, "true", two.name)).state is OutcomeState.DONE
        await by_itself(lab, two, how.format(seconds=12))
        await silent(two)  # the line that is open must be asked before a command goes over it
        outcome = only(await ran(runtime, f"touch {mark}", two.name))
        assert outcome.ended_at - outcome.started_at < 3 + 2 + 3 + 2
        assert outcome.state is OutcomeState.UNREACHABLE, outcome.message
        assert two.address in outcome.message
        assert " did not answer within " in outcome.message
        await mended(lab, two)
        assert await seen(lab, two, f"ls {mark} 2>/dev/null || echo none") == "none"


async def test_a_file_on_its_way_to_a_host_that_falls_silent_names_what_may_be_left(
    lab: Lab, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsterm.adapters.ssh_files.ANSWER_LIMIT_S", 3.0)
    two, folder = lab.hosts[1], f"/tmp/put.{os.getpid()}"
    await seen(lab, two, f"mkdir {folder}; echo untouched >{folder}/at")
    big = home.path / "big"
    await asyncio.to_thread(big.write_bytes, os.urandom(60_000_000))
    async with cockpit(home, lab, settings=QUICK) as runtime:
        change = await put(runtime, big, two.name, f"{folder}/at")
        begun = f"until ls -A {folder} | grep -q opsterm-; do sleep 0.01; done; "
        await by_itself(lab, two, begun + FREEZE.removeprefix("sleep 0.5; ").format(seconds=10))
        outcome = only(await runtime.changes.run(change.id))
        assert outcome.state is OutcomeState.TIMED_OUT, outcome.message
        assert ".at.opsterm-" in outcome.message
        await mended(lab, two)
        assert await seen(lab, two, f"cat {folder}/at") == "untouched"
    await seen(lab, two, f"rm -r {folder}")


async def put(runtime: Runtime, source: Path, selector: str, path: str, **others: str) -> Change:
    """Propose and approve a file."""
    change = await runtime.files.put(PutWish(source=source, selector=selector, path=path, origin="screen", **others))  # type: ignore[arg-type]  # texts
    return await runtime.changes.approve(change.id, digest=change.digest)


async def test_a_host_whose_key_changed_gets_nothing(lab: Lab, home: Home) -> None:
    one, two = lab.hosts[:2]
    home.write("known_hosts", f"{one.address} {two.host_key}\n{two.address} {two.host_key}\n")
    async with cockpit(home, lab) as runtime:
        ended = await ran(runtime, "echo in", f"{one.name} or {two.name}")
        assert outcomes(ended)[one.name].state is OutcomeState.UNREACHABLE
        assert "changed" in outcomes(ended)[one.name].message
        assert outcomes(ended)[two.name].state is OutcomeState.DONE
        with pytest.raises(Unreachable):
            await runtime.files.get(one.name, "/etc/fstab", home.path / "fstab")


@pytest.mark.parametrize("limits", ["size=1m", "size=8m,nr_inodes=3"])
async def test_a_full_disk_is_told_and_the_file_there_stays(lab: Lab, home: Home, limits: str) -> None:
    two, at = lab.hosts[1], f"/mnt/full.{os.getpid()}"
    await seen(lab, two, f"mkdir {at} && mount -t tmpfs -o {limits} full {at} && echo untouched >{at}/file")
    try:
        source = home.path / "x"
        await asyncio.to_thread(source.write_bytes, b"x" * 100_000)
        async with cockpit(home, lab) as runtime:
            filler = "head -c 2000000 /dev/zero" if "inodes" not in limits else "echo second"
            full = only(await ran(runtime, f"{filler} >{at}/filler; echo third >{at}/third", two.name))
            assert full.state is OutcomeState.FAILED
            assert full.exit_status
            output = await runtime.changes.output(1, two.name)
            assert b"No space left on device" in output
            change = await put(runtime, source, two.name, f"{at}/file")
            outcome = only(await runtime.changes.run(change.id))
            assert outcome.state is OutcomeState.FAILED
            assert f"the disk of {at} is full" in outcome.message
            assert "What was there is untouched." in outcome.message
        assert await seen(lab, two, f"cat {at}/file; ls -A {at} | grep -c opsterm") == "untouched\n0"
        await seen(lab, two, f"mount -o remount,ro {at}")
        async with cockpit(home, lab) as runtime:
            await asyncio.to_thread(source.write_bytes, b"x")
            change = await put(runtime, source, two.name, f"{at}/file")
            assert "mounted read-only" in only(await runtime.changes.run(change.id)).message
    finally:
        await seen(lab, two, f"umount {at}; rmdir {at}")


async def test_a_file_goes_to_two_hosts_and_comes_back_from_them(lab: Lab, home: Home) -> None:
    names, path = [host.name for host in lab.hosts[:2]], f"/srv/there-and-back.{os.getpid()}"
    data = os.urandom(20_000_000)
    await asyncio.to_thread((home.path / "x").write_bytes, data)
    async with cockpit(home, lab) as runtime:
        change = await put(runtime, home.path / "x", " or ".join(names), path, mode="0640", owner="op:adm")
        ended = await runtime.changes.run(change.id)
        assert ended.state is ChangeState.DONE, ended.outcomes
        for host in lab.hosts[:2]:
            assert await seen(lab, host, f"stat -c '%a %U:%G %s' {path}; ls -A /srv | grep -c opsterm-") == (
                "640 op:adm 20000000\n0"
            )
        fetched = await runtime.files.get_from_many(" or ".join(names), path, home.path / "back")
        assert {one.sha256 for one in fetched} == {hashlib.sha256(data).hexdigest()}
        await ran(runtime, f"rm {path}", " or ".join(names))


async def test_a_file_for_an_account_without_rights(lab: Lab, home: Home) -> None:
    one = lab.hosts[0]
    await asyncio.to_thread((home.path / "x").write_bytes, b"x")
    async with cockpit(home, lab) as runtime:
        await runtime.inventory.add(Target(name="op", address=one.address, user="op"))
        for path, owner, says in (("/etc/motd", "", "this account could not give it back"),
                                  ("/home/op/x", "root:root", "denied while setting its owner")):  # fmt: skip
            change = await put(runtime, home.path / "x", "op", path, owner=owner)
            outcome = only(await runtime.changes.run(change.id))
            assert outcome.state is OutcomeState.FAILED
            assert says in outcome.message
        with pytest.raises(OpstermError, match="did not let us read"):
            await runtime.files.get("op", "/var/log/btmp", home.path / "y")
        assert await seen(lab, one, "ls -A /etc /home/op | grep -c opsterm-") == "0"


async def test_ten_thousand_lines_and_any_bytes_come_as_they_are(lab: Lab, home: Home) -> None:
    one, path = lab.hosts[0], f"/tmp/bytes.{os.getpid()}"
    sha256 = (await seen(lab, one, f"head -c 8000000 /dev/urandom >{path}; sha256sum <{path}")).split()[0]
    async with cockpit(home, lab, settings="[changes]\noutput_limit_kb = 10000\n") as runtime:
        lines = await ran(runtime, "seq 10000", one.name)
        assert await runtime.changes.output(lines.id, one.name) == b"".join(b"%d\n" % n for n in range(1, 10_001))
        change = await ran(runtime, f"cat {path}; rm {path}", one.name)
        assert only(change).output_sha256 == sha256
        kept = await runtime.changes.output(change.id, one.name, limit=10_000_000)
        assert hashlib.sha256(kept).hexdigest() == sha256


ENDLESS = """\
mkdir -p /run/systemd/system
printf '[Socket]\\nListenStream=2299\\nAccept=yes\\n' >/run/systemd/system/endless.socket
printf '[Service]\\nExecStart=/bin/sh -c "while echo hello; do sleep 0.01; done"\\nStandardInput=socket\\n' \
>/run/systemd/system/endless@.service
systemctl daemon-reload; systemctl start endless.socket"""


async def test_a_host_that_never_ends_its_banner_is_given_up(lab: Lab, home: Home) -> None:
    one = lab.hosts[0]
    await seen(lab, one, ENDLESS)
    try:
        async with cockpit(home, lab, settings=QUICK) as runtime:
            await runtime.inventory.add(Target(name="talker", address=one.address, port=2299, user="root"))
            began = time.monotonic()
            outcome = only(await ran(runtime, "true", "talker"))
            assert time.monotonic() - began < 30
            assert outcome.state is OutcomeState.UNREACHABLE, outcome.message
            assert (await runtime.inventory.check(["talker"]))["talker"]
    finally:
        await seen(lab, one, "systemctl stop endless.socket 'endless@*'; rm /run/systemd/system/endless*; "
                   "systemctl daemon-reload; systemctl reset-failed")  # fmt: skip


async def test_a_server_that_turns_most_away_lets_all_in_after_one_another(lab: Lab, home: Home) -> None:
    one = lab.hosts[0]
    server = "/usr/sbin/sshd -D -p 2222 -o MaxStartups=2:50:3 -o PidFile=none"
    await seen(lab, one, f"systemd-run --quiet --unit=lab-narrow {server}")
    home.write("known_hosts", f"[{one.address}]:2222 {one.host_key}\n" + "".join(
        f"{host.address} {host.host_key}\n" for host in lab.hosts))  # fmt: skip
    try:
        async with cockpit(home, lab, settings="[ssh]\nparallel = 30\nlogins_per_host = 4\n") as runtime:
            for n in range(30):
                target = Target(name=f"narrow-{n}", address=one.address, port=2222, user=("root", "op")[n % 2])
                await runtime.inventory.add(target)
            ended = await ran(runtime, "echo in", "narrow-[0-29]")
            states = [outcome.state for outcome in ended.outcomes]
            assert states.count(OutcomeState.DONE) == 30, [o.message for o in ended.outcomes if o.message]
    finally:
        await seen(lab, one, "systemctl stop lab-narrow; systemctl reset-failed")


class TwoDaysBehind(SystemClock):
    """The clock of a jump host that nobody has set."""

    def now(self) -> float:
        return super().now() - timedelta(days=2).total_seconds()


async def test_clocks_that_differ_by_days_change_nothing(lab: Lab, home: Home) -> None:
    one, path = lab.hosts[0], f"/tmp/skew.{os.getpid()}"
    await asyncio.to_thread((home.path / "x").write_bytes, b"x")
    async with cockpit(home, lab, clock=TwoDaysBehind()) as runtime:
        there = float(await seen(lab, one, "date +%s"))
        assert there - runtime.clock.now() > timedelta(days=1).total_seconds()
        change = await ran(runtime, "date +%s", one.name)
        outcome = only(change)
        assert outcome.state is OutcomeState.DONE
        assert 0 <= outcome.ended_at - outcome.started_at < 10, "both are of the jump host's clock"
        assert float(await runtime.changes.output(change.id, one.name)) == pytest.approx(there, abs=30)
        put_there = await put(runtime, home.path / "x", one.name, path)
        assert only(await runtime.changes.run(put_there.id)).state is OutcomeState.DONE
        assert (await runtime.files.get(one.name, path, home.path / "y")).size == 1
        await seen(lab, one, f"rm {quoted(path)}")
