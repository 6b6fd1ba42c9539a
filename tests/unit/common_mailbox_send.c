/*
 * Deliveries to mailboxes of several helpers: each follows its mailbox, and
 * all get it, or none, or each for itself.
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

#define SOON	clock_after(20 * CLOCK_SECOND)
#define HELPERS 3
#define BOXES	4
#define MANY	250 /* more than fit into a request */

static char folder[64];
static struct mailbox *mailbox;
static void (*test_body)(void);

/* Mailbox "bK" of message number 7. */
static struct box {
	unsigned home; /* the helper that has it */
	enum mailbox_result result;
	int has; /* the message */
} boxes[MANY];
static unsigned used = BOXES; /* of them */
static unsigned asked[HELPERS], retracts;
static uint8_t flags_seen[HELPERS];
static int hangs_up; /* the helper that does so, once, after its delivery */

static struct server servers[HELPERS];

static unsigned
self(struct request *q)
{
	/* Roles tell the helpers of this test apart. */
	return request_role(q) == ROLE_SMTPD   ? 0
	       : request_role(q) == ROLE_POP3D ? 1
					       : 2;
}

/* Reads the names into box numbers: their count. */
static uint32_t
read_boxes(struct packet *p, unsigned numbers[WIRE_TARGETS_MAX])
{
	char name[WIRE_NAME_MAX];
	uint32_t count = packet_get_u32(p);

	assert_in_range(count, 1, WIRE_TARGETS_MAX);
	for (uint32_t i = 0; i < count; i++) {
		packet_get_text(p, name, sizeof(name));
		numbers[i] = (unsigned)strtoul(name + 1, NULL, 10);
	}
	return count;
}

/* The octets of an answer; the number of those that are not 0. */
static unsigned
judge(struct request *q, const unsigned *numbers, uint32_t count,
    unsigned char *octets)
{
	unsigned bad = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct box *b = &boxes[numbers[i]];

		octets[i] = b->home == self(q)
				? (unsigned char)b->result
				: (unsigned char)(WIRE_DELIVER_MOVED | b->home);
		bad += octets[i] != 0;
	}
	return bad;
}

static void
reply_octets(struct request **q, const unsigned char *octets, uint32_t count)
{
	struct packet fields;

	packet_init(&fields, 0);
	packet_put_data(&fields, octets, count);
	request_reply(q, PACKET_OK, &fields);
	packet_free(&fields);
}

static int
answer_deliver(struct request *q)
{
	struct packet *p = &q->packet;
	unsigned numbers[WIRE_TARGETS_MAX], n = self(q), bad;
	unsigned char octets[WIRE_TARGETS_MAX];
	uint32_t count;
	size_t length;
	int each;

	assert_int_equal(packet_get_u64(p), 7);
	for (int i = 0; i < 3; i++)
		(void)packet_get_u64(p);
	flags_seen[n] = packet_get_u8(p);
	each = (flags_seen[n] & WIRE_DELIVER_EACH) != 0;
	count = read_boxes(p, numbers);
	(void)packet_get_data(p, WIRE_INLINE_MAX, &length);
	assert_int_equal(packet_end(p), 0);
	asked[n]++;
	bad = judge(q, numbers, count, octets);
	for (uint32_t i = 0; i < count; i++)
		if (octets[i] == 0 && (each || bad == 0))
			boxes[numbers[i]].has = 1;
	if (hangs_up == (int)n) {
		hangs_up = -1;
		return -1;
	}
	reply_octets(&q, octets, count);
	return 0;
}

static int
answer_room(struct request *q)
{
	unsigned numbers[WIRE_TARGETS_MAX];
	unsigned char octets[WIRE_TARGETS_MAX];
	uint32_t count;

	(void)packet_get_u64(&q->packet);
	count = read_boxes(&q->packet, numbers);
	assert_int_equal(packet_end(&q->packet), 0);
	(void)judge(q, numbers, count, octets);
	reply_octets(&q, octets, count);
	return 0;
}

static int
answer_retract(struct request *q)
{
	struct packet *p = &q->packet;
	unsigned numbers[WIRE_TARGETS_MAX];
	uint32_t count;

	for (int i = 0; i < 4; i++)
		(void)packet_get_u64(p);
	(void)packet_get_u8(p);
	count = read_boxes(p, numbers);
	assert_int_equal(packet_end(p), 0);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(boxes[numbers[i]].home, self(q));
		boxes[numbers[i]].has = 0;
	}
	retracts++;
	request_reply(&q, PACKET_OK, NULL);
	return 0;
}

