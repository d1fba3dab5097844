"""The walk over the syntax tree of a POSIX shell or Bash text (grammar: tree-sitter-bash)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind, Span
from opsterm.policy.invocation import Findings
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.launch import launch, output_of
from opsterm.policy.shell.notes import Feed, Notes, OverLimit, Scope, ShellFrame, ShellText
from opsterm.policy.shell.oddities import oddities
from opsterm.policy.shell.roughly import rough_commands
from opsterm.policy.shell.shape import NESTING_LIMIT, shape_fault, without_here_documents
from opsterm.policy.shell.spelling import arguments_of
from opsterm.policy.shell.streams import note_redirect
from opsterm.policy.shell.tree import first_fault, parse
from opsterm.policy.shell.variables import note_assignment, note_environment

if TYPE_CHECKING:
    from tree_sitter import Node

TEXT_STEPS = 20
"""What it takes to begin with a text, in steps."""

TEXTS_LIMIT = 8
"""Texts inside texts, as in bash -c "bash -c '…'"."""

ROUNDS_LIMIT = 6
"""Words of a loop that are each followed; with more of them its variable is not known."""

_BOMB = re.compile(r"(?<![\w:.])([\w:.]{1,32})\s*\(\)\s*\{[^}]{0,200}\1\s*\|\s*\1\s*&")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_SPINS = re.compile(r"\bwhile\s+(?:true|:|\[ 1 \]|\(\( *1 *\)\))\s*;\s*do\s*(?::|true)?\s*;?\s*done")
_BLOCKS = frozenset({
    "subshell", "command_substitution", "process_substitution", "compound_statement", "if_statement", "for_statement",
    "while_statement", "case_statement", "c_style_for_statement", "function_definition", "do_group",
})  # fmt: skip
_OWN_SCOPE = frozenset({"subshell", "command_substitution", "process_substitution"})
_MAYBE = frozenset({"if_statement", "for_statement", "while_statement", "case_statement", "c_style_for_statement"})
_JOB = re.compile(r"\s*(?:@\w+|(?:[\d*/,\-]+\s+){5})\s*(?:[a-z_][a-z0-9_-]*\s+(?=\S))?(.+)")
_ENDS_IN_COMMAND = frozenset({"pipeline", "list", "negated_command"})
_SILENT = frozenset({"comment", "heredoc_start", "heredoc_end", "variable_name", "file_descriptor"})


def read_shell(text: str) -> Findings:
    """Read a text for sh or bash. Never raises; what cannot be followed is opaque."""
    walk = _Walk()
    for sentence in oddities(text):
        walk.notes.dark(sentence)
    clean = text.replace("\r\n", "\n")
    whole = Span(start=0, end=len(text))
    try:
        walk.read(ShellText(clean, base=0 if len(clean) == len(text) else -1, span=whole), ShellFrame(Scope()))
    except OverLimit as limit:
        walk.notes.dark(str(limit))
        walk.notes.add(EffectKind.REMOTE_CODE, "?", Certainty.POSSIBLE, whole)
    except (RecursionError, ValueError, IndexError, KeyError, AttributeError, TypeError, OverflowError) as fault:
        walk.notes.dark(f"It could not be read to its end ({type(fault).__name__}).")
    return walk.notes.findings()


_Task = tuple["Node", ShellFrame, int, "Node | None"]


class _Walk:
    """One reading: a stack of nodes that wait, so that no text can exhaust the interpreter's own stack."""

    def __init__(self) -> None:
        self.notes = Notes(self.read, lambda words, frame: launch(words, self.notes, frame))
        self._source = ShellText("", base=0, span=Span(start=0, end=0))
        self._stack: list[_Task] = []
        self._outputs: dict[int, Feed] = {}
        self._behind: dict[int, list[Node]] = {}

    def read(self, source: ShellText, frame: ShellFrame) -> None:
        """Read a text, at any depth."""
        if frame.depth > TEXTS_LIMIT:
            raise OverLimit(f"It has more than {TEXTS_LIMIT} commands inside one another.")
        before = self._source, self._stack, self._outputs, self._behind
        self._source, self._stack, self._outputs, self._behind = source, [], {}, {}
        try:
            self._read(source, frame)
        finally:
            self._source, self._stack, self._outputs, self._behind = before

    def _read(self, source: ShellText, frame: ShellFrame) -> None:
        self.notes.spend(len(source.text) // 64 + TEXT_STEPS)
        bare = _QUOTED.sub("''", without_here_documents(source.text))
        if _BOMB.search(bare) or _SPINS.search(bare):
            self.notes.add(EffectKind.DOS, "", Certainty.CERTAIN, source.span(0, len(source.text)))
        fault = shape_fault(source.text)
        if fault:
            raise OverLimit(fault)
        tree = parse(source.text)
        error = first_fault(tree.root_node)
        if error is not None:
            self._note_bomb(_QUOTED.sub("", source.text), source.span(0, len(source.text)))
            around = source.text[error.start_byte : error.start_byte + 24].split("\n")[0]
            self.notes.dark(f"Its syntax could not be followed{f' at {around!r}' if around.strip() else ''}.")
            for words in rough_commands(source):
                self.notes.launch(words, replace(frame, maybe=True))
        self._stack.append((tree.root_node, frame, 0, None))
        while self._stack:
            node, where, nesting, before = self._stack.pop()
            self.notes.spend()
            if node.type in _SILENT:
                continue
            if before is not None:
                where = replace(where, feed=self._output(before, where))
            if node.type in _BLOCKS:
                nesting += 1
                if nesting > NESTING_LIMIT:
                    raise OverLimit(f"It is nested deeper than {NESTING_LIMIT}.")
            visit = _VISITS.get(node.type)
            if visit is None:
                self.push(node, where, nesting)
            else:
                visit(self, node, where, nesting)

    def push(self, node: Node, frame: ShellFrame, nesting: int) -> None:
        """Let the children of a node be looked at next, in their order."""
        if node.type in _OWN_SCOPE:
            frame = replace(frame, scope=frame.scope.copy())
        if node.type in _MAYBE:
            frame = replace(frame, maybe=True)
        self._stack.extend((child, frame, nesting, None) for child in reversed(node.named_children))

    def pipeline(self, node: Node, frame: ShellFrame, nesting: int) -> None:
        """Let each command of a pipe know what is before it."""
        stages = [child for child in node.named_children if child.type != "comment"]
        pairs = list(zip(stages, [None, *stages], strict=False))
        self._stack.extend((stage, frame, nesting, before) for stage, before in reversed(pairs))

    def redirected(self, node: Node, frame: ShellFrame, nesting: int) -> None:
        """Note where the streams go, and let what stands before them know what it reads."""
        body = node.child_by_field_name("body")
        feed, streams, rest = frame.feed, [], []
        behind: list[Node] = []
        waiting = [child for child in node.named_children if body is None or child.id != body.id]
        while waiting:
            child = waiting.pop(0)
            self.notes.spend()
            if child.type == "heredoc_redirect":
                feed = self._here(child)
                behind += child.children_by_field_name("argument")
                waiting[:0] = [one for one in child.named_children if one.type == "file_redirect"]
                rest += [one for one in child.named_children if one.type not in ("heredoc_start", "heredoc_end")]
            elif child.type == "file_redirect":
                found = note_redirect(child, self._source, self.notes, frame, empties=self._says_nothing(body))
                streams.append(self._source.text[child.start_byte : child.end_byte])
                behind += child.children_by_field_name("destination")[1:]
                feed = found or feed
                rest.append(child)
            elif child.type == "herestring_redirect":
                feed = self._here_string(child, frame) or feed
                rest.append(child)
        before = self.notes.streams
        self.notes.streams = tuple(streams)
        piped = {"pipeline", "command", "list"}
        for child in reversed(rest):
            if child.type in piped and body is not None:
                self._stack.append((child, frame, nesting, body))
            elif child.type != "file_redirect" or child.named_child_count:
                self._stack.extend((one, frame, nesting, None) for one in reversed(child.named_children))
        if body is not None:
            inner = replace(frame, feed=feed)
            if behind:
                self._leave_behind(body, behind)
            if body.type == "command":
                self.command(body, inner, nesting)
            else:
                self._stack.append((body, inner, nesting, None))
        self.notes.streams = before
        if body is not None and (said := self._outputs.get(body.id)) and any("cron" in stream for stream in streams):
            self._jobs(said, frame)

    def _leave_behind(self, body: Node, behind: list[Node]) -> None:
        """Keep words for the command that they are of: the last of what the grammar puts before the redirection."""
        last: Node | None = body
        while last is not None and last.type != "command":
            last = last.named_children[-1] if last.type in _ENDS_IN_COMMAND and last.named_children else None
        if last is None:
            self.notes.dark("Words behind a redirection could not be followed.")
        else:
            self._behind[last.id] = behind

    def _jobs(self, said: Feed, frame: ShellFrame) -> None:
        """Read the commands of a text that becomes a table of cron; what they do is done later, and again."""
        for line in said.text.splitlines():
            job = _JOB.match(line)
            if job:
                self.read(ShellText(job[1], base=-1, span=said.span), replace(frame, depth=frame.depth + 1))

    def _says_nothing(self, body: Node | None) -> bool:
        if body is None:
            return True
        text = self._source.text[body.start_byte : body.end_byte].strip()
        return text in (":", "true", "cat /dev/null", "echo", "echo -n", "echo ''", 'echo ""', "printf ''", 'printf ""')

    def _here(self, node: Node) -> Feed:
        """Return the text of a here-document; what is expanded in it is followed where it stands."""
        bodies = [child for child in node.children if child.type in ("heredoc_body", "heredoc_end")]
        ends = [child for child in bodies if child.type == "heredoc_end"]
        start = self._source.text.find("\n", node.start_byte) + 1
        end = ends[-1].start_byte if ends else node.end_byte
        text = self._source.text[start:end]
        head = self._source.text[node.start_byte : node.start_byte + 3]
        base = self._source.base(start)
        if head == "<<-":
            text, base = re.sub(r"(?m)^\t+", "", text), -1
        return Feed("text", self._source.span(start, end), text, base)

    def _here_string(self, node: Node, frame: ShellFrame) -> Feed | None:
        for child in node.named_children:
            words = arguments_of(child, self._source, frame.scope)
            if words:
                text = " ".join(word.text for word in words)
                return Feed("text", words[0].span, text, words[0].base if len(words) == 1 else -1)
        return None

    def command(self, node: Node, frame: ShellFrame, nesting: int) -> None:
        """Take a simple command apart and follow it; what is substituted in its words is followed as well.

        The grammar takes words behind a redirection for further files: `kubectl < list delete ns prod`. They are
        words of the command all the same, and were left behind.
        """
        words: list[Argument] = []
        names: list[str] = []
        streams: list[str] = []
        inside: list[Node] = []
        for child in (*node.children, *self._behind.pop(node.id, ())):
            self.notes.spend()
            kind = child.type
            if kind == "variable_assignment" and not words:
                names += note_environment(child, self._source, self.notes, frame)
            elif kind == "file_redirect":
                found = note_redirect(child, self._source, self.notes, frame, empties=False)
                streams.append(self._source.text[child.start_byte : child.end_byte])
                frame = replace(frame, feed=found) if found else frame
            elif kind == "herestring_redirect":
                frame = replace(frame, feed=self._here_string(child, frame))
            else:
                words += arguments_of(child, self._source, frame.scope)
            if child.named_child_count:
                inside.append(child)
        self._stack.extend((child, frame, nesting, None) for child in reversed(inside))
        if not words:
            return
        before = self.notes.streams, self.notes.environment
        self.notes.streams, self.notes.environment = (*self.notes.streams, *streams), tuple(names)
        self.notes.launch(words, frame)
        self.notes.streams, self.notes.environment = before
        self._outputs[node.id] = output_of(words, frame)

    def _output(self, node: Node, frame: ShellFrame) -> Feed:
        """Return what a command before a pipe prints."""
        span = self._source.span(node.start_byte, node.end_byte)
        inner: Node | None = node
        while inner is not None and inner.id not in self._outputs:
            if inner.type == "redirected_statement":
                inner = inner.child_by_field_name("body")
            elif inner.type in (*_ENDS_IN_COMMAND, "subshell", "compound_statement"):
                inner = inner.named_children[-1] if inner.named_children else None
            else:
                inner = None
        return self._outputs[inner.id] if inner is not None else Feed("unknown", span)

    def assignment(self, node: Node, frame: ShellFrame, nesting: int) -> None:
        """Remember what a variable is."""
        note_assignment(node, self._source, self.notes, frame)
        self.push(node, frame, nesting)

    def function(self, node: Node, frame: ShellFrame, nesting: int) -> None:
        """Remember a name that now means something else; its body is followed as if it ran here."""
        name = node.child_by_field_name("name")
        self._note_bomb(
            self._source.text[node.start_byte : node.end_byte], self._source.span(node.start_byte, node.end_byte)
        )
        if name is not None:
            frame.scope.aliases[self._source.text[name.start_byte : name.end_byte]] = ""
        self.push(node, frame, nesting)

    def _note_bomb(self, text: str, span: Span) -> None:
        """Note a function that starts itself twice and does not wait: it fills the table of processes."""
        if _BOMB.search(text):
            self.notes.add(EffectKind.DOS, "processes", Certainty.CERTAIN, span)
            self.notes.add(EffectKind.LOCKOUT, "processes", Certainty.POSSIBLE, span)

    def loop(self, node: Node, frame: ShellFrame, nesting: int) -> None:
        """Follow the body of a loop once for each of a few words that stand there, else with a variable not known."""
        name, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        if name is None or body is None:
            self.push(node, frame, nesting)
            return
        variable = self._source.text[name.start_byte : name.end_byte]
        values = node.children_by_field_name("value")
        words = [word for one in values for word in arguments_of(one, self._source, frame.scope)]
        if not 0 < len(words) <= ROUNDS_LIMIT or any(word.glob or not word.known for word in words):
            frame.scope.variables[variable] = None
            self.push(node, frame, nesting)
            return
        scopes = [*(frame.scope.copy() for _ in words[1:]), frame.scope]
        for scope, word in zip(scopes, words, strict=True):
            scope.variables[variable] = word.text
        rounds = [(body, replace(frame, scope=scope, maybe=True), nesting, None) for scope in scopes]
        self._stack.extend(reversed(rounds))
        self._stack.extend((one, frame, nesting, None) for one in reversed(values))


_Visit = Callable[[_Walk, "Node", ShellFrame, int], None]
_VISITS: dict[str, _Visit] = {
    "pipeline": _Walk.pipeline,
    "redirected_statement": _Walk.redirected,
    "command": _Walk.command,
    "variable_assignment": _Walk.assignment,
    "declaration_command": _Walk.assignment,
    "unset_command": _Walk.assignment,
    "function_definition": _Walk.function,
    "for_statement": _Walk.loop,
}
