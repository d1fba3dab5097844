"""The keys of what each verb prints with --json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TARGET_KEYS = (
    "name", "address", "os", "groups", "tags", "protocol", "port", "user", "environment", "site", "source",
)  # fmt: skip
ROW_KEYS = (*TARGET_KEYS, "status", "last_seen", "note")
CHANGE_KEYS = (
    "id", "state", "command", "shell", "become", "login", "pty", "targets", "selector", "timeout_s", "expires_at",
    "requirement", "rollout", "verify", "environments", "risk", "reason", "origin", "requested_by", "requested_at",
    "digest", "approved_digest", "decided_by", "decided_at", "decision_note", "started_at", "ended_at", "outcomes",
    "compliance", "alternatives", "packs", "way_back", "guard",
)  # fmt: skip
OUTCOME_KEYS = (
    "target", "state", "exit_status", "signal", "started_at", "ended_at", "output_bytes", "kept_bytes",
    "output_sha256", "message",
)  # fmt: skip
"""Keys of each object in a change's `outcomes`."""

QUERY_KEYS = (
    "change", "target", "state", "exit_status", "signal", "output", "output_bytes", "kept_bytes", "message", "group",
    "odd",
)  # fmt: skip
RISK_KEYS = (
    "command", "shell", "level", "decision", "effects", "opaque", "reasons", "lockout", "lockout_reasons", "guard",
    "rollback", "opposite", "compliance", "alternatives",
)  # fmt: skip
LEARNED_KEYS = (
    "speaks", "silent", "trained_at", "traits", "library", "lessons", "threshold", "own", "bad", "ends", "shapes",
    "shipped", "marks", "base_rate", "level", "margin", "sure", "flagged", "hits", "precision", "recall",
    "calibration_error", "calibration",
)  # fmt: skip
JOB_KEYS = (
    "id", "kind", "what", "phrase", "english", "cron", "rrule", "start", "timezone", "missed", "jitter_s", "retries",
    "limit_s", "results", "paused", "by", "made_at", "next_at", "turn", "last",
)  # fmt: skip
"""Keys of a job; `turn` is what it has in hand, `last` how its last run ended."""
FINDING_KEYS = (
    "rule", "title", "controls", "decision", "rule_decision", "evaluated", "missing", "because", "why", "safer",
)  # fmt: skip
"""Keys of each object in `compliance`."""
RULE_KEYS = (
    "rule", "title", "decision", "rule_decision", "controls", "in_force", "own", "why", "safer", "hits", "misses",
    "origin",
)  # fmt: skip

GUARD_KEYS = (
    "change", "change_state", "target", "state", "left_s", "due_at", "log_in", "said", "verified", "seen", "heard_at",
    "answered", "fault",
)  # fmt: skip
"""Keys of what is known of a guarded change on one target."""

CARD_KEYS = (
    "id", "kind", "title", "family", "systems", "services", "symptoms", "errors", "checks", "cause", "fix", "risk",
    "rollback", "verify", "references", "source",
)  # fmt: skip
TRIAL_KEYS = ("change", "card", "step", "alert", "end", "said", "said_by", "said_at")
"""Keys of a fix that was tried; `end` is null while nothing that counts is known."""
SUGGESTION_KEYS = ("command", "risk", "why", "uses", "well", "known", "after", "times_after", "score")
SCRIPT_KEYS = (
    "name", "kind", "family", "languages", "changes", "about", "parameters", "version", "text", "sha256", "by", "at",
)  # fmt: skip
CLAIM_KEYS = ("target", "kind", "by", "change", "reason", "since", "until")

ALERT_KEYS = (
    "id", "target", "metric", "item", "severity", "state", "summary", "value", "unit", "level", "since", "last_seen",
    "count", "by", "note", "silenced_until", "resolved_at", "advice",
)  # fmt: skip

AUDIT_KEYS = ("seq", "time", "at", "who", "what", "subject", "why", "result", "kind", "masked")

SNMP_KEYS = ("target", "oid", "name", "kind", "value", "text", "truncated", "error", "why", "next_step")
"""Keys of a value that an SNMP agent gave, or of a target that gave none."""
MODEL_KEYS = (
    "name", "digest", "size", "family", "parameters", "quantization", "remote", "capabilities", "loaded",
    "gpu_percent", "context", "expires_at",
)  # fmt: skip

