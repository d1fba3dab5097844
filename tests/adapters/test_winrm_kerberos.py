"""Windows hosts by Kerberos, with a KDC that issues real tickets: the ways in, the ways to fail, and other clients."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsterm.core.errors import AuthenticationFailed, BadInput, OpstermError, Unreachable
from tests.adapters.kdc import MISSING, REALM, Realm, realm, shift_clock
from tests.adapters.test_winrm_hostile import outlast
from tests.adapters.winrm_stage import Windows, windows

pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"NO KERBEROS REALM: {MISSING} is not here"),
    pytest.mark.xdist_group("kdc"),
]

OPS = f"ops@{REALM}"
PASSWORD = "pass wörd"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Realm]:
    with realm(tmp_path_factory.mktemp("kerberos") / "realm") as found:
        found.add("ops", "-pw", PASSWORD)
        found.add("HTTP/localhost")
        found.write_keytab(found.folder / "services.keytab", "HTTP/localhost")
        yield found


@pytest.fixture
def domain(up: Realm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Realm:
    """The realm, without a ticket at first."""
    for name, value in up.environment.items():
        monkeypatch.setenv(name, value)
    up.tickets.unlink(missing_ok=True)
    return up


@pytest.fixture
def plain(domain: Realm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Windows]:
    with windows(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def secure(domain: Realm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Windows]:
    with windows(tmp_path, monkeypatch, tls=True) as found:
        yield found


async def ask(found: Windows, password: str | None = None, **how: Any) -> tuple[str, int | None]:
    """Run `hostname` there by Kerberos."""
    settings = {key: how.pop(key) for key in ("keytab",) if key in how}
    async with found.connector(password, auth="kerberos", **settings) as connector:
        return await found.run(connector, "hostname", **{"user": OPS, "address": "localhost", **how})


HOSTNAME = ("WIN-TEST\r\n", 0)


# ------------------------------------------------------------------------------------------------------ ways in


@pytest.mark.parametrize("kind", ["plain", "secure"])
async def test_a_ticket_logs_in(kind: str, domain: Realm, request: pytest.FixtureRequest) -> None:
    found: Windows = request.getfixturevalue(kind)
    domain.log_in("ops", PASSWORD)
    assert await ask(found) == HOSTNAME
    assert found.server.log_ins == [OPS]
    assert found.server.unsealed == 0


async def test_a_ticket_says_itself_whose_it_is(domain: Realm, plain: Windows) -> None:
    domain.log_in("ops", PASSWORD)
    async with plain.connector(None, auth="kerberos") as connector:
        assert await plain.run(connector, "hostname", user="", address="localhost") == HOSTNAME
    assert plain.server.log_ins == [OPS]


async def test_a_kept_password_needs_no_kinit(domain: Realm, plain: Windows) -> None:
    assert await ask(plain, PASSWORD) == HOSTNAME
    assert not domain.tickets.exists()  # the ticket is this program's own, and in its memory


async def test_a_keytab_logs_in(domain: Realm, plain: Windows, tmp_path: Path) -> None:
    keytab = domain.write_keytab(tmp_path / "ops.keytab", "ops")
    assert await ask(plain, keytab=str(keytab)) == HOSTNAME
    assert not domain.tickets.exists()


async def test_several_log_ins_at_once_do_not_mix(plain: Windows) -> None:
    async with plain.connector(PASSWORD, auth="kerberos", shells_per_host=4) as connector:
        said = await asyncio.gather(
            *(plain.run(connector, f"echo {n}", user=OPS, address="localhost") for n in range(12))
        )
    assert [text for text, _ in said] == [f"{n}\r\n" for n in range(12)]
    assert 1 < len(plain.server.log_ins) <= 4


async def test_a_large_output_stays_whole(plain: Windows) -> None:
    async with plain.connector(PASSWORD, auth="kerberos") as connector:
        where = {"user": OPS, "address": "localhost"}
        said, _ = await plain.run(connector, "long 60000", **where)
        assert said == "".join(f"line {number}\r\n" for number in range(60_000))
        assert (await plain.run(connector, "Write-Output 'ü'", "powershell", **where))[0] == "ü\r\n"
        assert len(plain.server.log_ins) == 1  # the log-in lasts as long as the connection
        plain.server.cut()
        assert await plain.run(connector, "hostname", **where) == HOSTNAME
    assert plain.server.unsealed == 0


# ------------------------------------------------------------------------------------------------- ways to fail


async def refused(found: Windows, password: str | None = None, **how: Any) -> OpstermError:
    """Return what is said; nothing was run, and nothing went in the clear."""
    with pytest.raises(OpstermError) as caught:
        await ask(found, password, **how)
    assert found.host.ran == []
    assert found.server.unsealed == 0
    assert caught.value.next_step
    return caught.value


async def test_no_ticket(domain: Realm, plain: Windows) -> None:
    said = await refused(plain)
    assert isinstance(said, AuthenticationFailed)
    assert said.what == "There is no Kerberos ticket."
    assert f"kinit {OPS}" in said.next_step
    domain.log_in("ops", PASSWORD)
    assert (await refused(plain, user=f"ana@{REALM}")).what == "There is no Kerberos ticket."


async def test_a_ticket_that_has_expired(domain: Realm, plain: Windows) -> None:
    domain.log_in("ops", PASSWORD, "-l", "1h")
    shift_clock(domain.tickets, 7200)
    said = await refused(plain)
    assert said.what == "The ticket has expired."
    assert "kinit" in said.next_step


async def test_a_clock_that_is_wrong(domain: Realm, plain: Windows) -> None:
    domain.log_in("ops", PASSWORD)
    domain.run("kvno", "HTTP/localhost")
    shift_clock(domain.tickets, 1200)
    said = await refused(plain)
    assert said.what == "The clocks of this host and of win-1 or the KDC differ too much."
    assert "w32tm" in said.next_step


async def test_a_name_that_the_domain_does_not_list(plain: Windows) -> None:
    said = await refused(plain, PASSWORD, address="127.0.0.1")
    assert said.what == "Kerberos knows no service HTTP/127.0.0.1."
    assert "setspn" in said.next_step


async def test_a_host_that_is_not_the_one_the_domain_lists(
    domain: Realm, plain: Windows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain.add("HTTP/other")
    monkeypatch.setenv("KRB5_KTNAME", f"FILE:{domain.write_keytab(tmp_path / 'other', 'HTTP/other')}")
    said = await refused(plain, PASSWORD)
    assert said.what == "win-1 has no key for HTTP/localhost."
    assert "setspn -Q HTTP/localhost" in said.next_step


async def test_a_log_in_is_bound_to_the_certificate(secure: Windows) -> None:
    """Who sits on the way with a certificate of its own cannot pass the log-in on."""
    secure.server.certificate = b"of whom it was passed on to"
    said = await refused(secure, PASSWORD)
    assert said.what == f"win-1 refuses the ticket of {OPS}."
    assert "certificate" in said.why


async def test_a_host_whose_key_was_changed_in_the_domain(domain: Realm, plain: Windows) -> None:
    """As when a machine was set up anew under the name of an old one."""
    domain.change_key("HTTP/localhost")
    try:
        assert (await refused(plain, PASSWORD)).what == "win-1 cannot open the ticket for HTTP/localhost."
    finally:
        domain.write_keytab(domain.folder / "services.keytab", "HTTP/localhost")


@pytest.mark.parametrize(
    ("account", "password", "said"),
    [
        (OPS, "wrong", f"Kerberos refuses the password of {OPS}."),
        (f"nobody@{REALM}", PASSWORD, f"Kerberos knows no account nobody@{REALM}."),
        ("ops@GONE.TEST", PASSWORD, "No KDC of the realm answers."),
        ("ops@NOWHERE.TEST", PASSWORD, "It is not known where the KDC of the realm is."),
    ],
)
async def test_what_the_kdc_refuses(account: str, password: str, said: str, plain: Windows) -> None:
    assert (await refused(plain, password, user=account)).what == said
    assert plain.server.log_ins == []


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("-allow_tix", "The account {} is locked or disabled."),
        ("-pwexpire 2026-01-01", "The password of {} has expired."),
    ],
)
async def test_an_account_that_may_not(option: str, said: str, domain: Realm, plain: Windows) -> None:
    name = f"guest{len(option)}"
    domain.add(name, "-pw", PASSWORD)
    domain.set_up(name, *option.split())
    account = f"{name}@{REALM}"
    assert (await refused(plain, PASSWORD, user=account)).what == said.format(account)


async def test_a_keytab_of_another_account_and_none(domain: Realm, plain: Windows, tmp_path: Path) -> None:
    domain.add("backup")
    keytab = domain.write_keytab(tmp_path / "backup.keytab", "backup")
    assert (await refused(plain, keytab=str(keytab))).what == f"The keytab has no key of {OPS}."
    missing = await refused(plain, keytab=str(tmp_path / "none"))
    assert isinstance(missing, BadInput)
    assert "There is no keytab" in missing.what


async def test_a_host_that_offers_no_kerberos(plain: Windows) -> None:
    plain.server.negotiate = False
    assert (await refused(plain, PASSWORD)).what == f"win-1 refuses the ticket of {OPS}."


@pytest.mark.parametrize(
    "token", ["", "YII=", base64.b64encode(b"\x60" * 60).decode(), "!!!!"], ids=["none", "short", "noise", "no base64"]
)
async def test_an_impostor_without_the_key_is_told_nothing(token: str, plain: Windows) -> None:
    """It takes every log-in, as a host on the way would; the message is not sent, sealed or otherwise."""
    plain.server.raw = (200, {"WWW-Authenticate": f"Negotiate {token}".strip()}, b"")
    said = await refused(plain, PASSWORD)
    assert isinstance(said, Unreachable | AuthenticationFailed)
    assert plain.operations.asked == []


async def test_an_answer_that_is_not_sealed_is_not_believed(plain: Windows) -> None:
    where = {"user": OPS, "address": "localhost"}
    async with plain.connector(PASSWORD, auth="kerberos") as connector:
        await plain.run(connector, "hostname", **where)
        plain.server.raw = (200, {"Content-Type": "application/soap+xml"}, b"<forged/>")
        with pytest.raises(Unreachable, match="cannot be used"):
            await plain.run(connector, "hostname", **where)


@pytest.mark.parametrize("cases", [40, pytest.param(1000, marks=pytest.mark.speed)])
async def test_malformed_tokens_and_seals(cases: int, plain: Windows) -> None:
    async with plain.connector(PASSWORD, auth="kerberos", answer_timeout_s=2.0) as connector:
        await outlast(plain, connector, cases, user=OPS, address="localhost")


# ------------------------------------------------------------------------------------------------ other clients


@pytest.mark.blocking
@pytest.mark.parametrize("kind", ["plain", "secure"])
@pytest.mark.parametrize("auth", ["kerberos", "negotiate"])
def test_pypsrp_logs_in(kind: str, auth: str, domain: Realm, request: pytest.FixtureRequest) -> None:
    from pypsrp.shell import Process, WinRS
    from pypsrp.wsman import WSMan

    found: Windows = request.getfixturevalue(kind)
    domain.log_in("ops", PASSWORD)
    line = WSMan(
        "localhost", port=found.server.port, ssl=found.server.tls is not None, auth=auth, negotiate_service="HTTP",
        cert_validation=found.authority or False, no_proxy=True,  # type: ignore[arg-type]  # a path as well, as it documents
    )  # fmt: skip
    with line, WinRS(line) as shell:
        process = Process(shell, "hostname")
        process.invoke()
        assert (process.rc, process.stdout) == (0, b"WIN-TEST\r\n")
    assert set(found.server.log_ins) == {OPS}
    assert found.server.unsealed == 0


@pytest.mark.blocking
@pytest.mark.parametrize("kind", ["plain", "secure"])
def test_pywinrm_logs_in(kind: str, domain: Realm, request: pytest.FixtureRequest) -> None:
    pytest.importorskip("kerberos", reason="NO pykerberos here: pywinrm's own Kerberos is not tried")
    import winrm

    found: Windows = request.getfixturevalue(kind)
    domain.log_in("ops", PASSWORD)
    session = winrm.Session(
        f"{'https' if found.server.tls else 'http'}://localhost:{found.server.port}/wsman", auth=(OPS, ""),
        transport="kerberos", service="HTTP", message_encryption="auto", ca_trust_path=found.authority or None,
        proxy=None,
    )  # fmt: skip
    assert session.run_cmd("hostname").std_out == b"WIN-TEST\r\n"
    assert found.server.unsealed == 0
