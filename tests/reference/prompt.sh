#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The reference's control domain as a machine to talk to: a prompt on its
# console that looks like the built-in control domain's. A line is words for
# `tenon`, or, behind a "!", a command for the shell; each ends with a line that
# says its exit status. `!exit` ends the machine.

if [ "$1" != prompt ]; then
	dmesg -n 1
	ln -s /guest /guests
	chmod +x /guest/tenon
	ln -s /guest/tenon /bin/tenon
	insmod /mod/brd.ko rd_nr=2 rd_size=16384
	for m in llc stp bridge loop xen-blkback xen-netback; do
		insmod /mod/$m.ko
	done
	dd if=/dev/zero of=/guest/deb.img bs=1M seek=16 count=0 2>/dev/null
	brctl addbr xenbr0
	ip link set xenbr0 up
	# Ctrl-C wants a session with a terminal of its own.
	exec setsid sh -c 'exec sh "$0" prompt </dev/hvc0 >/dev/hvc0 2>&1' "$0"
fi

cd /guest || exit
trap : INT
while printf 'tenon> '; do
	read -r line || continue
	case $line in
	!*) eval "${line#!}" ;;
	*) eval "tenon $line" ;;
	esac
	echo "status $?"
done
