/* Data of DNS records as text: well-formed, and not. */
#include "../../helpers/rdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define DATA(text) text, sizeof(text) - 1

static const struct {
	enum resolver_type type;
	const char *data;
	size_t length;
	const char *text; /* NULL: refused */
	uint16_t preference;
} cases[] = {
    {RESOLVER_A, DATA("\x7f\0\0\1"), "127.0.0.1", 0},
    {RESOLVER_A, DATA("\x7f\0\0"), NULL, 0},
    {RESOLVER_AAAA, DATA("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), "::1", 0},
    {RESOLVER_AAAA, DATA("\x7f\0\0\1"), NULL, 0},
    {RESOLVER_PTR, DATA("\4mail\7example\3org\0"), "mail.example.org", 0},
    {RESOLVER_PTR, DATA("\0"), ".", 0},
    {RESOLVER_PTR, DATA(""), NULL, 0},
    {RESOLVER_PTR, DATA("\4mail"), NULL, 0},
    {RESOLVER_PTR, DATA("\4mail\0x"), NULL, 0},
    {RESOLVER_PTR, DATA("\4mai"), NULL, 0},
    {RESOLVER_PTR, DATA("\300\14"), NULL, 0},
    {RESOLVER_PTR, DATA("\5a.b\r\n\0"), "a\\.b\\013\\010", 0},
    {RESOLVER_MX, DATA("\1\2\2mx\0"), "mx", 258},
    {RESOLVER_MX, DATA("\0\0\0"), ".", 0},
    {RESOLVER_MX, DATA("\0\5"), NULL, 0},
    {RESOLVER_TXT, DATA("\7v=spf1 \4-all"), "v=spf1 -all", 0},
    {RESOLVER_TXT, DATA("\3a\nb"), "a?b", 0},
    {RESOLVER_TXT, DATA("\4abc"), NULL, 0},
    {RESOLVER_TXT, DATA(""), "", 0},
};

static void
reads_or_refuses(void **state)
{
	struct resolver_record r;
	unsigned char *data;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* On the heap, so that a read past the end is seen. */
		assert_non_null(data = malloc(cases[i].length + 1));
		data = realloc(data, cases[i].length ? cases[i].length : 1);
		assert_non_null(data);
		memcpy(data, cases[i].data, cases[i].length);
		if (cases[i].text == NULL) {
			assert_int_equal(rdata_read(&r, cases[i].type, data,
					     cases[i].length),
			    -1);
		} else {
			assert_int_equal(rdata_read(&r, cases[i].type, data,
					     cases[i].length),
			    0);
			assert_string_equal(r.text, cases[i].text);
			assert_int_equal(r.preference, cases[i].preference);
		}
		free(data);
	}
}

static void
too_long_for_a_record(void **state)
{
	struct resolver_record r;
	unsigned char data[5 * 256];

	(void)state;
	memset(data, 'x', sizeof(data));
	for (size_t i = 0; i < sizeof(data); i += 256)
		data[i] = 255;
	assert_int_equal(
	    rdata_read(&r, RESOLVER_TXT, data, sizeof(data) - 256), 0);
	assert_int_equal(strlen(r.text), 1020);
	assert_int_equal(rdata_read(&r, RESOLVER_TXT, data, sizeof(data)), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_or_refuses),
	    cmocka_unit_test(too_long_for_a_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
