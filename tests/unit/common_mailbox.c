/*
 * The mailbox stub against a small mailbox of the test's own: sessions that
 * come back after a restart, deliveries that are told to be repeats, pages.
 */
#include "clock.h"
#include "device.h"
#include "fiber.h"
#include "mailbox.h"
#include "server.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOON clock_after(20 * CLOCK_SECOND)
#define PAGE 3

static char folder[64];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct mailbox *device;
static void (*test_body)(void);

/* What the helper remembers, and what it saw. */
static uint32_t handle;
static unsigned opens, resumes, expunges, names_expunged, deliveries, closes,
    leaves;
static uint8_t flags_seen, second_result;
static uint32_t results_more;
static size_t body_seen;
static int fd_seen, drop_first, bad_letter, lacks_catalog;
static uint32_t row_size = 128, damages;

static int
knows(struct request **q, uint32_t given)
{
	if (given == handle && handle != 0)
		return 1;
	request_reply(q, PACKET_GONE, NULL);
	return 0;
}

static int
answer_open(struct request *q)
{
	struct packet fields;
	size_t length;
	const void *proof = packet_get_data(&q->packet, 640, &length);

	if (packet_end(&q->packet) == -1)
		return -1;
	packet_init(&fields, 0);
	if (length == WIRE_TICKET_SIZE) {
		opens++;
		if (((const char *)proof)[1] != 't') {
			packet_put_u8(&fields, MAILBOX_DENIED);
			request_reply(&q, PACKET_REFUSED, &fields);
			packet_free(&fields);
			return 0;
		}
	} else {
		assert_string_equal(proof, "a token to come back with");
		resumes++;
	}
	handle = 100 + resumes;
	packet_put_u32(&fields, handle);
	packet_put_data(&fields, "a token to come back with", 26);
	packet_put_u32(&fields, resumes == 0 ? 5 : 99);
	packet_put_u64(&fields, 500);
	packet_put_u32(&fields, row_size);
	if (length == WIRE_TICKET_SIZE && !lacks_catalog)
		fields.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

static int
answer_damaged(struct request *q)
{
	uint32_t given = packet_get_u32(&q->packet);

	if (packet_end(&q->packet) == -1 || !knows(&q, given))
		return q == NULL ? 0 : -1;
	damages++;
	request_reply(&q, PACKET_OK, NULL);
	return 0;
}

/* Letters travel in the answer here; tests/unit/common_mailbox_fetched.c. */
static int
answer_shelf(struct request *q)
{
	if (packet_end(&q->packet) == -1)
		return -1;
	request_reply(&q, PACKET_TEMPORARY, NULL);
	return 0;
}

static int
answer_fetch(struct request *q)
{
	struct packet fields;
	uint32_t given = packet_get_u32(&q->packet);
	uint8_t small = packet_get_u8(&q->packet);
	uint64_t shelf = packet_get_u64(&q->packet);
	uint32_t place = packet_get_u32(&q->packet);
	uint32_t count = packet_get_u32(&q->packet);
	char files[MAILBOX_FETCH_MAX][WIRE_FILE_MAX];

	assert_in_range(count, 1, MAILBOX_FETCH_MAX);
	assert_true(shelf == 0 && place == 0);
	for (uint32_t i = 0; i < count; i++) {
		packet_get_text(&q->packet, files[i], sizeof(files[i]));
		assert_int_equal(packet_get_u64(&q->packet), 5);
	}
	if (packet_end(&q->packet) == -1 || !knows(&q, given))
		return q == NULL ? 0 : -1;
	packet_init(&fields, 0);
	if (strcmp(files[0], "new/gone") == 0) {
		packet_put_u8(&fields, MAILBOX_NO_LETTER);
		request_reply(&q, PACKET_REFUSED, &fields);
	} else {
		small = small && strcmp(files[0], "new/large") != 0;
		if (!small)
			fields.fd = open("/dev/null", O_RDONLY);
		packet_put_u32(&fields, small ? count + bad_letter : 0);
		packet_put_u8(&fields, MAILBOX_INLINE);
		for (uint32_t i = 0; i < count && small; i++)
			packet_put_text(&fields, files[i]);
		request_reply(&q, PACKET_OK, &fields);
	}
	packet_free(&fields);
	return 0;
}

static int
answer_expunge(struct request *q)
{
	uint32_t given = packet_get_u32(&q->packet);
	uint32_t count = packet_get_u32(&q->packet);
	char file[WIRE_FILE_MAX];

	assert_in_range(count, 1, 200);
	for (uint32_t i = 0; i < count; i++)
		packet_get_text(&q->packet, file, sizeof(file));
	if (packet_end(&q->packet) == -1 || !knows(&q, given))
		return q == NULL ? 0 : -1;
	expunges++;
	names_expunged += count;
	if (expunges == 1)
		handle = 0; /* as if the helper had died after it */
	request_reply(&q, PACKET_OK, NULL);
	return 0;
}

static int
answer_close(struct request *q)
{
	closes += packet_get_u32(&q->packet) == handle;
	request_reply(&q, PACKET_OK, NULL);
	return 0;
}

static int
answer_leave(struct request *q)
{
	leaves += packet_get_u32(&q->packet) == handle;
	request_drop(&q);
	return 0;
}

static int
answer_deliver(struct request *q)
{
	unsigned char results[WIRE_TARGETS_MAX + 1] = {0};
	struct packet *p = &q->packet, fields;
	char name[WIRE_NAME_MAX];
	uint32_t count;

	assert_int_equal(packet_get_u64(p), 7);
	assert_int_equal(packet_get_u64(p), 8);
	(void)packet_get_u64(p);
	(void)packet_get_u64(p);
	flags_seen = packet_get_u8(p);
	count = packet_get_u32(p);
	for (uint32_t n = count; n > 0; n--)
		packet_get_text(p, name, sizeof(name));
	(void)packet_get_data(p, WIRE_INLINE_MAX, &body_seen);
	assert_int_equal(packet_end(p), 0);
	fd_seen = p->fd != -1;
	if (++deliveries == 1 && drop_first)
		return -1; /* hangs up: it may have been carried out */
	results[1] = second_result;
	packet_init(&fields, 0);
	packet_put_data(&fields, results, count + results_more);
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

static const struct server_row rows[] = {
    {WIRE_OPEN, ROLE_POP3D, 0, answer_open, "open"},
    {WIRE_DAMAGED, ROLE_POP3D, 0, answer_damaged, "damaged"},
    {WIRE_FETCH, ROLE_POP3D, 0, answer_fetch, "fetch"},
    {WIRE_SHELF, ROLE_POP3D, 0, answer_shelf, "shelf"},
    {WIRE_EXPUNGE, ROLE_POP3D, 0, answer_expunge, "expunge"},
    {WIRE_CLOSE, ROLE_POP3D, 0, answer_close, "close"},
    {WIRE_LEAVE, ROLE_POP3D, 0, answer_leave, "leave"},
    {WIRE_DELIVER, ROLE_POP3D, SERVER_FD, answer_deliver, "deliver"},
    {.answer = NULL},
};
static struct server server;

static void
log_in(struct mailbox_session *s)
{
	const unsigned char ticket[WIRE_TICKET_SIZE] = "\0t";

	assert_int_equal(mailbox_open(device, ticket, s, SOON), MAILBOX_OK);
	assert_int_equal(s->count, 5);
	assert_int_equal(s->octets, 500);
}

static void
opening(void)
{
	const unsigned char nobody[WIRE_TICKET_SIZE] = "\xff";
	const unsigned char wrong[WIRE_TICKET_SIZE] = "\0w";
	const unsigned char ticket[WIRE_TICKET_SIZE] = "\0t";
	struct mailbox_session s;

	assert_int_equal(mailbox_open(device, wrong, &s, SOON), MAILBOX_DENIED);
	/* Of a helper that can't be. */
	assert_int_equal(
	    mailbox_open(device, nobody, &s, SOON), MAILBOX_TEMPORARY);
	log_in(&s);
	assert_int_equal(s.row, 128);
	assert_int_not_equal(fcntl(s.catalog, F_GETFD), -1);
	mailbox_damaged(&s, SOON);
	assert_int_equal(damages, 1);
	mailbox_close(&s);
	assert_int_equal(s.catalog, -1);
	mailbox_close(&s);
	log_in(&s);
	assert_int_equal(leaves, 1);
	mailbox_close(&s);
	/* Letters without a catalog; rows of a size that none has. */
	lacks_catalog = 1;
	assert_int_equal(
	    mailbox_open(device, ticket, &s, SOON), MAILBOX_TEMPORARY);
	lacks_catalog = 0;
	row_size = 100;
	assert_int_equal(
	    mailbox_open(device, ticket, &s, SOON), MAILBOX_TEMPORARY);
	row_size = 128;
}

static void
fetching(void)
{
	static const struct mailbox_wanted files[] = {{"new/1", 5},
	    {"new/2", 5}},
					   large = {"new/large", 5};
	struct mailbox_fetched f;
	struct mailbox_session s;
	const char *data;
	size_t length;

	bad_letter = 0;
	log_in(&s);
	assert_int_equal(mailbox_fetch(&s, files, 2, 1, &f, SOON), MAILBOX_OK);
	assert_int_equal(f.fd, -1);
	for (int i = 0; i < 2; i++) {
		data = mailbox_fetched_next(&f, &length);
		assert_int_equal(length, 5);
		assert_memory_equal(data, files[i].file, 5);
	}
	assert_null(mailbox_fetched_next(&f, &length));
	mailbox_fetched_free(&f);
	mailbox_fetched_free(&f);
	assert_int_equal(mailbox_fetch(&s, files, 1, 0, &f, SOON), MAILBOX_OK);
	assert_int_not_equal(f.fd, -1);
	assert_null(mailbox_fetched_next(&f, &length));
	mailbox_fetched_free(&f);
	assert_int_equal(mailbox_fetch(&s, &large, 1, 1, &f, SOON), MAILBOX_OK);
	assert_int_not_equal(f.fd, -1);
	mailbox_fetched_free(&f);
	bad_letter = 1; /* says more than it holds */
	assert_int_equal(
	    mailbox_fetch(&s, files, 2, 1, &f, SOON), MAILBOX_TEMPORARY);
	assert_null(mailbox_fetched_next(&f, &length));
	bad_letter = 0;
}

static void
coming_back(void)
{
	static const struct mailbox_wanted file = {"new/1", 5},
					   gone = {"new/gone", 5};
	struct mailbox_fetched f;
	struct mailbox_session s;

	log_in(&s);
	assert_int_equal(mailbox_fetch(&s, &file, 1, 1, &f, SOON), MAILBOX_OK);
	mailbox_fetched_free(&f);
	assert_int_equal(
	    mailbox_fetch(&s, &gone, 1, 1, &f, SOON), MAILBOX_NO_LETTER);
	assert_int_equal(f.fd, -1);
	assert_int_equal(resumes, 0);
	handle = 0;
	assert_int_equal(mailbox_fetch(&s, &file, 1, 1, &f, SOON), MAILBOX_OK);
	mailbox_fetched_free(&f);
	assert_int_equal(resumes, 1);
	assert_int_equal(s.count, 5); /* of the login's snapshot */
	handle = 0;
	assert_int_equal(s.row, 128);
	assert_int_not_equal(fcntl(s.catalog, F_GETFD), -1);
	assert_int_equal(resumes, 1);
	mailbox_close(&s);
}

static void
expunging(void)
{
	static char names[500][WIRE_FILE_MAX];
	const char *files[500];
	struct mailbox_session s;

	for (unsigned i = 0; i < 500; i++) {
		memset(names[i], 'x', sizeof(names[i]) - 1);
		snprintf(names[i], 8, "new/%03u", i % 1000);
		names[i][7] = 'x';
		files[i] = names[i];
	}
	log_in(&s);
	assert_int_equal(mailbox_expunge(&s, files, 0, SOON), MAILBOX_OK);
	assert_int_equal(expunges, 0);
	assert_int_equal(mailbox_expunge(&s, files, 500, SOON), MAILBOX_OK);
	assert_int_equal(names_expunged, 500);
	assert_true(expunges >= 3);
	assert_int_equal(resumes, 1);
	mailbox_close(&s);
	assert_int_equal(closes, 1);
	assert_int_equal(leaves, 0);
}

static void
delivering(void)
{
	static const char body[WIRE_INLINE_MAX];
	static char names[WIRE_TARGETS_MAX][WIRE_NAME_MAX];
	struct mailbox_delivery m = {.trace = 7,
	    .received = 8,
	    .count = WIRE_TARGETS_MAX,
	    .names = (const char(*)[WIRE_NAME_MAX])names,
	    .size = sizeof(body),
	    .body = body,
	    .spool = -1};

	for (int i = 0; i < WIRE_TARGETS_MAX; i++)
		memset(names[i], 'n', sizeof(names[i]) - 1);
	assert_int_equal(mailbox_deliver(device, &m, SOON), MAILBOX_OK);
	assert_int_equal(flags_seen, 0);
	assert_int_equal(body_seen, sizeof(body));
	assert_int_equal(fd_seen, 0);
	deliveries = 0;
	drop_first = 1;
	m.size = WIRE_INLINE_MAX + 1;
	m.spool = open("/dev/null", O_RDWR);
	assert_int_equal(mailbox_deliver(device, &m, SOON), MAILBOX_OK);
	assert_int_equal(deliveries, 2);
	assert_int_equal(flags_seen, WIRE_DELIVER_AGAIN);
	assert_int_equal(body_seen, 0);
	assert_int_equal(fd_seen, 1);
	assert_int_equal(close(m.spool), 0);
}

/* Each mailbox's own result; and answers that can't be right. */
static void
results(void)
{
	static const char names[2][WIRE_NAME_MAX] = {"a", "b"};
	enum mailbox_result each[2];
	struct mailbox_delivery m = {.trace = 7,
	    .received = 8,
	    .count = 2,
	    .names = names,
	    .size = 1,
	    .body = "\n",
	    .spool = -1,
	    .each = 1,
	    .wire = 1,
	    .results = each};

	second_result = MAILBOX_FULL;
	assert_int_equal(mailbox_deliver(device, &m, SOON), MAILBOX_FULL);
	assert_int_equal(flags_seen, WIRE_DELIVER_EACH | WIRE_DELIVER_WIRE);
	assert_int_equal(each[0], MAILBOX_OK);
	assert_int_equal(each[1], MAILBOX_FULL);
	m.results = NULL;
	assert_int_equal(mailbox_deliver(device, &m, SOON), MAILBOX_FULL);
	m.results = each;
	second_result = MAILBOX_RESULTS;
	assert_int_equal(mailbox_deliver(device, &m, SOON), MAILBOX_TEMPORARY);
	assert_int_equal(each[0], MAILBOX_TEMPORARY);
	second_result = MAILBOX_OK;
	results_more = 1;
	each[0] = each[1] = MAILBOX_OK;
	assert_int_equal(mailbox_deliver(device, &m, SOON), MAILBOX_TEMPORARY);
	assert_int_equal(each[1], MAILBOX_TEMPORARY);
	results_more = 0;
	assert_int_equal(mailbox_deliver(device, &m, SOON), MAILBOX_OK);
	assert_int_equal(each[1], MAILBOX_OK);
}

static void
first_fiber(void *arg)
{
	int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	(void)arg;
	handle = 0;
	opens = resumes = expunges = names_expunged = deliveries = closes =
	    leaves = 0;
	drop_first = bad_letter = second_result = 0;
	server = (struct server){.rows = rows, .peers_max = 4};
	assert_int_equal(
	    bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(server_listen(&server, listener, ROLE_POP3D), 0);
	device = mailbox_connect(address.sun_path, 8);
	assert_non_null(device);
	test_body();
	mailbox_disconnect(&device);
	unlink(address.sun_path);
	worker_stop();
}

static void
run(void **state)
{
	test_body = *(void (**)(void)) * state;
	assert_int_equal(worker_run(1, first_fiber, NULL), 0);
}

static int
make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/common_mailbox.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

#define BODY(f)                                           \
	{                                                 \
#f, run, NULL, NULL, &(void (*[1])(void)) \
		{                                         \
			f                                 \
		}                                         \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    BODY(opening),
	    BODY(fetching),
	    BODY(coming_back),
	    BODY(expunging),
	    BODY(delivering),
	    BODY(results),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
