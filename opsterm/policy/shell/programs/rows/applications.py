"""Servers of applications, data, telephony and chat, and the tools that come with them."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
hdfs hadoop mapred
    dash: verb
    data_loss: /^(?:dfs|fs) -(?:rm|rmr|expunge|truncate|deleteSnapshot)\b/
    data_loss: /^namenode -(?:format|rollback|recover|importCheckpoint|initializeSharedEdits|bootstrapStandby)\b/
    data_loss: /^dfsadmin -(?:deleteBlockPool|finalizeUpgrade|rollingUpgrade finalize)\b/
    data_loss~: /^fsck .*-(?:delete|move)\b/
    data_loss~: /^distcp .*-(?:delete|overwrite)\b/
    service_stop: /^(?:--daemon stop|dfsadmin -(?:safemode enter|shutdownDatanode|evictWriters|decommission)|haadmin -(?:failover|transitionTo\w+)|job -kill\S*)/
    service_start: /^--daemon start/
    dark: /^(?:jar|pipes|streaming)\b/
    read: /^(?:dfs|fs) -(?:ls|lsr|cat|du|dus|df|stat|count|test|tail|head|text|checksum|find|getfacl|getfattr|help|usage)\b/
    read: /^dfsadmin -(?:report|printTopology|safemode get|getDatanodeInfo|listOpenFiles|showSnapshottableDir|getBalancerBandwidth|help|rollingUpgrade query)\b/
    read: /^(?:fsck|haadmin -(?:getServiceState|getAllServiceState|checkHealth)|job -(?:list|status|history|counter|logs)|queue -(?:list|info|showacls)|ec -(?:list|get)\w*|storagepolicies -(?:list|get)\w*|cacheadmin -list\w*|crypto -list\w*|version|classpath|envvars|getconf|groups|checknative|lsSnapshottableDir|snapshotDiff|conftest|key list|credential list)\b/
    else: write_file
hbase
    read: version classpath mapredcp hbck
    data_loss: clean
    service_start: start master regionserver
    dark: shell
    else: dark
zkcli
    dark: /./
    alone: dark
    else: dark
ambari-server ambari-agent
    read: status
    data_loss: reset
    service_stop: stop
    service_restart: restart
    service_start: start
    else: infra
celery
    takes: -A --app -b --broker -d --destination -t --timeout --workdir -l --loglevel
    read: inspect status report list events graph
    infra+delete+data_loss~: purge amqp/queue.purge amqp/queue.delete
    service_stop: control/shutdown control/cancel_consumer control/pool_shrink
    service_start: worker beat flower multi/start
    else: infra
airflow
    read: version info cheat-sheet dags/list dags/show dags/details dags/state dags/report dags/list-runs dags/list-import-errors dags/list-jobs dags/next-execution tasks/list tasks/state tasks/states-for-dag-run
    read: connections/list connections/get variables/list variables/get pools/list pools/get users/list roles/list config/list config/get-value db/check db/check-migrations jobs/check providers/list plugins
    data_loss: db/reset db/clean db/downgrade
    infra+delete: dags/delete connections/delete variables/delete pools/delete users/delete roles/delete
    infra+delete: tasks/clear
    service_start: webserver scheduler worker triggerer standalone celery/worker
    else: infra
ollama
    read: list ls ps show
    delete: rm
    service_stop: stop
    service_start: serve
    dark: run
    else: write_file
nvidia-ctk nvidia-container-cli
    read: info list cdi/list system/print-ldcache --version
    else: write_config
nvidia-xconfig
    read: --query-gpu-info -t --tree
    else: write_config
kamctl kamcmd opensips-cli opensipsctl
    read: /(?:^|[ .])(?:list\w*|dump|stats\w*|get\w*|show\w*|uptime|ps|version|info|help|monitor|moni|online|which|statistics|echo)\b/
    service_stop: /\b(?:stop|kill|killall)\b/
    user+delete: /\b(?:rm|remove|delete)\b/
    else: infra
fs_cli
    takes: -H -P -p -x -t -d -l
    read: /^-x\W*(?:sofia status|show|status|version|uptime|help|module_exists)\b/
    dash: verb
    service_stop: /\b(?:shutdown|hupall|uuid_kill)\b/
    else: dark
sngrep
    takes: -I -O -d -l
    write: -O
    else: read
turnadmin
    takes: -u -r -p -b -e
    read: -l -L --list -I -S --list-admins
    user+delete: -d -D --delete
    else: user
prosodyctl ejabberdctl
    takes: --node --auth
    read: status check about connected_users connected_users_number registered_users stats check_account help get_presence list_cluster user_sessions_info incoming_s2s_number
    read: /^(?:get|list|check|is|stats|connected|user_sessions|num)_\w+/
    user+delete: unregister deluser
    data_loss~: /^(?:delete|restore|install_fallback|leave_cluster|purge|destroy)\w*/
    service_stop: stop
    service_restart: restart
    service_start: start foreground live
    dark: debug shell
    else: infra
synctl
    service_stop: stop
    service_restart: restart
    service_start: start
    else: infra
tootctl
    read: /^(?:\S+ )?(?:version|help|usage|lookup|list|crawl)\b/
    data_loss: /^self-destruct\b/
    infra+delete+data_loss~: /\b(?:delete|remove\S*|purge|cull|clear|prune)\b/
    else: infra
gitea forgejo
    takes: -c --config -w --work-path
    read: /^(?:admin (?:user list|auth list)|doctor (?:list|check)(?!.*--fix)|help|--version)/
    user+delete: /\badmin user delete\b/
    service_start: web
    write_file: dump
    else: infra
occ
    read: status list check help
    read: /^\S+:(?:list|info|show|status|check-code|report|lastseen|get|check)\b/
    read: /^(?:app:list|config:(?:list|app:get|system:get)|user:(?:list|info|report|lastseen)|integrity:check-\w+|setupchecks|security:certificates$)/
    infra+delete+data_loss~: /:(?:delete|remove|cleanup|expire|disable|reset\S*|transfer-ownership|truncate|repair)\b/
    else: infra
wp wp-cli
    takes: --path --url --user --ssh --http --format --fields
    data_loss: db/reset db/drop db/clean site/empty site/delete
    data_loss~: search-replace db/import db/query media/regenerate
    dark: eval eval-file shell
    write_file: db/export export
    read: /^(?:\S+ )?(?:\S+ )?(?:list|get|status|check|check-update|search|version|path|info|is-installed|is-active|verify-checksums|count|pluck|size|tables|columns|prefix|test|type|exists|has|describe|structure)\b/
    infra+delete: /^(?:\S+ )?(?:\S+ )?(?:delete|remove|uninstall|flush|clear|spam|trash|reset|unregister)\b/
    else: infra
drush
    read: status st version core-status pm:list pml watchdog:show ws user:information uinf config:get cget sql:conf help updatedb:status updbst config:status cst views:list field:info state:get sget core:requirements rq
    data_loss: sql:drop sql-drop site:install si site-install
    data_loss~: sql:query sqlq sql:sync sql-sync config:import cim entity:delete edel
    dark: php:eval ev php:script scr php:cli core:cli
    read_secret: sql:connect
    else: infra
django-admin manage.py
    read: check showmigrations sqlmigrate diffsettings help version inspectdb findstatic sqlsequencereset
    data_loss: flush reset_db
    data_loss?: migrate loaddata
    dark: shell dbshell runscript shell_plus
    user: createsuperuser changepassword
    service_start: runserver
    else: dark
svnadmin
    read: verify lstxns info lslocks dump lock-info help
    data_loss~: rmtxns load recover setrevprop delrevprop
    else: write_file
svnlook: read
p4
    takes: -u -p -c -P -H
    read: info changes files print describe filelog diff diff2 opened where have users clients depots branches jobs labels groups counters monitor/show sizes fstat grep annotate dirs tickets help set
    data_loss: obliterate
    infra+delete: delete
    service_stop: admin/stop
    service_restart: admin/restart
    else: infra
jf jfrog
    read: rt/search rt/s rt/ping rt/p config/show c/s --version xr/scan audit
    infra+delete+data_loss~: /^rt (?:delete|del|build-discard|bdi|repo-delete|rdel|user-delete|group-delete|permission-target-delete)\b/
    else: infra
registry docker-registry
    read: help --version
    data_loss~: garbage-collect
    service_start: serve
    else: dark
kapp
    takes: -a --app -n --namespace -f --file
    read: list ls inspect logs app-group/list version service-account/list app-change/list
    infra+delete+data_loss~: delete del app-change/garbage-collect
    else: infra
ytt jsonnet kbld regal dhall: read
imgpkg vendir: write_file
perldoc json_pp json_xs jshon subnetcalc iprange: read
perlbrew plenv
    read: list available versions version info
    package_remove: uninstall
    dark: exec
    else: package_add
jsonlint
    write_file: -i --in-place
    takes: -t --indent
    else: read
exiftool
    write_file: /^-\S+=/
    write_file: /^-(?:overwrite_original\S*|tagsFromFile|o|w\S*|csv=\S*|restore_original|delete_original)\b/
    dash: verb
    read: /./
    else: read
port
    takes: -D -d
    read: list search info installed outdated deps rdeps dependents contents variants echo notes provides version help cat file dir work location platform url homepage lint livecheck diagnose
    package_add: install
    package_remove: uninstall reclaim
    package_upgrade: upgrade selfupdate sync
    service_start: load
    service_stop: unload
    else: package_add
tomlq xq
    write_file: -i --in-place
    else: read
tidy
    write_file: -m -modify
    dash: long
    takes: -o -f -wrap -config
    write: -o -f
    else: read
""")
