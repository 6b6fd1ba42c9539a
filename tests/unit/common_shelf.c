/*
 * The shelf: the memory itself, the reader's places, and helpers that offer
 * something that is no shelf.
 */
#include "shelf.h"

#include "clock.h"
#include "device.h"
#include "ring.h"
#include "server.h"
#include "wire.h"
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
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOON   clock_after(20 * CLOCK_SECOND)
#define OCTETS ((size_t)SHELF_PLACES * SHELF_ROOM)

static char folder[64];
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct device *device;
static struct shelf *shelf;
static unsigned asked;
static enum { GOOD, NONE, NO_FD, NO_ID, SHORT, UNSEALED } offer;
static void (*test_body)(void);

/* Memory of so many octets, which its maker can take away. */
static int
unsealed(size_t octets)
{
	int fd = memfd_create("shelf", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_not_equal(fd, -1);
	assert_int_equal(ftruncate(fd, (off_t)octets), 0);
	return fd;
}

static int
answer_shelf(struct request *q)
{
	struct packet fields;

	asked++;
	if (packet_end(&q->packet) == -1)
		return -1;
	packet_init(&fields, 0);
	packet_put_u64(&fields, offer == NO_ID ? 0 : shelf->id);
	if (offer == SHORT) {
		fields.fd = unsealed(SHELF_ROOM);
		assert_int_equal(
		    fcntl(fields.fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	} else if (offer == UNSEALED) {
		fields.fd = unsealed(OCTETS);
	} else if (offer != NO_FD) {
		fields.fd = dup(shelf->fd);
	}
	request_reply(&q, offer == NONE ? PACKET_TEMPORARY : PACKET_OK,
	    offer == NONE ? NULL : &fields);
	packet_free(&fields);
	return 0;
}

static const struct server_row rows[] = {
    {WIRE_SHELF, ROLE_POP3D, 0, answer_shelf, "shelf"},
    {.answer = NULL},
};
static struct server server;

static void
memory(void)
{
	struct shelf *other = shelf_make();
	void *map;

	assert_non_null(other);
	assert_int_not_equal(other->id, 0);
	assert_int_not_equal(other->id, shelf->id);
	assert_ptr_equal(shelf_room(other, 0), other->octets);
	assert_ptr_equal(shelf_room(other, SHELF_PLACES - 1),
	    other->octets + OCTETS - SHELF_ROOM);
	assert_null(shelf_room(other, SHELF_PLACES));
	assert_null(shelf_room(other, UINT32_MAX));
	/* Its reader can neither shorten nor write it. */
	assert_int_equal(ftruncate(other->fd, 0), -1);
	assert_int_equal(errno, EPERM);
	map = mmap(
	    NULL, OCTETS, PROT_READ | PROT_WRITE, MAP_SHARED, other->fd, 0);
	assert_ptr_equal(map, MAP_FAILED);
	shelf_free(&other);
	assert_null(other);
	shelf_free(&other);
}

static void
places(void)
{
	struct shelf_place p[SHELF_PLACES], more;

	for (uint32_t i = 0; i < SHELF_PLACES; i++) {
		assert_int_equal(shelf_take(device, &p[i], SOON), 0);
		assert_int_equal(p[i].number, i);
		assert_int_equal(p[i].id, shelf->id);
		snprintf((char *)shelf_room(shelf, i), 20, "letter %u", i);
	}
	assert_string_equal(shelf_octets(&p[63]), "letter 63");
	assert_int_equal(shelf_take(device, &more, SOON), -1);
	assert_null(more.reader);
	shelf_put(&more);
	shelf_put(&p[40]);
	shelf_put(&p[7]);
	shelf_put(&p[7]);
	assert_int_equal(shelf_take(device, &p[7], SOON), 0);
	assert_int_equal(p[7].number, 7);
	assert_string_equal(shelf_octets(&p[7]), "letter 7");
	assert_int_equal(asked, 1);
	for (uint32_t i = 0; i < SHELF_PLACES; i++)
		shelf_put(&p[i]);
}

/* After another helper: who holds a place still reads it. */
static void
another_helper(void)
{
	struct shelf_place old, new;

	assert_int_equal(shelf_take(device, &old, SOON), 0);
	strcpy((char *)shelf_room(shelf, 0), "kept");
	shelf_free(&shelf);
	shelf = shelf_make();
	assert_non_null(shelf);
	shelf_is_unknown(&old);
	shelf_is_unknown(&old);
	assert_int_equal(shelf_take(device, &new, SOON), 0);
	assert_int_equal(asked, 2);
	assert_int_equal(new.number, 0);
	assert_int_equal(new.id, shelf->id);
	assert_int_not_equal(old.id, new.id);
	assert_string_equal(shelf_octets(&old), "kept");
	/* It was told already: the new one stays. */
	shelf_is_unknown(&old);
	shelf_put(&old);
	shelf_put(&new);
	assert_int_equal(shelf_take(device, &new, SOON), 0);
	assert_int_equal(asked, 2);
	shelf_leave(); /* with a place in use */
	assert_string_equal(shelf_octets(&new), "");
	shelf_put(&new);
}

static void
helper_without(void)
{
	struct shelf_place p;

	offer = NONE;
	assert_int_equal(shelf_take(device, &p, SOON), -1);
	assert_int_equal(shelf_take(device, &p, SOON), -1);
	assert_int_equal(asked, 1); /* not each time */
	assert_int_equal(
	    ring_sleep(ring_self(), clock_after(1100 * CLOCK_MILLISECOND)), 0);
	offer = GOOD;
	assert_int_equal(shelf_take(device, &p, SOON), 0);
	shelf_put(&p);
}

static void
refuse(void)
{
	struct shelf_place p;

	assert_int_equal(shelf_take(device, &p, SOON), -1);
	assert_null(p.reader);
	assert_int_equal(asked, 1);
}

static void
without_descriptor(void)
{
	offer = NO_FD;
	refuse();
}

static void
without_id(void)
{
	offer = NO_ID;
	refuse();
}

static void
too_short(void)
{
	offer = SHORT;
	refuse();
}

static void
not_sealed(void)
{
	offer = UNSEALED;
	refuse();
}

static void
first_fiber(void *arg)
{
	int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	(void)arg;
	asked = 0;
	offer = GOOD;
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
	snprintf(folder, sizeof(folder), "/tmp/common_shelf.XXXXXX");
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
	    BODY(memory),
	    BODY(places),
	    BODY(another_helper),
	    BODY(helper_without),
	    BODY(without_descriptor),
	    BODY(without_id),
	    BODY(too_short),
	    BODY(not_sealed),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
