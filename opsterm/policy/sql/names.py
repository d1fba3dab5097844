"""Functions, procedures and tables of the servers, as data: what calling or reading each does.

A function that is in no table here is not known: it may write. Sources: the function indexes of PostgreSQL 16,
MySQL 8.0, SQLite 3.44, SQL Server 2022 and Oracle 19c.
"""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.core import lean_re as re
from opsterm.policy.effects import Certainty, EffectKind
from opsterm.policy.word_set import word_set

_K, _C = EffectKind, Certainty
Deed = tuple[EffectKind, Certainty]


def _table(*rows: tuple[str, EffectKind, Certainty]) -> Mapping[str, Deed]:
    return {name: (kind, certainty) for names, kind, certainty in rows for name in names.split()}


FUNCTIONS: Mapping[str, Deed] = _table(
    ("pg_terminate_backend pg_cancel_backend", _K.PROCESS_KILL, _C.CERTAIN),
    ("pg_reload_conf", _K.SERVICE_RESTART, _C.LIKELY),
    ("pg_promote", _K.DATA_LOSS, _C.POSSIBLE),
    ("pg_rotate_logfile pg_file_sync", _K.WRITE_FILE, _C.CERTAIN),
    ("lo_export pg_file_write writefile", _K.EXFIL, _C.LIKELY),
    ("pg_file_unlink pg_file_rename", _K.DELETE, _C.CERTAIN),
    ("lo_unlink pg_drop_replication_slot", _K.DATA_LOSS, _C.CERTAIN),
    (("pg_stat_reset pg_stat_reset_shared pg_stat_reset_single_table_counters pg_stat_statements_reset "
     "pg_stat_reset_slru"), _K.LOG_LOSS, _C.POSSIBLE),
    ("pg_read_file pg_read_binary_file load_file readfile lo_import lo_get", _K.READ_SECRET, _C.LIKELY),
    ("dblink dblink_exec dblink_connect dblink_send_query sys_exec sys_eval load_extension edit",
     _K.REMOTE_CODE, _C.LIKELY),
    ("set_config", _K.WRITE_CONFIG, _C.POSSIBLE),
    (("setval nextval pg_switch_wal pg_create_physical_replication_slot pg_create_logical_replication_slot "
     "pg_backup_start pg_backup_stop pg_start_backup pg_stop_backup pg_notify pg_logical_emit_message lo_create "
     "lo_put lo_from_bytea pg_create_restore_point pg_replication_origin_create create_hypertable drop_chunks"),
     _K.DB_WRITE, _C.CERTAIN),
    ("pg_wal_replay_pause pg_xlog_replay_pause", _K.SERVICE_STOP, _C.CERTAIN),
    ("pg_wal_replay_resume", _K.SERVICE_START, _C.CERTAIN),
    ("pg_sleep sleep benchmark get_lock pg_advisory_lock pg_advisory_lock_shared", _K.DOS, _C.POSSIBLE),
    ("schedule unschedule", _K.SCHEDULE, _C.LIKELY),
    ("openrowset openquery opendatasource", _K.REMOTE_CODE, _C.POSSIBLE),
    ("utl_http utl_tcp utl_smtp http_get http_post", _K.EXFIL, _C.LIKELY),
)  # fmt: skip
"""Functions that a SELECT may call, and that do more than answer."""

