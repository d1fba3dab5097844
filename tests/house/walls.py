"""The walls that safety rests on, looked for in the syntax tree. Each returns breaches, one sentence with its place."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from tests.house.source import FACES, Module, called, calls, classes, dotted, functions, imports

Breaches = list[str]

EXECUTOR = "opsterm/runtime/executor.py"
TERMINALS = "opsterm/runtime/terminals.py"
LOOKS = frozenset({"opsterm/runtime/remote_look.py", "opsterm/runtime/remote_capture.py"})
"""Look at targets with scripts that change nothing; what they may run is LOOKED_AT, and nothing else."""

LEAVES = "opsterm/runtime/remote_checkpoint.py"
"""Leaves checkpoints of the audit at hosts of the settings; it may run a `checkpoint_script`, and nothing else."""

LOOK_SCRIPTS = frozenset({
    "opsterm/monitoring/looks.py", "opsterm/monitoring/path_look.py", "opsterm/monitoring/windows_looks.py",
})  # fmt: skip

FETCHES = frozenset({"opsterm/runtime/files.py", "opsterm/runtime/file_fetch.py"})
LISTS = "opsterm/runtime/folders.py"
"""Reads files of targets for the operator."""

READS = frozenset({"opsterm/adapters/file_get.py", "opsterm/adapters/file_walk.py"})
"""Reads them at a place; what it may ask of a place changes nothing."""

CHANGES_FILES = frozenset({"create", "write", "set_owner", "set_mode", "replace", "remove", "sync"})
CARRIES_PUTS = frozenset({"opsterm/adapters/ssh_session.py", "opsterm/adapters/local_command.py"})

STARTERS = frozenset({
    "create_subprocess_exec", "create_subprocess_shell", "Popen", "posix_spawn", "posix_spawnp", "fork", "forkpty",
    "execv", "execve", "execvp", "execvpe", "execl", "execlp", "system", "popen", "startfile", "spawnv", "spawnvp",
    "subprocess_exec", "subprocess_shell",
})  # fmt: skip

ASSISTANT_USES = frozenset({
    "opsterm/runtime/assistant.py", "opsterm/runtime/model_reader.py", "opsterm/runtime/model_tools.py",
    "opsterm/runtime/model_turns.py", "opsterm/runtime/query_answers.py",
})  # fmt: skip
ASSISTANT_MAY = {
    "changes": frozenset({"propose", "get", "list", "output"}),
    "inventory": frozenset({"rows", "row", "target", "select"}),
    "monitoring": frozenset({"series", "all_series", "know", "latest", "window", "interval_s", "rule_for"}),
    "alerts": frozenset({"feed", "recent", "get", "by_target"}),
    "apis": frozenset({"known", "ask"}),
    "profiles": frozenset({"all", "managers"}),
    "services": frozenset({"list", "dependencies", "discover"}),  # a fixed look; what it finds are proposals
}
"""What the assistant's use-case may ask of the others: everything here looks, and one word proposes."""
ASSISTANT_MAY_NOT_HAVE = frozenset({"store", "ledger", "terminals", "connector", "executor", "credentials"})


def opens_targets(modules: Iterable[Module]) -> Breaches:
    """Find code other than the executor, and the one place that looks, that opens a session on a target or runs in one.

    A session comes from `Connector.session`; its `run` is told by the `shell=` it is given. A pseudo-terminal, which
    an operator types into, comes from `Connector.shell` and has one caller of its own.
    """
    found = []
    for m in modules:
        if m.room == "adapters":
            continue  # implements the ports
        found += [
            f"{m.at(node)} takes what opens a session on a target: only {EXECUTOR} and {sorted(LOOKS)} do"
            for node in ast.walk(m.tree)
            if isinstance(node, ast.Attribute) and node.attr == "session" and m.name not in {EXECUTOR, LEAVES, *LOOKS}
        ]
        if m.name in {LEAVES, *LOOKS}:
            may = {id(call.func) for call in calls(m.tree) if _may_run(m, call)}
            found += [
                f"{m.at(node)} takes what runs a command: only the script that is written down is run here"
                for node in ast.walk(m.tree)
                if isinstance(node, ast.Attribute) and node.attr == "run" and id(node) not in may
            ]
        for call in calls(m.tree):
            name, keywords = called(call), {keyword.arg for keyword in call.keywords}
            if not isinstance(call.func, ast.Attribute):
                continue
            if name == "run" and "shell" in keywords and not _may_run(m, call):
                found.append(f"{m.at(call)} runs a command on a target: only {EXECUTOR} does, and what looks a Look")
            if name == "shell" and "term" in keywords and m.name != TERMINALS:
                found.append(f"{m.at(call)} opens a shell on a target: only {TERMINALS} does")
    return found


