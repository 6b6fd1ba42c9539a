/* Tests of helpers/directory.c, registry.c, address.c and record.c. */
#include "directory_box.h"

#include "../../helpers/directory_user.h"
#include "../../helpers/directory_next.h"

static void
test_addresses(void **state)
{
	static const char *const bad_locals[] = {"", ".", "..", ".a", "a.",
	    "a..b", "a/b", "a b", "a\"b", "\"\"", "\"a/b\"", "\"a", "\"a\"b",
	    "\"..\"", "a@b", "\303", "\303\244\377", "\355\240\200", "a\\b",
	    "\"a\\", "a\nb", "a\177"};
	static const char *const bad_domains[] = {"", ".", "a.", ".a", "a..b",
	    "-a", "a-", "a_b", "a/b", "[127.0.0.1]", "a b", "../a"};
	char text[ADDRESS_DOMAIN_MAX + 2], out[ADDRESS_DOMAIN_MAX + 1];
	struct address a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_locals) / sizeof(bad_locals[0]); i++)
		assert_int_equal(
		    address_parse_local(bad_locals[i], 0, out), -1);
	for (i = 0; i < sizeof(bad_domains) / sizeof(bad_domains[0]); i++)
		assert_int_equal(address_parse_domain(bad_domains[i], out), -1);
	assert_int_equal(address_parse("\"A.b\\+C\"@EXAMPLE.org", &a), 0);
	assert_string_equal(a.local, "a.b+c");
	assert_string_equal(a.domain, "example.org");
	assert_int_equal(address_parse("J\303\204@EXAMPLE.org", &a), 0);
	assert_string_equal(a.local, "j\303\204");
	assert_int_equal(
	    address_parse("a b@example.org", &a), ADDRESS_BAD_LOCAL);
	assert_string_equal(a.domain, "example.org");
	assert_int_equal(address_parse("a@b@c.org", &a), ADDRESS_BAD_LOCAL);
	assert_int_equal(address_parse("nobody", &a), ADDRESS_BAD);

	memset(text, 'a', sizeof(text));
	text[ADDRESS_LOCAL_MAX] = '\0';
	assert_int_equal(address_parse_local(text, 0, out), 0);
	text[ADDRESS_LOCAL_MAX] = 'a';
	text[ADDRESS_LOCAL_MAX + 1] = '\0';
	assert_int_equal(address_parse_local(text, 0, out), -1);
	memset(text, 'a', sizeof(text));
	for (i = 63; i < sizeof(text); i += 64)
		text[i] = '.';
	text[ADDRESS_DOMAIN_MAX] = '\0';
	assert_int_equal(address_parse_domain(text, out), 0);
	text[63] = 'a';
	assert_int_equal(address_parse_domain(text, out), -1);
	text[63] = '.';
	text[ADDRESS_DOMAIN_MAX] = 'a';
	text[ADDRESS_DOMAIN_MAX + 1] = '\0';
	assert_int_equal(address_parse_domain(text, out), -1);
}

static void
test_records(void **state)
{
	static const unsigned char later[] = {
	    1, 99, 0, 2, 'x', 'y', 1, 0, 3, '$', 'y', '$'};
	unsigned char octets[RECORD_USER_MAX];
	struct record_user user = {.hash = "$y$abc"},
			   full = {.hash = "h",
			       .has_quota = 1,
			       .quota = {UINT64_MAX, 3},
			       .system = {1, 2, "/p"}};
	size_t length, cut;

	(void)state;
	assert_int_equal(record_put_user(&user, octets, 9), 0);
	length = record_put_user(&user, octets, sizeof(octets));
	assert_int_equal(record_get_user(&user, octets, length), 0);
	assert_string_equal(user.hash, "$y$abc");
	assert_int_equal(record_get_user(&user, octets, length - 1), -1);
	assert_int_equal(record_get_user(&user, later, sizeof(later)), 0);
	assert_string_equal(user.hash, "$y$");
	octets[0] = 2;
	assert_int_equal(record_get_user(&user, octets, length), -1);
	length = record_put_user(&full, octets, sizeof(octets));
	assert_int_equal(length, 1 + 4 + 19 + 13);
	assert_int_equal(record_get_user(&user, octets, length), 0);
	assert_memory_equal(&user, &full, sizeof(user));
	assert_int_equal(record_put_user(&full, octets, length - 1), 0);
	for (cut = 1; cut < length; cut++)
		if (cut != 1 && cut != 5 && cut != 24)
			assert_int_equal(
			    record_get_user(&user, octets, cut), -1);
	assert_int_equal(record_get_user(&user, octets, 0), -1);
	assert_int_equal(record_get_alias(&targets, later, 5), -1);
	assert_int_equal(record_get_alias(&targets, later, 1), -1);
}

