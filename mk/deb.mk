# SPDX-License-Identifier: MIT
#
# make deb: the Debian package. The disk of a server to try it on is made by
# make soak.

VERSION := $(shell sed -n '1s/.*(\(.*\)).*/\1/p' packaging/changelog)
DEB := build/tenon_$(VERSION)_amd64.deb
DEB_FILES := $(wildcard packaging/*) $(wildcard docs/man/*) \
	$(wildcard docs/*.md) SUPPORT.md LICENSE guests/hello.cfg \
	dom0-tools/toolstack/config_keys.c $(wildcard dom0-tools/cli/*.c)

.PHONY: deb
deb: $(DEB)
	@echo $<
$(DEB): build/tenon build/tenon-dom0 build/hello build/guests/pvgrub \
		$(DEB_FILES) scripts/deb.py scripts/man.py
	$(call say,DEB)
	$(Q)$(PYTHON) scripts/deb.py $@
TEST_NEEDS += $(DEB)

build/server.img: scripts/debian_server.py scripts/debian_disk.py scripts/gpt.py
	$(call say,DEBIAN)
	$(Q)$(PYTHON) scripts/deps.py image
	$(Q)$(PYTHON) scripts/debian_server.py $@
SOAK_NEEDS += build/server.img

# What debootstrap makes of a guest's disk on that server.
build/guest.tar: scripts/debian_guest.py scripts/debian_disk.py docs/admin-guide.md
	$(call say,DEBIAN)
	$(Q)$(PYTHON) scripts/deps.py image
	$(Q)$(PYTHON) scripts/debian_guest.py $@
SOAK_NEEDS += build/guest.tar
