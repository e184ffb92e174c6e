/* SPDX-License-Identifier: MIT */
/* The verb `pci`: the machine's devices. */
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/result.h"
#include "drivers/drivers.h"

static int run_pci(struct command_call *call)
{
	static const struct result_shape shape = { NULL, "{device}" };
	struct result *result = result_begin(call->json);
	char text[96];
	size_t i;

	result_open_list(result, NULL, &shape);
	for (i = 0; drivers_describe(i, text, sizeof(text)); i++) {
		result_open_row(result);
		result_text(result, "device", text);
		result_close_row(result);
	}
	result_close_list(result);
	return COMMAND_DONE;
}

const struct command pci_commands[] = {
	{ .name = "pci",
	  .arguments = "",
	  .help = "the machine's devices and which driver has each",
	  .example = "pci",
	  .reads = true,
	  .run = run_pci },
	{ 0 },
};
