/* SPDX-License-Identifier: MIT */
#ifndef LINUX_ADOPT_H
#define LINUX_ADOPT_H

/*
 * Puts all domains but this one into the toolstack's list of guests, by what
 * xenstore says of them: those that we or other tools have made before.
 */
void adopt_guests(void);

#endif /* LINUX_ADOPT_H */
