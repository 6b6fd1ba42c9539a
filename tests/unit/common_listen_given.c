/* Sockets that were open before: each test is a process that is given some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "listen_given.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST 3

static char why[300];

/* A socket that listens at a port of loopback, at this descriptor. */
static unsigned
make_socket(int at, int is_listening)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    (is_listening && listen(fd, 5) == -1) ||
	    getsockname(fd, (struct sockaddr *)&a, &length) == -1)
		_exit(100);
	if (fd != at) {
		if (dup2(fd, at) == -1)
			_exit(101);
		close(fd);
	}
	return ntohs(a.sin_port);
}

static void
announce(const char *count, const char *names)
{
	char pid[20];

	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
	if (names != NULL)
		setenv("LISTEN_FDNAMES", names, 1);
}

/* Which check failed is the exit code. */
#define CHECK(condition)  \
	if (!(condition)) \
	_exit(__LINE__ % 200 + 10)

static void
in_child(void (*body)(void))
{
	pid_t child = fork();
	int status;

	assert_int_not_equal(child, -1);
	if (child == 0) {
		body();
		listen_given_close();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int
inode_of(int fd)
{
	char name[40], target[80];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, target, sizeof(target) - 1);
	CHECK(n > 0);
	target[n] = '\0';
	return (int)strtol(strchr(target, '[') + 1, NULL, 10);
}

static void
by_name_and_address(void)
{
	unsigned port = make_socket(FIRST, 1),
		 other = make_socket(FIRST + 1, 1);
	char text[64];
	int fds[3];
	size_t i = 0;

	announce("2", "smtp:pop:more");
	CHECK(listen_given_take(why, sizeof(why)) == 2);
	CHECK(getenv("LISTEN_FDS") == NULL && getenv("LISTEN_PID") == NULL &&
	      getenv("LISTEN_FDNAMES") == NULL);
	CHECK(fcntl(FIRST, F_GETFL) & O_NONBLOCK);
	CHECK(fcntl(FIRST + 1, F_GETFD) & FD_CLOEXEC);
	snprintf(text, sizeof(text), "127.0.0.1:%u", port);
	CHECK(listen_given_open(text, fds, 3, why, sizeof(why)) == 1);
	for (int k = 0; k < 3; k++) {
		CHECK(
		    fds[k] > FIRST + 1 && inode_of(fds[k]) == inode_of(FIRST));
		CHECK(fcntl(fds[k], F_GETFD) & FD_CLOEXEC);
		close(fds[k]);
	}
	CHECK(strcmp(listen_given_unused(&i), "pop") == 0);
	CHECK(listen_given_unused(&i) == NULL);
	CHECK(listen_given_open("systemd:pop", fds, 1, why, sizeof(why)) == 1);
	CHECK(inode_of(fds[0]) == inode_of(FIRST + 1));
	/* Again, after a reload has closed it. */
	close(fds[0]);
	CHECK(listen_given_open("systemd:pop", fds, 1, why, sizeof(why)) == 1);
	i = 0;
	CHECK(listen_given_unused(&i) == NULL);
	snprintf(text, sizeof(text), "127.0.0.2:%u", other);
	CHECK(listen_given_open(text, fds, 1, why, sizeof(why)) == 0);
	CHECK(
	    listen_given_open("systemd:imap", fds, 1, why, sizeof(why)) == -1);
	CHECK(strstr(why, "systemd:imap") != NULL);
}

/* Two of one name: which is meant? */
static void
ambiguous(void)
{
	int fds[2];

	make_socket(FIRST, 1);
	make_socket(FIRST + 1, 1);
	announce("2", "a:a");
	CHECK(listen_given_take(why, sizeof(why)) == 2);
	CHECK(listen_given_open("systemd:a", fds, 2, why, sizeof(why)) == -1);
}

static void
without_names(void)
{
	size_t i = 0;

	make_socket(FIRST, 1);
	announce("1", NULL);
	CHECK(listen_given_take(why, sizeof(why)) == 1);
	CHECK(strcmp(listen_given_unused(&i), "-") == 0);
}

static void
for_another_process(void)
{
	make_socket(FIRST, 1);
	announce("1", "a");
	setenv("LISTEN_PID", "1", 1);
	CHECK(listen_given_take(why, sizeof(why)) == 0);
	unsetenv("LISTEN_PID");
	CHECK(listen_given_take(why, sizeof(why)) == 0);
}

static void
garbage(void)
{
	static const char *const counts[] = {
	    "", "x", "-1", "0", "1x", "99999999999999999999"};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		announce(counts[i], "a:::b");
		CHECK(listen_given_take(why, sizeof(why)) == 0);
	}
	announce("1025", "a");
	CHECK(listen_given_take(why, sizeof(why)) == -1);
}

