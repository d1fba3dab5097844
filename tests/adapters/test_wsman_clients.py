"""The server of the tests satisfies clients that know nothing of it: pywinrm and pypsrp, unmodified."""

from __future__ import annotations

import pytest
import winrm
from pypsrp.exceptions import WSManFaultError
from pypsrp.shell import Process, SignalCode, WinRS
from pypsrp.wsman import WSMan
from winrm.exceptions import InvalidCredentialsError

from tests.adapters.winrm_stage import PASSWORD, USER, Windows, plain, secure

__all__ = ["plain", "secure"]  # fixtures

pytestmark = pytest.mark.blocking  # both clients block


def pywinrm(found: Windows, password: str = PASSWORD, transport: str = "ntlm", user: str = USER) -> winrm.Session:
    scheme = "https" if found.server.tls else "http"
    return winrm.Session(
        f"{scheme}://localhost:{found.server.port}/wsman", auth=(user, password), transport=transport,
        ca_trust_path=found.authority or None, proxy=None,
    )  # fmt: skip


def pypsrp(found: Windows, auth: str, user: str = USER) -> WSMan:
    return WSMan(
        "localhost", port=found.server.port, ssl=found.server.tls is not None, username=user, password=PASSWORD,
        auth=auth, cert_validation=found.authority or False,  # type: ignore[arg-type]  # a path as well, as it documents
        operation_timeout=2, no_proxy=True,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["plain", "secure"])
def test_pywinrm_runs_commands_and_scripts(kind: str, request: pytest.FixtureRequest) -> None:
    found: Windows = request.getfixturevalue(kind)
    session = pywinrm(found)
    ended = session.run_cmd("echo", ["hi", "there"])
    assert (ended.status_code, ended.std_out) == (0, b"hi there\r\n")
    assert session.run_cmd("exit 3").status_code == 3
    script = session.run_ps("Write-Output 'ü'; Write-Error 'bad'")
    assert (script.status_code, script.std_out.decode(), script.std_err) == (1, "ü\r\n", b"bad")
    assert len(session.run_cmd("long 20000").std_out) > 200_000
    assert not found.operations.shells
    assert found.server.unsealed == 0


def test_pywinrm_is_refused_with_a_wrong_password(plain: Windows) -> None:
    with pytest.raises(InvalidCredentialsError):
        pywinrm(plain, password="wrong").run_cmd("hostname")


def test_pywinrm_logs_in_with_basic_over_tls_only_where_it_is_offered(secure: Windows) -> None:
    with pytest.raises(InvalidCredentialsError):
        pywinrm(secure, "secret", transport="basic", user="ana").run_cmd("hostname")
    secure.server.basic = {"ana": "secret"}
    assert pywinrm(secure, "secret", transport="basic", user="ana").run_cmd("hostname").std_out == b"WIN-TEST\r\n"


@pytest.mark.parametrize(("kind", "auth"), [("plain", "ntlm"), ("plain", "negotiate"), ("secure", "negotiate")])
def test_pypsrp_runs_processes(kind: str, auth: str, request: pytest.FixtureRequest) -> None:
    found: Windows = request.getfixturevalue(kind)
    line = pypsrp(found, auth)
    line.update_max_payload_size()
    with line, WinRS(line, codepage=65001) as shell:
        reader = Process(shell, "more")
        reader.begin_invoke()
        reader.send(b"from ", end=False)
        reader.send(b"stdin", end=True)
        reader.end_invoke()
        assert (reader.rc, reader.stdout) == (0, b"from stdin")
        reader.signal(SignalCode.TERMINATE)
        hanging = Process(shell, "hang")
        hanging.begin_invoke()
        hanging.poll_invoke()
        hanging.signal(SignalCode.CTRL_C)
        hanging.end_invoke()
        assert hanging.rc == 0xC000013A
    assert not found.operations.shells
    assert found.server.unsealed == 0


def test_pypsrp_reads_faults(plain: Windows) -> None:
    plain.operations.max_shells = 1
    line = pypsrp(plain, "ntlm")
    with line, WinRS(line) as shell:
        with pytest.raises(WSManFaultError, match="maximum number of 1 concurrent shells"):
            WinRS(line).open()
        plain.operations.shells.clear()
        with pytest.raises(WSManFaultError) as caught:
            shell.command("hostname", None)
        assert caught.value.code == 2150858843
        shell.opened = False


def test_pypsrp_waits_through_silence(plain: Windows) -> None:
    """A Receive that has nothing to say within its time is a fault that clients ask again about."""
    line = pypsrp(plain, "ntlm")
    with line, WinRS(line) as shell:
        hanging = Process(shell, "hang")
        hanging.begin_invoke()
        hanging.poll_invoke()
        hanging.poll_invoke(timeout=1)
        assert (hanging.rc, hanging.stdout) == (None, b"hanging\r\n")
