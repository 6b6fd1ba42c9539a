/*
 * store_box -- a store and three mailboxes of a test's own, and what lies in
 * them.
 */
#ifndef STORE_BOX_H
#define STORE_BOX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../helpers/maildir.h"
#include "../../helpers/owner.h"
#include "../../helpers/store.h"
#include "remove_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[64], mail[128], journal[128];
static struct owner owners[3];
/* Of the last delivery; is_each: how it is asked for. */
static struct store_place places[3];
static int is_each;

static int
setup(void **state)
{
	(void)state;
	is_each = 0;
	snprintf(root, sizeof(root), "/tmp/ringmail.store.XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	snprintf(mail, sizeof(mail), "%s/mail", root);
	snprintf(journal, sizeof(journal), "%s/journal", root);
	if (mkdir(mail, 0755) == -1 || mkdir(journal, 0755) == -1)
		return -1;
	for (unsigned i = 0; i < 3; i++) {
		owners[i] = (struct owner){.uid = getuid(), .gid = getgid()};
		snprintf(owners[i].path, sizeof(owners[i].path),
		    "example.org/u%u", i);
	}
	owner_setup(100);
	return maildir_setup(mail, "h,o:st");
}

static int
teardown(void **state)
{
	(void)state;
	return remove_tree(root);
}

__attribute__((unused)) static struct store *
open_store(const char *boot)
{
	struct store_conf conf = {
	    .folder = journal, .journal_size = 1 << 20, .boot = boot};
	struct store *s = store_open(&conf);

	assert_non_null(s);
	return s;
}

/* Delivers one message of this size to the first n owners. */
static enum mailbox_result
deliver(struct store *s, uint64_t trace, size_t size, unsigned n, int again)
{
	struct store_delivery d = {.trace = trace,
	    .received = INT64_C(1700000000000000000),
	    .size = size,
	    .lines = 1,
	    .again = again,
	    .each = is_each,
	    .count = n,
	    .places = places,
	    .spool = -1};
	struct store_delivery *batch[1] = {&d};
	char *body = malloc(size);

	memset(body, 'x', size);
	body[size - 1] = '\n';
	memset(places, 0, sizeof(places));
	for (unsigned i = 0; i < n; i++)
		places[i].owner = &owners[i];
	if (size <= WIRE_INLINE_MAX) {
		d.body = body;
	} else {
		d.spool = store_spool(s, &owners[0]);
		assert_int_equal(maildir_write(d.spool, body, size), 0);
		assert_true(store_is_spool(d.spool, size, 0));
		assert_false(store_is_spool(d.spool, size + 1, 0));
	}
	if (store_commit(s, batch, 1) == -1)
		assert_int_not_equal(d.result, MAILBOX_OK);
	if (d.spool != -1)
		close(d.spool);
	free(body);
	return d.result;
}

static unsigned
count_letters(unsigned owner, const char *sub)
{
	char path[1024];
	struct dirent *e;
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s/%s", mail, owners[owner].path, sub);
	if ((dir = opendir(path)) == NULL)
		return 0;
	while ((e = readdir(dir)) != NULL)
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* How many letters of new/ carry this trace. */
static unsigned
count_trace(unsigned owner, uint64_t trace)
{
	char path[1024], key[32];
	struct dirent *e;
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s/new", mail, owners[owner].path);
	snprintf(key, sizeof(key), "R%016llx.", (unsigned long long)trace);
	if ((dir = opendir(path)) == NULL)
		return 0;
	while ((e = readdir(dir)) != NULL)
		n += strstr(e->d_name, key) != NULL;
	closedir(dir);
	return n;
}

/* As a machine that stops loses it: all that no checkpoint has synced. */
static void
lose_mail(void)
{
	for (unsigned i = 0; i < 3; i++) {
		char path[1024];

		snprintf(path, sizeof(path), "%s/%s", mail, owners[i].path);
		remove_tree(path);
	}
}

/* Runs fn in a child, which dies without a chance to clean up. */
static void
in_child(void (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

__attribute__((unused)) static void
name_of(char file[WIRE_FILE_MAX], uint64_t trace, size_t size)
{
	char name[MAILDIR_NAME_MAX];

	maildir_name(name, trace, INT64_C(1700000000000000000), size, size + 1);
	snprintf(file, WIRE_FILE_MAX, "new/%s", name);
}

/* Its successor finds so many letters in new/ of the first owner. */
static inline void
successor_has(const char *boot, unsigned letters)
{
	struct store *s = open_store(boot);

	assert_int_equal(count_letters(0, "new"), letters);
	store_close(&s);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

#endif
