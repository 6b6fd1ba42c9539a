#include "maildir.h"

#include "homes.h"
#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Octets of a letter that are read ahead; the kernel sees to the rest. */
#define READ_AHEAD (1 << 20)

static struct {
	int fd;
	dev_t device;
	char host[65];
} root = {.fd = -1};

/* A sync has failed. */
static atomic_int doubtful;

/* As the Maildir convention has it for "/" and ":"; "," begins our fields. */
static void
set_host(const char *host)
{
	size_t n = 0;

	for (; *host != '\0' && n + 5 < sizeof(root.host); host++) {
		if (*host == '/' || *host == ':' || *host == ',')
			n += (size_t)snprintf(root.host + n, 5, "\\%03o",
			    (unsigned)(unsigned char)*host);
		else if (*host > 0x20 && *host < 0x7f)
			root.host[n++] = *host;
	}
	root.host[n] = '\0';
	if (n == 0)
		snprintf(root.host, sizeof(root.host), "localhost");
}

int
maildir_setup(const char *path, const char *host)
{
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1) {
		close(fd);
		return -1;
	}
	if (root.fd != -1)
		close(root.fd);
	root.fd = fd;
	root.device = st.st_dev;
	set_host(host);
	return 0;
}

/* The descriptor of the folder that *path lies below, with *path made relative
 * to it; -1 with errno. */
static int
root_of(const char **path)
{
	return **path != '/' ? root.fd : homes_of(path);
}

int
maildir_sync_all(void)
{
	/* The kernel tells of lost writes once: a later sync would pass. */
	if (!maildir_is_doubtful() && syncfs(root.fd) == 0)
		return 0;
	if (!atomic_exchange(&doubtful, 1))
		log_error("maildir.sync", log_errno(errno));
	errno = EIO;
	return -1;
}

int
maildir_is_doubtful(void)
{
	return atomic_load(&doubtful);
}

dev_t
maildir_device(void)
{
	return root.device;
}

void
maildir_name(char name[MAILDIR_NAME_MAX], uint64_t trace, int64_t received,
    uint64_t size, uint64_t octets)
{
	int64_t us = received / 1000;

	snprintf(name, MAILDIR_NAME_MAX,
	    "%" PRId64 ".M%06" PRId64 "R%016" PRIx64 ".%s,S=%" PRIu64
	    ",W=%" PRIu64,
	    us / 1000000, us % 1000000, trace, root.host, size, octets);
}

size_t
maildir_base_length(const char *name)
{
	return strcspn(name, ":");
}

/* open_below where there is no openat2 (in Valgrind): step by step. */
static int
walk_below(int folder, const char *path, int flags)
{
	char name[NAME_MAX + 1];
	int at = folder, next, error;

	do {
		size_t length = strcspn(path, "/");
		/* "box/" is "box". */
		int is_last = path[length] == '\0' || path[length + 1] == '\0';

		snprintf(name, sizeof(name), "%.*s", (int)length, path);
		path += length + !is_last;
		errno = EXDEV;
		next =
		    length == 0 || length > NAME_MAX || strcmp(name, "..") == 0
			? -1
			: openat(at, name,
			      is_last ? flags
				      : O_PATH | O_DIRECTORY | O_NOFOLLOW |
					    O_CLOEXEC);
		error = errno;
		if (at != folder)
			close(at);
		errno = error;
		at = next;
		if (is_last)
			break;
	} while (next != -1);
	return next;
}

/* Opens below a folder, whatever the owner has laid there. */
static int
open_below(int folder, const char *path, int flags)
{
	struct open_how how = {.resolve = RESOLVE_BENEATH |
					  RESOLVE_NO_SYMLINKS |
					  RESOLVE_NO_MAGICLINKS};
	static atomic_int absent;
	int fd;

	flags |= O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	how.flags = (unsigned)flags;
	if (absent)
		return walk_below(folder, path, flags);
	fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
	if (fd != -1 || errno != ENOSYS)
		return fd;
	absent = 1;
	return walk_below(folder, path, flags);
}

/* Likewise, by a path as in the header. */
static int
open_path(const char *path, int flags)
{
	int fd = root_of(&path);

	return fd == -1 ? -1 : open_below(fd, path, flags);
}

