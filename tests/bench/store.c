/*
 * store FOLDER [MESSAGES [OCTETS [ROUNDS]]] -- the mailbox helper's store alone
 * against what a Maildir delivery costs at least on this disk: threads that
 * each write a file to tmp/ and rename it into new/, and between that
 *
 *	none	sync nothing: the least durable delivery there is
 *	file	sync the file's data
 *	full	sync the file's data, and after the rename the folder
 *
 * At 1, 20 and 100 messages in flight, over 100 mailboxes; rounds take turns.
 * Prints, for each, messages/s of all (medians) and the store's ratio to each:
 * 0.8 is the goal at 20 and 100.  FOLDER must be on the file system that is
 * meant, and is left as it is: ext4 makes files dearer for minutes after some
 * were deleted.
 */
#include "../../helpers/index.h"
#include "../../helpers/maildir.h"
#include "../../helpers/owner.h"
#include "../../helpers/store.h"
#include "clock.h"
#include "log.h"

#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOXES	   100
#define FLIGHT_MAX 100
#define ROUNDS_MAX 99

enum sync { SYNC_NONE, SYNC_FILE, SYNC_FULL, SYNCS };

static const char *folder;
static unsigned messages = 2000, rounds = 5;
static size_t octets = 10240;
static char *body;
static uint64_t trace;
static unsigned places; /* folders made so far */

static void
make_folder(const char *path)
{
	if (mkdir(path, 0755) == -1)
		err(1, "%s", path);
}

/* A new folder of each kind for each round. */
static void
make_place(char *path, size_t size, const char *kind)
{
	snprintf(path, size, "%s/%s.%u", folder, kind, ++places);
	make_folder(path);
}

static void
fill_delivery(
    struct store_delivery *d, struct store_place *place, struct owner *owner)
{
	memset(d, 0, sizeof(*d));
	memset(place, 0, sizeof(*place));
	place->owner = owner;
	d->trace = ++trace;
	d->received = clock_wall();
	d->size = octets;
	d->lines = octets / 64;
	d->count = 1;
	d->places = place;
	d->body = body;
	d->spool = -1;
}

static void
commit(struct store *s, struct owner *owners, unsigned from, unsigned n)
{
	static struct store_place place[FLIGHT_MAX];
	static struct store_delivery one[FLIGHT_MAX];
	struct store_delivery *batch[FLIGHT_MAX];
	unsigned i;

	for (i = 0; i < n; i++) {
		fill_delivery(&one[i], &place[i], &owners[(from + i) % BOXES]);
		batch[i] = &one[i];
	}
	if (store_commit(s, batch, n) == -1)
		errx(1, "a sync failed");
	for (i = 0; i < n; i++)
		if (one[i].result != MAILBOX_OK)
			errx(1, "a delivery failed: %d", (int)one[i].result);
}

/* Messages/s of the store with so many in flight. */
static double
run_store(unsigned flight)
{
	static struct owner owners[BOXES];
	char mail[512], state[512];
	struct store_conf conf = {
	    .folder = state, .journal_size = 64 << 20, .boot = "bench"};
	struct store *s;
	int64_t begun;
	unsigned i;

	make_place(mail, sizeof(mail), "mail");
	make_place(state, sizeof(state), "state");
	if (maildir_setup(mail, "bench") == -1 ||
	    index_setup(state, "bench") == -1)
		err(1, "%s", mail);
	for (i = 0; i < BOXES; i++) {
		owners[i] = (struct owner){.uid = getuid(), .gid = getgid()};
		snprintf(owners[i].path, sizeof(owners[i].path), "u%u", i);
		if (maildir_make(owners[i].path) == -1)
			err(1, "%s", owners[i].path);
	}
	if ((s = store_open(&conf)) == NULL)
		err(1, "%s", state);
	commit(s, owners, 0, flight);
	begun = clock_now();
	for (i = 0; i < messages; i += flight)
		commit(s, owners, i, flight);
	begun = clock_now() - begun;
	store_close(&s);
	return (double)i * (double)CLOCK_SECOND / (double)begun;
}

/* What the threads of one round share. */
struct round {
	const char *mail;
	enum sync sync;
	atomic_uint next;
};

