"""Brokers of messages and what keeps them in step."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
kafka-configs kafka-configs.sh
    takes: --bootstrap-server --entity-type --entity-name --add-config --delete-config --command-config
    infra: --alter --add-config --delete-config
    else: read
kafka-acls kafka-acls.sh
    takes: --bootstrap-server --topic --group --allow-principal --command-config
    infra+delete+security_weaken?: --remove
    infra+privilege: --add
    else: read
kafka-log-dirs kafka-log-dirs.sh kafka-broker-api-versions kafka-broker-api-versions.sh kafka-get-offsets kafka-get-offsets.sh: read
kafka-verifiable-consumer.sh kafka-dump-log kafka-dump-log.sh kafka-replica-verification.sh: read
kafka-console-consumer kafka-console-consumer.sh
    takes: --bootstrap-server --topic --group --max-messages --offset --partition --consumer-property --property
    infra: --group
    else: read
kafka-console-producer kafka-console-producer.sh kafka-producer-perf-test.sh: infra
kafka-delete-records kafka-delete-records.sh: infra+delete+data_loss
kafka-reassign-partitions kafka-reassign-partitions.sh
    takes: --bootstrap-server --reassignment-json-file --topics-to-move-json-file --broker-list
    infra: --execute --cancel
    read: --verify --generate --list
    else: infra
kafka-leader-election.sh kafka-preferred-replica-election.sh kafka-mirror-maker.sh: infra
kafka-server-stop.sh zookeeper-server-stop.sh: service_stop
kafka-server-start.sh zookeeper-server-start.sh: service_start
zkServer.sh
    read: status version print-cmd
    service_stop: stop
    service_restart: restart
    else: service_start
pulsar
    read: version
    else: service_start
nsq_stat nsq_tail: read
artemis
    read: /^(?:queue stat|address show|check|data print|version|help)\b/
    infra+delete+data_loss~: /\b(?:delete|purge|destroy)\b/
    service_stop: stop kill
    service_start: run
    else: infra
mosquitto_passwd: user
mosquitto_ctrl
    read: /\b(?:list\w*|get\w*|help)\b/
    user+delete: /\b(?:delete\w*|remove\w*)\b/
    else: user
emqx
    read: ctl/status ping versions check_config
    read: /^ctl (?:status|broker|clients list|clients show|topics|subscriptions list|listeners$|vm|metrics|cluster status|license info)\b/
    service_stop: stop
    service_restart: restart
    dark: eval rpc remote_console attach console foreground
    service_start: start
    else: infra
emqx_ctl
    read: /^(?:status|broker|clients (?:list|show)|topics (?:list|show)|subscriptions (?:list|show)|listeners$|listeners list|vm|metrics|cluster status|cluster_info|license info|plugins list|log primary-level$|mnesia|traces list|rules list|help)\b/
    service_stop: /\b(?:stop|kick|leave|force-leave)\b/
    else: infra
glusterd: service_start
rabbitmqadmin rabbitmqadmin.exe rabbitmqadmin-ng
    takes: -H --host -P --port -u --username -p --password -V --vhost -c --config -N --node --format -f --name
    infra+delete+data_loss~: /^(?:\S+ )?(?:delete\S*|purge|clear\S*|reset\S*|remove\S*|force\S*|close)\b/
    infra+service_stop: /^(?:\S+ )?(?:disable\S*|drain|kill)\b/
    write_file: /^(?:definitions )?export\b/
    read: /^(?:\S+ ){0,2}(?:list\S*|show\S*|help|get|ping|health_check|overview|churn_overview|reveal|count\S*|status|permissions$)\b/
    read: /^health_check \S+/
    else: infra
rabbitmq-diagnostics
    takes: -n --node -t --timeout -p --formatter
    dark: remote_shell observer
    infra: /^(?:enable|disable|set|clear|reset|close|delete|force|consume|decode)_/
    else: read
""")
