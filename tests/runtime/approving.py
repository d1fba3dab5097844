"""What tests of approvals need: settings, other people on this host, and their keys."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from pathlib import Path

from opsterm.inventory.target import Target
from opsterm.runtime.ports_approval import Written
from opsterm.runtime.runtime import Runtime
from tests.runtime.stage import PlayedConnector, printing

PROD_TWO = """
[[approvals.rule]]
environment = "prod"
level = "low"
needs = "1 of ops and 1 of dba"
others_only = true
[approvals.groups]
ops = "ben, cy"
dba = "dan, ben"
"""


@dataclass
class PlayedAccounts:
    """Implements `Accounts`: files belong to whom the test says."""

    owners: dict[str, str] = field(default_factory=dict)
    groups: Mapping[str, Collection[str]] = field(default_factory=dict)

    def members(self, group: str) -> Collection[str]:
        return self.groups.get(group, ())

    def zone(self, name: str) -> tzinfo:
        del name
        return UTC

    def zone_names(self) -> Collection[str]:
        return ("UTC",)

    def local_zone(self) -> str:
        return "UTC"

    def written(self, path: str) -> Written:
        return Written(text=Path(path).read_text(), owner=self.owners[path], uid=4242)

    def says(self, folder: Path, who: str, verb: str, digest: str, note: str = "") -> str:
        """Return a file in which somebody says something."""
        path = folder / f"{who}.{verb}"
        path.write_text(f"{verb} {digest}\n{note}\n")
        self.owners[str(path)] = who
        return str(path)


def played(*names: str) -> PlayedConnector:
    return PlayedConnector({name: printing(b"ok\n") for name in names or ("db-01",)})


async def in_environment(runtime: Runtime, environment: str, *names: str) -> None:
    for name in names or ("db-01",):
        await runtime.inventory.add(Target(name=name, address=f"{name}.example", environment=environment))


async def edit_database(runtime: Runtime, *statements: str, values: Sequence[object] = ()) -> None:
    """Write into the database as anybody with sqlite3 would."""

    def edit() -> None:
        with closing(sqlite3.connect(runtime.paths.database)) as db:
            for statement in statements:
                db.execute(statement, values if "?" in statement else ())
            db.commit()

    await asyncio.to_thread(edit)


async def moved(runtime: Runtime, name: str, environment: str) -> None:
    target = await runtime.inventory.get(name)
    await runtime.inventory.edit(name, replace(target, environment=environment))


def make_key(path: Path, kind: str = "ed25519") -> str:
    """Make a key pair with ssh-keygen; return the public line."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text().strip()


def signed_by_ssh_keygen(key: Path, message: str, namespace: str) -> str:
    """Sign as a person without opsterm does."""
    done = subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key)],
        input=message.encode(), capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout.decode()


def verified_by_ssh_keygen(signers: Path, who: str, message: str, signature: Path, namespace: str) -> bool:
    """Verify as an auditor without opsterm does."""
    done = subprocess.run(
        ["ssh-keygen", "-q", "-Y", "verify", "-f", str(signers), "-I", who, "-n", namespace, "-s", str(signature)],
        input=message.encode(), capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode == 0