static int
answer_spool(struct request *q)
{
	char name[WIRE_NAME_MAX];
	struct packet fields;
	unsigned home;

	packet_get_text(&q->packet, name, sizeof(name));
	assert_int_equal(packet_end(&q->packet), 0);
	asked[self(q)]++;
	home = boxes[strtoul(name + 1, NULL, 10)].home;
	packet_init(&fields, 0);
	if (home == self(q)) {
		fields.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		request_reply(&q, PACKET_OK, &fields);
	} else {
		packet_put_u8(&fields, (uint8_t)home);
		request_reply(&q, PACKET_ELSEWHERE, &fields);
	}
	packet_free(&fields);
	return 0;
}

#define ANY (ROLE_SMTPD | ROLE_POP3D | ROLE_ADMIN)
static const struct server_row rows[] = {
    {WIRE_DELIVER, ANY, SERVER_FD, answer_deliver, "deliver"},
    {WIRE_ROOM, ANY, 0, answer_room, "room"},
    {WIRE_RETRACT, ANY, 0, answer_retract, "retract"},
    {WIRE_SPOOL, ANY, 0, answer_spool, "spool"},
    {.answer = NULL},
};

static char names[MANY][WIRE_NAME_MAX];
static enum mailbox_result results[MANY];

static enum mailbox_result
deliver(int each)
{
	const struct mailbox_delivery m = {.trace = 7,
	    .received = 8,
	    .count = used,
	    .names = (const char(*)[WIRE_NAME_MAX])names,
	    .size = 1,
	    .body = "\n",
	    .spool = -1,
	    .each = each,
	    .results = results};

	for (unsigned i = 0; i < used; i++)
		boxes[i].has = 0;
	retracts = 0;
	memset(asked, 0, sizeof(asked));
	return mailbox_deliver(mailbox, &m, SOON);
}

static unsigned
count_having(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < used; i++)
		n += boxes[i].has != 0;
	return n;
}

/* The first time asks the first helper for all; then each is known. */
static void
follows(void)
{
	assert_int_equal(deliver(0), MAILBOX_OK);
	assert_int_equal(count_having(), BOXES);
	assert_int_equal(deliver(0), MAILBOX_OK);
	assert_int_equal(count_having(), BOXES);
	for (unsigned i = 0; i < HELPERS; i++) {
		assert_int_equal(asked[i], 1);
		assert_int_equal(flags_seen[i], WIRE_DELIVER_PART);
	}
	/* They were shared out anew. */
	for (unsigned i = 0; i < BOXES; i++)
		boxes[i].home = 0;
	assert_int_equal(deliver(0), MAILBOX_OK);
	assert_int_equal(count_having(), BOXES);
	assert_int_equal(retracts, 0);
}

static void
all_or_none(void)
{
	boxes[2].result = MAILBOX_FULL;
	assert_int_equal(deliver(0), MAILBOX_FULL);
	assert_int_equal(count_having(), 0);
	assert_int_equal(results[2], MAILBOX_FULL);
	/* Known by now: the first helpers have it before the last refuses. */
	assert_int_equal(deliver(0), MAILBOX_FULL);
	assert_int_equal(count_having(), 0);
	assert_int_equal(retracts, 2);
}

static void
each_for_itself(void)
{
	boxes[1].result = MAILBOX_FULL;
	assert_int_equal(deliver(1), MAILBOX_FULL);
	assert_int_equal(count_having(), BOXES - 1);
	for (unsigned i = 0; i < BOXES; i++)
		assert_int_equal(
		    results[i], i == 1 ? MAILBOX_FULL : MAILBOX_OK);
	assert_int_equal(retracts, 0);
}

/* A helper goes in the midst of it: the first is asked who has it by now. */
static void
moves_meanwhile(void)
{
	assert_int_equal(deliver(0), MAILBOX_OK);
	hangs_up = 2;
	assert_int_equal(deliver(0), MAILBOX_OK);
	assert_int_equal(count_having(), BOXES);
	assert_int_equal(flags_seen[2], WIRE_DELIVER_PART | WIRE_DELIVER_AGAIN);
	hangs_up = 1;
	assert_int_equal(deliver(1), MAILBOX_OK);
	assert_int_equal(count_having(), BOXES);
}

/* Helpers that send us round and round. */
static void
ends_a_circle(void)
{
	boxes[3].home = 200;
	assert_int_equal(deliver(1), MAILBOX_TEMPORARY);
	assert_int_equal(results[3], MAILBOX_TEMPORARY);
	assert_int_equal(boxes[3].has, 0);
}

