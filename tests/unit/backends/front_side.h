/* SPDX-License-Identifier: MIT */
/*
 * Included before a front end's source: both ends of a device are in one
 * program here, and what each asks of its kernel gets a name of its own. The
 * guest's functions are in fake_guest.c.
 */
#define pv_event_alloc_unbound guest_event_alloc_unbound
#define pv_event_close         guest_event_close
#define pv_event_notify        guest_event_notify
#define pv_wait                guest_wait
#define pv_page_alloc          guest_page_alloc
#define pv_page_free           guest_page_free
#define pv_va_to_mfn           guest_va_to_mfn
#define pv_map_frames          guest_map_frames
#define pv_unmap_frames        guest_unmap_frames
#define pv_grant_access        guest_grant_access
#define pv_grant_end           guest_grant_end
