#include "delay.h"

#include "clock.h"
#include "log.h"
#include "mac.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAGIC "ringmail delays 1"
#define SETS  4096
#define WAYS  4
/* Failures are counted in parts, so that halving one leaves something. */
#define ONE	  256U
#define SCORE_MAX (1024 * ONE)

/* One network, account, or pair of both. */
struct slot {
	unsigned char tag[DELAY_TAG_SIZE];
	uint32_t score; /* failures, in parts of ONE, at the time `when` */
	uint32_t when;	/* s of the wall clock */
	uint32_t known; /* s of the wall clock until which a pair is known */
	uint32_t check; /* of all the others */
};

struct file {
	char magic[32];
	unsigned char key[32];
	/* Apart, so that a flood of failures pushes no good login out. */
	struct slot failures[SETS][WAYS], pairs[SETS][WAYS];
};

struct delay {
	struct file *file;
	struct mac *mac; /* of the file's key */
	unsigned first, most;
};

static uint32_t
now_s(void)
{
	return (uint32_t)(clock_wall() / CLOCK_SECOND);
}

static uint32_t
check_of(const struct slot *s)
{
	uint32_t words[DELAY_TAG_SIZE / 4 + 3], sum = 0x52696e67;
	size_t i;

	memcpy(words, s, sizeof(words));
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		sum = (sum ^ words[i]) * 0x01000193U + (sum >> 15);
	return sum;
}

/* Makes the file new where it is not ours: 0, or -1 with errno. */
static int
prepare(struct file *file)
{
	if (memcmp(file->magic, MAGIC, sizeof(MAGIC)) == 0)
		return 0;
	memset(file, 0, sizeof(*file));
	if (getentropy(file->key, sizeof(file->key)) == -1)
		return -1;
	memcpy(file->magic, MAGIC, sizeof(MAGIC));
	return 0;
}

