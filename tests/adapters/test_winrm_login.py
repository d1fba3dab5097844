"""Logging in to Windows hosts: what is protected, what is refused beforehand, and what each failure says."""

from __future__ import annotations

import contextlib
import socket
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opsterm.adapters.winrm_login import find_log_in
from opsterm.core.errors import AuthenticationFailed, BadInput, OpstermError, Refused, Unreachable
from opsterm.core.winrm_settings import WinrmSettings
from opsterm.policy.order import OrderTarget
from tests.adapters.winrm_stage import PASSWORD, USER, Kept, Windows, plain, secure, windows
from tests.adapters.wsman.soap import Asked, Fault

__all__ = ["plain", "secure"]  # fixtures


WIN = OrderTarget(name="win-1", protocol="winrm", address="win-1", port=0, user=USER)


async def test_ntlm_over_https_is_bound_to_the_certificate(secure: Windows) -> None:
    async with secure.connector() as connector:
        assert await secure.run(connector, "hostname") == ("WIN-TEST\r\n", 0)
        assert secure.server.log_ins == [USER]


async def test_http_carries_sealed_messages_only(plain: Windows) -> None:
    async with plain.connector() as connector:
        await plain.run(connector, "echo secret")
    assert plain.server.unsealed == 0


async def test_a_password_is_looked_up_for_the_target_then_for_all() -> None:
    kept = Kept()
    found = await find_log_in(WIN, WinrmSettings(), kept)  # type: ignore[arg-type]  # the part that is used
    assert kept.asked == [("opsterm:winrm", f"{USER}@win-1")]
    assert (found.port, found.https, "pass" in repr(found)) == (5986, True, False)
    nothing = Kept(None)
    with pytest.raises(BadInput, match="No password is kept") as caught:
        await find_log_in(WIN, WinrmSettings(), nothing)  # type: ignore[arg-type]  # the part that is used
    assert nothing.asked == [("opsterm:winrm", f"{USER}@win-1"), ("opsterm:winrm", USER)]
    assert "opsterm vault set opsterm:winrm" in caught.value.next_step


@pytest.mark.parametrize(
    ("settings", "target", "error", "said"),
    [
        ({"auth": "basic"}, {"port": 5985}, Refused, "basic cannot encrypt messages"),
        ({"auth": "certificate", "security": "message"}, {}, Refused, "certificate cannot encrypt messages"),
        ({"auth": "basic", "verify": False}, {}, Refused, "winrm.auth is basic and winrm.verify is off"),
        ({}, {"user": ""}, BadInput, "No account is known for win-1"),
        ({"auth": "certificate"}, {}, BadInput, "needs the certificate and its key"),
        ({"auth": "kerberos"}, {}, BadInput, r"Kerberos knows no account LAB\\ops"),
    ],
)
@pytest.mark.blocking
async def test_what_is_refused_before_anything_is_sent(
    settings: dict[str, Any], target: dict[str, Any], error: type[OpstermError], said: str
) -> None:
    fields = {"name": "win-1", "protocol": "winrm", "address": "win-1", "port": 0, "user": USER, **target}
    with pytest.raises(error, match=said) as caught:
        (await find_log_in(OrderTarget(**fields), WinrmSettings(**settings), Kept())).wire()  # type: ignore[arg-type]  # the part that is used
    assert caught.value.next_step


@pytest.mark.blocking
async def test_kerberos_without_its_libraries_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsterm.adapters.winrm_login.kerberos_is_here", lambda: False)
    with pytest.raises(BadInput, match="Kerberos needs libraries") as caught:
        (await find_log_in(replace(WIN, user="ops@LAB"), WinrmSettings(auth="kerberos"), Kept())).wire()  # type: ignore[arg-type]  # the part that is used
    assert "-m pip install 'pyspnego[kerberos]'" in caught.value.next_step
    assert "libkrb5-dev" in caught.value.why


async def test_ports_say_how_the_line_is_protected() -> None:
    settings = WinrmSettings()
    assert [settings.is_https(port) for port in (5986, 443, 5985, 80, 12345)] == [True, True, False, False, True]
    assert WinrmSettings(security="message").port_used(0) == 5985