PROCEDURES: Mapping[str, Deed] = _table(
    ("xp_cmdshell sp_oacreate sp_oamethod sp_execute_external_script", _K.REMOTE_CODE, _C.CERTAIN),
    ("sp_start_job sp_procoption", _K.REMOTE_CODE, _C.LIKELY),
    ("sp_configure sp_serveroption sp_dboption sp_settriggerorder", _K.WRITE_CONFIG, _C.CERTAIN),
    ("xp_regdeletevalue xp_regdeletekey", _K.DATA_LOSS, _C.LIKELY),
    ("xp_regwrite xp_instance_regwrite", _K.WRITE_CONFIG, _C.CERTAIN),
    (("sp_addlogin sp_droplogin sp_grantdbaccess sp_revokedbaccess sp_adduser sp_dropuser sp_password "
     "sp_change_users_login"), _K.USER, _C.CERTAIN),
    ("sp_addsrvrolemember sp_dropsrvrolemember sp_addrolemember sp_droprolemember", _K.PRIVILEGE, _C.CERTAIN),
    (("sp_rename sp_updatestats sp_recompile sp_refreshview sp_addlinkedserver sp_add_job sp_update_job "
     "sp_refresh_parameter_encryption sp_changedbowner"), _K.DB_WRITE, _C.CERTAIN),
    ("sp_delete_job sp_delete_jobstep sp_delete_schedule", _K.DATA_LOSS, _C.LIKELY),
    ("sp_add_jobschedule sp_add_schedule sp_attach_schedule", _K.SCHEDULE, _C.CERTAIN),
    ("sp_detach_db sp_removedbreplication", _K.DATA_LOSS, _C.LIKELY),
    (("sp_cycle_errorlog sp_cycle_agent_errorlog sp_delete_backuphistory sp_purge_jobhistory "
      "sp_delete_database_backuphistory"), _K.LOG_LOSS, _C.CERTAIN),
    ("sp_stop_job", _K.PROCESS_KILL, _C.CERTAIN),
    ("sp_send_dbmail", _K.EXFIL, _C.POSSIBLE),
    ("xp_delete_file", _K.DELETE, _C.CERTAIN),
    (("xp_readerrorlog sp_readerrorlog xp_fixeddrives xp_dirtree xp_fileexist xp_logininfo xp_msver xp_regread "
     "xp_instance_regread sp_who sp_who2 sp_whoisactive sp_help sp_helpdb sp_helptext sp_helpindex sp_helpuser "
     "sp_helprole sp_helprolemember sp_helpsrvrolemember sp_helplogins sp_helpfile sp_helpserver sp_helpconstraint "
     "sp_spaceused sp_lock sp_columns sp_tables sp_pkeys sp_fkeys sp_statistics sp_databases sp_depends sp_monitor "
     "sp_linkedservers sp_helprotect sp_server_info sp_stored_procedures sp_help_job sp_help_jobhistory "
     "sp_help_jobactivity sp_helpsort sp_blitz sp_blitzcache sp_blitzfirst sp_blitzindex"),
     _K.READ, _C.CERTAIN),
)  # fmt: skip
"""Procedures that come with a server, or that every operator of it has."""

TAKES_AWAY = re.compile(
    r"(?:.*[._])?(?:drop|delete|remove|purge|truncate|kill|wipe|erase|reset|cleanup)(?:_.*|s|server)?"
)
"""Names of procedures and functions that are in no table, and by their name take something away."""

READING_WORDS = word_set("""
cardinality changes total_changes get_ddl get_dependent_ddl get_granted_ddl
abs acos age any array array_agg array_append array_length array_to_json array_to_string ascii asin atan atan2 avg
base64 bin bit_and bit_count bit_length bit_or bool_and bool_or btrim bytea cast ceil ceiling char char_length
character_length charindex checksum checksum_agg choose chr clock_timestamp coalesce col_description col_length
col_name collation columnproperty compress concat concat_ws connectionproperty conv convert convert_from convert_to
corr cos cot count count_big crc32 cube curdate current_catalog current_database current_date current_query
current_role current_schema current_schemas current_setting current_time current_timestamp current_user currval
curtime databasepropertyex database date date_add date_bin date_diff date_format date_part date_sub date_trunc
dateadd datediff datediff_big datefromparts datename datepart datetrunc day dayname dayofmonth dayofweek dayofyear
db_id db_name decode decompress degrees dense_rank difference dump elt encode eomonth every exists exp export_set
extract extractvalue field file_id file_idex file_name fileproperty find_in_set first_value floor format
format_bytes format_pico_time format_type found_rows from_base64 from_days from_unixtime fulltextserviceproperty
generate_series generate_subscripts getdate getutcdate glob greatest group_concat grouping grouping_sets
has_database_privilege has_dbaccess has_function_privilege has_perms_by_name has_role has_schema_privilege
has_table_privilege hashbytes hex host host_id host_name hour ident_current ident_incr ident_seed if iff ifnull iif
in index_col indexkey_property indexproperty inet_aton inet_client_addr inet_client_port inet_ntoa inet_server_addr
inet_server_port initcap insert instr interval is_member is_rolemember is_srvrolemember isdate isjson isnull isnumeric
iterate json_agg json_array json_array_elements json_array_elements_text json_array_length json_build_array
json_build_object json_contains json_each json_each_text json_extract json_extract_path json_extract_path_text
json_group_array json_group_object json_length json_object json_object_agg json_object_keys json_pretty json_query
json_table json_to_recordset json_tree json_type json_typeof json_unquote json_valid json_value jsonb_agg
jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_object jsonb_each jsonb_each_text
jsonb_object_keys jsonb_path_query jsonb_pretty jsonb_typeof julianday justify_hours justify_interval lag
last_day last_insert_id last_insert_rowid last_value lcase lead least left len length likelihood likely listagg ln
localtime localtimestamp locate log log10 log2 lower lpad ltrim make_date make_interval make_time make_timestamp
makedate max md5 median microsecond mid min minute mod mode month monthname months_between name_const newid
newsequentialid next_day not now nth_value ntile nullif numtodsinterval nvl nvl2 obj_description object_definition
object_id object_name object_schema_name objectproperty objectpropertyex octet_length or ord original_login over
overlay parse parsename partition patindex percent_rank percentile_cont percentile_disc period_diff pi pivot
position pow power printf quarter quote quote_ident quote_literal quotename radians rand random rank ratio_to_report
regexp regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array
regexp_split_to_table regexp_substr release repeat replace replicate reverse right rollup round row row_count
row_number row_security_active row_to_json rowcount_big rpad rtrim schema schema_id schema_name scope_identity second
sec_to_time serverproperty session_context session_user sessionproperty shobj_description sign sin soundex space
split_part sqlite_compileoption_used sqlite_source_id sqlite_version sqrt statement_timestamp stats_date std stddev
stddev_pop stddev_samp stdev stdevp str str_to_date strcmp strftime string_agg string_split string_to_array
string_to_table strpos stuff subdate substr substring substring_index subtime sum suser_id suser_name suser_sid
suser_sname switchoffset sys_context sysdate sysdatetime sysdatetimeoffset system_user systimestamp sysutcdatetime
tablesample tan time time_to_sec timediff timefromparts timeofday timestamp timestampadd timestampdiff to_ascii
to_base64 to_char to_clob to_date to_days to_hex to_json to_jsonb to_number to_regclass to_seconds to_timestamp
to_timestamp_tz todatetimeoffset total transaction_timestamp translate trigger_nestlevel trim trunc truncate try_cast
try_convert try_parse txid_current txid_current_if_assigned txid_current_snapshot typeof type_id type_name ucase
uncompress unhex unicode unix_timestamp unixepoch unlikely unnest unpivot unistr upper user user_id user_name
userenv using utc_date utc_time utc_timestamp uuid uuid_short uuid_to_bin gen_random_uuid uuid_generate_v4 bin_to_uuid
value values var_pop var_samp variance varp version vsize week weekday weekofyear width_bucket with within xact_state
xmlagg xmlelement xmlforest xmlparse xmlserialize xmltable year yearweek zeroblob all as by and on from select
where when then else case having nth sys_extract_utc rawtohex hextoraw nvarchar varchar varchar2 decimal numeric
int integer bigint smallint tinyint float double real datetime datetime2 datetimeoffset nchar number timestamptz
varbinary binary text boolean fn_dblog fn_virtualfilestats fn_my_permissions fn_listextendedproperty fn_get_sql
fn_helpcollations fn_trace_gettable fn_xe_file_target_read_file nolock readpast index rowlock updlock holdlock
force join apply union intersect except minus limit offset order group distinct top lateral filter ps_current_thread_id
statement_digest gtid_subset gtid_subtract wait_for_executed_gtid_set is_free_lock is_used_lock sha1 sha2 sha224
sha256 sha384 sha512 sha connection_id charset coercibility icu_version roles_graphml current_pid inet6_aton
isfinite isempty lower_inc upper_inc masklen network netmask broadcast family hostmask tsvector to_tsvector to_tsquery
plainto_tsquery websearch_to_tsquery phraseto_tsquery ts_rank ts_headline similarity word_similarity levenshtein
metaphone bm25 snippet highlight contains containstable freetext freetexttable match against
""")  # fmt: skip
"""Functions and words that may stand before a bracket and write nothing."""

