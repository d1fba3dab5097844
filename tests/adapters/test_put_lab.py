"""Folders and broken puts on real hosts, with the OpenSSH server and coreutils of Debian 12."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.runtime.put_proposals import PutWish
from opsterm.runtime.runtime import Runtime
from tests.adapters.lab_stage import by_itself, cockpit, quoted, seen
from tests.adapters.ssh_stage import Home
from tests.adapters.test_ssh_lab import Lab, home, lab
from tests.runtime.changing import outcomes

pytestmark = pytest.mark.lab
__all__ = ["home", "lab"]  # fixtures

CUT_OFF = """
size() {{ stat -c %s {folder}/.at.opsterm-* 2>/dev/null || echo 0; }}
until [ $(size) -gt 20000000 ]; do sleep 0.01; done
for p in /proc/[0-9]*; do ls -l $p/fd 2>/dev/null | grep -q {folder}/.at.opsterm- && kill -9 ${{p#/proc/}}; done
"""
"""Kills the one server process that writes the part, as a lost line does."""


async def put(runtime: Runtime, source: Path, selector: str, path: str, *, recursive: bool = False) -> Change:
    """Put a file or folder, with the wish to go on, and return how that ended."""
    change = await runtime.files.put(
        PutWish(source=source, selector=selector, path=path, origin="screen", recursive=recursive, resume=True)
    )
    await runtime.changes.approve(change.id, digest=change.digest)
    return await runtime.changes.run(change.id)


def a_site(folder: Path) -> None:
    """Make 120 files in ten folders, some with odd names."""
    for number in range(117):
        path = folder / f"d{number % 10}" / f"f{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(1000 * number))
    for name in ("-rf", "a b", "\u00e9 '\"$(id)"):
        (folder / name).write_text(name)


def hashes(folder: Path) -> str:
    """Return a hash over the hashes of all files, by their contents."""
    found = sorted(hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.rglob("*") if one.is_file())
    return hashlib.sha256("".join(f"{one}\n" for one in found).encode()).hexdigest()


@pytest.mark.timeout(120)
async def test_a_folder_arrives_on_every_host_as_it_was_approved(lab: Lab, home: Home) -> None:
    site, to = home.path / "site", f"/tmp/site.{os.getpid()}"
    await asyncio.to_thread(a_site, site)
    async with cockpit(home, lab) as runtime:
        ended = await put(runtime, site, " or ".join(host.name for host in lab.hosts), to, recursive=True)
        assert ended.state is ChangeState.DONE, [one.message for one in ended.outcomes]
    same = (
        f"find {to} -type f -exec sha256sum {{}} + | sed 's/^\\\\\\\\//' | cut -c1-64 | sort | sha256sum | cut -c1-64"
    )
    for host in lab.hosts:
        assert await seen(lab, host, same) == await asyncio.to_thread(hashes, site)
        assert await seen(lab, host, f"find {to} -name '.*opsterm*'; rm -r {to}") == ""


async def test_a_full_disk_leaves_all_of_a_folder_as_it_was(lab: Lab, home: Home) -> None:
    two, at, site = lab.hosts[1], f"/mnt/full.{os.getpid()}", home.path / "site"
    await asyncio.to_thread(a_site, site)
    limits = "size=64m,nr_inodes=60"
    await seen(lab, two, f"mkdir {at} && mount -t tmpfs -o {limits} full {at} && mkdir {at}/s && echo old >{at}/s/-rf")
    try:
        async with cockpit(home, lab) as runtime:
            ended = await put(runtime, site, two.name, f"{at}/s", recursive=True)
            outcome = outcomes(ended)[two.name]
            assert outcome.state is OutcomeState.FAILED
            assert "is full" in outcome.message
        assert await seen(lab, two, f"cd {at}/s && ls -A && cat ./-rf") == "-rf\nold"
    finally:
        await seen(lab, two, f"umount {at}; rmdir {at}")


@pytest.mark.timeout(120)
async def test_a_put_whose_server_was_killed_goes_on_where_it_was(lab: Lab, home: Home) -> None:
    one, folder, big = lab.hosts[0], f"/root/put.{os.getpid()}", home.path / "big"
    await asyncio.to_thread(big.write_bytes, os.urandom(90_000_000))
    await seen(lab, one, f"mkdir {folder}; echo untouched >{folder}/at")
    try:
        async with cockpit(home, lab) as runtime:
            await seen(lab, one, f"printf %s {quoted(CUT_OFF.format(folder=folder))} >{folder}.sh")
            await by_itself(lab, one, f"timeout 60 sh {folder}.sh")
            outcome = outcomes(await put(runtime, big, one.name, f"{folder}/at"))[one.name]
            assert outcome.state is OutcomeState.UNKNOWN, outcome.message
            assert "stays there for the next try" in outcome.message
            assert await seen(lab, one, f"cat {folder}/at") == "untouched"
            again = await put(runtime, big, one.name, f"{folder}/at")
            assert again.state is ChangeState.DONE, outcomes(again)[one.name].message
            told = (await runtime.changes.output(again.id, one.name)).decode()
            assert "Goes on from an earlier try: " in told
        content = await asyncio.to_thread(big.read_bytes)
        assert await seen(lab, one, f"sha256sum <{folder}/at | cut -c1-64") == hashlib.sha256(content).hexdigest()
        assert await seen(lab, one, f"ls -A {folder}") == "at"
    finally:
        await seen(lab, one, f"rm -r {folder} {folder}.sh")
