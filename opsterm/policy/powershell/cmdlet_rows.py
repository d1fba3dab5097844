"""Cmdlets as data: what each does. A name that is in no row is told by its verb and noun, see `verbs`.

Source: the module reference of Windows Server 2022, PowerShell 5.1 and 7.4, and of the roles that are named.
"""

from __future__ import annotations

from opsterm.policy.word_set import word_set

ROWS = """
stop-service suspend-service = service_stop
start-service resume-service = service_start
restart-service = service_restart
set-service = service_enable
new-service = service_enable privilege:likely
remove-service = service_stop delete
stop-process = process_kill
debug-process wait-debugger = process_kill:possible
stop-computer restart-computer = reboot
clear-recyclebin = delete data_loss:likely
add-localgroupmember add-adgroupmember add-adprincipalgroupmembership = user
remove-localgroupmember remove-adgroupmember remove-adprincipalgroupmembership = user
new-localuser new-localgroup enable-localuser rename-localgroup set-localgroup = user
set-localuser disable-localuser remove-localuser rename-localuser remove-localgroup = user lockout:likely
new-aduser new-adgroup new-adcomputer new-adserviceaccount enable-adaccount unlock-adaccount set-adgroup = user
new-adorganizationalunit set-adorganizationalunit move-adobject rename-adobject set-adobject restore-adobject = user
set-aduser set-adcomputer set-adaccountcontrol clear-adaccountexpiration = user
set-adaccountpassword set-aduserpassword = user lockout:possible
disable-adaccount set-adaccountexpiration = user lockout:likely
remove-aduser remove-adcomputer remove-adgroup remove-adserviceaccount = user delete data_loss:possible lockout:possible
remove-adobject remove-adorganizationalunit = user delete data_loss
remove-addomaincontroller uninstall-addsdomaincontroller install-addsdomaincontroller install-addsforest = infra data_loss:likely
move-addirectoryserveroperationmasterrole set-addomainmode set-adforestmode = infra
set-addefaultdomainpasswordpolicy set-adfinegrainedpasswordpolicy new-adfinegrainedpasswordpolicy = security_weaken:possible user
reset-computermachinepassword reset-adserviceaccountpassword = lockout:possible user
add-computer remove-computer = network user lockout:likely
rename-computer = network lockout:possible
grant-smbshareaccess new-smbshare unblock-smbshareaccess = security_weaken:likely
revoke-smbshareaccess block-smbshareaccess set-smbshare = perm
remove-smbshare = delete service_stop:likely
close-smbsession close-smbopenfile = process_kill
set-smbserverconfiguration set-smbclientconfiguration = write_config security_weaken:possible
new-smbmapping remove-smbmapping = network:possible
set-acl = perm lockout:possible
set-executionpolicy = security_weaken
enable-psremoting set-wsmanquickconfig = network service_start security_weaken:possible
disable-psremoting disable-pssessionconfiguration unregister-pssessionconfiguration = lockout service_stop
register-pssessionconfiguration set-pssessionconfiguration = lockout:possible write_config
set-wsmaninstance new-wsmaninstance = write_config lockout:likely
remove-wsmaninstance = write_config lockout
disable-wsmancredssp = write_config lockout:possible
enable-wsmancredssp = security_weaken
disable-netadapter = network lockout
restart-netadapter reset-netadapteradvancedproperty = network lockout:likely
set-netadapter rename-netadapter set-netadapteradvancedproperty set-netadapterbinding disable-netadapterbinding = network lockout:likely
enable-netadapter enable-netadapterbinding = network
set-netadapterrss set-netadaptervmq disable-netadapterrss enable-netadapterrss disable-netadaptervmq disable-netadapterchecksumoffload = network lockout:possible
remove-netipaddress = network lockout
new-netipaddress set-netipaddress set-netipinterface = network lockout:likely
remove-netroute = network lockout:likely
new-netroute set-netroute = network lockout:possible
remove-netneighbor new-netneighbor set-netneighbor = network lockout:possible
set-dnsclientserveraddress set-dnsclient set-dnsclientglobalsetting add-dnsclientnrptrule remove-dnsclientnrptrule = network
clear-dnsclientcache register-dnsclient = network:possible
set-netconnectionprofile = network lockout:likely
new-netlbfoteam remove-netlbfoteam set-netlbfoteam add-netlbfoteammember remove-netlbfoteammember add-netlbfoteamnic = network lockout:likely
remove-vmswitch new-vmswitch set-vmswitch = network lockout:likely infra
set-netipsecrule new-netipsecrule remove-netipsecrule enable-netipsecrule = network lockout:likely
disable-pnpdevice = kernel_module lockout:possible
enable-pnpdevice = kernel_module
new-netqospolicy set-netqospolicy remove-netqospolicy = network
set-nettcpsetting set-netoffloadglobalsetting = network:likely write_config
new-netnat remove-netnat add-netnatstaticmapping remove-netnatstaticmapping = network
set-mppreference = security_weaken:possible write_config
add-mppreference = security_weaken
remove-mppreference = write_config security_weaken:possible
remove-mpthreat = delete
start-mpscan update-mpsignature start-mpwdoscan = write_config:possible
disable-windowsoptionalfeature uninstall-windowsfeature remove-windowsfeature remove-windowscapability = package_remove
remove-windowspackage remove-windowsdriver = package_remove
enable-windowsoptionalfeature install-windowsfeature add-windowsfeature add-windowscapability add-windowspackage = package_add
install-package install-module install-script install-psresource install-packageprovider add-appxpackage = package_add
add-appxprovisionedpackage save-module save-script add-windowsdriver install-psadtpackage = package_add
uninstall-package uninstall-module uninstall-script uninstall-psresource remove-appxpackage = package_remove
remove-appxprovisionedpackage reset-appxpackage = package_remove
update-module update-script update-psresource update-help install-windowsupdate = package_upgrade
repair-windowsimage = package_upgrade:possible
register-psrepository set-psrepository unregister-psrepository register-packagesource = security_weaken:possible write_config
hide-windowsupdate add-wuservicemanager remove-windowsupdate uninstall-windowsupdate = package_remove:possible write_config
format-volume = data_loss
clear-disk initialize-disk reset-physicaldisk clear-storagediagnosticinfo = data_loss
remove-partition remove-virtualdisk remove-storagepool remove-storagetier clear-filestoragetier = data_loss
remove-physicaldisk repair-virtualdisk = data_loss:possible
set-disk set-partition set-volume resize-partition resize-virtualdisk resize-storagetier = data_loss:possible write_config
new-partition new-volume new-virtualdisk new-storagepool add-physicaldisk mount-diskimage = write_config
dismount-diskimage remove-partitionaccesspath add-partitionaccesspath = write_config service_stop:possible
optimize-volume = dos:possible
repair-volume = data_loss:possible dos:likely
write-volumecache = write_file
dismount-volume = data_loss:possible service_stop
disable-bitlocker suspend-bitlocker remove-bitlockerkeyprotector clear-bitlockerautounlock = security_weaken
disable-bitlockerautounlock = security_weaken
lock-bitlocker enable-bitlocker = lockout:possible write_config dos:possible
enable-bitlockerautounlock add-bitlockerkeyprotector backup-bitlockerkeyprotector resume-bitlocker unlock-bitlocker = write_config
disable-computerrestore = security_weaken data_loss:possible
enable-computerrestore checkpoint-computer = write_config
restore-computer = data_loss:likely reboot
clear-eventlog = log_loss
clear-history = log_loss:possible
set-psreadlineoption set-psreadlinekeyhandler = write_config
remove-eventlog = log_loss delete
limit-eventlog = log_loss:likely write_config
new-eventlog write-eventlog new-winevent = write_file
register-scheduledtask set-scheduledtask enable-scheduledtask = schedule
disable-scheduledtask = schedule service_stop:likely
register-scheduledjob set-scheduledjob enable-scheduledjob disable-scheduledjob add-jobtrigger = schedule
unregister-scheduledtask unregister-scheduledjob remove-jobtrigger = schedule delete
start-scheduledtask = remote_code:likely
stop-scheduledtask = process_kill
set-netfirewallsetting = firewall_weaken:possible lockout:possible
remove-vm remove-vmharddiskdrive remove-vmsnapshot remove-vmcheckpoint merge-vhd = infra delete data_loss
stop-vm restart-vm suspend-vm save-vm = infra service_stop
restore-vmsnapshot restore-vmcheckpoint = infra data_loss:likely
remove-cluster remove-clusternode remove-clusterresource remove-clustergroup clear-clusternode = infra data_loss:likely
stop-cluster stop-clusternode stop-clustergroup stop-clusterresource suspend-clusternode = infra service_stop
stop-website stop-webapppool stop-iissite stop-websitepool stop-webitem = service_stop
start-website start-webapppool start-iissite start-webitem = service_start
restart-webapppool restart-webitem = service_restart
remove-website remove-webapppool remove-webapplication remove-webvirtualdirectory remove-iissite remove-webbinding = delete service_stop
remove-webconfigurationproperty clear-webconfiguration = write_config delete
new-website new-webapppool new-webapplication new-webbinding new-webvirtualdirectory new-iissite = write_config
set-webconfiguration set-webconfigurationproperty add-webconfiguration add-webconfigurationproperty set-webbinding = write_config
import-certificate import-pfxcertificate = security_weaken write_config
export-pfxcertificate = read_secret write_file
export-certificate = write_file
new-selfsignedcertificate switch-certificate get-certificate = write_config
remove-dnsserverzone remove-dnsserverresourcerecord clear-dnsservercache reset-dnsserverzonekeymasterrole = network data_loss:likely delete
add-dnsserverresourcerecord add-dnsserverresourcerecorda set-dnsserverforwarder add-dnsserverprimaryzone set-dnsserverzone = network
remove-dhcpserverv4scope remove-dhcpserverv4lease remove-dhcpserverv4reservation remove-dhcpserverindc = network data_loss:likely delete
add-dhcpserverv4scope set-dhcpserverv4scope set-dhcpserverv4optionvalue add-dhcpserverv4reservation = network
remove-gpo remove-gplink restore-gpo import-gpo = security_weaken:likely delete data_loss:possible
new-gpo new-gplink set-gplink set-gppermission set-gpregistryvalue set-gpinheritance remove-gpregistryvalue = write_config perm
invoke-gpupdate = write_config:possible
backup-gpo backup-sqldatabase = write_file
restore-sqldatabase = data_loss:likely db_write
remove-sqldatabase remove-sqlavailabilitygroup remove-sqllogin = data_loss
invoke-history = remote_code:likely
invoke-item = remote_code:likely
invoke-wsmanaction = remote_code:likely
import-pssession enter-pssession new-pssession connect-pssession disconnect-pssession = remote_code:possible
remove-pssession exit-pssession remove-cimsession new-cimsession = read
set-date = write_config service_stop:possible
set-timezone set-culture set-winsystemlocale set-winhomelocation = write_config
send-mailmessage = exfil:possible
 add-printer remove-printer set-printer add-printerdriver remove-printerdriver remove-printjob = write_config
clear-host clear-variable remove-variable remove-event unregister-event = read
resume-job wait-job receive-job get-job stop-transcript = read
stop-job suspend-job remove-job = process_kill:possible
get-lapsdiagnostics get-windowsupdatelog get-clusterlog new-temporaryfile = write_file
disconnect-iscsitarget unregister-iscsisession = service_stop data_loss:possible network
write-printernfctag = write_config
new-webserviceproxy = remote_code:possible
start-transcript = write_file
set-location push-location pop-location set-variable new-variable set-strictmode new-object new-timespan new-guid = read
 set-psdebug set-psbreakpoint remove-psbreakpoint enable-psbreakpoint disable-psbreakpoint set-tracesource = read
remove-psdrive remove-typedata update-typedata update-formatdata remove-module new-module start-sleep = read
new-psdrive = network:possible
new-cimsessionoption new-pssessionoption new-scheduledtaskaction new-scheduledtasktrigger new-scheduledtasksettingsset = read
new-scheduledtaskprincipal new-scheduledtask new-jobtrigger new-scheduledjoboption new-netipsecauthproposal = read
new-wsmansessionoption new-event new-pssessionconfigurationfile = read:likely
read-host out-host out-null out-default out-string out-gridview write-output write-host write-verbose write-debug write-warning = read
write-error write-information write-progress set-clipboard get-clipboard = read
foreach-object where-object sort-object select-object group-object measure-object measure-command compare-object = read
select-string select-xml invoke-dbawhoisactive invoke-dbadiagnosticquery = read
tee-object = write_file
out-file export-csv export-clixml export-alias export-counter export-formatdata out-printer = write_file
export-modulemember join-path split-path join-string convert-path resolve-path test-path trace-command = read
wait-process wait-event use-transaction start-transaction complete-transaction undo-transaction = read
import-csv import-clixml import-localizeddata import-counter import-powershelldatafile import-alias = read
enter-pshostprocess = remote_code:likely
register-objectevent register-engineevent register-wmievent register-cimindicationevent = schedule:possible
get-credential get-dhcpserverdnscredential = read
get-localadminpassword get-lapsadpassword get-admpwdpassword get-gpppassword get-adreplaccount get-azkeyvaultsecret get-secret = read_secret
get-bitlockerkeyprotector get-adserviceaccountpassword get-vaultcredential get-keystrokes = read_secret
publish-module publish-script publish-psresource = exfil:possible
compress-archive = write_file
expand-archive = write_file
unblock-file = security_weaken:possible
protect-cmsmessage unprotect-cmsmessage = read
move-vm move-vmstorage export-vm import-vm new-vm set-vm start-vm checkpoint-vm add-vmharddiskdrive resize-vhd = infra
enable-vmreplication disable-vmmigration set-vmhost set-vmprocessor set-vmmemory set-vmnetworkadapter = infra
connect-viserver connect-azaccount connect-mggraph connect-exchangeonline connect-msolservice connect-azuread = network:possible
disconnect-viserver disconnect-azaccount disconnect-mggraph disconnect-exchangeonline set-azcontext select-azsubscription = read
enable-netfirewallrule = firewall_weaken:likely
copy-netfirewallrule rename-netfirewallrule = firewall_weaken:possible
set-processmitigation = security_weaken:possible write_config
set-windowsproductkey set-windowsedition = write_config
invoke-mimikatz invoke-dcsync invoke-kerberoast invoke-ninjacopy out-minidump = read_secret remote_code
set-bcdelement remove-bcdentry set-bcd = boot
confirm-securebootuefi get-securebootuefi = read
set-securebootuefi = boot
wait-vm test-netconnection test-connection test-wsman test-computersecurechannel = read
"""