MAIL_KEYS = (
    "id", "state", "subject", "message_id", "made_at", "tries", "next_try_at", "trouble", "recipients",
)  # fmt: skip

PROFILE_KEYS = (
    "target", "os", "os_id", "os_version", "kernel", "architecture", "host_name", "packages", "services", "shell", "sh",
    "user", "uid", "groups", "sudo", "virtual", "product", "cpus", "memory_bytes", "swap_bytes", "capabilities",
    "tools", "domain", "roles", "updates", "boot_id", "init", "selinux", "apparmor", "sockets",
    "addresses", "units", "listeners", "links", "login_sessions", "accounts", "clock", "package_state", "certificates",
    "complete", "since", "at", "compared_with", "changes",
)  # fmt: skip

SERVICE_KEYS = (
    "id", "name", "target", "state", "kind", "capabilities", "ports", "process", "unit", "version", "check", "health",
    "health_text", "health_at", "found_at", "seen_at", "gone_at",
)  # fmt: skip

API_KEYS = (
    "name", "title", "version", "openapi", "server", "source", "operations", "sha256", "added_at", "read_at",
)  # fmt: skip

POINT_KEYS = (
    "id", "target", "taken_at", "label", "origin", "become", "things", "entries", "bytes", "sent_bytes",
    "stored_bytes", "took_s", "digest", "baseline",
)  # fmt: skip

