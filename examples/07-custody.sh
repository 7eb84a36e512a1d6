# Custody: what the driver of 2019 leaves in a queue that goes from guest to guest.
#
#   apledger run --data custody-data examples/07-custody.sh
#   apledger exposure --data custody-data
#   apledger custody 05.0004 --data custody-data

web=77777777-7777-4777-8777-777777777771
db=77777777-7777-4777-8777-777777777772
old=77777777-7777-4777-8777-777777777773

host zlp7 adapters=5,6 domains=4,0x47
echo -5,-6 > /sys/bus/ap/apmask
cd /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough
echo $web > create
echo $db > create
echo $old > create

# Guest web works with the keys behind 05.0004.
cd /sys/devices/vfio_ap/matrix/$web
echo 5 > assign_adapter
echo 4 > assign_domain
echo 4 > assign_control_domain
guest start web $web
cat guest_matrix

# Adapter 5 is taken from it while it runs. This generation resets nothing then ...
echo 5 > unassign_adapter
cat guest_matrix

# ... and so guest db meets the queue as web left it. (From 6.12 on, the driver resets it.)
cd /sys/devices/vfio_ap/matrix/$db
echo 5 > assign_adapter
echo 4 > assign_domain
echo 4 > assign_control_domain
guest start db $db
cat guest_matrix

# A guest that is gone still keeps its queue from everybody else.
cd /sys/devices/vfio_ap/matrix/$old
echo 6 > assign_adapter
echo 0x47 > assign_domain
guest start old $old
guest stop old
cat matrix
