# Hot plug and unplug: writes to the mdev of a running guest change what the guest sees.
#
#   apledger run examples/03-hot-plug.sh

uuid=44444444-4444-4444-8444-444444444444

host plug adapters=5,10 domains=4,5
echo -5,-10 > /sys/bus/ap/apmask
echo $uuid > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
cd /sys/devices/vfio_ap/matrix/$uuid
echo 5 > assign_adapter
echo 4 > assign_domain
echo 5 > assign_domain

# Without a guest there is no guest matrix.
! cat guest_matrix

guest start web $uuid
cat guest_matrix

# Plug adapter 10 into the running guest.
echo 0xa > assign_adapter
cat guest_matrix

# Unplug domain 5 from it.
echo 5 > unassign_domain
cat guest_matrix

guest stop web
! cat guest_matrix
cat matrix
