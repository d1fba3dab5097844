"""Values that stand where a secret would, and are none: a variable, a placeholder, a place, a state, a type."""

from __future__ import annotations

import itertools
import re

_PLAIN = re.compile(
    r"""\\?['"]?(?:
      \[masked:[a-z0-9-]+\]
    | \$\{?[\w:.]+(?:\[[^\]]{0,60}\])?\}?(?:\.[\w.]{1,80})?  # a variable: $PW, ${PW}, $env:PW, $cred.Password
    | \$\{\{?[^}]{0,200}\}?\}?`? | \$\(.* | `.* | \(.*         # a substitution or an expression, decided elsewhere
    | \$\$\(.* | \$\$\{?\w+\}?                               # the same where a dollar is doubled
    | <[^>]*>? | %\w+% | %~?\w | %\([^)]*\)s | \{\{.* | \{[\w.-]*\} | %\{.* | @\{.* | <%.* | \#\{.* | __[\w]+__  # placeholders
    | (?-i:[A-Z_]*(?:YOUR|HERE|REPLACE|PLACEHOLDER|INSERT)[A-Z_]*) | your[_-]?\w[\w-]* | (?:file|combo)\d | fuz\d?z
    | \[[\w\s*-]*\]? | \([\w\s-]*\)                          # [redacted], (hidden)
    | !(?:vault|ref|sub|env|secret|getatt)\b.* | enc\[.* | \{(?:resolve|ssm):.*
    | [*•.x_-]{3,} | \*{2}.*\*{2} | \*+ | [\W_]{1,3} | \d | \d{9,11}\.\d{1,6}  # starred out, a digit, a moment
    | ["'\s]*\+[ ].*[ ]\+["'\s]* | \d?>[&\w.]*               # what joins strings, where output goes
    | --?[a-z][a-z-]{0,40}                                   # the next option
    | \.[*+].* | \[\^.* | \(\?.* | \\[wsd].*                 # a pattern
    | (?:~|\.{1,2})/[\w.@%/+-]*                              # where it is, not what it is
    | /(?:etc|run|var|home|root|tmp|usr|opt|srv|proc|dev|mnt|data|sys|boot|secrets?|vault)(?:/[\w.@%/+-]*)? | /
    | [a-z]:\\[^'"]* | \\\\[\w.$%-]+\\.*
    | (?:file|env|fd|keyring|arn|op|ssm|awskms|gcpkms|vault|secret):[/\w][^'"]* | (?:pass|file|env|fd|stdin):["']?(?:\$.*)?
    | [\w./-]+\.(?:pem|key|crt|cer|pub|txt|json|ya?ml|env|conf|ini|toml|pass|gpg|enc|p12|pfx|jks|kdbx|sh|py|go|md|properties)
    | (?:os|process|sys|self|this|args?|config|conf|settings|opts?|options|params?|request|req|cfg|ctx|env|props|data|
         var|local|module|secrets?|vars|values|each|inputs?|form|user|row|obj|model)
      (?:\.|->)[a-z_][\w.\[\]'"()>-]*                              # code that fetches it
    | [a-z_][\w.:]*\((?:\\?['"].*|[\w.,=$ ]*\).*)?            # a call: getpass(), read_secret("x")
    | (?:get|read|import|new|convert|convertto|convertfrom|invoke)-[a-z]+  # of PowerShell
    | (?:id|src|source|type|target|name|user|username|method|role)=\S+    # the next field, not the value
    | \w+\[\S*                                               # an index: hosts[0]
    | (?:[a-z0-9]+_)*(?:password|passwd|passphrase|token)s? | [\w-]*(?:credentials?|creds)  # named after itself
    | (?:[a-z0-9]+_)+(?:secret|key) | \w+->[\w.>-]+ | [a-z_]\w{3,}\(\w*  # of code: a field, the beginning of a call
    | (?-i:[a-z]+(?:[-_][a-z]+)+=\S*) | [~^]\d+(?:\.[\dx*]+){1,3} | 0x(?:[0-9a-f]{1,8}|0+)  # the next field, a version, a number
    | \d{1,10}:\d{1,10}(?::\d{1,10})? | no-export | no-advertise | local-as | internet | (?:route-target|rt|soo)\S*:\d.*  # communities of BGP
    | [a-z][\w.-]{1,30}\\{1,2}[a-z][\w.$-]{1,40} | \(?@[a-z]+\)? | \$[\w.:]+\(.*  # a user of a domain, a splatted list, a call
    | (?-i:[a-z]{2}-[a-z]+-\d[a-z]?) | \d{1,3} | (?-i:SECRET|PASSWORD|TOKEN|KEY) | [\w-]*(?:…|\.{3})  # a region, what is left out
    | \{\s*\\?["'].*  # an object
    | (?-i:[a-z]+(?:[A-Z][a-z]+)*(?:Password|Passphrase|Token|Secret|Key))  # a name
    | .*\(\.\*\??\).* | .*\(\?:.* | \[\^.*  # more patterns
    | pwd? | psk | aws4-hmac-sha256 | (?-i:[a-z]+(?:-[a-z]+)*-(?:key|password|token))
    | (?:[a-z_][\w$]*\.)+[\w$]+@[0-9a-f]{4,8}[,;]? | (?-i:[A-Z]\w+\{[0-9a-f].*) | (?:[\w-]+\.){2,}[\w-]+/\d.*  # an object as a program prints it
    | (?-i:(?:[a-z][a-z0-9_.-]*/)+[a-z0-9_.-]*(?:pass|secret|token|cred|key|file)[a-z0-9_.-]*)  # the name of a file in a folder
    | @{0,2}(?=(?:[^.]*\.){2}|[^.]*\.[a-z_]*(?:pass|secret|token|key|value|hash|service|text|string|cred|config)|.*\()
      (?-i:[A-Za-z][a-z_]*(?:[A-Z][a-z_]+)*\d?\$?\d?(?:\.[A-Za-z][a-z_]*(?:[A-Z][a-z_]+)*\d?)+)(?:\(.*)?  # a field: settings.password
    | (?=[^\d\n]*\s)(?=.*\b(?:is|are|must|required|invalid|please|enter|cannot|should|least|characters|incorrect|expired|
       missing)\b)[^\d\n]*                                   # a sentence
    | (?-i:(?:[a-z]+_)*(?:secret_key|api_key|access_key|private_key|client_secret|auth_key|hashed|username))
    | (?:true|false|yes|no|none|null|nil|undefined|void|required|optional|prompt|ask|expired?|expires|expiring|changed?|
       unchanged|updated?|correct|incorrect|invalid|valid|wrong|missing|empty|blank|unset|set|not|authentication|policy|
       stdin|stdout|file|env|never|always|off|on|and|or|if|is|was|has|had|for|to|the|a|an|in|by|from|with|must|should|
       when|can|cannot|could|will|would|may|reset|failed|failure|ok|successful|successfully|success|accepted|denied|rejected|
       revoked|rotated|refresh(?:ed)?|generated?|created?|deleted?|removed|found|hidden|redacted|masked|sensitive|unknown|default|
       disabled?|enabled?|locked|unlocked|protected|encrypted|plain|plaintext|hashed?|n/a|na|tbd|here|above|below|
       strings?|str|text|integer|int|number|boolean|bool|object|array|bytes|char|varchar|list|dict|any|type|value|
       seconds|minutes|hours|days|option|optional|vec|maybe|nullable|secretstring|securestring|enc|placeholder|example|
       its|that|this|these|those|their|his|her|enter|confirm|re-enter|new|old|current|same|different|please|your|my|check|checked|
       checking|verified|verifying|mismatch|matches|match|too|at|of|public_key|bearer|basic|digest|kerberos|ldap|pam|
       files|systemd|compat|sss|db|nis|include|omit|same-origin|await|yield|async|lambda|function)[,.!?:;)\]}]*
    )(?:\\[nrt])*\\?['"]?,?""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)

_LONGEST = 400
"""Longer values are no words and no variables; the pattern is not tried on them."""


def is_plain(value: str) -> bool:
    """Return whether a value says where a secret comes from, or that there is none, instead of being one."""
    value = value.strip()
    return not value or (len(value) <= _LONGEST and _PLAIN.fullmatch(value) is not None)


def looks_made(word: str) -> bool:
    """Return whether a word in a sentence looks like a password: letters with digits or signs, six characters or more."""
    word = word.strip("*_`")  # the marks of Markdown
    return (
        len(word) >= 6
        and any(char.isalpha() for char in word)
        and any(char.isdigit() or char in "!@#$%^&*_+=?~" for char in word)
    )


_RANDOM = re.compile(r"(?=[A-Za-z0-9+/_=.!-]{16,400}$)(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])(?=.*[A-Za-z0-9]{16})")


def looks_random(word: str) -> bool:
    """Return whether a word looks drawn by a machine: 16 characters or more in a row, letters and digits mixed.

    A hexadecimal number is one as well; a UUID, a word with a year behind it and a path are none.
    """
    if _RANDOM.match(word) is None:
        return False
    run: str = max(re.findall(r"[A-Za-z0-9]+", word), key=len)
    pairs = list(itertools.pairwise(run))
    kinds = sum(1 for left, right in pairs if left.isdigit() != right.isdigit())
    cases = sum(1 for left, right in pairs if (left + right).isalpha() and left.islower() != right.islower())
    return kinds >= 3 or (kinds >= 1 and cases >= 4)


def looks_typed(word: str) -> bool:
    """Return whether a word looks made and is no name of a test or a function, as `test_password_reset` is."""
    return looks_made(word) and re.fullmatch(r"[a-z]+(?:_[a-z]+)+", word) is None


def looks_strong(word: str) -> bool:
    """Return whether a word cannot well be one of a sentence: small letters and digits, and with them capitals or signs."""
    signs = any(char in "!@#$%^&*_+=?~-" for char in word.rstrip("?"))
    capitals = any(char.isupper() for char in word[1:])
    return (
        len(word) >= 6
        and word[0] not in "[(<{=:"
        and any(char.islower() for char in word)
        and any(char.isdigit() for char in word)
        and (capitals or signs)
        and re.match(r"[a-z_-]+=", word) is None
        and "/" not in word
        and "." not in word.rstrip(".")
    )


def is_one_word(value: str) -> bool:
    """Return whether a value has no blanks, as a sentence has them."""
    return " " not in value
