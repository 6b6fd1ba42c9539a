/* Tests of common/base64.c. */
#include "base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* RFC 4648 10. */
static const struct {
	const char *octets, *text;
} vectors[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

static void
test_vectors(void **state)
{
	char text[16], octets[16];
	size_t length;

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t n = strlen(vectors[i].octets);

		assert_int_equal(base64_encode(vectors[i].octets, n, text),
		    BASE64_LENGTH(n));
		assert_string_equal(text, vectors[i].text);
		assert_int_equal(
		    base64_decode(text, strlen(text), octets, n, &length), 0);
		assert_int_equal(length, n);
		assert_memory_equal(octets, vectors[i].octets, n);
		if (n > 0)
			assert_int_equal(base64_decode(text, strlen(text),
					     octets, n - 1, &length),
			    -1);
	}
}

static void
test_wrong(void **state)
{
	static const char *const wrong[] = {"Z", "Zg",
	    "Zg=", "Zg==Zg==", "====", "=",
	    "Z===", "Zm9v=", "Zh==", "Zm9=", "Zm 9", "Zm9v\r\n", "Z-_v", "Zg=a",
	    "Zm9vZ\xff==", " Zm9", NULL};
	char octets[16];
	size_t length;

	(void)state;
	for (int i = 0; wrong[i] != NULL; i++)
		assert_int_equal(base64_decode(wrong[i], strlen(wrong[i]),
				     octets, sizeof(octets), &length),
		    -1);
}

/* All octets, at all lengths, and where the text stood. */
static void
test_in_place(void **state)
{
	unsigned char octets[300];
	char text[BASE64_LENGTH(sizeof(octets)) + 1];
	size_t length;

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (unsigned char)(i * 7);
	for (size_t n = 0; n <= sizeof(octets); n++) {
		size_t size = base64_encode(octets, n, text);

		assert_int_equal(
		    base64_decode(text, size, text, sizeof(text), &length), 0);
		assert_int_equal(length, n);
		assert_memory_equal(text, octets, n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_wrong),
	    cmocka_unit_test(test_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
