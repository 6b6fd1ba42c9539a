/* What the conf makes of a maildrop: names and days. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../pop3d/policy.h"
#include "pop3d_fakes.h"

#include "clock.h"

static void
knows_names(void **state)
{
	char box[] = "Jack@example.org", domain[] = "@example.net";
	char *items[] = {box, domain};
	struct conf_list list = {items, 2}, none = {NULL, 0};

	(void)state;
	assert_true(policy_names(&list, "jack@example.org"));
	assert_true(policy_names(&list, "anybody@example.net"));
	assert_false(policy_names(&list, "jill@example.org"));
	assert_false(policy_names(&list, "jack@sub.example.net"));
	assert_false(policy_names(&list, "jack"));
	assert_false(policy_names(&none, "jack@example.org"));
}

static void
counts_whole_days(void **state)
{
	struct settings conf = {.expire = 0};

	(void)state;
	assert_int_equal(policy_days(&conf), -1);
	conf.expire = 36 * 3600 * CLOCK_SECOND;
	assert_int_equal(policy_days(&conf), 1);
	conf.expire = CLOCK_SECOND;
	assert_int_equal(policy_days(&conf), 0);
}

/* The fakes' letters have no time in their names: they stay. */
static void
leaves_letters_without_a_time(void **state)
{
	static char name[] = "jack@example.org";
	struct settings conf = {.expire = 1, .helper = CLOCK_SECOND};
	struct service_client client = {.id = 1};
	struct pop3 p = {.conf = &conf, .client = &client, .name = name};

	(void)state;
	fake.letters[0] = "a: b\n\n.c\n";
	fake.letters[1] = "d: e\n\nf\ng\n";
	make_catalog(&p.box);
	maildrop_init(&p.drop);
	maildrop_open(&p.drop, &p.box);
	assert_int_equal(policy_apply(&p), 0);
	assert_int_equal(p.drop.count, 2);
	conf.hide_over = 12;
	assert_int_equal(policy_apply(&p), 0);
	assert_int_equal(p.drop.count, 1);
	assert_int_equal(p.drop.octets, 12);
	maildrop_free(&p.drop);
	close(p.box.catalog);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(knows_names),
	    cmocka_unit_test(counts_whole_days),
	    cmocka_unit_test(leaves_letters_without_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