static struct file *
map(const char *path)
{
	const int protect = PROT_READ | PROT_WRITE;
	void *at = MAP_FAILED;
	int fd;

	if (path == NULL) {
		at = mmap(NULL, sizeof(struct file), protect,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		return at == MAP_FAILED ? NULL : at;
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return NULL;
	/* Blocks that are there: a store into a hole of a full disk kills. */
	errno = posix_fallocate(fd, 0, sizeof(struct file));
	if (errno == 0)
		at =
		    mmap(NULL, sizeof(struct file), protect, MAP_SHARED, fd, 0);
	close(fd);
	return at == MAP_FAILED ? NULL : at;
}

struct delay *
delay_open(const char *path, unsigned first, unsigned most)
{
	struct delay *d = calloc(1, sizeof(*d));

	if (d != NULL) {
		d->first = first;
		d->most = most;
		d->file = map(path);
		if (d->file != NULL && prepare(d->file) == 0) {
			errno = ENOMEM;
			d->mac = mac_open(d->file->key, sizeof(d->file->key));
		}
		if (d->mac != NULL)
			return d;
	}
	log_error("delay.open", log_text("path", path), log_errno(errno));
	delay_close(&d);
	return NULL;
}

void
delay_close(struct delay **dp)
{
	struct delay *d = *dp;

	if (d == NULL)
		return;
	*dp = NULL;
	mac_close(&d->mac);
	if (d->file != NULL)
		munmap(d->file, sizeof(struct file));
	free(d);
}

void
delay_secret(const struct delay *d, const char *purpose, const char *text,
    unsigned char to[32])
{
	char all[1024];
	int length;

	length = snprintf(all, sizeof(all), "%s:%s", purpose, text);
	if (length < 0 || (size_t)length >= sizeof(all))
		length = (int)sizeof(all) - 1;
	if (mac_sum(d->mac, all, (size_t)length, to) == -1) {
		log_error("delay.hmac");
		memset(to, 0, 32);
	}
}

/* The network of an address, as text: /32, and /64 for IPv6. */
static void
network_of(const char *client, char *to, size_t size)
{
	unsigned char six[16], four[4];

	if (inet_pton(AF_INET6, client, six) == 1) {
		if (IN6_IS_ADDR_V4MAPPED((struct in6_addr *)six)) {
			inet_ntop(AF_INET, six + 12, to, (socklen_t)size);
			return;
		}
		memset(six + 8, 0, 8);
		inet_ntop(AF_INET6, six, to, (socklen_t)size);
	} else if (inet_pton(AF_INET, client, four) == 1) {
		inet_ntop(AF_INET, four, to, (socklen_t)size);
	} else {
		snprintf(to, size, "%s", client);
	}
}

static void
tag_of(const struct delay *d, const char *purpose, const char *text,
    unsigned char tag[DELAY_TAG_SIZE])
{
	unsigned char whole[32];

	delay_secret(d, purpose, text, whole);
	memcpy(tag, whole, DELAY_TAG_SIZE);
}

void
delay_identify(struct delay *d, const char *client, const char *account,
    struct delay_who *who)
{
	char network[64], name[330], pair[400];
	size_t i;

	network_of(client, network, sizeof(network));
	snprintf(name, sizeof(name), "%s", account);
	for (i = 0; name[i] != '\0'; i++)
		name[i] = (char)tolower((unsigned char)name[i]);
	snprintf(pair, sizeof(pair), "%s %s", network, name);
	tag_of(d, "network", network, who->network);
	tag_of(d, "account", name, who->account);
	tag_of(d, "pair", pair, who->pair);
}

static struct slot *
set_of(struct slot table[SETS][WAYS], const unsigned char tag[DELAY_TAG_SIZE])
{
	uint32_t number;

	memcpy(&number, tag, sizeof(number));
	return table[number % SETS];
}

/* The slot of this tag, NULL where there is none that is whole. */
static struct slot *
find(struct slot table[SETS][WAYS], const unsigned char tag[DELAY_TAG_SIZE])
{
	struct slot *s = set_of(table, tag);

	for (int i = 0; i < WAYS; i++, s++)
		if (memcmp(s->tag, tag, DELAY_TAG_SIZE) == 0 &&
		    s->check == check_of(s))
			return s;
	return NULL;
}

/* What is left of the failures by now. */
static uint32_t
score_of(const struct slot *s, uint32_t now)
{
	uint32_t age, score;

	if (s == NULL)
		return 0;
	score = s->score > SCORE_MAX ? SCORE_MAX : s->score;
	/* A clock that was set back leaves what there is. */
	age = now > s->when ? (now - s->when) / DELAY_HALF_LIFE : 0;
	return age >= 31 ? 0 : score >> age;
}

/* How much would be lost with a slot; the least goes first. */
static uint64_t
worth(const struct slot *s, uint32_t now)
{
	if (s->check != check_of(s))
		return 0;
	if (s->known > now)
		return s->known;
	return ((uint64_t)score_of(s, now) << 32) + s->when;
}

/* The slot of this tag; where there is none, in the place of the least. */
static struct slot *
take(struct slot table[SETS][WAYS], const unsigned char tag[DELAY_TAG_SIZE])
{
	struct slot *s = find(table, tag), *least;
	uint32_t now = now_s();

	if (s != NULL)
		return s;
	least = s = set_of(table, tag);
	for (int i = 1; i < WAYS; i++)
		if (worth(s + i, now) < worth(least, now))
			least = s + i;
	memset(least, 0, sizeof(*least));
	memcpy(least->tag, tag, DELAY_TAG_SIZE);
	least->when = now;
	return least;
}

unsigned
delay_rank(const struct delay *d, const struct delay_who *who)
{
	uint32_t now = now_s(), network, account;
	const struct slot *pair = find(d->file->pairs, who->pair);

	if (pair != NULL && pair->known > now)
		return 0;
	network = score_of(find(d->file->failures, who->network), now);
	account = score_of(find(d->file->failures, who->account), now);
	/* One whose own network is clean comes before who attacks him. */
	return 1 + (network + ONE - 1) / ONE * 2 + (account >= ONE);
}

/* Counts one more under this tag; how many there are, at least 1. */
static unsigned
count(struct delay *d, const unsigned char tag[DELAY_TAG_SIZE])
{
	struct slot *s = take(d->file->failures, tag);
	uint32_t now = now_s();

	s->score = score_of(s, now) + ONE;
	s->when = now;
	s->check = check_of(s);
	return s->score / ONE;
}

unsigned
delay_failed(struct delay *d, const struct delay_who *who)
{
	unsigned network = count(d, who->network);
	unsigned account = count(d, who->account);
	unsigned times = network > account ? network : account;
	uint64_t wait = d->first;

	for (; times > 1 && wait < d->most; times--)
		wait *= 2;
	return wait < d->most ? (unsigned)wait : d->most;
}

void
delay_good(struct delay *d, const struct delay_who *who)
{
	struct slot *s = take(d->file->pairs, who->pair);

	s->known = now_s() + DELAY_KNOWN;
	s->when = now_s();
	s->check = check_of(s);
}
