/* Tests of helpers/token.c: what is no token is refused, and ends nothing. */
#include "../../helpers/token.h"
#include "log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The public key of RFC 7515 A.3.1, and what its A.3.1 is signed as. */
static const char key_set[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
#define HEAD "eyJhbGciOiJFUzI1NiJ9"
#define BODY                                                               \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt" \
	"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define SIGNATURE                                          \
	"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfT" \
	"jDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

static struct token_keys *keys;

static int
set_up(void **state)
{
	char path[] = "/tmp/ringmail-keys-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	if (fd == -1 || write(fd, key_set, sizeof(key_set) - 1) !=
			    (ssize_t)sizeof(key_set) - 1)
		return -1;
	close(fd);
	keys = token_load(path);
	unlink(path);
	return keys == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	token_free(&keys);
	return 0;
}

/* Its "iss" stands for the user; it was good until 1300819380. */
static enum token_result
verify(const char *token, long long now)
{
	const struct token_rules rules = {"joe", "", "", "iss"};
	char name[WIRE_NAME_MAX] = "";
	enum token_result result =
	    token_verify(keys, &rules, token, strlen(token), now, name);

	if (result == TOKEN_GOOD)
		assert_string_equal(name, "joe");
	return result;
}

static void
test_a_signed_one(void **state)
{
	static const char token[] = HEAD "." BODY "." SIGNATURE;

	(void)state;
	assert_int_equal(verify(token, 1300000000), TOKEN_GOOD);
	assert_int_equal(verify(token, 1400000000), TOKEN_BAD);
	assert_int_equal(
	    verify(HEAD "." BODY "A." SIGNATURE, 1300000000), TOKEN_BAD);
}

/* RFC 7515 2, 3.1: three parts without padding; RFC 4648 4: none of a length
 * such as 1 or 5. */
static void
test_what_is_no_token(void **state)
{
	static const char *const tokens[] = {"", ".", "..", "...", "a", "a.b",
	    "A.B.C", "AAAAA.AAAA.AAAA", "AAAA.AAAAA.AAAA", "AAAA.AAAA.AAAAA",
	    HEAD "." BODY "." SIGNATURE "AAA", HEAD "." BODY ".A",
	    HEAD "." BODY "." SIGNATURE ".", HEAD "." BODY,
	    HEAD "." BODY "." SIGNATURE "==", HEAD ".." SIGNATURE,
	    "." BODY "." SIGNATURE, HEAD "." BODY ".",
	    "=.=.=", "AA==.AA==.AA==", "A=.AAAA.AAAA", "AAAAA===.AAAA.AAAA",
	    HEAD ".A=.AAAA", HEAD "." BODY ".A=", "\xff\xfe.AAAA.AAAA",
	    "AAAA.AA AA.AAAA", "AA\nA.AAAA.AAAA"};

	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		assert_int_equal(verify(tokens[i], 1300000000), TOKEN_BAD);
}

/* Every length of each part. */
static void
test_lengths(void **state)
{
	char token[64];

	(void)state;
	for (int a = 0; a < 10; a++)
		for (int b = 0; b < 10; b++)
			for (int c = 0; c < 10; c++) {
				snprintf(token, sizeof(token), "%.*s.%.*s.%.*s",
				    a, HEAD, b, BODY, c, SIGNATURE);
				assert_int_equal(
				    verify(token, 1300000000), TOKEN_BAD);
			}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_signed_one),
	    cmocka_unit_test(test_what_is_no_token),
	    cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
