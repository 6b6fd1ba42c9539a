#include "quota_count.h"

#include "fiber.h"
#include "maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names that are read before others have their turn. */
#define TURN 512

int
quota_count_name(const char *name, uint64_t *size)
{
	const char *field = strstr(name, ",S=");
	char *end;

	if (field == NULL || field[3] < '0' || field[3] > '9' ||
	    field > name + maildir_base_length(name))
		return -1;
	errno = 0;
	*size = strtoull(field + 3, &end, 10);
	return errno == 0 && strchr(",:", *end) != NULL && *size <= INT64_MAX
		   ? 0
		   : -1;
}

/* Adds what one name stands for. */
static void
add(DIR *dir, const char *name, struct maildirsize *used)
{
	struct stat st;
	uint64_t size;

	if (name[0] == '.')
		return;
	if (quota_count_name(name, &size) == -1) {
		if (fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
		    !S_ISREG(st.st_mode))
			return;
		size = (uint64_t)st.st_size;
	}
	/* Sums that can't be end up as a mailbox that is full. */
	if (used->octets + size >= used->octets)
		used->octets += size;
	used->messages++;
}

/* The next TURN names, as the owner; 0 at the end. */
static int
read_turn(const struct owner *o, DIR *dir, struct maildirsize *used)
{
	struct dirent *entry = NULL;
	unsigned i;

	if (owner_become(o->uid, o->gid) == -1)
		return 0;
	for (i = 0; i < TURN && (entry = readdir(dir)) != NULL; i++)
		add(dir, entry->d_name, used);
	owner_home();
	return entry != NULL;
}

static DIR *
open_folder(const struct owner *o, const char *sub)
{
	DIR *dir = NULL;
	int fd;

	if (owner_become(o->uid, o->gid) == 0 &&
	    (fd = maildir_open(o->path, sub)) != -1 &&
	    (dir = fdopendir(fd)) == NULL)
		close(fd);
	owner_home();
	return dir;
}

void
quota_count(const struct owner *o, struct maildirsize *used)
{
	static const char *const subs[] = {"new", "cur"};
	DIR *dir;
	size_t i;

	*used = (struct maildirsize){0, 0};
	for (i = 0; i < 2; i++) {
		if ((dir = open_folder(o, subs[i])) == NULL)
			continue;
		while (read_turn(o, dir, used))
			fiber_yield();
		closedir(dir);
	}
}

static void
read_time(const struct owner *o, const char *sub, struct timespec *time)
{
	struct stat st;
	int fd;

	memset(time, 0, sizeof(*time));
	if ((fd = maildir_open(o->path, sub)) == -1)
		return;
	if (fstat(fd, &st) == 0)
		*time = st.st_mtim;
	close(fd);
}

void
quota_count_times(const struct owner *o, struct quota_times *times)
{
	memset(times, 0, sizeof(*times));
	if (owner_become(o->uid, o->gid) == 0) {
		read_time(o, "new", &times->new);
		read_time(o, "cur", &times->cur);
	}
	owner_home();
}
