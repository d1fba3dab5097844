"""Plain words of talk that choose nothing: where things are and who keeps them, feelings, people, and what it is for.

No word here is a kind of device, a state that a machine may be in, a measure, a time or an act on a machine: those
may change what is asked. A word that the inventory has as a name or a label is kept whatever this list says.
"""

from __future__ import annotations

from opsterm.assistant.neutral_words import NEUTRAL
from opsterm.assistant.vocabulary import words

_VERBS = words(
    "accept accumulate acquire administer admire admit adopt adore afford agree allow amuse annoy answer appear "
    "apply appreciate arrive ask assemble assign associate assume attach attend avoid babysit base bear become "
    "beg begin behold believe belong berth blame bless boast borrow bother brag breed bring call camp care carry "
    "cause chase cherish choose circle claim classify cling collect come comfort commission comprise concern "
    "confess confirm consider constitute contain contribute cough count cover crank crave crunch cuddle curate "
    "curse dare deal debate decide decorate dedicate defend depend deserve designate detest dig discuss display "
    "dispute doubt dream dwell earn employ encounter endure enjoy enlist enquire enrol enroll enumerate envy escape "
    "exist expect explain fall fancy fear feature feed fetch figure fit flaunt flog flourish follow frequent "
    "fund fuss gather gossip grace graze grieve grin groan grow guard guess hail handle hang happen harbor "
    "harbour hassle hate haul haunt hear heed herd hide hint hoard hog hope host house hover huddle hum imagine "
    "include indulge inform inhabit inherit inquire insist interest invite involve jot juggle justify kindle know "
    "labour laugh lay learn let lie like linger list live locate lodge loiter look lounge love lug lurk "
    "manage matter mean mention milk mind moan mumble mutter name need nest nurse oblige occupy occur offer "
    "operate ought own park pay perch pet place plead please plod plonk point ponder populate position possess "
    "post praise pray prefer prepare present preside pretend print prove provide purchase purr qualify question quote "
    "rant rate read reassure recall reckon recommend record register rejoice relate relax rely remain remember "
    "remind represent require reside resign respect retain reveal rhyme ride roam roost rummage say scare see "
    "seem sell send serve settle shelter shine shout shove show sing sit situate slave smell smile sniff soldier "
    "solve sound speak spell spend sponsor spot sprawl squat squint stand stare station stay stow study suffer "
    "suggest suit supply suppose surprise survive suspect swear take talk tell tend thank think thrive tick till "
    "tire toil tolerate track trouble trundle trust try tuck turn understand upset use value visit wait want "
    "warrant wear weep whine whinge whir whirr whisper wish wonder work worry worship wrangle write yell"
) - words(
    "answer apply attach cover explain fall grow hog host print rate read sell send till turn write"
)  # fmt: skip
_IRREGULAR = words(
    "arisen begun beheld bore born borne bought brought built came caught chose chosen done drawn drew fed felt "
    "found gave given gone got gotten heard held hid hidden hung kept knew known laid lain lay "
    "learnt led left lived looked looking made meant met oversee overseeing overseen oversees paid put rode said "
    "sat saw seen shone shown slept sold spelt spent spoke spoken sprung stood stuck swore sworn taken taught "
    "thought told took understood went wept wore worn written wrote"
) - words("built left slept stuck")
_FEELING = words(
    "accursed adorable almighty amazing angelic annoying artful awful bad beautiful beloved benighted blasted "
    "bleeding blessed blighted bonny boring brave brief bright brilliant charming cheeky cheerful clever complete "
    "confounded cosy crummy cuddly curious cursed cute damnable damned dashing deadly decent delicate delicious "
    "delightful despicable dignified divine dodgy doomed drab dreaded dreadful dreary dull dumb dutiful earnest "
    "elegant elusive exact exotic expensive exquisite fabled fabulous faithful famed famous fancy fearless "
    "fearsome feisty fine flaming flipping fond foolish freaking frigging frightful full funny gallant gentle "
    "ghastly glamorous glorious godforsaken good gorgeous grand great grim grumpy hallowed handsome happy "
    "hard-working hardworking hateful heroic hideous honest honorable honourable horrible horrid humble "
    "illustrious immortal infamous infernal inglorious innocent jolly joyful keen kind lamentable legendary "
    "likely little long-suffering lousy lovable loveable loved lovely loyal lucky luscious mad magical "
    "magnificent majestic marvellous marvelous merry mighty miserable modest mysterious mythical nasty naughty "
    "neat nice noble nosy notorious odd ordinary outrageous patient peculiar pesky petty pious pitiful plain "
    "pleasant plucky poor posh precious precise pretty proud puny quaint queer quick quirky radiant reliable "
    "remarkable respectable ridiculous righteous rotten rough sacred sad sensible serene shameful shining shiny "
    "short silly simple so-called sodding solemn sorry sovereign spiffing splendid spooky steadfast stinking "
    "straightforward strange stubborn stupid sublime sunny superb sweet terrible tidy tiny tireless trustworthy "
    "trusty ugly unfortunate ungrateful unhappy unloved unsung useful useless usual vaunted venerable vile "
    "villainous virtuous wee weird wicked wild wily wise wonderful worthy wretched wry youthful zealous"
) - words("dead deadly exact full rough short simple")
_PEOPLE = words(
    "accountant accountants accounting administrator administrators admins anybody anyone assessor assessors "
    "auditor auditors aunt baby beancounters bloke blokes board boffins boys brother buyer buyers bystander ceo "
    "cfo child children cio ciso client clients coder coders committee consultant consultants contractor "
    "contractors council coworker customer customers dad daddy developer developers director directors employer "
    "engineer engineers everybody everyone executive executives father finance folk folks friend friends "
    "gentleman girls god grandma granny guest guests heaven helpdesk hr human humans insurer insurers intern "
    "interns investor investors jesus kid kids king landlord lawyer lawyers leadership legal lord management "
    "manager managers marketing minister mother mum newbie newcomer operator operators overlords owner owners "
    "parent parents partner people person planners poor procurement professor purchasing queen regulator "
    "regulators sales salesman secretary shareholder shareholders sister somebody someone sponsor stakeholder "
    "stakeholders student students supervisor supervisors teacher tester testers trainee uncle underwriters "
    "vendor vendors vp wife worker workers"
) - words("accounting board client clients finance host hr legal marketing sales tester testers")
_PURPOSE = words(
    "account accuracy advance answer answers argument arguments assessment assignment audit bet bets bill bills "
    "board bookkeeping briefing brilliance budget budgets business calendar capacity-plan chart charts chat chore "
    "chores clarity coffee comfort comparison compliance conversation courtesy cupboard curiosity dashboard deck "
    "diary discussion documentation draft email emails estimate excel exercise expenses fact favor favour figures "
    "files finances form forms fun giggle glance goodness handover handovers headache heart heartbeat homework "
    "hunch idea ideas impression inspection insurance interest interview inventory-sheet invoice invoices itch "
    "job jobs joke kicks knowledge laugh laughs lecture ledger licence licences license licenses list lists luck "
    "lunch matter meeting meetings memo mercy mind minutes mood moods morale news newsletter nightmare nosiness "
    "note notes nutshell one-pager opinion order overview pain paper paperwork party patience peace phone piece "
    "pity plan planning plans pleasure point pool position powerpoint presentation pride prize prizes procedure "
    "proof purpose purposes question questionnaire questions quiz quote raffle reason reasons record records "
    "reference regulator renewal renewals report reporting reports retro review reviews rota rumor rumour sake "
    "sakes sanity sense shift shock slide slides soul spreadsheet spreadsheets stand-up standup stats stories "
    "story summary suspicion sweepstake talk task tea term terms theory thing thought thoughts ticket tickets "
    "tidiness tour trouble truth use view wager walkthrough weekend wiki wish word words work world yawn"
) - words(
    "account board capacity-plan compliance email emails figures files full inventory-sheet job jobs list lists "
    "minutes order party pool position stats trouble use weekend"
)  # fmt: skip
_SMALL = words(
    "aboard admittedly afraid albeit allegedly along although always am among amongst as away aye because being ever "
    "bit bits both but cannot case certain chance check checked checking checks content contents cost costs "
    "course deep does doing done due ears earth easy either etc evidence exactly example eye eyes feet fifth "
    "figure figures figuring footprint form forth fourth fourthly given hand hands handy he he'd head hence her "
    "here hers herself him himself his humor humour i'd i'll i'm if inclusive indeed infinite insight instead "
    "it'd itself keep keeping keeps long lot lots madly may maybe mere might mine must myself news offhand oh "
    "once ones' ought ours ourselves perhaps plenty put puts putting quarter recall responsible second shall she "
    "she'd should sight sights since sir some something sometimes somewhat soon soul spare straight such thanks "
    "their theirs themselves they'd thing third thou though thus too toward towards twice us very via way ways "
    "we'd we'll whatever wheezed whenever whereabouts whereby wherever whether while whilst whose why wisdom "
    "without yes you'd you'll your yours yourself"
) - words("case certain due if instead soon spare via while whose why without")
"""Little words that deny, compare, count and date nothing."""


