"""Turns of speech in long-winded questions: idioms for how a target fares, and those whose words would mislead.

"My memory" is no memory that is measured, "a load of" no load, "pushing up the daisies" is offline.
"""

from __future__ import annotations

from opsterm.assistant.phrasebook import Phrasebook, ways_of

_TABLE = {
    "": (
        "sorry to bother you again|sorry to bother you|sorry to trouble you|sorry to ask|i am new here|"
        "trying to find out|trying to work out|trying to figure out|would it be possible to see|"
        "would it be possible to get|would it be possible to have|would it be possible to|is it possible to see|"
        "it would be lovely to know|it would help to know|it would be nice to know|i would love to know|"
        "i would love to see|i would be grateful for|i would appreciate|needs to know|wants to know|want to know|"
        "keeps asking|keeps asking me|as an operator|as an administrator|as a user|i want to see|the system shall|"
        "the system must|the system should|the inventory shall|the operator shall be able to see|"
        "the operator can see|in the estate|across the estate|under management|get up to|got up to|been up to|"
        "getting up to|be up to|gets up to|will you|would you|could you|can you|won't you|would you not|"
        "server or otherwise|humour me and|humor me and|humour me|humor me|indulge me and|indulge me|do not mind me|"
        "of these|and no|from here|round here|around here|over here|my memory|from memory|if memory serves me right|"
        "if memory serves me|if memory serves|in living memory|memory lane|a load off my mind|load off my mind|"
        "a whole load of|a load of|loads of|shed loads of|off the top of my head|off the top of your head|"
        "top of the morning|on top of that|on top of things|to top it all|over the top|top secret|up to speed|"
        "heads up|heads-up|up to scratch|chin up|cheer up|hurry up|what is up|come down to it|"
        "when it comes down to it|when it comes to|calm down|down the pub|now and then|once in a while|"
        "last but not least|at long last|at last|last i looked|last i checked|last time i looked|last time i checked|"
        "the last thing i need|last thing i need|a second|just a second|one second|hang on a minute|hang on a sec|"
        "hang on|got a minute|have you got a minute|one moment|a moment|on the double|high time|over and out|"
        "over coffee|over lunch|over tea|no offence|no offense|no rush|no worries|no hurry|no pressure|no doubt|"
        "no biggie|no more no less|no fuss|no frills|no ifs no buts|no questions asked|no excuses|no nonsense|"
        "no judgement|no judgment|no prizes for guessing|no need to|no idea why|not that i care|not that it matters|"
        "not that anyone cares|not to worry|why not|not sure|i am not sure|not kidding|not being funny|not gonna lie|"
        "not for the first time|if not too much trouble|if it is not too much trouble|if it is no trouble|"
        "if that is not too much to ask|not too fussed|not the rest|not the others|and nothing else|nothing else|"
        "nothing fancy|nothing more nothing less|nothing more|and nothing more|whether we like it or not|"
        "like it or not|believe it or not|or not|or otherwise|or what|or something|or whatever|or other|"
        "or so i am told|or thereabouts|or are we|both conditions|not either|no more than that|not one or the other|"
        "more or less|for better or worse|sooner or later|all right|by the way|by the book|by any chance|by chance|"
        "by any means|by myself|by hand|by heart|by far|by and large|by eye|stand by|by popular demand|by all means|"
        "per se|as per usual|as per my email|as per the request|per the runbook|per our chat|state of play|"
        "the state of play|state of affairs|if you would|if you will|if you like|if i may|if you do not mind|"
        "if you fancy|if it pleases you|if anything|if at all|if any|as usual|as ever|as always|as far as we know|"
        "as far as you know|as far as you can tell|as far as you can see|as you know|as it happens|as it were|"
        "as they say|as one does|in a nutshell|in one go|in one list|in one breath|in full|in detail|in any order|"
        "in no particular order|in plain english|in plain words|in your opinion|in your infinite wisdom|"
        "in our infinite wisdom|in our care|in our hands|under our care|under our wing|under our roof|on our books|"
        "on the books|on our watch|on my plate|on my patch|on my watch|on earth|in the world|in heaven|in hell|"
        "in god|the hell|the heck|the devil|the deuce|in the name of god|for god|for heaven|for pete|"
        "for crying out loud|for the love of god|for the love of|for the record|for a change|for once|for now|"
        "for a start|for starters|for good measure|for fun|for what it is worth|for the life of me|for old time sake|"
        "for old times sake|for old times|of course|of sorts|of ours|of mine|of yours|of any sort|of any kind|"
        "any sort of|any kind of|some sort of|some kind of|some form of|any form of|all kinds of|all sorts of|"
        "all manner of|any manner of|every kind of|one and all|each and every one of|all of it|all of them|"
        "all of those|the whole sorry lot|whole shebang|the whole shebang|the whole caboodle|the full monty|"
        "every single one of|every single|every last|warts and all|and so on|and so forth|and the like|et cetera|etc|"
        "out of interest|out of curiosity|out of sheer curiosity|out of morbid curiosity|out of idle curiosity|"
        "idle curiosity|to be honest|to be fair|to be precise|to be exact|to be clear|to be sure|to be safe|to hand|"
        "to date|to boot|to begin with|to start with|to settle an argument|to put it mildly|i would say|i dare say|"
        "i am told|i mean|i say|you know|mind you|would you believe|believe me|trust me|tell you what|dare i ask|"
        "may i ask|might i ask|pray tell|do tell|god help us|god help me|heaven help us|bless it|bless them|"
        "bless her|bless him|long time no see|this long|so long|all this time|after all|after all this time|"
        "at your leisure|at your convenience|when convenient|when you are ready|when you have time|"
        "when you have a moment|when you get a moment|when you get a minute|at a glance|at first glance|"
        "right about now|about now|for me to see|once and for all|once more|once again|one more time|side by side|"
        "at the end of the day|first things first|first of all|first off|for the first time|in the first place|"
        "on the fly|quick as you like|as quick as you like|be a dear and|be a dear|be a good chap and|be a love and|"
        "be a darling and|do me a kindness and|do me the kindness and|be so good as to|be so kind as to|"
        "spare me the poetry and|spare me the details and|cut to the chase and|at the risk of repeating myself|"
        "at the risk of sounding like a broken record|there is a good chap|there is a dear"
    ),
    "os": "operating system",
    "power-switch": (
        "switch off|switching off|switches off|switch on|switching on|turn off|turning off|turn on|turning on|"
        "power off|power down|shut down|shutting down"
    ),
    "group": "grp|grps",
    "which": (
        "which single|which one|which machine was it that is|which one was it that is|which host was it that is"
    ),
    "hosts": "the register of|the ranks of|if it|if they|whatever|whichever ones|whichever",
    "traffic in": "traffic into|traffic coming into|traffic going into|data into",
    "traffic out of": "traffic leaving|traffic going out of",
    "info on": (
        "anybody home at|anyone home at|anyone home on|what is new on|what is new at|any life on|any life in|"
        "any life at|how is life on|did anyone ever hear from|pulse check on|pulse-check on|health check on|"
        "sanity check on|status check on|quick check on|a check on|check up on|check in on|spot check on"
    ),
    "list": (
        "a table of|a table with|a chart of|a tabulation of|a matrix of|an inventory of|"
        "roll call for|roll-call for|a roll call of|show of hands from|show of hands for|a show of hands from|"
        "the line-up of|the lineup of|the register of|register of"
    ),
    "how many": (
        "tot|what figure should i report for|what number should i report for|what figure do i report for|how numerous|"
        "what is the tally of|what is the headcount of|what is the size of|the exact number of|the precise number of|"
        "the current number of|a figure for|the figure for"
    ),
    "highest": (
        "worst offender first|worst offenders first|worst one first|"
        "highest first|largest first|worst first|biggest first|busiest first|most first|fullest first|"
        "in descending order|descending|from the top down|from high to low|high to low|from highest to lowest|"
        "highest to lowest"
    ),
    "lowest": (
        "lowest first|smallest first|least first|in ascending order|ascending|from the bottom up|from low to high|"
        "low to high|from lowest to highest|lowest to highest"
    ),
    "root file system": "root fs|rootfs|root vol|root volume|the / partition|slash partition",
    "offline": (
        "fallen over|fell over|keeled over|conked out|packed up|packed it in|given up the ghost|gave up the ghost|"
        "kicked the bucket|pushing up the daisies|pushing up daisies|pushing daisies|bitten the dust|bit the dust|"
        "belly up|gone belly up|toes up|tits up|gone tits up|gone to meet its maker|shuffled off|snuffed it|croaked|"
        "popped its clogs|popped their clogs|bought the farm|six feet under|pining for the fjords|flatlined|"
        "flat-lined|flatlining|gone awol|awol|gone missing|missing in action|gone walkabout|gone poof|gone off air|"
        "off the air|off air|off the grid|off the network|off the map|off the radar|fallen off the network|"
        "fallen off the map|fallen off the radar|dropped off the network|dropped off the map|dropped off the radar|"
        "dropped off|fallen off|gone quiet|gone silent|gone to sleep|gone cold|gone to pot|gone under|stone dead|"
        "stone cold|dead as a doornail|dead in the water|dead to the world|dead and buried|out cold|out of action|"
        "out for the count|down for the count|down and out|lights out|with their lights out|with its lights out|"
        "kaput|kaputt|deceased|defunct|lifeless|playing dead|playing possum|not breathing|not alive|"
        "no longer breathing|no longer with us|no longer alive|not with us|without a pulse|with no pulse|"
        "have no pulse|has no pulse|stopped breathing|no signs of life|without signs of life|"
        "showing no signs of life|no sign of life|not picking up|not pingable|unpingable|not contactable|"
        "cannot be reached|not reachable|not up|not online|not there anymore|passed away|passed on|ceased to be|"
        "joined the choir invisible|resting in peace|died on us|checked out|clocked off|dropped dead|dropped out|"
        "gone offline|gone down|went down|went dark|are dark|is dark|in the dark|taken a nap|having a nap|"
        "having a lie down|having a lie-down|lying down|knocked out|out of service|not in service|out of reach|"
        "off-line|off line"
    ),
    "online": (
        "alive and kicking|alive and well|live and kicking|still kicking|still breathing|still standing|"
        "still with us|with a pulse|have a pulse|has a pulse|in the land of the living|up and about|up and at them|"
        "on its feet|on their feet|in service|answering the phone|picking up|wide awake|awake and answering|"
        "in the green|showing green|on-line|on line|in rude health|fit and well"
    ),
    "warning": (
        "in the amber|showing amber|amber|in the yellow|showing yellow|waving a yellow flag|yellow flag|yellow card|"
        "in the orange"
    ),
    "critical": (
        "in the red|showing red|red alert|at death door|on the critical list|in intensive care|on life support|"
        "in critical condition"
    ),
    "status unknown": (
        "nobody knows the status of|no status|without a status|no known status|without a known status|in limbo|"
        "a mystery|status is a mystery|unknown status|unknown state|status not known|status is not known|"
        "state is not known|in an unknown state"
    ),
    "by": (
        "divvied up by|divvy up by|divided up by|carved up by|carve up by|sliced by|diced by|chopped up by|"
        "bundled by|filed by|filed under|laid out by|broken into|going by"
    ),
    "free space": (
        "headroom on disk|disk headroom|headroom on the disk|elbow room on disk|room left on disk|room on disk|"
        "room on the disk|room left|spare disk|spare disk space|spare space|disk to spare|space to spare|"
        "room to spare|breathing room|wiggle room|leg room|free storage|free gigabytes|gigabytes free|unused disk|"
        "unused space|available disk|available space"
    ),
    "least free space": (
        "closest to running out of disk space|closest to running out of disk|closest to running out of space|"
        "nearest to running out of disk|nearest to running out of space|closest to running out|"
        "nearest to running out|closest to the brim|closest to bursting|shortest of space|shortest on space|"
        "shortest of disk|shortest on disk|lowest on disk|lowest on disk space|lowest on space|tightest for space|"
        "tightest for disk|most cramped|most cramped for space"
    ),
    "most": (
        "chewing up|munching through|munching|scoffing|wolfing down|wolfing|hoovering up|thirstiest for|thirstiest|"
        "hungriest for|greediest for|greediest|biggest consumers of|biggest consumer of|biggest users of|"
        "biggest user of|biggest hogs of|heaviest users of|heaviest user of|worst offenders for|worst offender for|"
        "worst offenders by|worst offender by|worst hogs of|piggiest"
    ),
    "most cpu": (
        "working hardest|sweating hardest|sweating the most|working up a sweat|toiling hardest|under the most strain|"
        "hardest worked|hardest working|most overworked"
    ),
    "least cpu": (
        "slackest|most bored|with the least to do|doing the least|having the easiest time|"
        "twiddling their thumbs the most"
    ),
    "memory": (
        "ram use|memory used|memory in use|ram in use|memory being used|used memory|memory taken|mem usage|"
        "memory figure|memory figures|memory level|memory levels"
    ),
    "swap": "swap space|swap used|paging|swap figure|swap figures|swap level|swapping",
    "cpu": (
        "cpu figure|cpu figures|processor load|processor usage|processor use|cpu percentage|cpu level|cpu levels|"
        "cpu utilisation|cpu utilization|cpu burn|cycles"
    ),
    "load": (
        "load figure|load figures|system load|load level|load levels|one-minute load|one minute load|1 minute load|"
        "1-minute load|run queue|load 1m|1m load|load1m|load1|load-1m"
    ),
    "disk usage": "disk fill|disk fullness|fullness of the disk|fill level|disk percentage",
    "last seen of": (
        "last hear from|last heard from|last hear of|last heard of|last clap eyes on|last clapped eyes on|"
        "last lay eyes on|last speak to|last spoke to|last talk to|last talked to|last hear a peep from|"
        "last hear a peep out of|last hear anything from|last get a word out of|last got a word out of|"
        "last answer for|last in touch with|last contact with"
    ),
}  # fmt: skip

SAYINGS = Phrasebook(ways_of(_TABLE))
"""How such turns are put; "" for those that say nothing."""
