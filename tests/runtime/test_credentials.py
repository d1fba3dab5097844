"""Keeping and forgetting secrets, without a face."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import opsterm
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.secret import Secret
from opsterm.runtime.credentials import SERVICES, CredentialKeeping, KeptSecret, require_looked_up
from tests.adapters.ssh_stage import Kept


def keeping(kept: Kept) -> CredentialKeeping:
    return CredentialKeeping(lambda: kept)


async def test_a_secret_is_kept_listed_and_forgotten() -> None:
    kept = Kept({})
    secrets = keeping(kept)
    await secrets.put("opsterm:sudo", "ops@web-01", Secret("hunter2"))
    await secrets.put("opsterm:of-later", "x", Secret("y"))
    listed = await secrets.list()
    assert listed == [
        KeptSecret(service="opsterm:of-later", account="x", what=""),
        KeptSecret(service="opsterm:sudo", account="ops@web-01",
                   what="password that sudo asks for; left out: the one to log in"),
    ]  # fmt: skip
    assert "hunter2" not in repr(listed)
    await secrets.remove("opsterm:sudo", "ops@web-01")
    with pytest.raises(NotFound, match="No secret of ops@web-01"):
        await secrets.remove("opsterm:sudo", "ops@web-01")
    with pytest.raises(BadInput, match="Nothing was given"):
        await secrets.put("opsterm:ssh", "ops@web-01", Secret(""))


@pytest.mark.parametrize(
    ("service", "account", "says"),
    [
        ("opsterm:suod", "ops@web-01", "opsterm:sudo"),
        ("opsterm:ssh-keys", "/id", "opsterm:ssh-key"),
        ("opsterm:sudo", "ops", "ops@web-01"),
        ("opsterm:ssh", "@web-01", "USER@TARGET"),
    ],
)
def test_what_nobody_would_look_up_is_not_kept(service: str, account: str, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        require_looked_up(service, account)
    assert says in str(caught.value)


def test_the_examples_would_be_looked_up() -> None:
    for service in SERVICES:
        require_looked_up(service.name, service.example)


def test_every_service_that_is_looked_up_is_offered() -> None:
    package = Path(opsterm.__file__).parent
    table = package / "runtime" / "credentials.py"
    for path in package.rglob("*.py"):
        named = set(re.findall(r'"(opsterm:[a-z-]+)"', path.read_text(encoding="utf-8")))
        assert named == ({service.name for service in SERVICES} if path == table else set()), path
