#include "maildirsize.h"

#include "maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char file[] = "maildirsize", draft[] = "tmp/maildirsize.ringmail";

/* The first line: "1000000S,1000C", of which either may lack. */
static size_t
limits(char *text, size_t size, const struct maildirsize *limit)
{
	size_t n = 0;

	if (limit->octets > 0)
		n = (size_t)snprintf(text, size, "%" PRIu64 "S", limit->octets);
	if (limit->messages > 0)
		n += (size_t)snprintf(text + n, size - n, "%s%" PRIu64 "C",
		    n > 0 ? "," : "", limit->messages);
	return n;
}

static int
write_draft(int folder, const char *text, size_t length)
{
	int fd, result;

	/* What lies there may be a link to something else. */
	if (unlinkat(folder, draft, 0) == -1 && errno != ENOENT)
		return -1;
	fd = openat(folder, draft,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	result = maildir_write(fd, text, length);
	close(fd);
	return result;
}

int
maildirsize_write(const char *path, const struct maildirsize *limit,
    const struct maildirsize *used)
{
	char text[160];
	size_t n = limits(text, sizeof(text), limit);
	int folder, result = -1, saved;

	n += (size_t)snprintf(text + n, sizeof(text) - n,
	    "\n%" PRIu64 " %" PRIu64 "\n", used->octets, used->messages);
	if ((folder = maildir_open(path, "")) == -1)
		return -1;
	if (write_draft(folder, text, n) == 0)
		result = renameat(folder, draft, folder, file);
	saved = errno;
	close(folder);
	errno = saved;
	return result;
}

int
maildirsize_add(const char *path, int64_t octets, int64_t messages)
{
	char text[64];
	struct stat st;
	int folder, fd, n, result = 1;

	if ((folder = maildir_open(path, "")) == -1)
		return -1;
	fd = openat(folder, file,
	    O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
		O_CLOEXEC);
	close(folder);
	if (fd == -1)
		return 1;
	n = snprintf(
	    text, sizeof(text), "%" PRId64 " %" PRId64 "\n", octets, messages);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size + n <= MAILDIRSIZE_MAX)
		result = maildir_write(fd, text, (size_t)n);
	close(fd);
	return result;
}