static enum mailbox_result
room(unsigned count)
{
	return mailbox_room(
	    mailbox, count, (const char(*)[WIRE_NAME_MAX])names, 100, SOON);
}

/* More than a request holds, of two helpers. */
static void
splits(void)
{
	used = MANY;
	for (unsigned i = 0; i < MANY; i++)
		boxes[i].home = 0;
	assert_int_equal(deliver(0), MAILBOX_OK);
	assert_int_equal(count_having(), MANY);
	/* Who has them is known by now. */
	assert_int_equal(deliver(0), MAILBOX_OK);
	assert_int_equal(count_having(), MANY);
	assert_int_equal(asked[0], 3);
	assert_int_equal(flags_seen[0], WIRE_DELIVER_PART);
	assert_int_equal(room(MANY), MAILBOX_OK);

	/* The last part fails: those before it are taken back. */
	boxes[219].result = MAILBOX_FULL;
	assert_int_equal(room(MANY), MAILBOX_FULL);
	assert_int_equal(deliver(0), MAILBOX_FULL);
	assert_int_equal(count_having(), 0);
	assert_int_equal(retracts, 2);
	for (unsigned i = 220; i < MANY; i++)
		boxes[i].home = 1;
	assert_int_equal(deliver(1), MAILBOX_FULL);
	assert_int_equal(count_having(), MANY - 1);
	assert_int_equal(results[219], MAILBOX_FULL);
	assert_int_equal(results[MANY - 1], MAILBOX_OK);

	/* The helper goes in the midst of it, and comes again. */
	boxes[219].result = MAILBOX_OK;
	hangs_up = 0;
	assert_int_equal(deliver(0), MAILBOX_OK);
	assert_int_equal(count_having(), MANY);
	boxes[MANY - 1].result = MAILBOX_TEMPORARY;
	hangs_up = 0;
	assert_int_equal(deliver(0), MAILBOX_TEMPORARY);
	assert_int_equal(count_having(), 0);
	used = BOXES;
}

static void
asks_for_room(void)
{
	assert_int_equal(room(BOXES), MAILBOX_OK);
	boxes[3].result = MAILBOX_FULL;
	assert_int_equal(room(BOXES), MAILBOX_FULL);
}

static void
spools(void)
{
	int fd;

	for (unsigned i = 0; i < BOXES; i++) {
		assert_int_equal(
		    mailbox_spool(mailbox, names[i], &fd, SOON), MAILBOX_OK);
		assert_int_equal(close(fd), 0);
	}
	memset(asked, 0, sizeof(asked));
	assert_int_equal(
	    mailbox_spool(mailbox, names[2], &fd, SOON), MAILBOX_OK);
	assert_int_equal(close(fd), 0);
	assert_int_equal(asked[0], 0);
}

static void
address_of(struct sockaddr_un *a, unsigned n)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(a->sun_path, sizeof(a->sun_path), n == 0 ? "%s/s" : "%s/s.%u",
	    folder, n);
}

static void
first_fiber(void *arg)
{
	static const enum server_role roles[HELPERS] = {
	    ROLE_SMTPD, ROLE_POP3D, ROLE_ADMIN};
	struct sockaddr_un a;

	(void)arg;
	hangs_up = -1;
	for (unsigned i = 0; i < MANY; i++) {
		boxes[i] = (struct box){.home = i % HELPERS};
		snprintf(names[i], sizeof(names[i]), "b%u", i);
	}
	for (unsigned i = 0; i < HELPERS; i++) {
		int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);

		address_of(&a, i);
		servers[i] = (struct server){.rows = rows, .peers_max = 4};
		assert_int_equal(
		    bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
		assert_int_equal(listen(listener, 8), 0);
		assert_int_equal(
		    server_listen(&servers[i], listener, roles[i]), 0);
	}
	address_of(&a, 0);
	mailbox = mailbox_connect(a.sun_path, 8);
	assert_non_null(mailbox);
	test_body();
	mailbox_disconnect(&mailbox);
	assert_null(mailbox);
	for (unsigned i = 0; i < HELPERS; i++) {
		address_of(&a, i);
		unlink(a.sun_path);
	}
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
	snprintf(folder, sizeof(folder), "/tmp/common_mailbox_send.XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
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
	    BODY(follows),
	    BODY(all_or_none),
	    BODY(each_for_itself),
	    BODY(moves_meanwhile),
	    BODY(ends_a_circle),
	    BODY(splits),
	    BODY(asks_for_room),
	    BODY(spools),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
