"""The tools of macOS hosts."""

from __future__ import annotations

from opsterm.policy.shell.programs.written import programs_of

PROGRAMS = programs_of(r"""
sw_vers vm_stat mdfind mdls kextstat ioreg GetFileInfo lsappinfo vmmap heap leaks pbpaste system_profiler fs_usage kextfind dyld_info otool: read
open osascript xcrun installer autopkg managedsoftwareupdate sysdiagnose: dark
say pbcopy: read
sample spindump screencapture: write_file
createhomedir SetFile: write_config
kextload: kernel_module
kextunload: kernel_module+service_stop~
dscl
    dash: long
    takes: -u -P -f
    user+delete+lockout?: /\bdelete\b/
    user+lockout?: /\b(?:passwd|change|changei|merge|append|create)\b/
    user+delete+lockout?: -delete
    user+lockout?: -create -append -merge -change -changei -passwd
    alone: dark
    else: read
dscacheutil
    dash: long
    write_config: -flushcache
    else: read
dseditgroup
    dash: long
    takes: -a -d -t -u -n -r -i -p -q -T -m
    read: read checkmember
    user+delete: delete
    else: user+privilege?
sysadminctl
    dash: long
    user+delete+lockout?: -deleteUser
    user+lockout?: -resetPasswordFor -newPassword -secureTokenOff
    read: -secureTokenStatus -getSysInfo
    else: user
launchctl
    read: list print print-disabled print-cache blame dumpstate hostinfo managerpid manageruid managername getenv version procinfo resolveport error variant
    service_stop: unload bootout disable stop remove kill
    service_restart: kickstart
    service_start: load bootstrap enable start submit
    reboot: reboot
    dark: asuser bsexec attach debug
    else: write_config
defaults
    read: read read-type find domains help
    delete: delete
    write_config: write rename import
    write_file: export
    else: write_config
scutil
    read: --dns --proxy --nwi --get -r --renew --nc
    network: --set --prefs
    else: read
networksetup
    dash: long
    read: -listnetworkserviceorder -listallnetworkservices -listallhardwareports -getmacaddress -getcomputername -getinfo -getdnsservers -getsearchdomains -getwebproxy
    read: -getsecurewebproxy -getftpproxy -getsocksfirewallproxy -getautoproxyurl -getproxyautodiscovery -getproxybypassdomains -getairportnetwork -getairportpower
    read: -listpreferredwirelessnetworks -getnetworkserviceenabled -getcurrentlocation -listlocations -getMTU -getmedia -listvalidmedia -listVLANs -listBonds
    read: -getadditionalroutes -getv6additionalroutes -listvalidMTUrange -version -help -printcommands
    else: network+lockout~
systemsetup
    dash: long
    network+lockout~: -setremotelogin
    read: -gettimezone -getnetworktimeserver -getusingnetworktime -getsleep -getcomputersleep -getdisplaysleep -getharddisksleep -getremotelogin -getcomputername -getdate -gettime
    read: -listtimezones -getstartupdisk -liststartupdisks -getrestartfreeze -getrestartpowerfailure -getwakeonnetworkaccess -getremoteappleevents -help -version
    else: write_config
pmset
    dash: long
    read: -g
    else: kernel_param
diskutil
    read: list info activity listFilesystems listClients verifyVolume verifyDisk verifyPermissions apfs/list cs/list appleRAID/list coreStorage/list ar/list apfs/listSnapshots apfs/listUsers apfs/listCryptoUsers isContentType checkJournal listSnapshots
    data_loss: eraseDisk eraseVolume reformat partitionDisk zeroDisk randomDisk secureErase mergePartitions splitPartition eraseCD eraseOptical apfs/deleteVolume apfs/deleteContainer apfs/eraseVolume apfs/deleteSnapshot
    data_loss: cs/delete cs/deleteVolume appleRAID/delete appleRAID/create apfs/deleteVolumeGroup apfs/delete addPartition
    data_loss?: resizeVolume apfs/resizeContainer repairDisk repairVolume apfs/encryptVolume apfs/decryptVolume apfs/convert
    service_stop: unmount umount unmountDisk eject
    else: write_config
hdiutil
    read: info imageinfo verify checksum isencrypted fsid pmap help plugins
    service_stop: detach eject unmount
    data_loss~: burn erasekeys
    else: write_file
csrutil
    read: status report authenticated-root/status netboot/list
    security_weaken: disable clear netboot authenticated-root/disable
    else: write_config
spctl
    takes: -t --type --context
    security_weaken: --master-disable --global-disable --disable --add --remove
    read: --status -a --assess --list
    else: write_config
softwareupdate
    read: -l --list --history --list-full-installers --schedule
    package_upgrade: -i --install -d --download -a
    else: package_upgrade
profiles
    read: status list show help validate version
    read: -P -L -C -H
    security_weaken: remove -R -D
    else: write_config
nvram
    boot+delete: -d -c
    read: -p
    read: /^[\w:-]+$/
    else: boot
bless
    read: --info --getBoot
    else: boot
tmutil
    read: latestbackup listbackups listlocalsnapshots listlocalsnapshotdates destinationinfo status compare machinedirectory uniquesize isexcluded calculatedrift version verifychecksums
    data_loss: delete deletelocalsnapshots thinlocalsnapshots deleteinprogress
    service_stop: stopbackup disable disablelocal
    data_loss?: restore removedestination
    else: write_config
mdutil
    takes: -i -d
    read: -s
    write_config: -E -i -d -a
    else: read
fdesetup
    read: status list haspersonalrecoverykey hasinstitutionalrecoverykey isactive usingrecoverykey version help supportsauthrestart validaterecovery
    security_weaken: disable
    reboot: authrestart
    else: security_weaken?
security
    read_secret: dump-keychain export find-generic-password find-internet-password smartcards cms
    read: list-keychains find-certificate find-identity show-keychain-info verify-cert dump-trust-settings list-smartcards error help default-keychain login-keychain
    delete+security_weaken: delete-keychain delete-certificate delete-generic-password delete-internet-password delete-identity remove-trusted-cert
    security_weaken: add-trusted-cert unlock-keychain set-keychain-password authorizationdb
    else: write_config
kmutil
    read: showloaded inspect find libraries print-diagnostics check dumpstate
    else: kernel_module
log
    log_loss: erase
    read: show stream stats help
    write_file: collect
    else: write_config
codesign
    read: -d -dv -dvv -dvvv -v --display --verify -h
    write_file: -s --sign --remove-signature
    else: read
plutil
    dash: long
    takes: -o -e -extract
    write_file: -convert -insert -replace -remove -create -o
    read: -lint -p -type -help
    else: read
PlistBuddy
    takes: -c
    dash: long
    read: -h
    write_config: -c
    else: write_config
airport
    read: -I -s --getinfo --scan
    network: -z --disassociate -c
    else: network
xattr
    write_config: -w -d -c
    else: read
sips
    read: -g --getProperty
    else: write_file
textutil
    read: -info
    else: write_file
xcode-select
    read: -p --print-path -v --version
    else: write_config
xcodebuild
    dash: long
    read: -version -list -showsdks -showBuildSettings -showdestinations
    else: dark
pkgutil
    package_remove: --forget
    write_file: --expand --flatten --expand-full
    takes: --pkg-info --files --lsbom --group-pkgs --file-info
    read: --pkgs --pkg-info --files --check-signature --groups --file-info --export-plist --packages --volume --regexp --pkg-groups --lsbom --payload-files --group-pkgs
    else: read
powermetrics
    takes: -i -n -s --samplers
    write: -o --output-file
    else: read
asr
    data_loss: restore partition adjust
    read: info imagescan help
    else: data_loss~
chflags: write_config
jamf
    read: version checkJSSConnection help
    user: /^(?:createAccount|deleteAccount|resetPassword)\b/
    infra: recon log manage
    dark: policy runScript install
    else: dark
mas
    read: list search info outdated account version
    package_remove: uninstall
    package_add: install purchase lucky
    else: package_upgrade
""")
