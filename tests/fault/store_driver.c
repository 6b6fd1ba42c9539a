/*
 * store_driver -- the mailbox helper's store without the helper: does what its
 * arguments say in a folder, and prints "250 ..." for each promise that it
 * gives.  The tests record its system calls, kill it, or spoil them.
 *
 *	store_driver [-b BOOT] [-t TRACE] [-p PLANT] FOLDER STEP...
 *	store_driver -r [-b BOOT]
 *
 * FOLDER holds mail/ and journal/.  Steps:
 *	batch:N:SIZE:OWNERS	commits N messages of about SIZE octets each
 *	again:TRACE:SIZE:OWNERS	delivers it as a repeat
 *	expunge:TRACE:OWNER	removes a message of an earlier batch
 *	remove			removes the files of what was expunged
 *	checkpoint		begins one, and waits until it is done
 *	mark			a system call that the tests look for
 *	close			closes the store and opens it again
 * With -r it recovers the folders that standard input names, one a line.
 *
 * Ends with 3 where the store says that the process must end.
 */
#include "../../helpers/maildir.h"
#include "../../helpers/owner.h"
#include "../../helpers/store.h"
#include "store_faults.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define JOURNAL_SIZE (96 << 10)
#define BATCH_MAX    64
#define OWNERS_MAX   4
#define START	     INT64_C(1700000000000000000)
#define LINE	     32
#define ROOM	     64 /* of a line as it is made */

static const char *boot = "boot-1";
static uint64_t trace = 1;
static struct owner owners[OWNERS_MAX];
static struct store *store;
static char journal[256];

struct message {
	struct store_delivery delivery;
	struct store_place places[OWNERS_MAX];
	char *body;
};

/* A line on standard output, in one write. */
static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n < 0 || write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(4);
}

/* Lines that tell which message and which part of it they are. */
static char *
make_body(uint64_t number, size_t size)
{
	char *body = malloc(size + ROOM);
	size_t at;

	if (body == NULL)
		exit(4);
	for (at = 0; at < size; at += LINE)
		snprintf(body + at, ROOM, "%016" PRIx64 " %014x\n", number,
		    (unsigned)at);
	body[size - 1] = '\n';
	return body;
}

static uint64_t
count_lines(const char *body, size_t size)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < size; i++)
		lines += body[i] == '\n';
	return lines;
}

static int64_t
received_at(uint64_t number)
{
	return START + (int64_t)number * 1000000;
}

static void
open_store(void)
{
	struct store_conf conf = {
	    .folder = journal, .journal_size = JOURNAL_SIZE, .boot = boot};

	store = store_open(&conf);
	if (store == NULL) {
		say("451 open %d\n", errno);
		exit(3);
	}
}

/* Fills in a message to the first `count` owners; a large one by a spool. */
static void
make_message(
    struct message *m, uint64_t number, size_t size, unsigned count, int again)
{
	struct store_delivery *d = &m->delivery;

	memset(m, 0, sizeof(*m));
	m->body = make_body(number, size);
	*d = (struct store_delivery){.trace = number,
	    .received = received_at(number),
	    .size = size,
	    .lines = count_lines(m->body, size),
	    .again = again,
	    .count = count,
	    .places = m->places,
	    .body = m->body,
	    .spool = -1};
	for (unsigned i = 0; i < count; i++)
		m->places[i].owner = &owners[i];
	if (size <= WIRE_INLINE_MAX)
		return;
	d->body = NULL;
	d->spool = store_spool(store, &owners[0]);
	if (d->spool == -1 || maildir_write(d->spool, m->body, size) == -1)
		d->result = errno == ENOSPC || errno == EDQUOT
				? MAILBOX_FULL
				: MAILBOX_TEMPORARY;
}

static void
confirm(const struct message *m)
{
	const struct store_delivery *d = &m->delivery;
	int code = d->result == MAILBOX_OK     ? 250
		   : d->result == MAILBOX_FULL ? 452
					       : 451;

	say("%d %" PRIx64 " %" PRIu64 " %u\n", code, d->trace, d->size,
	    d->count);
}

/* For the planted bug that answers before the sync. */
static struct message *pending;
static unsigned pending_count;

static void
confirm_early(void)
{
	for (unsigned i = 0; i < pending_count; i++)
		confirm(&pending[i]);
	pending_count = 0;
}

/* Commits n messages; those without their spool are not tried. */
static void
commit(struct message *messages, unsigned n)
{
	struct store_delivery *batch[BATCH_MAX];
	unsigned i, tried = 0;
	int result = 0;

	for (i = 0; i < n; i++)
		if (messages[i].delivery.body != NULL ||
		    messages[i].delivery.result == MAILBOX_OK)
			batch[tried++] = &messages[i].delivery;
	if (tried > 0) {
		pending = messages;
		pending_count = n;
		result = store_commit(store, batch, tried);
	}
	for (i = 0; i < n; i++) {
		if (tried == 0 || pending_count > 0)
			confirm(&messages[i]);
		if (messages[i].delivery.spool != -1)
			close(messages[i].delivery.spool);
		free(messages[i].body);
	}
	pending_count = 0;
	if (result == -1)
		exit(3);
}

