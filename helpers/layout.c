#include "layout.h"

#include "clock.h"
#include "log.h"
#include "store.h"
#include "super.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 1024
/* How often a helper looks whether number 0 is ready. */
#define LOOK_TIME (20 * CLOCK_MILLISECOND)
/* Folders of helpers that may have been. */
#define FOLDERS 256

static const char *const journals[] = {"journal.0", "journal.1"};

void
layout_folder(char *path, size_t size, const char *folder, unsigned n)
{
	snprintf(path, size, "%s/%u", folder, n);
}

/* How many helpers the journals are of; 0: not known. */
static unsigned
read_layout(int folder)
{
	char text[16] = "";
	int fd = openat(folder, "layout", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd == -1)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return (unsigned)strtoul(text, NULL, 10);
}

static int
write_layout(int folder, unsigned count)
{
	char text[16];
	int fd, length, saved, result = -1;

	length = snprintf(text, sizeof(text), "%u\n", count);
	fd = openat(folder, "layout.new",
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	if (write(fd, text, (size_t)length) == length && fsync(fd) == 0 &&
	    renameat(folder, "layout.new", folder, "layout") == 0)
		result = fsync(folder);
	saved = errno;
	close(fd);
	errno = saved;
	return result;
}

static int
has_journal(const char *path)
{
	char file[PATH_SIZE + 16];
	struct stat st;

	for (int i = 0; i < 2; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, journals[i]);
		if (stat(file, &st) == 0)
			return 1;
	}
	return 0;
}

/* Nobody will write to this journal any more, and all it held is durable. */
static int
remove_journal(const char *path)
{
	char file[PATH_SIZE + 16];

	for (int i = 0; i < 2; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, journals[i]);
		if (unlink(file) == -1 && errno != ENOENT)
			return -1;
	}
	return 0;
}

/* What no Maildir took goes to number 0, who tries it again. */
static int
move_aside(const char *from, const char *to)
{
	char old[PATH_SIZE + 256], new[PATH_SIZE + 256];
	struct dirent *e;
	int result = 0;
	DIR *dir;

	if (strcmp(from, to) == 0 || (dir = opendir(from)) == NULL)
		return 0;
	while (result == 0 && (e = readdir(dir)) != NULL) {
		if (strncmp(e->d_name, "aside.", 6) != 0)
			continue;
		snprintf(old, sizeof(old), "%s/%s", from, e->d_name);
		snprintf(new, sizeof(new), "%s/%s", to, e->d_name);
		result = rename(old, new);
	}
	closedir(dir);
	return result;
}

/* Replays one journal; is_over: it is that of a helper that is no more. */
static int
settle(const char *path, const char *first, int is_over,
    const struct store_conf *conf)
{
	struct store_conf own = *conf;
	struct store *s;

	if (has_journal(path)) {
		own.folder = path;
		log_info("layout.replay", log_text("path", path));
		if ((s = store_open(&own)) == NULL)
			return -1;
		store_close(&s);
		/* Where it could not be made durable. */
		if (maildir_is_doubtful()) {
			errno = EIO;
			return -1;
		}
	}
	if (!is_over)
		return 0;
	return move_aside(path, first) == 0 ? remove_journal(path) : -1;
}

static int
settle_all(const char *folder, unsigned count, const struct store_conf *conf)
{
	char path[PATH_SIZE], first[PATH_SIZE];
	struct stat st;
	unsigned i;

	layout_folder(first, sizeof(first), folder, 0);
	/* A single helper once had it in the folder itself. */
	if (settle(folder, first, 1, conf) == -1)
		return -1;
	for (i = 0; i < FOLDERS; i++) {
		layout_folder(path, sizeof(path), folder, i);
		if (stat(path, &st) == 0 &&
		    settle(path, first, i >= count, conf) == -1)
			return -1;
	}
	return 0;
}

/* Waits for number 0.  0, or -1 with errno. */
static int
wait_for_first(int above, unsigned count)
{
	const struct timespec pause = {0, LOOK_TIME};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	while (read_layout(above) != count) {
		super_end_with_parent();
		if (sigtimedwait(&set, NULL, &pause) == SIGTERM) {
			errno = EINTR;
			return -1;
		}
	}
	return 0;
}

int
layout_open(const char *folder, unsigned number, unsigned count,
    const struct store_conf *conf)
{
	char path[PATH_SIZE];
	int above, saved, result = -1;

	above = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (above == -1)
		return -1;
	layout_folder(path, sizeof(path), folder, number);
	if ((mkdir(path, 0700) == 0 || errno == EEXIST) && fsync(above) == 0) {
		if (read_layout(above) == count)
			result = 0;
		else if (number > 0)
			result = wait_for_first(above, count);
		else if ((result = settle_all(folder, count, conf)) == 0)
			result = write_layout(above, count);
	}
	saved = errno;
	close(above);
	errno = saved;
	return result;
}
