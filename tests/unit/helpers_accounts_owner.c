/* Who may own a mailbox, and where it lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../helpers/accounts_owner.h"
#include "../../helpers/helper.h"
#include "../../helpers/settings.h"

#include <string.h>

static char one[] = "/homes", two[] = "/srv/people", *homes[] = {one, two};
static char root[] = "/mail", layout[] = "%d/x%u%%";
static struct helpers_conf conf = {.homes = {homes, 2},
    .mail_root = root,
    .mail_layout = layout,
    .lowest_uid = 500,
    .default_quota = 10,
    .quota_messages = 20};
static const struct helper helper = {
    .conf = &conf, .mail_uid = 1, .mail_gid = 2};

static int
may_own(uint32_t uid, uint32_t gid, const char *path)
{
	struct record_system s = {.uid = uid, .gid = gid};

	strcpy(s.path, path);
	return accounts_owner_check(&helper, &s) == NULL;
}

static void
bounds_system_users(void **state)
{
	static const char *const bad[] = {"/homes", "/homes/", "/etc/Maildir",
	    "/homeses/sys/Maildir", "homes/sys", "", "/homes/../etc/Maildir",
	    "/homes//sys", "/homes/./sys", "/homes/sys/", "/homes/..", "/"};

	(void)state;
	assert_true(may_own(500, 500, "/homes/sys/Maildir"));
	assert_true(may_own(500, 500, "/srv/people/a/b/..c/.d"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(may_own(500, 500, bad[i]));
	assert_false(may_own(499, 500, "/homes/sys"));
	assert_false(may_own(500, 499, "/homes/sys"));
	assert_false(may_own(0, 500, "/homes/sys"));
	assert_false(may_own(UINT32_MAX, 500, "/homes/sys"));
	assert_false(may_own(500, UINT32_MAX, "/homes/sys"));
}

static void
finds_owners(void **state)
{
	const struct address a = {.local = "u", .domain = "d.org"};
	struct record_user user = {.hash = "h"};
	struct accounts_owner o;

	(void)state;
	assert_int_equal(accounts_owner_find(&helper, &a, &user, &o), 0);
	assert_int_equal(o.uid, 1);
	assert_int_equal(o.gid, 2);
	assert_string_equal(o.path, "/mail/d.org/xu%");
	assert_int_equal(o.quota.octets, 10);
	assert_int_equal(o.quota.messages, 20);
	user.has_quota = 1;
	user.system = (struct record_system){600, 700, "/homes/sys/Maildir"};
	assert_int_equal(accounts_owner_find(&helper, &a, &user, &o), 0);
	assert_int_equal(o.uid, 600);
	assert_int_equal(o.gid, 700);
	assert_string_equal(o.path, "/homes/sys/Maildir");
	assert_int_equal(o.quota.octets, 0);
	assert_int_equal(o.quota.messages, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bounds_system_users),
	    cmocka_unit_test(finds_owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
