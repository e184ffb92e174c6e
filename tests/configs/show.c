/* SPDX-License-Identifier: MIT */
/*
 * show FILE: how the toolstack understands a configuration, as `config show`
 * prints it: JSON with notices before it, or an error and exit status 1.
 */
#include <stdarg.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/config_json.h"
#include "toolstack/domain_config.h"

void cli_print_text(const char *text, size_t size)
{
	fwrite(text, 1, size, stdout);
}

void cli_print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}

int main(int argc, char **argv)
{
	static char text[1 << 20];
	struct tk_domain_config config;
	struct json json = { 0 };
	struct tk_error err;
	FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
	size_t size;

	if (!file)
		return 2;
	size = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (tk_domain_config_parse(&config, "FILE", text, size, &err)) {
		printf("error: %s\n", err.text);
		return 1;
	}
	cli_show_notices("FILE", &config);
	config_json(&json, NULL, &config, NULL);
	tk_domain_config_free(&config);
	return 0;
}
