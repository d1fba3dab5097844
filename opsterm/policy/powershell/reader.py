"""A PowerShell text read: what each of its commands and expressions does."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice

from opsterm.policy.effects import Certainty, EffectKind, Span
from opsterm.policy.invocation import Invocation
from opsterm.policy.layer import LONGEST, Layer
from opsterm.policy.powershell.aliases import ALIASES
from opsterm.policy.powershell.arguments import Arguments
from opsterm.policy.powershell.cmdlet_rows import NO_WHATIF
from opsterm.policy.powershell.cmdlets import has_form, note_cmdlet
from opsterm.policy.powershell.frame import CmdletCall, Names
from opsterm.policy.powershell.members import note_member
from opsterm.policy.powershell.parser import PowerShellParser
from opsterm.policy.powershell.running import decoded
from opsterm.policy.powershell.scanner import NotUnderstood
from opsterm.policy.powershell.spelling import plain
from opsterm.policy.powershell.splat import named_once, table_of, with_tables
from opsterm.policy.powershell.tree import CommandPiece, Expression, PowerShellCommand, Script
from opsterm.policy.powershell.verbs import CMDLETS, deeds_of
from opsterm.policy.win32.places import write_path
from opsterm.policy.win32.program_forms import note_program
from opsterm.policy.win32.programs import WindowsProgramCall, note_unknown, program_name
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty
_SCRIPT = re.compile(r".*\.(?:ps1|psm1|bat|cmd|vbs|js|hta|wsf|py|sh)", re.IGNORECASE)
_FOLDER = re.compile(
    r"(?:[a-z]:|%windir%|%systemroot%)?\\(?:windows\\)?(?:system32|syswow64|sysnative)\\(?:.*\\)?[^\\]+"
    r"|(?:%programfiles%|[a-z]:\\program files(?: \(x86\))?)\\.*",
    re.IGNORECASE,
)
_NATIVE_FIRST = frozenset({"sc", "curl", "wget", "fc"})
_SC_VERBS = word_set("stop start delete config create query queryex qc failure sdset sdshow pause continue qfailure")
_LOOP = re.compile(r"foreach\s*\(\s*\$(\w+)\s+in\s+([^\n{]{1,200})", re.IGNORECASE)
_PROPERTY = re.compile(r"(?:\[[^\]]*\]\s*)?\$\{?(?:\w+:)?(\w+)\}?(?:\[[^\]]*\])?\.")
_SEVERAL = re.compile(r"\(\s*\$\w+(?:\s*,\s*\$\w+)*\s*\)")
_OF_THE_SESSION = re.compile(r"host|psdefaultparametervalues|psstyle|executioncontext|psboundparameters", re.IGNORECASE)
_IN_MEMORY = re.compile(
    r"[^=]{0,80}=\s*(?:\[(?:ordered|pscustomobject|hashtable|psobject|xml)\]|@\{|@\(|'|\"|[\d]"
    r"|new-object\s+(?:-typename\s+)?(?:ps(?:custom)?object|hashtable|(?:system\.)?(?:collections|text|net\.webclient|random|version)))",
    re.IGNORECASE,
)
"""Assignments that make a value which is nowhere but in the session."""

_WORDS = re.compile(r"[A-Za-z]+-[A-Za-z]+|[A-Za-z]{2,16}(?:\.exe)?")


def note_powershell(text: str, layer: Layer) -> None:
    """Note what a PowerShell text does. Never raises; what is not understood is opaque."""
    if len(text) > LONGEST:
        layer.unread(f"It is longer than {LONGEST} characters.", len(text))
        return
    simple, odd = plain(text)
    for sentence in odd:
        layer.notes.hide(sentence)
    try:
        script = PowerShellParser(simple).parse()
    except NotUnderstood as refusal:
        layer.unread(str(refusal), len(text))
        _note_roughly(simple, layer)
        return
    _Reading(simple, layer).walk(script)


def _note_roughly(text: str, layer: Layer) -> None:
    """Note what the commands named in a text would do that could not be taken apart: it is more than nothing."""
    for match in islice(_WORDS.finditer(text), 500):
        name = ALIASES.get(match[0].lower(), match[0].lower())
        for kind, _ in CMDLETS.get(name) or (((_K.DELETE, _C.LIKELY),) if name == "remove-item" else ()):
            if kind is not _K.READ:
                layer.notes.add(kind, "?", layer.place(match.start(), match.end()), _C.POSSIBLE)


class _Reading:
    """One pass over the parts of a text."""

    def __init__(self, text: str, layer: Layer) -> None:
        self.text = text
        self.layer = layer
        self.names = Names()
        self._piped = ""
        self._once = named_once(text)
        for match in list(_LOOP.finditer(text))[:100]:
            self.names.sources[match[1].lower()] = match[2]

    def walk(self, script: Script) -> None:
        """Read the pipelines of a script in order."""
        if script.loads:
            self.layer.notes.hide("It loads code that is not in this text (using).")
        self.names.functions.update(script.functions)
        if not script.pipelines:
            self.layer.notes.add(_K.READ, "", self.layer.place(script.start, script.end))
        for pipeline in script.pipelines:
            outside = self._piped
            for place, element in enumerate(pipeline):
                if place:
                    self._piped = self.text[pipeline[0].start : element.start][-300:]
                if isinstance(element, PowerShellCommand):
                    self._command(element, pipeline[:place])
                else:
                    self._expression(element)
            self._piped = outside

    def _expression(self, expression: Expression) -> None:
        for script in expression.scripts:
            self.walk(script)
        for call in expression.calls:
            note_member(call, self.layer, self._source_of(call.receiver))
        if expression.stray:
            self.layer.notes.hide(f"{expression.stray[:60]!r} stands where no word of an expression stands.")
        self._assign(expression)
        self.layer.notes.add(_K.READ, "", self.layer.place(expression.start, expression.end))

    def _source_of(self, receiver: str) -> str:
        """Return the text that made an object: what is before it in the pipeline, or what a variable was given."""
        name = re.match(r"\$\{?(\w+)", receiver)
        if name is None:
            return ""
        return self._piped if name[1] in ("_", "PSItem", "psitem") else self.names.sources.get(name[1].lower(), "")

    def _assign(self, expression: Expression) -> None:
        target = expression.assigned.strip()
        if not target:
            return
        name = target.rpartition("]")[2].strip().strip("${}").lower()
        value = self._assigned_value(expression)
        self.names.sources[name] = self.text[expression.start : expression.end][-300:]
        table = table_of(expression, self.text)
        if table is not None:
            self.names.tables[name] = table
        if value is None:
            self.names.values.pop(name, None)
        else:
            self.names.values[name] = value
        span = self.layer.place(expression.start, expression.end)
        if re.match(r"[a-z]:\\|.*:\\", name):
            write_path(name, self.layer.notes, span)
        elif name.startswith(("function:", "alias:")):
            self.layer.notes.hide("It gives a command another meaning.")
        elif self._changes_an_object(target):
            self.layer.notes.add(_K.WRITE_CONFIG, target[-80:], span, _C.POSSIBLE)

    def _changes_an_object(self, target: str) -> bool:
        """Tell whether a property is set of what may be more than a value of the session."""
        if target.startswith("("):
            return not _SEVERAL.fullmatch(target)
        owner = _PROPERTY.match(target)
        made = self.names.sources.get(owner[1].lower(), "") if owner else ""
        return owner is not None and not (_OF_THE_SESSION.fullmatch(owner[1]) or _IN_MEMORY.match(made))

    def _assigned_value(self, expression: Expression) -> str | None:
        last = expression.scripts[-1] if expression.scripts else None
        if last is None or len(last.pipelines) != 1 or len(last.pipelines[0]) != 1:
            return None
        only = last.pipelines[0][0]
        return only.constant if isinstance(only, Expression) else None

    def _command(self, command: PowerShellCommand, before: Sequence[PowerShellCommand | Expression]) -> None:
        head = command.pieces[0]
        for piece in command.redirects:
            write_path(piece.text, self.layer.notes, self.layer.place(piece.start, piece.end))
        if head.kind == "block":
            self._inner(command.pieces)
            return
        pieces = with_tables(command.pieces[1:], self.names.tables, self._once)
        arguments = Arguments(pieces, self.names.values)
        name = self._name(head)
        if name is None:
            self._inner(command.pieces)
            self.layer.notes.add(_K.REMOTE_CODE, "?", self._span(command), _C.POSSIBLE)
            self.layer.notes.hide("The command that is run is known only when it runs.")
            return
        if head.kind == "group" or (head.kind == "variable" and command.operator):
            self.layer.notes.hide("The name of the command is put together when it runs.")
        self._invoke(name, command, arguments, before)

    def _name(self, head: CommandPiece) -> str | None:
        """Return the name of a command with aliases resolved, None where it is known only when it runs."""
        if head.unknown:
            value = self.names.values.get(head.text.strip("${}").lower()) if head.kind == "variable" else None
            if value is None:
                return None
            return value
        return head.text

    def _invoke(
        self, said: str, command: PowerShellCommand, arguments: Arguments,
        before: Sequence[PowerShellCommand | Expression],
    ) -> None:  # fmt: skip
        name = said.strip().lower()
        name = self.names.aliases.get(name, name)
        bare = name.rpartition("\\")[2] if re.fullmatch(r"[a-z][\w.]*\\[a-z]+-\w+", name) else name
        native = bare in _NATIVE_FIRST and self._is_native(bare, command)
        cmdlet = bare if native else ALIASES.get(bare, bare)
        call = CmdletCall(name=cmdlet, arguments=arguments, command=command, before=before, layer=self.layer,
                          names=self.names, source=self.text)  # fmt: skip
        self._record(cmdlet, command)
        if bare in self.names.functions:
            self._inner(command.pieces)
        elif not native and (has_form(cmdlet) or deeds_of(cmdlet) is not None):
            self._cmdlet(call)
        else:
            self._program(name, command)

    def _is_native(self, name: str, command: PowerShellCommand) -> bool:
        words = [piece.text.lower() for piece in command.pieces[1:3]]
        if name == "sc":
            return bool(words) and (words[0] in _SC_VERBS or words[0].startswith("\\\\"))
        return any(re.match(r"-[a-z]$|--|/[a-z]", word) and word != "-o" for word in words) and name != "fc"

    def _cmdlet(self, call: CmdletCall) -> None:
        skips_filter = call.name.startswith(("get-ad", "search-ad", "get-azuread", "get-mailbox", "get-recipient"))
        for piece in call.command.pieces[1:]:
            for value in piece.values:
                if not (skips_filter and value.kind == "block"):
                    self._scripts(value)
        if call.arguments.splats:
            self.layer.notes.hide("Some of its parameters come from a variable (@…).")
        changes = not self._only_reads(call.name)
        if changes and call.arguments.asks("whatif") == "on" and self._has_whatif(call.name):
            self.layer.notes.add(_K.READ, (call.objects() or [""])[0], call.span)
            return
        note_cmdlet(call)
        if changes and call.arguments.asks("confirm") == "off":
            self.layer.notes.add(_K.READ, "-Confirm:$false", call.span)

    def _only_reads(self, name: str) -> bool:
        deeds = deeds_of(name)
        return deeds is not None and all(kind is _K.READ for kind, _ in deeds)

    def _has_whatif(self, name: str) -> bool:
        return (name in CMDLETS or has_form(name)) and name not in NO_WHATIF

    def _program(self, said: str, command: PowerShellCommand) -> None:
        span = self._span(command)
        name = program_name(said)
        if _SCRIPT.fullmatch(said):
            self._inner(command.pieces)
            self.layer.notes.add(_K.REMOTE_CODE, said, span, _C.POSSIBLE)
            self.layer.notes.hide(f"It runs the script {said[:60]}, whose contents are not in this text.")
            return
        if ("\\" in said or "/" in said) and not _FOLDER.fullmatch(said.replace("/", "\\")):
            self.layer.notes.add(_K.REMOTE_CODE, said, span, _C.POSSIBLE)
            self.layer.notes.hide(f"It runs a program from a folder of its own ({said[:60]}).")
        words = _native_words(command.pieces[1:])
        for piece in command.pieces[1:]:
            if piece.kind != "block" or name in ("powershell", "pwsh"):
                self._scripts(piece)
        call = WindowsProgramCall(
            name=name, words=tuple(words), span=span, notes=self.layer.notes, run=self._runner(command)
        )
        if name == "" or not note_program(call):
            note_unknown(said, call)

    def _runner(self, command: PowerShellCommand) -> Callable[[str, str], None]:
        def run(shell: str, text: str) -> None:
            self.layer.run(shell, text, (command.start, command.end), via=command.pieces[0].text[:40])

        return run

    def _record(self, name: str, command: PowerShellCommand) -> None:
        span = self._span(command)
        words = (name, *(("?" if piece.unknown else piece.text) for piece in command.pieces[1:]))
        self.layer.notes.start(Invocation(
            words=words, redirects=tuple(f"> {piece.text}" for piece in command.redirects), via=self.layer.via,
            where=self.layer.where, span=Span(start=span[0], end=span[1]),
        ))  # fmt: skip

    def _inner(self, pieces: Sequence[CommandPiece]) -> None:
        for piece in pieces:
            for value in piece.values:
                self._scripts(value)

    def _scripts(self, piece: CommandPiece) -> None:
        for script in piece.scripts:
            self.walk(script)

    def _span(self, command: PowerShellCommand) -> tuple[int, int]:
        return self.layer.place(command.start, command.end)


def _native_words(pieces: Sequence[CommandPiece]) -> list[str]:
    """Return the words that a program gets: pieces without a blank between them are one, lists have commas again."""
    words: list[str] = []
    end = -1
    for piece in pieces:
        text = ",".join("?" if value.unknown and value.kind != "string" else value.text for value in piece.values)
        if piece.start == end and words:
            words[-1] += text
        else:
            words.append(text)
        end = piece.end
    return words


def note_powershell_program(text: str, layer: Layer) -> None:
    """Note what `powershell.exe` does with its words, which `text` has with NUL between them."""
    words = text.split("\x00") if text else []
    place = 0
    while place < len(words):
        word = words[place].lower()
        option = word.lstrip("-/\u2013\u2014\u2015") if word[:1] in "-/\u2013\u2014\u2015" else ""
        if not option:
            break
        if "encodedcommand".startswith(option) or option == "ec":
            inner = decoded(words[place + 1]) if place + 1 < len(words) else None
            if inner is None:
                layer.notes.hide("It is given an encoded command that cannot be decoded.")
            else:
                layer.run("powershell", inner, (0, 0), via="-EncodedCommand")
            return
        if "command".startswith(option):
            place += 1
            break
        if "file".startswith(option):
            layer.notes.add(_K.REMOTE_CODE, " ".join(words[place + 1 : place + 2]), layer.place(0, 0), _C.POSSIBLE)
            layer.notes.hide("It runs a script whose contents are not in this text.")
            return
        place += (
            2 if re.match(r"ex|ep|w|v(?!er)|c[ou]|in|o|psc|configurationname|s(?!t)|wo|settingsfile", option) else 1
        )
    rest = " ".join(words[place:]).strip()
    if rest == "-" or not rest:
        if len(words) > place or not words or not any(w.lower() in ("-version", "-?", "-help", "/?") for w in words):
            layer.notes.hide("It starts another PowerShell, and reads what it runs from elsewhere.")
        return
    if rest.startswith("{") and rest.endswith("}"):
        rest = f"& {rest}"
    layer.run("powershell", rest, (0, 0), via="powershell")


def note_program_text(text: str, layer: Layer) -> None:
    """Note what a program does that is started without a shell: its name and its words with NUL between them."""
    name, *words = text.split("\x00")
    span = layer.place(0, 0)

    def run(shell: str, inner: str) -> None:
        layer.run(shell, inner, (0, 0), via=name[:40])

    call = WindowsProgramCall(name=program_name(name), words=tuple(words), span=span, notes=layer.notes, run=run)
    if not note_program(call):
        note_unknown(name, call)
        layer.notes.add(_K.REMOTE_CODE, name, span, _C.POSSIBLE)