READING_PREFIXES = re.compile(
    r"pg_(?:stat_get_|stat_file|stats?_|size|database_size|table_size|total_relation_size|relation|indexes_size"
    r"|tablespace_|get_|is_|current_|last_|wal_lsn_diff|walfile_|control_|conf_load|postmaster|backend_pid|typeof"
    r"|column_size|encoding|describe|identify|filenode|index_|indexam_|isolation|blocking_pids|safe_|lock_status"
    r"|show_|ls_|options_|timezone_|available_|hba_|ident_|my_temp|sequence_parameters|trigger_depth|table_is"
    r"|function_is|type_is|opclass_is|operator_is|ts_config|collation_|xact_|snapshot_|visible|wal_replay_paused"
    r"|buffercache|freespace|visibility|cursor|prepared_)"
    r"|fn_(?:get_|my_|xe_|trace_|list|help)|pgstat|st_|gs_|dm_|sysmaster|json_|jsonb_path_|array_|ts_|tsq|sqlite_compile|current_|has_any_|to_",
)
"""How the names of functions begin that only look."""

SECRET_TABLES = word_set("""
pg_shadow pg_authid pg_user_mapping pg_user_mappings mysql.user mysql.global_priv sys.sql_logins sys.syslogins
sys.user$ sql_logins master.sys.sql_logins master..syslogins syslogins vault credentials api_keys
secrets user_credentials oauth_tokens access_tokens
""")  # fmt: skip
"""Tables that hold password hashes or keys."""

SECRET_COLUMN = re.compile(
    r"(?:\w+_)?(?:passwd|passwords?|password_hash|pwd|pwdhash|secrets?|secret_key|private_key|api_?keys?|access_?keys?"
    r"|auth_?tokens?|authentication_string|ssn|card_?number|credit_?card\w*|cvv|rolpassword)",
    re.IGNORECASE,
)
"""Columns whose name says that they hold a secret."""