static int
sync_folder(const char *mail, unsigned box)
{
	char path[600];
	int fd, result;

	snprintf(path, sizeof(path), "%s/u%u/new", mail, box);
	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	result = fsync(fd);
	close(fd);
	return result;
}

static void *
deliver_plainly(void *arg)
{
	struct round *r = arg;
	char from[600], to[600];
	unsigned i;
	int fd;

	while ((i = atomic_fetch_add(&r->next, 1)) < messages) {
		snprintf(
		    from, sizeof(from), "%s/u%u/tmp/%u", r->mail, i % BOXES, i);
		snprintf(
		    to, sizeof(to), "%s/u%u/new/%u", r->mail, i % BOXES, i);
		fd = open(from, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd == -1 || maildir_write(fd, body, octets) == -1 ||
		    (r->sync != SYNC_NONE && fdatasync(fd) == -1) ||
		    close(fd) == -1 || rename(from, to) == -1 ||
		    (r->sync == SYNC_FULL &&
			sync_folder(r->mail, i % BOXES) == -1))
			err(1, "%s", from);
	}
	return NULL;
}

static double
run_plainly(unsigned flight, enum sync how)
{
	pthread_t threads[FLIGHT_MAX];
	struct round r = {.sync = how, .next = 0};
	char mail[512], path[600];
	int64_t begun;
	unsigned i;

	make_place(mail, sizeof(mail), "plain");
	r.mail = mail;
	for (i = 0; i < BOXES; i++) {
		snprintf(path, sizeof(path), "%s/u%u", mail, i);
		make_folder(path);
		snprintf(path, sizeof(path), "%s/u%u/tmp", mail, i);
		make_folder(path);
		snprintf(path, sizeof(path), "%s/u%u/new", mail, i);
		make_folder(path);
	}
	sync();
	begun = clock_now();
	for (i = 0; i < flight; i++)
		if (pthread_create(&threads[i], NULL, deliver_plainly, &r) != 0)
			errx(1, "no thread");
	for (i = 0; i < flight; i++)
		pthread_join(threads[i], NULL);
	return (double)messages * (double)CLOCK_SECOND /
	       (double)(clock_now() - begun);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double *values)
{
	qsort(values, rounds, sizeof(*values), by_value);
	return values[rounds / 2];
}

static void
compare(unsigned flight)
{
	double store[ROUNDS_MAX];
	double plain[SYNCS][ROUNDS_MAX], ratio[SYNCS][ROUNDS_MAX];
	unsigned i, how;

	for (i = 0; i < rounds; i++) {
		store[i] = run_store(flight);
		for (how = 0; how < SYNCS; how++) {
			plain[how][i] = run_plainly(flight, how);
			ratio[how][i] = store[i] / plain[how][i];
		}
	}
	printf("| %u | %.0f |", flight, median(store));
	for (how = 0; how < SYNCS; how++)
		printf(
		    " %.0f (%.2f) |", median(plain[how]), median(ratio[how]));
	printf("\n");
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static const unsigned flights[] = {1, 20, 100};
	size_t i;

	if (argc < 2 || argc > 5)
		errx(64, "usage: store FOLDER [MESSAGES [OCTETS [ROUNDS]]]");
	folder = argv[1];
	if (argc > 2)
		messages = (unsigned)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		octets = strtoul(argv[3], NULL, 10);
	if (argc > 4)
		rounds = (unsigned)strtoul(argv[4], NULL, 10);
	if (messages == 0 || octets < 64 || octets > WIRE_INLINE_MAX ||
	    rounds == 0 || rounds > ROUNDS_MAX)
		errx(64, "1 message and more, 64 to %d octets, 1 to %d rounds",
		    WIRE_INLINE_MAX, ROUNDS_MAX);
	if ((body = malloc(octets)) == NULL)
		err(1, NULL);
	for (i = 0; i < octets; i++)
		body[i] = i % 64 == 63 ? '\n' : 'x';
	owner_setup(100);
	log_set_level(LEVEL_ERROR);
	printf("| in flight | store, messages/s | none (store / it) | file | "
	       "full |\n| --- | --- | --- | --- | --- |\n");
	for (i = 0; i < sizeof(flights) / sizeof(*flights); i++)
		compare(flights[i]);
	free(body);
	return 0;
}
