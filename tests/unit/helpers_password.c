/* Tests of helpers/password.c, pool.c, hasher.c and login_cache.c. */
#include "../../helpers/password.h"
#include "../../helpers/delay.h"
#include "../../helpers/login_cache.h"
#include "../../helpers/pool.h"
#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "super.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hashers_child.h"

/* crypt(5) of "Hello world!", as the specification of SHA-crypt gives it. */
#define SHA512                                                               \
	"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJ" \
	"uesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"

/* One that takes so long that nobody is done before all have asked. */
#define SLOW "$6$rounds=20000$saltstring$none"

#define CALLERS 12

static char folder[64], no_keys[1];
static struct helpers_conf conf;
static struct helper helper;
static const struct hash_want want = {HASH_YESCRYPT, 1, 4096};
static struct delay *delay;
static struct pool *pool;
static struct password *passwords;
static int64_t cache_time;
static unsigned queue;
static void (*body)(void);

/* What a fiber found; the assertions stand outside of it. */
static struct {
	enum password_result made, good, wrong, nobody, sha, sha_wrong;
	enum password_result odd, late, again, at_once[CALLERS];
	struct hash_made first, other;
	unsigned done, sent, served, order[CALLERS];
} got;

static int
set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/ringmail-password-XXXXXX");
	if (mkdtemp(folder) == NULL || chmod(folder, 0755) == -1)
		return -1;
	conf = (struct helpers_conf){
	    .run = folder, .state = folder, .token_keys = no_keys};
	helper = (struct helper){.conf = &conf,
	    .uid = geteuid() == 0 ? 65534 : geteuid(),
	    .gid = geteuid() == 0 ? 65534 : getegid()};
	memset(&got, 0, sizeof(got));
	cache_time = 0;
	queue = 8;
	super_block_signals();
	delay = delay_open(NULL, 1000, 8000);
	return delay == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	hashers_stop();
	delay_close(&delay);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void
first_fiber(void *arg)
{
	(void)arg;
	pool = pool_open(helper.link_hash, helper.hashers, queue, delay);
	passwords = password_open(pool, &want, cache_time);
	if (passwords != NULL)
		body();
	while (got.done < got.sent)
		fiber_yield();
	password_close(&passwords);
	pool_close(&pool);
	worker_stop();
}

static void
run(unsigned hashers, void (*main)(void))
{
	body = main;
	assert_int_equal(hashers_start(&helper, hashers), 0);
	assert_int_equal(worker_run(1, first_fiber, NULL), 0);
}

static enum password_result
verify(const char *user, const char *hash, const char *password)
{
	return password_verify(passwords, NULL, user, hash, password,
	    clock_after(600 * CLOCK_SECOND));
}

static void
ask_all(void)
{
	int64_t soon = clock_after(600 * CLOCK_SECOND);
	const char *hash = got.first.hash;

	got.made = password_make(passwords, NULL, "secret", &got.first, soon);
	password_make(passwords, NULL, "secret", &got.other, soon);
	got.wrong = verify("ann", hash, "Secret");
	got.good = verify("ann", hash, "secret");
	got.again = verify("ann", hash, "Secret");
	got.nobody = verify("bob", "", "secret");
	got.sha = verify("eve", SHA512, "Hello world!");
	got.sha_wrong = verify("eve", SHA512, "Hello");
	got.odd = verify("ann", "plain", "plain");
	got.late = password_verify(
	    passwords, NULL, "ann", hash, "other", clock_now() - 1);
}

static void
test_hash_and_verify(void **state)
{
	(void)state;
	cache_time = 600 * CLOCK_SECOND;
	run(2, ask_all);
	assert_int_equal(got.made, PASSWORD_GOOD);
	assert_memory_equal(got.first.hash, "$y$", 3);
	assert_string_not_equal(got.first.hash, got.other.hash);
	assert_int_equal(got.first.sha1.iterations, 4096);
	assert_int_equal(got.first.sha256.length, 32);
	assert_memory_not_equal(
	    got.first.sha256.stored, got.other.sha256.stored, 32);
	assert_int_equal(got.wrong, PASSWORD_WRONG);
	assert_int_equal(got.good, PASSWORD_GOOD);
	assert_int_equal(got.again, PASSWORD_WRONG);
	assert_int_equal(got.nobody, PASSWORD_WRONG);
	assert_int_equal(got.sha, PASSWORD_GOOD);
	assert_int_equal(got.sha_wrong, PASSWORD_WRONG);
	assert_int_equal(got.odd, PASSWORD_FAILED);
	assert_int_equal(got.late, PASSWORD_BUSY);
}

