"""Commands on a Windows host over WinRM, against the tests' own server."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from opsterm.core.errors import BadInput, Refused, TimedOut, Unreachable
from opsterm.runtime.ports import Ended
from tests.adapters.winrm_stage import Windows, until, windows
from tests.adapters.wsman.cim import Datetime
from tests.adapters.wsman.host import Running, clixml
from tests.adapters.wsman.server_2022 import server_2022
from tests.adapters.wsman.soap import Asked, Fault


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Windows]:
    with windows(tmp_path, monkeypatch) as found:
        yield found


async def test_commands_of_cmd_and_their_exit_codes(there: Windows) -> None:
    async with there.connector() as connector:
        assert await there.run(connector, "echo a & b | c") == ("a & b | c\r\n", 0)
        assert await there.run(connector, "exit 3") == ("", 3)
        assert await there.run(connector, "exit -1073741510") == ("", -1073741510)
        said, code = await there.run(connector, "no-such")
        assert (code, said.startswith("'no-such' is not recognized")) == (1, True)
    assert there.server.unsealed == 0


@pytest.mark.parametrize(
    ("script", "said", "code"),
    [
        ("Write-Output 'ünïcode ✓ 漢字 𝄞'", "ünïcode ✓ 漢字 𝄞\r\n", 0),
        ("exit 7", "", 7),
        ("throw 'no'", "no\r\nAt line:1 char:1\r\n", 1),
        ("Write-Output 'a'; Write-Error 'it <is> & \"bad\"'", 'a\r\nit <is> & "bad"\r\n', 1),
        ("Write-Warning 'careful'", "WARNING: careful\r\n", 0),
        ("cmd /c exit 5", "", 5),
        ("Get-Nothing", "Get-Nothing : The term 'Get-Nothing' is not recognized as the name of a cmdlet.\r\n", 1),
    ],
)
async def test_powershell_says_what_a_console_would_show(script: str, said: str, code: int, there: Windows) -> None:
    async with there.connector() as connector:
        assert await there.run(connector, script, "powershell") == (said, code)
    assert there.host.ran == [script]


async def test_a_script_may_be_longer_than_any_command_line(there: Windows) -> None:
    script = "Write-Output '" + "long ü " * 12_000 + "'"
    async with there.connector() as connector:
        said, code = await there.run(connector, script, "powershell")
    assert (len(said), code) == (7 * 12_000 + 2, 0)
    assert there.host.ran == [script]
    assert there.operations.asked.count("Send") == 5


async def test_what_cmd_would_not_run_as_it_stands_is_refused(there: Windows) -> None:
    async with there.connector() as connector:
        for command in ("echo a\r\ndel b", "echo \x07", "echo " + "x" * 8000):
            with pytest.raises(BadInput, match="cmd"):
                await there.run(connector, command)
        with pytest.raises(BadInput, match="no shell of a WinRM target"):
            await there.run(connector, "uptime", "sh")
    assert there.host.ran == []


async def test_output_comes_while_the_command_runs(there: Windows) -> None:
    async with there.connector() as connector:
        session = await connector.session(there.target())
        pieces: list[bytes | Ended] = []
        async with aclosing(session.run("slow one two three", shell="cmd")) as told:
            async for piece in told:
                pieces.append(piece)
                assert isinstance(piece, Ended) or len(pieces) < 2 or there.host.ran
        await session.close()
    assert pieces[:-1] == [b"one\r\n", b"two\r\n", b"three\r\n"]
    assert pieces[-1] == Ended(exit_status=0)


async def test_a_silent_command_is_waited_for(there: Windows) -> None:
    """Its Receive ends with a fault each time that nothing came, and is sent again."""

    def quiet(running: Running) -> int:
        running.stopped.wait(1.5)
        running.say("at last")
        return 0

    there.host.cmd["quiet"] = quiet
    async with there.connector(answer_timeout_s=2.0) as connector:
        assert await there.run(connector, "quiet") == ("at last", 0)
    assert there.operations.asked.count("Receive") >= 2


async def test_utf16_output_becomes_utf8(there: Windows) -> None:
    def wmic(running: Running) -> int:
        data = "Caption\r\nWindows é\r\n".encode("utf-16")
        for start in range(0, len(data), 7):
            running.say(data[start : start + 7])
        return 0

    there.host.cmd["wmic os"] = wmic
    async with there.connector() as connector:
        assert await there.run(connector, "wmic os") == ("Caption\r\nWindows é\r\n", 0)


async def test_errors_arrive_readable_however_they_are_cut(there: Windows) -> None:
    def noisy(running: Running) -> int:
        data = "plain first\r\n" + clixml(("Error", "one\r\ntwo\r\n"), ("warning", "three\r\n")) + "plain last"
        for start in range(0, len(data), 11):
            running.say(data[start : start + 11], "stderr")
        return 1

    there.host.cmd["noisy"] = noisy
    async with there.connector() as connector:
        said = await there.run(connector, "noisy")
    assert said == ("plain first\r\none\r\ntwo\r\nWARNING: three\r\nplain last", 1)


async def test_output_larger_than_an_envelope_arrives_whole(there: Windows) -> None:
    async with there.connector() as connector:
        said, _ = await there.run(connector, "long 60000")
    assert said == "".join(f"line {number}\r\n" for number in range(60_000))


async def test_letters_of_another_code_page_are_passed_on_as_they_are(there: Windows) -> None:
    """A program that does not care for code page 65001 writes the old letters: nobody can know which those are."""

    def old(running: Running) -> int:
        running.say("gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n".encode("cp437") + b"\r\n")
        return 0

    there.host.cmd["old"] = old
    async with there.connector() as connector:
        session = await connector.session(there.target())
        told = [piece async for piece in session.run("old", shell="cmd")]
        await session.close()
        assert told == [b"gr\x81n\r\n", Ended(exit_status=0)]
        assert await there.run(connector, "echo Gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n") == ("Grün\r\n", 0)


# ------------------------------------------------------------------------------------------------ being stopped


@pytest.mark.parametrize("command", ["hang", "stubborn"])
async def test_a_cancelled_command_ends_on_the_target(
    command: str, there: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl+c first; a command that does not care is ended with its shell."""
    monkeypatch.setattr("opsterm.adapters.winrm_session.GRACE_S", 0.3)
    async with there.connector() as connector:
        task = asyncio.create_task(there.run(connector, command))
        await until(lambda: there.operations.asked.count("Receive") >= 2)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert there.operations.shells == {}
        assert "Signal" in there.operations.asked
        assert await there.run(connector, "hostname") == ("WIN-TEST\r\n", 0)


