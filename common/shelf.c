#include "shelf.h"

#include "clock.h"
#include "device.h"
#include "log.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define OCTETS ((size_t)SHELF_PLACES * SHELF_ROOM)
#define ALL    UINT64_MAX
/* After a helper had none to give. */
#define PAUSE CLOCK_SECOND

_Static_assert(SHELF_PLACES == 64, "a bit of struct shelf_reader each");

/* Since Linux 5.1; younger than some C libraries. */
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

static int
fill(struct shelf *s)
{
	s->fd = memfd_create("shelf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (s->fd == -1 || ftruncate(s->fd, (off_t)OCTETS) == -1)
		return -1;
	s->octets =
	    mmap(NULL, OCTETS, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (s->octets == MAP_FAILED) {
		s->octets = NULL;
		return -1;
	}
	if (fcntl(s->fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE |
		    F_SEAL_SEAL) == -1)
		return -1;
	while (s->id == 0)
		if (getrandom(&s->id, sizeof(s->id), 0) != sizeof(s->id))
			return -1;
	return 0;
}

struct shelf *
shelf_make(void)
{
	struct shelf *s = calloc(1, sizeof(*s));
	int saved;

	if (s == NULL)
		return NULL;
	s->fd = -1;
	if (fill(s) == 0)
		return s;
	saved = errno;
	shelf_free(&s);
	errno = saved;
	return NULL;
}

void
shelf_free(struct shelf **s)
{
	struct shelf *old = *s;

	*s = NULL;
	if (old == NULL)
		return;
	if (old->octets != NULL)
		munmap(old->octets, OCTETS);
	if (old->fd != -1)
		close(old->fd);
	free(old);
}

unsigned char *
shelf_room(struct shelf *s, uint32_t number)
{
	return number < SHELF_PLACES ? s->octets + (size_t)number * SHELF_ROOM
				     : NULL;
}

struct shelf_reader {
	uint64_t id;
	const char *octets;
	uint64_t free; /* places: bit n is place n */
	int is_left;   /* no more places of it are handed out */
};

/* The worker's: one for its device to each mailbox helper. */
static _Thread_local struct own {
	const struct device *device;
	struct shelf_reader *reader;
	int is_asking;
	int64_t not_before;
} owns[WIRE_HELPERS_MAX];

/* That of this device; NULL where there are too many. */
static struct own *
own_of(const struct device *d)
{
	for (int i = 0; i < WIRE_HELPERS_MAX; i++)
		if (owns[i].device == d || owns[i].device == NULL) {
			owns[i].device = d;
			return &owns[i];
		}
	return NULL;
}

static void
free_unused(struct shelf_reader *r)
{
	if (!r->is_left || r->free != ALL)
		return;
	munmap((void *)(uintptr_t)r->octets, OCTETS);
	free(r);
}

/* Whether the descriptor is memory that can't go away. */
static int
is_sound(int fd)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals != -1 && (seals & F_SEAL_SHRINK) != 0 &&
	       fstat(fd, &st) == 0 && st.st_size == (off_t)OCTETS;
}

/* A reader of the answer's shelf; NULL where the answer is malformed, or with
 * ENOMEM. */
static struct shelf_reader *
read_answer(struct packet *reply)
{
	struct shelf_reader *r;
	uint64_t id = packet_get_u64(reply);
	void *octets;

	errno = EBADMSG;
	if (packet_end(reply) == -1 || id == 0 || reply->fd == -1 ||
	    !is_sound(reply->fd))
		return NULL;
	octets = mmap(NULL, OCTETS, PROT_READ, MAP_SHARED, reply->fd, 0);
	if (octets == MAP_FAILED)
		return NULL;
	if ((r = malloc(sizeof(*r))) == NULL) {
		munmap(octets, OCTETS);
		return NULL;
	}
	*r = (struct shelf_reader){.id = id, .octets = octets, .free = ALL};
	return r;
}

static void
ask(struct own *own, struct device *d, int64_t deadline)
{
	struct packet request, reply;

	packet_init(&request, WIRE_SHELF);
	packet_init(&reply, 0);
	own->is_asking = 1;
	own->not_before = clock_after(PAUSE);
	if (device_call(d, &request, &reply, DEVICE_REPEAT, deadline) == 0) {
		errno = EAGAIN;
		if (reply.head.status == PACKET_OK)
			own->reader = read_answer(&reply);
		if (own->reader == NULL && errno == EBADMSG)
			device_malformed(d, WIRE_SHELF);
	}
	own->is_asking = 0;
	if (own->reader == NULL)
		log_info("shelf.none", log_errno(errno));
	packet_free(&request);
	packet_free(&reply);
}

int
shelf_take(struct device *d, struct shelf_place *p, int64_t deadline)
{
	struct own *own = own_of(d);
	struct shelf_reader *r;

	*p = (struct shelf_place){.reader = NULL};
	if (own == NULL)
		return -1;
	if (own->reader == NULL && !own->is_asking &&
	    clock_now() >= own->not_before)
		ask(own, d, deadline);
	r = own->reader;
	if (r == NULL || r->free == 0)
		return -1;
	/* The lowest: what was used last is likely to be in the cache, and what
	 * never was takes no memory. */
	p->number = (uint32_t)__builtin_ctzll(r->free);
	p->reader = r;
	p->id = r->id;
	r->free &= ~(UINT64_C(1) << p->number);
	return 0;
}

const char *
shelf_octets(const struct shelf_place *p)
{
	return p->reader->octets + (size_t)p->number * SHELF_ROOM;
}

void
shelf_put(struct shelf_place *p)
{
	struct shelf_reader *r = p->reader;

	if (r == NULL)
		return;
	r->free |= UINT64_C(1) << p->number;
	*p = (struct shelf_place){.reader = NULL};
	free_unused(r);
}

void
shelf_is_unknown(const struct shelf_place *p)
{
	struct shelf_reader *r = p->reader;

	for (int i = 0; r != NULL && i < WIRE_HELPERS_MAX; i++) {
		if (owns[i].reader != r)
			continue;
		owns[i].reader = NULL;
		owns[i].not_before = 0;
		/* Freed with its last place: this, or another. */
		r->is_left = 1;
	}
}

void
shelf_leave(void)
{
	struct shelf_reader *r;

	for (int i = 0; i < WIRE_HELPERS_MAX; i++) {
		r = owns[i].reader;
		owns[i] = (struct own){.device = NULL};
		if (r != NULL) {
			r->is_left = 1;
			free_unused(r);
		}
	}
}
