#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
parses_what_is_right(void **state)
{
	union listen_address a;
	char why[200], text[LISTEN_TEXT_MAX];

	(void)state;
	assert_int_equal(listen_parse("127.0.0.1:2110", &a, why, sizeof(why)),
	    sizeof(struct sockaddr_in));
	assert_int_equal(ntohs(a.in.sin_port), 2110);
	assert_true(listen_is_loopback(&a));
	listen_text(&a, text);
	assert_string_equal(text, "127.0.0.1");

	assert_int_equal(
	    listen_parse("[2001:db8::1]:65535", &a, why, sizeof(why)),
	    sizeof(struct sockaddr_in6));
	assert_int_equal(ntohs(a.in6.sin6_port), 65535);
	assert_false(listen_is_loopback(&a));
	listen_text(&a, text);
	assert_string_equal(text, "2001:db8::1");

	assert_int_not_equal(
	    listen_parse("[::ffff:127.0.0.9]:0", &a, why, sizeof(why)), 0);
	assert_true(listen_is_loopback(&a));
	listen_text(&a, text);
	assert_string_equal(text, "127.0.0.9");
}

static void
refuses_what_is_wrong(void **state)
{
	static const char *const wrong[] = {"", ":", "127.0.0.1",
	    "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1", "127.0.0.1: 1",
	    "127.0.0.1:1x", "127.0.0.1:000001", ":110", "::1:110", "[::1]",
	    "[::1:110", "[]:110", "[:110", "[127.0.0.1]:110", "localhost:110",
	    "*:110", "127.1:110", "[::1]x:110",
	    "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:1"};
	char why[200];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		why[0] = '\0';
		assert_int_equal(listen_check(wrong[i], why, sizeof(why)), -1);
		assert_string_not_equal(why, "");
	}
}

static uint16_t
port_of(int fd)
{
	union listen_address a;
	socklen_t length = sizeof(a);

	assert_int_equal(getsockname(fd, &a.any, &length), 0);
	return a.any.sa_family == AF_INET ? ntohs(a.in.sin_port)
					  : ntohs(a.in6.sin6_port);
}

static void
opens_one_for_each_worker(void **state)
{
	char why[200];
	int fds[3];

	(void)state;
	assert_int_equal(
	    listen_open("127.0.0.1:0", fds, 3, why, sizeof(why)), 0);
	for (int i = 0; i < 3; i++) {
		int is_listening = 0;
		socklen_t length = sizeof(is_listening);

		assert_int_equal(port_of(fds[i]), port_of(fds[0]));
		assert_true(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
		assert_int_equal(getsockopt(fds[i], SOL_SOCKET, SO_ACCEPTCONN,
				     &is_listening, &length),
		    0);
		assert_true(is_listening);
	}
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

static void
refuses_a_taken_port(void **state)
{
	char why[200], text[64];
	int fds[2], more[2];

	(void)state;
	assert_int_equal(
	    listen_open("127.0.0.1:0", fds, 2, why, sizeof(why)), 0);
	snprintf(text, sizeof(text), "127.0.0.1:%u", port_of(fds[0]));
	assert_int_equal(listen_open(text, more, 2, why, sizeof(why)), -1);
	assert_non_null(strstr(why, text));
	assert_non_null(strstr(why, strerror(EADDRINUSE)));
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(listen_open(text, more, 2, why, sizeof(why)), 0);
	close(more[0]);
	close(more[1]);
}

/* A path that is left over is replaced; one that is listened to is not. */
static void
opens_unix_sockets(void **state)
{
	char long_path[200];
	char folder[] = "/tmp/listen.XXXXXX", path[64], why[200];
	union listen_address a;
	char text[LISTEN_TEXT_MAX] = "x";
	int fds[2], more;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	for (int turn = 0; turn < 2; turn++) {
		assert_int_equal(
		    listen_open(path, fds, 2, why, sizeof(why)), 0);
		assert_int_equal(
		    listen_open(path, &more, 1, why, sizeof(why)), -1);
		close(fds[0]);
		close(fds[1]);
	}
	assert_int_not_equal(listen_parse(path, &a, why, sizeof(why)), 0);
	listen_text(&a, text);
	assert_string_equal(text, "");
	assert_true(listen_is_loopback(&a));
	snprintf(long_path, sizeof(long_path), "/%0150d", 1);
	assert_int_equal(listen_check(long_path, why, sizeof(why)), -1);
	snprintf(path, sizeof(path), "%s/socket", folder);
	unlink(path);
	rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_what_is_right),
	    cmocka_unit_test(refuses_what_is_wrong),
	    cmocka_unit_test(opens_one_for_each_worker),
	    cmocka_unit_test(refuses_a_taken_port),
	    cmocka_unit_test(opens_unix_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