async def test_basic_goes_over_verified_https_when_it_is_asked_for(secure: Windows) -> None:
    secure.server.basic = {"ana": PASSWORD}
    async with secure.connector(auth="basic") as connector:
        assert await secure.run(connector, "hostname", user="ana") == ("WIN-TEST\r\n", 0)


async def test_basic_where_it_is_off_says_so(secure: Windows) -> None:
    async with secure.connector(auth="basic") as connector:
        with pytest.raises(AuthenticationFailed, match="refuses the account ana") as caught:
            await secure.run(connector, "hostname", user="ana")
    assert "Service\\Auth\\Basic" in caught.value.why


async def test_a_certificate_logs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine localhost login thief password of-another-thing\n")
    (tmp_path / ".netrc").chmod(0o600)
    with windows(tmp_path, monkeypatch, tls=True, client=True) as found:
        found.server.certificates = {"ops": "LAB\\ops"}
        files = {"certificate": str(tmp_path / "client.pem"), "certificate_key": str(tmp_path / "client.key")}
        async with found.connector(None, auth="certificate", **files) as connector:
            assert await found.run(connector, "hostname", user="") == ("WIN-TEST\r\n", 0)
        found.server.certificates = {}
        async with found.connector(None, auth="certificate", **files) as connector:
            with pytest.raises(AuthenticationFailed, match="does not take the client certificate"):
                await found.run(connector, "hostname", user="")


async def test_a_wrong_password_is_tried_once(plain: Windows) -> None:
    """More than once would lock the account."""
    async with plain.connector("wrong") as connector:
        with pytest.raises(AuthenticationFailed, match=r"win-1 refuses the account LAB\\ops \(ntlm\)") as caught:
            await plain.run(connector, "hostname")
    assert plain.server.connections == 1
    assert "opsterm vault set" in caught.value.next_step


async def test_a_certificate_that_is_not_trusted_ends_it(secure: Windows) -> None:
    async with secure.connector(ca_file="") as connector:
        with pytest.raises(Unreachable, match=r"certificate of win-1 .* is not trusted\. Nothing was sent") as caught:
            await secure.run(connector, "hostname")
        assert "winrm.ca_file" in caught.value.next_step
        with pytest.raises(Unreachable, match="is not trusted"):
            await connector.check(secure.target())
    assert secure.server.log_ins == []
    assert secure.operations.asked == []


async def test_a_certificate_for_another_name_ends_it(secure: Windows) -> None:
    async with secure.connector() as connector:
        with pytest.raises(Unreachable, match="is not trusted") as caught:
            await secure.run(connector, "hostname", address="127.0.0.1")
    assert "is not for 127.0.0.1" in caught.value.why


