# SPDX-License-Identifier: MIT
#
# What the control domain finds under /guests, and the image to boot.
#   GUESTS=DIR         more files for /guests
#   DOM0, DOM0_RAMDISK, DOM0_CMDLINE   another control domain
#   CMDLINE            the hypervisor's options

GUEST_FILES += build/guests/vmlinuz build/guests/initramfs.gz \
	$(patsubst guests/%,build/guests/%,$(wildcard guests/*.cfg))

# The library's examples; their fragment (mk/pvguest.mk) builds them.
GUEST_EXAMPLES := hello disk-checksum http
GUEST_FILES += $(GUEST_EXAMPLES:%=build/guests/%)
$(GUEST_EXAMPLES:%=build/guests/%): build/guests/%: build/%
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

build/guests/vmlinuz: scripts/debian_kernel.py
	$(call say,KERNEL)
	$(Q)$(PYTHON) scripts/debian_kernel.py amd64 $@ build/modules
# Kernels in the other compression formats, for tests.
build/kernels/%: scripts/debian_kernel.py
	$(call say,KERNEL)
	$(Q)$(PYTHON) scripts/debian_kernel.py $* $@
# One with its symbols, for a debugger; a link, whose age is the cache's.
build/kernels/debug: | scripts/debian_kernel.py
	$(call say,KERNEL)
	$(Q)$(PYTHON) scripts/debian_kernel.py --debug cloud-amd64 $@
SOAK_NEEDS += build/kernels/debug
# A whole Debian system on a disk.
build/debian.img: scripts/debian_image.py scripts/debian_disk.py
	$(call say,DEBIAN)
	$(Q)$(PYTHON) scripts/deps.py image
	$(Q)$(PYTHON) scripts/debian_image.py $@
# A copy to keep things on: tests take theirs from the other.
build/system.img: | build/debian.img
	$(Q)cp --sparse=always build/debian.img $@
build/guests/initramfs.gz: scripts/initramfs.py scripts/cpio.py \
		build/guests/vmlinuz
	$(call say,CPIO)
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) scripts/initramfs.py --modules build/modules $@
# PV GRUB, which boots a guest's own kernel from its own disk.
GUEST_FILES += build/guests/pvgrub
build/guests/pvgrub: scripts/pvgrub.cfg
	$(call say,GRUB)
	$(Q)mkdir -p $(@D)
	$(Q)grub-mkstandalone -O x86_64-xen -o $@ --compress=no \
		--locales= --themes= --fonts= boot/grub/grub.cfg=$<
build/guests/%.cfg: guests/%.cfg
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

# The files of GUESTS=DIR go into a ramdisk of their own, which is always looked
# at: DIR may be another one every time.
.SECONDEXPANSION:
build/dom0-ramdisk.cpio: $$(GUEST_FILES) scripts/ramdisk.py
	$(call say,CPIO)
	$(Q)$(PYTHON) scripts/ramdisk.py $@ $(filter-out %.py,$^)
build/dom0-ramdisk-guests.cpio: $$(GUEST_FILES) FORCE
	$(Q)$(PYTHON) scripts/ramdisk.py $@ $(filter-out FORCE,$^) '$(GUESTS)'

export GUESTS DOM0 DOM0_CMDLINE CMDLINE CPU SMP MEM MACHINE FIRMWARE DISK \
	DISK_TYPE NET NET_TYPE QEMU_ARGS ICOUNT
# Not exported: a make called by a test is to choose anew.
RAMDISK := $(or $(DOM0_RAMDISK),$(if $(DOM0),,\
	build/dom0-ramdisk$(if $(GUESTS),-guests).cpio))
IMAGES := build/tenon $(or $(DOM0),build/tenon-dom0) $(RAMDISK)
ALL += build/dom0-ramdisk.cpio
TEST_NEEDS += build/debian.img build/kernels/cloud-amd64 build/kernels/6.12-amd64

.PHONY: iso run
iso: build/tenon.iso
build/tenon.iso: $(IMAGES) scripts/iso.py FORCE
	$(call say,ISO)
	$(Q)DOM0_RAMDISK='$(strip $(RAMDISK))' $(PYTHON) scripts/iso.py $@
run: build/tenon.iso $(filter build/system.img,$(DISK))
	@$(PYTHON) scripts/run.py