static void
no_listener(void)
{
	make_socket(FIRST, 0);
	announce("1", "a");
	CHECK(listen_given_take(why, sizeof(why)) == -1);
	CHECK(strstr(why, "descriptor 3") != NULL);
}

static void
no_socket(void)
{
	CHECK(dup2(open("/dev/null", O_RDWR), FIRST) == FIRST);
	announce("1", "a");
	CHECK(listen_given_take(why, sizeof(why)) == -1);
}

static void
not_there(void)
{
	close(FIRST);
	announce("1", "a");
	CHECK(listen_given_take(why, sizeof(why)) == -1);
}

static void
test_takes(void **state)
{
	(void)state;
	in_child(by_name_and_address);
	in_child(without_names);
	in_child(for_another_process);
}

static void
test_refuses(void **state)
{
	(void)state;
	in_child(ambiguous);
	in_child(garbage);
	in_child(no_listener);
	in_child(no_socket);
	in_child(not_there);
}

static void
test_names(void **state)
{
	(void)state;
	assert_true(listen_is_named("systemd:smtp"));
	assert_false(listen_is_named("127.0.0.1:25"));
	assert_int_equal(listen_check("systemd:smtp", why, sizeof(why)), 0);
	assert_int_equal(listen_check("systemd:", why, sizeof(why)), -1);
	assert_int_equal(listen_check("systemd:a:b", why, sizeof(why)), -1);
}

/* Those of the program before: its own ones, and one that it was passed. */
static void
adopt(void)
{
	int own = 20, other = 21, passed = 22, twin = 23, fds[2];
	char text[40], next[40];
	const char *name;
	size_t i = 0;

	snprintf(text, sizeof(text), "127.0.0.1:%u", make_socket(own, 1));
	snprintf(next, sizeof(next), "127.0.0.1:%u", make_socket(passed, 1));
	make_socket(other, 0);
	CHECK(listen_given_adopt(own, NULL) == 0);
	CHECK(listen_given_adopt(other, NULL) == -1); /* does not listen */
	CHECK(listen_given_adopt(-1, "x") == -1);
	CHECK(listen_given_adopt(passed, "mail") == 0);
	make_socket(twin, 1);
	CHECK(listen_given_adopt(twin, NULL) == 0); /* the conf lost it */
	CHECK(listen_given_open(text, fds, 2, why, sizeof(why)) == 2);
	CHECK(inode_of(fds[0]) == inode_of(own) &&
	      inode_of(fds[1]) == inode_of(own));
	CHECK(fcntl(own, F_GETFD) == FD_CLOEXEC);
	CHECK(listen_given_open(next, fds, 1, why, sizeof(why)) == 1);
	listen_given_close_own();
	CHECK(fcntl(own, F_GETFD) == -1 && fcntl(twin, F_GETFD) == -1);
	CHECK(listen_given_open(text, fds, 1, why, sizeof(why)) == 0);
	CHECK(listen_given_next(&i, &name) == passed);
	CHECK(strcmp(name, "mail") == 0);
	CHECK(listen_given_next(&i, &name) == -1);
}

static void
those_of_the_program_before(void **state)
{
	(void)state;
	in_child(adopt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(those_of_the_program_before),
	    cmocka_unit_test(test_takes),
	    cmocka_unit_test(test_refuses),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
