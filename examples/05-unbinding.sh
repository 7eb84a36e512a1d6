# Unbinding: a single queue cannot be unplugged, so its whole adapter leaves the guest.
#
#   apledger run examples/05-unbinding.sh

uuid=66666666-6666-4666-8666-666666666666

host unbind adapters=5,6 domains=4,0x47
echo -5,-6 > /sys/bus/ap/apmask
echo $uuid > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
cd /sys/devices/vfio_ap/matrix/$uuid
echo 5 > assign_adapter
echo 6 > assign_adapter
echo 4 > assign_domain
echo 0x47 > assign_domain
guest start db $uuid
cat guest_matrix

# One queue of adapter 6 goes, and adapter 6 with it.
echo 06.0047 > /sys/bus/ap/drivers/vfio_ap/unbind
cat guest_matrix

# Giving adapter 5 back to the host is not refused in this generation: the guest loses it at once, although
# the mdev still has it. (From 6.12 on the driver answers EBUSY instead.)
echo +5 > /sys/bus/ap/apmask
cat guest_matrix
cat matrix
