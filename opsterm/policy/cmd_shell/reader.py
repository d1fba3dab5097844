"""A text for cmd.exe read: what each of its commands does."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opsterm.policy.cmd_shell.builtins import BUILTINS, HARMLESS
from opsterm.policy.cmd_shell.tokens import CmdToken, CmdTokens
from opsterm.policy.effects import Certainty, EffectKind, Span
from opsterm.policy.invocation import Invocation
from opsterm.policy.layer import LONGEST, Layer
from opsterm.policy.win32.places import write_path
from opsterm.policy.win32.program_forms import note_program
from opsterm.policy.win32.programs import WindowsProgramCall, note_unknown, program_name

_K, _C = EffectKind, Certainty
_DEEPEST = 64
_SCRIPT = re.compile(r".*\.(?:bat|cmd|ps1|vbs|js|hta|wsf|py)", re.IGNORECASE)
_COMPARES = frozenset({"equ", "neq", "lss", "leq", "gtr", "geq", "=="})
_STUCK = re.compile(
    r"(del|erase|rd|rmdir|copy|move|ren|type|dir|cd|echo|md|set|chdir|mkdir|format|shutdown)([/.\\:].*)", re.IGNORECASE
)
_OWN_FOLDER = re.compile(
    r"(?:[a-z]:|%systemdrive%)?\\windows\\.*|%(?:windir|systemroot)%.*|%programfiles%.*|[a-z]:\\program files.*"
    r"|%comspec%",
    re.IGNORECASE,
)


def note_cmd(text: str, layer: Layer) -> None:
    """Note what a text for cmd.exe does. Never raises; what is not understood is opaque."""
    if len(text) > LONGEST:
        layer.unread(f"It is longer than {LONGEST} characters.", len(text))
        return
    lexed = CmdTokens(text)
    for sentence in lexed.opaque:
        layer.notes.hide(sentence)
    _Reading(layer).read(lexed.tokens)


class _Reading:
    """One pass over the commands of a text."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._in_set = ""

    def read(self, tokens: Sequence[CmdToken]) -> None:
        """Read the commands between the operators."""
        words: list[CmdToken] = []
        depth = 0
        for token in (*tokens, CmdToken("operator", "\n", 0, 0)):
            if token.kind == "redirect":
                write_path(token.text, self._layer.notes, self._layer.place(token.start, token.end))
            elif token.kind == "word":
                words.append(token)
            elif token.kind == "operator":
                depth += {"(": 1, ")": -1}.get(token.text, 0)
                self._command(words)
                words = []
                if token.text == ")":
                    self._in_set = ""
            if depth > _DEEPEST:
                self._layer.notes.hide(f"It has brackets nested deeper than {_DEEPEST}.")
                return

    def _command(self, words: Sequence[CmdToken]) -> None:
        if self._in_set:
            self._set_of_for(words)
            return
        words = self._without_control(list(words))
        if not words:
            return
        span = self._layer.place(words[0].start, words[-1].end)
        self._layer.notes.start(Invocation(
            words=tuple(word.text for word in words), via=self._layer.via, where=self._layer.where,
            span=Span(start=span[0], end=span[1]),
        ))  # fmt: skip
        self._start(words[0].text, [word.text for word in words[1:]], words, span)

    def _without_control(self, words: list[CmdToken]) -> list[CmdToken]:
        """Take away `@`, `if …`, `for …`, `do`, `else`, `call`, and comments."""
        while words:
            first = words[0].text.lstrip("@").lower()
            if first == "rem" or first.startswith(":") or (first == "call" and words[1:2] and words[1].text[:1] == ":"):
                self._layer.notes.add(_K.READ, "", self._layer.place(words[0].start, words[-1].end))
                return []
            if first in ("do", "else", "call"):
                words = words[1:]
            elif first == "if":
                words = self._behind_condition(words[1:])
            elif first == "for":
                return self._for(words)
            else:
                if words[0].text.startswith("@"):
                    words[0] = CmdToken("word", words[0].text.lstrip("@"), words[0].start, words[0].end)
                return words
        return []

    def _behind_condition(self, words: list[CmdToken]) -> list[CmdToken]:
        while words and words[0].text.lower() in ("/i", "not"):
            words = words[1:]
        texts = [word.text.lower() for word in words]
        if texts[:1] and texts[0] in ("exist", "defined", "errorlevel", "cmdextversion"):
            return words[2:]
        if len(texts) > 2 and (texts[1] in _COMPARES):
            return words[3:]
        if texts and "==" in texts[0]:
            stands_alone = texts[0].endswith("==") and words[0].end - words[0].start == len(words[0].text)
            return words[2:] if stands_alone else words[1:]
        self._layer.notes.hide("The condition of an if is not understood.")
        return words[1:]

    def _for(self, words: list[CmdToken]) -> list[CmdToken]:
        texts = [word.text.lower() for word in words]
        if texts[-1] == "in":
            self._in_set = "command" if "/f" in texts else "words"
            return []
        if "do" in texts:
            return words[texts.index("do") + 1 :]
        self._layer.notes.hide("A for is not understood.")
        return []

    def _set_of_for(self, words: Sequence[CmdToken]) -> None:
        if self._in_set != "command" or not words:
            return
        text = " ".join(word.text for word in words)
        if text[:1] in ("'", "`"):
            self._layer.run("cmd", text.strip("'`"), (words[0].start, words[-1].end), via="for /f")

    def _start(self, name: str, words: list[str], tokens: Sequence[CmdToken], span: tuple[int, int]) -> None:
        stuck = _STUCK.fullmatch(name)
        if stuck and not _SCRIPT.fullmatch(name) and not re.match(r"[a-z]:\\", name, re.IGNORECASE):
            name, words = stuck[1], [*re.findall(r"/[^/]+|[^/]+", stuck[2]), *words]
        layer = self._layer
        if "?" in name and program_name(name).strip("?") != program_name(name):
            layer.notes.add(_K.REMOTE_CODE, "?", span, _C.POSSIBLE)
            layer.notes.hide("The command that is run is known only when it runs.")
            return

        def run(shell: str, text: str) -> None:
            layer.run(shell, text, (tokens[0].start, tokens[-1].end), via=name[:40])

        plain = program_name(name)
        plain = "cmd" if plain == "%comspec%" else plain
        call = WindowsProgramCall(name=plain, words=tuple(words), span=span, notes=layer.notes, run=run)
        if plain == "start":
            self._start_another(call)
        elif plain in BUILTINS and "/?" in words:
            layer.notes.add(_K.READ, plain, span)
        elif plain in BUILTINS:
            BUILTINS[plain](call)
        elif plain in HARMLESS or plain.startswith("echo"):
            layer.notes.add(_K.READ, "", span)
        elif _SCRIPT.fullmatch(name):
            layer.notes.add(_K.REMOTE_CODE, name, span, _C.POSSIBLE)
            layer.notes.hide(f"It runs the script {name[:60]}, whose contents are not in this text.")
        else:
            if "\\" in name and not _OWN_FOLDER.fullmatch(name):
                layer.notes.add(_K.REMOTE_CODE, name, span, _C.POSSIBLE)
                layer.notes.hide(f"It runs a program from a folder of its own ({name[:60]}).")
            if not note_program(call):
                note_unknown(name, call)

    def _start_another(self, call: WindowsProgramCall) -> None:
        words = list(call.words)
        while words and words[0].startswith("/"):
            takes = words[0].lower() in ("/d", "/node", "/affinity")
            words = words[2 if takes else 1 :]
        if words and (words[0] == "" or (" " in words[0] and len(words) > 1)):
            words = words[1:]
            while words and words[0].startswith("/"):
                words = words[1:]
        if not words:
            call.note(_K.READ, "")
            return
        own = program_name(words[0]) in (*BUILTINS, *HARMLESS, "call", "if", "for") or _STUCK.fullmatch(words[0])
        if own:
            call.run("cmd", " ".join(words))
        else:
            call.run("program", "\x00".join(words))
