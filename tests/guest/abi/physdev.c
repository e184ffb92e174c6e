/* SPDX-License-Identifier: MIT */
/*
 * Devices, of which an ordinary domain has none.
 */
#include "abi.h"

#include <public/physdev.h>

void property_physdev_op(void)
{
	static uint8_t op[256];

	for (unsigned int command = 0; command < 34; command++) {
		if (command == PHYSDEVOP_set_iopl ||
		    command == PHYSDEVOP_set_iobitmap)
			continue;
		memset(op, 0, sizeof(op));
		op[0] = 4;
		pv_printf("%u ", command);
		show("operation", physdev_op(command, op));
		show("nowhere", physdev_op(command, NOWHERE));
	}
}

void property_map_pirq(void)
{
	struct physdev_map_pirq op = { .domid = DOMID_SELF,
				       .type = MAP_PIRQ_TYPE_GSI,
				       .index = 4,
				       .pirq = -1 };
	struct physdev_unmap_pirq end = { .domid = DOMID_SELF, .pirq = 4 };

	show("a line", physdev_op(PHYSDEVOP_map_pirq, &op));
	op.index = 100000;
	show("no line", physdev_op(PHYSDEVOP_map_pirq, &op));
	op.type = MAP_PIRQ_TYPE_MSI;
	show("a message", physdev_op(PHYSDEVOP_map_pirq, &op));
	op.type = 77;
	show("no type", physdev_op(PHYSDEVOP_map_pirq, &op));
	op.domid = 0;
	show("another's", physdev_op(PHYSDEVOP_map_pirq, &op));
	show("unmap", physdev_op(PHYSDEVOP_unmap_pirq, &end));
	end.pirq = -1;
	show("unmap none", physdev_op(PHYSDEVOP_unmap_pirq, &end));
}
