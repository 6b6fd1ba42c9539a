/* Tests of helpers/registry_bulk.c: many changes as one. */
#include "directory_box.h"

#include "../../helpers/directory_user.h"
#include "../../helpers/registry_bulk.h"

static const struct registry_bulk_mode careful = {.replaces = 0};
static const struct registry_bulk_mode replacing = {.replaces = 1};
static const struct registry_bulk_mode loose = {.is_loose = 1};
static int became;

static void
set_targets(const char *one)
{
	targets.count = 1;
	strcpy(targets.names[0], one);
}

static enum registry_result
put_user(const char *name, const struct registry_login *l,
    const struct registry_bulk_mode *mode)
{
	const struct registry_bulk_user row = {.name = name, .login = l};

	why[0] = '\0';
	return registry_bulk_user(&d, &row, mode, &became, why);
}

static const char *
hash_of(const char *name)
{
	static struct record_user user;
	struct address a;

	if (directory_user(&d, name, &a, &user) != DIRECTORY_OK)
		return "nobody";
	return user.hash;
}

static void
all_or_nothing(void **state)
{
	(void)state;
	assert_int_equal(registry_bulk_begin(&d), REGISTRY_OK);
	assert_int_equal(
	    registry_bulk_domain(&d, "B.org", &became, why), REGISTRY_OK);
	assert_int_equal(became, WIRE_IMPORT_ADDED);
	assert_int_equal(put_user("Ann@b.org", &login, &careful), REGISTRY_OK);
	set_targets("ann@b.org");
	assert_int_equal(
	    registry_bulk_alias(&d, "@b.org", &targets, &careful, &became, why),
	    REGISTRY_OK);
	assert_int_equal(
	    registry_bulk_check(&d, "@b.org", &targets, why), REGISTRY_OK);
	assert_int_equal(registry_bulk_end(&d, 0), REGISTRY_OK);
	leads_nowhere("ann@b.org", DIRECTORY_FOREIGN);

	assert_int_equal(registry_bulk_begin(&d), REGISTRY_OK);
	registry_bulk_domain(&d, "B.org", &became, why);
	put_user("Ann@b.org", &login, &careful);
	assert_int_equal(registry_bulk_end(&d, 1), REGISTRY_OK);
	leads_to("ann@b.org", "ann@b.org");
	/* The next change is one of its own again. */
	add_user("bob@b.org");
}

static void
what_is_there_is_kept(void **state)
{
	(void)state;
	add_user("ann@example.org");
	assert_int_equal(registry_bulk_begin(&d), REGISTRY_OK);
	assert_int_equal(
	    put_user("ann@example.org", &login, &careful), REGISTRY_OK);
	assert_int_equal(became, WIRE_IMPORT_KEPT);
	assert_int_equal(
	    put_user("ann@example.org", NULL, &careful), REGISTRY_OK);
	assert_int_equal(became, WIRE_IMPORT_KEPT);
	assert_int_equal(
	    put_user("ann@example.org", &newer, &careful), REGISTRY_REFUSED);
	assert_non_null(strstr(why, "--replace"));
	assert_int_equal(
	    put_user("ann@example.org", &newer, &replacing), REGISTRY_OK);
	assert_int_equal(became, WIRE_IMPORT_CHANGED);
	assert_int_equal(
	    registry_bulk_domain(&d, "example.org", &became, why), REGISTRY_OK);
	assert_int_equal(became, WIRE_IMPORT_KEPT);
	assert_int_equal(registry_bulk_end(&d, 1), REGISTRY_OK);
	assert_string_equal(hash_of("ann@example.org"), "$y$new");
}

static void
a_password_in_clear_is_not_compared(void **state)
{
	struct registry_bulk_user row = {
	    .name = "ann@example.org", .login = &newer, .is_plain = 1};

	(void)state;
	add_user("ann@example.org");
	assert_int_equal(registry_bulk_begin(&d), REGISTRY_OK);
	assert_int_equal(
	    registry_bulk_user(&d, &row, &careful, &became, why), REGISTRY_OK);
	assert_int_equal(became, WIRE_IMPORT_KEPT);
	row.name = "new@example.org";
	assert_int_equal(
	    registry_bulk_user(&d, &row, &careful, &became, why), REGISTRY_OK);
	assert_int_equal(became, WIRE_IMPORT_ADDED);
	assert_int_equal(registry_bulk_end(&d, 1), REGISTRY_OK);
	assert_string_equal(hash_of("ann@example.org"), "$y$hash");
	assert_string_equal(hash_of("new@example.org"), "$y$new");
}

