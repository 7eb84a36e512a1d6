#!/bin/bash
# An agent watches a host: a simulated one is mounted as files, and the agent takes it for a real one. A ledger with its
# console runs beside it. Somebody writes to the files by hand; the ledger sees it. Somebody commands the host through the
# ledger; the agent carries it out, and says what became of it.
#
#   bash examples/09-agent.sh
#
# With --stay it runs on until Ctrl-C, for a look at the console. Needs root, or a /dev/fuse for all.
set -e
root=$(cd "$(dirname "$0")/.." && pwd)
apledger=$root/services/cli/bin/apledger.mjs
apledger() { "$apledger" "$@"; }
data=$(mktemp -d)
sys=$data/sys
mkdir -p "$sys" "$data/run/lock"
trap 'kill $(jobs -p) 2> /dev/null; wait; rm -rf --one-file-system "$data"' EXIT

# Waits until a file has a line that matches, or its program has ended.
said() { # PID FILE PATTERN
  until grep -q "$3" "$2"; do
    kill -0 "$1" 2> /dev/null || { cat "$2" >&2; exit 1; }
    sleep 0.1
  done
}

"$apledger" lab mount zlp1 adapters=5,6 domains=4,0x47 driver=6.12 --at "$sys" --data "$data/lab" &> "$data/lab.log" &
said $! "$data/lab.log" "zlp1 at"
node "$root/infra/bootstrap.mjs" ledger --data "$data/ledger" --port "${PORT:-0}" &> "$data/ledger.log" &
said $! "$data/ledger.log" "ready at"
server=$(sed -n 's|.*ready at \(http://[^/]*\)/.*|\1|p' "$data/ledger.log" | head -1)
"$apledger" agent --host zlp1 --ledger "$server" --spool "$data/spool" --spawn-writer \
  --sysfs "$sys" --run "$data/run" &> "$data/agent.log" &
agent=$!
until apledger show host zlp1 --server "$server" &> /dev/null; do kill -0 $agent; sleep 0.2; done
export APLEDGER_SERVER=$server

echo "# by hand, on the host: adapter 5 for guests"
echo -5 > "$sys/bus/ap/apmask"

echo "# through the ledger"
apledger run --host zlp1 --server "$server" -x - << 'SCRIPT'
echo 11111111-1111-4111-8111-111111111111 > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
cd /sys/devices/vfio_ap/matrix/11111111-1111-4111-8111-111111111111
echo 5 > assign_adapter
echo 0x47 > assign_domain
! echo 6 > assign_adapter                              # belongs to the host
SCRIPT

echo "# what the ledger has of it"
apledger show host zlp1 --server "$server"
apledger events --server "$server" --type MaskChanged,AdapterAssigned,DomainAssigned,CommandRequested,CommandSettled
if [ "$1" = --stay ]; then
  echo "console: $server/"
  wait $agent
fi
