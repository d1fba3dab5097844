"""One command of which the program is known: its options and words told apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from opsterm.policy.effects import Certainty, EffectKind, Span
from opsterm.policy.shell.argument import UNKNOWN, Argument
from opsterm.policy.shell.notes import Notes, ShellFrame, ShellText


@dataclass(frozen=True, slots=True)
class Option:
    """An option as it was given.

    Attributes:
        name: with its dashes; a shortened one in full where its full name is known.
        word: the word it stands in.
        value: its value, None for none.
    """

    name: str
    word: Argument
    value: Argument | None = None


class ProgramCall:
    """A command with its words, and where to note what it does.

    Attributes:
        name: the program, without its folder.
        arguments: the words behind it.
        first: the word that names it.
        notes: where effects go.
        frame: where it stands.
        options: those found by `take`.
        words: the other words, found by `take`.
    """

    __slots__ = ("arguments", "first", "frame", "name", "notes", "options", "words")

    def __init__(
        self, name: str, first: Argument, arguments: Sequence[Argument], notes: Notes, frame: ShellFrame
    ) -> None:
        self.name = name
        self.first = first
        self.arguments = list(arguments)
        self.notes = notes
        self.frame = frame
        self.options: list[Option] = []
        self.words: list[Argument] = self.arguments

    @property
    def span(self) -> Span:
        """From the program to its last word."""
        last = self.arguments[-1].span if self.arguments else self.first.span
        return Span(start=self.first.span.start, end=max(last.end, self.first.span.end))

    def take(self, takes: Collection[str], *, long: Collection[str] = (), dash_long: bool = False,
             in_order: bool = False) -> None:  # fmt: skip
        """Tell options from words, as getopt_long does: permuted, clustered, shortened, `--` ends them.

        Args:
            takes: options with a value, with their dashes.
            long: further whole options, so that shortened ones are known.
            dash_long: whether a single dash begins a whole word, as with find, openssl and terraform.
            in_order: whether the first word ends the options, as with programs that start another one.
        """
        known = {name for name in (*takes, *long) if name.startswith("--")}
        self.options, self.words = [], []
        at = 0
        while at < len(self.arguments):
            word = self.arguments[at]
            text = word.text
            at += 1
            if text == "--":
                self.words.extend(self.arguments[at:])
                break
            if len(text) < 2 or text[0] != "-" or (in_order and self.words):
                self.words.append(word)
                if in_order:
                    self.words.extend(self.arguments[at:])
                    break
                continue
            if text.startswith("--") or dash_long:
                at += self._long(word, takes, known, at)
            else:
                at += self._cluster(word, takes, at)

    def _long(self, word: Argument, takes: Collection[str], known: Collection[str], at: int) -> int:
        name, equals, value = word.text.partition("=")
        if name not in known and name not in takes:
            fits = [one for one in known if one.startswith(name) and "." not in one]
            name = fits[0] if len(fits) == 1 and len(name) > 3 else name
        if equals:
            self.options.append(Option(name, word, word.part(value)))
            return 0
        if name in takes and at < len(self.arguments):
            self.options.append(Option(name, word, self.arguments[at]))
            return 1
        self.options.append(Option(name, word))
        return 0

    def _cluster(self, word: Argument, takes: Collection[str], at: int) -> int:
        text = word.text
        for index in range(1, len(text)):
            name = f"-{text[index]}"
            if name not in takes:
                self.options.append(Option(name, word))
                continue
            rest = text[index + 1 :]
            if rest:
                self.options.append(Option(name, word, word.part(rest)))
                return 0
            if at < len(self.arguments):
                self.options.append(Option(name, word, self.arguments[at]))
                return 1
            self.options.append(Option(name, word))
        return 0

    def has(self, *names: str) -> bool:
        """Return whether one of the options was given."""
        return any(option.name in names for option in self.options)

    def value(self, *names: str) -> Argument | None:
        """Return the value of the last of these options, None when none has one."""
        return next((o.value for o in reversed(self.options) if o.name in names and o.value is not None), None)

    def values(self, *names: str) -> list[Argument]:
        """Return the values of these options, in their order."""
        return [o.value for o in self.options if o.name in names and o.value is not None]

    def word(self, at: int) -> str:
        """Return the text of a word that is no option, "" when there are not as many."""
        return self.words[at].text if at < len(self.words) else ""

    def objects(self, most: int = 8) -> Sequence[Argument | str]:
        """Return the first words, or one that says nothing when there are none."""
        return self.words[:most] or [""]

    def add(self, kind: EffectKind, what: Argument | str = "", certainty: Certainty = Certainty.CERTAIN) -> None:
        """Note an effect on a word, or on something named here."""
        shown = what.shown if isinstance(what, Argument) else what
        self.notes.add(kind, shown, certainty, self.span)

    def dark(self, sentence: str) -> None:
        """Note something that cannot be followed."""
        self.notes.dark(sentence)

    def again(self, text: Argument, via: str, *, where: str | None = None) -> None:
        """Read a word as a text for the shell."""
        frame = replace(self.deeper(via, where=where), depth=self.frame.depth + 1)
        self.notes.read(ShellText(text.text.replace(UNKNOWN, "${_}"), base=text.base, span=text.span), frame)

    def start(self, arguments: Sequence[Argument], via: str, *, where: str | None = None) -> None:
        """Follow the command that the words are, the executable first."""
        self.notes.launch(arguments, self.deeper(via, where=where))

    def deeper(self, via: str, *, where: str | None = None) -> ShellFrame:
        """Return the frame of what this command starts."""
        frame = self.frame
        return ShellFrame(
            scope=frame.scope if where is None else type(frame.scope)(),
            via=(*frame.via, via) if via else frame.via,
            where=frame.where if where is None else " ".join(filter(None, (frame.where, where))),
            feed=frame.feed, depth=frame.depth, maybe=frame.maybe,
        )  # fmt: skip
