#include "meter_read.h"

#include "meter_table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A writer per thread, and there are not more threads (worker.h). */
#define SETS_MAX 256

int
meter_view_open(struct meter_view *v, int fd, unsigned sets)
{
	size_t size = sets * meter_stride();
	struct stat st;
	void *memory;
	int seals;

	*v = (struct meter_view){0};
	/* One that shrinks would end its readers. */
	seals = fcntl(fd, F_GET_SEALS);
	if (sets == 0 || sets > SETS_MAX || seals == -1 ||
	    (seals & F_SEAL_SHRINK) == 0 || fstat(fd, &st) == -1 ||
	    st.st_size != (off_t)size) {
		errno = EBADMSG;
		return -1;
	}
	memory = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -1;
	*v = (struct meter_view){.memory = memory,
	    .sets = sets,
	    .device = st.st_dev,
	    .inode = st.st_ino};
	return 0;
}

void
meter_view_close(struct meter_view *v)
{
	if (v->memory != NULL)
		munmap((void *)(uintptr_t)v->memory, v->sets * meter_stride());
	v->memory = NULL;
}

const struct meter_set *
meter_view_set(const struct meter_view *v, unsigned i)
{
	return (const struct meter_set *)(const void *)(v->memory +
							i * meter_stride());
}

int
meter_is_kept(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

void
meter_set_sum(const struct meter_set *set, uint64_t *values)
{
	for (unsigned c = 0; c < METER_CELLS; c++)
		values[c] +=
		    atomic_load_explicit(&set->cells[c], memory_order_relaxed);
}

void
meter_view_sum(const struct meter_view *v, uint64_t *values)
{
	for (unsigned i = 0; i < v->sets && v->memory != NULL; i++)
		meter_set_sum(meter_view_set(v, i), values);
}

void
meter_clear_gauges(uint64_t *values)
{
	for (const struct meter_row *r = meter_table; r->name != NULL; r++)
		for (unsigned i = 0; i < meter_row_cells(r); i++)
			if (r->type == METER_GAUGE)
				values[r->cell + i] = 0;
}

void
meter_lift_gauges(uint64_t *values)
{
	for (const struct meter_row *r = meter_table; r->name != NULL; r++)
		for (unsigned i = 0; i < meter_row_cells(r); i++)
			if (r->type == METER_GAUGE &&
			    (int64_t)values[r->cell + i] < 0)
				values[r->cell + i] = 0;
}

int
meter_inherit(int fd)
{
	struct meter_view old;
	struct meter_set *set;
	uint64_t values[METER_CELLS];

	if (meter_view_open(&old, fd, meter_sets()) == -1)
		return -1;
	for (unsigned i = 0; i < meter_sets(); i++) {
		memset(values, 0, sizeof(values));
		meter_set_sum(meter_view_set(&old, i), values);
		meter_clear_gauges(values);
		set = meter_at(i);
		for (unsigned c = 0; c < METER_CELLS; c++)
			atomic_store_explicit(
			    &set->cells[c], values[c], memory_order_relaxed);
	}
	meter_view_close(&old);
	return 0;
}
