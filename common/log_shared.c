#include "log_shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

struct shared {
	atomic_int level, format;
	atomic_int_fast64_t rate;
};

static struct shared own = {.level = LEVEL_INFO};
static struct shared *now = &own;
static int memory = -1; /* what now lies in, where it is shared */
static bool is_following;

enum log_level
log_shared_level(void)
{
	return (enum log_level)atomic_load_explicit(
	    &now->level, memory_order_relaxed);
}

enum log_format
log_shared_format(void)
{
	return (enum log_format)atomic_load_explicit(
	    &now->format, memory_order_relaxed);
}

int64_t
log_shared_rate(void)
{
	return atomic_load_explicit(&now->rate, memory_order_relaxed);
}

void
log_set_level(enum log_level level)
{
	if (!is_following)
		atomic_store(&now->level, (int)level);
}

void
log_set_format(enum log_format format)
{
	if (!is_following)
		atomic_store(&now->format, (int)format);
}

void
log_set_rate(int64_t lines)
{
	if (!is_following)
		atomic_store(&now->rate, lines);
}

/* The memory of fd, that from now on nobody can get anew to write to it. */
static void *
map(int fd)
{
	void *shared = MAP_FAILED;

	if (ftruncate(fd, sizeof(*now)) == 0)
		shared = mmap(NULL, sizeof(*now), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		return NULL;
	if (fcntl(fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE |
		    F_SEAL_SEAL) == 0)
		return shared;
	munmap(shared, sizeof(*now));
	return NULL;
}

int
log_share(void)
{
	struct shared *shared;
	int fd, saved;

	if (memory != -1)
		return 0;
	fd = memfd_create("ringmail-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return -1;
	if ((shared = map(fd)) == NULL) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	atomic_store(&shared->level, (int)log_shared_level());
	atomic_store(&shared->format, (int)log_shared_format());
	atomic_store(&shared->rate, log_shared_rate());
	now = shared;
	memory = fd;
	return 0;
}

void
log_follow(void)
{
	struct shared *shared;

	if (memory == -1 || is_following)
		return;
	shared = mmap(
	    now, sizeof(*now), PROT_READ, MAP_SHARED | MAP_FIXED, memory, 0);
	if (shared == MAP_FAILED) { /* what the parent may not trust us with */
		own.level = now->level;
		own.format = now->format;
		own.rate = now->rate;
		munmap(now, sizeof(*now));
		now = &own;
	} else {
		is_following = true;
	}
	close(memory);
	memory = -1;
}
