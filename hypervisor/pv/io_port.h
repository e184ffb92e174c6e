/* SPDX-License-Identifier: MIT */
/* I/O ports of guests (pv/io_port.c). bytes is 1, 2 or 4. */
#pragma once

#include "core/domain.h"

/* Has the kernel allowed its program these ports (set_iobitmap)? */
bool io_port_in_bitmap(struct vcpu *v, uint16_t port, unsigned int bytes);
/* Ports that a domain has no right to: all ones, and writes are dropped. */
uint32_t io_port_read(struct vcpu *v, uint16_t port, unsigned int bytes);
void io_port_write(struct vcpu *v, uint16_t port, unsigned int bytes,
		   uint32_t value);
