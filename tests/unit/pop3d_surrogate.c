/* Heads for clients that read ASCII alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../pop3d/surrogate.h"

#include <stdlib.h>
#include <string.h>

static void
expect(const char *head, const char *wanted)
{
	size_t length;
	char *made = surrogate_make(head, strlen(head), &length);

	assert_non_null(made);
	made = realloc(made, length + 1);
	assert_non_null(made);
	made[length] = '\0';
	assert_string_equal(made, wanted);
	assert_false(surrogate_is_needed(made, length));
	free(made);
}

static void
finds_the_head(void **state)
{
	(void)state;
	assert_int_equal(surrogate_head("a: b\n\nbody\n", 11), 6);
	assert_int_equal(surrogate_head("a: b\r\n\r\nbody", 12), 8);
	assert_int_equal(surrogate_head("\nbody", 5), 1);
	assert_int_equal(surrogate_head("a: b\nc: d\n", 10), 10);
	assert_int_equal(surrogate_head("", 0), 0);
	assert_true(surrogate_is_needed("a\x80", 2));
	assert_false(surrogate_is_needed("a\x7f", 2));
}

static void
leaves_ascii_alone(void **state)
{
	static const char head[] =
	    "From: \"a, b\" <c@d>\r\nSubject: x\r\n\ty\r\n\r\n";

	(void)state;
	expect(head, head);
	expect("no field\n\n", "no field\n\n");
}

static void
encodes_texts(void **state)
{
	(void)state;
	expect("Subject: Gr\xc3\xbc\xc3\x9f"
	       "e\nX-A: \xc3\xa4\n\tb\n\n",
	    "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\n"
	    "X-A: =?UTF-8?B?w6QJYg==?=\n\n");
	expect("Subject: \xe4\n\n", "Subject: =?unknown-8bit?B?5A==?=\n\n");
	/* 39 octets a word at most, never half a character. */
	expect("S: 12345678901234567890123456789012345678\xc3\xbc!\n",
	    "S: =?UTF-8?B?MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg="
	    "?=\n =?UTF-8?B?w7wh?=\n");
}

static void
encodes_addresses(void **state)
{
	(void)state;
	expect("From: J\xc3\xb6rg <j@example.org>\n",
	    "From: =?UTF-8?B?SsO2cmc=?= <j@example.org>\n");
	expect("To: a@b, \"\xc3\xb6, \\\"x\\\"\" <c@d>,\n e@f\n",
	    "To: a@b,\n =?UTF-8?B?w7YsICJ4Ig==?= <c@d>,\n e@f\n");
	expect("To: j\xc3\xb6@example.org\n",
	    "To: Internationalized Address\n "
	    "=?UTF-8?B?asO2QGV4YW1wbGUub3Jn?= Removed:;\n");
	expect("Cc: x <\xc3\xb6@y>, z@w\n",
	    "Cc: Internationalized Address\n =?UTF-8?B?eCA8w7ZAeT4=?= "
	    "Removed:;,\n z@w\n");
	expect("To: gr\xc3\xbcn: a@b;\n",
	    "To: Internationalized Address\n =?UTF-8?B?Z3LDvG46IGFAYjs=?= "
	    "Removed:;\n");
}

static void
encodes_parameters(void **state)
{
	(void)state;
	expect("Content-Type: text/plain; name=\"\xc3\xa4 b.txt\"; x=y\n",
	    "Content-Type: text/plain;\n name*=UTF-8''%C3%A4%20b.txt;\n"
	    " x=y\n");
	expect("Content-Disposition: attachment; \xc3\xa4=b\n",
	    "Content-Disposition: attachment;\n x-removed=\"\"\n");
}

static void
keeps_what_has_no_form(void **state)
{
	(void)state;
	expect("Message-ID: <\xc3\xa4@b>\n",
	    "Downgraded-Message-ID: =?UTF-8?B?PMOkQGI+?=\n");
	expect("Gr\xc3\xbc: x\n",
	    "Downgraded-Unknown: =?UTF-8?B?R3LDvDogeA==?=\n");
	expect("\xc3\xbc\n", "Downgraded-Unknown: =?UTF-8?B?w7w=?=\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_the_head),
	    cmocka_unit_test(leaves_ascii_alone),
	    cmocka_unit_test(encodes_texts),
	    cmocka_unit_test(encodes_addresses),
	    cmocka_unit_test(encodes_parameters),
	    cmocka_unit_test(keeps_what_has_no_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
