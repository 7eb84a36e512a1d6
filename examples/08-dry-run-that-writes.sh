#!/bin/bash
# The dry run that writes. `chzdev -t ap apmask=+12 --active --dry-run` (s390-tools 2.35 to 2.43) announces that the
# configuration will not be changed, and writes the mask all the same. It looks for mdevs in the way first, but in a
# file that a kernel cuts off after 511 queues; and when the kernel refuses the write, it does not notice.
#
# Here the real chzdev does so to a simulated host of 8 adapters and 85 domains, all of which a guest uses: once with
# the driver of 2019, which takes adapter 12 (0c) from the running guest, and once with that of Linux 7.3.
#
#   bash examples/08-dry-run-that-writes.sh
#
# Fetches chzdev and what it runs on from Debian (75 MB, once), installs nothing. Needs root, or a /dev/fuse for all.
set -e
root=$(cd "$(dirname "$0")/.." && pwd)
PATH=$(node "$root/infra/clients.mjs"):$PATH
apledger() { "$root/services/cli/bin/apledger.mjs" "$@"; }
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
export root data PATH
export -f apledger

for driver in 2019-v2 7.3; do
  export APLEDGER_DATA=$data/$driver
  echo "=== A host with the driver of $driver"
  apledger lab mount zlp1 adapters=5-12 domains=0-84 driver=$driver --over-sys -- bash -e <<'IN_THE_LAB'
uuid=11111111-1111-4111-8111-111111111111
echo -5-12 > /sys/bus/ap/apmask
echo $uuid > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
cd /sys/devices/vfio_ap/matrix/$uuid
for adapter in {5..12}; do echo $adapter > assign_adapter; done
for domain in {0..84}; do echo $domain > assign_domain; done
apledger lab guest start web $uuid
date -u +%FT%T.%3NZ > "$data/before"
PS4='# '
set -x
lszcrypt -V 0c.0047
chzdev -t ap apmask=+12 --active --dry-run
lszcrypt -V 0c.0047
IN_THE_LAB
  echo "=== What the ledger says: who it was, and what it meant (without each of the 85 queues)"
  apledger replay --from "$(cat "$data/before")" | grep -vE 'Queue(Reset|Unbound|Bound)|[Gg]uest ?[Mm]atrix'
done
