"""What the rules let pass, and why. A line here is a decision that a reader can question."""

from __future__ import annotations

from collections.abc import Mapping

MAY_WAIT: Mapping[str, str] = {
    "opsterm/core/hub.py": "an ear is awaited; docs/decisions/0001-house.md",
}

MAY_TOUCH_THE_DISK: Mapping[str, str] = {
    "opsterm/policy/chain.py": "an auditor runs it alone on a file; docs/decisions/0025-audit-chain.md",
    "opsterm/core/paths.py": "makes the private folders and looks at their modes before anything else is there",
}

MAY_ASK_THE_CLOCK: Mapping[str, str] = {
    "opsterm/core/clock.py": "it is the clock",
}

LONG_FILES: Mapping[str, str] = {}

LONG_FUNCTIONS: Mapping[str, str] = {
    "opsterm/composition.py:build_runtime": "one opener per edge, side by side",
    "tests/runtime/test_script_jobs.py:test_the_seeds_example_end_to_end": "one story from sentence to mail",
    "tests/speed/test_table_speed.py:test_a_tick_and_a_key": "one run from stage to figure, told in order",
}

LARGE_CLASSES: Mapping[str, str] = {
    "opsterm/runtime/changes.py:Changes": "the use-cases of a change, one a method; more has rooms of its own",
    "tests/runtime/child.py:Worker": "a method for each thing that a test asks another process to do",
}

NAMES: Mapping[str, str] = {
    "KnowledgeBase": "the trade's term",
    "LocalEngine": "RFC 3411 calls it so",
    "KnownEngine": "RFC 3411 calls it so",
    "SnmpEngineChanged": "RFC 3411 calls it so",
    "SnmpEngineTrusted": "RFC 3411 calls it so",
}

UNDESCRIBED: Mapping[str, str] = {
    "opsterm/storage/migrations/versions/0001_first.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0002_mail.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0003_run_as.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0004_apis.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0005_traps.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0006_registry.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0008_approvals.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0007_chain.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0009_review.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0010_claims.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0011_jobs.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0012_cards.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0014_items.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0016_conversations.py:upgrade": "Alembic calls it; it says what it makes",
    "opsterm/storage/migrations/versions/0017_turns.py:upgrade": "Alembic calls it; the module says what it makes",
    "opsterm/storage/migrations/versions/0018_item_scope.py:upgrade": "Alembic calls it; the module says what it makes",
}

SHARED_NAMES: Mapping[str, str] = {
    "Invocation": "a verb of our own command line, and a command in a shell text: neither room knows the other",
}

TELLTALE_FILES: Mapping[str, str] = {
    ".ci/run": "it looks for the lab beside the checkout",
}

STARTS_PROGRAMS: Mapping[str, str] = {
    "opsterm/adapters/local_child.py": "a session on this host: what an approved change runs",
    "opsterm/adapters/local_shell.py": "the operator's own shell on a pseudo-terminal",
    "opsterm/adapters/slow_reading.py": "fixed commands that measure this host, as systemctl --failed",
    "opsterm/adapters/script_tools.py": "programs that look at a script on their standard input, and run nothing of it",
    "opsterm/storage/vectors/child_process.py": "a child that owns the index over vectors or runs an embedder",
    "opsterm/adapters/ssh_config.py": "Match exec of the operator's ssh_config, as ssh runs it",
}

REVEALS_SECRETS: Mapping[str, str] = {
    "opsterm/adapters/http_auth.py": "hands a password or token to the HTTP library; takes it out of what comes back",
    "opsterm/adapters/http_session.py": "puts a secret into the request that was approved",
    "opsterm/adapters/oauth_tokens.py": "says to a token endpoint which client asks",
    "opsterm/adapters/ollama_line.py": "puts a token into requests to the model server that it was kept for",
    "opsterm/adapters/smtp.py": "hands a password to the mail library",
    "opsterm/adapters/winrm_login.py": "hands a password to the WinRM library",
    "opsterm/adapters/ssh_identity.py": "hands a passphrase or password to the SSH library",
    "opsterm/adapters/snmp_login.py": "hands a community or passphrases to the SNMP library, and to the keyring",
    "opsterm/adapters/sudo.py": "hands a password to sudo's standard input",
    "opsterm/cli/verbs/auditing.py": "shows the first key of the audit chain, once",
    "opsterm/storage/chain_key.py": "keeps the key of the audit chain in a file",
    "opsterm/storage/chain.py": "seals with the key of the audit chain",
    "opsterm/runtime/bound_credentials.py": "keeps a secret and its places as one text",
    "opsterm/policy/masking/known.py": "looks for kept secrets in a text, to mask them",
    "opsterm/storage/rings.py": "hands a secret to the desktop keyring",
    "opsterm/storage/vault.py": "encrypts",
    "opsterm/storage/recovery/key.py": "encrypts recovery points with it",
}

OWNS_A_STREAM: Mapping[str, str] = {
    "opsterm/policy/chain.py": "an auditor runs it alone, without opsterm and its printer",
    "opsterm/__main__.py": "the last door: says why opsterm ends",
    "opsterm/cli/output.py": "the printer that cleans",
    "opsterm/cli/prompt.py": "asks for a number or a secret, where standard output is data",
    "opsterm/tui/start.py": "looks whether there is a terminal",
}

PAINTS_CLEANED_TEXT: Mapping[str, str] = {
    "opsterm/tui/ascii.py": "writes segments that others painted in ASCII",
    "opsterm/tui/theme.py": "takes the colour out of segments that others painted",
    "opsterm/tui/widgets/transcript.py": "passages are cleaned when they are made, in opsterm/tui/drawing/passages.py",
    "opsterm/tui/widgets/terminal_strips.py": "the emulator cleans every cell, in opsterm/terminal/cells.py",
}

MUTABLE_RECORDS: Mapping[str, str] = {
    "HopProgress": "filled in while one request is under way; never leaves the adapter",
    "Attempts": "gathers what one log-in tried; never leaves the adapter",
    "CellRow": "a row while it is being drawn",
    "SshLine": "counts who uses a connection; never leaves the adapter",
    "SshConfig": "reads files again when they change",
    "WinrmLine": "knows its shell and who waits on it; never leaves the adapter",
    "TargetPhrase": "filled in while one phrase is read; never leaves the assistant",
    "Pieces": "filled in while one phrase is read; never leaves the assistant",
    "PhraseReading": "one reading of one phrase; never leaves the assistant",
    "Desk": "gathers what one turn of a model has looked at and proposed; never leaves the runtime",
    "Occasion": "gathers the defaults that are taken while a phrase is decided; never leaves the assistant",
}
