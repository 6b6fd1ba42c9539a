/* Several packets a system call: bundles, their order, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "packet.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MANY = PACKET_BATCH };

static int ends[2];
static struct packet_batch batch;
static struct packet packets[MANY];
static const struct packet *list[MANY];

static int
lowest_free_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* MANY packets, each with its number, and octets[i] octets besides. */
static int
set_up(void **state)
{
	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == -1)
		return -1;
	for (uint32_t i = 0; i < MANY; i++) {
		packet_init(&packets[i], (uint16_t)(1 + i));
		packets[i].head.id = 100 + i;
		packet_put_u32(&packets[i], i);
		list[i] = &packets[i];
	}
	return packet_socket(ends[0]) | packet_socket(ends[1]);
}

static int
tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < MANY; i++)
		packet_free(&packets[i]);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void
free_batch(void)
{
	for (unsigned i = 0; i < batch.count; i++)
		packet_free(&batch.packets[i]);
	batch.count = 0;
}

/* p is packet i, as it was sent. */
static void
expect(struct packet *p, uint32_t i)
{
	assert_int_equal(p->error, 0);
	assert_int_equal(p->head.id, 100 + i);
	assert_int_equal(p->head.type, 1 + i);
	assert_int_equal(packet_get_u32(p), i);
	assert_int_equal(p->length, packets[i].length);
	assert_memory_equal(p->data, packets[i].data, p->length);
	assert_int_equal(p->fd != -1, packets[i].fd != -1);
}

static void
receive(unsigned count)
{
	assert_int_equal(packet_receive_some(ends[1], &batch), 0);
	assert_int_equal(batch.count, count);
	assert_false(batch.ended);
}

static void
a_bundle_is_one_datagram(void **state)
{
	unsigned char octets[PACKET_MAX];
	const size_t one = sizeof(struct packet_bundled) + 4;

	(void)state;
	assert_int_equal(
	    packet_send_some(ends[0], list, MANY, PACKET_BUNDLES), MANY);
	assert_int_equal(recv(ends[1], octets, sizeof(octets), MSG_PEEK),
	    sizeof(struct packet_head) + MANY * one);
	receive(MANY);
	assert_true(batch.bundles);
	assert_true(batch.drained);
	for (uint32_t i = 0; i < MANY; i++)
		expect(&batch.packets[i], i);
	free_batch();
	receive(0);
	assert_true(batch.drained);
}

static void
without_bundles_each_is_alone(void **state)
{
	struct packet p;

	(void)state;
	packet_init(&p, 0);
	assert_int_equal(packet_send_some(ends[0], list, MANY, 0), MANY);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(packet_receive(ends[1], &p), 1);
		expect(&p, i);
	}
	packet_free(&p);
	for (uint32_t i = 3; i < MANY; i += batch.count, free_batch()) {
		receive(
		    i + PACKET_DATAGRAMS <= MANY ? PACKET_DATAGRAMS : MANY - i);
		assert_false(batch.bundles);
		assert_int_equal(batch.drained, batch.count < PACKET_DATAGRAMS);
		for (unsigned k = 0; k < batch.count; k++)
			expect(&batch.packets[k], i + k);
	}
}

/* Descriptors and large packets travel alone, and all come in order. */
static void
a_mixture_keeps_its_order(void **state)
{
	static const char large[5000];
	int before = lowest_free_fd();
	uint32_t i = 0;

	(void)state;
	packets[0].fd = dup(0);
	packets[5].fd = dup(0);
	packet_put_data(&packets[6], large, sizeof(large));
	packet_put_data(&packets[9], "odd", 3);
	packet_free(&packets[12]); /* no fields at all */
	packets[12].head.id = 112;
	assert_int_equal(
	    packet_send_some(ends[0], list, MANY, PACKET_BUNDLES), MANY);
	do {
		assert_int_equal(packet_receive_some(ends[1], &batch), 0);
		for (unsigned k = 0; k < batch.count; k++, i++)
			if (i != 12)
				expect(&batch.packets[k], i);
			else
				assert_int_equal(batch.packets[k].length, 0);
		free_batch();
	} while (!batch.drained);
	assert_int_equal(i, MANY);
	packet_free(&packets[0]);
	packet_free(&packets[5]);
	assert_int_equal(lowest_free_fd(), before);
}

/* One that can't be sent keeps those behind it back, and is then first. */
static void
an_error_ends_the_batch(void **state)
{
	(void)state;
	packets[4].error = EMSGSIZE;
	assert_int_equal(
	    packet_send_some(ends[0], list, MANY, PACKET_BUNDLES), 4);
	assert_int_equal(
	    packet_send_some(ends[0], list + 4, 2, PACKET_BUNDLES), -1);
	assert_int_equal(errno, EMSGSIZE);
	receive(4);
	free_batch();
}

/* ---- what is refused ---- */

static unsigned char octets[PACKET_MAX];
static size_t used;

static void
put(const void *from, size_t length)
{
	memcpy(octets + used, from, length);
	used += length;
}

static void
begin(uint32_t count, uint16_t status)
{
	used = 0;
	put(&(struct packet_head){count, PACKET_BUNDLE, status},
	    sizeof(struct packet_head));
}

/* A packet of a bundle that says to have so many octets, and has them. */
static void
put_bundled(uint32_t says, uint32_t has, uint16_t type)
{
	struct packet_bundled b = {says, {7, type, 0}};

	put(&b, sizeof(b));
	put("0123456789", has);
}

