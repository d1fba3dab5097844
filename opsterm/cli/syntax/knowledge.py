"""Arguments of the verbs about what is known."""

from __future__ import annotations

from opsterm.cli.syntax.fixes import add_fixes
from opsterm.cli.syntax.parser import Parser, Verbs, add_verb, number
from opsterm.knowledge.card import CardKind, CardSystem

_ABOUT_SEARCH = """\
Finds cards by words, by how they look, and by error texts that fit. When none
is sure enough it says so and names none. With - each line of standard input is
a question, or an object {"text": ...}; for each an object is printed, in the
same order."""

_ABOUT_ADD = """\
FILE is TOML with [[solution]], [[concept]] or [[runbook]] tables; `knowledge
show ID --toml` prints one to go by. Secrets are masked before it is kept,
checks must only read, and each error pattern must fit its own example."""

_ABOUT_EDIT = """\
FILE is the whole card, with the same id. One that ships is hidden by yours, and
is back when yours is removed."""

_ABOUT_EMBEDDER = """\
Texts are found by what they mean once something makes vectors of them: a model
server's embedding model goes first, then a folder of yours with model.onnx and
tokenizer.json (of the MiniLM class), then hashed runs of letters, which need
nothing. Without SOURCE it says which of them answer. A folder is tried and set
as it is. An archive (.zip, .whl, .tar), an https URL of one, or a URL of a
folder with a slash at its end is fetched into the data folder, and shown with
size and SHA-256; with --yes it is unpacked, tried and set in
knowledge.embedder. Proxies of the environment are used, and what broke off is
gone on with. Nothing is ever fetched otherwise."""


def add_knowledge(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about what is known."""
    group = verbs.add_parser("knowledge", help="cards of faults, concepts and runbooks: find, show, write")
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    below = "knowledge"
    one = add_verb(actions, data, "search", "find what is known of a symptom", about=_ABOUT_SEARCH, below=below)
    one.add_argument("words", nargs="+", metavar="TEXT", help="a symptom, a question, an error; or -")
    one.add_argument("--limit", type=number(1, 100), default=5, metavar="N", help="most cards; 5")
    one.add_argument("--kind", choices=[*CardKind], default="", help="only such cards")
    one.add_argument("--system", choices=[*CardSystem], default="", help="only cards for such systems")
    one = add_verb(actions, data, "show", "print one card", below=below)
    one.add_argument("id", metavar="ID", help="as in disk-full")
    one.add_argument("--toml", action="store_true", help="as it is written, to write another by")
    add_verb(actions, data, "stats", "count what is known", below=below)
    one = add_verb(actions, data, "add", "keep cards of this site", about=_ABOUT_ADD, below=below)
    one.add_argument("file", metavar="FILE", help="a TOML file, or - for standard input")
    one = add_verb(actions, data, "edit", "put another text in the place of a card", about=_ABOUT_EDIT, below=below)
    one.add_argument("id", metavar="ID", help="as in disk-full")
    one.add_argument("file", metavar="FILE", help="a TOML file, or - for standard input")
    one = add_verb(actions, data, "remove", "remove a card of this site", below=below)
    one.add_argument("id", metavar="ID", help="as in our-proxy-502")
    one = add_verb(actions, data, "export", "print cards as TOML, or as objects with --json", below=below)
    one.add_argument("--own", action="store_true", help="only those of this site")
    add_fixes(actions, data)
    add_verb(actions, data, "reindex", "make the indexes over cards and collections anew", below=below)
    one = add_verb(actions, data, "embedder", "say, or set, what makes vectors", about=_ABOUT_EMBEDDER, below=below)
    one.add_argument("source", nargs="?", default="", metavar="SOURCE", help="folder, archive or URL; or off")
    one.add_argument("--sha256", default="", metavar="HEX", help="of the archive, or of a folder's model.onnx")
    one.add_argument("--yes", action="store_true", help="use what was fetched; otherwise it is only shown")