def moves_files(modules: Iterable[Module]) -> Breaches:
    """Find files of targets that are read elsewhere than by the use-case, or put elsewhere than in a session.

    A session is the executor's; so a file is put where a change is carried out, and nowhere else.
    """
    found = []
    for m in modules:
        for node in ast.walk(m.tree):
            if not isinstance(node, ast.Attribute | ast.Name):
                continue
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            if (
                name == "read_file"
                and isinstance(node, ast.Attribute)
                and m.name not in FETCHES
                and m.room != "adapters"
            ):
                found.append(f"{m.at(node)} reads a file of a target: only {sorted(FETCHES)} do")
            if name == "list_files" and m.room != "adapters" and m.name != LISTS:
                found.append(f"{m.at(node)} lists a folder of a target: only {LISTS} does")
            if name == "put_file" and m.name not in CARRIES_PUTS:
                found.append(f"{m.at(node)} puts a file: a session does, for an approved change")
            if name in CHANGES_FILES and m.name in READS:
                found.append(f"{m.at(node)} asks a place for {name}: a fetch changes nothing")
    return found


def _may_run(m: Module, call: ast.Call) -> bool:
    """Return whether a command may be run here: any by the executor, the script of a `look: Look` by what looks.

    What leaves checkpoints may run a `checkpoint_script`.
    """
    if m.name == LEAVES:
        given_to = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        script = call.args[0] if len(call.args) == 1 else None
        made = isinstance(script, ast.Call) and dotted(script.func) == "checkpoint_script"
        return made and given_to == {"shell": "'sh'"}
    if m.name not in LOOKS:
        return m.name == EXECUTOR
    return any(_runs_only(m, call, *what) for what in LOOKED_AT)


LOOKED_AT = (
    ("look", "Look", {"shell": "look.shell"}),
    ("capture", "CaptureScript", {"shell": "capture.shell", "how": "capture.how"}),
    ("preview", "PreviewScript", {"shell": "preview.shell", "how": "preview.how"}),
)
"""What may be run to look: the name that it has there, its type, and what it is run with."""


def _runs_only(m: Module, call: ast.Call, name: str, kind: str, expected: Mapping[str, str]) -> bool:
    """Return whether a call runs the script of an argument of one type, which is never given another value."""
    given = [a for f in functions(m.tree) for a in (*f.args.args, *f.args.kwonlyargs) if a.arg == name]
    bound = [n for n in ast.walk(m.tree) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)]
    typed = bool(given) and not bound and all(a.annotation and ast.unparse(a.annotation) == kind for a in given)
    given_on = {keyword.arg: dotted(keyword.value) for keyword in call.keywords}
    return typed and [dotted(arg) for arg in call.args] == [f"{name}.script"] and given_on == dict(expected)


def looks_with_made_up_scripts(modules: Iterable[Module]) -> Breaches:
    """Find scripts for looking at targets that are put together instead of written down."""
    return [
        f"{m.at(node)} {ast.unparse(node.targets[0])} is no plain text: a script that looks is a constant"
        for m in modules
        if m.name in LOOK_SCRIPTS
        for node in ast.walk(m.tree)
        if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Constant | ast.Name)
    ]


