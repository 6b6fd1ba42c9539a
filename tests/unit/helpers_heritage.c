/* Tests of helpers/heritage.c: what one parent gives, the next one takes.  Both
 * are this process here. */
#include "../../helpers/heritage.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static const unsigned char key[32] = "a key of thirty-two octets ...";

static int
make_socket(const char *name, char path[108])
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(path, 108, "%s/%s", folder, name);
	memcpy(a.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void
succeed(void)
{
	char pid[24];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("RINGMAIL_PID", pid, 1);
	heritage_take();
	assert_null(getenv("RINGMAIL_SOCKETS"));
	assert_null(getenv("RINGMAIL_SEAL"));
	assert_null(getenv("RINGMAIL_PID"));
}

static void
test_sockets_and_seal(void **state)
{
	char first[108], second[108], third[108];
	unsigned char seal[32] = {0};
	int a, b, c, is_passed = 0;

	(void)state;
	strcpy(folder, "/tmp/ringmail-heir-XXXXXX");
	assert_non_null(mkdtemp(folder));
	a = make_socket("first", first);
	b = make_socket("a second", second);
	heritage_note(a, first, 0);
	heritage_note(b, second, 1);
	c = make_socket("third", third);
	heritage_note(c, "[0:0::1]:9125", 0);
	assert_int_equal(heritage_is_passed(first), 0);
	assert_int_equal(heritage_is_passed(second), 1);
	assert_int_equal(heritage_give(key, sizeof(key)), 0);
	assert_int_equal(fcntl(a, F_GETFD), 0);
	heritage_keep(); /* it came to nothing */
	assert_int_equal(fcntl(a, F_GETFD), FD_CLOEXEC);
	assert_null(getenv("RINGMAIL_SOCKETS"));

	assert_int_equal(heritage_give(key, sizeof(key)), 0);
	succeed();
	assert_int_equal(heritage_socket("/nowhere", &is_passed), -1);
	assert_int_equal(heritage_socket(second, &is_passed), b);
	assert_int_equal(is_passed, 1);
	assert_int_equal(heritage_socket(second, &is_passed), -1);
	/* An address is the same however it is written. */
	assert_int_equal(heritage_socket("[::1]:9126", &is_passed), -1);
	assert_int_equal(heritage_socket("127.0.0.1:9125", &is_passed), -1);
	assert_int_equal(heritage_socket("nonsense", &is_passed), -1);
	assert_int_equal(heritage_socket("[::1]:9125", &is_passed), c);
	assert_int_equal(is_passed, 0);
	assert_int_equal(fcntl(b, F_GETFD), FD_CLOEXEC);
	assert_int_equal(heritage_seal(seal, sizeof(seal)), 1);
	assert_memory_equal(seal, key, sizeof(key));
	assert_int_equal(heritage_seal(seal, sizeof(seal)), 0);
	heritage_end(); /* nobody wants the other one */
	assert_int_equal(access(first, F_OK), -1);
	assert_int_equal(access(second, F_OK), 0);
	assert_int_equal(fcntl(a, F_GETFD), -1);
	close(b);
	close(c);
	unlink(second);
	unlink(third);
	rmdir(folder);
}

static void
test_meter(void **state)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), pair[2], memory = -1;
	int park[2] = {-1, -1};
	unsigned char seal[32];

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	heritage_note_meter(4000000000U, fd, pair);
	assert_int_equal(heritage_give(key, sizeof(key)), 0);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	assert_int_equal(fcntl(pair[1], F_GETFD), 0);
	heritage_keep();
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(pair[1], F_GETFD), FD_CLOEXEC);
	assert_null(getenv("RINGMAIL_METER"));
	assert_int_equal(heritage_give(key, sizeof(key)), 0);
	succeed();
	assert_null(getenv("RINGMAIL_METER"));
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(heritage_meter(1, &memory, park), 0);
	assert_int_equal(heritage_meter(4000000000U, &memory, park), 1);
	assert_int_equal(memory, fd);
	assert_memory_equal(park, pair, sizeof(pair));
	assert_int_equal(heritage_meter(4000000000U, &memory, park), 0);
	/* Of another version: nobody wants it. */
	assert_int_equal(heritage_give(key, sizeof(key)), 0);
	succeed();
	assert_int_equal(heritage_meter(1, &memory, park), 0);
	assert_int_equal(heritage_seal(seal, sizeof(seal)), 1);
	heritage_end();
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(fcntl(pair[0], F_GETFD), -1);
}