static void
test_users(void **state)
{
	struct record_user user;
	struct address a;

	(void)state;
	add_user("Ann@Example.ORG");
	leads_to("aNN@example.Org", "ann@example.org");
	leads_to("\"ann\"@example.org", "ann@example.org");
	leads_nowhere("bob@example.org", DIRECTORY_NO_USER);
	leads_nowhere("a/b@example.org", DIRECTORY_NO_USER);
	leads_nowhere("ann@example.com", DIRECTORY_FOREIGN);
	leads_nowhere("ann", DIRECTORY_FOREIGN);
	leads_nowhere("", DIRECTORY_FOREIGN);
	assert_int_equal(
	    registry_user_add(&d, "ann@example.org", &login, NULL, why),
	    REGISTRY_REFUSED);
	assert_int_equal(
	    registry_user_add(&d, "ann@example.com", &login, NULL, why),
	    REGISTRY_REFUSED);
	assert_int_equal(
	    registry_user_add(&d, "../x@example.org", &login, NULL, why),
	    REGISTRY_REFUSED);

	assert_int_equal(directory_user(&d, "ANN", &a, &user), DIRECTORY_OK);
	assert_string_equal(a.local, "ann");
	assert_string_equal(a.domain, "example.org");
	assert_string_equal(user.hash, "$y$hash");
	assert_int_equal(
	    registry_user_passwd(&d, "ann@example.org", &newer, why),
	    REGISTRY_OK);
	assert_int_equal(
	    directory_user(&d, "ann@example.org", &a, &user), DIRECTORY_OK);
	assert_string_equal(user.hash, "$y$new");
	assert_int_equal(
	    registry_user_passwd(&d, "bob@example.org", &login, why),
	    REGISTRY_REFUSED);
	d.default_domain = "";
	assert_int_equal(
	    directory_user(&d, "ann", &a, &user), DIRECTORY_NO_USER);

	assert_int_equal(registry_user_del(&d, "ann", why), REGISTRY_REFUSED);
	del_user("ANN@example.org");
	leads_nowhere("ann@example.org", DIRECTORY_NO_USER);
	assert_int_equal(
	    registry_user_del(&d, "ann@example.org", why), REGISTRY_REFUSED);
}

static void
test_plus(void **state)
{
	(void)state;
	add_user("ann@example.org");
	add_user("ann+own@example.org");
	leads_to("ann+list@example.org", "ann@example.org");
	leads_to("ann+a+b@example.org", "ann@example.org");
	leads_to("ann+own@example.org", "ann+own@example.org");
	leads_nowhere("+ann@example.org", DIRECTORY_NO_USER);
	leads_nowhere("bob+ann@example.org", DIRECTORY_NO_USER);
	add_alias("sales@example.org", "ann@example.org");
	leads_to("sales+x@example.org", "ann@example.org");
	d.separator = '\0';
	leads_nowhere("ann+list@example.org", DIRECTORY_NO_USER);
}

