"""Arguments of `opsterm camera`."""

from __future__ import annotations

from opsterm.cli.syntax.parser import SOME, Parser, Verbs, add_verb, number


def add_cameras(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs about cameras."""
    camera = verbs.add_parser("camera", help="ask Axis cameras; only reads: info, motion, snapshot, events")
    actions = camera.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    about = (
        "Cameras are targets with the protocol http, asked over VAPIX with digest.\n"
        "The password is looked up under opsterm:http for USER@NAME; USER is root if the\n"
        "target has none."
    )

    def verb(name: str, text: str, *, more: str = "") -> Parser:
        return add_verb(actions, data, name, text, about=about + more, below="camera")

    verb("info", "say what cameras are: model, system, serial number").add_argument("selector", help=SOME)
    verb("motion", "list how cameras look for motion").add_argument("selector", help=SOME)
    one = verb("snapshot", "keep a picture of each camera as NAME-TIME.jpg")
    one.add_argument("selector", help=SOME)
    one.add_argument("--to", default=".", metavar="FOLDER", help="where to; here if left out")
    one.add_argument("--resolution", default="", metavar="WxH", help="as in 1280x720; the camera's own if left out")
    one.add_argument("--view", type=number(1, 99), default=1, help="which view of a camera with several")
    one = verb(
        "events", "tell what a camera tells: motion, faults and their ends",
        more="\nWhat the setting cameras.events chooses becomes alerts without this.",
    )  # fmt: skip
    one.add_argument("name", help="its name in the inventory")
    one.add_argument("--for", dest="length", default="1m", help="how long to listen; 1m if left out")
    one.add_argument("--limit", type=number(1, 1_000_000), help="end after so many")
