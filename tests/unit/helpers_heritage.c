/* Tests of helpers/heritage.c: what one parent gives, the next one takes.  Both
 * are this process here. */
#include "../../helpers/heritage.h"

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

/* As the service manager passes them: from 3 on. */
static void
test_passed(void **state)
{
	char path[108], pid[24];
	int kept = dup(3), is_passed = 0, fd;

	(void)state;
	strcpy(folder, "/tmp/ringmail-heir-XXXXXX");
	assert_non_null(mkdtemp(folder));
	fd = make_socket("passed", path);
	if (fd != 3) {
		assert_int_equal(dup2(fd, 3), 3);
		close(fd);
	}
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	heritage_take();
	assert_null(getenv("LISTEN_FDS"));
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sockets_and_seal),
	    cmocka_unit_test(test_nonsense),
	    cmocka_unit_test(test_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
