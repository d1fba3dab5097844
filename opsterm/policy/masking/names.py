"""Secrets that are told by the name before them: `DB_PASSWORD=…`, `"apiKey": "…"`, `<password>…`, `X-Api-Key: …`.

The rules are tried on the text in small letters, which has every character in its place, and give places in the text.
"""

from __future__ import annotations

from collections.abc import Iterator

from opsterm.policy.masking.hinted_text import HintedRules, HintedText, by_first_letter
from opsterm.policy.masking.plain import is_one_word, looks_random, looks_strong, looks_typed
from opsterm.policy.masking.rules import BARE, DOUBLE, SINGLE, VALUE, MaskRule, find_by, rule
from opsterm.policy.masking.spans import SecretSpan

_NAME = by_first_letter(
    r"(?:password|passphrase|passwort|passwd(?<!nopasswd)(?=.{0,12}?[=>])|kennwort|contrase(?:n|ñ)a|mot[_ ]?de[_ ]?passe|senha|"
    r"wachtwoord|adgangskode|heslo|has[lł]o|parola|salasana|l[oö]senord|пароль|密码|パスワード|pw(?<![a-z]pw)|basic_?auth|pwd(?<![a-z]pwd)|"
    r"psw(?<![a-z]psw)|pswr?d|pssw(?:or|r)?d|paswo?r?d|passwr[od]+|pass_?word|pass_?phrase|secret(?:[._-]?access)?(?:[._-]?key)?(?:[_-]base)?(?:[_-]?string)?|"
    r"token(?<![a-z]token)|authtoken|accesstoken|refreshtoken|idtoken|sessiontoken|bearertoken|apitoken|bottoken|securitytoken|"
    r"csrftoken|xsrftoken|api[._-]?key|access[._-]?key|auth[_-]?key|private[_-]?key|encryption[_-]?key|decryption[_-]?key|"
    r"encrypt[_-]?key|signing[_-]?key|sign[_-]?key|master[_-]?key|account[_-]?key|storage[_-]?key|service[_-]?key|license[_-]?key|"
    r"subscription[_-]?key|crypt[_-]?key|hmac[_-]?key|jwt[_-]?key|session[_-]?key|cookie[_-]?key|app[_-]?key|application[_-]?key|"
    r"unseal[ _-]?key(?:[ _-]?\d{1,2})?|wifi[_ -]?key|wlan[_ -]?key|wlan[_ -]?schl(?:ü|ue)ssel|wpa2?[_ -]?key|network[_-]?key|recovery[_-]?key|preshared[_-]?key|pre[_-]shared[_-]?key|"
    r"credentials?(?<![a-z]credential)(?<![a-z]credentials)|community(?<![a-z]community)|psk(?<![a-z]psk)|tlspsk|wpapsk|bindpw|rootpw|"
    r"bind[_-]?pass|require-?pass|master-?auth|_auth(?<![a-z]_auth)|auth[_-]?pass|db[_-]?pass|ftp[_-]?pass|smtp[_-]?pass|"
    r"mysql[_-]?pass|mail[_-]?pass|ldap[_-]?pass|user[_-]?pass|admin[_-]?pass|root[_-]?pass|redis[_-]?pass|wifi[_-]?pass|"
    r"vpn[_-]?pass|proxy[_-]?pass(?![_a-z])|http[_-]?pass|login[_-]?pass|sudo[_-]?pass|become[_-]?pass|"
    r"shared[_-]?access[_-]?signature|phpsessid|jsessionid|connect\.sid|x-amz-(?:signature|credential|security-token)|key-?string|"
    r"authentication[_-]key|pre-shared-secret|md5[_-]key|tacacs[_-]key|radius[_-]key|webhook[_-]?url|totp[_-]?seed|otp[_-]?seed|"
    r"seed[_-]?phrase|mnemonic|ssh_pass|pgpassword|mysql_pwd|sshpass|redis(?:cli)?_auth|ldap_passwd|"
    r"client-key-data|secret_?id(?=[ \t]?[=:][ \t]?['\"]?[0-9a-f]{8}))"
)
"""Last part of a name whose value is a secret: DB_PASSWORD, api-key, client_secret, community of SNMP."""

