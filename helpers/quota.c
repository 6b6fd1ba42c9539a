#include "quota.h"

#include "clock.h"
#include "log.h"
#include "quota_count.h"
#include "removals.h"
#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096
/* Mailboxes kept in mind; beyond that, one is forgotten for each new one. */
#define KNOWN_MAX 65536
/* A count is good for so long; and one that would refuse, if the Maildir has
 * changed meanwhile, for so long. */
#define COUNT_TIME  (600 * CLOCK_SECOND)
#define REFUSE_TIME (2 * CLOCK_SECOND)
/* How often a count is tried while the mailbox changes under it. */
#define COUNT_TRIES 3

struct usage {
	struct usage *next;
	struct maildirsize used, pending, limit;
	struct quota_times times; /* as of the count */
	int64_t counted;	  /* when; 0 for never */
	unsigned changes;	  /* of used */
	unsigned users;		  /* calls that hold it */
	char name[WIRE_NAME_MAX];
};

static struct usage *buckets[BUCKETS];
static unsigned known;

static struct usage **
bucket_of(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return &buckets[hash % BUCKETS];
}

static struct usage *
find(const char *name)
{
	struct usage *u = *bucket_of(name);

	while (u != NULL && strcmp(u->name, name) != 0)
		u = u->next;
	return u;
}

/* Forgets one of the bucket that nobody needs now. */
static void
forget_one(struct usage **at)
{
	struct usage *old;

	while (*at != NULL && ((*at)->pending.messages > 0 || (*at)->users > 0))
		at = &(*at)->next;
	if ((old = *at) == NULL)
		return;
	*at = old->next;
	free(old);
	known--;
}

/* The mailbox's usage; NULL where memory is out. */
static struct usage *
get(const char *name)
{
	struct usage *u = find(name), **bucket = bucket_of(name);

	if (u != NULL)
		return u;
	if (known >= KNOWN_MAX)
		forget_one(bucket);
	if ((u = calloc(1, sizeof(*u))) == NULL)
		return NULL;
	snprintf(u->name, sizeof(u->name), "%s", name);
	u->next = *bucket;
	*bucket = u;
	known++;
	return u;
}

static void
write_file(struct usage *u, const struct owner *o)
{
	int result = -1;

	if (owner_become(o->uid, o->gid) == 0)
		result = maildirsize_write(o->path, &u->limit, &u->used);
	if (result == -1 && errno != ENOENT)
		log_info(
		    "quota.file", log_text("name", u->name), log_errno(errno));
	owner_home();
}

static void
add_line(struct usage *u, const struct owner *o, int64_t octets, int64_t count)
{
	int result = 0;

	if (owner_become(o->uid, o->gid) == 0)
		result = maildirsize_add(o->path, octets, count);
	owner_home();
	if (result == 1 && u != NULL && u->counted != 0)
		write_file(u, o);
}

static void
count(struct usage *u, const struct owner *o)
{
	struct maildirsize used;
	unsigned before, tries = 0;

	do {
		before = u->changes;
		/* What can't be removed now counts: rather that than no mail
		 * counted. */
		(void)removals_finish(o);
		quota_count_times(o, &u->times);
		quota_count(o, &used);
	} while (u->changes != before && ++tries < COUNT_TRIES);
	u->used = used;
	u->counted = clock_now();
	write_file(u, o);
}

static int
fits_one(uint64_t limit, uint64_t used, uint64_t pending, uint64_t more)
{
	return limit == 0 || (used <= limit && pending <= limit - used &&
				 more <= limit - used - pending);
}

static int
fits(const struct usage *u, uint64_t size)
{
	return fits_one(
		   u->limit.octets, u->used.octets, u->pending.octets, size) &&
	       fits_one(
		   u->limit.messages, u->used.messages, u->pending.messages, 1);
}

/* Whether a foreign program may have made room since the count. */
static int
has_changed(const struct usage *u, const struct owner *o)
{
	struct quota_times times;

	if (clock_now() - u->counted < REFUSE_TIME)
		return 0;
	quota_count_times(o, &times);
	return memcmp(&times, &u->times, sizeof(times)) != 0;
}

/* May wait. */
static int
check(struct usage *u, const struct owner *o, uint64_t size)
{
	u->limit = (struct maildirsize){o->quota, o->quota_messages};
	if (u->counted == 0 || clock_now() - u->counted > COUNT_TIME)
		count(u, o);
	if (fits(u, size))
		return 1;
	if (has_changed(u, o)) {
		count(u, o);
		if (fits(u, size))
			return 1;
	}
	log_info("quota.full", log_text("name", u->name),
	    log_int("octets", (int64_t)u->used.octets),
	    log_int("messages", (int64_t)u->used.messages),
	    log_int("size", (int64_t)size));
	return 0;
}

/* Whether it fits, and where keep is set, counts it at once. */
static int
ask(const char *name, const struct owner *o, uint64_t size, int keep)
{
	struct usage *u;
	int result;

	if (o->quota == 0 && o->quota_messages == 0)
		return 1;
	if ((u = get(name)) == NULL)
		return 0;
	u->users++;
	result = check(u, o, size);
	u->users--;
	if (result && keep) {
		u->pending.octets += size;
		u->pending.messages++;
	}
	return result;
}

int
quota_has_room(const char *name, const struct owner *o, uint64_t size)
{
	return ask(name, o, size, 0);
}

int
quota_reserve(const char *name, const struct owner *o, uint64_t size)
{
	return ask(name, o, size, 1);
}

void
quota_settle(
    const char *name, const struct owner *o, uint64_t size, int delivered)
{
	struct usage *u;

	if ((o->quota == 0 && o->quota_messages == 0) ||
	    (u = find(name)) == NULL)
		return;
	if (u->pending.messages > 0 && u->pending.octets >= size) {
		u->pending.messages--;
		u->pending.octets -= size;
	}
	if (!delivered)
		return;
	u->used.octets += size;
	u->used.messages++;
	u->changes++;
	add_line(u, o, (int64_t)size, 1);
}

void
quota_removed(const char *name, const struct owner *o, const char *const *files,
    unsigned n)
{
	struct usage *u = find(name);
	uint64_t octets = 0, size;
	unsigned i;

	for (i = 0; i < n; i++) {
		if (quota_count_name(files[i], &size) == 0) {
			octets += size;
			continue;
		}
		/* Nobody knows any more: to be counted anew. */
		if (u != NULL) {
			u->counted = 0;
			u->changes++;
		}
		return;
	}
	if (u != NULL) {
		u->used.octets -=
		    octets < u->used.octets ? octets : u->used.octets;
		u->used.messages -= n < u->used.messages ? n : u->used.messages;
		u->changes++;
	}
	add_line(u, o, -(int64_t)octets, -(int64_t)n);
}
