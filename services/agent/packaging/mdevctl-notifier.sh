#!/bin/sh
# Notes who had mdevctl change an mdev of vfio_ap, for the agent of apledger. mdevctl may wait for this script, so it reads some files of
# /proc, writes one small file, and ends. It always succeeds and prints nothing.
#
# Installed as /usr/lib/mdevctl/scripts.d/notifiers/apledger.sh (mdevctl 1.2: /etc/mdevctl.d/scripts.d/notifiers/). Arguments:
# -t TYPE -e notify -a ACTION -s STATE -u UUID -p PARENT. Its parent process is mdevctl.
exec >/dev/null 2>&1 </dev/null
umask 027
spool=${APLEDGER_NOTIFIER_SPOOL:-/run/apledger/notifier}
[ -d "$spool" ] || exit 0

type= event= action= state= uuid= parent=
while [ $# -ge 2 ]; do
  case $1 in
    -t) type=$2 ;;
    -e) event=$2 ;;
    -a) action=$2 ;;
    -s) state=$2 ;;
    -u) uuid=$2 ;;
    -p) parent=$2 ;;
  esac
  shift 2
done
[ "$type" = vfio_ap-passthrough ] && [ "$event" = notify ] || exit 0

# When nobody fetches the files, the directory must not fill.
set -- "$spool"/*.note
[ $# -lt 1000 ] || exit 0

# mdevctl may end before this script does: its words are read first, if it is still there. Login and cgroup are inherited from it.
parent_pid=$PPID
[ "$parent_pid" -gt 1 ] && words=$(tr '\000\n' '  ' <"/proc/$parent_pid/cmdline") || parent_pid='' words=''
proc=/proc/$$
first_line() { IFS= read -r line <"$1" || [ -n "$line" ] && printf '%s' "$line"; }
name=$(date +%s.%N)
{
  printf 'at %s\n' "$name"
  printf 'action %s\nstate %s\nuuid %s\nparent %s\n' "$action" "$state" "$uuid" "$parent"
  [ -z "$parent_pid" ] || printf 'pid %s\ncmdline %s\n' "$parent_pid" "$words"
  printf 'loginuid %s\n' "$(first_line $proc/loginuid)"
  printf 'cgroup %s\n' "$(grep -m1 '^0::' $proc/cgroup)"
  [ -z "$SUDO_USER" ] || printf 'sudo_user %s\n' "$SUDO_USER"
} >"$spool/$name.$$.part" && mv "$spool/$name.$$.part" "$spool/$name.$$.note"
exit 0