_AFTER_NAME = r"(?:[_-]?[0-9]{1,3})?(?:_(?:prod|production|dev|test|staging|old|new|value|plain|text|b64|base64|in|out|confirmation|again|hash))?"

_EQUALS_ONLY = r"(?:passwd|(?<![a-z])passcode|(?<![a-z])pass|(?<![a-z])pin|(?<![a-z])sig|(?<![a-z])otp)"
"""Names that are too common in front of a colon: `passwd: files`, `pass: 12`."""

_SAYS_NOTHING = (
    r"(?:export|list|delete|add|show|generate|min|max|num)-|"
    r"(?:starting|next|page|continuation|idempotency|client|client-request|lock|change|work-unit|resume|lifecycle-action|sync|"
    r"sequence|sequence-token|upload|creation|cursor|share|portfolio-share|retry|task|receipt|caller|marker|synchronization|"
    r"continue|nextforward|nextbackward)-(?!secret|pass)|[a-z-]{0,30}provider"
)
"""What begins an option whose name ends like one of a secret."""

_OPENS_NOTHING = (
    r"(?:[a-z0-9]{1,30}[_.-]){0,3}(?:public|pub|cache|partition|primary|foreign|sort|row|dedup\w{0,12}|idempotency|object|group|lookup|host|"
    r"message|record|index|bucket|range|lock|sha\d{0,3}|hash|content|file|build|state|image|layer|blob|commit|map|fingerprint|trace|"
    r"correlation|request|resource|kms|registry|cmk|publickey|unique|s3|consumer|site|verify|known_?host|ssh|next|page|continuation|starting|sync|change|"
    r"cursor|lifecycle[_.-]?action|join|event|metric|node|sequence|window|activity|pagination)[_.-]?(?:key|token)|client[_.-]?token"
)
"""Names of keys and tokens that name a thing or a place in a list."""

_HINTS = (
    "pass", "secret", "token", "key", "pwd", "psw", "kennwort", "contrase", "credential", "community", "psk", "pw", "auth",
    "senha", "wachtwoord", "adgangskode", "heslo", "has", "parola", "salasana", "senord", "пароль", "密码", "パスワード", "basic", "schl",
    "sess", "signature", "connect.sid", "webhook", "mnemonic", "seed",
)  # fmt: skip

_ACCOUNT = r"[ \t]+[a-z_][\w.-]{0,40}@[\w.:-]{1,80}?[.,;!?]?(?:\s|$)"
"""An account as it is named: "the password of ops@web-01" says whose it is, not what it is."""

