# The worked example of the founding document: one host with adapters 5 and 6 and domains 4, 0x47, 0xab
# and 0xff, whose queues are handed to three guests.
#
#   apledger run examples/01-three-guests.sh

uuid1=11111111-1111-4111-8111-111111111111
uuid2=22222222-2222-4222-8222-222222222222
uuid3=33333333-3333-4333-8333-333333333333

host zlp1 adapters=5,6 domains=4,0x47,0xab,0xff types=05:CEX5C,06:CEX5A

# Secure the queues: take them from the host's own drivers and give them to vfio_ap.
echo -5,-6 > /sys/bus/ap/apmask
echo -4,-0x47,-0xab,-0xff > /sys/bus/ap/aqmask
cat /sys/bus/ap/apmask
cat /sys/bus/ap/aqmask

# Create a mediated matrix device for each guest.
cd /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough
echo $uuid1 > create
echo $uuid2 > create
echo $uuid3 > create
ls devices

# guest1: adapters 5 and 6, domains 4 and 0xab.
cd /sys/devices/vfio_ap/matrix/$uuid1
echo 5 > assign_adapter
echo 6 > assign_adapter
echo 4 > assign_domain
echo 0xab > assign_domain
echo 4 > assign_control_domain
echo 0xab > assign_control_domain
cat matrix

# guest2: adapter 5, domains 0x47 and 0xff.
cd /sys/devices/vfio_ap/matrix/$uuid2
echo 5 > assign_adapter
echo 0x47 > assign_domain
echo 0xff > assign_domain
cat matrix

# guest3: adapter 6, domains 0x47 and 0xff.
cd /sys/devices/vfio_ap/matrix/$uuid3
echo 6 > assign_adapter
echo 0x47 > assign_domain
echo 0xff > assign_domain
cat matrix

# What belongs to one guest cannot be given to another.
! echo 5 > assign_adapter

guest start guest1 $uuid1
guest start guest2 $uuid2
guest start guest3 $uuid3
cat /sys/devices/vfio_ap/matrix/$uuid1/guest_matrix