/* What is no such thing, or for another process, is left alone. */
static void
test_nonsense(void **state)
{
	unsigned char seal[32];
	int is_passed;

	(void)state;
	setenv("RINGMAIL_PID", "1", 1);
	setenv("RINGMAIL_SOCKETS", "0 /x\n", 1);
	heritage_take();
	assert_int_equal(heritage_socket("/x", &is_passed), -1);
	setenv("RINGMAIL_SOCKETS", "\n0\n9999 /x\n0 /x\n x /x\n-1 /x", 1);
	succeed();
	assert_int_equal(heritage_socket("/x", &is_passed), -1);
	assert_int_equal(heritage_seal(seal, sizeof(seal)), 0);
	heritage_end();
}

/* As the service manager passes it: from 3 on. */
static void
pass(int fd)
{
	char pid[24];

	if (fd != 3)
		assert_int_equal(dup2(fd, 3), 3);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	heritage_take();
}

static void
test_passed(void **state)
{
	char path[108];
	int kept = dup(3), is_passed = 0, fd;

	(void)state;
	strcpy(folder, "/tmp/ringmail-heir-XXXXXX");
	assert_non_null(mkdtemp(folder));
	fd = make_socket("passed", path);
	pass(fd);
	assert_null(getenv("LISTEN_FDS"));
	if (fd != 3)
		close(fd);
	assert_int_equal(heritage_socket(path, &is_passed), 3);
	assert_int_equal(is_passed, 1);
	assert_int_equal(fcntl(3, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	heritage_end();
	assert_int_equal(access(path, F_OK), 0);
	close(3);
	if (kept != -1) {
		dup2(kept, 3);
		close(kept);
	}
	unlink(path);
	rmdir(folder);
}

/* An address of loopback, with a port. */
static void
test_passed_address(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	struct sockaddr_in6 b = {.sin6_family = AF_INET6};
	int fds[] = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	    socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	socklen_t length;
	char text[64];
	int kept = dup(3), is_passed = 0;

	(void)state;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	b.sin6_addr = in6addr_loopback;
	assert_int_equal(bind(fds[0], (struct sockaddr *)&a, sizeof(a)), 0);
	length = sizeof(a);
	getsockname(fds[0], (struct sockaddr *)&a, &length);
	assert_int_equal(listen(fds[0], 1), 0);
	snprintf(text, sizeof(text), "127.0.0.1:%d", ntohs(a.sin_port));
	pass(fds[0]);
	assert_int_equal(heritage_socket(text, &is_passed), 3);
	assert_int_equal(is_passed, 1);
	heritage_end();
	/* A machine may have no IPv6. */
	if (bind(fds[1], (struct sockaddr *)&b, sizeof(b)) == 0) {
		length = sizeof(b);
		getsockname(fds[1], (struct sockaddr *)&b, &length);
		assert_int_equal(listen(fds[1], 1), 0);
		snprintf(text, sizeof(text), "[::1]:%d", ntohs(b.sin6_port));
		pass(fds[1]);
		assert_int_equal(heritage_socket(text, &is_passed), 3);
		heritage_end();
	}
	close(3);
	if (kept != -1) {
		dup2(kept, 3);
		close(kept);
	}
	close(fds[0]);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sockets_and_seal),
	    cmocka_unit_test(test_meter),
	    cmocka_unit_test(test_nonsense),
	    cmocka_unit_test(test_passed),
	    cmocka_unit_test(test_passed_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