/* The bundle gives so many packets, and then one with the error. */
static void
expect_malformed(unsigned good)
{
	struct packet p;

	assert_int_equal(send(ends[0], octets, used, 0), (ssize_t)used);
	receive(good + 1);
	for (unsigned i = 0; i < good; i++)
		assert_int_equal(batch.packets[i].error, 0);
	assert_int_equal(batch.packets[good].error, EBADMSG);
	free_batch();
	packet_init(&p, 0);
	assert_int_equal(send(ends[0], octets, used, 0), (ssize_t)used);
	assert_int_equal(packet_receive(ends[1], &p), -1);
	assert_int_equal(errno, EBADMSG);
	packet_free(&p);
}

static void
malformed_bundles(void **state)
{
	(void)state;
	begin(0, 0);
	expect_malformed(0);
	begin(1, 0);
	put_bundled(4, 4, 1);
	expect_malformed(0);
	begin(PACKET_BATCH + 1, 0);
	for (int i = 0; i < PACKET_BATCH + 1; i++)
		put_bundled(4, 4, 1);
	expect_malformed(0);
	begin(2, 1); /* no reply has this type */
	put_bundled(4, 4, 1);
	put_bundled(4, 4, 1);
	expect_malformed(0);
	begin(3, 0); /* one too few */
	put_bundled(4, 4, 1);
	put_bundled(4, 4, 1);
	expect_malformed(2);
	begin(2, 0); /* one too many */
	put_bundled(4, 4, 1);
	put_bundled(4, 4, 1);
	put_bundled(4, 4, 1);
	expect_malformed(2);
	begin(2, 0); /* one that is cut off, by its length and in its head */
	put_bundled(4, 4, 1);
	put_bundled(11, 10, 1);
	expect_malformed(1);
	begin(2, 0);
	put_bundled(4, 4, 1);
	put_bundled(0, 0, 1);
	used--;
	expect_malformed(1);
	begin(2, 0);
	put_bundled(UINT32_MAX, 4, 1);
	put_bundled(4, 4, 1);
	expect_malformed(0);
	begin(2, 0); /* a bundle in a bundle */
	put_bundled(4, 4, 1);
	put_bundled(4, 4, PACKET_BUNDLE);
	expect_malformed(1);
}

static void
send_with_fd(void)
{
	struct packet p;

	/* A packet's head is a bundle's, so this is one with a descriptor. */
	packet_init(&p, PACKET_BUNDLE);
	p.head.id = 2;
	packet_put_u32(&p, 0);
	packet_put_u64(&p, 1);
	packet_put_u32(&p, 0);
	packet_put_u64(&p, 1);
	p.fd = dup(0);
	assert_int_equal(packet_send(ends[0], &p), 0);
	packet_free(&p);
}

/* A bad datagram stands in its place; a descriptor with it is closed. */
static void
bad_ones_stand_in_their_place(void **state)
{
	int before = lowest_free_fd();

	(void)state;
	assert_int_equal(packet_send(ends[0], &packets[0]), 0);
	send_with_fd();
	assert_int_equal(send(ends[0], "short", 5, 0), 5);
	assert_int_equal(packet_send(ends[0], &packets[3]), 0);
	receive(4);
	expect(&batch.packets[0], 0);
	assert_int_equal(batch.packets[1].error, EBADMSG);
	assert_int_equal(batch.packets[2].error, EBADMSG);
	expect(&batch.packets[3], 3);
	free_batch();
	assert_int_equal(lowest_free_fd(), before);
}

static void
the_end_comes_last(void **state)
{
	(void)state;
	assert_int_equal(packet_send_some(ends[0], list, 2, PACKET_BUNDLES), 2);
	assert_int_equal(packet_send(ends[0], &packets[2]), 0);
	shutdown(ends[0], SHUT_WR);
	assert_int_equal(packet_receive_some(ends[1], &batch), 0);
	assert_int_equal(batch.count, 3);
	assert_true(batch.ended);
	for (uint32_t i = 0; i < 3; i++)
		expect(&batch.packets[i], i);
	free_batch();
	assert_int_equal(packet_receive_some(ends[1], &batch), 0);
	assert_true(batch.ended);
	assert_int_equal(batch.count, 0);
}

/* The other end has closed, and left something unread. */
static void
a_reset_comes_last(void **state)
{
	(void)state;
	assert_int_equal(packet_send(ends[1], &packets[2]), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(packet_send(ends[0], &packets[i]), 0);
	close(ends[0]);
	ends[0] = dup(0); /* the tear-down's */
	assert_int_equal(packet_receive_some(ends[1], &batch), 0);
	assert_int_equal(batch.count, 2);
	for (uint32_t i = 0; i < 2; i++)
		expect(&batch.packets[i], i);
	free_batch();
	assert_int_equal(packet_receive_some(ends[1], &batch), 0);
	assert_true(batch.ended);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_bundle_is_one_datagram),
	    TEST(without_bundles_each_is_alone),
	    TEST(a_mixture_keeps_its_order),
	    TEST(an_error_ends_the_batch),
	    TEST(malformed_bundles),
	    TEST(bad_ones_stand_in_their_place),
	    TEST(the_end_comes_last),
	    TEST(a_reset_comes_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
