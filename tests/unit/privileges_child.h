/*
 * privileges_child -- what tests of privileges share: each gives up its rights
 * in a child, which says by its exit code whether all was as it should be.
 */
#ifndef PRIVILEGES_CHILD_H
#define PRIVILEGES_CHILD_H

#include "privileges.h"
#include "sanitize.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CAPABILITIES (UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID)

static char run[64], mail[64];
static struct privileges_place place = {.run = run, .mail = mail};

/* What is checked in a child says where it failed by its exit code. */
#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition)) {                                            \
			dprintf(                                               \
			    2, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1);                                              \
		}                                                              \
	} while (0)

static inline void
assert_child_passes(void (*body)(void))
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	if ((pid = fork()) == 0) {
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static inline bool
is_instrumented(void)
{
#if defined(SANITIZE_ASAN) || defined(SANITIZE_TSAN)
	return true;
#else
	return RUNNING_ON_VALGRIND != 0;
#endif
}

static inline void
drop(const struct privileges *p)
{
	CHECK(privileges_drop(p, &place) == 0);
}

static const char *const few_calls[] = {"@base", NULL};
static const struct privileges least = {
    .process = "least", .root = "$run", .files = 20, .calls = few_calls};

/* path below mail; mode 0: a file. */
static inline void
make(const char *path, mode_t mode)
{
	char whole[128];
	int fd;

	snprintf(whole, sizeof(whole), "%s/%s", mail, path);
	if (mode != 0) {
		assert_int_equal(mkdir(whole, mode), 0);
		assert_int_equal(chmod(whole, mode), 0);
	} else {
		fd = open(whole, O_WRONLY | O_CREAT, 0666);
		assert_true(fd != -1 && fchmod(fd, 0666) == 0);
		close(fd);
	}
}

static inline int
set_up(void **state)
{
	(void)state;
	strcpy(run, "/tmp/ringmail-run-XXXXXX");
	strcpy(mail, "/tmp/ringmail-mail-XXXXXX");
	if (mkdtemp(run) == NULL || mkdtemp(mail) == NULL)
		return -1;
	chmod(run, 0755);
	chmod(mail, 0755);
	make("read", 0777);
	make("write", 0777);
	make("other", 0777);
	make("read/file", 0);
	make("other/file", 0);
	return privileges_user("nobody", &place.uid, &place.gid);
}

static inline int
tear_down(void **state)
{
	static const char *const paths[] = {
	    "read/file", "other/file", "read", "write", "other", ""};
	char whole[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		snprintf(whole, sizeof(whole), "%s/%s", mail, paths[i]);
		remove(whole);
	}
	return rmdir(run);
}

#endif
