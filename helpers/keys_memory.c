#include "keys_memory.h"

#include "log.h"

#include <errno.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* Octets of the arena of private keys, and of its smallest piece: two thousand
 * keys of RSA fit, and so does it into the usual limit. */
#define ARENA	    ((size_t)4 << 20)
#define ARENA_LEAST 32
/* Octets of the heap that are locked ahead. */
#define SPARE ((size_t)512 << 10)

static void *
allocate(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

static void
wipe(void *old, const char *file, int line)
{
	(void)file;
	(void)line;
	if (old == NULL)
		return;
	explicit_bzero(old, malloc_usable_size(old));
	free(old);
}

static void *
allocate_again(void *old, size_t size, const char *file, int line)
{
	size_t before = old != NULL ? malloc_usable_size(old) : 0;
	void *new = size > 0 ? malloc(size) : NULL;

	if (size > 0 && new == NULL)
		return NULL;
	if (new != NULL && before > 0)
		memcpy(new, old, before < size ? before : size);
	wipe(old, file, line);
	return new;
}

int
keys_memory_begin(int *is_all)
{
	const struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	const char *wrong = NULL;

	*is_all = setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
	if (*is_all && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == -1) {
		log_error("keys.lock", log_errno(errno));
		return -1;
	}
	if (CRYPTO_set_mem_functions(allocate, allocate_again, wipe) != 1)
		wrong = "the wiping";
	else if (CRYPTO_secure_malloc_init(ARENA, ARENA_LEAST) != 1)
		wrong = "the arena";
	if (wrong == NULL)
		return 0;
	log_error("keys.lock", log_text("what", wrong));
	return -1;
}

int
keys_memory_lock(int is_all)
{
	if (!is_all) {
		mallopt(M_TRIM_THRESHOLD, (int)(2 * SPARE));
		mallopt(M_MMAP_THRESHOLD, (int)(2 * SPARE));
		free(malloc(SPARE));
	}
	if (is_all || mlockall(MCL_CURRENT | MCL_ONFAULT) == 0)
		return 0;
	log_error("keys.lock", log_errno(errno));
	return -1;
}
