/* Tests of helpers/rule.c and registry_rule.c. */
#include "directory_box.h"

#include "../../helpers/registry_rule.h"

static struct rule rule, other;

/* A rule of comma-joined senders; "" for none. */
static enum registry_result
set_rule(const char *name, int kind, const char *senders)
{
	char copy[512], *rest = copy, *one;

	rule.kind = kind;
	rule.senders.count = 0;
	strcpy(copy, senders);
	while (senders[0] != '\0' && (one = strsep(&rest, ",")) != NULL)
		strcpy(rule.senders.names[rule.senders.count++], one);
	why[0] = '\0';
	return registry_rule_set(&d, name, &rule, why);
}

static enum rule_result
check_as(const char *to, const char *from, int is_login)
{
	const struct rule_sender s = {from, is_login};

	assert_int_equal(directory_lookup(&d, to, &targets), DIRECTORY_OK);
	return rule_check(d.kv, d.matched, &s);
}

static void
passes(const char *to, const char *from)
{
	assert_int_equal(check_as(to, from, 0), RULE_PASSES);
}

static void
denies(const char *to, const char *from)
{
	assert_int_equal(check_as(to, from, 0), RULE_DENIES);
}

static void
test_records(void **state)
{
	static unsigned char octets[RULE_VALUE_MAX];
	size_t length, cut;

	(void)state;
	rule = (struct rule){.kind = WIRE_RULE_ONLY};
	assert_int_equal(rule_put(&rule, octets, 1), 0);
	length = rule_put(&rule, octets, sizeof(octets));
	assert_int_equal(length, 2);
	assert_int_equal(rule_get(&other, octets, length), 0);
	assert_int_equal(other.senders.count, 0);
	rule.senders.count = 2;
	rule.kind = WIRE_RULE_NOT;
	strcpy(rule.senders.names[0], "a@b.example");
	strcpy(rule.senders.names[1], "<>");
	length = rule_put(&rule, octets, sizeof(octets));
	assert_int_equal(rule_get(&other, octets, length), 0);
	assert_int_equal(other.kind, WIRE_RULE_NOT);
	assert_int_equal(other.senders.count, 2);
	assert_string_equal(other.senders.names[1], "<>");
	assert_int_equal(rule_put(&rule, octets, length - 1), 0);
	for (cut = 0; cut < length; cut++)
		/* All octets but 2 (no senders) and 15 (one) are none. */
		assert_int_equal(rule_get(&other, octets, cut),
		    cut == 2 || cut == 15 ? 0 : -1);
	octets[1] = 3;
	assert_int_equal(rule_get(&other, octets, length), -1);
	octets[1] = WIRE_RULE_NOT;
	octets[0] = 2;
	assert_int_equal(rule_get(&other, octets, length), -1);
}

static void
test_only(void **state)
{
	(void)state;
	add_user("ann@example.org");
	passes("ann@example.org", "x@remote.example");
	assert_int_equal(set_rule("Ann@example.org", WIRE_RULE_ONLY,
			     "@Example.org,Boss@remote.example,logins"),
	    REGISTRY_OK);
	passes("ann@example.org", "anybody@EXAMPLE.org");
	passes("ann+x@example.org", "\"any body\"@example.org");
	passes("ann@example.org", "boss@Remote.example");
	denies("ann@example.org", "x@remote.example");
	denies("ann@example.org", "x@sub.example.org");
	denies("ann@example.org", "");
	denies("ann@example.org", "?");
	denies("ann@example.org", "x@[192.0.2.1]");
	denies("ann@example.org", "logins");
	assert_int_equal(
	    check_as("ann@example.org", "x@remote.example", 1), RULE_PASSES);
	assert_int_equal(
	    set_rule("ann@example.org", WIRE_RULE_ONLY, ""), REGISTRY_OK);
	denies("ann@example.org", "ann@example.org");
	assert_int_equal(
	    check_as("ann@example.org", "ann@example.org", 1), RULE_DENIES);
	assert_int_equal(
	    registry_rule_del(&d, "ann@example.org", why), REGISTRY_OK);
	passes("ann@example.org", "x@remote.example");
	assert_int_equal(
	    registry_rule_del(&d, "ann@example.org", why), REGISTRY_REFUSED);
}

static void
test_not(void **state)
{
	(void)state;
	add_user("ann@example.org");
	add_alias("sales@example.org", "ann@example.org");
	assert_int_equal(
	    set_rule("sales@example.org", WIRE_RULE_NOT, "@bad.example,<>"),
	    REGISTRY_OK);
	denies("sales@example.org", "x@bad.example");
	denies("sales+x@example.org", "");
	passes("sales@example.org", "x@good.example");
	passes("ann@example.org", "x@bad.example");
	assert_int_equal(
	    set_rule("sales@example.org", WIRE_RULE_NOT, ""), REGISTRY_REFUSED);
}

