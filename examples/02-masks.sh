# apmask and aqmask: which queues are the host's own (zcrypt) and which are for guests (vfio_ap).
#
#   apledger run examples/02-masks.sh

host masks adapters=1-3 domains=7,8

# The product of the bits set in both masks is the host's: bits 1, 2, 3 and bits 7, 8 give (01,07) to (03,08).
# (The document prints 0x0700... for bits 1, 2 and 3. Counted from the left, as it says itself, they are 0x7000...)
echo 0x7000000000000000000000000000000000000000000000000000000000000000 > /sys/bus/ap/apmask
echo 0x0180000000000000000000000000000000000000000000000000000000000000 > /sys/bus/ap/aqmask
readlink /sys/devices/ap/card01/01.0007/driver
readlink /sys/devices/ap/card03/03.0008/driver

# Absolute: a shorter text is filled with zeroes on the right. 0x41 is bits 1 and 7.
cd /sys/bus/ap
echo 0x41 > apmask
cat apmask
ls drivers/vfio_ap

# Relative: single bits and ranges.
echo +0,-6,+0x47,-0xf0 > apmask
cat apmask
echo +1-3 > apmask
ls drivers/cex4queue

# Longer than the mask, or no mask at all: refused, and nothing changes.
! echo 0x00000000000000000000000000000000000000000000000000000000000000000 > aqmask
! echo +1,2 > aqmask
! echo +256 > aqmask
cat aqmask
