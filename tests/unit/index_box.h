/*
 * index_box -- a mailbox in a folder of its own, for tests of its index that
 * run in a fiber.
 */
#ifndef INDEX_BOX_H
#define INDEX_BOX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../helpers/index.h"
#include "../../helpers/maildir.h"
#include "../../helpers/uidl.h"

#include "remove_tree.h"
#include "worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], state_folder[80];
static struct owner owner = {.path = "example.org/u"};
static void (*test_body)(void);

static int
setup(void **state)
{
	char root[80];

	(void)state;
	strcpy(folder, "/tmp/ringmail.index.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(root, sizeof(root), "%s/mail", folder);
	snprintf(state_folder, sizeof(state_folder), "%s/state", folder);
	owner_setup(0);
	owner.uid = geteuid();
	owner.gid = getegid();
	if (mkdir(root, 0700) == -1 || mkdir(state_folder, 0700) == -1 ||
	    maildir_setup(root, "host") == -1 ||
	    index_setup(state_folder, "boot 1") == -1)
		return -1;
	return maildir_make(owner.path);
}

static int
teardown(void **state)
{
	(void)state;
	return remove_tree(folder);
}

static void
run_body(void *arg)
{
	(void)arg;
	test_body();
	worker_stop();
}

/* Runs the test in a fiber. */
static void
run(void **state)
{
	test_body = (void (*)(void))(uintptr_t)*state;
	assert_int_equal(worker_run(1, run_body, NULL), 0);
}

static const char *
path_of(const char *file)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/mail/%s/%s", folder, owner.path, file);
	return path;
}

static void
put(const char *file, const char *text)
{
	int fd = open(path_of(file), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

/* A row of the table of tests. */
#define TEST(f)                                                  \
	{                                                        \
#f, run, setup, teardown, (void *)(uintptr_t)(f) \
	}

#endif
