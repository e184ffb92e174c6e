/* SPDX-License-Identifier: MIT */
/*
 * The syntax of configuration files. What xl accepts was tried on the
 * reference's own parser; rows marked "more" are what we take beyond it.
 */
#include "toolstack/config.h"

#include <string.h>

#include "check.h"

static struct tk_config config;
static struct tk_error err;

static int parse(const char *text)
{
	memset(&err, 0, sizeof(err));
	return tk_config_parse(&config, "f", text, strlen(text), &err);
}

/* Prints a value in a normal form, lists in brackets. */
static void render(char *out, size_t size, const struct tk_config_value *value)
{
	size_t used = strlen(out), i;

	if (value->type != TK_CONFIG_LIST) {
		strncpy(out + used, value->text, size - used - 1);
		return;
	}
	strncat(out, "[", size - strlen(out) - 1);
	for (i = 0; i < value->n_items; i++) {
		if (i)
			strncat(out, "|", size - strlen(out) - 1);
		render(out, size, &value->items[i]);
	}
	strncat(out, "]", size - strlen(out) - 1);
}

struct accepted {
	const char *text;
	const char *a; /* value of key a, rendered */
};

static const struct accepted accepted[] = {
	{ "a=1", "1" },
	{ "a = 1", "1" },
	{ "\ta\t=\t'x'\t", "x" },
	{ "a=\"x\"", "x" },
	{ "a='x\"y'", "x\"y" },
	{ "a=\"x'y\"", "x'y" },
	{ "a=\"x\\\"y\"", "x\"y" },
	{ "a=\"\\a\\b\\f\\n\\r\\t\\v\\\\\"", "\a\b\f\n\r\t\v\\" },
	{ "a=\"\\x41\\x62\"", "Ab" },
	{ "a=\"\\101\\60x\"", "A0x" }, /* more */
	{ "a=\"\"", "" },
	{ "a=\"#;[]\"", "#;[]" },
	{ "a=\"\xc3\xa9\"", "\xc3\xa9" },
	{ "a=[]", "[]" },
	{ "a=[ ]", "[]" },
	{ "a=[\n\n]", "[]" },
	{ "a=[1,2]", "[1|2]" },
	{ "a=['x','y',]", "[x|y]" },
	{ "a=['x'\n,\n'y'\n]", "[x|y]" },
	{ "a=['x', # why\n # and\n 'y']", "[x|y]" },
	{ "a=[['x'],'y',[]]", "[[x]|y|[]]" },
	{ "# c\n\n;;a=1 # d\n", "1" },
	{ "b=2;a=1;", "1" },
	{ "a=1\nb=2\na=3", "3" },
	{ "a='x'\na+='y'", "xy" },
	{ "a+='x'", "x" },
	{ "a=['x']\na+=['y','z']", "[x|y|z]" },
	{ "a=1\r\nb=2\r\n", "1" }, /* more */
	{ "a=0x1F", "0x1F" },      /* more */
	{ "a=1", "1" },
};

static void test_accepted(void)
{
	size_t i;

	for (i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		const struct tk_config_setting *a;
		char text[256] = "";

		if (parse(accepted[i].text))
			check_fail(__FILE__, __LINE__, "row %zu: %s", i,
				   err.text);
		a = tk_config_find(&config, "a");
		CHECK(a);
		render(text, sizeof(text), &a->value);
		CHECK_TEXT(text, accepted[i].a);
		tk_config_free(&config);
	}
}

struct refused {
	const char *text;
	const char *error;
};

static const struct refused refused[] = {
	{ "a", "f:1:2: expected '=' or '+=' after the key, found the end of "
	       "file" },
	{ "a\n=1", "f:1:2: expected '=' or '+=' after the key, found the end "
		   "of line" },
	{ "a =", "f:1:4: expected a value, found the end of file" },
	{ "\n\n  a = # c\n1", "f:3:10: expected a value, found the end of "
			      "line" },
	{ "=1", "f:1:1: expected a key, found '='" },
	{ "a==1", "f:1:3: expected a value, found '='" },
	{ "a=abc", "f:1:3: expected a value; strings need quotes" },
	{ "a=-1", "f:1:3: expected a value, found '-'" },
	{ "a=1 b=2", "f:1:5: expected the end of line or ';', found 'b'" },
	{ "a=1,", "f:1:4: expected the end of line or ';', found ','" },
	{ "a='x' 'y'", "f:1:7: expected the end of line or ';'" },
	{ "a=1\nb='x\n'", "f:2:3: the string has no closing ' on its line" },
	{ "a=\"x", "f:1:3: the string has no closing \" on its line" },
	{ "a=\"x\\", "f:1:6: unknown escape" },
	{ "a=\"x\\\n\"", "f:1:6: unknown escape" },
	{ "a=\"\\q\"", "f:1:5: unknown escape after a backslash" },
	{ "a=\"\\xg\"", "f:1:6: no digits in a numeric escape" },
	{ "a=\"\\x00\"", "f:1:6: escaped character 0 is not in 1 to 255" },
	{ "a=\"\\777\"", "escaped character 511" },
	{ "a=['x' 'y']", "f:1:8: expected ',' or ']', found '''" },
	{ "a=['x';'y']", "expected ',' or ']', found ';'" },
	{ "a=[,]", "f:1:4: expected a value, found ','" },
	{ "a=['x',,]", "f:1:8: expected a value, found ','" },
	{ "a=[1", "f:1:5: expected ',' or ']', found the end of file" },
	{ "a=[1\n\n,", "f:3:2: expected a value, found the end of file" },
	{ "a=[[[[[[[[[1", "f:1:11: lists are nested deeper than 8 levels" },
	{ "a=0xg", "f:1:3: \"0xg\" is not a number, or too large" },
	{ "a=08", "f:1:3: \"08\" is not a number" },
	{ "a=18446744073709551616", "is not a number, or too large" },
	{ "a='x' \\\n'y'", "f:1:7: expected the end of line or ';', found "
			   "'\\'" },
	{ "a='x'\na+=['y']", "f:2:4: a += can add a list to a list or a string "
			     "to a string" },
	{ "a=1\na+=1", "f:2:4: a += can add" },
	{ "a=\x01", "f:1:3: expected a value, found byte 0x01" },
	{ "\xef\xbb\xbf"
	  "a=1",
	  "f:1:1: expected a key, found byte 0xef" },
	{ "a=1\rb=2", "f:1:4: expected the end of line or ';', found the end "
		      "of line" },
};

