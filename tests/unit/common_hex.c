#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hex.h"

#include <stdio.h>
#include <string.h>

static void
writes_each_octet(void **state)
{
	unsigned char octets[256];
	char text[2 * sizeof(octets) + 1], two[3];

	(void)state;
	for (int i = 0; i < 256; i++)
		octets[i] = (unsigned char)i;
	assert_ptr_equal(
	    hex_put(text, octets, sizeof(octets)), text + 2 * sizeof(octets));
	assert_int_equal(strlen(text), 2 * sizeof(octets));
	for (int i = 0; i < 256; i++) {
		snprintf(two, sizeof(two), "%02x", (unsigned)i);
		assert_memory_equal(text + (ptrdiff_t)2 * i, two, 2);
	}
}

static void
writes_no_more_than_that(void **state)
{
	char text[] = "xxxxx";

	(void)state;
	assert_ptr_equal(hex_put(text, "", 0), text);
	assert_memory_equal(text, "\0xxxx", 6);
	assert_ptr_equal(hex_put(text, "\xa5", 1), text + 2);
	assert_memory_equal(text, "a5\0xx", 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_each_octet),
	    cmocka_unit_test(writes_no_more_than_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
