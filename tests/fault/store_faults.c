#include "store_faults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHORT 700

static struct {
	int no_sync, no_folder_sync, is_short;
	void (*confirm)(void);
	long allocations; /* until the one that fails */
} plants;

int __real_fdatasync(int fd);
int __real_fsync(int fd);
ssize_t __real_write(int fd, const void *data, size_t n);
ssize_t __real_pwrite(int fd, const void *data, size_t n, off_t at);
ssize_t __real_pwritev(int fd, const struct iovec *parts, int n, off_t at);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t n, size_t size);

int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);
ssize_t __wrap_write(int fd, const void *data, size_t n);
ssize_t __wrap_pwrite(int fd, const void *data, size_t n, off_t at);
ssize_t __wrap_pwritev(int fd, const struct iovec *parts, int n, off_t at);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);

int
store_faults_plant(const char *plant, void (*confirm)(void))
{
	if (strcmp(plant, "no-sync") == 0)
		plants.no_sync = 1;
	else if (strcmp(plant, "no-folder-sync") == 0)
		plants.no_folder_sync = 1;
	else if (strcmp(plant, "early") == 0)
		plants.confirm = confirm;
	else if (strcmp(plant, "short") == 0)
		plants.is_short = 1;
	else if (strncmp(plant, "memory:", 7) == 0)
		plants.allocations = strtol(plant + 7, NULL, 10);
	else
		return -1;
	return 0;
}

int
__wrap_fdatasync(int fd)
{
	if (plants.confirm != NULL)
		plants.confirm();
	return plants.no_sync ? 0 : __real_fdatasync(fd);
}

int
__wrap_fsync(int fd)
{
	struct stat st;

	if (plants.no_folder_sync && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return __real_fsync(fd);
}

static size_t
cut(size_t n)
{
	return plants.is_short && n > SHORT ? SHORT : n;
}

ssize_t
__wrap_write(int fd, const void *data, size_t n)
{
	return __real_write(fd, data, cut(n));
}

ssize_t
__wrap_pwrite(int fd, const void *data, size_t n, off_t at)
{
	return __real_pwrite(fd, data, cut(n), at);
}

ssize_t
__wrap_pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
	if (plants.is_short)
		return __real_pwrite(
		    fd, parts[0].iov_base, cut(parts[0].iov_len), at);
	return __real_pwritev(fd, parts, n, at);
}

/* Whether this allocation is the one that fails. */
static int
is_out_of_memory(void)
{
	if (plants.allocations == 0 || --plants.allocations > 0)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
__wrap_malloc(size_t size)
{
	return is_out_of_memory() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return is_out_of_memory() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return is_out_of_memory() ? NULL : __real_realloc(old, size);
}

void *
__wrap_reallocarray(void *old, size_t n, size_t size)
{
	return is_out_of_memory() ? NULL : __real_reallocarray(old, n, size);
}
