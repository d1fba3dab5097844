"""Options that say how a change goes over its targets, and what is looked at afterwards; several verbs have them."""

from __future__ import annotations

from opsterm.cli.syntax.parser import Parser, number

ABOUT_ROLLOUT = """\
A rollout is parallel, sequential, rolling:N (batches of N), canary:N (N first,
the rest when all of them are done) or canary:N:M (the rest in batches of M). A
batch begins when the one before has ended. --max-failures 2 or 10% is never
overrun: each start takes one of it until its target is done. Without it all but
parallel start no more after the first failure. --max-unavailable counts those
at work, failed or silent in each group tagged redundancy:NAME or ha:NAME.

--wait is waited between batches, and what is verified is looked at again during
it; opsterm proceed ends the wait. --probe is a gate behind the canaries: it is
measured on them and on up to 20 of the rest, and if a canary is worse by more
than --margin (20% of the median of the rest, or 5 in its unit), nothing more
starts. A probe is command:TEXT (one that only reads; the first number of its
last line counts), http:URL (how long the answer takes) or metric:load.1m, as
it is measured meanwhile."""

ABOUT_VERIFY = """\
--verify looks on each target once the command has ended well: unit:nginx active
or inactive, port:443 or port:53/udp, http:http://localhost/ 200, config:sshd,
command:TEXT (one that only reads). From here it looks whether reach:443 or
reach:https://{target}/ 200 answers. All have to hold at once, in one of the
--tries. What is guarded is looked at over the fresh log-in, and taken back when
they do not. --on-failure rollback puts back there at once what the change
touched, if it fails or does not verify; that is part of what is approved."""


def add_rollout(one: Parser) -> None:
    """Add the options that say how a change goes over its targets."""
    one.add_argument("--rollout", default="", metavar="HOW", help="sequential, rolling:5, canary:1; else parallel")
    one.add_argument("--max-failures", default="", metavar="N", help="start no more when so many failed: 2, 10%%")
    one.add_argument(
        "--max-unavailable", type=number(1, 100_000), metavar="N", help="away at once of each redundancy group"
    )
    one.add_argument("--wait", default="", metavar="TIME", help="between batches, as in 5m; not if not said")
    one.add_argument("--probe", default="", metavar="PROBE", help="compares canaries with the rest: metric:load.1m")
    one.add_argument("--margin", default="", metavar="N", help="how much worse canaries may be; 20%% if not said")
    one.add_argument("--worse", default="", choices=("higher", "lower"), help="which is worse; higher if not said")


def add_verification(one: Parser) -> None:
    """Add the options that say what is looked at after a change, and what follows."""
    one.add_argument("--verify", action="append", default=[], metavar="CHECK", help="as in unit:nginx, port:443")
    one.add_argument("--tries", type=number(1, 100), metavar="N", help="how often they are looked at; 5 if not said")
    one.add_argument("--within", default="", metavar="TIME", help="for all tries on one target; 60s if not said")
    one.add_argument("--on-failure", default="", choices=("keep", "rollback"), help="keep if not said")
