"""Arguments of the verbs about conversations."""

from __future__ import annotations

from opsterm.cli.syntax.parser import Parser, Verbs, add_verb, number

_ABOUT = """\
Conversations of the chat are kept for `chat.keep_d` days after the last
question, without secrets; those of other accounts are not seen."""

_WHICH = "number of a conversation, as `chat list` shows it; the newest"
_ANY = number(1, 2**62)


def add_chat(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about conversations."""
    group = verbs.add_parser("chat", help="conversations of the chat: list, show, search, export", description=_ABOUT)
    actions = group.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    below = "chat"
    add_verb(actions, data, "list", "list the conversations, the newest first", about=_ABOUT, below=below)
    one = add_verb(actions, data, "show", "print what was asked and answered", below=below)
    one.add_argument("number", nargs="?", type=_ANY, metavar="NUMBER", help=_WHICH)
    one.add_argument("--limit", type=number(1, 100_000), default=100, metavar="N", help="newest questions; 100")
    one = add_verb(actions, data, "search", "find questions and answers that have all words", below=below)
    one.add_argument("words", nargs="+", metavar="TEXT", help="words, in any order")
    one.add_argument("--limit", type=number(1, 1000), default=20, metavar="N", help="most that are found; 20")
    one = add_verb(actions, data, "export", "print one as Markdown", below=below)
    one.add_argument("number", nargs="?", type=_ANY, metavar="NUMBER", help=_WHICH)
    one = add_verb(actions, data, "rename", "give one another title", below=below)
    one.add_argument("number", type=_ANY, metavar="NUMBER", help="as `chat list` shows it")
    one.add_argument("title", nargs="+", metavar="TITLE", help="at most 60 characters")
    one = add_verb(actions, data, "remove", "forget one, with all that was asked in it", below=below)
    one.add_argument("number", type=_ANY, metavar="NUMBER", help="as `chat list` shows it")
