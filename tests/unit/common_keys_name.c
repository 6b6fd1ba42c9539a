/* Tests of common/keys_name.c. */
#include "../../common/keys_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
test_names(void **state)
{
	static const char *const good[] = {"a.pem", "mx.example.org.key"};
	static const char *const bad[] = {"", ".", "..", ".pem", ".a.pem",
	    "pem", "a.pem~", "a.PEM", "a.key.before-restore-1", "a.crt"};
	char name[KEYS_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(keys_name_is_key(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(keys_name_is_key(bad[i]));
	memset(name, 'x', sizeof(name));
	strcpy(name + KEYS_NAME_MAX - 5, ".key");
	assert_true(keys_name_is_key(name));
	name[KEYS_NAME_MAX - 5] = 'x';
	strcpy(name + KEYS_NAME_MAX - 4, ".key");
	assert_false(keys_name_is_key(name));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