static void
test_aliases(void **state)
{
	(void)state;
	add_user("ann@example.org");
	add_user("bob@example.org");
	add_alias("both@example.org", "Bob@Example.org,ann@example.org");
	leads_to("BOTH@example.org", "bob@example.org,ann@example.org");
	add_alias("chain@example.org", "both@example.org,ann+x@example.org");
	leads_to("chain@example.org", "bob@example.org,ann@example.org");

	/* Its own name stands for the mailbox behind the alias. */
	add_alias("ann@example.org", "ann@example.org,bob@example.org");
	leads_to("ann@example.org", "ann@example.org,bob@example.org");

	refuses_alias("both@example.org", "bob@example.org");
	refuses_alias("out@example.org", "x@elsewhere.example");
	assert_non_null(strstr(why, "not relayed"));
	refuses_alias("out@example.org", "nobody@example.org");
	refuses_alias("out@example.com", "bob@example.org");
	leads_nowhere("out@example.org", DIRECTORY_NO_USER);
	assert_int_equal(
	    registry_user_add(&d, "both@example.org", &login, NULL, why),
	    REGISTRY_REFUSED);

	/* A target that went later is left out. */
	del_user("bob@example.org");
	leads_to("both@example.org", "ann@example.org");
	del_alias("Both@example.org");
	leads_nowhere("both@example.org", DIRECTORY_NO_USER);
	assert_int_equal(
	    registry_alias_del(&d, "both@example.org", why), REGISTRY_REFUSED);
}

static void
test_loops(void **state)
{
	char name[64], before[64];
	int i;

	(void)state;
	add_user("ann@example.org");
	add_alias("a@example.org", "ann@example.org");
	add_alias("b@example.org", "a@example.org");
	refuses_alias("ann@example.org", "b@example.org");
	assert_non_null(strstr(why, "loop"));
	leads_to("b@example.org", "ann@example.org");
	refuses_alias("ann@example.org", "b+x@example.org");
	refuses_alias("self@example.org", "self@example.org");

	/* One that arises when a name in the middle goes. */
	add_user("c+x@example.org");
	add_alias("c@example.org", "c+x@example.org");
	del_user("c+x@example.org");
	leads_nowhere("c@example.org", DIRECTORY_LOOP);

	strcpy(before, "ann@example.org");
	for (i = 1; i < DIRECTORY_DEPTH; i++) {
		snprintf(name, sizeof(name), "chain%d@example.org", i);
		add_alias(name, before);
		strcpy(before, name);
	}
	leads_to(before, "ann@example.org");
	refuses_alias("too-long@example.org", before);
}

/* Diamonds upon diamonds: few names, 2^n ways. */
static void
test_visits_are_bounded(void **state)
{
	char name[64], to[160] = "ann@example.org";
	enum registry_result result = REGISTRY_OK;
	int i;

	(void)state;
	add_user("ann@example.org");
	for (i = 0; i < DIRECTORY_DEPTH - 2 && result == REGISTRY_OK; i++) {
		snprintf(name, sizeof(name), "l%d@example.org", i);
		result = alias(name, to);
		snprintf(
		    to, sizeof(to), "l%d@example.org,l%d@example.org", i, i);
	}
	assert_int_equal(result, REGISTRY_REFUSED);
	assert_true(i > 4);
}

static void
test_too_many_targets(void **state)
{
	static struct record_targets many;
	char name[64];
	unsigned i;

	(void)state;
	for (i = 0; i < WIRE_TARGETS_MAX + 1; i++) {
		snprintf(name, sizeof(name), "u%u@example.org", i);
		add_user(name);
		if (i < WIRE_TARGETS_MAX)
			strcpy(many.names[many.count++], name);
	}
	assert_int_equal(
	    registry_alias_add(&d, "all@example.org", &many, why), REGISTRY_OK);
	assert_int_equal(
	    directory_lookup(&d, "all@example.org", &targets), DIRECTORY_OK);
	assert_int_equal(targets.count, WIRE_TARGETS_MAX);
	refuses_alias("more@example.org", "all@example.org,u100@example.org");
	add_alias("same@example.org", "all@example.org,u99@example.org");
}

