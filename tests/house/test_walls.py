"""The walls that safety rests on stand, and each notices when somebody breaks through."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import pytest

from opsterm.core.secret import Secret
from tests.house import exceptions, request_walls, walls
from tests.house.learned_wall import learning_decides
from tests.house.source import Module, module, package

pytestmark = pytest.mark.xdist_group("house")  # each worker with one of these reads every source once: 10 s

Wall = Callable[[Iterable[Module]], list[str]]

WALLS: Mapping[str, Wall] = {
    "one executor opens targets": walls.opens_targets,
    "files come by the use-case and go by a change": walls.moves_files,
    "requests leave with an order": request_walls.sends_requests,
    "a file is only fetched": request_walls.only_downloads,
    "cameras are configured by plans": request_walls.configures_cameras,
    "what looks is written down": walls.looks_with_made_up_scripts,
    "one way to the executor": walls.makes_executors,
    "few files start programs": partial(walls.starts_programs, allowed=exceptions.STARTS_PROGRAMS),
    "the assistant can only propose": walls.assistant_reaches_out,
    "the command line prints through its printer": partial(walls.prints, allowed=exceptions.OWNS_A_STREAM),
    "the screen obeys no markup": walls.draws_markup,
    "the screen paints cleaned text": partial(walls.paints_unclean, allowed=exceptions.PAINTS_CLEANED_TEXT),
    "few files see a secret": partial(walls.reveals, allowed=exceptions.REVEALS_SECRETS),
    "no secret is an argument": walls.secrets_as_arguments,
    "what is learned can only raise": learning_decides,
    "faces use the one door": walls.faces_reach_past_the_door,
}


@pytest.mark.parametrize("wall", WALLS.values(), ids=WALLS)
def test_the_wall_stands(wall: Wall) -> None:
    breaches = wall(package())
    assert not breaches, "\n".join(breaches)


BREACHES: Mapping[str, tuple[str, str, str]] = {
    "a face opens a session": (
        "one executor opens targets", "opsterm/tui/x.py", "s = await connector.session(target)",
    ),
    "a use-case opens one under another name": (
        "one executor opens targets", "opsterm/runtime/x.py", "f = connector.session\nawait f(target)",
    ),
    "a use-case runs a command": (
        "one executor opens targets", "opsterm/runtime/x.py", "session.run('reboot', shell='sh')",
    ),
    "chat opens a shell": (
        "one executor opens targets", "opsterm/runtime/assistant.py", "connector.shell(t, term='xterm')",
    ),
    "what looks runs another command": (
        "one executor opens targets", "opsterm/runtime/remote_look.py", "session.run(command, shell='sh')",
    ),
    "what captures runs another command": (
        "one executor opens targets", "opsterm/runtime/remote_capture.py", "session.run(command, shell='sh')",
    ),
    "what looks makes a script of its own": (
        "one executor opens targets", "opsterm/runtime/remote_look.py",
        "look = made\n    s.run(look.script, shell='sh')",
    ),
    "what looks runs under another name": (
        "one executor opens targets", "opsterm/runtime/remote_look.py", "r = session.run\n    r('reboot', shell='sh')",
    ),
    "a checkpoint is another command": (
        "one executor opens targets", "opsterm/runtime/remote_checkpoint.py", "session.run(script, shell='sh')",
    ),
    "a checkpoint becomes root": (
        "one executor opens targets", "opsterm/runtime/remote_checkpoint.py",
        "session.run(checkpoint_script(p, a), shell='sh', how=ROOT)",
    ),
    "a use-case sends a request": (
        "requests leave with an order", "opsterm/adapters/x.py", "line = await open_http_line('a', 80, run)",
    ),
    "a download sends something": (
        "a file is only fetched", "opsterm/adapters/download.py", "client.stream('POST', url, headers=h)",
    ),
    "a download has a body": (
        "a file is only fetched", "opsterm/adapters/download.py", "client.stream('GET', url, headers=h, content=b)",
    ),
    "another adapter speaks HTTP": ("requests leave with an order", "opsterm/adapters/x.py", "import httpx"),
    "a camera is told to do something": (
        "requests leave with an order", "opsterm/adapters/camera.py", "self._line.ask(c, p, request_text('setDate'))",
    ),
    "another server is asked": (
        "requests leave with an order", "opsterm/adapters/ollama.py", "await self._http.request('GET', url)",
    ),
    "a model server is asked otherwise": (
        "requests leave with an order", "opsterm/adapters/ollama.py", "await self._http.post(url)",
    ),
    "a camera is configured aside": (
        "cameras are configured by plans", "opsterm/runtime/cameras.py", "await writer.configure(c, 'vmd', {})",
    ),
    "steps are carried out aside": (
        "cameras are configured by plans", "opsterm/runtime/plans.py", "StepTransports(a, b, c).carry(t, shell, to)",
    ),
    "another adapter has a line to cameras": (
        "cameras are configured by plans", "opsterm/adapters/x.py", "CameraLine(settings, credentials, trust)",
    ),
    "a camera is sent a text": ("requests leave with an order", "opsterm/adapters/camera.py", "self.x.ask(c, p, b)"),
    "what looks becomes root": (
        "one executor opens targets", "opsterm/runtime/remote_look.py",
        "def x(look: Look): session.run(look.script, shell=look.shell, how=ROOT)",
    ),
    "a preview becomes root by itself": (
        "one executor opens targets", "opsterm/runtime/remote_look.py",
        "def x(preview: PreviewScript): session.run(preview.script, shell=preview.shell, how=ROOT)",
    ),
    "a preview is any text": (
        "one executor opens targets", "opsterm/runtime/remote_look.py",
        "def x(preview: str): session.run(preview.script, shell=preview.shell, how=preview.how)",
    ),
    "what looks chooses a shell": (
        "one executor opens targets", "opsterm/runtime/remote_look.py",
        "def x(look: Look): session.run(look.script, shell='powershell')",
    ),
    "a line is used elsewhere": ("requests leave with an order", "opsterm/adapters/x.py", "line.exchange(r, {}, {})"),
    "a description is posted for": (
        "requests leave with an order", "opsterm/adapters/http_fetch.py", "r = HttpRequest(method='POST', url=url)",
    ),
    "a description is asked for with a secret": (
        "requests leave with an order", "opsterm/adapters/http_fetch.py", "line.exchange(r, secrets, {})",
    ),
    "chat sends a request": (
        "the assistant can only propose", "opsterm/runtime/assistant.py", "await self._apis.call('x', c)",
    ),
    "chat learns an API": ("the assistant can only propose", "opsterm/runtime/assistant.py", "await self._apis.add(n)"),
    "a script is put together": (
        "what looks is written down", "opsterm/monitoring/looks.py", "def x(): ...\nS = f'df {point}'",
    ),
    "a query is put together": (
        "what looks is written down", "opsterm/monitoring/windows_looks.py", "Q = f'SELECT Name FROM {name}'",
    ),
    "a face reads a file of a target": (
        "files come by the use-case and go by a change", "opsterm/cli/x.py", "connector.read_file(target, path)",
    ),
    "a face lists a folder of a target": (
        "files come by the use-case and go by a change", "opsterm/cli/x.py", "connector.list_files(target, path)",
    ),
    "a use-case puts a file": (
        "files come by the use-case and go by a change", "opsterm/runtime/files.py", "put_file(place, text)",
    ),
    "a fetch changes something": (
        "files come by the use-case and go by a change", "opsterm/adapters/file_get.py", "await place.remove(path)",
    ),
    "a second executor": ("one way to the executor", "opsterm/runtime/x.py", "e = Executor(store)"),
    "a short cut to a guard": ("one way to the executor", "opsterm/tui/x.py", "self._executor.at_guard(c, 'a', s)"),
    "a simulation on a real connector": (
        "one way to the executor", "opsterm/runtime/simulation.py", "e = Executor(store, ledger, connector, x=1)",
    ),
    "a short cut to the executor": ("one way to the executor", "opsterm/tui/x.py", "self._executor.run(4)"),
    "a verb starts a program": ("few files start programs", "opsterm/cli/x.py", "subprocess.run(['ssh', host])"),
    "a worker forks": ("few files start programs", "opsterm/runtime/x.py", "os.fork()"),
    "the assistant knows a port": (
        "the assistant can only propose", "opsterm/assistant/x.py", "from opsterm.runtime.ports import Connector",
    ),
    "the assistant waits": ("the assistant can only propose", "opsterm/assistant/x.py", "import asyncio"),
    "the assistant hands out an action": (
        "the assistant can only propose", "opsterm/assistant/x.py", "def act() -> Callable[[], None]: ...",
    ),
    "chat approves": (
        "the assistant can only propose", "opsterm/runtime/assistant.py", "await self.changes.approve(4, digest=d)",
    ),
    "chat types into a terminal": (
        "the assistant can only propose", "opsterm/runtime/assistant.py", "await runtime.terminals.open('web-1')",
    ),
    "chat silences an alert": (
        "the assistant can only propose", "opsterm/runtime/assistant.py", "await self._alerts.silence(7, until=0.0)",
    ),
    "chat edits the inventory": (
        "the assistant can only propose", "opsterm/runtime/assistant.py", "await self._inventory.remove(['web-1'])",
    ),
    "chat logs in to look": (
        "the assistant can only propose", "opsterm/runtime/assistant.py", "await self._profiles.refresh('web-1')",
    ),
    "chat accepts a service": (
        "the assistant can only propose", "opsterm/runtime/assistant.py", "await self._services.accept(['a@b'])",
    ),
    "chat runs what only reads": (
        "the assistant can only propose", "opsterm/runtime/assistant.py", "await self._changes.query(proposal)",
    ),
    "chat approves under another name": (
        "the assistant can only propose", "opsterm/runtime/assistant.py", "c = self._changes\nawait c.approve(4)",
    ),
    "chat has the store": (
        "the assistant can only propose", "opsterm/runtime/assistant.py", "await self._store.targets.remove(['x'])",
    ),
    "a verb prints": ("the command line prints through its printer", "opsterm/cli/x.py", "print(row)"),
    "a verb writes": ("the command line prints through its printer", "opsterm/cli/x.py", "sys.stdout.write(row)"),
    "a pane reads markup": ("the screen obeys no markup", "opsterm/tui/x.py", "yield Static(name)"),
    "a toast reads markup": ("the screen obeys no markup", "opsterm/tui/x.py", "self.notify(error)"),
    "a line obeys escapes": ("the screen obeys no markup", "opsterm/tui/x.py", "Text.from_ansi(line)"),
    "a link opens": ("the screen obeys no markup", "opsterm/tui/x.py", "Markdown(answer)"),
    "a strip of raw text": ("the screen paints cleaned text", "opsterm/tui/x.py", "Strip([Segment(name)])"),
    "a pane sees a secret": ("few files see a secret", "opsterm/tui/x.py", "text = secret.reveal()"),
    "a secret in an argument": (
        "no secret is an argument", "opsterm/adapters/x.py", "create_subprocess_exec('x', '-p', secret.reveal())",
    ),
    "a secret in a log": ("no secret is an argument", "opsterm/storage/x.py", "log.info('%s', secret.reveal())"),
    "a secret in an error": ("no secret is an argument", "opsterm/storage/x.py", "raise BadInput(f'{s.reveal()}')"),
    "an approval asks a model": (
        "what is learned can only raise", "opsterm/policy/approval.py",
        "from opsterm.policy.learned.model import estimate",
    ),
    "a use-case makes up a raise": (
        "what is learned can only raise", "opsterm/runtime/x.py", "around = LearnedRaise(reason='x')",
    ),
    "a grade looks at what was learned": (
        "what is learned can only raise", "opsterm/policy/risk.py", "return around.learned",
    ),
    "a raise has a grade": (
        "what is learned can only raise", "opsterm/policy/context.py",
        "class LearnedRaise:\n        reason: str\n        level: RiskLevel",
    ),
    "a raise lowers": (
        "what is learned can only raise", "opsterm/policy/context.py",
        "def raise_level(level, around):\n    return RaisedLevel(level=_milder(level))",
    ),
    "a raise forgets what it was given": (
        "what is learned can only raise", "opsterm/policy/context.py",
        "def raise_level(level, around):\n    level = LOW\n    return RaisedLevel(level=level)",
    ),
    "a pane asks the store": ("faces use the one door", "opsterm/tui/x.py", "self.runtime.store.targets.all()"),
}  # fmt: skip


@pytest.mark.parametrize(("wall", "name", "text"), BREACHES.values(), ids=BREACHES)
def test_a_breach_is_noticed(wall: str, name: str, text: str) -> None:
    body = f"async def f():\n    {text}\n" if not text.startswith(("def ", "from ", "import ")) else f"{text}\n"
    assert WALLS[wall]([module(name, body)]), "the wall lets this through"


def test_every_wall_is_tried() -> None:
    assert {wall for wall, _, _ in BREACHES.values()} == set(WALLS)


def test_a_secret_has_no_text() -> None:
    secret = Secret("hunter2")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>40}", f"{[secret]}", "%s" % secret, ascii(secret)]  # noqa: UP031 (each way that text is made)
    assert not any("hunter2" in text for text in shown)
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert not hasattr(secret, "__dict__")