int
maildir_open(const char *path, const char *sub)
{
	char full[OWNER_PATH_MAX + 8];

	snprintf(full, sizeof(full), "%s/%s", path, sub);
	return open_path(full, O_RDONLY | O_DIRECTORY);
}

/* mkdir, and the folder's descriptor, in the place of *folder. */
static int
enter(int *folder, const char *name, mode_t mode)
{
	int next;

	if (mkdirat(*folder, name, mode) == -1 && errno != EEXIST)
		return -1;
	next = open_below(*folder, name, O_RDONLY | O_DIRECTORY);
	if (next == -1)
		return -1;
	close(*folder);
	*folder = next;
	return 0;
}

/* The folder that a Maildir of the mail root shall have, made with those that
 * lead there. */
static int
make_below_root(const char *path)
{
	char copy[OWNER_PATH_MAX], *part, *rest = copy;
	int folder;

	snprintf(copy, sizeof(copy), "%s", path);
	if ((folder = fcntl(root.fd, F_DUPFD_CLOEXEC, 3)) == -1)
		return -1;
	while ((part = strsep(&rest, "/")) != NULL)
		/* Folders on the way may hold Maildirs of other owners. */
		if (*part != '\0' &&
		    enter(&folder, part, rest == NULL ? 0700 : 0711) == -1) {
			close(folder);
			return -1;
		}
	return folder;
}

/* Likewise in a home, which must be there. */
static int
make_in_home(const char *path)
{
	const char *last = strrchr(path, '/') + 1;
	char home[OWNER_PATH_MAX];
	int folder;

	snprintf(home, sizeof(home), "%.*s", (int)(last - path - 1), path);
	if ((folder = open_path(home, O_RDONLY | O_DIRECTORY)) == -1)
		return -1;
	if (enter(&folder, last, 0700) == 0)
		return folder;
	close(folder);
	return -1;
}

int
maildir_make(const char *path)
{
	static const char *const subs[] = {"new", "cur", "tmp"};
	int folder, result = -1;
	size_t i;

	if (strlen(path) >= OWNER_PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	folder = *path == '/' ? make_in_home(path) : make_below_root(path);
	if (folder == -1)
		return -1;
	for (i = 0; i < sizeof(subs) / sizeof(subs[0]); i++)
		if (mkdirat(folder, subs[i], 0700) == -1 && errno != EEXIST)
			goto out;
	/* Rare, and a checkpoint's sync would come too late for the larger
	 * messages that are synced alone. */
	result = *path == '/' ? syncfs(folder) : maildir_sync_all();
out:
	close(folder);
	return result;
}

int
maildir_settle(const char *path)
{
	static const char *const subs[] = {"new", "cur"};
	struct stat st;
	int fd, result = 0;
	size_t i;

	for (i = 0; i < 2 && *path == '/' && result == 0; i++) {
		if ((fd = maildir_open(path, subs[i])) == -1)
			continue;
		if (fstat(fd, &st) == 0 && st.st_dev != root.device)
			result = fsync(fd);
		close(fd);
	}
	return result;
}

int
maildir_unnamed(int folder)
{
	return openat(folder, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
}

int
maildir_write(int fd, const void *data, size_t length)
{
	const char *p = data;
	ssize_t n;

	while (length > 0) {
		n = write(fd, p, length);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		length -= (size_t)n;
	}
	return 0;
}

int
maildir_link(int fd, int folder, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, folder, name, AT_SYMLINK_FOLLOW);
}

/* The name in one folder that has this base. */
static int
find_in(const char *path, const char *sub, const char *base, size_t length,
    char *file, size_t size)
{
	struct dirent *entry;
	int fd, found = 0;
	DIR *dir;

	if ((fd = maildir_open(path, sub)) == -1)
		return errno == ENOENT ? 0 : -1;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return -1;
	}
	while (!found && (entry = readdir(dir)) != NULL) {
		if (maildir_base_length(entry->d_name) != length ||
		    memcmp(entry->d_name, base, length) != 0)
			continue;
		found = (size_t)snprintf(
			    file, size, "%s/%s", sub, entry->d_name) < size;
	}
	closedir(dir);
	return found;
}

