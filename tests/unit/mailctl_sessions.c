/* Tests of mailctl/sessions.c: what a service tells, also one that lies. */
#include "../../mailctl/sessions.h"

#include "../../mailctl/output.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "answering.h"
#include "printed.h"
#include <cmocka.h>

#define PAGE 3

static unsigned there; /* sessions of the service, whose ids are 10, 20, ... */
static int lies, cuts; /* ids don't grow; the last field is missing */
static unsigned asked; /* requests that came */
static unsigned last;  /* which of them ends the service; 0: none */
static int is_gone;
static struct sessions all;

static void
put_session(struct packet *p, uint64_t id)
{
	packet_put_u64(p, id);
	packet_put_text(p, "192.0.2.7\x1b");
	packet_put_text(p, id == 20 ? "ann@x.y" : "");
	packet_put_text(p, id == 10 ? "" : "MAIL");
	packet_put_u8(p, id == 30);
	packet_put_u64(p, id == 20 ? 9000000 : 1000 + id); /* age */
	packet_put_u64(p, 500);
	packet_put_u64(p, UINT64_MAX);
	if (!cuts)
		packet_put_u64(p, 2);
}

static void
answer(struct packet *q, struct packet *reply)
{
	uint64_t after = packet_get_u64(q);
	uint32_t count = 0;

	if (++asked == last)
		shutdown(answering.ends[1], SHUT_RDWR);
	packet_put_u32(reply, 0);
	for (uint64_t id = 10; id <= 10ULL * there && count < PAGE; id += 10)
		if (id > after || lies) {
			put_session(reply, id);
			packet_set_u32(reply, 0, ++count);
		}
}

static enum client_exit
collect(unsigned count)
{
	const int fd = answering_begin(answer);
	enum client_exit code;

	assert_int_not_equal(fd, -1);
	sessions_free(&all);
	asked = 0;
	there = count;
	code = sessions_collect(&all, "smtpd", fd, &is_gone);
	answering_end();
	return code;
}

static void
all_pages_the_oldest_first(void **state)
{
	(void)state;
	assert_int_equal(collect(0), CLIENT_OK);
	assert_int_equal(all.count, 0);
	assert_int_equal(collect(7), CLIENT_OK);
	assert_int_equal(all.count, 7);
	assert_int_equal(asked, 4); /* 3, 3, 1, and none */
	assert_int_equal(collect(3), CLIENT_OK);
	assert_int_equal(printed_begin(), 0);
	sessions_print(&all);
	assert_string_equal(printed_end(),
	    "       SESSION             AGE   IDLE  COMMAND           IN"
	    "         OUT       CLIENT\n"
	    "smtpd  0000000000000014     2h     0s  MAIL      "
	    "18446744073709551615           2  -    192.0.2.7?  ann@x.y\n"
	    "smtpd  000000000000001e     1s     0s  MAIL      "
	    "18446744073709551615           2  TLS  192.0.2.7?\n"
	    "smtpd  000000000000000a     1s     0s  -         "
	    "18446744073709551615           2  -    192.0.2.7?\n");
	output_json = 1;
	assert_int_equal(printed_begin(), 0);
	sessions_print(&all);
	output_json = 0;
	assert_non_null(strstr(printed_end(),
	    "{\"service\": \"smtpd\", \"session\": \"0000000000000014\", "
	    "\"address\": \"192.0.2.7?\", \"user\": \"ann@x.y\", "
	    "\"command\": \"MAIL\", \"encrypted\": false, "
	    "\"age_ms\": 9000000, \"idle_ms\": 500, "
	    "\"in\": 18446744073709551615, \"out\": 2}"));
}

static void
a_service_that_lies(void **state)
{
	(void)state;
	assert_int_equal(printed_begin(), 0);
	lies = 1; /* would go on for ever */
	assert_int_equal(collect(5), CLIENT_TEMPORARY);
	assert_int_equal(asked, 2);
	lies = 0;
	cuts = 1;
	assert_int_equal(collect(5), CLIENT_TEMPORARY);
	cuts = 0;
	printed_end();
}

static void
a_service_that_ends(void **state)
{
	(void)state;
	last = 2;
	assert_int_equal(collect(7), CLIENT_OK);
	assert_int_equal(is_gone, 1);
	assert_int_equal(all.count, 0);
	last = 0;
	assert_int_equal(collect(7), CLIENT_OK);
	assert_int_equal(is_gone, 0);
}

static void
times_and_ids(void **state)
{
	char text[SESSIONS_TIME];

	(void)state;
	assert_string_equal(sessions_time(0, text), "0s");
	assert_string_equal(sessions_time(99999, text), "99s");
	assert_string_equal(sessions_time(100000, text), "1m");
	assert_string_equal(sessions_time(5999999, text), "99m");
	assert_string_equal(sessions_time(6000000, text), "1h");
	assert_string_equal(sessions_time(359999999, text), "99h");
	assert_string_equal(sessions_time(360000000, text), "4d");
	assert_string_equal(sessions_time(UINT64_MAX, text), "213503982334d");
	assert_true(sessions_id("1F") == 0x1f);
	assert_true(sessions_id("ffffffffffffffff") == UINT64_MAX);
	assert_true(sessions_id("10000000000000000") == 0);
	assert_true(sessions_id("") == 0 && sessions_id("1 ") == 0 &&
		    sessions_id("0x1") == 0 && sessions_id("-1") == 0);
}

static int
tear_down(void **state)
{
	(void)state;
	sessions_free(&all);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_pages_the_oldest_first),
	    cmocka_unit_test(a_service_that_lies),
	    cmocka_unit_test(a_service_that_ends),
	    cmocka_unit_test(times_and_ids),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
