/* Tests of helpers/password.c and login_cache.c. */
#include "../../helpers/password.h"
#include "../../helpers/login_cache.h"
#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "ring.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* crypt(5) of "Hello world!", as the specification of SHA-crypt gives it. */
#define SHA512                                                               \
	"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJ" \
	"uesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"

/* One that takes so long that nobody is done before all have asked. */
#define SLOW "$6$rounds=300000$saltstring$none"

#define CALLERS 12

/* What a fiber found; the assertions stand outside of it. */
static struct {
	enum password_result hashed, good, wrong, nobody, sha, sha_wrong;
	enum password_result odd, late, again, at_once[CALLERS];
	char hash[PASSWORD_HASH_MAX], other[PASSWORD_HASH_MAX];
	unsigned done, sent;
} got;

static struct password_pool *pool;

static void
ask_all(void *arg)
{
	int64_t soon = clock_after(60 * CLOCK_SECOND);

	(void)arg;
	got.hashed = password_hash(pool, "secret", got.hash, soon);
	password_hash(pool, "secret", got.other, soon);
	got.wrong = password_verify(pool, "ann", got.hash, "Secret", soon);
	got.good = password_verify(pool, "ann", got.hash, "secret", soon);
	got.again = password_verify(pool, "ann", got.hash, "Secret", soon);
	got.nobody = password_verify(pool, "bob", "", "secret", soon);
	got.sha = password_verify(pool, "eve", SHA512, "Hello world!", soon);
	got.sha_wrong = password_verify(pool, "eve", SHA512, "Hello", soon);
	got.odd = password_verify(pool, "ann", "plain", "plain", soon);
	got.late =
	    password_verify(pool, "ann", got.hash, "other", clock_now() - 1);
	worker_stop();
}

static void
test_hash_and_verify(void **state)
{
	(void)state;
	memset(&got, 0, sizeof(got));
	pool = password_open(2, 8, 600 * CLOCK_SECOND);
	assert_non_null(pool);
	assert_int_equal(worker_run(1, ask_all, NULL), 0);
	password_close(&pool);
	assert_null(pool);
	assert_int_equal(got.hashed, PASSWORD_GOOD);
	assert_memory_equal(got.hash, "$y$", 3);
	assert_string_not_equal(got.hash, got.other);
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

	*result = password_verify(
	    pool, "eve", SLOW, "Hello", clock_after(600 * CLOCK_SECOND));
	if (++got.done == got.sent)
		worker_stop();
}

static void
ask_at_once(void *arg)
{
	unsigned i;

	(void)arg;
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
	memset(&got, 0, sizeof(got));
	pool = password_open(2, 5, 0);
	assert_non_null(pool);
	assert_int_equal(worker_run(1, ask_at_once, NULL), 0);
	password_close(&pool);
	assert_int_equal(got.sent, CALLERS);
	for (i = 0; i < CALLERS; i++) {
		wrong += got.at_once[i] == PASSWORD_WRONG;
		busy += got.at_once[i] == PASSWORD_BUSY;
	}
	assert_int_equal(wrong, 5);
	assert_int_equal(busy, CALLERS - 5);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hash_and_verify),
	    cmocka_unit_test(test_queue_is_bounded),
	    cmocka_unit_test(test_cache),
	    cmocka_unit_test(test_cache_ends),
	    cmocka_unit_test(test_cache_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
