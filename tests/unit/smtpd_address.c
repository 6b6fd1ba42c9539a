#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../smtpd/address.h"

#include <stdio.h>
#include <string.h>

static enum address_result
parse(const char *text, int flags, char *formatted, size_t *used)
{
	struct address a;
	enum address_result result;
	int length;

	*used = 0;
	snprintf(formatted, ADDRESS_TEXT_MAX, "?");
	result = address_path(text, strlen(text), flags, &a, used);
	if (result == ADDRESS_OK) {
		length = address_format(&a, formatted, ADDRESS_TEXT_MAX);
		assert_int_equal(length, strlen(formatted));
	}
	return result;
}

static void
assert_path(const char *text, int flags, const char *formatted)
{
	char got[ADDRESS_TEXT_MAX];
	size_t used;

	assert_int_equal(parse(text, flags, got, &used), ADDRESS_OK);
	assert_string_equal(got, formatted);
	assert_int_equal(text[used - 1], '>');
}

static void
assert_refused(const char *text, int flags)
{
	char got[ADDRESS_TEXT_MAX];
	size_t used;

	if (parse(text, flags, got, &used) != ADDRESS_SYNTAX)
		fail_msg("%s was taken for %s", text, got);
}

static void
takes_mailboxes(void **state)
{
	(void)state;
	assert_path("<a@b>", 0, "a@b");
	assert_path("<A.b+c@Mail.Example.ORG>", 0, "A.b+c@Mail.Example.ORG");
	assert_path(
	    "<!#$%&'*+-/=?^_`{|}~@x-1.2y>", 0, "!#$%&'*+-/=?^_`{|}~@x-1.2y");
	assert_path("<a@[127.0.0.1]> SIZE=1", 0, "a@[127.0.0.1]");
	assert_path("<a@[IPv6:2001:db8::1]>", 0, "a@[IPv6:2001:db8::1]");
}

static void
takes_quoted_local_parts(void **state)
{
	(void)state;
	assert_path("<\"a b\"@c>", 0, "\"a b\"@c");
	assert_path("<\"a@b>\"@c>", 0, "\"a@b>\"@c");
	assert_path("<\"\"@c>", 0, "\"\"@c");
	assert_path("<\"a\\\"\\\\b\"@c>", 0, "\"a\\\"\\\\b\"@c");
	/* RFC 5321 4.1.2: the form with the fewest quotes */
	assert_path("<\"john\\.\\d\\oe\"@c>", 0, "john.doe@c");
	assert_path("<\"a..b\"@c>", 0, "\"a..b\"@c");
}

static void
leaves_source_routes_out(void **state)
{
	(void)state;
	assert_path("<@a.example:b@c>", 0, "b@c");
	assert_path("<@a,@b.example:c@d>", 0, "c@d");
	assert_refused("<@a,b@c>", 0);
	assert_refused("<@a:>", ADDRESS_NULL);
	assert_refused("<@a b@c>", 0);
	assert_refused("<@a,:b@c>", 0);
}

static void
takes_special_paths_where_they_belong(void **state)
{
	(void)state;
	assert_path("<>", ADDRESS_NULL, "");
	assert_refused("<>", 0);
	assert_refused("<>", ADDRESS_POSTMASTER);
	assert_path("<PostMaster>", ADDRESS_POSTMASTER, "postmaster");
	assert_refused("<postmaster>", ADDRESS_NULL);
	assert_refused("<postmasters>", ADDRESS_POSTMASTER);
	assert_refused("<postmaster", ADDRESS_POSTMASTER);
}

static void
refuses_what_is_no_path(void **state)
{
	static const char *const wrong[] = {"", "<", "<a", "a@b", "<a@b",
	    "<a@>", "<@b>", "<a@b.>", "<a@.b>", "<a@b..c>", "<.a@b>", "<a.@b>",
	    "<a..b@c>", "<a b@c>", "<a@b c>", "<a@-b>", "<a@b->", "<a@b_c>",
	    "<a@@b>", "<\"a@b>", "<\"a\\\"@b>", "<\"a\"b@c>", "<\"a\x01\"@b>",
	    "<\xc3\xa9@b>", "<a@\xc3\xa9>", "<a@[1.2.3]>", "<a@[1.2.3.4>",
	    "<a@[1.2.3.256]>", "<a@[IPv6:1]>", "<a@[IPv6:1.2.3.4]>",
	    "<a@[x:1]>", "<a\r@b>", "< a@b>", "<a@b >", "<<a@b>>", NULL};

	(void)state;
	for (size_t i = 0; wrong[i] != NULL; i++)
		assert_refused(wrong[i], 0);
}

/* A path whose local part, label lengths and so on are as asked. */
static void
make_path(char *to, size_t local, size_t domain)
{
	size_t n = 0;

	to[n++] = '<';
	memset(to + n, 'a', local);
	n += local;
	to[n++] = '@';
	for (size_t i = 0; i < domain; i++)
		to[n++] = i % 50 == 49 && i + 1 < domain ? '.' : 'b';
	to[n++] = '>';
	to[n] = '\0';
}

static void
knows_the_limits(void **state)
{
	char text[600], got[ADDRESS_TEXT_MAX], label[100];
	size_t used;

	(void)state;
	make_path(text, 64, 189);
	assert_int_equal(strlen(text), ADDRESS_PATH_MAX);
	assert_int_equal(parse(text, 0, got, &used), ADDRESS_OK);
	assert_int_equal(strlen(got), 254);
	make_path(text, 64, 190);
	assert_int_equal(parse(text, 0, got, &used), ADDRESS_TOO_LONG);
	make_path(text, 65, 10);
	assert_int_equal(parse(text, 0, got, &used), ADDRESS_TOO_LONG);
	make_path(text, 1, 300);
	assert_int_equal(parse(text, 0, got, &used), ADDRESS_TOO_LONG);

	memset(label, 'a', 64);
	assert_int_equal(address_domain(label, 63), 63);
	assert_int_equal(address_domain(label, 64), 0);
}

static void
reads_no_further_than_told(void **state)
{
	static const char text[] = "<abc@def.example>";
	struct address a;
	size_t used = 0;

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++)
		assert_int_equal(
		    address_path(text, n, 0, &a, &used), ADDRESS_SYNTAX);
	assert_int_equal(used, 0);
	assert_int_equal(address_domain("", 0), 0);
	assert_int_equal(address_literal("", 0), 0);
	assert_int_equal(address_literal("[1.2.3.4\0]", 10), 0);
	assert_int_equal(address_literal("[1.2.3.4]]", 10), 9);
}

static void
says_what_does_not_fit(void **state)
{
	struct address a;
	char small[6];
	size_t used;

	(void)state;
	assert_int_equal(address_path("<ab@cde>", 8, 0, &a, &used), ADDRESS_OK);
	assert_int_equal(address_format(&a, small, sizeof(small)), -1);
	a.domain_length = 2;
	assert_int_equal(address_format(&a, small, sizeof(small)), 5);
	assert_string_equal(small, "ab@cd");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes_mailboxes),
	    cmocka_unit_test(takes_quoted_local_parts),
	    cmocka_unit_test(leaves_source_routes_out),
	    cmocka_unit_test(takes_special_paths_where_they_belong),
	    cmocka_unit_test(refuses_what_is_no_path),
	    cmocka_unit_test(knows_the_limits),
	    cmocka_unit_test(reads_no_further_than_told),
	    cmocka_unit_test(says_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