/* The next number of "step:1:2:3". */
static uint64_t
next(char **rest)
{
	char *end = strchr(*rest, ':');
	uint64_t value = 0;

	if (end != NULL) {
		value = strtoull(end + 1, NULL, 10);
		*rest = end + 1;
	}
	return value;
}

static void
step_batch(char *rest)
{
	static struct message messages[BATCH_MAX];
	unsigned i, n = (unsigned)next(&rest);
	size_t size = next(&rest);
	unsigned count = (unsigned)next(&rest);

	if (n > BATCH_MAX || count > OWNERS_MAX)
		exit(4);
	for (i = 0; i < n; i++, trace++)
		make_message(&messages[i], trace,
		    size + (size_t)(trace * 997 % (size / 2 + 1)),
		    count != 0 ? count : 1 + (unsigned)(trace % OWNERS_MAX), 0);
	commit(messages, n);
}

static void
step_again(char *rest)
{
	struct message message;
	uint64_t number = next(&rest);
	size_t size = next(&rest);

	make_message(&message, number, size, (unsigned)next(&rest), 1);
	commit(&message, 1);
}

/* The letter's file by its number: the size stands in its name. */
static void
step_expunge(char *rest)
{
	uint64_t number = next(&rest);
	const struct owner *o = &owners[next(&rest) % OWNERS_MAX];
	size_t size = next(&rest);
	char *body = make_body(number, size), name[MAILDIR_NAME_MAX];
	char file[WIRE_FILE_MAX];
	const char *files[1] = {file};

	maildir_name(name, number, received_at(number), size,
	    size + count_lines(body, size));
	free(body);
	snprintf(file, sizeof(file), "new/%s", name);
	say("expunging %" PRIx64 " %s\n", number, o->path);
	if (store_expunge(store, o, 0, files, 1) == 0)
		say("expunged %" PRIx64 " %s\n", number, o->path);
	else if (errno == EIO)
		exit(3);
}

static void
step_checkpoint(void)
{
	const struct timespec pause = {.tv_nsec = 3000000};

	for (int i = 0; i < 3; i++) {
		if (store_checkpoint(store) == -1)
			exit(3);
		nanosleep(&pause, NULL);
	}
}

static void
run_step(char *step)
{
	if (strncmp(step, "batch:", 6) == 0) {
		step_batch(step);
	} else if (strncmp(step, "again:", 6) == 0) {
		step_again(step);
	} else if (strncmp(step, "expunge:", 8) == 0) {
		step_expunge(step);
	} else if (strcmp(step, "remove") == 0) {
		if (store_remove_some(store) == REMOVALS_FAILED)
			exit(3);
	} else if (strcmp(step, "checkpoint") == 0) {
		step_checkpoint();
	} else if (strcmp(step, "close") == 0) {
		store_close(&store);
		open_store();
	} else if (strcmp(step, "mark") == 0) {
		if (access("/mark", F_OK) == 0)
			exit(4);
	} else {
		exit(4);
	}
}

/* Mail root and journal of a folder. */
static void
set_folder(const char *folder)
{
	char mail[256];

	snprintf(mail, sizeof(mail), "%s/mail", folder);
	snprintf(journal, sizeof(journal), "%s/journal", folder);
	if (maildir_setup(mail, "host") == -1) {
		say("451 setup %d\n", errno);
		exit(3);
	}
}

static void
recover(void)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		set_folder(line);
		open_store();
		say("open\n");
		store_close(&store);
		say("closed\n");
	}
}

int
main(int argc, char **argv)
{
	int option, recovers = 0;

	while ((option = getopt(argc, argv, "b:t:p:r")) != -1) {
		if (option == 'b')
			boot = optarg;
		else if (option == 't')
			trace = strtoull(optarg, NULL, 10);
		else if (option == 'r')
			recovers = 1;
		else if (option != 'p' ||
			 store_faults_plant(optarg, confirm_early) == -1)
			return 4;
	}
	for (unsigned i = 0; i < OWNERS_MAX; i++) {
		owners[i] = (struct owner){.uid = getuid(), .gid = getgid()};
		snprintf(owners[i].path, sizeof(owners[i].path), "u%u", i);
	}
	owner_setup(100);
	if (recovers) {
		recover();
		return 0;
	}
	if (optind >= argc)
		return 4;
	set_folder(argv[optind]);
	open_store();
	say("open\n");
	while (++optind < argc)
		run_step(argv[optind]);
	/* As a kill: nothing is closed in good order. */
	_exit(0);
}