static void test_refused(void)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (!parse(refused[i].text))
			check_fail(__FILE__, __LINE__, "row %zu is accepted",
				   i);
		CHECK_HAS(err.text, refused[i].error);
		CHECK(!config.n_settings && !config.settings);
	}
}

static void test_nul_bytes(void)
{
	CHECK(tk_config_parse(&config, "f", "a=1\0", 4, &err));
	CHECK_HAS(err.text, "f:1:4: expected the end of line or ';', found "
			    "byte 0x00");
	CHECK(tk_config_parse(&config, "f", "a='\0'", 5, &err));
	CHECK_HAS(err.text, "f:1:4: NUL byte in a string");
}

static void test_values(void)
{
	CHECK(!parse("a=10;b=0x10\nc=010\n d = [ 5,\n  'x' ]"));
	CHECK(config.n_settings == 4);
	CHECK(tk_config_find(&config, "a")->value.number == 10);
	CHECK(tk_config_find(&config, "b")->value.number == 16);
	CHECK(tk_config_find(&config, "c")->value.number == 8);
	CHECK(tk_config_find(&config, "d")->line == 3);
	CHECK(tk_config_find(&config, "d")->column == 2);
	CHECK(tk_config_find(&config, "d")->value.column == 6);
	CHECK(tk_config_find(&config, "d")->value.items[0].number == 5);
	CHECK(tk_config_find(&config, "d")->value.items[1].line == 4);
	CHECK(tk_config_find(&config, "d")->value.items[1].column == 3);
	CHECK(!tk_config_find(&config, "e"));
	tk_config_free(&config);
}

static void test_numbers(void)
{
	uint64_t number;

	CHECK(tk_config_number("18446744073709551615", &number));
	CHECK(number == UINT64_MAX);
	CHECK(tk_config_number("0", &number) && !number);
	CHECK(tk_config_number("0xFFFFFFFFFFFFFFFF", &number));
	CHECK(!tk_config_number("", &number));
	CHECK(!tk_config_number("0x", &number));
	CHECK(!tk_config_number("5fx", &number));
	CHECK(!tk_config_number(" 5", &number));
	CHECK(!tk_config_number("-5", &number));
	CHECK(!tk_config_number("0x10000000000000000", &number));
}

static void test_too_many_settings(void)
{
	char text[12000] = "";
	char *p = text;
	int i;

	for (i = 0; i <= 1000; i++) {
		memcpy(p, "kaaa=1\n", 7);
		p[1] = (char)('a' + i / 100);
		p[2] = (char)('a' + i / 10 % 10);
		p[3] = (char)('a' + i % 10);
		p += 7;
	}
	CHECK(parse(text));
	CHECK_HAS(err.text, "f:1001:7: there are more than 1000 settings");
}

/* Memory in proportion to the file, however the strings are laid out. */
static void test_many_strings_on_a_line(void)
{
	static char text[200000];
	size_t i;

	strcpy(text, "a=[");
	for (i = 3; i + 5 < sizeof(text); i += 4)
		memcpy(text + i, "'x',", 4);
	text[i] = ']';
	CHECK(!parse(text));
	CHECK(tk_config_find(&config, "a")->value.n_items > 49000);
	tk_config_free(&config);
}

static void test_large_files(void)
{
	static char text[(256 << 10) + 1];

	memset(text, ' ', sizeof(text));
	CHECK(!tk_config_parse(&config, "f", text, sizeof(text) - 1, &err));
	tk_config_free(&config);
	CHECK(tk_config_parse(&config, "f", text, sizeof(text), &err));
	CHECK_TEXT(err.text, "f: larger than 256 KiB");
}

/* Fails the 1st, 2nd, ... allocation until none does. */
static void test_every_allocation_may_fail(void)
{
	const char *text = "a='x';b=[1,['y'],'z'];a+='y';b+=[2,3,4]\nc=1";
	unsigned int n;

	for (n = 0; n < 1000; n++) {
		int rc;

		alloc_fail_after(n);
		rc = parse(text);
		alloc_fail_never();
		if (!rc) {
			CHECK(!alloc_failed());
			tk_config_free(&config);
			break;
		}
		CHECK(alloc_failed());
		CHECK_HAS(err.text, "out of memory");
	}
	CHECK(n > 10 && n < 1000);
}

static const struct test tests[] = {
	TEST(test_accepted),
	TEST(test_refused),
	TEST(test_nul_bytes),
	TEST(test_values),
	TEST(test_numbers),
	TEST(test_too_many_settings),
	TEST(test_many_strings_on_a_line),
	TEST(test_large_files),
	TEST(test_every_allocation_may_fail),
};

int main(void)
{
	return RUN_TESTS(tests);
}
