/* A reload that brings certificates with new keys: what is asked, and when what
 * comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "clock.h"
#include "service.h"
#include "service_renew.h"

#include "renew_files.h"

#include <errno.h>
#include <stdlib.h>

#define ADDRESSES 2
#define EACH	  3

struct settings {
	struct service_settings service;
	char *name;
};

static const struct conf_setting rows[] = {
    {.name = "name",
	.kind = CONF_TEXT,
	.offset = offsetof(struct settings, name),
	.fallback = "a name"},
    {.name = NULL}};
static const struct conf_spec spec = {rows, sizeof(struct settings), NULL};

/* The helper's part: the keys that it has, how often it was asked, for how many
 * keys, and how it fails. */
static struct {
	const unsigned char *has[4];
	unsigned calls, names;
	int error;
} helper;

static unsigned char keys[4][TLS_KEY_NAME];

static int
ask(const unsigned char *names, size_t count, unsigned char *has,
    int64_t deadline)
{
	assert_true(deadline > clock_now());
	helper.calls++;
	helper.names = (unsigned)count;
	if (helper.error != 0) {
		errno = helper.error;
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		has[i] = 0;
		for (int k = 0; k < 4; k++)
			if (helper.has[k] != NULL &&
			    memcmp(helper.has[k], names + i * TLS_KEY_NAME,
				TLS_KEY_NAME) == 0)
				has[i] = 1;
	}
	return 0;
}

static struct service_news
make_news(uint32_t generation, const struct tls_files *files)
{
	struct service_news n = {
	    .generation = generation, .count = ADDRESSES, .each = EACH};
	char why[256];

	n.conf = conf_load(&spec, NULL, why, sizeof(why));
	assert_non_null(n.conf);
	assert_int_equal(
	    tls_files_append(&n.files, files->data, files->length), 0);
	return n;
}

/* A reading with these files; what is to be shown. */
static struct tls_files
take(
    uint32_t generation, const struct tls_files *files, service_renew_ask *asks)
{
	struct service_news n = make_news(generation, files);
	struct tls_files shown;

	service_renew_take(&n, &spec, asks);
	shown = n.files;
	n.files = (struct tls_files){0};
	service_control_forget(&spec, &n);
	return shown;
}

static void
expect(struct tls_files shown, const struct tls_files *wanted)
{
	assert_true(is_same(&shown, wanted));
	tls_files_free(&shown);
}

/* The reading comes once more, as it was but for what is shown. */
static void
expect_again(uint32_t generation, const struct tls_files *wanted)
{
	const struct settings *settings;
	struct service_news n;

	assert_int_equal(service_renew_again(&n), 1);
	settings = n.conf;
	assert_int_equal(n.generation, generation);
	assert_int_equal(n.count, ADDRESSES);
	assert_int_equal(n.each, EACH);
	assert_string_equal(settings->name, "a name");
	for (int i = 0; i < ADDRESSES * EACH; i++)
		assert_int_equal(n.fds[i], -1);
	assert_true(is_same(&n.files, wanted));
	service_control_forget(&spec, &n);
}

static struct tls_files old, new, both, old_both;

static int
set_up(void **state)
{
	(void)state;
	memset(&helper, 0, sizeof(helper));
	put_new(&old, "A", "a.example", keys[0]);
	put_new(&new, "A", "a.example", keys[1]);
	put_new(&old_both, "A", "a.example", keys[0]);
	put_new(&old_both, "B", "b.example", keys[0]);
	put_new(&both, "A", "a.example", keys[2]);
	put_new(&both, "B", "b.example", keys[3]);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	service_renew_end();
	tls_files_free(&old);
	tls_files_free(&new);
	tls_files_free(&both);
	tls_files_free(&old_both);
	return 0;
}

