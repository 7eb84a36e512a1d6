# Live migration: refused while any AP device is plugged into the guest.
#
#   apledger run examples/06-live-migration.sh

uuid=77777777-7777-4777-8777-777777777777

host migrate adapters=5 domains=4
echo -5 > /sys/bus/ap/apmask
echo $uuid > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
cd /sys/devices/vfio_ap/matrix/$uuid
echo 5 > assign_adapter
echo 4 > assign_domain
guest start pay $uuid
! guest migrate pay

# Unplug everything first.
echo 5 > unassign_adapter
cat guest_matrix
guest migrate pay

# It has left this host.
! guest stop pay
