"""Arguments of `opsterm model`."""

from __future__ import annotations

from opsterm.cli.syntax.parser import Parser, Verbs, add_verb


def add_models(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about language models."""
    model = verbs.add_parser("model", help="language models of an Ollama server: list, show, pull, check, remove")
    actions = model.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, about: str = "") -> Parser:
        return add_verb(actions, data, name, text, about=about, below="model")

    verb(
        "list", "list the models that the server has, what each can do, and which are loaded",
        "A * stands before the one in use: model.name, else the one that is loaded,\n"
        "else the first one that can chat.",
    )  # fmt: skip
    one = verb("show", "say what the server says of a model")
    one.add_argument("name", nargs="?", default="", metavar="NAME", help="as in qwen3.5:4b; left out: the one in use")
    one = verb(
        "pull", "have the server fetch a model, and say how far it is", "What is there stays when it is stopped."
    )
    one.add_argument("name", metavar="NAME", help="as in qwen3.5:4b")
    verb(
        "check", "try the model in use: speed, memory, stopping, forms and tools",
        "Asks it some twenty short questions: a minute on a graphics card. Ends with 1\n"
        "when something cannot be relied on, with 6 when nobody answers.",
    )  # fmt: skip
    one = verb("remove", "delete a model from the server's disk")
    one.add_argument("name", metavar="NAME", help="as in qwen3.5:4b")
    one.add_argument("--yes", action="store_true", help="needed: it is deleted for everybody")
