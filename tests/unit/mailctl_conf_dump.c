/* Tests of mailctl/conf_dump.c and quota.c: what programs print is read. */
#include "../../mailctl/conf_dump.h"
#include "../../mailctl/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char text[] = "hostname = \"mx.example.org\"\t# "
		     "/etc/ringmail/smtpd.conf:4, default \"\"\n"
		     "listen = {\"0.0.0.0:25\", \"[::]:25\"}\t# default\n"
		     "listen_tls = {}\t# default\n"
		     "limits.sessions = 10K\t# shared.conf:12\n"
		     "odd = \"a\t# b\"\t# x.conf:1\n"
		     "last = yes\t# default";
static const struct conf_dump dump = {.text = text};

static void
check(const char *setting, const char *value, const char *place)
{
	char got[CONF_DUMP_VALUE_MAX];

	assert_int_equal(conf_dump_value(&dump, setting, got, sizeof(got)), 0);
	assert_string_equal(got, value);
	assert_int_equal(conf_dump_place(&dump, setting, got, sizeof(got)), 0);
	assert_string_equal(got, place);
}

static void
values_and_places(void **state)
{
	char got[16];

	(void)state;
	check("hostname", "mx.example.org", "/etc/ringmail/smtpd.conf:4");
	check("limits.sessions", "10K", "shared.conf:12");
	check("odd", "a\t# b", "x.conf:1");
	check("last", "yes", "default");
	check("listen_tls", "{}", "default");
	assert_int_equal(conf_dump_value(&dump, "sessions", got, 16), -1);
	assert_int_equal(conf_dump_place(&dump, "host", got, 16), -1);
	assert_string_equal(got, "");
	/* What is too long is cut. */
	assert_int_equal(conf_dump_value(&dump, "hostname", got, 5), 0);
	assert_string_equal(got, "mx.e");
}

static void
lists(void **state)
{
	char value[CONF_DUMP_VALUE_MAX], *rest = value;

	(void)state;
	conf_dump_value(&dump, "listen", value, sizeof(value));
	assert_string_equal(conf_dump_item(&rest), "0.0.0.0:25");
	assert_string_equal(conf_dump_item(&rest), "[::]:25");
	assert_null(conf_dump_item(&rest));
	conf_dump_value(&dump, "listen_tls", value, sizeof(value));
	rest = value;
	assert_null(conf_dump_item(&rest));
}

static void
quotas(void **state)
{
	static const struct {
		const char *text, *again;
		uint64_t octets, messages;
	} good[] = {{"0", "none", 0, 0}, {"5K", "5120", 5120, 0},
	    {"1T,7", "1099511627776,7", 1ULL << 40, 7}, {"0,3", "0,3", 0, 3}};
	static const char *const bad[] = {
	    "", "K", "-1", "1k", "1KB", "1,", "1,x", "9999999999T", " 1"};
	uint64_t octets, messages;
	char again[QUOTA_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(
		    quota_parse(good[i].text, &octets, &messages), 0);
		assert_true(
		    octets == good[i].octets && messages == good[i].messages);
		quota_print(octets, messages, again, sizeof(again));
		assert_string_equal(again, good[i].again);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(quota_parse(bad[i], &octets, &messages), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_and_places),
	    cmocka_unit_test(lists),
	    cmocka_unit_test(quotas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