static void
test_postmaster(void **state)
{
	(void)state;
	leads_nowhere("postmaster", DIRECTORY_NO_USER);
	assert_int_equal(
	    registry_domain_add(&d, "empty.example", why), REGISTRY_OK);
	add_user("zoe@example.org");
	add_user("ann@example.org");
	leads_to("PostMaster", "ann@example.org");
	leads_to("postmaster@example.org", "ann@example.org");
	leads_to("postmaster@empty.example", "ann@example.org");
	leads_nowhere("postmaster@example.com", DIRECTORY_FOREIGN);
	d.postmaster = "postmaster@example.org";
	leads_to("postmaster@empty.example", "ann@example.org");
	d.postmaster = "zoe@example.org";
	leads_to("postmaster", "zoe@example.org");
	leads_to("postmaster@empty.example", "zoe@example.org");
	d.postmaster = "gone@example.org";
	leads_to("postmaster", "ann@example.org");
	add_user("postmaster@example.org");
	leads_to("postmaster", "postmaster@example.org");
	add_alias("postmaster@empty.example", "zoe@example.org");
	leads_to("postmaster@empty.example", "zoe@example.org");
}

static void
test_lists_and_domains(void **state)
{
	char name[WIRE_NAME_MAX];

	(void)state;
	assert_int_equal(
	    registry_domain_add(&d, "B.example", why), REGISTRY_OK);
	assert_int_equal(
	    registry_domain_add(&d, "b.EXAMPLE", why), REGISTRY_REFUSED);
	assert_int_equal(
	    registry_domain_add(&d, "no domain", why), REGISTRY_REFUSED);
	add_user("x@b.example");
	add_user("y@example.org");
	add_alias("z@b.example", "y@example.org");

	assert_int_equal(directory_next_domain(&d, "", name), DIRECTORY_OK);
	assert_string_equal(name, "b.example");
	assert_int_equal(
	    directory_next_domain(&d, "b.example", name), DIRECTORY_OK);
	assert_string_equal(name, "example.org");
	assert_int_equal(
	    directory_next_domain(&d, "example.org", name), DIRECTORY_NO_USER);

	assert_int_equal(directory_next_user(&d, "", "", name), DIRECTORY_OK);
	assert_string_equal(name, "x@b.example");
	assert_int_equal(directory_next_user(&d, name, "", name), DIRECTORY_OK);
	assert_string_equal(name, "y@example.org");
	assert_int_equal(
	    directory_next_user(&d, name, "", name), DIRECTORY_NO_USER);
	assert_int_equal(
	    directory_next_user(&d, "", "EXAMPLE.org", name), DIRECTORY_OK);
	assert_string_equal(name, "y@example.org");
	assert_int_equal(
	    directory_next_user(&d, "x@b.example", "b.example", name),
	    DIRECTORY_NO_USER);

	assert_int_equal(
	    directory_next_alias(&d, "", name, &targets), DIRECTORY_OK);
	assert_string_equal(name, "z@b.example");
	assert_int_equal(targets.count, 1);
	assert_string_equal(targets.names[0], "y@example.org");
	assert_int_equal(
	    directory_next_alias(&d, name, name, &targets), DIRECTORY_NO_USER);

	assert_int_equal(
	    registry_domain_del(&d, "b.example", why), REGISTRY_REFUSED);
	del_user("x@b.example");
	assert_int_equal(
	    registry_domain_del(&d, "b.example", why), REGISTRY_REFUSED);
	del_alias("z@b.example");
	assert_int_equal(
	    registry_domain_del(&d, "b.example", why), REGISTRY_OK);
	assert_int_equal(
	    registry_domain_del(&d, "b.example", why), REGISTRY_REFUSED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_records),
	    TEST(test_users),
	    TEST(test_plus),
	    TEST(test_aliases),
	    TEST(test_loops),
	    TEST(test_visits_are_bounded),
	    TEST(test_too_many_targets),
	    TEST(test_postmaster),
	    TEST(test_lists_and_domains),
	};

	log_set_level(LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
