/* SPDX-License-Identifier: MIT */
/*
 * Memory for a guest that is to be built, from others that have more than
 * their min_memory, if /guests/xl.conf says autoballoon="on".
 */
#ifndef CLI_AUTOBALLOON_H
#define CLI_AUTOBALLOON_H

struct tk_domain_config;

/*
 * Waits for room, half a minute at most. When it does not come the guests are
 * asked to take theirs back; building the guest then fails, and says why.
 */
void cli_make_room(const struct tk_domain_config *config);

#endif /* CLI_AUTOBALLOON_H */