static void
ask_once(void *arg)
{
	enum password_result *result = arg;

	*result = verify("eve", SLOW, "Hello");
	got.done++;
}

static void
ask_at_once(void)
{
	unsigned i;

	for (i = 0; i < CALLERS; i++) {
		if (fiber_spawn("ask", ask_once, &got.at_once[i]) == 0)
			got.sent++;
	}
}

static void
test_queue_is_bounded(void **state)
{
	unsigned i, wrong = 0, busy = 0;

	(void)state;
	queue = 5;
	run(2, ask_at_once);
	assert_int_equal(got.sent, CALLERS);
	for (i = 0; i < CALLERS; i++) {
		wrong += got.at_once[i] == PASSWORD_WRONG;
		busy += got.at_once[i] == PASSWORD_BUSY;
	}
	assert_int_equal(wrong, 2 + 5);
	assert_int_equal(busy, CALLERS - 7);
}

/* Who asks, in this order: the first has the one process at once. */
static struct delay_who callers[CALLERS];
static const char *const clients[CALLERS] = {"192.0.2.1", "192.0.2.2",
    "192.0.2.2", "192.0.2.2", "192.0.2.2", "192.0.2.3", "192.0.2.4",
    "192.0.2.5", "192.0.2.6"};

static void
ask_as(void *arg)
{
	unsigned number = *(unsigned *)arg;

	got.at_once[number] = password_verify(passwords, &callers[number],
	    "eve", SHA512, "Hello", clock_after(600 * CLOCK_SECOND));
	if (got.at_once[number] != PASSWORD_BUSY)
		got.order[number] = ++got.served;
	got.done++;
}

static void
ask_in_turn(void)
{
	static unsigned numbers[CALLERS];

	for (unsigned i = 0; i < 9; i++) {
		numbers[i] = i;
		delay_identify(delay, clients[i], "eve", &callers[i]);
		got.sent++;
	}
	for (unsigned i = 0; i < 3; i++)
		delay_failed(delay, &callers[1]); /* and 2, 3, 4 */
	delay_failed(delay, &callers[5]);
	delay_good(delay, &callers[8]);
	for (unsigned i = 0; i < 9; i++)
		if (fiber_spawn("ask", ask_as, &numbers[i]) == -1)
			got.done++;
}

/* A flood stands behind those who did nothing, and falls out first. */
static void
test_good_ones_come_first(void **state)
{
	(void)state;
	queue = 6;
	run(1, ask_in_turn);
	assert_int_equal(got.order[0], 1);
	assert_int_equal(got.order[8] < got.order[6], 1);
	assert_int_equal(got.order[6] < got.order[7], 1);
	assert_int_equal(got.order[7] < got.order[5], 1);
	assert_int_equal(got.order[5] < got.order[1], 1);
	assert_int_equal(got.order[1] < got.order[2], 1);
	/* Nine, less the running one and a queue of six. */
	assert_int_equal(got.at_once[3], PASSWORD_BUSY);
	assert_int_equal(got.at_once[4], PASSWORD_BUSY);
}

/* What has time is asked for before the others, and again when all wait. */
static void
ask_idle(void *arg)
{
	static struct hash_made made;
	unsigned number = *(unsigned *)arg;

	got.at_once[number] = password_make_idle(
	    passwords, "secret", &made, clock_after(600 * CLOCK_SECOND));
	if (got.at_once[number] != PASSWORD_BUSY)
		got.order[number] = ++got.served;
	got.done++;
}

static void
ask_slowly(void *arg)
{
	unsigned number = *(unsigned *)arg;

	got.at_once[number] = password_verify(passwords, NULL, "eve", SLOW,
	    "Hello", clock_after(600 * CLOCK_SECOND));
	got.order[number] = ++got.served;
	got.done++;
}

static void
ask_with_time(void)
{
	static unsigned numbers[CALLERS];

	for (unsigned i = 0; i < 6; i++) {
		numbers[i] = i;
		got.sent++;
		if (fiber_spawn("ask", i == 1 || i == 3 ? ask_idle : ask_slowly,
			&numbers[i]) == -1)
			got.done++;
	}
}

/* Numbers 1 and 3 have time: all others are served first, by one process or by
 * two. */
