"""Words of courtesy around a phrase: "would you please have this run at 6", "… every day, thanks"."""

from __future__ import annotations

from opsterm.assistant.schedules.words import UNITS

Words = tuple[str, ...]


def _sorted(*phrases: str) -> tuple[Words, ...]:
    return tuple(sorted((tuple(phrase.split()) for line in phrases for phrase in line.split(";")), key=len)[::-1])


_ASKING = _sorted(
    "hi;hello;hey;ok;okay;so;well;right;now then;good morning;hi there;dear bot;yes;yeah;um;uh;hmm;oh",
    "please;pls;plz;kindly;just;simply;maybe you could;perhaps you could;be so kind as to;be so good as to",
    "would you;could you;can you;will you;would you mind;do you mind;might you;may you;can we;could we",
    "shall we;let's",
    "can i;could i;may i;might i",
    "i would;i'd;we'd;we would;i want;we want;i need;we need;i'd like;i would like;we'd like;we would like",
    "want;need",
    "i wish;i was hoping;i was hoping you could;i am hoping;i'm hoping;i hope;i was wondering;i wonder",
    "i'd be grateful;i would be grateful;i'd be glad;we'd be grateful;i'd be happy;i'd appreciate it;i'd love",
    "i'd appreciate;be great;be nice;be lovely;be good;be grateful;be glad;appreciate it;love;like;prefer",
    "if you could;if you can;if you would;if we could;if this could;if it could;if possible;if you please",
    "if it's possible;if it is possible;if it's ok;if it's okay;if it's all right;if that's ok;if that's okay",
    "if you don't mind;if it isn't too much trouble;if it's not too much trouble;if it is not too much trouble",
    "if that isn't too much trouble;if that's not too much trouble;if it's no trouble;if it's no bother",
    "if you like",
    "for me;for us;when you get a chance;when you have a moment;whenever you get a chance;when you can",
    "would it be possible;is it possible;would it be ok;would it be okay;it would be great;it'd be great;that",
    "to;for",
    "it would be nice;it'd be nice;it would be good;it would be lovely;it'd be lovely;it'd be good;would be great",
    "would be nice;would be good;how about;what about;make sure;make sure that;see to it that;ensure;ensure that",
    "remember to;don't forget to;be sure to;go ahead and;try to;want you;you;we;could;should;must;shall;ought;and",
    "get;have;has;do;does;make;let;be;is;are;gets;should be;needs;it should;it must;it shall;it has;it needs",
    "it will",
    ",;:;-;(",
)  # fmt: skip
"""What leads to the time, and says nothing of it."""
_STARTING = _sorted(
    "if you ran;if you started;if you launched;if you executed;if you scheduled;if you kicked off;if you had",
    "run;runs;running;start;starts;launch;execute;fire;fire off;trigger;kick off;kick;schedule;book;set;set up",
    "repeat",
    "perform;plan;set off;go;happen;take place;occur;be run;be started;be executed;begin;put;invoke;plan in;put in",
    "reschedule;be done;get done;be launched;be scheduled;to run;execution;runs should be;queue;queue up;have run",
)
_OF_STARTING = {"start", "begin", "end"}
_WHAT = _sorted(
    "it;this;that;them;these;this one;that one;things;the thing;everything;mine;ours",
    *(
        ";".join(f"{lead} {noun}" for lead in ("the", "this", "that", "my", "our", "a"))
        for noun in ("job", "task", "script", "run", "check", "report", "process", "work", "action", "command", "thing")
    ),
)
_BEHIND_WHAT = _sorted(
    "off;up;going;to run;to be run;run;done;executed;started;to start;happen;to happen;launched;in;for me;for us;for"
)
_THANKING = _sorted(
    "please;pls;plz;thanks;thank you;thanks a lot;thank you very much;many thanks;thx;cheers;ta",
    "much appreciated;ok",
    "if possible;if you can;if you could;if you would;if you please;if you don't mind;if that's ok;if that's okay",
    "if it's possible;if that is possible;would be great;would be nice;would be lovely;would be good;would you",
    "could you",
    "that would be great;that would be nice;that would be lovely;that'd be great;that would be good;will you",
    "okay;kindly",
    "thanks in advance;thank you kindly;if it's not too much trouble;if it isn't too much trouble;should do",
    "is fine",
    "if that works;if you like;would do nicely;for me;for us;from now on;i'd appreciate it;sharp;on the dot",
    "exactly;,;)",
)  # fmt: skip


def without_courtesy(words: Words) -> Words:
    """Return the words of a phrase without those of courtesy before and behind its time."""
    at, started = 0, False
    while at < len(words):
        length, starting = _asking(words, at), _leads(words, at, _STARTING)
        if starting > length:
            length = 0
        if not length and (length := starting):
            if words[at] in _OF_STARTING and words[at + length : at + length + 1] in (("of",), ("the",)):
                break
            started = True
        if not length and started and not _is_time(words, at) and (length := _leads(words, at, _WHAT)):
            length += _leads(words, at + length, _BEHIND_WHAT)
        elif not length and not started and not _is_time(words, at) and (what := _leads(words, at, _WHAT)):
            length = what if at or _is_verb(words, at + what) else 0
        if not length:
            break
        at += length
    end = len(words)
    while length := next((len(one) for one in _THANKING if words[max(at, end - len(one)) : end] == one), 0):
        end -= length
    return words[at:end] if at < end else words


def _leads(words: Words, at: int, phrases: tuple[Words, ...]) -> int:
    return next((len(phrase) for phrase in phrases if words[at : at + len(phrase)] == phrase), 0)


def _asking(words: Words, at: int) -> int:
    length = _leads(words, at, _ASKING)
    return 0 if length == 1 and words[at] in ("that", "for") and at == 0 else length


def _is_verb(words: Words, at: int) -> bool:
    return bool(_asking(words, at) or _leads(words, at, _STARTING))


def _is_time(words: Words, at: int) -> bool:
    """Return whether "this" and "that" are of a time: "this evening", "this Friday"."""
    after = words[at + 1] if words[at] in ("this", "that") and at + 1 < len(words) else ""
    return after in UNITS or after in ("coming", "evening", "morning", "afternoon", "weekend") or after[:3] in (
        "mon", "tue", "wed", "thu", "fri", "sat", "sun"
    )  # fmt: skip