async def test_one_that_is_cancelled_before_it_is_known_ends_as_well(there: Windows) -> None:
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slowly(asked: Asked) -> None:
        if asked.word == "Command":
            loop.call_soon_threadsafe(started.set)
            there.operations.intercept = None

    there.operations.intercept = slowly
    async with there.connector() as connector, asyncio.TaskGroup() as group:
        task = group.create_task(there.run(connector, "hang"))
        await started.wait()
        task.cancel()
        await asyncio.wait([task])
        assert there.operations.shells == {}


async def test_a_host_that_falls_silent_is_a_sentence_in_time(there: Windows) -> None:
    async with there.connector(answer_timeout_s=2.0) as connector:
        await there.run(connector, "hostname")
        thawed = threading.Event()

        def freeze(_: Asked) -> None:
            thawed.wait(20)

        there.operations.intercept = freeze
        with pytest.raises(Unreachable, match="fell silent: no answer within 2 s") as caught:
            await there.run(connector, "gone")
        assert "Whether the command goes on there is not known" in caught.value.why
        thawed.set()


# ------------------------------------------------------------------------------------------------------ shells


async def test_a_shell_serves_many_commands(there: Windows) -> None:
    async with there.connector() as connector:
        for _ in range(5):
            await there.run(connector, "hostname")
        assert there.operations.asked.count("Create") == 1
        assert there.operations.asked.count("Signal") == 5  # each command is forgotten there
        assert len(there.server.log_ins) == 1
        assert connector.idle == 1
    assert there.operations.shells == {}


async def test_no_more_shells_than_the_limit(there: Windows) -> None:
    there.operations.max_shells = 2
    async with there.connector(shells_per_host=2) as connector:
        said = await asyncio.gather(*(there.run(connector, f"echo {n}") for n in range(10)))
        assert [text for text, _ in said] == [f"{n}\r\n" for n in range(10)]
        assert there.operations.asked.count("Create") == 2
    assert there.operations.shells == {}


async def test_waiting_for_a_shell_ends(there: Windows) -> None:
    async with there.connector(shells_per_host=1, wait_timeout_s=0.2) as connector:
        session = await connector.session(there.target())
        with pytest.raises(TimedOut, match=r"No shell on win-1 was free within 0\.2 s"):
            await connector.session(there.target())
        await session.close()
        await there.run(connector, "hostname")


async def test_an_unused_shell_is_closed_after_a_while(there: Windows) -> None:
    async with there.connector(idle_timeout_s=0.1) as connector:
        await there.run(connector, "hostname")
        await until(lambda: not there.operations.shells)
        assert connector.idle == 0


async def test_a_shell_that_is_gone_is_replaced_and_nothing_runs_twice(there: Windows) -> None:
    async with there.connector() as connector:
        await there.run(connector, "echo 1")
        there.operations.shells.clear()  # as after a restart of the service
        assert await there.run(connector, "echo 2") == ("2\r\n", 0)
        there.operations.max_operations = 1
        assert await there.run(connector, "echo 3") == ("3\r\n", 0)
    assert there.host.ran == ["echo 1", "echo 2", "echo 3"]
    assert there.operations.shells == {}


async def test_a_line_that_was_cut_is_replaced(there: Windows) -> None:
    """What is sealed for one connection cannot be read on another one: the target refuses it, and has begun nothing."""
    async with there.connector() as connector:
        await there.run(connector, "echo 1")
        there.server.cut()
        assert await there.run(connector, "echo 2") == ("2\r\n", 0)
    assert there.host.ran == ["echo 1", "echo 2"]


