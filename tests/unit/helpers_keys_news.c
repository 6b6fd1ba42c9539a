/* What the parent of the helpers sends of a reload. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../helpers/keys_news.h"
#include "packet.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static int ends[2];

static const char *
path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
put(const char *name)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, name, strlen(name)), strlen(name));
	close(fd);
}

static int
set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/ringmail-news-XXXXXX");
	return mkdtemp(folder) == NULL ||
	       socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ==
		   -1 ||
	       packet_socket(ends[0]) == -1 || packet_socket(ends[1]) == -1;
}

static int
tear_down(void **state)
{
	(void)state;
	unlink(path_of("a.pem"));
	unlink(path_of("b.key"));
	unlink(path_of("c.txt"));
	unlink(path_of("d.pem"));
	close(ends[0]);
	close(ends[1]);
	return rmdir(folder);
}

/* The next packet, and whether nothing follows its fields. */
static struct packet
receive(uint16_t type)
{
	struct packet p;

	packet_init(&p, 0);
	assert_int_equal(packet_receive(ends[1], &p), 1);
	assert_int_equal(p.head.type, type);
	return p;
}

static void
expect_end(uint64_t keep)
{
	struct packet p = receive(WIRE_KEYS_END);

	assert_true(packet_get_u64(&p) == keep);
	assert_int_equal(packet_end(&p), 0);
	packet_free(&p);
	packet_init(&p, 0);
	assert_int_equal(packet_receive(ends[1], &p), -1);
	assert_int_equal(errno, EAGAIN);
	packet_free(&p);
}

/* One that is open, and whose name is what stands in it. */
static void
expect_file(void)
{
	struct packet p = receive(WIRE_KEYS_FILE);
	char name[64], text[64] = "";
	int fd;

	packet_get_text(&p, name, sizeof(name));
	assert_int_equal(packet_end(&p), 0);
	fd = packet_take_fd(&p);
	assert_int_not_equal(fd, -1);
	assert_int_equal(read(fd, text, sizeof(text)), strlen(name));
	assert_string_equal(text, name);
	close(fd);
	packet_free(&p);
}

static void
files_travel(void **state)
{
	struct packet p;

	(void)state;
	put("a.pem");
	put("b.key");
	put("c.txt");
	assert_int_equal(symlink("a.pem", path_of("d.pem")), 0);
	assert_int_equal(keys_news_send(ends[0], folder, 7), 0);
	p = receive(WIRE_KEYS_BEGIN);
	assert_int_equal(packet_end(&p), 0);
	packet_free(&p);
	expect_file();
	expect_file();
	expect_end(7);
}

/* Then all keys are old. */
static void
no_folder_is_an_empty_one(void **state)
{
	struct packet p;

	(void)state;
	assert_int_equal(keys_news_send(ends[0], "/tmp/ringmail-none", 1), 0);
	p = receive(WIRE_KEYS_BEGIN);
	packet_free(&p);
	expect_end(1);
}

/* Then none is. */
static void
a_folder_that_is_not_ours(void **state)
{
	struct packet p;

	(void)state;
	put("a.pem");
	assert_int_equal(chmod(folder, 0770), 0);
	assert_int_equal(keys_news_send(ends[0], folder, 1), 0);
	p = receive(WIRE_KEYS_BEGIN);
	packet_free(&p);
	packet_init(&p, 0);
	assert_int_equal(packet_receive(ends[1], &p), -1);
	assert_int_equal(errno, EAGAIN);
	packet_free(&p);
	assert_int_equal(chmod(folder, 0700), 0);
}

static void
nobody_listens(void **state)
{
	(void)state;
	put("a.pem");
	shutdown(ends[1], SHUT_RD);
	assert_int_equal(keys_news_send(ends[0], folder, 1), -1);
	assert_int_equal(errno, EPIPE);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(files_travel),
	    TEST(no_folder_is_an_empty_one),
	    TEST(a_folder_that_is_not_ours),
	    TEST(nobody_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
