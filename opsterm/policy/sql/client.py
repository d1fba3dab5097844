r"""Lines that the client of a database carries out itself: `\!` of psql, `.shell` of sqlite3, `host` of sqlplus."""

from __future__ import annotations

from opsterm.core import lean_re as re
from opsterm.policy.effect_notes import EffectNotes
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.sql.tokens import SqlToken
from opsterm.policy.word_set import word_set

_WORD = re.compile(r"\\(?:[A-Za-z_]+\+?|.)|[.:]?(?:[A-Za-z_]+|!!)|@@?|!")

_READS = word_set(r"""
\a \c \C \conninfo \crosstabview \d \echo \encoding \errverbose \f \gdesc \gx \h \help \H \l \p \print \pset \q \qecho
\r \reset \sf \sv \s \t \T \timing \unset \warn \watch \x \z \? \; \u \W \w_ \N \k
.bail .cd .changes .databases .dbinfo .dbconfig .dump .echo .eqp .exit .explain .expert .fullschema .headers .header
.help .indexes .indices .limit .lint .mode .nullvalue .open .parameter .print .progress .prompt .quit .schema
.separator .sha3sum .show .stats .tables .timeout .timer .trace .vfsinfo .vfslist .width .version
:setvar :quit :exit :reset :list :listvar :help :serverlist :xml :connect :on :error
delimiter nopager notee
""")  # fmt: skip

_DESCRIBES = re.compile(r"\\(?:d[A-Za-z]*|l|z|s[fv])[+S]*")
_RUNS = word_set(r"\! .shell .system :!! !! ! host ho system \e \edit \ef \ev :ed .load .excel edit")
_PIPES = word_set(r"pager \P \o \out \g \w \write .output .once \g .log tee :out :perftrace spool \setenv")
_SCRIPTS = word_set(r"\i \include \ir \include_relative \. source .read :r @ @@ start sta \gexec \if \gset")
_WRITES = word_set(r".backup .save .clone .archive .ar .session .recover")
_COPY = re.compile(r"\b(?P<way>to|from)\s+(?P<what>program|stdout|stdin|pstdout|pstdin|'[^']*'|\S+)", re.IGNORECASE)


def read_client_line(token: SqlToken, offset: int, found: EffectNotes) -> None:
    """Note what a line for the client does; one that is not known is opaque."""
    line = token.text.strip()
    match = _WORD.match(line)
    word = match[0].rstrip("+") if match else line
    word = word if word.startswith("\\") else word.lower()
    rest = line[match.end() :].strip() if match else ""
    span = (offset + token.start, offset + token.end)
    if word == "\\copy":
        _copy(rest, span, found)
    elif "`" in rest or (word in _PIPES and rest.startswith("|")) or word in ("pager", "\\P") or word in _RUNS:
        found.add(EffectKind.REMOTE_CODE, rest, span)
        found.hide(f"{word} hands a command to the shell of the host where the client runs.")
    elif word in _SCRIPTS:
        found.hide(f"{word} runs statements that are not in this text.")
    elif word in _PIPES:
        found.add(EffectKind.WRITE_FILE if rest else EffectKind.READ, rest, span)
    elif word in _WRITES:
        found.add(EffectKind.WRITE_FILE, rest, span, Certainty.LIKELY)
    elif word in (".import", "\\lo_import"):
        found.add(EffectKind.DB_WRITE, rest, span)
    elif word in (".restore", "\\lo_unlink"):
        found.add(EffectKind.DATA_LOSS, rest, span)
    elif word == "\\lo_export":
        found.add(EffectKind.WRITE_FILE, rest, span)
    elif word == "\\password":
        found.add(EffectKind.USER, rest, span)
    elif word in _READS or word in ("\\set", "\\connect", "\\prompt") or _DESCRIBES.fullmatch(word):
        found.add(EffectKind.READ, rest, span)
    else:
        found.hide(f"{word} is no line of a database client that is known here.")


def _copy(rest: str, span: tuple[int, int], found: EffectNotes) -> None:
    match = _COPY.search(rest)
    if not match:
        found.hide("A \\copy that is not understood.")
        return
    what = match["what"].strip("'")
    if what.lower() == "program":
        found.add(EffectKind.REMOTE_CODE, rest[match.end() :].strip(), span)
    elif match["way"].lower() == "from":
        found.add(EffectKind.DB_WRITE, rest[: match.start()].strip(), span)
    elif what.lower() in ("stdout", "pstdout"):
        found.add(EffectKind.READ, rest[: match.start()].strip(), span)
    else:
        found.add(EffectKind.WRITE_FILE, what, span)