def _forms(verb: str) -> tuple[str, ...]:
    """Return a verb as it is said of others, in the past and while it lasts."""
    if verb.endswith("e"):
        return verb, f"{verb}s", f"{verb}d", f"{verb[:-1]}ing"
    if verb.endswith("y") and verb[-2] not in "aeou":
        return verb, f"{verb[:-1]}ies", f"{verb[:-1]}ied", f"{verb}ing"
    ending = "es" if verb.endswith(("s", "x", "ch", "sh")) else "s"
    doubled = f"{verb}{verb[-1]}"
    return verb, f"{verb}{ending}", f"{verb}ed", f"{verb}ing", f"{doubled}ing", f"{doubled}ed"


TALK = frozenset(
    NEUTRAL | {form for verb in _VERBS for form in _forms(verb)} | _IRREGULAR | _FEELING | _PEOPLE | _PURPOSE | _SMALL
)  # fmt: skip
"""Every such word."""

MODIFIERS = NEUTRAL | _FEELING | _SMALL
"""Those that choose nothing even in front of a noun; "the reporting servers" may be servers of their own."""

CROWDS = words(
    "blokes brethren brigade bunch category clan club collection community contingent crew crowd estate family "
    "flavor flavour flock folks fraternity gang gathering guys herd ilk kind kinds lads layer line-up lineup lot "
    "lots menagerie mob outfit pack people persuasion population posse side sort sorts squad tier tiers tribe "
    "troop troops troupe type types variety zoo"
)
"""What several targets are called behind their label: "the database tier"."""
