/* RFC 4231's test cases, and that no sum depends on those before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../helpers/mac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

static void
sums_as_the_rfc_does(void **state)
{
	static const unsigned char wanted[MAC_SIZE] = {0x5b, 0xdc, 0xc1, 0x46,
	    0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75,
	    0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec,
	    0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
	static const char text[] = "what do ya want for nothing?";
	struct mac *m = mac_open("Jefe", 4);
	unsigned char sum[MAC_SIZE];

	(void)state;
	assert_non_null(m);
	for (int i = 0; i < 3; i++) {
		memset(sum, 0, sizeof(sum));
		assert_int_equal(mac_sum(m, text, sizeof(text) - 1, sum), 0);
		assert_memory_equal(sum, wanted, sizeof(sum));
	}
	mac_close(&m);
	assert_null(m);
	mac_close(&m);
	assert_int_equal(mac_sum(m, text, sizeof(text) - 1, sum), -1);
}

/* Two keys in turns, one longer than a block; texts of all lengths. */
static void
depends_on_nothing_before(void **state)
{
	static unsigned char keys[2][100], text[300];
	const int lengths[2] = {32, sizeof(keys[1])};
	unsigned char sum[MAC_SIZE], wanted[MAC_SIZE];
	struct mac *m[2];

	(void)state;
	memset(keys[0], 'k', sizeof(keys[0]));
	memset(keys[1], 'l', sizeof(keys[1]));
	for (int k = 0; k < 2; k++) {
		m[k] = mac_open(keys[k], (size_t)lengths[k]);
		assert_non_null(m[k]);
	}
	for (size_t n = 0; n <= sizeof(text); n++) {
		int k = n % 3 == 0;

		memset(text, (int)n, n);
		assert_non_null(HMAC(
		    EVP_sha256(), keys[k], lengths[k], text, n, wanted, NULL));
		assert_int_equal(mac_sum(m[k], text, n, sum), 0);
		assert_memory_equal(sum, wanted, sizeof(sum));
	}
	mac_close(&m[0]);
	mac_close(&m[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sums_as_the_rfc_does),
	    cmocka_unit_test(depends_on_nothing_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
