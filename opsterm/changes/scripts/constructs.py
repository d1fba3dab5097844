"""What the constructs of Bash, PowerShell and Python do, by how a line looks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from opsterm.changes.scripts.task import Language

Construct = tuple[re.Pattern[str], str]
"""How a line looks, and what it does; `\\1` stands for the first group."""


def _rows(*rows: tuple[str, str]) -> Sequence[Construct]:
    return [(re.compile(shape), words) for shape, words in rows]


COMMENTS: Mapping[Language, tuple[str, ...]] = {
    Language.BASH: ("#",), Language.POWERSHELL: ("#", "<#"), Language.PYTHON: ("#",),
}  # fmt: skip

_BASH = _rows(
    (r"^set -[a-zA-Z]*e[a-zA-Z]*\b.*pipefail", "stop at the first command that fails, also within a pipe"),
    (r"^set -[a-zA-Z]*e\b", "stop at the first command that fails"),
    (r"^set -[a-zA-Z]*u", "a variable that was never set is an error"),
    (r"^trap .* ERR$", "when a command fails, end at once"),
    (r"^trap .* (?:EXIT|INT|TERM)", "when the script ends, tidy up"),
    (r"^(?:export )?LC_ALL=C|^export LC_ALL", "let programs answer in one language, so that their output can be read"),
    (r"^(?:local |readonly |export |declare (?:-\w+ )?)?([A-Za-z_]\w*)=\$\(", r"keep what a command prints as \1"),
    (r"^(?:local |readonly |declare (?:-\w+ )?)?([A-Za-z_]\w*)\+?=", r"set \1"),
    (r"^(?:local|declare)\b(?!.*=)", "name variables of this function"),
    (r"^export ([A-Za-z_]\w*)$", r"hand \1 on to the programs that are started"),
    (r"^case ", "choose by what a text looks like"),
    (r"^(?:\"\"|[-\w*?|.\"$ ]+)\)(?:\s|$)", "for such a text"),
    (r"^esac", "end of the choice"),
    (r"^if ", "only if this holds"),
    (r"^elif ", "or else, if this holds"),
    (r"^else\b", "otherwise"),
    (r"^fi\b", "end of what is done only if"),
    (r"^for ([A-Za-z_]\w*) in ", r"once for each, named \1"),
    (r"^while (?:IFS=\S* )?read ", "once for each line that comes"),
    (r"^while ", "again and again, as long as this holds"),
    (r"^until ", "again and again, until this holds"),
    (r"^done < <\(", "end of the repetition; its lines are what a command prints"),
    (r"^done <<< ", "end of the repetition; its lines are a text at hand"),
    (r"^done\b(?! <)", "end of the repetition"),
    (r"^break\b|\|\| break\b", "leave the repetition"),
    (r"\bcontinue\b", "go on with the next"),
    (r"^([A-Za-z_]\w*)\(\) \{|^function ([A-Za-z_]\w*)", r"a function of its own, named \1"),
    (r"^[})]+;?$", "end of a group"),
    (r"^\{$", "begin of a group"),
    (r"\bexit 0$", "end well"),
    (r"\bexit ([1-9]\d*)", r"end with \1"),
    (r"\bexit \"?\$", "end with what was found"),
    (r"\[\[? .*=~ ", "compare with a pattern"),
    (r"\[\[? .*-[dfer] ", "look whether it is there"),
    (r"\$\(\(", "calculate"),
    (r"(?<!\d)2?>\s*/dev/null", "throw away what it prints there"),
    (r">&2", "print it as talk, not as data"),
    (r"(?<![|&])\|(?![|&])", "hand what comes on to the next program"),
    (r"\|\| true$", "and do not mind if it fails"),
    (r"\\$", "goes on in the next line"),
)
_POWERSHELL = _rows(
    (r"^param\(", "what it can be called with"),
    (r"^\$ErrorActionPreference\s*=\s*'Stop'", "stop at the first error"),
    (r"^trap \{", "when anything fails, say so and end"),
    (r"^\$(\w+)\s*[-+]?=", r"set \1"),
    (r"^\$(\w+)\+\+", r"count \1 up"),
    (r"^function ([\w-]+)", r"a function of its own, named \1"),
    (r"^foreach \(\s*\$(\w+) in ", r"once for each, named \1"),
    (r"^(?:while|do)\b", "again and again"),
    (r"^if \(", "only if this holds"),
    (r"^\}?\s*elseif \(", "or else, if this holds"),
    (r"^\}?\s*else\b", "otherwise"),
    (r"^try\b", "try this"),
    (r"catch\b", "when that failed"),
    (r"finally\b", "in any case afterwards"),
    (r"^switch\b", "choose by a value"),
    (r"Stopwatch\]::StartNew", "begin to measure the time"),
    (r"\$clock\.Elapsed", "look how much time has gone by"),
    (r"\[Console\]::Error", "print it as talk, not as data"),
    (r"\[math\]::", "calculate"),
    (r"\[(?:datetime|System\.DateTime|timespan)\]", "handle times"),
    (r"\bexit 0\b", "end well"),
    (r"\bexit ([1-9]\d*)", r"end with \1"),
    (r"\bexit \$", "end with what was found"),
    (r"^['\"]|^\(\"|' -f |\" -f ", "print a line"),
    (r"^\$\w+(?:\.\w+)*$", "print a value"),
    (r"\|\s*$", "hand what comes on to the next command"),
    (r"^[})]+$", "end of a group"),
    (r"\bcontinue\b", "go on with the next"),
    (r"\bbreak\b", "leave the repetition"),
    (r"\breturn\b", "leave the function"),
    (r"\[pscustomobject\]", "make a row with named columns"),
)
_PYTHON = _rows(
    (r"^#!", "which program runs it"),
    (r"^import (.+)", r"use the module \1"),
    (r"^from (\S+) import (.+)", r"use \2 of the module \1"),
    (r"^def (\w+)", r"a function of its own, named \1"),
    (r"^class (\w+)", r"a class of its own, named \1"),
    (r"^(\w+)(?:\[[^\]]*\])?(?:: [\w\[\], |]+)? [-+*/|]?= ", r"set \1"),
    (r"^([\w]+(?:, \w+)+) = ", r"set \1"),
    (r"^if __name__ ==", "when it is run, and not only loaded"),
    (r"^if ", "only if this holds"),
    (r"^elif ", "or else, if this holds"),
    (r"^else:", "otherwise"),
    (r"^for (.+?) in ", r"once for each, named \1"),
    (r"^while ", "again and again, as long as this holds"),
    (r"^with ", "and close it afterwards"),
    (r"^try:", "try this"),
    (r"^except\b", "when that failed"),
    (r"^finally:", "in any case afterwards"),
    (r"^return\b", "leave the function with a result"),
    (r"^continue\b", "go on with the next"),
    (r"^break\b", "leave the repetition"),
    (r"^pass\b", "do nothing"),
    (r"^raise\b", "end with an error"),
    (r"^[)\]}]+,?$", "end of a group"),
    (r"\bfile=sys\.stderr", "print it as talk, not as data"),
    (r"\bsys\.argv\b", "what it was called with"),
    (r"\bwatch\.\w+", "the watch over the time"),
)
CONSTRUCTS: Mapping[Language, Sequence[Construct]] = {
    Language.BASH: _BASH, Language.POWERSHELL: _POWERSHELL, Language.PYTHON: _PYTHON,
}  # fmt: skip
