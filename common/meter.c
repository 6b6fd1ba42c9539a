#include "meter.h"

#include "log.h"
#include "meter_table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

_Thread_local struct meter_set *meter_here;

static struct {
	char *memory; /* NULL: there is none */
	int fd;
	unsigned sets;
	unsigned first, count; /* of them, this process's */
} own = {.fd = -1};

/* A set has pages of its own, so that a process can have no more. */
size_t
meter_stride(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (sizeof(struct meter_set) + page - 1) / page * page;
}

/* Which cell of a histogram a value is in. */
static unsigned
bucket_of(uint64_t value, uint64_t first)
{
	uint64_t steps;

	if (value <= first)
		return 0;
	/* The least k with value <= first << k. */
	steps = (value + first - 1) / first - 1;
	steps = 64 - (unsigned)__builtin_clzll(steps);
	return steps < METER_BOUNDS ? (unsigned)steps : METER_BOUNDS;
}

void
meter_note(unsigned histogram, uint64_t value, uint64_t first)
{
	meter_add(histogram + bucket_of(value, first), 1);
	meter_add(histogram + METER_BOUNDS + 1, value);
}

void
meter_time(unsigned histogram, int64_t ns)
{
	meter_note(histogram, ns > 0 ? (uint64_t)ns : 0, METER_TIME_FIRST);
}

int
meter_answer(enum meter_helper helper, int error, int64_t ns)
{
	meter_sub(METER_PENDING + helper, 1);
	if (error == 0)
		meter_time(METER_REQUEST + helper * METER_HISTOGRAM, ns);
	else if (error != ECANCELED)
		meter_add(METER_LOST + helper, 1);
	errno = error;
	return error == 0 ? 0 : -1;
}

/* Says that this process lives, to whoever has the memory (meter_is_kept). */
static int
lock(int fd)
{
	struct flock l = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_SETLK, &l);
}

/* Memory of fd, that from now on nobody can get anew to write to it. */
static char *
map(int fd, size_t size)
{
	void *memory = MAP_FAILED;

	if (ftruncate(fd, (off_t)size) == 0)
		memory =
		    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return NULL;
	if (lock(fd) == 0 && fcntl(fd, F_ADD_SEALS,
				 F_SEAL_SHRINK | F_SEAL_GROW |
				     F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) == 0)
		return memory;
	munmap(memory, size);
	return NULL;
}

int
meter_share(unsigned sets)
{
	int fd, saved;

	if (own.memory != NULL)
		return 0;
	fd = memfd_create("ringmail-meter", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return -1;
	if ((own.memory = map(fd, sets * meter_stride())) == NULL) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	own.fd = fd;
	own.sets = sets;
	return 0;
}

struct meter_set *
meter_at(unsigned set)
{
	if (own.memory == NULL || set >= own.sets)
		return NULL;
	return (struct meter_set *)(void *)(own.memory + set * meter_stride());
}

static void
give_up(unsigned from, unsigned to, enum meter_others others)
{
	size_t size = (to - from) * meter_stride();
	char *at = own.memory + from * meter_stride();

	if (size == 0)
		return;
	if (others == METER_OTHERS_GO)
		munmap(at, size);
	else
		mprotect(at, size, PROT_READ);
}

static void
clear_gauges(struct meter_set *set)
{
	for (const struct meter_row *r = meter_table; r->name != NULL; r++)
		for (unsigned i = 0; i < meter_row_cells(r); i++)
			if (r->type == METER_GAUGE)
				atomic_store_explicit(&set->cells[r->cell + i],
				    0, memory_order_relaxed);
}

void
meter_begin(unsigned first, unsigned count, enum meter_others others)
{
	if (own.memory == NULL || count == 0 || first >= own.sets ||
	    count > own.sets - first)
		return;
	own.first = first;
	own.count = count;
	if (lock(own.fd) == -1)
		log_warn("meter.not_kept", log_errno(errno));
	for (unsigned i = first; i < first + count; i++)
		clear_gauges(meter_at(i));
	give_up(0, first, others);
	give_up(first + count, own.sets, others);
	meter_thread(0);
	meter_add(METER_STARTS, 1);
}

void
meter_end(unsigned set)
{
	struct meter_set *s = meter_at(set);

	if (s != NULL)
		clear_gauges(s);
}

void
meter_thread(unsigned index)
{
	meter_here = own.count > index ? meter_at(own.first + index) : NULL;
}

int
meter_descriptor(void)
{
	return own.fd;
}

unsigned
meter_sets(void)
{
	return own.sets;
}