async def test_a_line_cut_while_a_command_runs_leaves_a_doubt(there: Windows) -> None:
    async with there.connector() as connector:
        task = asyncio.create_task(there.run(connector, "hang"))
        await until(lambda: there.operations.asked.count("Receive") >= 2)
        there.server.cut()
        with pytest.raises(Unreachable, match="was lost") as caught:
            await task
        assert "is not known" in caught.value.why


async def test_a_fault_while_it_runs_is_told(there: Windows) -> None:
    def broken(asked: Asked) -> None:
        if asked.word == "Receive":
            raise Fault(995, "The I/O operation has been aborted.")

    there.operations.intercept = broken
    async with there.connector() as connector:
        with pytest.raises(Unreachable, match="has ended the command from its side") as caught:
            await there.run(connector, "hostname")
        assert "995 (0x000003E3)" in caught.value.why


# --------------------------------------------------------------------------------------------------------- WQL


async def test_wql_prints_instances_as_json(there: Windows) -> None:
    there.host.classes["win32_service"] = [
        {"Name": f"svc{n}", "State": "Running", "Started": True, "Description": None} for n in range(1200)
    ]
    there.host.classes["win32_operatingsystem"] = [
        {"Caption": "Windows ✓", "LastBootUpTime": Datetime("2026-11-01T08:00:00.5Z"), "MUILanguages": ["de", "en"]}
    ]
    async with there.connector() as connector:
        query = "SELECT Name, Started, Description FROM Win32_Service\nselect * from Win32_OperatingSystem"
        said, code = await there.run(connector, query, "wql")
        rows = [json.loads(line) for line in said.splitlines()]
        assert (len(rows), code) == (1201, 0)
        assert rows[7] == {"class": "Win32_Service", "Name": "svc7", "Started": "true", "Description": None}
        assert rows[-1] == {"class": "Win32_OperatingSystem", "Caption": "Windows ✓",
                            "LastBootUpTime": "2026-11-01T08:00:00.5Z", "MUILanguages": ["de", "en"]}  # fmt: skip
        with pytest.raises(Unreachable, match="does not take this query"):
            await there.run(connector, "SELECT * FROM Nope", "wql")
        said, code = await there.run(connector, "SELECT * FROM Nope\nSELECT Caption FROM Win32_OperatingSystem", "wql")
        assert (code, said.count("\n")) == (1, 2)
        with pytest.raises(BadInput, match="no query"):
            await there.run(connector, "DELETE FROM Win32_Service", "wql")


async def test_a_query_is_asked_again_where_the_line_was_cut_while_nobody_used_it(there: Windows) -> None:
    there.host.classes["win32_computersystem"] = [{"Name": "WIN-TEST"}]
    query = "SELECT Name FROM Win32_ComputerSystem"
    async with there.connector() as connector:
        first = await there.run(connector, query, "wql")
        there.server.cut()
        assert await there.run(connector, query, "wql") == first
        assert there.operations.asked.count("Enumerate") == 2
        there.server.cut()
        there.server.raw = (503, {}, b"")
        with pytest.raises(Unreachable, match="503"):
            await there.run(connector, query, "wql")
        assert len(there.server.bodies) == 1  # once on the new line, and not for ever


async def test_references_are_told_as_paths_and_classes_of_the_network_are_found(there: Windows) -> None:
    there.host.classes |= server_2022()
    async with there.connector() as connector:
        said, code = await there.run(
            connector,
            "SELECT Antecedent FROM Win32_LoggedOnUser\nSELECT LocalPort FROM MSFT_NetTCPConnection WHERE State = 5",
            "wql",
        )
    rows = [json.loads(line) for line in said.splitlines()]
    assert code == 0
    assert rows[1] == {"class": "Win32_LoggedOnUser", "Antecedent": 'Win32_Account.Domain="LAB",Name="ana"'}
    assert r'Name="bo \"b\""' in rows[2]["Antecedent"]
    assert [row["LocalPort"] for row in rows if row["class"] == "MSFT_NetTCPConnection"] == [
        "51000", "1433", "51001", "51002",
    ]  # fmt: skip


async def test_a_look_opens_no_shell(there: Windows) -> None:
    there.host.classes["win32_computersystem"] = [{"Name": "WIN-TEST"}]
    async with there.connector() as connector:
        session = await connector.session(there.target(), looks=True)
        told = [piece async for piece in session.run("SELECT Name FROM Win32_ComputerSystem", shell="wql")]
        with pytest.raises(Refused, match="only looks"):
            _ = [piece async for piece in session.run("ver", shell="cmd")]
        await session.close()
    assert told == [b'{"class": "Win32_ComputerSystem", "Name": "WIN-TEST"}\n', Ended(exit_status=0)]
    assert there.operations.asked == ["Enumerate"]


async def test_a_fresh_log_in_uses_no_shell_that_is_there(there: Windows) -> None:
    async with there.connector() as connector:
        await there.run(connector, "echo one")
        assert connector.idle == 1
        (kept,) = there.operations.shells
        async with connector.fresh(there.target()) as shells:
            session = await shells.session(there.target())
            assert {*there.operations.shells} > {kept}
            await session.close()
        await until(lambda: [*there.operations.shells] == [kept])