JSON_KEYS: Mapping[str, Sequence[str]] = {
    **{f"script {action}": SCRIPT_KEYS for action in ("list", "show", "save", "versions")},
    "script write": (
        "task", "language", "values", "limit_s", "only_check", "text", "verify", "back", "exit_codes", "risk", "kept",
        "line",
    ),
    "script check": ("language", "runs", "reports", "risk"),
    "script explain": ("line", "text", "says", "known"),
    "script run": CHANGE_KEYS,
    "targets list": ROW_KEYS,
    "targets show": ROW_KEYS,
    "targets add": TARGET_KEYS,
    "targets edit": TARGET_KEYS,
    "targets remove": ("removed",),
    "targets tag": TARGET_KEYS,
    "targets group": TARGET_KEYS,
    "targets import": ("source", "added", "changed", "unchanged", "kept_away", "missing", "problems", "notes"),
    "targets export": TARGET_KEYS,
    "targets check": ("target", "answered", "reason"),
    "targets profile": PROFILE_KEYS,
    "targets test": (
        "target", "phase", "host", "state", "took_s", "detail", "what", "why", "next_step", "fingerprint",
    ),
    "targets trust": ("target", "fingerprint", "trusted"),
    "services list": SERVICE_KEYS,
    "services show": (*SERVICE_KEYS, "needs", "dependants", "cycle"),
    "services discover": (*SERVICE_KEYS, "news"),
    "services accept": SERVICE_KEYS,
    "services ignore": SERVICE_KEYS,
    "services remove": ("removed",),
    "services check": SERVICE_KEYS,
    "services depends": ("service", "on", "origin", "found_at", "seen_at", "withdrawn"),
    "snmp get": SNMP_KEYS,
    "snmp walk": SNMP_KEYS,
    "snmp table": ("target", "index", "cells", "truncated", "error", "why", "next_step"),
    "snmp profile": (
        "target", "name", "vendor", "os", "os_version", "model", "serial", "description", "object_id", "contact",
        "location", "uptime_s", "interfaces", "error", "why", "next_step",
    ),
    "snmp trust": ("target", "before", "engine"),
    "snmp traps": (
        "id", "target", "sender", "version", "user", "checked", "is_inform", "trap", "name", "up_time_s", "at",
        "last_at", "count", "bindings",
    ),
    "snmp login": ("target", "kept"),
    "alerts": ALERT_KEYS,
    "check http": (
        "name", "grade", "reasons", "hops", "status", "version", "lookup_s", "connect_s", "tls_s", "first_byte_s",
        "total_s", "body_bytes", "body_cut", "certificate", "days_left", "trusted", "failure",
    ),
    "check tcp": ("name", "port", "grade", "reasons", "address", "connect_s", "banner", "failure"),
    "check ping": (
        "name", "grade", "reasons", "address", "sent", "answered", "loss_percent", "min_s", "mean_s", "max_s",
        "failure",
    ),
    "check list": (
        "name", "kind", "target", "place", "interval_s", "state", "made_at", "latency_ms", "certificate_days",
        "reasons",
    ),
    "check run": ("name", "kind", "target", "place", "grade", "reasons", "measured"),
    "camera info": (
        "target", "model", "product", "kind", "firmware", "built", "serial", "hardware", "architecture", "chip",
        "brand", "error", "why", "next_step",
    ),
    "camera motion": (
        "target", "application", "uid", "name", "camera", "areas", "filters", "error", "why", "next_step",
    ),
    "camera snapshot": ("target", "file", "bytes", "error", "why", "next_step"),
    "camera events": ("target", "topic", "at", "source", "data"),
    "apis add": (*API_KEYS, "warnings", "left_out", "added"),
    "apis list": API_KEYS,
    "apis show": (
        "operation", "method", "path", "summary", "tags", "deprecated", "reads", "parameters", "body", "security",
    ),
    "apis call": ("change", "state", "request", "risk", "digest", "status", "headers", "body", "message"),
    "apis accept": ("api", "operation", "reads"),
    "apis refresh": ("name", "version", "operations", "added", "removed", "changed", "accepted"),
    "apis login": ("api", "scheme", "kept"),
    "apis remove": ("name", "secrets_kept"),
    "metrics": ("target", "metric", "item", "at", "value"),
    "history": ("at", "low", "mean", "high", "readings"),
    **dict.fromkeys(
        ("recommendations list", "recommendations dismiss"),
        ("id", "kind", "text", "why", "line", "command", "dismissed_until"),
    ),
    "recommendations restore": ("id",),
    "forecast": (
        "target", "metric", "item", "unit", "limit", "outlook", "value", "at", "history_s", "readings", "horizon_s",
        "per_day", "full_at", "earliest", "latest", "low", "middle", "high", "cut_at", "recurring",
    ),
    "ask": (
        "intent", "interpretation", "kind", "targets", "count", "groups", "window", "question", "answer", "citations",
        "proposal", "stamp", "understood", "blocks", "follow_ups",
    ),
    "query": QUERY_KEYS,
    "risk": RISK_KEYS,
    "risk train": LEARNED_KEYS,
    "risk status": LEARNED_KEYS,
    **dict.fromkeys(("chat list", "chat rename"), ("number", "title", "began_at", "last_at", "turns")),
    "chat show": (
        "conversation", "turn", "at", "question", "state", "answer", "text", "thinking", "looked", "fault", "attached",
    ),
    "chat search": ("conversation", "title", "turn", "at", "question", "excerpt"),
    "chat export": ("number", "title", "markdown"),
    "chat remove": ("number", "removed", "turns"),
    "knowledge search": ("query", "hits", "abstained"),
    **dict.fromkeys(("knowledge show", "knowledge add", "knowledge edit", "knowledge export"), CARD_KEYS),
    "knowledge stats": ("cards", "kinds", "families", "own", "hiding", "patterns", "collections", "vectors"),
    "knowledge remove": ("id", "removed"),
    "knowledge check": QUERY_KEYS,
    "knowledge fix": CHANGE_KEYS,
    **dict.fromkeys(("knowledge outcome", "knowledge record"), TRIAL_KEYS),
    "knowledge forget": ("id", "forgotten"),
    "suggest": SUGGESTION_KEYS,
    "habits list": ("command", "shell", "host_class", "directory", "at", "ended_well", "change"),
    "habits forget": ("command", "forgotten"),
    "habits workflows": ("number", "times", "commands", "host_classes", "last_at"),
    "habits save": CARD_KEYS,
    "knowledge reindex": ("cards", "items", "embedder"),
    "knowledge embedder": (
        "rung", "name", "dimension", "digest", "used", "fault", "folder", "size", "sha256",
    ),
    "schedule parse": ("phrase", "kind", "cron", "rrule", "start", "timezone", "next", "english", "question"),
    "risk export": ("model", "same", "rows"),
    "preview": ("change", "target", "previews", "why", "without", "left_out"),
    "policy list": RULE_KEYS,
    "policy show": ("pack", "on", "sources", "rules", "sha256", "about"),
    "policy check": ("command", "shell", "decision", "unread", "compliance", "alternatives", "packs"),
    "policy test": ("rule", "line", "shell", "hits", "said", "right"),
    "policy explain": RULE_KEYS,
    "policy validate": ("file", "line", "key", "what", "allowed"),
    "policy evidence": ("format", "text", "file", "changes"),
    "get": ("target", "path", "real_path", "local", "size", "sha256", "resumed_at", "error", "why", "next_step"),
    "put": CHANGE_KEYS,
    **dict.fromkeys(
        (
            "propose", "rollback", "resume", "proceed", "changes", "snapshot restore", "snapshot discard",
            "snapshot drop",
        ),
        CHANGE_KEYS,
    ),
    "change check": (
        "file", "line", "key", "what", "allowed", "step", "title", "over", "targets", "does", "risk", "reason",
        "rules", "back", "verify",
    ),
    "change run": CHANGE_KEYS,
    "simulate": ("number", "target", "kind", "what", "become", "fails", "state"),
    "snapshot take": (*POINT_KEYS, "error", "why", "next_step"),
    "snapshot list": POINT_KEYS,
    **dict.fromkeys(
        ("snapshot schedule", "schedule list", "schedule run", "schedule pause", "schedule resume", "schedule remove"),
        JOB_KEYS,
    ),
    "schedule add": (*JOB_KEYS, "standing"),
    "schedule show": (*JOB_KEYS, "runs"),
    "snapshot volumes": ("target", "kind", "name", "origin", "become", "change", "at", "state", "why"),
    "snapshot removed": ("target", "path", "become", "change", "at", "state", "bytes", "why"),
    "snapshot show": (*POINT_KEYS, "files"),
    "snapshot diff": ("thing", "path", "what", "how", "lines"),
    "snapshot verify": ("id", "whole", "faults"),
    "snapshot prune": ("id", "target", "gone"),
    "snapshot baseline": ("id", "target", "baseline"),
    "change": (*CHANGE_KEYS, "approvals", "missing"),
    "approve": CHANGE_KEYS,
    "approvals": (
        "id", "risk", "requested_by", "expires_at", "targets", "command", "requirement", "have", "want", "missing",
        "wants_you",
    ),
    "sign": ("digest", "answer"),
    "reviews list": ("id", "by", "at", "reason", "digest"),
    "reviews close": ("id", "closed"),
    **dict.fromkeys(("claim take", "claim list", "claim release"), CLAIM_KEYS),
    "breaker": ("environment", "failures", "open"),
    "autonomy": ("name", "environment", "level", "actor", "daily", "spent"),
    "deny": CHANGE_KEYS,
    "run": CHANGE_KEYS,
    "stop": CHANGE_KEYS,
    **dict.fromkeys(("status", "confirm", "extend", "revert"), GUARD_KEYS),
    "output": ("change", "target", "output"),
    "audit list": AUDIT_KEYS,
    "audit search": AUDIT_KEYS,
    "audit verify": (
        "whole", "entries", "chain", "head", "sealed", "checkpoints", "anew", "finding", "entry", "text",
    ),
    "audit export": ("entry", "hash", "mac"),
    "audit status": ("chain", "entries", "head", "at", "first_key_waits", "checkpoint_age_s", "places"),
    "audit checkpoint": ("place", "chain", "count", "at", "tried_at", "error"),
    "audit key": ("key",),
    "doctor": ("name", "health", "text", "next_step"),
    "settings": ("key", "value", "source", "help"),
    "keys": ("id", "keys", "pane", "help"),
    "where": ("name", "path"),
    "mask": ("text", "counts"),
    "serve": ("serving", "process"),
    "mail test": ("to", "sent", "failed_phase", "text", "next_step", "steps", "refused"),
    "mail queue": MAIL_KEYS,
    "mail retry": MAIL_KEYS,
    "mail drop": MAIL_KEYS,
    "model list": (*MODEL_KEYS, "used"),
    "model show": (*MODEL_KEYS, "longest_context", "model_parameters", "licence"),
    "model pull": ("model", "status", "done", "total", "finished"),
    "model check": ("name", "health", "text", "next_step"),
    "model remove": ("removed",),
    "vault status": ("state", "text"),
    "vault create": ("state", "text"),
    "vault list": ("service", "account", "goes_to", "waits"),
    "vault services": ("name", "what", "account", "example", "binds"),
    "vault confirm": ("service", "account", "goes_to", "waits"),
    "vault set": ("service", "account", "kept"),
    "vault remove": ("service", "account", "kept"),
}  # fmt: skip
"""Verb -> the keys of every object that it prints with --json. Scripts rely on them: add, never rename."""
