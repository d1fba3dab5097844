"""Arguments of the verbs about opsterm itself."""

from __future__ import annotations

from opsterm.cli.syntax.mail import add_mail
from opsterm.cli.syntax.parser import Parser, Verbs, add_verb

_ABOUT_MASK = """\
The masked text goes to standard output, how many secrets of which kind to
standard error. A secret becomes [masked:KIND], a second different one of its
kind [masked:KIND-2]. What the keyring or an open vault holds is masked wherever
it stands, also encoded."""


def add_house(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about opsterm itself."""
    add_verb(verbs, data, "doctor", "say how every part of opsterm is and what to do about it",
          about="Ends with 1 when a part is bad.")  # fmt: skip
    one = add_verb(verbs, data, "settings", "print every setting, its value and where it comes from, or change one")
    one.add_argument("action_words", nargs="*", metavar="[set KEY VALUE | reset KEY]",
                     help="change the settings file; it counts from the next start")  # fmt: skip
    add_verb(verbs, data, "keys", "print the keys of the screen")
    add_verb(verbs, data, "where", "print the folders opsterm uses")
    one = add_verb(verbs, data, "mask", "replace the secrets in a text", about=_ABOUT_MASK)
    one.add_argument("source", metavar="-", help="read the text from standard input")
    add_verb(verbs, data, "serve", "run the workers without a face until SIGTERM")
    add_mail(verbs, data)
    vault = verbs.add_parser("vault", help="the credentials that opsterm keeps")
    actions = vault.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, about: str = "") -> Parser:
        return add_verb(actions, data, name, text, about=about, below="vault")

    verb("status", "say which keyring is in use and whether it is locked")
    verb("create", "make the vault; asks for a passphrase",
         "Without a terminal, it is the first line of standard input.")  # fmt: skip
    verb("list", "list what is kept, never the secrets")
    verb("services", "list what can be kept, and what stands for the account")
    for name, text in (("set", "keep a secret; asks for it"), ("remove", "forget a secret")):
        one = verb(
            name, text,
            "Without a terminal, standard input gives one line for each thing that would be\n"
            "asked: the passphrase of a locked vault first.",
        )  # fmt: skip
        _add_secret(one)
    one = verb(
        "confirm", "say that a secret may go to where its account stands for now",
        "A secret goes to the target, address and port that it was kept for. When one of\n"
        "them has changed it stays here until this says yes.",
    )  # fmt: skip
    _add_secret(one)
    one.add_argument("--yes", action="store_true", help="do not ask")


def _add_secret(verb: Parser) -> None:
    verb.add_argument("service", help="as in opsterm:ssh")
    verb.add_argument("account", help="as in op@web-01")