int
maildir_find(
    const char *path, const char *base, size_t length, char *file, size_t size)
{
	/* In this order: a letter moves from new/ to cur/, never back. */
	static const char *const subs[] = {"new", "cur"};
	size_t i;
	int found = 0;

	for (i = 0; i < 2 && found == 0; i++)
		found = find_in(path, subs[i], base, length, file, size);
	return found;
}

int
maildir_is_file(const char *file)
{
	size_t length = strlen(file);

	return (strncmp(file, "new/", 4) == 0 ||
		   strncmp(file, "cur/", 4) == 0) &&
	       length > 4 && length < 4 + MAILDIR_NAME_MAX && file[4] != '.' &&
	       strchr(file + 4, '/') == NULL;
}

/* Opens a letter by its very name: O_RDONLY or O_RDWR. */
static int
open_letter(const char *path, const char *file, uint64_t access)
{
	char full[OWNER_PATH_MAX + 8 + MAILDIR_NAME_MAX];
	struct stat st;
	int fd;

	snprintf(full, sizeof(full), "%s/%s", path, file);
	if ((fd = open_path(full, access)) == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	errno = ENOENT;
	return -1;
}

int
maildir_open_file(const char *path, const char *file)
{
	return open_letter(path, file, O_RDONLY);
}

int
maildir_open_in(int folder, const char *name)
{
	return openat(folder, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

int
maildir_fetch(const char *path, const char *file)
{
	char moved[4 + MAILDIR_NAME_MAX];
	int fd, found;

	fd = open_letter(path, file, O_RDONLY);
	if (fd == -1 && errno == ENOENT) {
		found = maildir_find(path, file + 4,
		    maildir_base_length(file + 4), moved, sizeof(moved));
		if (found == 1)
			fd = open_letter(path, moved, O_RDONLY);
		else if (found == 0)
			errno = ENOENT;
	}
	return fd;
}

void
maildir_read_ahead(int fd)
{
	(void)posix_fadvise(fd, 0, READ_AHEAD, POSIX_FADV_WILLNEED);
}

int
maildir_rewrite(
    const char *path, const char *file, const void *data, size_t length)
{
	int fd, result = -1, saved;

	if ((fd = open_letter(path, file, O_RDWR)) == -1)
		return errno == ENOENT ? 0 : -1;
	if (maildir_write(fd, data, length) == 0)
		result = ftruncate(fd, (off_t)length);
	saved = errno;
	close(fd);
	errno = saved;
	return result;
}

/* Removes a letter by its very name. */
static int
remove_letter(const char *path, const char *file)
{
	char sub[4] = {file[0], file[1], file[2], '\0'};
	int folder, result, saved;

	if ((folder = maildir_open(path, sub)) == -1)
		return -1;
	result = unlinkat(folder, file + 4, 0);
	saved = errno;
	close(folder);
	errno = saved;
	return result;
}

int
maildir_remove(const char *path, const char *file)
{
	char moved[4 + MAILDIR_NAME_MAX];
	int found;

	if (remove_letter(path, file) == 0)
		return 0;
	if (errno != ENOENT)
		return -1;
	found = maildir_find(path, file + 4, maildir_base_length(file + 4),
	    moved, sizeof(moved));
	if (found <= 0)
		return found;
	return remove_letter(path, moved) == 0 || errno == ENOENT ? 0 : -1;
}

int
maildir_remove_all(const char *path, const char *const *files, unsigned n)
{
	int folders[2] = {-1, -1}, result = 0, saved;
	unsigned i;

	for (i = 0; i < n && result == 0; i++) {
		int is_cur = files[i][0] == 'c';
		int *folder = &folders[is_cur];

		if (*folder == -1)
			*folder = maildir_open(path, is_cur ? "cur" : "new");
		if (*folder == -1 || unlinkat(*folder, files[i] + 4, 0) == -1)
			result = maildir_remove(path, files[i]);
	}
	saved = errno;
	for (i = 0; i < 2; i++)
		if (folders[i] != -1)
			close(folders[i]);
	errno = saved;
	return result;
}
