#include "listen_path.h"

#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 4096 /* as that of listen.c */

const struct listen_access listen_access_default = {
    .mode = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP, .group = (gid_t)-1};

int
listen_check_mode(const char *mode, char *why, size_t size)
{
	size_t length = strlen(mode);

	if ((length == 3 || (length == 4 && mode[0] == '0')) &&
	    strspn(mode, "01234567") == length)
		return 0;
	snprintf(why, size, "'%s' is no mode from 0000 to 0777", mode);
	return -1;
}

int
listen_check_group(const char *group, char *why, size_t size)
{
	if (group[0] == '\0' || getgrnam(group) != NULL)
		return 0;
	snprintf(why, size, "there is no group '%s'", group);
	return -1;
}

int
listen_access_parse(const char *mode, const char *group,
    struct listen_access *access, char *why, size_t size)
{
	const struct group *entry;

	*access = listen_access_default;
	if (listen_check_mode(mode, why, size) == -1 ||
	    listen_check_group(group, why, size) == -1)
		return -1;
	access->mode = (mode_t)strtol(mode, NULL, 8);
	access->group = getegid();
	if (group[0] != '\0' && (entry = getgrnam(group)) != NULL)
		access->group = entry->gr_gid;
	return 0;
}

static void
note(struct listen_file *file, const struct stat *st)
{
	*file = (struct listen_file){.device = st->st_dev, .inode = st->st_ino};
}

/* A socket holds its file's number as long as it lives. */
static int
is_same(const struct listen_file *file, const struct stat *st)
{
	return file->inode != 0 && file->inode == st->st_ino &&
	       file->device == st->st_dev;
}

void
listen_path_remove(const char *path, struct listen_file *file)
{
	struct stat st;

	if (lstat(path, &st) == 0 && is_same(file, &st))
		unlink(path);
	*file = (struct listen_file){0};
}

/* 0 where the file is not there, or was left over; -1 with errno. */
static int
clear(const char *path, const union listen_address *a)
{
	struct stat st, now;
	int fd, result;

	if (lstat(path, &st) == -1)
		return errno == ENOENT ? 0 : -1;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	result = connect(fd, &a->any, sizeof(a->un));
	if (result == 0 || errno == EAGAIN || errno == EPROTOTYPE)
		errno = EADDRINUSE;
	else if (errno == ECONNREFUSED)
		result = 1;
	close(fd);
	if (result != 1)
		return -1;
	/* Whoever replaces it first has it: bind replaces nothing.  A number
	 * that was left may be another file's at once, of another time. */
	if (lstat(path, &now) == 0 && now.st_ino == st.st_ino &&
	    now.st_dev == st.st_dev &&
	    now.st_ctim.tv_sec == st.st_ctim.tv_sec &&
	    now.st_ctim.tv_nsec == st.st_ctim.tv_nsec)
		unlink(path);
	return 0;
}

/*
 * By a descriptor of the file itself, so that whoever may write to the folder
 * gains nothing by putting a link in its place.
 */
int
listen_path_permit(const char *path, struct listen_file *file,
    const struct listen_access *access)
{
	char name[64];
	struct stat st;
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), result = -1;

	if (fd == -1)
		return -1;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) == -1)
		goto out;
	if (!S_ISSOCK(st.st_mode) ||
	    (file->inode != 0 && !is_same(file, &st))) {
		errno = ENOENT;
		goto out;
	}
	note(file, &st);
	if ((access->group == (gid_t)-1 ||
		fchownat(fd, "", (uid_t)-1, access->group, AT_EMPTY_PATH) ==
		    0) &&
	    chmod(name, access->mode) == 0)
		result = 0;
out:
	close(fd);
	return result;
}

int
listen_path_open(const char *path, const struct listen_access *access,
    struct listen_file *file)
{
	union listen_address a;
	mode_t before;
	int fd, saved, result;
	char why[1];

	*file = (struct listen_file){0};
	if (listen_parse(path, &a, why, sizeof(why)) == 0) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (clear(path, &a) == -1)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	/* Nobody gets in before it has the access that it is to have. */
	before = umask(S_IRWXG | S_IRWXO | S_IXUSR);
	result = bind(fd, &a.any, sizeof(a.un));
	saved = errno;
	umask(before);
	errno = saved;
	if (result == 0 && listen_path_permit(path, file, access) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	if (result == 0)
		listen_path_remove(path, file);
	close(fd);
	errno = saved;
	return -1;
}
