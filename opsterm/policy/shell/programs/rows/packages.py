"""Packages, beside the great package managers."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
apt-config apt-ftparchive rpm2cpio: read
dpkg-repack alien yumdownloader reposync createrepo createrepo_c checkmodule semodule_package: write_file
dpkg-trigger debconf debconf-set-selections ucf: write_config
checkinstall xbps-install: package_add
ppa-purge xbps-remove: package_remove
rpmbuild mock seunshare : dark
chcat
    read: -L
    else: perm
nix-collect-garbage
    trial: --dry-run
    else: delete
apt-file
    read: search find list show
    write_file: update purge
debsums
    write_file: --generate -g
    else: read
apt-clone
    read: info show-diff
    write_file: clone
    package_add: restore
dpkg-statoverride
    read: --list
    perm: --add --remove
    else: read
tasksel
    read: --list-tasks -t --task-packages
    else: package_add
deb-get
    read: list search show version
    package_remove: remove purge
    package_upgrade: upgrade
    write_file: update cache clean
    else: package_add
abrt-cli
    read: list ls info status
    delete: rm remove
    else: write_file
rpmkeys
    security_weaken: --import
    read: -K --checksig -l --list
    else: security_weaken
package-cleanup
    package_remove: --oldkernels --cleandupes --removenewestdupes
    else: read
yum-config-manager
    write_config: --enable --disable --add-repo --save --setopt
    else: read
insights-client
    read: --status --version --validate
    else: exfil?
kpatch
    read: list info
    else: kernel_module
leapp
    read: list-runs preupgrade
    package_upgrade+boot: upgrade
    else: write_config
fapolicyd-cli
    read: --list -l --check-config --dump-db -D --check-status
    else: write_config
usbguard
    read: list-devices list-rules get-parameter
    security_weaken: allow-device
    network: block-device reject-device
    else: write_config
setfiles
    read: -n
    else: perm
emerge
    trial: -p --pretend
    read: -s --search --info -V
    package_remove: -C --unmerge -c --depclean
    else: package_add
nix-env
    read: -q --query
    package_remove: -e --uninstall
    write_config: --rollback --switch-generation -S
    package_upgrade: -u --upgrade
    else: package_add
nixos-rebuild
    read: build dry-build dry-activate list-generations
    boot+package_upgrade: switch boot test
    else: boot
opkg
    read: list list-installed info search files status
    package_remove: remove
    package_upgrade: upgrade
    write_file: update
    else: package_add
eopkg
    read: list-installed info search
    package_remove: remove
    else: package_add
swupd
    read: info check-update bundle-list diagnose
    package_remove: bundle-remove
    else: package_upgrade
pkgin
    read: list search avail
    package_remove: remove
    else: package_add
pkcon
    read: get-updates get-details search
    package_remove: remove
    else: package_add
bpkg
    read: list show
    else: package_add
eix pkgfile dpkg-buildflags: read
debchange dch debootstrap mmdebstrap repo-add repo-remove dpkg-buildpackage: write_file
owut
    read: list check versions blob
    package_upgrade+boot: upgrade install
    else: write_file
pacman-key
    read: -l --list-keys -f --finger --list-sigs
    security_weaken: -d --delete
    else: security_weaken
pacman-mirrors
    read: -l -lc -s --status --country-list
    else: write_config
rpmconf
    read: -t -d --diff --test
    else: write_config
urpmi: package_add
urpme: package_remove
urpmq urpmf: read
installpkg upgradepkg: package_add
removepkg pkgrm: package_remove
nix-build nix-instantiate nix-prefetch-url: write_file
nix-shell: dark
nix-store
    read: -q --query --verify-path
    delete: --gc --delete
    else: write_file
lxc-checkconfig lxc-top: read
lxc-console: dark
lxc-create: infra
rpmdb
    read: --verifydb --exportdb
    data_loss?: --rebuilddb --initdb --importdb
    else: read
dotnet
    read: --info --list-sdks --list-runtimes --version
    read: list help sdk/check workload/list tool/list
    dark: run test exec build publish msbuild fsi script watch
    package_add: add restore install workload/install tool/install tool/update
    package_remove: remove tool/uninstall workload/uninstall
    else: dark
nuget
    read: list search sources/list help locals/list config
    infra+delete: delete
    infra: push
    else: write_file
choco winget scoop
    read: list search info outdated show status help config/get source/list features feature/list pin/list cat depends home
    package_remove: uninstall
    package_upgrade: upgrade update
    package_add: install
    else: write_config
cpan cpanm
    read: -l -D -a -O --info --version -V
    else: package_add
Rscript R: dark
dnf-automatic: package_upgrade
rhc
    read: status help
    security_weaken?: disconnect
    else: infra
module-assistant m-a
    read: list search
    else: package_add
lintian rpmlint: read
aptly
    read: /^(?:\S+ )?(?:list|show|search|version|diff|help|graph|config show)\b/
    delete+data_loss~: /\b(?:drop|remove|delete|cleanup)\b/
    else: write_file
reprepro
    takes: -b --basedir -C -A -T
    read: list ls lsbycomponent listfilter checkpool check dumpreferences dumpunreferenced
    delete+data_loss~: remove removefilter clearvanished deleteunreferenced deleteifunreferenced
    else: write_file
paccache
    read: -d --dryrun
    else: delete
koji osc fedpkg
    read: list-tasks list-builds list-tags buildinfo taskinfo taginfo hello version help results status log buildlog ls info list
    infra+delete: delete rdelete remove-tag untag-build
    else: infra
rpmbuild makepkg abuild mock pbuilder sbuild: dark
dpkg-scanpackages: read
""")