static void
keys_that_are_there(void **state)
{
	struct service_news n;

	(void)state;
	service_renew_first(&old);
	helper.has[0] = keys[1];
	expect(take(1, &new, ask), &new);
	assert_int_equal(helper.calls, 1);
	assert_true(service_renew_due() == CLOCK_NEVER);
	assert_int_equal(service_renew_again(&n), 0);
	/* What is shown already is not asked for. */
	expect(take(2, &new, ask), &new);
	assert_int_equal(helper.calls, 1);
}

static void
keys_that_come_later(void **state)
{
	struct service_news n;
	int64_t due;

	(void)state;
	service_renew_first(&old);
	expect(take(1, &new, ask), &old);
	due = service_renew_due();
	assert_true(due != CLOCK_NEVER);
	assert_int_equal(service_renew_again(&n), 0);
	assert_true(service_renew_due() > due);
	helper.has[0] = keys[1];
	expect_again(1, &new);
	assert_true(service_renew_due() == CLOCK_NEVER);
	assert_int_equal(helper.calls, 3);
	assert_int_equal(service_renew_again(&n), 0);
	assert_int_equal(helper.calls, 3);
}

static void
one_after_the_other(void **state)
{
	struct service_news n;
	struct tls_files shown;

	(void)state;
	service_renew_first(&old_both);
	expect(take(1, &both, ask), &old_both);
	assert_int_equal(helper.names, 2);
	helper.has[0] = keys[3];
	assert_int_equal(service_renew_again(&n), 1);
	shown = n.files;
	assert_false(is_same(&shown, &old_both));
	assert_false(is_same(&shown, &both));
	service_control_forget(&spec, &n);
	assert_true(service_renew_due() != CLOCK_NEVER);
	/* One that was there once counts, even if it goes. */
	helper.has[0] = keys[2];
	expect_again(1, &both);
}

static void
a_newer_reading_counts(void **state)
{
	(void)state;
	service_renew_first(&old);
	expect(take(1, &new, ask), &old);
	/* Back to what is shown: nothing is waited for. */
	expect(take(2, &old, ask), &old);
	assert_true(service_renew_due() == CLOCK_NEVER);
	expect(take(3, &new, ask), &old);
	helper.has[0] = keys[1];
	expect_again(3, &new);
}

static void
what_is_shown_at_once(void **state)
{
	const struct tls_files none = {0};

	(void)state;
	/* There is nothing else to show. */
	expect(take(1, &new, ask), &new);
	expect(take(2, &none, ask), &none);
	expect(take(3, &old, ask), &old);
	/* Nobody can be asked. */
	expect(take(4, &new, NULL), &new);
	assert_int_equal(helper.calls, 0);
	assert_true(service_renew_due() == CLOCK_NEVER);
}

static void
a_helper_that_is_away(void **state)
{
	struct service_news n;

	(void)state;
	service_renew_first(&old);
	helper.error = ETIMEDOUT;
	expect(take(1, &new, ask), &old);
	for (int i = 0; i < 20; i++)
		assert_int_equal(service_renew_again(&n), 0);
	helper.error = 0;
	helper.has[0] = keys[1];
	expect_again(1, &new);
}

/* One of an earlier version hangs up each time: then it is as it was. */
static void
a_helper_that_does_not_know_of_it(void **state)
{
	struct service_news n;
	int result = 0;

	(void)state;
	service_renew_first(&old);
	helper.error = ECONNRESET;
	expect(take(1, &new, ask), &old);
	while (helper.calls < 4)
		assert_int_equal(service_renew_again(&n), 0);
	result = service_renew_again(&n);
	assert_int_equal(result, 1);
	assert_true(is_same(&n.files, &new));
	service_control_forget(&spec, &n);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(keys_that_are_there),
	    TEST(keys_that_come_later),
	    TEST(one_after_the_other),
	    TEST(a_newer_reading_counts),
	    TEST(what_is_shown_at_once),
	    TEST(a_helper_that_is_away),
	    TEST(a_helper_that_does_not_know_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
