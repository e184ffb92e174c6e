# SPDX-License-Identifier: MIT
#
# Host tests and the fuzzer of the control domain's network, on fake grants
# and event channels (tests/unit/net/fake_net.c).

NET_HARNESS := $(addprefix tests/unit/,net/fake_net.c toolstack/check.c \
	toolstack/failing_alloc.c)
NET_PACKETS := $(addprefix dom0-tools/drivers/net_,device.c headers.c \
	offload.c packet.c)
NET_INCLUDES := -Iinclude -Ipv-guest-lib/include -Idom0-tools \
	-Itests/unit/net -Itests/unit/toolstack

define net_test
$(call host_test,net-$(1),tests/unit/net/$(1)_test.c $(NET_HARNESS) \
	$(NET_PACKETS) $(2),$(NET_INCLUDES),\
	$$(SWEEP_LDFLAGS) $$(TOOLSTACK_LIBS))
endef
$(eval $(call net_test,offload))
$(eval $(call net_test,bridge,$(addprefix dom0-tools/backends/,bridge.c \
	token_bucket.c)))
NETBACK_TESTED := $(addprefix dom0-tools/backends/,netback_copy.c \
	netback_receive.c netback_transmit.c token_bucket.c) \
	pv-guest-lib/src/ring.c
$(eval $(call net_test,netback,$(NETBACK_TESTED)))

$(eval $(call fuzz_test,netback,tests/fuzz/netback_fuzz.c \
	tests/unit/net/fake_net.c $(NET_PACKETS) $(NETBACK_TESTED),\
	$(NET_INCLUDES) -Itests/fuzz,,20000))

# The whole back end, with the real store (mk/backends-host.mk); and the
# library's front end against it.
NETBACK_WHOLE := pv-guest-lib/src/timers.c \
	dom0-tools/toolstack/mac.c dom0-tools/drivers/block_device.c \
	$(addprefix dom0-tools/backends/,netback.c bridge.c) $(NET_PACKETS) \
	$(filter-out %/ring.c,$(NETBACK_TESTED)) $(BACKEND_SHARED)
$(eval $(call backend_test,backends-netback,\
	tests/unit/backends/netback_test.c $(BACKEND_FAKES) \
	$(NETBACK_WHOLE)))
$(eval $(call backend_test,backends-net,tests/unit/backends/net_test.c \
	$(wildcard tests/unit/backends/guest_net*.c) $(FRONT_SIDE) \
	$(NETBACK_WHOLE)))

# What the control domain serves over its own address.
$(eval $(call host_test,perf_counters,tests/unit/metrics/perf_counters_test.c \
	$(addprefix dom0-tools/toolstack/,hypercalls.c perf_counters.c) \
	dom0-tools/metrics/hypercall_names.c \
	$(addprefix tests/unit/toolstack/,check.c failing_alloc.c),\
	$(NET_INCLUDES),$$(SWEEP_LDFLAGS) $$(TOOLSTACK_LIBS)))
$(eval $(call host_test,metrics,tests/unit/metrics/metrics_test.c \
	$(addprefix dom0-tools/metrics/,families.c http.c settings.c) \
	$(addprefix tests/unit/toolstack/,check.c failing_alloc.c),\
	$(NET_INCLUDES),$$(SWEEP_LDFLAGS) $$(TOOLSTACK_LIBS)))
