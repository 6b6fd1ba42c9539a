#include "trash.h"

#include "clock.h"
#include "fiber.h"
#include "log.h"
#include "maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files after which others get their turn. */
#define TURN 128
/* How often a letter is looked for whose name changes meanwhile. */
#define MOVES 4

static struct {
	const char *name;
	int64_t time;
} conf = {.name = ""};

void
trash_setup(const char *name, int64_t time)
{
	conf.name = name;
	conf.time = time;
}

/* The path of the trash: 0, or -1 with errno. */
static int
find(const struct owner *o, char path[OWNER_PATH_MAX])
{
	int n = snprintf(path, OWNER_PATH_MAX, "%s/.%s", o->path, conf.name);

	errno = ENAMETOOLONG;
	return n > 0 && n < OWNER_PATH_MAX ? 0 : -1;
}

/* As the owner: a descriptor of its cur/, made where it is lacking. */
static int
open_made(const struct owner *o)
{
	char path[OWNER_PATH_MAX];
	int fd;

	if (find(o, path) == -1)
		return -1;
	fd = maildir_open(path, "cur");
	if (fd == -1 && errno == ENOENT && maildir_make(path) == 0)
		fd = maildir_open(path, "cur");
	return fd;
}

/* Links one: 0, or -1 with errno. */
static int
link_one(const struct owner *o, const char *file, int trash)
{
	char sub[4] = {file[0], file[1], file[2], '\0'}, name[MAILDIR_NAME_MAX];
	int folder, result, code;

	if ((folder = maildir_open(o->path, sub)) == -1)
		return -1;
	/* What stands in cur/ has its flags behind ":2,". */
	result = snprintf(name, sizeof(name), "%s%s", file + 4,
	    strchr(file, ':') == NULL ? ":2," : "");
	if (result >= (int)sizeof(name))
		snprintf(name, sizeof(name), "%s", file + 4);
	result = linkat(folder, file + 4, trash, name, 0);
	code = errno;
	close(folder);
	errno = code;
	return result;
}

/* Links one: 0, also where it is there, or where there is no such letter. */
static int
keep(const struct owner *o, const char *file, int trash)
{
	char at[4 + MAILDIR_NAME_MAX], moved[4 + MAILDIR_NAME_MAX];
	int result;

	for (int i = 0; i < MOVES; i++) {
		if (link_one(o, file, trash) == 0 || errno == EEXIST)
			return 0;
		if (errno != ENOENT)
			return -1;
		result = maildir_find(o->path, file + 4,
		    maildir_base_length(file + 4), moved, sizeof(moved));
		/* It has gone, or it stays in the Maildir. */
		if (result != 1 || strcmp(moved, file) == 0)
			return result == -1 ? -1 : 0;
		snprintf(at, sizeof(at), "%s", moved);
		file = at;
	}
	errno = EAGAIN;
	return -1;
}

int
trash_keep(const struct owner *o, const char *const *files, unsigned n)
{
	int trash = -1, result = -1, code;

	if (conf.name[0] == '\0')
		return 0;
	if (owner_become(o->uid, o->gid) == 0 && (trash = open_made(o)) != -1) {
		result = 0;
		for (unsigned i = 0; i < n && result == 0; i++)
			result = keep(o, files[i], trash);
		/* The removal is durable; so must this be, before it. */
		if (result == 0)
			result = fsync(trash);
	}
	code = errno;
	if (trash != -1)
		close(trash);
	owner_home();
	if (result == -1)
		log_warn(
		    "trash.failed", log_text("path", o->path), log_errno(code));
	errno = code;
	return result;
}

/* Removes one that has lain there since before `oldest`, wall seconds. */
static void
sweep_one(DIR *dir, const char *name, int64_t oldest)
{
	struct stat st;

	/* Its last name less changed its status: that is when it was deleted,
	 * or moved since. */
	if (name[0] != '.' &&
	    fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_ctim.tv_sec < oldest)
		unlinkat(dirfd(dir), name, 0);
}

void
trash_sweep(const struct owner *o)
{
	int64_t oldest = (clock_wall() - conf.time) / CLOCK_SECOND;
	char path[OWNER_PATH_MAX];
	struct dirent *entry;
	DIR *dir = NULL;
	int fd = -1;

	if (conf.name[0] == '\0' || find(o, path) == -1)
		return;
	if (owner_become(o->uid, o->gid) == 0)
		fd = maildir_open(path, "cur");
	if (fd != -1 && (dir = fdopendir(fd)) == NULL)
		close(fd);
	for (int i = 1; dir != NULL && (entry = readdir(dir)) != NULL; i++) {
		sweep_one(dir, entry->d_name, oldest);
		if (i % TURN != 0)
			continue;
		owner_home();
		fiber_yield();
		if (owner_become(o->uid, o->gid) == -1)
			break;
	}
	if (dir != NULL)
		closedir(dir);
	owner_home();
}