def makes_executors(modules: Iterable[Module]) -> Breaches:
    """Find code that makes an executor of its own, or has one run a change, beside the one way through approval."""
    found = []
    for m in modules:
        for call in calls(m.tree):
            simulates = m.name == "opsterm/runtime/simulation.py"  # on a connector that opens nothing
            pretended = simulates and [dotted(word) for word in call.args[2:3]] == ["pretended_connector"]
            if called(call) == "Executor" and m.name != "opsterm/runtime/rooms.py" and not pretended:
                found.append(f"{m.at(call)} makes an executor: the runtime makes the only one")
            if dotted(call.func).endswith("executor.run") and m.name != "opsterm/runtime/changes.py" and not simulates:
                found.append(f"{m.at(call)} has the executor run a change: only opsterm/runtime/changes.py does")
            if called(call) == "at_guard" and m.name != "opsterm/runtime/guards.py":
                found.append(f"{m.at(call)} has the executor decide a guard: only opsterm/runtime/guards.py does")
    return found


def starts_programs(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find code that starts a program on this host outside the few files that may."""
    return [
        f"{m.at(call)} starts a program with {called(call)}()"
        for m in modules
        if m.name not in allowed
        for call in calls(m.tree)
        if called(call) in STARTERS or dotted(call.func).startswith(("subprocess.", "pty."))
    ]


def assistant_reaches_out(modules: Iterable[Module]) -> Breaches:
    """Find ways by which what the assistant, or a model, says could become more than a proposal.

    The room itself returns data: it has no ports, no coroutines, no callbacks to give away. The use-case around it may
    ask changes for a proposal and nothing else.
    """
    found = []
    for m in modules:
        if m.room == "assistant":
            found += [
                f"{m.at(node)} imports {name}: the assistant decides, it reaches nothing"
                for node, name in imports(m.tree)
                if name.startswith(("opsterm.runtime", "opsterm.adapters", "opsterm.storage", "asyncio"))
            ]
            found += [
                f"{m.at(function)} {function.name} gives away something to call: the assistant returns data"
                for function in functions(m.tree)
                if not function.name.startswith("_") and function.returns is not None
                and any(word in ast.unparse(function.returns) for word in ("Callable", "Awaitable", "Coroutine"))
            ]  # fmt: skip
        if m.name in ASSISTANT_USES:
            found += _assistant_oversteps(m)
    return found


def _assistant_oversteps(m: Module) -> Breaches:
    """Find what the assistant's use-case takes of others beyond what it may, under whatever name it calls it."""
    found = []
    asked = {id(node.value): node.attr for node in ast.walk(m.tree) if isinstance(node, ast.Attribute)}
    kept = {
        id(node) for node in ast.walk(m.tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(m.tree):
        name = (node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else "").strip(
            "_"
        )
        if name in ASSISTANT_MAY_NOT_HAVE:
            found.append(f"{m.at(node)} reaches {name}: the assistant can only propose")
        if name not in ASSISTANT_MAY or not isinstance(node, ast.Attribute) or id(node) in kept:
            continue
        word = asked.get(id(node), "")
        if not word:
            found.append(f"{m.at(node)} passes {name} on: the assistant asks it here, where it can be seen")
        elif word not in ASSISTANT_MAY[name]:
            found.append(f"{m.at(node)} calls {name}.{word}(): the assistant can only propose")
    return found


STREAMS = frozenset({"sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"})


def prints(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find output to a terminal that does not pass the printer, which cleans."""
    found = []
    for m in modules:
        if m.name in allowed:
            continue
        found += [f"{m.at(call)} prints: use the Printer" for call in calls(m.tree) if dotted(call.func) == "print"]
        found += [
            f"{m.at(node)} takes {dotted(node)}: use the Printer"
            for node in ast.walk(m.tree)
            if isinstance(node, ast.Attribute) and dotted(node) in STREAMS
        ]
    return found


def draws_markup(modules: Iterable[Module]) -> Breaches:
    """Find widgets of the screen that would obey markup in foreign text, or show escape sequences as they come.

    `Static` and `Label` read "[bold]" in their text unless told not to; `notify` does as well; `Markdown` opens links.
    """
    found = []
    for m in modules:
        if m.room != "tui":
            continue
        for call in calls(m.tree):
            name, keywords = called(call), {keyword.arg: keyword.value for keyword in call.keywords}
            plain = isinstance(keywords.get("markup"), ast.Constant) and not getattr(keywords["markup"], "value", True)
            if name in ("Static", "Label") and not plain:
                found.append(f"{m.at(call)} {name} reads markup: markup=False")
            if name == "notify" and not plain:
                found.append(f"{m.at(call)} notify reads markup: markup=False")
            if name == "from_markup" or (name == "from_ansi" and dotted(call.func).startswith("Text")):
                found.append(f"{m.at(call)} obeys what is in the text: build Text from cleaned strings")
            if name in ("Markdown", "MarkdownViewer") and not isinstance(keywords.get("open_links"), ast.Constant):
                found.append(f"{m.at(call)} {name} opens links: open_links=False")
    return found


CLEANERS = frozenset({"clean_line", "clean_block", "clean_bytes", "shown_exactly", "shown"})

PAINTS = frozenset({"Segment", "Strip", "Text"})
"""What goes to the terminal as it is."""


def paints_unclean(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find files of the screen that make lines by hand, know no cleaner, and are not listed with who cleaned.

    A syntax tree cannot tell foreign text from ours; that none gets through is shown by the corpus of hostile text.
    """
    found = []
    for m in modules:
        if m.room == "tui" and m.name not in allowed:
            names = {called(call) for call in calls(m.tree)}
            if names & PAINTS and not names & CLEANERS:
                found.append(f"{m.name} paints {', '.join(sorted(names & PAINTS))} and calls no cleaner")
    return found


def reveals(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find code that takes the text out of a secret outside the few files that must hand it on."""
    return [
        f"{m.at(call)} reveals a secret"
        for m in modules
        if m.name not in allowed
        for call in calls(m.tree)
        if called(call) == "reveal"
    ]


def secrets_as_arguments(modules: Iterable[Module]) -> Breaches:
    """Find secrets among the arguments of a child process, in a log line or in an error's text."""
    found = []
    for m in modules:
        for call in calls(m.tree):
            leaks = (
                called(call) in STARTERS
                or dotted(call.func).startswith(("subprocess.", "log.", "logging."))
                or called(call).endswith(("Error", "Input", "Refused", "Unreachable", "Failed", "Locked"))
            )
            inside = [*call.args, *(keyword.value for keyword in call.keywords)]
            if leaks and any(called(inner) == "reveal" for part in inside for inner in calls(part)):
                found.append(f"{m.at(call)} gives a secret to {dotted(call.func)}()")
    return found


def mutable_records(modules: Iterable[Module], allowed: Mapping[str, str]) -> Breaches:
    """Find public dataclasses that somebody could change on the way from one room to another."""
    found = []
    for m in modules:
        for cls in classes(m.tree):
            for decorator in cls.decorator_list:
                name = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
                if name.rpartition(".")[2] != "dataclass" or cls.name.startswith("_") or cls.name in allowed:
                    continue
                given = {k.arg for k in decorator.keywords} if isinstance(decorator, ast.Call) else set()
                missing = {"frozen", "slots"} - given
                if missing:
                    found.append(f"{m.at(cls)} {cls.name} is not {' and '.join(sorted(missing))}")
    return found


def faces_reach_past_the_door(modules: Iterable[Module]) -> Breaches:
    """Find faces that use the store, a connector or the executor instead of the runtime's use-cases."""
    return [
        f"{m.at(node)} uses runtime.{node.attr}: a face asks the use-cases"
        for m in modules
        if m.room in FACES
        for node in ast.walk(m.tree)
        if isinstance(node, ast.Attribute)
        and dotted(node.value).split(".")[-1] == "runtime"
        and node.attr in ("store", "connector", "executor", "ledger")
    ]
