"""Keeping and forgetting secrets, without a face."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import opsterm
from opsterm.core.errors import BadInput, NotFound
from opsterm.core.secret import Secret
from opsterm.inventory.target import Protocol, Target
from opsterm.monitoring.reach import HttpAsk
from opsterm.runtime.bound_credentials import BoundCredentials
from opsterm.runtime.credential_keeping import CredentialKeeping, KeptSecret
from opsterm.runtime.credentials import SERVICES, require_looked_up
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.secret_targets import places_for
from tests.adapters.ssh_stage import Kept


def keeping(kept: Kept) -> CredentialKeeping:
    bound = BoundCredentials(kept, lambda service, account: places_for(service, account, [], []))
    return CredentialKeeping(lambda: bound, no_ledger)


def no_ledger() -> Ledger:
    raise AssertionError


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


TARGETS = [
    Target(name="web-01", address="10.0.0.5", port=2222, user="ops"),
    Target(name="cam-1", address="10.0.0.6", protocol=Protocol.HTTP, port=443),
    Target(name="win-1", address="10.0.0.7", protocol=Protocol.WINRM),
    Target(name="sw-1", address="10.0.0.8", protocol=Protocol.SNMP),
    Target(name="a@b", address="10.0.0.9"),
]
ASKS = [
    HttpAsk(url="https://shop.example:8443/health", name="shop", auth="basic", account="ops"),
    HttpAsk(url="https://api.example/", name="api", auth="bearer", credential="shared"),
]


@pytest.mark.parametrize(
    ("service", "account", "places"),
    [
        ("opsterm:ssh", "ops@web-01", ["web-01 at 10.0.0.5 port 2222 over ssh",
                                       "the jump host web-01, where ssh_config says it is"]),
        ("opsterm:sudo", "ops@web-01", ["web-01 at 10.0.0.5 port 2222 over ssh"]),
        ("opsterm:sudo", "ops@later", ["later at later over ssh"]),
        ("opsterm:sudo", "ops@a@b", ["a@b at 10.0.0.9 over ssh"]),
        ("opsterm:snmp", "sw-1", ["sw-1 at 10.0.0.8 over snmp"]),
        ("opsterm:winrm", "LAB\\ops@win-1", ["win-1 at 10.0.0.7 over winrm"]),
        ("opsterm:winrm", "LAB\\ops", ["win-1 at 10.0.0.7 over winrm"]),
        ("opsterm:winrm", "ops@corp.lan", ["corp.lan at corp.lan over winrm", "win-1 at 10.0.0.7 over winrm"]),
        ("opsterm:http", "root@cam-1", ["cam-1 at 10.0.0.6 port 443 over https"]),
        ("opsterm:http", "ops@shop", ["shop at shop.example port 8443 over https"]),
        ("opsterm:http", "shared", ["api at api.example port 443 over https"]),
        ("opsterm:http", "ops@https://x.example/a", ["https://x.example/a at x.example port 443 over https"]),
        ("opsterm:http", "/etc/client.pem", []),
        ("opsterm:api", "token@https://api.example.com", []),
        ("opsterm:ssh-key", "/home/ana/.ssh/id_ed25519", []),
    ],
)  # fmt: skip
def test_what_an_account_stands_for(service: str, account: str, places: list[str]) -> None:
    assert [str(place) for place in places_for(service, account, TARGETS, ASKS)] == places
