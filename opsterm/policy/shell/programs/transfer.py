"""Programs that fetch, send and reach other hosts."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.shell import deeds
from opsterm.policy.shell.argument import Argument
from opsterm.policy.shell.call import ProgramCall
from opsterm.policy.shell.places import is_secret, resolved
from opsterm.policy.shell.programs.calling import Deed, Verbs, asks_for_help, by_option, fixed, note, reads
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty

REMOTE = re.compile(
    r"(?:[\w.-]+@)?(?:[\w.-]+|\[[0-9a-fA-F:]+\]|[\w.-]*\x00[\w.-]*):(?!/).*|(?:[\w.\x00-]+@)?[\w.\x00-]+:/.*|rsync://.*|.*::.*|(?:scp|sftp)://.*"
)


_NAMES_PEOPLE = re.compile(r"/etc/(?:passwd|shadow)|(?:.*/)?\.ssh(?:/|$)|/(?:etc|root|home)/?$")


def sends(call: ProgramCall, word: Argument) -> None:
    """Note that a file leaves the host."""
    path = resolved(word.text, call.frame.scope.cwd)
    if is_secret(path) or _NAMES_PEOPLE.match(path):
        call.add(_K.READ_SECRET, word)
        call.add(_K.EXFIL, word)
    else:
        call.add(_K.EXFIL, word, _C.POSSIBLE)


_CURL_TAKES = word_set(
    "-o -T -X -d -F -H -u -A -e -b -c -x -m -w -K -E -r -y -Y -z -C -D -P -Q -t -U --output --upload-file --request --data --data-raw --data-binary --data-urlencode --data-ascii "
    "--json --form --form-string --header --user --user-agent --referer --cookie --cookie-jar --proxy --max-time --write-out --config --cert --key --cacert --capath --resolve --connect-to "
    "--connect-timeout --retry --retry-delay --retry-max-time --limit-rate --interface --range --dump-header --trace --trace-ascii --stderr --url --quote --output-dir --unix-socket --proto --max-redirs "
    "--oauth2-bearer --aws-sigv4 --hsts --netrc-file --pinnedpubkey --dns-servers --ciphers --tls-max --max-filesize --speed-limit --speed-time --time-cond --noproxy --local-port"
)


def _curl(call: ProgramCall) -> None:
    """Follow curl: what it writes here, sends there, or asks the other side to do."""
    call.take(_CURL_TAKES, long=("--remote-name", "--insecure", "--get", "--head"))
    if asks_for_help(call) and not call.words:
        call.add(_K.READ)
        return
    urls = [*call.words, *call.values("--url")]
    url = urls[0] if urls else Argument(text="", raw="", span=call.span)
    _asks(call, url)
    _keeps(call)
    if call.has("-K", "--config"):
        call.dark("Its options are in a file that is not shown here.")
    if url.text.startswith("file://"):
        deeds.read(url.part(url.text.removeprefix("file://")), call.notes, call.frame, call.span)
    if re.search(r"\$\(|`", url.raw):
        call.add(_K.EXFIL, url, _C.POSSIBLE)
    call.add(_K.READ, url)


HARSH = re.compile(
    r"_delete_by_query|/_(?:close|shutdown|forcemerge)|/(?:delete|destroy|shutdown|reboot|drop|stop|kill|purge|reset|terminate|disable|wipe)(?:/|$|\?)|/do(?:Delete|Disable|WipeOutWorkspace)\b|/(?:safe|quiet)?(?:Exit|Restart|Down)\b|actuator/(?:shutdown|restart)"
)
"""Parts of an address to which a POST makes something end or be lost."""
_ACTS = re.compile(r"/(?:shutdown|reboot|delete|destroy|reset|quitquitquit)(?:$|\?)")
_QUERIES = re.compile(
    r"/(?:_search|_msearch|_count|_sql|_analyze|_validate/query)(?:$|[/?])|/api/v1/(?:query|query_range|query_exemplars|labels|series)(?:$|\?)|"
    r"/loki/api/v1/(?:query|query_range|series|labels)(?:$|\?)"
)
"""Addresses to which a POST only asks: searches of Elasticsearch, queries of Prometheus and Loki."""

_BODIES = ("-d", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--data-ascii", "--json", "-F", "--form", "-T",
           "--upload-file")  # fmt: skip


def _asks(call: ProgramCall, url: Argument) -> None:
    """Note what curl asks of the other side, and which files it sends there."""
    method, upload = call.value("-X", "--request"), call.value("-T", "--upload-file")
    verb = method.text.upper() if method is not None else ""
    sent = call.values(*_BODIES)
    for value in sent:
        name = value.text.partition("=")[2] if call.has("-F", "--form") else value.text
        if not name.startswith(("@", "<")) and value is not upload:
            continue
        target = value.part(name.lstrip("@<"))
        if target.text in ("-", "", "."):
            feed = call.frame.feed
            call.add(_K.EXFIL, url, _C.POSSIBLE if feed is None or feed.origin in ("text", "file") else _C.LIKELY)
            _feeds_secret(call)
        else:
            sends(call, target)
    writes = bool(sent) and not call.has("-G", "--get") and verb != "GET"
    if verb in ("DELETE", "PURGE") or call.has("-Q", "--quote"):
        note(call, "infra+delete", url)
    elif verb in ("", "POST") and writes and _QUERIES.search(url.text):
        call.add(_K.READ, url)
    elif verb not in ("", "GET", "HEAD", "OPTIONS") or writes:
        note(call, "infra+delete" if HARSH.search(url.text) else "infra?", url)
    elif verb == "" and _ACTS.search(url.text):
        note(call, "infra?", url)


def _keeps(call: ProgramCall) -> None:
    """Note the files that curl writes."""
    name = call.value("-o", "--output")
    _remember(call, name.text if name is not None else call.words[0].text if call.words else "")
    for value in call.values(
        "-o", "--output", "-D", "--dump-header", "-c", "--cookie-jar", "--trace", "--trace-ascii", "--stderr"
    ):
        deeds.write(value, call.notes, call.frame, call.span, replaces=True)
    for value in call.values("-o", "--output"):
        call.frame.scope.fetched.add(resolved(value.text, call.frame.scope.cwd))
    if call.has("-O", "--remote-name", "--remote-name-all", "-J", "--output-dir"):
        call.add(_K.WRITE_FILE, "")
        _remembers(call, "", call.words[0] if call.words else "")


def _remembers(call: ProgramCall, folder: str, url: Argument | str) -> None:
    """Remember the file that a URL is kept in, by its last name: what runs it later runs what came over the network."""
    name = url.text.split("?")[0].rstrip("/").rsplit("/", 1)[-1] if isinstance(url, Argument) else ""
    if name:
        call.frame.scope.fetched.add(resolved(f"{folder}/{name}" if folder else name, call.frame.scope.cwd))


def _remember(call: ProgramCall, path: str) -> None:
    """Remember a file that was fetched: who runs it next runs what nobody has read."""
    call.notes.fetched.add(path.rsplit("/", 1)[-1])


def _feeds_secret(call: ProgramCall) -> None:
    feed = call.frame.feed
    if feed is not None and feed.origin == "archive":
        call.add(_K.EXFIL, "an archive", _C.LIKELY)
    if feed is not None and feed.origin == "file" and _NAMES_PEOPLE.match(feed.text):
        call.add(_K.EXFIL, feed.text)
    if feed is not None and feed.origin == "environment":
        call.add(_K.READ_SECRET, "the environment")
        call.add(_K.EXFIL, "the environment")
    if feed is not None and feed.origin == "file" and is_secret(resolved(feed.text, call.frame.scope.cwd)):
        call.add(_K.EXFIL, feed.text)


def _wget(call: ProgramCall) -> None:
    """Follow wget: it writes what it fetches, unless it only looks."""
    call.take(word_set("-O -o -a -P -i -T -t -Q -U -e -D -A -R -I -X -w -l -B --output-document --output-file --append-output --directory-prefix --input-file --timeout --tries --user-agent --post-data "
                    "--post-file --body-data --body-file --method --header --user --password --execute --wait --limit-rate --ca-certificate --quota --use-askpass"))  # fmt: skip
    if asks_for_help(call) or call.has("--spider"):
        call.add(_K.READ)
        return
    url = call.words[0] if call.words else ""
    for value in call.values("--post-file", "--body-file"):
        sends(call, value)
    if call.value("--post-data", "--body-data", "--method") is not None:
        method = call.value("--method")
        note(call, "infra+delete" if method is not None and method.text.upper() == "DELETE" else "infra?", url)
    if call.value("-e", "--execute", "--use-askpass") is not None:
        call.add(_K.REMOTE_CODE, "", _C.POSSIBLE)
    target = call.value("-O", "--output-document")
    _remember(call, target.text if target is not None else url if isinstance(url, str) else url.text)
    if target is not None and target.text not in ("-", "/dev/null", "/dev/stdout"):
        deeds.write(target, call.notes, call.frame, call.span, replaces=True)
        call.frame.scope.fetched.add(resolved(target.text, call.frame.scope.cwd))
    elif target is None:
        folder = call.value("-P", "--directory-prefix")
        call.add(_K.WRITE_FILE, folder or "")
        _remembers(call, folder.text if folder is not None else "", url)
    for value in call.values("-o", "-a", "--output-file", "--append-output"):
        deeds.write(value, call.notes, call.frame, call.span, replaces=True)
    call.add(_K.READ, url)


def _scp(call: ProgramCall) -> None:
    """Note files that are copied from or to another host."""
    call.take(word_set("-c -F -i -J -l -o -P -S -D -X"))
    for value in call.values("-S"):
        call.again(value, "scp")
    copies(call)


def copies(call: ProgramCall) -> None:
    """Note what is copied from the words before the last one to the last one."""
    words = call.words
    if len(words) < 2:
        call.add(_K.READ if asks_for_help(call) else _K.WRITE_FILE)
        return
    target = words[-1]
    if REMOTE.fullmatch(target.text):
        call.add(_K.WRITE_FILE, target)
        for word in words[:-1]:
            if not REMOTE.fullmatch(word.text):
                sends(call, word)
    else:
        deeds.write(target, call.notes, call.frame, call.span, replaces=True)


_RSYNC_TAKES = word_set(
    "-e -f -T -B -M --rsh --rsync-path --exclude --include --exclude-from --include-from --files-from --filter --bwlimit --backup-dir --suffix --temp-dir --compare-dest --copy-dest "
    "--link-dest --max-size --min-size --timeout --port --log-file --out-format --password-file --chmod --chown --info --max-delete --partial-dir --compress-level --contimeout --block-size --modify-window"
)


def _is_trial(call: ProgramCall) -> bool:
    """Return whether the last of -n and --no-n leaves a trial, or files are only listed."""
    names = ("-n", "--dry-run", "--no-n", "--no-dry-run")
    given = [option.name for option in call.options if option.name in names]
    return call.has("--list-only") or (bool(given) and not given[-1].startswith("--no-"))


def _rsync(call: ProgramCall) -> None:
    """Follow rsync: -n is a trial, --delete takes away what is not at the source."""
    call.take(
        _RSYNC_TAKES,
        long=("--dry-run", "--no-dry-run", "--delete", "--list-only", "--remove-source-files", "--archive"),
    )
    program = call.value("-e", "--rsh")
    if program is not None and not re.match(r"(?:/usr/bin/)?(?:ssh|rsh)\b", program.text):
        call.dark("Its -e starts another program.")
        call.add(_K.REMOTE_CODE, program, _C.LIKELY)
    path = call.value("--rsync-path")
    if path is not None and not re.fullmatch(r"(?:sudo |ionice -c\d |nice )*[\w/.-]*rsync", path.text):
        call.again(path, "rsync", where="rsync")
    if asks_for_help(call) or _is_trial(call) or len(call.words) < 2:
        call.add(_K.READ)
        return
    target = call.words[-1]
    if any(option.name.startswith(("--delete", "--del")) for option in call.options):
        call.add(_K.DELETE, target)
        call.add(_K.DATA_LOSS, target, _C.LIKELY)
    if call.has("--remove-source-files"):
        call.add(_K.DELETE, call.words[0])
    for value in call.values("--log-file"):
        deeds.write(value, call.notes, call.frame, call.span, replaces=False)
    copies(call)


_OPENSSL_READS = "x509 s_client verify version dgst speed ciphers crl ocsp asn1parse prime list errstr sess_id help passwd rand md5 sha256 sha1 sha512 req rsa ec pkey pkcs12 pkcs7 pkcs8 enc cms smime dsa ecparam dhparam genpkey genrsa gendsa"


def _openssl(call: ProgramCall) -> None:
    """Note what openssl shows, and the file behind -out."""
    verb = call.arguments[0].text if call.arguments else ""
    call.take(word_set("-out -in -connect -servername -CAfile -CApath -key -keyout -days -subj -config -passin -passout -inkey -certfile -name -cert -pass -k -K -iv -port -host -starttls -CA -CAkey -CAserial -set_serial "
                    "-extfile -extensions -md -newkey -writerand -engine -caname -cafile -outform -inform -signkey -checkend -nameopt -ext -addext -provider"), dash_long=True)  # fmt: skip
    outs = call.values("-out", "-keyout", "-writerand")
    for value in outs:
        deeds.write(value, call.notes, call.frame, call.span, replaces=True)
    source = call.value("-in", "-inkey", "-key")
    if (
        source is not None
        and is_secret(source.text)
        and verb in ("rsa", "ec", "pkey", "enc", "pkcs12", "pkcs8", "dsa", "base64")
        and not call.has("-pubout", "-check", "-noout")
    ):
        call.add(_K.READ_SECRET, source)
    if verb in ("s_server", "ocsp_server"):
        call.add(_K.SECURITY_WEAKEN, verb)
    elif (
        verb in ("req", "genrsa", "genpkey", "ca", "ecparam", "dhparam")
        and call.has("-new", "-x509", "-newkey", "-keyout")
        and not outs
    ) or verb in ("ca", "engine", "srp", "tsa"):
        call.add(_K.WRITE_FILE, "")
    elif verb not in word_set(_OPENSSL_READS) and verb:
        call.dark(f"openssl {verb} is not known to this check.")
    if call.value("-engine", "-provider") is not None:
        call.add(_K.REMOTE_CODE, "engine", _C.POSSIBLE)
    call.add(_K.READ)


def _gpg(call: ProgramCall) -> None:
    """Note what gpg shows, makes, exports and deletes."""
    call.take(
        word_set(
            "-o -r -u --output --recipient --local-user --homedir --keyserver --passphrase --passphrase-file --default-key --status-fd --trust-model"
        ),
        long=("--output",),
    )
    for value in call.values("-o", "--output"):
        deeds.write(value, call.notes, call.frame, call.span, replaces=True)
    if call.has("--export-secret-keys", "--export-secret-subkeys"):
        call.add(_K.READ_SECRET, "secret keys")
    elif any(option.name.startswith("--delete") for option in call.options):
        note(call, "delete+data_loss~", "keys")
    elif call.has(
        "--list-keys",
        "--list-secret-keys",
        "--verify",
        "-k",
        "-K",
        "--fingerprint",
        "--list-sigs",
        "--check-sigs",
        "--show-keys",
        "--list-packets",
        "--export",
        "--version",
        "--card-status",
        "--search-keys",
    ) or call.has("-d", "--decrypt"):
        call.add(_K.READ)
    else:
        call.add(_K.WRITE_FILE, "")


def _mail(call: ProgramCall) -> None:
    """Note what is sent by mail."""
    call.take(word_set("-s -a -c -b -r -S -A -f -q --attach --subject"))
    if asks_for_help(call):
        call.add(_K.READ)
        return
    for value in call.values("-a", "-A", "--attach"):
        sends(call, value)
    feed = call.frame.feed
    call.add(_K.EXFIL, call.words[0] if call.words else "", _C.POSSIBLE)
    if feed is not None and feed.origin == "file" and is_secret(feed.text):
        call.add(_K.EXFIL, feed.text)


def _sftp(call: ProgramCall) -> None:
    """Note a session of files on another host."""
    call.take(word_set("-b -B -c -D -F -i -J -l -o -P -R -S -s"))
    call.dark("What is moved in the session is not shown here.")
    call.add(_K.EXFIL, call.words[0] if call.words else "", _C.POSSIBLE)


PROGRAMS: Mapping[str, Deed] = {
    "curl": _curl, "wget": _wget, "wget2": _wget, "scp": _scp, "pscp": _scp, "rsync": _rsync, "openssl": _openssl,
    "gpg": _gpg, "gpg2": _gpg,
    **dict.fromkeys(("mail", "mailx", "mutt", "sendmail", "s-nail", "swaks", "msmtp", "ssmtp"), _mail), **dict.fromkeys(("sftp", "ftp", "lftp", "tftp", "ncftp"), _sftp), "rsh": fixed("dark"), "rlogin": fixed("dark"),
    "aria2c": fixed("write_file"), "lynx": reads(content=False), "w3m": reads(content=False), "smbclient": by_option("dark: -c", "-U -c -W -p", else_="dark"), "rpcclient": fixed("dark"),
    "ansible-inventory": reads(content=False), "ansible-doc": reads(content=False), "ansible-config": reads(content=False), "ansible-lint": reads(content=False), "ansible-galaxy": Verbs(table="read: list info search\npackage_add: install\npackage_remove: remove delete\nwrite_file: init"),
    "puppet": Verbs(table="read: help facts config/print lookup module/list resource parser/validate", dry="--noop", tried="agent apply resource device", else_="dark"), "chef-client": by_option("read: -W --why-run", else_="dark"),
    "knife": Verbs(table="read: node/list node/show status search cookbook/list role/list", else_="dark"),
}  # fmt: skip
