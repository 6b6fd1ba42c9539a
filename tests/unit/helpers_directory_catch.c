/* Tests of helpers/directory.c: what has no name of its own; case. */
#include "directory_box.h"

#include "../../helpers/directory_next.h"
#include "../../helpers/directory_user.h"

static void
test_catch_all(void **state)
{
	(void)state;
	add_user("ann@example.org");
	add_user("bob@example.org");
	leads_nowhere("any@example.org", DIRECTORY_NO_USER);
	add_alias("@Example.org", "bob@example.org");
	leads_to("any@example.org", "bob@example.org");
	leads_to("any+x@example.org", "bob@example.org");
	leads_to("\"a b\"@example.org", "bob@example.org");
	leads_nowhere("any@example.com", DIRECTORY_FOREIGN);
	leads_to("ann@example.org", "ann@example.org");
	leads_to("ann+x@example.org", "ann@example.org");
	add_alias("sales@example.org", "ann@example.org");
	leads_to("sales@example.org", "ann@example.org");
	refuses_alias("@example.org", "ann@example.org");
	refuses_alias("@example.com", "ann@example.org");
	refuses_alias("all@example.org", "@example.org");
	assert_int_equal(
	    registry_domain_add(&d, "c.example", why), REGISTRY_OK);
	refuses_alias("@c.example", "nobody@c.example");
	assert_non_null(strstr(why, "no user"));

	/* It is for whoever names no postmaster, and never in his way. */
	leads_to("postmaster@example.org", "bob@example.org");
	leads_to("postmaster", "bob@example.org");
	d.postmaster = "ann@example.org";
	leads_to("postmaster@example.org", "ann@example.org");
	d.postmaster = "";

	/* A target that went is not caught by what it stands in. */
	del_user("bob@example.org");
	leads_nowhere("any@example.org", DIRECTORY_NO_USER);
	leads_to("postmaster@example.org", "ann@example.org");
	del_alias("sales@example.org");
	del_user("ann@example.org");
	assert_int_equal(
	    registry_domain_del(&d, "example.org", why), REGISTRY_REFUSED);
	assert_non_null(strstr(why, "@example.org"));
	del_alias("@EXAMPLE.org");
	leads_nowhere("any@example.org", DIRECTORY_NO_USER);
	assert_int_equal(
	    registry_domain_del(&d, "example.org", why), REGISTRY_OK);
}

static void
test_catch_all_is_listed(void **state)
{
	char name[WIRE_NAME_MAX];

	(void)state;
	add_user("ann@example.org");
	add_alias("@example.org", "ann@example.org");
	add_alias("sales@example.org", "ann@example.org");
	assert_int_equal(
	    directory_next_alias(&d, "", name, &targets), DIRECTORY_OK);
	assert_string_equal(name, "@example.org");
	assert_int_equal(
	    directory_next_alias(&d, name, name, &targets), DIRECTORY_OK);
	assert_string_equal(name, "sales@example.org");
}

static void
test_catch_all_of_another_domain(void **state)
{
	(void)state;
	assert_int_equal(
	    registry_domain_add(&d, "b.example", why), REGISTRY_OK);
	add_user("ann@example.org");
	add_alias("@b.example", "ann@example.org");
	leads_to("x@b.example", "ann@example.org");
	leads_nowhere("x@example.org", DIRECTORY_NO_USER);
	add_alias("@example.org", "x@b.example");
	leads_to("x@example.org", "ann@example.org");
	del_user("ann@example.org");
	leads_nowhere("x@b.example", DIRECTORY_NO_USER);
}

static void
test_case(void **state)
{
	char exact_name[] = "Exact.example", *items[] = {exact_name};
	const struct conf_list domains = {items, 1};
	struct record_user user;
	struct address a;

	(void)state;
	address_setup(&domains);
	assert_int_equal(
	    registry_domain_add(&d, "exact.EXAMPLE", why), REGISTRY_OK);
	add_user("Ann@Exact.Example");
	add_user("ann@exact.example");
	add_user("Bob@example.org");
	leads_to("Ann@exact.example", "Ann@exact.example");
	leads_to("\"Ann\"@EXACT.example", "Ann@exact.example");
	leads_to("Ann+X@exact.example", "Ann@exact.example");
	leads_to("ann@exact.example", "ann@exact.example");
	leads_nowhere("ANN@exact.example", DIRECTORY_NO_USER);
	leads_to("bOB@example.org", "bob@example.org");
	add_alias("Team@exact.example", "Ann@exact.example,BOB@example.org");
	leads_to("Team@exact.example", "Ann@exact.example,bob@example.org");
	leads_nowhere("team@exact.example", DIRECTORY_NO_USER);

	/* RFC 5321 4.5.1 */
	add_alias("PostMaster@exact.example", "Ann@exact.example");
	leads_to("POSTMASTER@exact.example", "Ann@exact.example");
	leads_to("\"postMaster\"@exact.example", "Ann@exact.example");

	d.default_domain = "exact.example";
	assert_int_equal(directory_user(&d, "Ann", &a, &user), DIRECTORY_OK);
	assert_string_equal(a.local, "Ann");
	assert_int_equal(
	    directory_user(&d, "ANN", &a, &user), DIRECTORY_NO_USER);
	leads_to("PostMaster", "Ann@exact.example");
	strcpy(exact_name, "*");
	leads_nowhere("BOB@example.org", DIRECTORY_NO_USER);
	leads_to("bob@example.org", "bob@example.org");
	address_setup(NULL);
	leads_to("BOB@example.org", "bob@example.org");
}

/* The names of a table, joined by blanks. */
static const char *
listed(int aliases)
{
	static char got[256];
	char name[WIRE_NAME_MAX] = "";

	got[0] = '\0';
	while ((aliases ? directory_next_alias(&d, name, name, &targets)
			: directory_next_user(&d, name, "", name)) ==
	       DIRECTORY_OK) {
		strcat(got, name);
		strcat(got, " ");
	}
	return got;
}

/* Names with capitals of a domain that has no case any more hide no others. */
static void
test_capitals_that_were(void **state)
{
	char exact_name[] = "example.org", *items[] = {exact_name};
	const struct conf_list domains = {items, 1};

	(void)state;
	address_setup(&domains);
	add_user("Joe@example.org");
	add_user("Zoe@example.org");
	add_user("abe@example.org");
	add_alias("Us@example.org", "Joe@example.org");
	add_alias("We@example.org", "Joe@example.org");
	add_alias("all@example.org", "Joe@example.org");
	address_setup(NULL);
	assert_string_equal(
	    listed(0), "Joe@example.org Zoe@example.org abe@example.org ");
	assert_string_equal(
	    listed(1), "Us@example.org We@example.org all@example.org ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_catch_all),
	    TEST(test_catch_all_is_listed),
	    TEST(test_catch_all_of_another_domain),
	    TEST(test_case),
	    TEST(test_capitals_that_were),
	};

	log_set_level(LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
