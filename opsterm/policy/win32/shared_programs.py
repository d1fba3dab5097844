"""Programs that are called alike on every system: what the Unix shell's knowledge says of them holds on Windows too."""

from __future__ import annotations

import shlex

from opsterm.policy.win32.programs import WindowsProgramCall
from opsterm.policy.word_set import word_set

SHARED = word_set(
    "aliyun amtool argocd aws az boundary bq buildah calicoctl cilium clickhouse-client consul cosign couchbase- "
    "cli cqlsh crane crictl ctr dig docker docker-compose doctl eksctl etcdctl exo flux fly flyctl gcloud gh glab "
    "govc grype gsutil hcloud helm helmfile heroku ibmcloud influx iperf3 istioctl k3d kcat kind kopia kubeadm "
    "kubeconform kubectl kubectx kubens kubeseal kustomize linkerd linode-cli logcli minikube mongodump "
    "mongoexport mongoimport mongorestore mongosh mysqladmin mysqldump nats nerdctl nmap nomad oc oci openstack "
    "ovftool packer pg_dump pg_dumpall pg_isready pg_restore podman promtool pulumi rabbitmq-diagnostics "
    "rabbitmqadmin rabbitmqctl redis-cli restic rpk s3cmd sam scw skopeo stern syft talosctl terraform terragrunt "
    "tofu trivy upctl vagrant vault vboxmanage velero vultr-cli whois"
)


def note_shared(call: WindowsProgramCall) -> bool:
    """Note what such a program does; tell whether it is one."""
    if call.name not in SHARED:
        return False
    words = ["$_" if word == "?" else shlex.quote(word) for word in call.words]
    call.run("bash", " ".join([call.name, *words]))
    return True