async def test_verification_is_off_only_when_it_is_set(secure: Windows) -> None:
    async with secure.connector(verify=False, ca_file="") as connector:
        assert await secure.run(connector, "hostname", address="127.0.0.1") == ("WIN-TEST\r\n", 0)
        await connector.check(secure.target(address="127.0.0.1"))
    assert "not verified" in WinrmSettings(verify=False).warnings[0]
    assert "Basic" in WinrmSettings(auth="basic").warnings[0]
    assert WinrmSettings().warnings == ()


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (Fault(5, "Access is denied."), AuthenticationFailed, "access is denied"),
        (Fault(2150859173, "allowed a maximum number of 5", wmi=True), Unreachable, "too many shells of this account"),
        (Fault(2150859174, "operations", wmi=True), Unreachable, "too many operations"),
        (Fault(2150859236, "shells"), Unreachable, "too many shells of this account"),
        (Fault(2150859238, "plug-in shells"), Unreachable, "too many shells open"),
        (Fault(2150859179, "users"), Unreachable, "shells of too many users"),
        (Fault(2150859237, "users"), Unreachable, "shells of too many users"),
        (Fault(2150859239, "operations"), Unreachable, "too many operations running"),
        (Fault(2150859240, "operations", wmi=True), Unreachable, "too many operations of this account"),
        (Fault(2150858815, "quota"), Unreachable, "a quota is used up"),
        (Fault(2150859175, "load"), Unreachable, "too many requests of this account"),
        (Fault(2150859176, "load"), Unreachable, "too many requests in a short time"),
        (Fault(2150859180, "off"), Unreachable, "allows no remote shells"),
        (Fault(14, "memory"), Unreachable, "out of memory"),
        (Fault(424242, "strange \x1b[31mwords"), Unreachable, "reports a fault"),
    ],
)
async def test_faults_at_the_log_in_are_sentences(
    fault: Fault, error: type[OpstermError], said: str, plain: Windows
) -> None:
    def refuse(asked: Asked) -> None:
        raise Fault(fault.code, fault.text.replace("\x1b", ""), wmi=fault.wmi)

    plain.operations.intercept = refuse
    async with plain.connector() as connector:
        with pytest.raises(error, match=said) as caught:
            await plain.run(connector, "hostname")
    assert str(fault.code) in caught.value.why
    assert "not known" not in caught.value.why  # nothing had begun


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (403, AuthenticationFailed, "forbids it: 403"),
        (404, Unreachable, "no WinRM at /wsman"),
        (503, Unreachable, "503"),
        (302, Unreachable, "sends us elsewhere"),
        (418, Unreachable, "answered 418"),
    ],
)
async def test_statuses_are_sentences(status: int, error: type[OpstermError], said: str, plain: Windows) -> None:
    plain.server.raw = (status, {"Location": "http://127.0.0.1:1/"}, b"")
    async with plain.connector() as connector:
        with pytest.raises(error, match=said):
            await plain.run(connector, "hostname")
        with pytest.raises(OpstermError):
            await connector.check(plain.target())


async def test_a_closed_port_and_an_unknown_name(plain: Windows) -> None:
    with ExitStack() as stack:
        taken = stack.enter_context(socket.socket())
        taken.bind(("127.0.0.1", 0))  # bound, and listening for nobody
        closed = taken.getsockname()[1]
        async with plain.connector() as connector:
            for reach in (plain.run(connector, "hostname", port=closed), connector.check(plain.target(port=closed))):
                with pytest.raises(Unreachable, match="refused the connection") as caught:
                    await reach
                assert "winrm quickconfig" in caught.value.next_step
            with pytest.raises(Unreachable, match="not known"):
                await plain.run(connector, "hostname", address="no-such-host.invalid")


async def test_https_where_http_is_spoken(plain: Windows) -> None:
    async with plain.connector(security="https") as connector:
        with pytest.raises(Unreachable, match="does not speak TLS as this machine does") as caught:
            await plain.run(connector, "hostname")
    assert "5985 is HTTP" in caught.value.next_step


async def test_an_answer_that_is_not_sealed_is_not_believed(plain: Windows) -> None:
    """pywinrm takes it: who sits on the way could say anything in the target's name."""
    async with plain.connector() as connector:
        await plain.run(connector, "hostname")
        plain.server.raw = (200, {"Content-Type": "application/soap+xml"}, b"<forged/>")
        with pytest.raises(Unreachable, match="cannot be used") as caught:
            await plain.run(connector, "hostname")
    assert "not encrypted" in caught.value.why


async def test_a_check_logs_in_nowhere(plain: Windows) -> None:
    async with plain.connector() as connector:
        await connector.check(plain.target())
    assert plain.server.log_ins == []


async def test_a_log_in_that_fails_leaves_no_line_without_a_seal(plain: Windows) -> None:
    """Who sits on the way may answer the log-in with a fault: what follows must not go in the clear for that."""
    body = (
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Receiver'
        b"</s:Value></s:Code><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>"
    )
    plain.server.raw = (500, {"Content-Type": "application/soap+xml"}, body)
    async with plain.connector() as connector:
        for command, shell in (("hostname", "cmd"), ("SELECT Name FROM Win32_Service\n" * 3, "wql")):
            for _ in range(2):
                with contextlib.suppress(OpstermError):
                    await plain.run(connector, command, shell)
    assert plain.server.bodies
    assert all(b"Envelope" not in one for one in plain.server.bodies)
