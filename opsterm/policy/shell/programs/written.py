"""Programs that are written down as lines of text: their names, and what their words and options do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from opsterm.policy.shell.programs.calling import Deed, Verbs, by_option, fixed
from opsterm.policy.shell.programs.spoken import shows


@dataclass(slots=True)
class _Block:
    """The lines about one or more programs."""

    names: list[str]
    takes: list[str] = field(default_factory=list)
    dry: str = ""
    tried: str = ""
    else_: str = ""
    alone: str = ""
    dash_long: bool = False
    dashed: bool = False
    verbs: list[str] = field(default_factory=list)
    options: list[tuple[str, list[str]]] = field(default_factory=list)
    patterns: list[tuple[str, str]] = field(default_factory=list)

    def put(self, key: str, value: str) -> None:
        """Take in one line."""
        if key == "takes":
            self.takes += value.split()
        elif key == "trial":
            self.dry = value
        elif key == "tried":
            self.tried = value
        elif key == "else":
            self.else_ = value
        elif key == "alone":
            self.alone = value
        elif key == "dash":
            self.dash_long, self.dashed = value == "long", value == "verb"
        elif value.startswith("/"):
            self.patterns.append((value[1:-1], key))
        elif value.startswith("-"):
            self.options.append((key, value.split()))
            if key == "write":
                self.takes += value.split()
        else:
            self.verbs.append(f"{key}: {value}")

    def deed(self) -> Deed:
        """Return what the programs do."""
        takes = " ".join(self.takes)
        acts = " ".join(f"{name}={spec}" for spec, names in self.options for name in names)
        if self.verbs or self.patterns or self.alone:
            return Verbs(table="\n".join(self.verbs), takes=takes, dry=self.dry, tried=self.tried, acts=acts, dash_long=self.dash_long,
                         pattern=tuple(self.patterns), else_=self.else_ or "dark", alone=self.alone, dashed=self.dashed)  # fmt: skip
        if self.options:
            table = "\n".join(f"{spec}: {' '.join(names)}" for spec, names in self.options)
            return by_option(table, takes, else_=self.else_ or "read", dash_long=self.dash_long, dry=self.dry)
        if self.else_ == "read":
            return shows(takes, dash_long=self.dash_long)
        return fixed(self.else_ or "dark", takes, dry=self.dry)


def programs_of(text: str) -> Mapping[str, Deed]:
    """Return the programs of a table.

    A line at the margin names programs. `name name: effects` says at once what they do to each of their words; of
    `read` an option can still make more. Without a colon the lines further in say it, each `what: words`:

    | line | meaning |
    | --- | --- |
    | `effects: list show/all` | verbs, a slash between words that follow one another |
    | `effects: -x --long` | options; with verbs they act beside them, without verbs the first such line counts, one of `read` when no other does |
    | `effects: /^(?:get|show)/` | an expression over the words, tried when no verb fits |
    | `else: effects` | any other words; "dark" with verbs, "read" with options alone, when it is not said |
    | `alone: effects` | no words at all; when it is not said "read", or the start of a server |
    | `takes: -a --bare` | options with a value; those of a line `write:` are such by themselves |
    | `trial: -n` | options with which nothing is changed |
    | `tried: install` | the verbs of which that is so; all that can be followed, when it is not said |
    | `dash: long` | a single dash begins a whole word |
    | `dash: verb` | a dash begins a verb: each word counts as one, none as an option |

    Effects are as in `outcomes`, with "dark" and "write" as in `note`.
    """
    return {name: deed for block in _blocks(text) for deed in (block.deed(),) for name in block.names}


def _blocks(text: str) -> Iterator[_Block]:
    block: _Block | None = None
    for line in text.strip("\n").splitlines():
        key, _, value = line.strip().partition(": ")
        if not line.strip():
            continue
        if line[0].isspace() and block is not None:
            block.put(key, value.strip())
            continue
        if block is not None:
            yield block
        block = _Block(key.split())
        if value:
            block.else_ = value.strip()
    if block is not None:
        yield block
