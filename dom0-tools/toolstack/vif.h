/* SPDX-License-Identifier: MIT */
/*
 * One entry of `vif = [ ... ]`, in xl's syntax: NAME=VALUE separated by
 * commas. An empty entry is a card with everything by default.
 *
 * Owns nothing.
 */
#ifndef TOOLSTACK_VIF_H
#define TOOLSTACK_VIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "mac.h"

#define TK_VIF_NAME_SIZE 32
#define TK_VIF_BRIDGE    "xenbr0"
/* Nobody runs it, but Linux's back end wants to be told of one. */
#define TK_VIF_SCRIPT "/bin/true"

struct tk_vif {
	bool has_mac; /* else tk_vif_choose_mac() */
	uint8_t mac[TK_MAC_SIZE];
	bool has_handle;
	uint32_t handle;                /* "devid": which card of the guest */
	char bridge[32];                /* "" : TK_VIF_BRIDGE */
	char vifname[TK_VIF_NAME_SIZE]; /* "": vifDOMID.HANDLE */
	char ip[128];                   /* for people; "" */
	char script[128];               /* there are no scripts here; "" */
	uint32_t mtu;                   /* 0: not said */
	bool is_untrusted;
	/* 0 bytes: no limit */
	uint64_t rate_bytes; /* in each interval */
	uint32_t rate_us;    /* the interval */
};

/* The error names the field and what is wrong with it. */
tk_must_check int tk_vif_parse(struct tk_vif *vif, const char *spec,
			       struct tk_error *err);

/*
 * An address under Xen's prefix that is always the same for this guest and
 * card on this machine, and most likely that of nobody else.
 */
void tk_vif_choose_mac(struct tk_vif *vif, const char *guest);
/* What makes the addresses of this machine differ from another's. */
void tk_vif_set_salt(const void *bytes, size_t size);

#endif /* TOOLSTACK_VIF_H */
