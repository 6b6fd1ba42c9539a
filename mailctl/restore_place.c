#include "restore_place.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE 65536
#define DEPTH 16 /* folders that nftw keeps open */

void
restore_place_begin(struct restore_place *p)
{
	const time_t now = time(NULL);
	char made[32] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(made, sizeof(made), "%Y%m%dT%H%M%SZ", &tm);
	/* Two may come within a second. */
	snprintf(p->suffix, sizeof(p->suffix), ".before-restore-%s.%d", made,
	    (int)getpid());
}

static int
failed(const char *path)
{
	warn("%s", path);
	return -1;
}

/* Makes one, unless it is there. */
static int
make_one(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	if (mkdir(path, mode) == -1)
		return errno == EEXIST ? 0 : failed(path);
	/* Whatever the umask is. */
	if (chmod(path, mode) == -1 || chown(path, uid, gid) == -1)
		return failed(path);
	return 0;
}

int
restore_place_parents(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	char folder[RESTORE_PATH_MAX];
	char *slash, *last;

	snprintf(folder, sizeof(folder), "%s", path);
	if ((last = strrchr(folder, '/')) == NULL || last == folder)
		return 0;
	*last = '\0';
	for (slash = strchr(folder + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (make_one(folder, 0755, 0, 0) == -1)
			return -1;
		*slash = '/';
	}
	return make_one(folder, mode, uid, gid);
}

static int
move_away(const struct restore_place *p, const char *path)
{
	char kept[RESTORE_PATH_MAX];

	if ((size_t)snprintf(kept, sizeof(kept), "%s%s", path, p->suffix) >=
	    sizeof(kept)) {
		errno = ENAMETOOLONG;
		return failed(path);
	}
	if (rename(path, kept) == -1)
		return errno == ENOENT ? 0 : failed(kept);
	return 0;
}

int
restore_place_folder(
    const struct restore_place *p, const char *from, const char *to)
{
	struct stat st;

	if (from != NULL && stat(from, &st) == -1 && errno == ENOENT)
		from = NULL;
	/* An empty one is nobody's loss. */
	if (rmdir(to) == -1 && errno != ENOENT && move_away(p, to) == -1)
		return -1;
	if (from == NULL || rename(from, to) == 0)
		return 0;
	return failed(to);
}

/* Whether two files have the same octets. */
static int
is_same(int a, int b)
{
	static char of_a[PIECE], of_b[PIECE];
	ssize_t n, m;
	off_t at = 0;

	do {
		n = pread(a, of_a, sizeof(of_a), at);
		m = pread(b, of_b, sizeof(of_b), at);
		if (n < 0 || n != m || memcmp(of_a, of_b, (size_t)n) != 0)
			return 0;
		at += n;
	} while (n > 0);
	return 1;
}

/* A copy with the same owner and rights, on the disk. */
static int
copy(int from, const char *to)
{
	struct stat st;
	ssize_t n = 0;
	int fd;

	unlink(to);
	fd = open(
	    to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return failed(to);
	if (fstat(from, &st) == -1 || lseek(from, 0, SEEK_SET) == -1)
		n = -1;
	while (n != -1 && (n = sendfile(fd, from, NULL, PIECE)) > 0)
		;
	if (n == -1 || fchown(fd, st.st_uid, st.st_gid) == -1 ||
	    fchmod(fd, st.st_mode & 0777) == -1 || fsync(fd) == -1) {
		failed(to);
		close(fd);
		unlink(to);
		return -1;
	}
	close(fd);
	return 0;
}

static int
replace(const struct restore_place *p, int from, const char *to)
{
	char beside[RESTORE_PATH_MAX];

	if ((size_t)snprintf(beside, sizeof(beside), "%s.restored", to) >=
	    sizeof(beside)) {
		errno = ENAMETOOLONG;
		return failed(to);
	}
	if (copy(from, beside) == -1)
		return -1;
	if (move_away(p, to) == 0 && rename(beside, to) == 0)
		return 0;
	failed(to);
	unlink(beside);
	return -1;
}

int
restore_place_file(
    const struct restore_place *p, const char *from, const char *to)
{
	int in, there, result = 0, same = 0;

	if ((in = open(from, O_RDONLY | O_CLOEXEC)) == -1)
		return failed(from);
	there = open(to, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (there != -1) {
		same = is_same(in, there);
		close(there);
	}
	if (!same)
		result = replace(p, in, to);
	close(in);
	return result;
}

static int
fail_with(int fd, int code)
{
	close(fd);
	errno = code;
	return -1;
}

int
restore_place_lock(const char *folder)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[RESTORE_PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/LOCK", folder);
	if ((fd = open(path, flags)) == -1)
		return -1;
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return fd;
	return fail_with(fd, errno == EACCES ? EAGAIN : errno);
}

int
restore_place_claim(const char *folder)
{
	char inside[RESTORE_PATH_MAX];
	int fd;

	snprintf(inside, sizeof(inside), "%s/x", folder);
	if (restore_place_parents(inside, 0755, 0, 0) == -1)
		return -1;
	if ((fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return failed(folder);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		warnx("%s: another restore is under way", folder);
	else
		warn("%s", folder);
	return fail_with(fd, errno);
}

int
restore_place_is_used(const char *folder, const char *but)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;
	int found = 0;

	if (dir == NULL)
		return errno != ENOENT;
	while (!found && (e = readdir(dir)) != NULL)
		found = strcmp(e->d_name, ".") != 0 &&
			strcmp(e->d_name, "..") != 0 &&
			strcmp(e->d_name, but) != 0;
	closedir(dir);
	return found;
}

int
restore_place_sync(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;

	if (fd == -1)
		return errno == ENOENT ? 0 : failed(folder);
	if ((result = syncfs(fd)) == -1)
		failed(folder);
	close(fd);
	return result;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path) == -1 ? failed(path) : 0;
}

int
restore_place_remove(const char *folder)
{
	struct stat st;

	if (lstat(folder, &st) == -1 && errno == ENOENT)
		return 0;
	return nftw(folder, remove_one, DEPTH,
		   FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0
		   ? 0
		   : -1;
}
