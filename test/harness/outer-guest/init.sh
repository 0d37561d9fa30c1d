#!/bin/busybox sh
# shellcheck shell=dash
# Process 1 of an outer guest: reaches the host's files and a disk to write to, and hands over to the command.
# Parameters on the kernel's command line: modules= (directory of the host), writable= (ditto, may be empty), systemd= (yes: it becomes
# process 1, mounts its cgroups, and runs the command).
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module" || echo "insmod $module: $?"; done </modules/order

parameter() { sed -n "s|.*\\b$1=\\(\\S*\\).*|\\1|p" /proc/cmdline; }
modules=$(parameter modules) writable=$(parameter writable) systemd=$(parameter systemd)
share() { mount -t 9p -o "trans=virtio,version=9p2000.L,msize=1048576$3" "$1" "$2"; }
share host /lower ,ro,cache=loose
mount -t ext4 -o noatime /dev/vda /disk
mkdir /disk/upper /disk/work /disk/tmp
chmod 1777 /disk/tmp
mount -t overlay -o lowerdir=/lower,upperdir=/disk/upper,workdir=/disk/work overlay /new

for tree in proc sys dev; do mount --move /$tree /new/$tree; done
mkdir -p /new/dev/pts /new/dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /new/dev/pts
mount -t tmpfs shm /new/dev/shm
mount -t tmpfs -o mode=755 run /new/run
[ "$systemd" = yes ] || mount -t cgroup2 -o nsdelegate cgroup /new/sys/fs/cgroup
mount -t tracefs tracefs /new/sys/kernel/tracing

# What tests write has a real file system under it; paths there stay short, for the names of UNIX sockets.
mkdir -p /new/run/t /new/run/outer "/new/lib/modules/$(uname -r)"
mount --bind /disk/tmp /new/run/t
mount --bind "/lower$modules" "/new/lib/modules/$(uname -r)"
share outer /new/run/outer ''
[ -z "$writable" ] || share writable "/new$writable" ''
ifconfig lo 127.0.0.1 up
[ "$systemd" = yes ] || exec switch_root /new /bin/bash /run/outer/command
# Before what the host has of the same names.
mkdir -p /new/etc/systemd/system
# In what it takes for a container, systemd reads no kernel parameters.
rm -f /new/.dockerenv
cp /new/run/outer/units/* /new/etc/systemd/system/
exec switch_root /new /lib/systemd/systemd
