/*
 * Answers to a fetch: letters inside and on a shelf, and answers that lie about
 * where they end.
 */
#include "mailbox_fetched.h"

#include "clock.h"
#include "device.h"
#include "server.h"
#include "worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOON clock_after(20 * CLOCK_SECOND)

static char folder[64];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct device *device;
static struct shelf *shelf;
static void (*test_body)(void);

static int
answer_shelf(struct request *q)
{
	struct packet fields;

	if (packet_end(&q->packet) == -1)
		return -1;
	packet_init(&fields, 0);
	packet_put_u64(&fields, shelf->id);
	fields.fd = dup(shelf->fd);
	request_reply(&q, PACKET_OK, &fields);
	packet_free(&fields);
	return 0;
}

static const struct server_row rows[] = {
    {WIRE_SHELF, ROLE_POP3D, 0, answer_shelf, "shelf"},
    {.answer = NULL},
};
static struct server server;

/* An answer's head, and what a request that named a place has in hand. */
static void
begin(struct mailbox_fetched *f, struct packet *reply, uint32_t count,
    enum mailbox_where where)
{
	mailbox_fetched_init(f);
	assert_int_equal(shelf_take(device, &f->place, SOON), 0);
	packet_init(reply, 0);
	packet_put_u32(reply, count);
	packet_put_u8(reply, (uint8_t)where);
}

static void
refused(struct mailbox_fetched *f, uint32_t n, struct packet *reply)
{
	size_t length;

	assert_int_equal(mailbox_fetched_read(f, n, reply), -1);
	assert_int_not_equal(reply->error, 0);
	assert_null(mailbox_fetched_next(f, &length));
	packet_free(reply);
	mailbox_fetched_free(f);
	assert_null(f->place.reader);
}

static void
on_the_shelf(void)
{
	struct mailbox_fetched f;
	struct packet reply;
	const char *data;
	size_t length;

	begin(&f, &reply, 3, MAILBOX_ON_SHELF);
	memcpy(shelf_room(shelf, f.place.number), "onethree", 8);
	packet_put_u32(&reply, 3);
	packet_put_u32(&reply, 0);
	packet_put_u32(&reply, 5);
	assert_int_equal(mailbox_fetched_read(&f, 4, &reply), 0);
	assert_int_equal(f.fd, -1);
	data = mailbox_fetched_next(&f, &length);
	assert_int_equal(length, 3);
	assert_memory_equal(data, "one", 3);
	assert_non_null(mailbox_fetched_next(&f, &length));
	assert_int_equal(length, 0);
	data = mailbox_fetched_next(&f, &length);
	assert_int_equal(length, 5);
	assert_memory_equal(data, "three", 5);
	assert_null(mailbox_fetched_next(&f, &length));
	mailbox_fetched_free(&f);
	mailbox_fetched_free(&f);
}

/* The place is free at once; whether the shelf is kept, is seen by its id. */
static void
inside(void)
{
	struct mailbox_fetched f;
	struct packet reply;
	uint64_t first = shelf->id;
	const char *data;
	size_t length;

	for (int unknown = 0; unknown < 2; unknown++) {
		begin(&f, &reply, 1,
		    unknown ? MAILBOX_SHELF_UNKNOWN : MAILBOX_INLINE);
		assert_int_equal(f.place.id, first);
		packet_put_text(&reply, "letter");
		assert_int_equal(mailbox_fetched_read(&f, 1, &reply), 0);
		assert_null(f.place.reader);
		data = mailbox_fetched_next(&f, &length);
		assert_int_equal(length, 6);
		assert_memory_equal(data, "letter", 6);
		mailbox_fetched_free(&f);
	}
	shelf_free(&shelf);
	shelf = shelf_make();
	assert_non_null(shelf);
	begin(&f, &reply, 0, MAILBOX_INLINE);
	assert_int_equal(f.place.id, shelf->id);
	reply.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(mailbox_fetched_read(&f, 1, &reply), 0);
	assert_int_not_equal(f.fd, -1);
	assert_null(f.place.reader);
	assert_null(mailbox_fetched_next(&f, &length));
	mailbox_fetched_free(&f);
}

static void
lies(void)
{
	/* Lengths of up to eight letters on the shelf. */
	static const struct {
		uint32_t count, lengths[8];
	} wrong[] = {
	    {1, {MAILBOX_SMALL_MAX + 1}},
	    {1, {UINT32_MAX}},
	    {5, {32768, 32768, 32768, 32768, 1}},
	    {0, {0}},
	};
	struct mailbox_fetched f;
	struct packet reply;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		begin(&f, &reply, wrong[i].count, MAILBOX_ON_SHELF);
		for (uint32_t n = 0; n < wrong[i].count; n++)
			packet_put_u32(&reply, wrong[i].lengths[n]);
		refused(&f, 8, &reply);
	}
	begin(&f, &reply, 2, MAILBOX_ON_SHELF); /* more than asked for */
	packet_put_u32(&reply, 1);
	packet_put_u32(&reply, 1);
	refused(&f, 1, &reply);
	begin(&f, &reply, 1, MAILBOX_ON_SHELF); /* something left over */
	packet_put_u32(&reply, 1);
	packet_put_u8(&reply, 1);
	refused(&f, 1, &reply);
	begin(&f, &reply, 1, 1 + MAILBOX_SHELF_UNKNOWN);
	packet_put_u32(&reply, 1);
	refused(&f, 1, &reply);
	begin(&f, &reply, 1, MAILBOX_ON_SHELF); /* that nobody named */
	shelf_put(&f.place);
	packet_put_u32(&reply, 1);
	refused(&f, 1, &reply);
	begin(&f, &reply, 0, MAILBOX_INLINE); /* nothing at all */
	refused(&f, 1, &reply);
}

static void
first_fiber(void *arg)
{
	int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	(void)arg;
	shelf = shelf_make();
	assert_non_null(shelf);
	server = (struct server){.rows = rows, .peers_max = 4};
	assert_int_equal(
	    bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(server_listen(&server, listener, ROLE_POP3D), 0);
	device = device_open("mailbox", address.sun_path, 8);
	assert_non_null(device);
	test_body();
	shelf_leave();
	device_close(&device);
	shelf_free(&shelf);
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
	snprintf(folder, sizeof(folder), "/tmp/common_mailbox_fetched.XXXXXX");
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
	    BODY(on_the_shelf),
	    BODY(inside),
	    BODY(lies),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