/* A name's own rule, else its domain's; a postmaster has none. */
static void
test_domain(void **state)
{
	(void)state;
	add_user("ann@example.org");
	add_user("bob@example.org");
	add_alias("@example.org", "bob@example.org");
	assert_int_equal(
	    set_rule("Example.org", WIRE_RULE_ONLY, "logins"), REGISTRY_OK);
	denies("ann@example.org", "ann@example.org");
	denies("any@example.org", "ann@example.org");
	assert_int_equal(
	    set_rule("ann@example.org", WIRE_RULE_NOT, "@bad.example"),
	    REGISTRY_OK);
	passes("ann@example.org", "x@good.example");
	denies("bob@example.org", "x@good.example");
	assert_int_equal(
	    set_rule("@example.org", WIRE_RULE_ONLY, "<>"), REGISTRY_OK);
	passes("any@example.org", "");
	denies("bob@example.org", "");
	passes("postmaster@example.org", "x@bad.example");
	passes("postmaster", "x@bad.example");
	add_alias("postmaster@example.org", "ann@example.org");
	passes("Postmaster@example.org", "x@bad.example");
	assert_int_equal(
	    set_rule("postmaster@example.org", WIRE_RULE_ONLY, "logins"),
	    REGISTRY_REFUSED);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {
	    "", "x", "a b@example.org", "@", "@-x", "Logins", "<", "a@b@c.d"};
	size_t i;

	(void)state;
	add_user("ann@example.org");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rule.kind = WIRE_RULE_ONLY;
		rule.senders.count = 1;
		strcpy(rule.senders.names[0], bad[i]);
		assert_int_equal(
		    registry_rule_set(&d, "ann@example.org", &rule, why),
		    REGISTRY_REFUSED);
		assert_non_null(strstr(why, "no sender"));
	}
	assert_int_equal(set_rule("bob@example.org", WIRE_RULE_ONLY, "<>"),
	    REGISTRY_REFUSED);
	assert_int_equal(
	    set_rule("@example.org", WIRE_RULE_ONLY, "<>"), REGISTRY_REFUSED);
	assert_int_equal(
	    set_rule("example.com", WIRE_RULE_ONLY, "<>"), REGISTRY_REFUSED);
	assert_int_equal(
	    set_rule("a b", WIRE_RULE_ONLY, "<>"), REGISTRY_REFUSED);
	assert_int_equal(registry_rule_del(&d, "a b", why), REGISTRY_REFUSED);
	passes("ann@example.org", "x@remote.example");
}

/* A rule ends with what it is for. */
static void
test_deletion(void **state)
{
	char name[WIRE_NAME_MAX];

	(void)state;
	add_user("ann@example.org");
	add_alias("ann@example.org", "ann@example.org");
	assert_int_equal(
	    set_rule("ann@example.org", WIRE_RULE_ONLY, ""), REGISTRY_OK);
	assert_int_equal(
	    set_rule("example.org", WIRE_RULE_NOT, "<>"), REGISTRY_OK);
	assert_int_equal(rule_next(d.kv, "", name, &rule), DIRECTORY_OK);
	assert_string_equal(name, "example.org");
	assert_int_equal(rule_next(d.kv, name, name, &rule), DIRECTORY_OK);
	assert_string_equal(name, "ann@example.org");
	assert_int_equal(rule_next(d.kv, name, name, &rule), DIRECTORY_NO_USER);

	del_alias("ann@example.org");
	denies("ann@example.org", "x@remote.example");
	del_user("ann@example.org");
	add_user("ann@example.org");
	passes("ann@example.org", "x@remote.example");
	denies("ann@example.org", "");
	del_user("ann@example.org");
	assert_int_equal(
	    registry_domain_del(&d, "example.org", why), REGISTRY_OK);
	assert_int_equal(rule_next(d.kv, "", name, &rule), DIRECTORY_NO_USER);
}

/* As the names of users and aliases: directory_next.h. */
static void
test_capitals_that_were(void **state)
{
	char exact_name[] = "example.org", *items[] = {exact_name};
	const struct conf_list domains = {items, 1};
	static const char *const names[] = {
	    "Joe@example.org", "Zoe@example.org", "abe@example.org"};
	char name[WIRE_NAME_MAX] = "";

	(void)state;
	address_setup(&domains);
	for (int i = 0; i < 3; i++) {
		add_user(names[i]);
		assert_int_equal(
		    set_rule(names[i], WIRE_RULE_ONLY, ""), REGISTRY_OK);
	}
	address_setup(NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    rule_next(d.kv, name, name, &rule), DIRECTORY_OK);
		assert_string_equal(name, names[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_records),
	    TEST(test_only),
	    TEST(test_not),
	    TEST(test_domain),
	    TEST(test_refused),
	    TEST(test_deletion),
	    TEST(test_capitals_that_were),
	};

	log_set_level(LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
