# Binding: a queue that comes to vfio_ap is plugged into the running guest that it is assigned to, as soon as
# every queue of its adapter in the guest's domains is bound.
#
#   apledger run examples/04-binding.sh

uuid=55555555-5555-4555-8555-555555555555

host bind adapters=5,6 domains=4,0x47
echo -5,-6 > /sys/bus/ap/apmask
echo $uuid > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
cd /sys/devices/vfio_ap/matrix/$uuid
echo 5 > assign_adapter
echo 6 > assign_adapter
echo 4 > assign_domain
echo 0x47 > assign_domain

# One queue of adapter 6 is taken from vfio_ap by hand; the guest starts with what is bound.
echo 06.0004 > /sys/bus/ap/drivers/vfio_ap/unbind
echo 06.0047 > /sys/bus/ap/drivers/vfio_ap/unbind
guest start db $uuid
cat guest_matrix

# The first of two queues is not enough.
echo 06.0004 > /sys/bus/ap/drivers/vfio_ap/bind
cat guest_matrix

# With the second, adapter 6 is plugged.
echo 06.0047 > /sys/bus/ap/drivers/vfio_ap/bind
cat guest_matrix

# It is bound already, and it is not the host's.
! echo 06.0047 > /sys/bus/ap/drivers/vfio_ap/bind
! echo 06.0047 > /sys/bus/ap/drivers/cex4queue/bind
