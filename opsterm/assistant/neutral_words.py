"""Words that cannot change what is selected: "actually", "mate". Dropped only where nothing else reads.

Nothing that denies, compares, counts, names, measures or dates is here, and a word that the inventory has as a label
is kept whatever this list says.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from opsterm.assistant.tokens import Token
from opsterm.assistant.vocabulary import words

NEUTRAL = words(
    "absolutely accordingly admittedly again ah aha ahem alas amazingly anyhow anyway anyways apparently arguably aye "
    "awfully bloody blimey bro bruv bud buddy boss briefly btw certainly chap chaps chief clearly colleagues "
    "comrade conveniently cor correctly cos coz crikey curiously dammit damn dang darn darling dear definitely "
    "desperately dude duh easily eagerly effectively eh erm err essentially evidently ew exact fab fancy fast "
    "fella fellas fellow fine finally folks fortunately frankly friend friends fwiw fyi generally genuinely gently "
    "geez gladly gosh gotcha gracefully grateful gratefully guv guys gee ha heck hehe helpful helpfully heya hmm "
    "hmmm holy honestly hopefully however huh humbly hurriedly idk imho imo immediately importantly incidentally "
    "indeed instantly interestingly ish jeez joking kinda kind kindly knowingly lad lads ladies lass lastly legit "
    "literally lol love luckily luv ma'am madam man mate matey mates maybe meh merely mhm mmm mostly mr mrs ms my "
    "naturally neatly nicely normal normally obviously oh oi oops oof openly oy pal pals pardon partner peeps "
    "perchance perhaps personally phew pleasantly politely possibly potentially practically precisely presumably "
    "pretty probably promptly proper properly psst quick quickly quietly quite rapidly rather real realistically "
    "really reckon regrettably reportedly right roughly sadly safely seemingly seriously sharpish shortly "
    "sigh simply sincerely sir slowly smartly smoothly somehow someone sorta speedily strangely succinctly "
    "suddenly supposedly sure surely surprisingly sweetheart swiftly team thankfully thankyou though thoroughly "
    "together tbf truly truthfully tsk typically ugh uh uhh um umm understandably unfortunately urgent urgently "
    "usefully usually virtually weirdly whatsoever whoa wisely woah wonderful wondering wow yay yeah yep yes yikes "
    "yo yup yall y'all afaik iirc ikr innit init cuppa cheerio howdy salut ciao aloha namaste hiya wotcha "
    "goodness gracious heavens lovely brilliant splendid superb terrific fantastic awesome cool neat tidy "
    "dearest esteemed gang crew everybody peeps bois gents gentlemen ladies sweet legend champ squire skipper "
    "captain guvnor governor amigo comrades compadre homie sis fam assistant bot robot computer-says please-thanks "
    "curious eager keen willing able happy glad anxious worried concerned nervous bored tired puzzled confused "
    "stuck thinking thought guess suppose assume believe figured reckoned hoping hope wish imagine fancying "
    "pronto stat asap quicksmart chop-chop lickety-split right-o righto alrighty alright yessir "
    "also moreover furthermore besides-that additionally otherwise meanwhile therefore thus hence yet still "
    "specific specifically particular particularly individual individually separately personally "
    "actual very super mega ultra extremely incredibly terribly dreadfully totally completely entirely utterly wholly "
    "fully basically plainly purely solemnly"
) - words("my fine normal fast slowly quietly mostly roughly man stat stuck computer-says besides-that please-thanks "
          "otherwise individual sweet love fancy")  # fmt: skip
"""Words of talk, manners and feeling."""

VIEWS = words(
    "conjure muster rattle surface expose reveal present produce unveil rustle drum cough list name supply furnish "
    "collect gather round track hunt ferret sniff spot inspect examine view browse catalogue catalog itemise itemize "
    "outline detail announce query search select pick single filter display render showcase recite reel roll "
    "compile draft assemble tabulate summarise summarize sum reckon figure determine establish work tell inform advise "
    "share pass send throw chuck sling toss bung pop whack slap stick flash flag highlight pinpoint isolate extract "
    "obtain acquire procure discover see check eyeball peek glance scan look count "
)
"""Verbs that ask to see something, and nothing else, where one opens a sentence that is read whole without it."""

DIVIDING = words(
    "carve bucket slice chop dice cluster sort group categorise categorize classify "
    "segment partition organise organize "
    "tabulate summarise summarize aggregate bin batch lump stack lay portion parcel cut bunch pivot facet break split "
    "divide map plot collate separate section file pile arrange roll dissect distribute spread tally order rank "
    "itemise itemize structure compile bracket fragment subdivide apportion allocate"
)
"""Verbs that ask for a list in parts, where the sentence says by what."""

_BEHIND_A_VERB = words("up out down off into apart over together back me us")


def without_neutral(tokens: Sequence[Token], labels: Collection[str]) -> tuple[Token, ...]:
    """Return tokens without the words that change nothing; `labels` are those of the inventory, in lower case."""
    return tuple(token for token in tokens if token.low not in NEUTRAL or token.low in labels)


def without_opening_verb(tokens: Sequence[Token], labels: Collection[str]) -> tuple[Token, ...] | None:
    """Return what follows a verb that opens a sentence and only asks to see: "carve up all hosts by site"."""
    said = [token.low for token in tokens]
    lead = next((at for at, low in enumerate(said) if low not in _MANNERS), len(said))
    if lead + 1 >= len(said) or said[lead] in labels:
        return None
    if said[lead] not in VIEWS and not (said[lead] in DIVIDING and {"by", "per"} & set(said)):
        return None
    rest = lead + 1
    while rest < len(said) and said[rest] in _BEHIND_A_VERB:
        rest += 1
    behind = tuple(tokens[rest:])
    apart = next((at for at, (one, then) in enumerate(pairwise(behind)) if one.low in ("up", "out", "down")
                  and then.low in ("by", "per", "into")), -1)  # fmt: skip
    return (behind if apart < 0 else (*behind[:apart], *behind[apart + 1 :])) or None  # "carve London up by role"


_MANNERS = words("please can could would will you just now let us me i want need to")
