#include "index_file.h"

#include "hex.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "ab/cdef...", and room for a suffix. */
#define NAME_SIZE (2 * 32 + 8)

static int folders[INDEX_KINDS] = {-1, -1, -1};

/* Opens a folder, made where it is lacking. */
static int
enter(int above, const char *name)
{
	if (mkdirat(above, name, 0700) == -1 && errno != EEXIST)
		return -1;
	return openat(
	    above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
index_file_setup(const char *folder)
{
	static const char *const names[INDEX_KINDS] = {
	    "index", "uidl", "visit"};
	int above, result = 0;

	above = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (above == -1)
		return -1;
	for (int i = 0; i < INDEX_KINDS; i++) {
		if (folders[i] != -1)
			close(folders[i]);
		if ((folders[i] = enter(above, names[i])) == -1)
			result = -1;
	}
	if (result == 0)
		result = fsync(above);
	close(above);
	return result;
}

void
index_file_key(struct index_key *key, const char *path)
{
	SHA256((const unsigned char *)path, strlen(path), key->octets);
}

static void
name_of(char name[NAME_SIZE], const struct index_key *key, const char *suffix)
{
	char *at = hex_put(name, key->octets, 1);

	*at++ = '/';
	at = hex_put(at, key->octets + 1, sizeof(key->octets) - 1);
	snprintf(at, (size_t)(name + NAME_SIZE - at), "%s", suffix);
}

/* The folder in which the file lies. */
static int
shard(const struct index_key *key, enum index_kind kind)
{
	char name[3];

	hex_put(name, key->octets, 1);
	return enter(folders[kind], name);
}

int
index_file_open(const struct index_key *key, enum index_kind kind, int flags)
{
	char name[NAME_SIZE];
	struct stat st;
	int fd;

	name_of(name, key, "");
	fd = openat(
	    folders[kind], name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

int
index_file_make(const struct index_key *key, enum index_kind kind)
{
	int folder, fd, saved;

	if ((folder = shard(key, kind)) == -1)
		return -1;
	fd = openat(folder, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	saved = errno;
	close(folder);
	errno = saved;
	return fd;
}

int
index_file_publish(int fd, const struct index_key *key, enum index_kind kind)
{
	char name[NAME_SIZE], spare[NAME_SIZE], path[32];

	name_of(name, key, "");
	name_of(spare, key, ".new");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	/* One that a crash has left. */
	unlinkat(folders[kind], spare, 0);
	if (linkat(AT_FDCWD, path, folders[kind], spare, AT_SYMLINK_FOLLOW) ==
	    -1)
		return -1;
	return renameat(folders[kind], spare, folders[kind], name);
}

int
index_file_sync(const struct index_key *key, enum index_kind kind)
{
	int folder, result, saved;

	if ((folder = shard(key, kind)) == -1)
		return -1;
	/* The shard's own name may be new as well. */
	result = fsync(folder) == -1 ? -1 : fsync(folders[kind]);
	saved = errno;
	close(folder);
	errno = saved;
	return result;
}

int
index_file_remove(const struct index_key *key, enum index_kind kind)
{
	char name[NAME_SIZE];

	name_of(name, key, "");
	if (unlinkat(folders[kind], name, 0) == 0 || errno == ENOENT)
		return 0;
	return -1;
}