static void
check_idle_is_last(unsigned hashers)
{
	queue = CALLERS;
	run(hashers, ask_with_time);
	assert_int_equal(got.at_once[1], PASSWORD_GOOD);
	assert_int_equal(got.at_once[3], PASSWORD_GOOD);
	assert_int_equal(got.order[1] + got.order[3], 5 + 6);
}

static void
test_upgrades_are_put_off(void **state)
{
	(void)state;
	check_idle_is_last(1);
}

static void
test_upgrades_leave_a_process(void **state)
{
	(void)state;
	check_idle_is_last(2);
}

/* They are the first that a full queue has no room for. */
static void
test_upgrades_are_pushed_out(void **state)
{
	(void)state;
	queue = 3;
	run(1, ask_with_time);
	assert_int_equal(got.at_once[1], PASSWORD_BUSY);
	assert_int_equal(got.at_once[3], PASSWORD_BUSY);
	for (unsigned i = 0; i < 6; i++)
		if (i != 1 && i != 3)
			assert_int_equal(got.at_once[i], PASSWORD_WRONG);
}

static void
ask_a_dead_one(void)
{
	int status;

	kill(hashers_pids[0], SIGKILL);
	waitpid(hashers_pids[0], &status, 0);
	hashers_pids[0] = hashers_fork(&helper, hashers_ends[0]);
	got.good = verify("eve", SHA512, "Hello world!");
}

/* Its successor finds what lies in the socket, or is asked anew. */
static void
test_a_killed_process_is_replaced(void **state)
{
	(void)state;
	run(1, ask_a_dead_one);
	assert_int_equal(got.good, PASSWORD_GOOD);
}

static void
test_cache(void **state)
{
	struct login_cache *c = login_cache_open(3600 * CLOCK_SECOND);

	(void)state;
	assert_non_null(c);
	assert_false(login_cache_has(c, "ann", "h", "p"));
	login_cache_add(c, "ann", "h", "p");
	assert_true(login_cache_has(c, "ann", "h", "p"));
	assert_false(login_cache_has(c, "ann", "h2", "p"));
	assert_false(login_cache_has(c, "ann", "h", "p2"));
	assert_false(login_cache_has(c, "anne", "h", "p"));
	assert_false(login_cache_has(c, "an", "nh", "p"));
	login_cache_add(c, "ann", "h2", "p2");
	assert_false(login_cache_has(c, "ann", "h", "p"));
	assert_true(login_cache_has(c, "ann", "h2", "p2"));
	login_cache_forget(c, "bob");
	login_cache_expire(c);
	assert_true(login_cache_has(c, "ann", "h2", "p2"));
	login_cache_forget(c, "ann");
	assert_false(login_cache_has(c, "ann", "h2", "p2"));
	login_cache_close(&c);
	assert_null(c);
}

static void
test_cache_ends(void **state)
{
	struct login_cache *c = login_cache_open(1);

	(void)state;
	assert_non_null(c);
	login_cache_add(c, "ann", "h", "p");
	assert_false(login_cache_has(c, "ann", "h", "p"));
	login_cache_close(&c);
	c = login_cache_open(0);
	assert_non_null(c);
	login_cache_add(c, "ann", "h", "p");
	assert_false(login_cache_has(c, "ann", "h", "p"));
	login_cache_close(&c);
}

static void
test_cache_is_bounded(void **state)
{
	struct login_cache *c = login_cache_open(3600 * CLOCK_SECOND);
	char user[16];
	unsigned i, kept = 0;

	(void)state;
	assert_non_null(c);
	for (i = 0; i < 3 * LOGIN_CACHE_MAX; i++) {
		snprintf(user, sizeof(user), "u%u", i);
		login_cache_add(c, user, "h", "p");
		assert_true(login_cache_has(c, user, "h", "p"));
	}
	for (i = 0; i < 3 * LOGIN_CACHE_MAX; i++) {
		snprintf(user, sizeof(user), "u%u", i);
		kept += (unsigned)login_cache_has(c, user, "h", "p");
	}
	assert_true(kept > LOGIN_CACHE_MAX / 2);
	assert_true(kept <= LOGIN_CACHE_MAX);
	login_cache_close(&c);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_hash_and_verify),
	    TEST(test_queue_is_bounded),
	    TEST(test_good_ones_come_first),
	    TEST(test_upgrades_are_put_off),
	    TEST(test_upgrades_leave_a_process),
	    TEST(test_upgrades_are_pushed_out),
	    TEST(test_a_killed_process_is_replaced),
	    cmocka_unit_test(test_cache),
	    cmocka_unit_test(test_cache_ends),
	    cmocka_unit_test(test_cache_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