RULES: tuple[MaskRule, ...] = (
    rule(rf"{_NAME}(?<!\d{{12}}:secret)(?<!existingsecret){_AFTER_NAME}\\?['\"\])]{{0,2}}[ \t]*(?:(?::[ \t]?[a-z][\w.]{{1,20}}\??[ \t]*)?=(?=[ \t]*['\"])|:=|=>|===?|=|-c?(?:eq|ne)(?=[ \t])|!==?|:(?![:/+?]))[ \t]*(?:@\(|\[|new-object (?!-)|n(?='))?{VALUE}", *_HINTS),
    rule(rf"{_NAME}{_AFTER_NAME}[\"']?[ \t]*(?:[=:][ \t]*&(?:quot|#34|#39);|%3d)(?P<secret>[^&%\s;'\"]{{4,200}})", "&quot;", "&#3", "%3d"),
    rule(rf"(?:getenv|environ\.get|env|getproperty)\([ \t]*[\"'][\w.]{{0,60}}?{_NAME}{_AFTER_NAME}[\"'][ \t]*(?:,|\)[ \t]*(?:or|\|\||\?\?|\?:))[ \t]*(?:{DOUBLE}|{SINGLE})", "env", "getproperty"),
    rule(rf"(?<![\w.])[#%]?(?:define|global)(?:\\t|[ \t])+[\w]{{0,60}}?{_NAME}{_AFTER_NAME}(?:\\t|[ \t])+(?:{DOUBLE}|{SINGLE})", "define", "global"),
    rule(r"(?<![a-z])\w{0,40}userpwd[\"']?[ \t]*[,=:][ \t]*[\"'][^\s:\"']{1,80}:(?P<secret>[^\s\"']{1,200})[\"']", "userpwd"),
    rule(rf"{_NAME}[ \t]*,[ \t]*(?:{DOUBLE}|{SINGLE})[ \t]*\)", ", \"", ",\"", ", '", ",'", made=True),
    rule(r"[\"'](?:d|k|dp|dq|qi)[\"'][ \t]*:[ \t]*[\"'](?P<secret>[a-z0-9_-]{20,2000})[\"']", "\"d", "\"k", "\"qi", "'d", "'k", "'qi", wants=looks_random),
    rule(rf"(?<![a-z])auth['\"]?[ \t]*=>?[ \t]*(?![0-9]{{1,3}}\b){VALUE}", "auth", wants=looks_typed),
    rule(rf"(?m)^[ \t]*[\w.]{{0,60}}?{_NAME}(?:[ \t]+|[ \t]*\([ \t]*)(?:{DOUBLE}|{SINGLE})[ \t]*[);,]{{0,3}}[ \t]*$", *_HINTS, wants=is_one_word),
    rule(r"(?m)^[ \t]*\$user\d{1,3}\$[ \t]*=[ \t]*(?P<secret>\S{4,120})[ \t]*$", "$user", made=True),
    rule(r"(?:::add-mask::|;issecret=true\])(?P<secret>\S{3,400})", "::add-mask::", "issecret=true]"),
    rule(rf"[ \t]/v[ \t]+\"?\w{{0,40}}?{_NAME}\"?[ \t][^\n]{{0,80}}?/d[ \t]+{VALUE}", "/v "),
    rule(r"\bkey content[ \t]*:[ \t]*(?P<secret>[^\n]{4,80})", "key content"),
    rule(rf"\buci[ \t]+(?:-\w[ \t]+)?set[ \t]+wireless\.[^\s=]{{1,80}}\.key\d?={VALUE}", "uci "),
    rule(r"\.logon[ \t]+[^\s,/]{1,80}/[^\s,]{1,60},(?P<secret>[^\s;]{1,120})", ".logon"),
    rule(rf"(?<![a-z])s[/|#,][^\n]{{0,120}}?[/|#,][\w.-]{{0,40}}?{_NAME}[ \t]*[=:][ \t]*[\"']?(?P<secret>[^\s/|#\"']{{3,200}})[\"']?[/|#]", "s/", "s|", "s#", "s,"),
    rule(rf"(?<![\w-])insecure-password[ \t]+{VALUE}", "insecure-password"),
    rule(r"(?<![\w-])stats[ \t]+auth[ \t]+[^\s:]{1,64}:(?P<secret>\S{1,120})", "stats"),
    rule(r"\"sensitive\"\s{0,4}:\s{0,4}true,\s{0,40}\"type\"\s{0,4}:\s{0,4}\"string\",\s{0,40}\"value\"\s{0,4}:\s{0,4}\"(?P<secret>[^\"\n]{1,4000})\"", "\"sensitive\""),
    rule(r"random_password\"[^}]{0,600}?\bresult\"?[ \t]*[=:][ \t]*\"(?P<secret>[^\"\n]{1,400})\"", "random_password"),
    rule(rf"<(?:name|key)>[\w.-]{{0,80}}?(?:{_NAME}|(?<![a-z])pass){_AFTER_NAME}</(?:name|key)>\s{{0,40}}<value>(?P<secret>[^<\n]{{1,400}})</", "</name>", "</key>"),
    rule(r"<(?:[\w-]{1,30}:)?[\w.-]{0,40}?password>\s{0,40}<value>(?P<secret>[^<\n]{1,400})</", "password>"),
    rule(r"<(?:pass|pwd|pw)(?:[ \t][^>\n]{0,100})?>(?P<secret>[^<\n]{1,400})</", "<p"),
    rule(rf"{_EQUALS_ONLY}{_AFTER_NAME}['\"]?[ \t]*=>?[ \t]*(?![0-9]{{1,3}}\b){VALUE}", "pass", "pin", "sig", "otp", "auth"),
    rule(rf"(?<=[a-z0-9_.-])pass=(?:{DOUBLE}|{SINGLE}|{BARE})", "pass=", made=True),
    rule(rf"(?<![\w.-])(?!{_OPENS_NOTHING})(?:[a-z0-9]{{1,30}}[_.-]){{0,4}}?[a-z0-9]{{0,30}}(?:key|token)[\"']?[ \t]*(?::=|=>|=|:)[ \t]*{VALUE}",
         "key", "token", wants=looks_random),
    rule(r"\b(?:api|secret|access|auth|license|account|encryption|signing|master|app|private)[ _-]?(?:access[ _-])?key[ \t]+(?P<secret>[a-z0-9+/_=-]{16,200})(?![\w.])",
         "key", wants=looks_random),
    rule(r"[?&]key=(?P<secret>[a-z0-9_-]{16,200})", "key=", wants=looks_random),
    rule(rf"\bvariable[ \t]+\"[\w-]{{0,60}}?{_NAME}\"[ \t]*\{{[^}}]{{0,300}}?\bdefault[ \t]*=[ \t]*{DOUBLE}", "variable"),
    rule(rf"(?<![\w-])--?(?!-|no-|{_SAYS_NOTHING})(?:[a-z0-9]{{1,30}}[-_]){{0,4}}(?:{_NAME}|passwd|pass|(?!no|next)[a-z]{{3,30}}(?:password|passphrase|secret|token|apikey|accesskey|sharedkey)|passwords)\d{{0,2}}(?:[ \t]*[=:][ \t]*|[ \t]+)"
          rf"(?![-&|;<>#)])(?:(?<=:)|(?!/)){VALUE}", *_HINTS),
    rule(r"(?<![\w-])--?(?:[a-z]{1,20}-){0,3}(?:otp|pin|puk|passcode|mfa-code|token-code|totp|one-time-password|unlock-code)[ \t=]+(?P<secret>[\w-]{4,80})(?![\w./-])",
         "otp", "pin", "puk", "code"),
    rule(rf"[\"'](?:pass|passwd|pw)[\"'][ \t]*:[ \t]*(?:{DOUBLE}|{SINGLE})", "pass", "pw"),
    rule(r"(?m)^[ \t]*auth[ \t]+(?:[\w.-]{1,60}[ \t]+)?(?P<secret>\S{6,120})[ \t]*$", "auth ", made=True),
    rule(r"\b(?:user|setuser)[ \t]+\S{1,60}[^\n]{0,60}?[ \t]>(?P<secret>[^\s>&|]{4,120})(?=[ \t]+[~&+@-]|[ \t]*$)", "user"),
    rule(r"(?<![\w.])conn(?:ect)?[ \t]+[\w$#]{1,40}/(?P<secret>[^\s@/;]{3,80})@", "conn"),
    rule(r"(?<![\w$])(?:pass|passwd)[\"']?[ \t]*:[ \t]*(?P<secret>(?!\d+\b)[^\s'\",]{6,80})", "pass", wants=looks_typed),
    rule(rf"<(?:[\w-]{{1,30}}:)?[\w.-]{{0,40}}?{_NAME}(?:[ \t][^>\n]{{0,200}})?>\s{{0,20}}(?:<!\[cdata\[)?"
          r"(?P<secret>[^<\]\n]{1,400}?)\s{0,20}(?:\]\]>)?</", "</"),
    rule(rf"(?:key|name|id|field|param|parameter)[\"']?[ \t]*[=:][ \t]*[\"']?[\w. -]{{0,60}}?(?:{_NAME}|(?<![a-z])pass){_AFTER_NAME}[\"']?[ \t]*,?\s{{1,40}}"
          rf"[\"']?(?:value|default|content|val)[\"']?[ \t]*[=:][ \t]*{VALUE}", "value", "default", "content", "val="),
    rule(rf"\"(?:key|name)\"[ \t]*:[ \t]*\"[\w.-]{{0,60}}?{_NAME}{_AFTER_NAME}\"[ \t]*,\s{{0,40}}\"value\"[ \t]*:[ \t]*{VALUE}",
          "\"value\""),
    rule(rf"{_NAME}{_AFTER_NAME}['\"][ \t]*,[ \t]*(?:{DOUBLE}|{SINGLE})(?=[ \t]*\))", "',", "\",", "' ,", "\" ,", wants=is_one_word),
    rule(rf"{_NAME}{_AFTER_NAME}['\"][ \t]*,[ \t]*(?:{DOUBLE}|{SINGLE})(?![ \t]*:)", "',", "\",", "' ,", "\" ,", made=True),
    rule(rf"(?m):[ \t]*(?:psk|xauth|eap|ntlm)[ \t]+(?:{DOUBLE}|{SINGLE}|(?P<secret>0x[0-9a-f]+))", "psk", "xauth", "eap", "ntlm"),
    rule(rf"(?<![\w-])(?:setenv|env|export|setx?)[ \t]+(?!community)[\w]{{0,60}}?{_NAME}{_AFTER_NAME}[ \t]+{VALUE}", "env ", "set ", "setx ", "export "),
    rule(rf"{_NAME}[ \t]*:[ \t]*[|>][+-]?[ \t]*\n[ \t]+(?P<secret>[^\n]{{1,400}})", "|", ">"),
    rule(rf"(?<![\w-])(?:requirepass|masterauth|rootpw|bindpw|olcrootpw)[ \t]+{VALUE}", "requirepass", "masterauth", "pw"),
    rule(rf"\bset[ \t](?:password|secret|passwd)[ \t](?:for[ \t]\S{{1,60}}[ \t])?(?![=:]){VALUE}", "set "),
    rule(r"(?m)^[ \t]*(?:password|passphrase|secret)[ \t]+(?P<secret>\S{4,120})[ \t]*$", "password", "passphrase", "secret", made=True),
    rule(rf"(?<![\w-])/(?:pass|passwd)[:=]{VALUE}", "/pass"),
    rule(r"(?m)^[ \t]*[\w.-]{0,40}passphrase[ \t]*=[ \t]*(?P<secret>[^\s'\"$]+(?: [^\s'\"]+){1,8})[ \t]*$", "passphrase"),
    rule(rf"\bname=[\"'][\w.-]{{0,80}}?{_NAME}[\"'][^>\n]{{0,100}}>(?P<secret>[^<\n]{{1,400}})</", "name="),
    rule(rf"(?:{DOUBLE}|{SINGLE})[ \t]*\|[ \t]*convertto-securestring", "securestring"),
    rule(r"\b(?:userpassword|unicodepwd|sambantpassword|sambalmpassword|ms-mcs-admpwd|krbprincipalkey)::?[ \t]+(?P<secret>\S{4,400})",
          "password:", "pwd:", "principalkey:"),
    rule(rf"\b(?:set|put|setex|hset)[ \t]+[\w/:.-]{{0,80}}?{_NAME}[ \t]+(?![\w.-]{{1,60}}=){VALUE}", "set", "put", made=True),
    rule(r"(?<![\w.-])(?!-)[\w.-]{0,40}?(?<![a-z])(?:token|secret)[ \t]+(?P<secret>(?=[a-z_-]{0,60}\d)[a-z0-9_-]{20,200})(?![\w./-])", "token", "secret", made=True),
    rule(r"\b(?:(?:with|using|and)[ \t](?:the[ \t])?(?:password|passphrase|pw)|psk)[ \t]+(?P<secret>[^\s'\",;]{6,80})", "pass", "pw", "psk", made=True),
    rule(r"\blogin[ \t]+\S{1,80}\s{1,10}password[ \t]+(?P<secret>\S{1,120})", "login"),
    rule(r"\baccount\s{1,10}password[ \t]+(?P<secret>\S{1,120})", "account", made=True),
    rule(rf"\bidentified[ \t](?:with[ \t]\S{{1,60}}[ \t])?(?:by|as)[ \t](?:password[ \t])?(?:{DOUBLE}|{SINGLE})", "identified"),
    rule(r"\b(?:user|role|grant|link|account)\b[^;]{1,200}?\bidentified[ \t](?:with[ \t]\S{1,60}[ \t])?(?:by|as)[ \t](?:password[ \t])?"
         r"(?P<secret>[^\s;'\"]+)", "identified"),
    rule(rf"\b(?:with[ \t])?(?:encrypted[ \t]|unencrypted[ \t])?password[ \t]=?[ \t]?{SINGLE}", "password"),
    rule(r"\bpassword\([ \t]*['\"](?P<secret>[^'\"\n]{1,200})['\"]", "password("),
    rule(rf"\b(?:networkcredential|pscredential|usernamepasswordcredential|passwordauthentication|httpbasicauth|basicauth)\([ \t]*(?:\"[^\"\n]{{0,80}}\"|'[^'\n]{{0,80}}'|[\w.$]{{1,80}})[ \t]*,[ \t]*{VALUE}",
         "credential(", "authentication(", "basicauth("),
    rule(rf"\bconvertto-securestring[ \t]+(?:-(?:string|asplaintext|force)[ \t]+){{0,3}}(?!-){VALUE}", "convertto-securestring"),
    rule(r"\b(?:passwor[dt]|passphrase|passcode|pin|token|secret|api[ -]key|kennwort|pwd?|pass|login|creds|(?:snmp|community)[ -](?:string|community))(?:[ \t](?:for|of|on|in|at|to)(?:[ \t][^\s.:;=]{1,40}){1,4}?)?[ \t]+(?:is|was|are|lautet|ist|to|"
          rf"of(?!(?<=the password of){_ACCOUNT}))"
          r"(?:[ \t]now|[ \t]still|[ \t]set[ \t]to)?[ \t]*:?[ \t]+['\"`]?(?P<secret>[^\s'\"`]{6,80}?)['\"`]?[.,;!?]?(?=\s|$)",
          "pass", "pin", "token", "secret", "key", "kennwort", "pw", "login", "creds", "snmp", "community", made=True),
    rule(r"\b(?:user(?:name)?|(?:log|sign)[ -]?in|creds?|credentials|zugang(?:sdaten)?|anmeldung|konto|account|acc[eè]so?s?)(?:[ \t](?:with|as|for|is|are))?[ \t]*[:=]?[ \t]+[\w.@-]{2,40}[ \t]*/[ \t]*(?P<secret>[^\s'\",;]{6,60})",
          "user", "login", "log in", "log-in", "sign in", "signin", "sign-in", "cred", "zugang", "anmeldung", "konto", "account", "acc", made=True),
    rule(r"\b(?:uses?|takes?|has|with)[ \t]+[a-z][\w.@-]{1,30}/(?P<secret>[^\s'\",;/@]{6,60})(?![\w/@])", "use", "take", "has ", "with ", wants=looks_strong),
    rule(r"\b(?:creds?|credentials)(?:[ \t](?:are|is|for[ \t]\S{1,40}))?[ \t]*:?[ \t]+[a-z][\w.@-]{1,40}:(?P<secret>[^\s'\",;/@]{6,60})(?![\w/@])", "cred", wants=looks_strong),
)  # fmt: skip

_BY_HINT = HintedRules(RULES)


def find_named(text: str, small: HintedText) -> Iterator[SecretSpan]:
    """Yield the values of a text that a name calls secret.

    Args:
        text: as it is.
        small: the same with ASCII capitals made small.
    """
    return find_by(_BY_HINT, text, small)
