#include "twin.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "new/NAME" and its folder, open. */
struct named {
	int folder;
	struct stat st;
	int is_there;
};

static void
look(const struct owner *o, const char *file, struct named *n)
{
	const char sub[4] = {file[0], file[1], file[2], '\0'};

	n->folder = maildir_open(o->path, sub);
	n->is_there = n->folder != -1 && fstatat(n->folder, file + 4, &n->st,
					     AT_SYMLINK_NOFOLLOW) == 0;
}

static void
leave(struct named *n)
{
	if (n->folder != -1)
		close(n->folder);
}

/* The name with "~INODE" behind the part before its first field, so that order,
 * fields and flags stay, and no folder has to be searched. */
static int
compose(char to[TWIN_FILE_MAX], const char *file, ino_t inode)
{
	size_t length = strcspn(file, ",:");
	int n;

	n = snprintf(to, TWIN_FILE_MAX, "%.*s~%jx%s", (int)length, file,
	    (uintmax_t)inode, file + length);
	if (n > 0 && n < TWIN_FILE_MAX && maildir_is_file(to))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

static enum twin_result
rename_one(
    const struct owner *o, const struct named *n, char file[TWIN_FILE_MAX])
{
	char to[TWIN_FILE_MAX];

	if (compose(to, file, n->st.st_ino) == -1)
		return TWIN_FAILED;
	if (faccessat(n->folder, to + 4, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return TWIN_FAILED;
	}
	if (renameat(n->folder, file + 4, n->folder, to + 4) == -1)
		return TWIN_FAILED;
	log_warn("twin.renamed", log_text("path", o->path),
	    log_text("from", file), log_text("to", to));
	memcpy(file, to, sizeof(to));
	return TWIN_RENAMED;
}

static enum twin_result
settle(const struct owner *o, char first[TWIN_FILE_MAX],
    char second[TWIN_FILE_MAX], const struct named *a, const struct named *b)
{
	if (!a->is_there && b->is_there)
		memcpy(first, second, TWIN_FILE_MAX);
	if (!a->is_there || !b->is_there)
		return TWIN_ONE;
	if (a->st.st_dev != b->st.st_dev || a->st.st_ino != b->st.st_ino)
		return rename_one(o, b, second);
	log_info("twin.unlinked", log_text("path", o->path),
	    log_text("file", second));
	if (unlinkat(b->folder, second + 4, 0) == -1 && errno != ENOENT)
		log_warn("twin.unlink", log_errno(errno));
	return TWIN_ONE;
}

enum twin_result
twin_settle(const struct owner *o, char first[TWIN_FILE_MAX],
    char second[TWIN_FILE_MAX])
{
	char swap[TWIN_FILE_MAX];
	enum twin_result result = TWIN_FAILED;
	struct named a, b;

	if (first[0] != 'c' && second[0] == 'c') {
		memcpy(swap, first, sizeof(swap));
		memcpy(first, second, sizeof(swap));
		memcpy(second, swap, sizeof(swap));
	}
	if (owner_become(o->uid, o->gid) == 0) {
		look(o, first, &a);
		look(o, second, &b);
		result = settle(o, first, second, &a, &b);
		if (result == TWIN_FAILED)
			log_error("twin.hidden", log_text("path", o->path),
			    log_text("file", second), log_errno(errno));
		leave(&a);
		leave(&b);
	}
	owner_home();
	return result;
}
