-- Written from tables.py by `python -m opsterm.storage.migrations.ddl`; a test fails when it is stale.
CREATE TABLE alert (
  id INTEGER NOT NULL,
  fingerprint VARCHAR NOT NULL,
  target VARCHAR NOT NULL,
  metric VARCHAR NOT NULL,
  item VARCHAR NOT NULL,
  rule VARCHAR NOT NULL,
  severity VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  summary VARCHAR NOT NULL,
  advice VARCHAR NOT NULL,
  value FLOAT NOT NULL,
  unit VARCHAR NOT NULL,
  level FLOAT NOT NULL,
  since FLOAT NOT NULL,
  last_seen FLOAT NOT NULL,
  count INTEGER NOT NULL,
  actor VARCHAR NOT NULL,
  note VARCHAR NOT NULL,
  silenced_until FLOAT NOT NULL,
  resolved_at FLOAT NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX alert_open ON alert (since) WHERE state != 'resolved';
CREATE INDEX alert_since ON alert (since);
CREATE TABLE api (
  name VARCHAR NOT NULL,
  source VARCHAR NOT NULL,
  server VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  version VARCHAR NOT NULL,
  openapi VARCHAR NOT NULL,
  operations INTEGER NOT NULL,
  sha256 VARCHAR NOT NULL,
  added_at FLOAT NOT NULL,
  read_at FLOAT NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE audit_chain (
  n INTEGER NOT NULL,
  body VARCHAR NOT NULL,
  hash BLOB NOT NULL,
  mac BLOB NOT NULL,
  PRIMARY KEY (n)
);
CREATE TABLE card (
  id VARCHAR NOT NULL,
  body VARCHAR NOT NULL,
  actor VARCHAR NOT NULL,
  at FLOAT NOT NULL,
  PRIMARY KEY (id)
);
CREATE TABLE change (
  id INTEGER NOT NULL,
  command VARCHAR NOT NULL,
  shell VARCHAR NOT NULL,
  targets VARCHAR NOT NULL,
  timeout_s FLOAT NOT NULL,
  expires_at FLOAT NOT NULL,
  selector VARCHAR NOT NULL,
  risk_level VARCHAR NOT NULL,
  risk_reasons VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  origin VARCHAR NOT NULL,
  requested_by VARCHAR NOT NULL,
  requested_at FLOAT NOT NULL,
  digest VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  approved_digest VARCHAR NOT NULL,
  decided_by VARCHAR NOT NULL,
  decided_at FLOAT NOT NULL,
  decision_note VARCHAR NOT NULL,
  started_at FLOAT NOT NULL,
  ended_at FLOAT NOT NULL,
  runner VARCHAR NOT NULL,
  become VARCHAR DEFAULT '' NOT NULL,
  login BOOLEAN DEFAULT 0 NOT NULL,
  pty BOOLEAN DEFAULT 0 NOT NULL,
  terms VARCHAR DEFAULT '' NOT NULL,
  review VARCHAR DEFAULT '' NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX change_state ON change (state);
CREATE TABLE claim (
  target VARCHAR NOT NULL,
  holder VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  since FLOAT NOT NULL,
  until FLOAT NOT NULL,
  PRIMARY KEY (target, holder)
)
 WITHOUT ROWID;
CREATE TABLE command_use (
  id INTEGER NOT NULL,
  actor VARCHAR NOT NULL,
  command VARCHAR NOT NULL,
  shell VARCHAR NOT NULL,
  host_class VARCHAR NOT NULL,
  directory VARCHAR NOT NULL,
  at FLOAT NOT NULL,
  ended_well BOOLEAN,
  change_id INTEGER NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX command_use_actor ON command_use (actor, at);
CREATE INDEX command_use_change ON command_use (change_id);
CREATE TABLE conversation (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  actor VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  began_at FLOAT NOT NULL,
  last_at FLOAT NOT NULL
);
CREATE INDEX conversation_last ON conversation (actor, last_at);
CREATE TABLE conversation_turn (
  id INTEGER NOT NULL,
  conversation_id INTEGER NOT NULL,
  at FLOAT NOT NULL,
  words VARCHAR NOT NULL,
  body VARCHAR NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX conversation_turn_of ON conversation_turn (conversation_id, id);
CREATE TABLE embedder (
  "key" VARCHAR NOT NULL,
  rung VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  version VARCHAR NOT NULL,
  digest VARCHAR NOT NULL,
  dimension INTEGER NOT NULL,
  at FLOAT NOT NULL,
  upto INTEGER NOT NULL,
  PRIMARY KEY ("key")
);
CREATE TABLE item (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  collection VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  owner VARCHAR NOT NULL,
  trust VARCHAR NOT NULL,
  about VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  body VARCHAR NOT NULL,
  at FLOAT NOT NULL,
  expires_at FLOAT,
  digest VARCHAR NOT NULL,
  CONSTRAINT item_name UNIQUE (collection, name)
);
CREATE INDEX item_expires ON item (expires_at);
CREATE INDEX item_scope ON item (collection, about, owner, kind, at);
CREATE TABLE item_vector (
  embedder VARCHAR NOT NULL,
  item_seq INTEGER NOT NULL,
  vector BLOB NOT NULL,
  PRIMARY KEY (embedder, item_seq)
);
CREATE TABLE job (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  kind VARCHAR NOT NULL,
  payload VARCHAR NOT NULL,
  what VARCHAR NOT NULL,
  phrase VARCHAR NOT NULL,
  schedule VARCHAR NOT NULL,
  terms VARCHAR NOT NULL,
  made_by VARCHAR NOT NULL,
  made_at FLOAT NOT NULL,
  paused BOOLEAN NOT NULL,
  next_at FLOAT,
  turn VARCHAR NOT NULL
);
CREATE TABLE job_run (
  id INTEGER NOT NULL,
  job_id INTEGER NOT NULL,
  planned_at FLOAT NOT NULL,
  ended_at FLOAT NOT NULL,
  state VARCHAR NOT NULL,
  tries INTEGER NOT NULL,
  stands_for INTEGER NOT NULL,
  said VARCHAR NOT NULL,
  failed VARCHAR NOT NULL,
  changes VARCHAR NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX job_run_job ON job_run (job_id, id);
CREATE TABLE journal (
  seq INTEGER NOT NULL,
  id VARCHAR NOT NULL,
  at FLOAT NOT NULL,
  actor VARCHAR NOT NULL,
  correlation_id VARCHAR NOT NULL,
  causation_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  kind_version INTEGER NOT NULL,
  body VARCHAR NOT NULL,
  PRIMARY KEY (seq)
);
CREATE INDEX journal_correlation ON journal (correlation_id, seq) WHERE correlation_id != '';
CREATE INDEX journal_kind ON journal (kind, seq);
CREATE TABLE layout (
  id INTEGER NOT NULL,
  series VARCHAR NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT layout_series UNIQUE (series)
);
CREATE TABLE lease (
  id INTEGER NOT NULL,
  holder VARCHAR NOT NULL,
  epoch INTEGER NOT NULL,
  face VARCHAR NOT NULL,
  renewed_at FLOAT NOT NULL,
  boot VARCHAR NOT NULL,
  since FLOAT NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT lease_is_one_row CHECK (id = 1)
);
CREATE TABLE mail (
  id INTEGER NOT NULL,
  message_id VARCHAR NOT NULL,
  subject VARCHAR NOT NULL,
  body VARCHAR NOT NULL,
  made_at FLOAT NOT NULL,
  since FLOAT NOT NULL,
  tries INTEGER NOT NULL,
  next_try_at FLOAT NOT NULL,
  trouble VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT mail_message_id UNIQUE (message_id)
);
CREATE INDEX mail_state ON mail (state, next_try_at);
CREATE TABLE mail_told (
  alert_id INTEGER NOT NULL,
  address VARCHAR NOT NULL,
  severity VARCHAR NOT NULL,
  PRIMARY KEY (alert_id, address)
)
 WITHOUT ROWID;
CREATE TABLE preference (
  name VARCHAR NOT NULL,
  body VARCHAR NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE profile (
  target VARCHAR NOT NULL,
  since FLOAT NOT NULL,
  at FLOAT NOT NULL,
  boot VARCHAR NOT NULL,
  body VARCHAR NOT NULL,
  PRIMARY KEY (target, since)
)
 WITHOUT ROWID;
CREATE TABLE script (
  name VARCHAR NOT NULL,
  version INTEGER NOT NULL,
  language VARCHAR NOT NULL,
  body VARCHAR NOT NULL,
  about VARCHAR NOT NULL,
  actor VARCHAR NOT NULL,
  at FLOAT NOT NULL,
  PRIMARY KEY (name, version)
);
CREATE TABLE series (
  id INTEGER NOT NULL,
  target VARCHAR NOT NULL,
  metric VARCHAR NOT NULL,
  item VARCHAR NOT NULL,
  minutes_until_ms INTEGER NOT NULL,
  hours_until_ms INTEGER NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT series_name UNIQUE (target, metric, item)
);
CREATE TABLE service (
  target VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  capabilities VARCHAR NOT NULL,
  ports VARCHAR NOT NULL,
  process VARCHAR NOT NULL,
  unit VARCHAR NOT NULL,
  version VARCHAR NOT NULL,
  check_kind VARCHAR NOT NULL,
  check_port INTEGER,
  decided VARCHAR NOT NULL,
  found_at FLOAT NOT NULL,
  seen_at FLOAT NOT NULL,
  gone_at FLOAT,
  health VARCHAR NOT NULL,
  health_text VARCHAR NOT NULL,
  health_at FLOAT,
  PRIMARY KEY (target, name)
)
 WITHOUT ROWID;
CREATE TABLE service_dependency (
  service VARCHAR NOT NULL,
  needed VARCHAR NOT NULL,
  origin VARCHAR NOT NULL,
  found_at FLOAT NOT NULL,
  seen_at FLOAT,
  PRIMARY KEY (service, needed)
)
 WITHOUT ROWID;
CREATE TABLE target (
  name VARCHAR NOT NULL,
  address VARCHAR NOT NULL,
  os VARCHAR NOT NULL,
  group_names VARCHAR NOT NULL,
  tags VARCHAR NOT NULL,
  protocol VARCHAR NOT NULL,
  port INTEGER,
  account VARCHAR NOT NULL,
  environment VARCHAR NOT NULL,
  site VARCHAR NOT NULL,
  source VARCHAR NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE target_removed (
  name VARCHAR NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE target_seen (
  name VARCHAR NOT NULL,
  answered BOOLEAN NOT NULL,
  tried_at FLOAT NOT NULL,
  seen_at FLOAT,
  reason VARCHAR NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE trap (
  id INTEGER NOT NULL,
  target VARCHAR NOT NULL,
  sender VARCHAR NOT NULL,
  version VARCHAR NOT NULL,
  user_name VARCHAR NOT NULL,
  checked INTEGER NOT NULL,
  is_inform INTEGER NOT NULL,
  trap VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  up_time_s FLOAT,
  at FLOAT NOT NULL,
  last_at FLOAT NOT NULL,
  count INTEGER NOT NULL,
  bindings VARCHAR NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX trap_last_at ON trap (last_at);
CREATE INDEX trap_target ON trap (target, last_at);
CREATE TABLE api_description (
  name VARCHAR NOT NULL,
  body VARCHAR NOT NULL,
  PRIMARY KEY (name),
  FOREIGN KEY(name) REFERENCES api (name)
);
CREATE TABLE approval (
  id INTEGER NOT NULL,
  change_id INTEGER NOT NULL,
  kind VARCHAR NOT NULL,
  who VARCHAR NOT NULL,
  at FLOAT NOT NULL,
  digest VARCHAR NOT NULL,
  note VARCHAR NOT NULL,
  proof VARCHAR NOT NULL,
  signature VARCHAR NOT NULL,
  seal VARCHAR NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT approval_person UNIQUE (change_id, kind, who),
  FOREIGN KEY(change_id) REFERENCES change (id)
);
CREATE INDEX approval_kind ON approval (kind, at);
CREATE TABLE mail_recipient (
  mail_id INTEGER NOT NULL,
  place INTEGER NOT NULL,
  address VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  code INTEGER NOT NULL,
  reply VARCHAR NOT NULL,
  at FLOAT NOT NULL,
  PRIMARY KEY (mail_id, place),
  FOREIGN KEY(mail_id) REFERENCES mail (id)
)
 WITHOUT ROWID;
CREATE TABLE outcome (
  change_id INTEGER NOT NULL,
  target VARCHAR NOT NULL,
  place INTEGER NOT NULL,
  state VARCHAR NOT NULL,
  exit_status INTEGER,
  signal VARCHAR NOT NULL,
  started_at FLOAT NOT NULL,
  ended_at FLOAT NOT NULL,
  output_bytes INTEGER NOT NULL,
  kept_bytes INTEGER NOT NULL,
  output_sha256 VARCHAR NOT NULL,
  message VARCHAR NOT NULL,
  PRIMARY KEY (change_id, target),
  FOREIGN KEY(change_id) REFERENCES change (id)
)
 WITHOUT ROWID;
CREATE TABLE sample_hour (
  series_id INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  low FLOAT NOT NULL,
  mean FLOAT NOT NULL,
  high FLOAT NOT NULL,
  readings INTEGER NOT NULL,
  PRIMARY KEY (series_id, at_ms),
  FOREIGN KEY(series_id) REFERENCES series (id)
)
 WITHOUT ROWID;
CREATE TABLE sample_minute (
  series_id INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  low FLOAT NOT NULL,
  mean FLOAT NOT NULL,
  high FLOAT NOT NULL,
  readings INTEGER NOT NULL,
  PRIMARY KEY (series_id, at_ms),
  FOREIGN KEY(series_id) REFERENCES series (id)
)
 WITHOUT ROWID;
CREATE TABLE tick (
  target VARCHAR NOT NULL,
  at_ms INTEGER NOT NULL,
  layout_id INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (target, at_ms),
  FOREIGN KEY(layout_id) REFERENCES layout (id)
)
 WITHOUT ROWID;
CREATE TABLE trial (
  change_id INTEGER NOT NULL,
  card VARCHAR NOT NULL,
  step INTEGER NOT NULL,
  alert_id INTEGER NOT NULL,
  said VARCHAR NOT NULL,
  said_by VARCHAR NOT NULL,
  said_at FLOAT NOT NULL,
  PRIMARY KEY (change_id),
  FOREIGN KEY(change_id) REFERENCES change (id)
);
CREATE INDEX trial_card ON trial (card);
CREATE TABLE trial_place (
  change_id INTEGER NOT NULL,
  target VARCHAR NOT NULL,
  system VARCHAR NOT NULL,
  environment VARCHAR NOT NULL,
  role VARCHAR NOT NULL,
  PRIMARY KEY (change_id, target),
  FOREIGN KEY(change_id) REFERENCES trial (change_id)
)
 WITHOUT ROWID;
CREATE TRIGGER audit_chain_no_update BEFORE UPDATE ON audit_chain BEGIN SELECT RAISE(ABORT, 'the audit chain is only ever added to'); END;
CREATE TRIGGER audit_chain_no_delete BEFORE DELETE ON audit_chain BEGIN SELECT RAISE(ABORT, 'the audit chain is only ever added to'); END;
CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL PRIMARY KEY
);
INSERT INTO alembic_version VALUES ('0018');