static void
quotas_and_senders(void **state)
{
	const struct record_quota quota = {.octets = 5};
	struct registry_bulk_user row = {.name = "ann@example.org",
	    .sets_quota = 1,
	    .quota = &quota,
	    .senders = &targets};

	(void)state;
	add_user("ann@example.org");
	set_targets("@Example.net");
	assert_int_equal(registry_bulk_begin(&d), REGISTRY_OK);
	assert_int_equal(registry_bulk_user(&d, &row, &replacing, &became, why),
	    REGISTRY_OK);
	assert_int_equal(became, WIRE_IMPORT_CHANGED);
	assert_int_equal(
	    registry_bulk_user(&d, &row, &careful, &became, why), REGISTRY_OK);
	assert_int_equal(became, WIRE_IMPORT_KEPT);
	assert_int_equal(registry_bulk_end(&d, 1), REGISTRY_OK);
	assert_string_equal(hash_of("ann@example.org"), "$y$hash");
}

static void
what_is_wrong_is_said(void **state)
{
	(void)state;
	assert_int_equal(registry_bulk_begin(&d), REGISTRY_OK);
	assert_int_equal(put_user("ann", &login, &careful), REGISTRY_REFUSED);
	assert_non_null(strstr(why, "--domain"));
	assert_int_equal(
	    put_user("ann@b.org", &login, &careful), REGISTRY_REFUSED);
	assert_non_null(strstr(why, "mailctl domain add"));
	assert_int_equal(put_user("ann@b.org", &login, &loose), REGISTRY_OK);
	assert_int_equal(
	    put_user("a/b@b.org", &login, &loose), REGISTRY_REFUSED);
	assert_int_equal(
	    registry_bulk_domain(&d, "b_", &became, why), REGISTRY_REFUSED);
	set_targets("nobody@example.org");
	assert_int_equal(registry_bulk_alias(&d, "a@example.org", &targets,
			     &careful, &became, why),
	    REGISTRY_OK);
	assert_int_equal(
	    registry_bulk_check(&d, "a@example.org", &targets, why),
	    REGISTRY_REFUSED);
	assert_non_null(strstr(why, "no user and no alias"));
	set_targets("b@example.org");
	assert_int_equal(registry_bulk_alias(&d, "a@example.org", &targets,
			     &careful, &became, why),
	    REGISTRY_REFUSED);
	assert_int_equal(registry_bulk_end(&d, 0), REGISTRY_OK);
	leads_nowhere("a@example.org", DIRECTORY_NO_USER);
}

/* Aliases may name each other in any order, but not in a circle. */
static void
aliases_of_one_batch(void **state)
{
	(void)state;
	add_user("ann@example.org");
	assert_int_equal(registry_bulk_begin(&d), REGISTRY_OK);
	set_targets("b@example.org");
	registry_bulk_alias(
	    &d, "a@example.org", &targets, &careful, &became, why);
	set_targets("ann@example.org");
	registry_bulk_alias(
	    &d, "b@example.org", &targets, &careful, &became, why);
	set_targets("b@example.org");
	assert_int_equal(
	    registry_bulk_check(&d, "a@example.org", &targets, why),
	    REGISTRY_OK);
	set_targets("a@example.org");
	assert_int_equal(registry_bulk_alias(&d, "b@example.org", &targets,
			     &replacing, &became, why),
	    REGISTRY_OK);
	assert_int_equal(
	    registry_bulk_check(&d, "b@example.org", &targets, why),
	    REGISTRY_REFUSED);
	assert_non_null(strstr(why, "loop"));
	assert_int_equal(registry_bulk_end(&d, 0), REGISTRY_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(all_or_nothing),
	    TEST(what_is_there_is_kept),
	    TEST(a_password_in_clear_is_not_compared),
	    TEST(quotas_and_senders),
	    TEST(what_is_wrong_is_said),
	    TEST(aliases_of_one_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
