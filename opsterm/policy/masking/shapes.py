"""Secrets that are told by their own shape: tokens of services, key blocks, hashes of passwords.

The rules are data. A rule is tried on a text only when one of its hints is in it, so that a text without secrets costs
little. No rule can look back or ahead without a bound: the time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from opsterm.policy.masking.hinted_text import HintedRules, HintedText
from opsterm.policy.masking.spans import SecretSpan


class Shape(NamedTuple):
    """One shape of a secret.

    Attributes:
        kind: the word in the placeholder.
        pattern: what it looks like; the whole match is the secret, or its group "secret".
        hints: texts of which one must be in it, in its own case.
    """

    kind: str
    pattern: str
    hints: tuple[str, ...]


def _token(start: str, rest: str, *more: str) -> Shape:
    """Return the shape of a token that begins with one of some fixed texts."""
    starts = (start, *more)
    return Shape("token", rf"(?:(?<![A-Za-z0-9])|(?<=\[\d\dm))(?:{'|'.join(map(re.escape, starts))}){rest}", starts)


_WORD = "[A-Za-z0-9_-]"

SHAPES: tuple[Shape, ...] = (
    Shape("private-key", r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----(?P<secret>[\s\S]*?)"
          r"(?:-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----|\Z)", ("PRIVATE KEY",)),
    Shape("private-key", r"-----BEGIN OpenVPN Static key V1-----(?P<secret>[\s\S]*?)(?:-----END OpenVPN Static key V1-----|\Z)",
          ("OpenVPN Static key",)),
    Shape("private-key", r"---- BEGIN SSH2 (?:ENCRYPTED )?PRIVATE KEY ----(?P<secret>[\s\S]*?)(?:---- END SSH2|\Z)",
          ("BEGIN SSH2",)),
    Shape("private-key", r"Private-Lines: \d+\r?\n(?P<secret>(?:[A-Za-z0-9+/=]+\r?\n?)+)", ("Private-Lines",)),
    Shape("private-key", r"(?<![A-Za-z0-9+/])LS0tLS1CRUdJTi[A-Za-z0-9+/]{0,40}?"
          r"(?:UFJJVkFURSBLRVk|QUklWQVRFIEtFW|BSSVZBVEUgS0VZ)[A-Za-z0-9+/=\n]*", ("LS0tLS1CRUdJTi",)),
    Shape("private-key", r"AGE-SECRET-KEY-1[A-Z0-9]{50,}", ("AGE-SECRET-KEY-1",)),
    # code hosts and registries
    _token("ghs_", r"\d{3,12}_eyJ[\w-]+\.[\w-]+(?:\.[\w-]+)?"),
    _token("ghp_", r"[A-Za-z0-9]{30,}", "gho_", "ghu_", "ghs_", "ghr_"),
    _token("github_pat_", rf"{_WORD}{{30,}}"),
    _token("glpat-", rf"{_WORD}{{16,}}[\w.]*", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "gloas-", "glagent-", "glffct-"),
    _token("GR1348941", rf"{_WORD}{{16,}}"),
    _token("ATBB", r"[A-Za-z0-9]{28,}"),
    _token("ATATT3xFfGF0", r"[\w=-]{20,}", "ATCTT3xFfGF0"),
    _token("npm_", r"[A-Za-z0-9]{30,}"),
    _token("pypi-AgE", rf"{_WORD}{{20,}}"),
    _token("dckr_pat_", rf"{_WORD}{{20,}}", "dckr_oat_"),
    _token("rubygems_", r"[0-9a-f]{30,}"),
    _token("AKCp", r"[A-Za-z0-9]{60,}"),
    _token("oy2", r"[a-z0-9]{43}"),
    _token("glrtr-", rf"{_WORD}{{16,}}[\w.]*", "glimt-", "glwt-"),
    _token("ATSTT3xFfG", r"[\w=-]{20,}", "ATOAuth"),
    _token("BBDC-", r"[A-Za-z0-9+/=]{30,}"),
    _token("sgp_", r"(?:(?:[0-9a-fA-F]{16}|local)_){0,2}[0-9a-zA-Z]{40,}", "sgd_", "sgs_", "slk_"),
    _token("sqp_", r"[0-9a-f]{40}", "squ_", "sqa_"),
    _token("cmVmdGtu", rf"{_WORD}{{40,}}"),
    _token("CLOJARS_", r"[0-9a-f]{60}"),
    _token("cio", r"[A-Za-z0-9]{32}\b"),
    _token("snyk_", r"[\w.-]{30,}"),
    _token("bkpt_", r"[0-9a-f]{30,}", "bkct_", "bkat_"),
    _token("cfut_", rf"{_WORD}{{30,}}", "cfat_", "cfk_"),
    # clouds
    Shape("aws-key", r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ABIA|ACCA)[A-Z0-9]{16}\b",
          ("AKIA", "ASIA", "AGPA", "AIDA", "AROA", "ABIA", "ACCA")),
    Shape("aws-secret", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b[^\n]{0,60}?(?:\n[^\n]{0,60}?)?(?<![A-Za-z0-9/+=])"
          r"(?P<secret>(?=[A-Za-z0-9/+]{0,39}[0-9/+])(?=[a-z0-9/+]{0,39}[A-Z])[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])",
          ("AKIA", "ASIA")),
    Shape("token", r"\b(?:FwoGZXIvYXdz|IQoJb3JpZ2lu)[A-Za-z0-9/+=]{60,}", ("FwoGZXIvYXdz", "IQoJb3JpZ2lu")),
    _token("AIza", rf"{_WORD}{{35}}"),
    _token("GOCSPX-", rf"{_WORD}{{20,}}"),
    _token("ya29.", rf"{_WORD}{{20,}}[\w.-]*"),
    _token("1//0", rf"{_WORD}{{30,}}"),
    Shape("token", r"(?<![\w~.-])[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,37}", ("Q~",)),
    _token("LTAI", r"[A-Za-z0-9]{12,30}\b"),
    _token("AKID", r"[A-Za-z0-9]{32}\b"),
    _token("AQVN", rf"{_WORD}{{30,}}"),
    _token("dop_v1_", r"[0-9a-f]{40,}", "doo_v1_", "dor_v1_"),
    _token("HRKU-", rf"{_WORD}{{30,}}"),
    _token("ocid1.credential.", r"[\w.-]{20,}"),
    _token("fo1_", rf"{_WORD}{{30,}}", "fm1r_", "fm2_"),
    _token("tskey-", rf"{_WORD}{{15,}}"),
    _token("sbp_", r"(?:v\d_)?[0-9a-z]{30,}"),
    _token("pscale_tkn_", r"[\w.-]{20,}", "pscale_pw_", "pscale_oauth_"),
    Shape("token", r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{20,100}(?:JQQJ99|\+ASt|\+ACR|\+AEh|\+ARm|\+AIoT|AzSe|AzCa|AzFu|ACDb|APIM|AZEG)[A-Za-z0-9+/]{4,40}={0,2}(?![A-Za-z0-9+/=])",
          ("JQQJ99", "+ASt", "+ACR", "+AEh", "+ARm", "+AIoT", "AzSe", "AzCa", "AzFu", "ACDb", "APIM", "AZEG")),
    Shape("token", r"\bv1\.0-[0-9a-f]{24}-[0-9a-f]{100,}", ("v1.0-",)),
    _token("t1.", r"[A-Z0-9][\w-]+\.[\w-]{60,}", "y0_Ag"),
    _token("SCW", r"[A-Z0-9]{17}\b"),
    _token("EXO", r"[0-9a-f]{24}\b"),
    _token("rnd_", r"[A-Za-z0-9]{24,}", "nfp_", "vcp_", "vck_", "vca_"),
    _token("napi_", r"[a-z0-9]{40,}", "sb_secret_", "sb_temp_"),
    _token("mdb_sa_sk_", rf"{_WORD}{{30,}}"),
    Shape("token", r"(?<![\w-])00D[A-Za-z0-9]{12,15}![\w.]{40,}", ("00D",)),
    Shape("token", r"(?<![\w.])1000\.[0-9a-f]{32}\.[0-9a-f]{32}", ("1000.",)),
    Shape("token", r"(?<![\w-])SWMTKN-1-[0-9a-z]{40,}-[0-9a-z]{20,}", ("SWMTKN-1-",)),
    Shape("token", r"(?<![\w-])K10[0-9a-f]{60,}::[\w:.-]{8,}", ("K10",)),
    Shape("token", r"(?<![\w-])token-[a-z0-9]{5}:[a-z0-9]{50,}", ("token-",)),
    Shape("token", r"(?<![A-Za-z0-9])A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}", ("A3-",)),
    # secrets of secrets, builds and infrastructure
    _token("tk-", r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"),
    _token("sha256~", r"[\w-]{43}"),
    _token("ZXlK", r"[A-Za-z0-9+/]{60,}={0,2}"),
    _token("hvs.", rf"{_WORD}{{20,}}", "hvb.", "hvr."),
    Shape("token", r"(?<![\w.])s\.[A-Za-z0-9]{24}(?![\w.])", ("s.",)),
    Shape("token", r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,}", (".atlasv1.",)),
    _token("dp.pt.", r"[A-Za-z0-9]{30,}", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."),
    Shape("token", r"\bdp\.st\.[a-z0-9_-]{2,35}\.[A-Za-z0-9]{30,}", ("dp.st.",)),
    _token("CCIPAT_", r"\w{20,}", "CCIPRJ_"),
    _token("bkua_", r"[0-9a-z]{30,}"),
    _token("ops_eyJ", r"[A-Za-z0-9+/=_-]{40,}"),
    _token("pul-", r"[0-9a-f]{40}"),
    _token("ptr_", r"[A-Za-z0-9+/_=-]{30,}", "odt_", "tfp_", "ion_", "pgar_", "fio-u-", "sec-c-", "llx-", "tgp_v1_", "bedrock-api-key-", "ABSK", "nf_key_", "hds-api-"),
    Shape("token", r"(?<![\w-])pat-(?:na|eu|ap|au)\d-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", ("pat-",)),
    Shape("token", r"(?<![\w.])pat\.[\w-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}", ("pat.",)),
    Shape("token", r"(?<![\w-])da2-[a-z0-9]{26}(?![\w-])", ("da2-",)),
    Shape("token", r"(?<![\w.-])sk\.eyJ[\w-]{20,}\.[\w-]{20,}", ("sk.eyJ",)),
    _token("sntrys_", r"[A-Za-z0-9+/=_-]{30,}", "sntryu_", "sntrya_"),
    _token("glsa_", r"\w{30,}", "glc_"),
    _token("NRAK-", r"[A-Z0-9]{20,}", "NRAL-"),
    _token("NRJS-", r"[0-9a-f]{19}", "NRBR-", "NRAA-"),
    _token("NRII-", rf"{_WORD}{{20,}}", "NRIQ-", "NRSP-"),
    _token("dapi", r"[0-9a-f]{32}(?:-\d)?\b"),
    _token("PMAK-", r"[0-9a-f]{20,}-[0-9a-f]{20,}"),
    _token("eyJrIjoi", r"[A-Za-z0-9+/=]{30,}"),
    _token("dt0c01.", r"[A-Z0-9]{20,30}\.[A-Z0-9]{60,}", "dt0s01.", "dt0s02.", "dt0s16."),
    _token("hcaik_", r"[a-z0-9]{40,}", "hcalk_", "hcxik_"),
    Shape("token", r"\b(?:eu01xx?)?[0-9a-f]{22,36}(?:FFFF)?NRAL\b", ("NRAL",)),
    Shape("token", r"\b(?:AA|eu01xx)[0-9a-f]{38,40}-NRM\b", ("-NRM",)),
    _token("phx_", r"\w{30,}", "pnu_", "pnb_"),
    Shape("token", r"(?<![\w-])(?:sdk|api|mob|rel|launchdarkly-[a-z]{2,10})-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![\w-])", ("sdk-", "api-", "mob-", "rel-", "launchdarkly-")),
    _token("u+", r"[A-Za-z0-9_+-]{18}\b"),
    _token("lsv2_pt_", r"\w{30,}", "lsv2_sk_"),
    _token("px-api-", r"[0-9a-z-]{36}", "px-dep-"),
    _token("PVEAPIToken=", r"[^\s'\",]{10,200}"),
    Shape("token", r"(?<![A-Za-z0-9+/])A{21,22}[A-Z][A-Za-z0-9]{6,}(?:%[0-9A-F]{2}[A-Za-z0-9]{2,}){1,8}", ("AAAAAAAAAAAAAAAAAAAAA",)),
    # models
    _token("sk-", rf"(?!ssh-|ecdsa-){_WORD}{{20,}}"),
    _token("hf_", r"[A-Za-z]{30,}\b"),
    _token("r8_", r"[A-Za-z0-9]{30,}"),
    _token("gsk_", r"[A-Za-z0-9]{40,}"),
    _token("xai-", r"\w{40,}"),
    _token("pplx-", r"[A-Za-z0-9]{30,}", "jina_", "fc-", "tvly-", "nvapi-", "csk-", "e2b_", "rpa_", "fw_"),
    _token("co-", r"[A-Za-z0-9]{40}\b"),
    _token("VF.", r"(?:DM|WS)\.[0-9a-f]{20,}\.\w{10,}"),
    # chat, mail and telephone
    _token("xoxb-", r"[A-Za-z0-9-]{10,}", "xoxa-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xoxc-", "xoxd-", "xoxe.xoxp-"),
    _token("xapp-", r"[A-Za-z0-9-]{10,}"),
    Shape("token", r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[A-Za-z0-9/_]{20,})", ("hooks.slack",)),
    Shape("token", r"discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{15,22}/(?P<secret>[A-Za-z0-9_-]{40,})", ("discord",)),
    Shape("token", r"(?<![\w:.-])\d{8,10}:AA[A-Za-z0-9_-]{32,34}(?![\w-])", (":AA",)),
    Shape("token", r"(?:[Tt]elegram|TELEGRAM|tgram|[Bb]ot|BOT)[^\n]{0,40}?(?<![\w:.-])(?P<secret>\d{8,10}:[A-Za-z0-9_-]{35})(?![\w-])", ("elegram", "TELEGRAM", "tgram", "bot", "Bot", "BOT")),
    Shape("token", r"(?<=/bot)\d{8,10}:AA[A-Za-z0-9_-]{32,34}", ("/bot",)),
    Shape("token", r"webhook\.office\.com/webhookb2/(?P<secret>[^\s'\"]{30,300})", ("webhook.office.com",)),
    _token("SG.", rf"{_WORD}{{16,32}}\.{_WORD}{{30,64}}"),
    _token("key-", r"(?=[a-z]{0,31}\d)[0-9a-z]{32}\b"),
    Shape("token", r"\b[0-9a-f]{32}-us\d{1,2}\b", ("-us",)),
    _token("xkeysib-", r"[0-9a-f]{64}-\w{10,}", "xsmtpsib-"),
    _token("SK", r"(?:[0-9a-f]{32}|[0-9A-F]{32})\b"),
    _token("akab-", r"[a-z0-9]{16}-[a-z0-9]{16}\b"),
    _token("TlRMTVNTUAAD", r"[A-Za-z0-9+/=]{20,}"),
    Shape("token", r"(?<![\w|])\d{13,17}\|[A-Za-z0-9_-]{27}(?![\w-])", ("|",)),
    _token("re_", r"[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}"),
    _token("md-", rf"{_WORD}{{22}}\b"),
    _token("EAA", r"[A-Za-z0-9]{80,}", "IGQ"),
    Shape("token", r"\boauth:[a-z0-9]{30}\b", ("oauth:",)),
    Shape("token", r"hooks\.zapier\.com/hooks/catch/(?P<secret>[A-Za-z0-9/]{8,})", ("hooks.zapier",)),
    Shape("token", r"maker\.ifttt\.com/\S{1,80}/key/(?P<secret>[\w-]{20,})", ("maker.ifttt",)),
    Shape("token", r"(?:chat\.googleapis\.com/v1/spaces/\S{1,40}/messages\?)(?P<secret>\S{20,})", ("chat.googleapis",)),
    # payment and trade
    _token("sk_live_", r"[A-Za-z0-9]{10,}", "sk_test_", "rk_live_", "rk_test_"),
    _token("whsec_", r"[A-Za-z0-9+/=]{20,}"),
    _token("access_token$production$", r"[a-z0-9]{10,}\$[0-9a-f]{20,}", "access_token$sandbox$"),
    _token("sq0atp-", rf"{_WORD}{{20,}}", "sq0csp-", "sq0idp-"),
    _token("EAAA", rf"{_WORD}{{56,}}"),
    _token("shpat_", r"[0-9a-zA-Z]{30,}", "shpss_", "shppa_", "shpca_"),
    _token("amzn.mws.", r"[0-9a-f-]{36}"),
    _token("amzn1.oa2-cs.v1.", r"[0-9a-f]{40,}", "Atza|"),
    _token("rzp_live_", r"[A-Za-z0-9]{14}", "rzp_test_"),
    _token("FLWSECK", r"[_A-Z]{0,6}-[0-9A-Za-z-]{12,}"),
    _token("EZAK", r"[A-Za-z0-9]{54}", "EZTK"),
    _token("shippo_live_", r"[0-9a-f]{40}", "shippo_test_"),
    _token("duffel_live_", rf"{_WORD}{{43}}", "duffel_test_"),
    Shape("token", r"(?<![\w-])access-(?:production|sandbox|development)-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", ("access-",)),
    Shape("token", r"(?<![A-Za-z0-9])(?:[a-z]{2,10}_){1,3}(?:live|test|prod|secret|sk|pat|token|key)_[A-Za-z0-9]{20,}(?![A-Za-z0-9])",
          ("live_", "test_", "prod_", "secret_", "sk_", "pat_", "token_", "key_")),
    Shape("token", r"(?<![A-Za-z0-9_])(?:ak|sk|live|test|pat|scp)[_-](?:live|test|prod)[_-][A-Za-z0-9]{20,}(?![A-Za-z0-9])", ("live", "test", "prod")),
    # tools of teams
    _token("lin_api_", r"[A-Za-z0-9]{30,}", "lin_oauth_"),
    _token("ntn_", r"[A-Za-z0-9]{30,}"),
    _token("secret_", r"[A-Za-z0-9]{40,}"),
    _token("figd_", rf"{_WORD}{{30,}}"),
    _token("CFPAT-", rf"{_WORD}{{30,}}"),
    _token("PMAT-", r"[A-Z0-9]{26}"),
    _token("aio_", r"[A-Za-z0-9]{28}\b"),
    _token("rdme_", r"[a-z0-9]{60,}"),
    _token("tkn.v1_", r"[A-Za-z0-9+/=]{30,}"),
    _token("pk_", r"\d{5,10}_[A-Z0-9]{32}"),
    _token("shltm_", rf"{_WORD}{{30,}}"),
    Shape("token", r"(?<![\w/])[01]/\d{10,20}:[0-9a-f]{32}", ("0/", "1/")),
    Shape("token", r"(?<![\w.])v[1-4]\.local\.[A-Za-z0-9_-]{40,}[\w.-]*", (".local.",)),
    _token("pat", r"[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    _token("sl.", rf"{_WORD}{{80,}}"),
    _token("EAACEdEose0cBA", r"[A-Za-z0-9]{10,}"),
    Shape("token", r"(?<![\w.-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?", ("eyJ",)),
    Shape("token", r"(?<![\w.-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
          ("eyJ",)),
    Shape("token", r"(?<![\w.-])eyJ(?:hbGci|0eXAi|raWQi|jdHki|lbmMi)[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}", ("eyJ",)),
    # hashes of passwords
    Shape("hash", r"\$(?:md5,rounds=\d{1,10}|1|2[abxy]?|5|6|7|8|9|y|gy|md5|sha1|apr1|P|H|S|argon2(?:id|i|d)|scrypt|pbkdf2(?:-sha\d+)?|"
          r"bcrypt(?:-sha256)?|ml|14)\$[A-Za-z0-9./$=,+-]{8,}", ("$",)),
    Shape("hash", r"\$(?:krb5asrep|krb5tgs|krb5pa|DCC2|NETNTLMv2)\$[A-Za-z0-9./$=,+*@#:_-]{8,}", ("$krb5", "$DCC2", "$NETNTLM")),
    Shape("hash", r"\{(?:SSHA|SHA|SMD5|MD5|CRYPT|SSHA256|SSHA384|SSHA512|SHA256|SHA512|PBKDF2[A-Z0-9-]*|BLF-CRYPT|ARGON2)\}"
          r"(?P<secret>[A-Za-z0-9+/=.$,-]{8,})", ("SHA", "MD5}", "CRYPT}", "PBKDF2", "ARGON2}")),
    Shape("hash", r"(?m)^[a-z_][a-z0-9_-]{0,31}:(?P<secret>[./0-9A-Za-z]{13}):\d{0,6}:", (":",)),
    Shape("hash", r"(?<=:)[0-9a-fA-F]{32}:[0-9a-fA-F]{32}(?=:::)", (":::",)),
    Shape("hash", r"SCRAM-SHA-(?:1|256)\$(?P<secret>\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=:]+)", ("SCRAM-SHA-",)),
    Shape("hash", r"(?<![0-9A-Fa-f*])\*[0-9A-F]{40}(?![0-9A-Fa-f])", ("*",)),
    Shape("hash", r"\bmd5[0-9a-f]{32}(?![0-9a-f])", ("md5",)),
    Shape("hash", r"(?:pbkdf2_sha256|bcrypt_sha256|scrypt|pbkdf2:sha256:\d+)\$(?P<secret>[A-Za-z0-9+/=$.:]{20,})",
          ("pbkdf2", "bcrypt_", "scrypt$")),
    # a word that says nothing in a program, and is a password in the settings of a container
    Shape("password", r"\b[A-Z][A-Z0-9]*_(?:PASSWORD|PASSWD|PASS|PWD|SECRET)\s?[=:]\s?[\"']?(?P<secret>password|passwd|secret|example|default)(?![\w./(])", ("PASS", "PWD", "SECRET")),
    # files of passwords
    Shape("password", r"(?m)^(?:(?=[\w.-]*[a-z])[a-z0-9][\w.-]{0,252}|\*|\d+(?:\.\d+){3}):(?:\d{2,5}|\*):[\w*-]{1,63}:[\w*.@-]{1,63}:"
          r"(?P<secret>(?:[^\s:\\]|\\.){4,200})$", (":",)),
)  # fmt: skip


_BY_HINT = HintedRules(SHAPES)


def find_shapes(text: HintedText) -> Iterator[SecretSpan]:
    """Yield the secrets of a text that are told by their shape."""
    for shape, match in _BY_HINT.found_in(text):
        yield SecretSpan(*match.span("secret" if "secret" in match.re.groupindex else 0), shape.kind)