MILD = word_set("clear-dnsclientcache stop-job suspend-job remove-job clear-history")
"""Cmdlets that take away what comes back by itself, or is of the session alone: their rows say all."""

NO_WHATIF = word_set("""
start-process invoke-command invoke-expression invoke-restmethod invoke-webrequest set-mppreference add-mppreference
remove-mppreference register-scheduledtask set-scheduledtask disable-scheduledtask enable-scheduledtask tee-object
start-scheduledtask stop-scheduledtask disable-windowsoptionalfeature enable-windowsoptionalfeature
add-windowspackage remove-windowspackage remove-windowscapability add-windowscapability remove-website stop-website
remove-webapppool stop-webapppool restart-webapppool start-webapppool start-website checkpoint-computer
start-transcript import-module add-type send-mailmessage invoke-item enter-pssession new-pssession start-job
invoke-history remove-windowsdriver repair-windowsimage add-windowsdriver remove-appxprovisionedpackage
add-appxprovisionedpackage new-website new-webapppool restart-webitem stop-webitem backup-gpo invoke-sqlcmd
invoke-gpupdate unregister-psrepository stop-iissite remove-iissite set-psdebug export-counter debug-process
start-mpscan repair-volume write-volumecache invoke-wsmanaction set-wsmaninstance remove-wsmaninstance
new-wsmaninstance disable-wsmancredssp enable-wsmancredssp invoke-mimikatz connect-viserver remove-mpthreat
mount-diskimage dismount-diskimage set-windowsedition start-bitstransfer set-windowsproductkey set-processmitigation
start-threadjob new-scheduledtask remove-clusternode start-mpwdoscan
""")  # fmt: skip
"""Cmdlets that have no -WhatIf, or take it and act all the same."""
