#include "privileges_paths.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights that the headers of an older system do not name yet. */
#define ACCESS_REFER	 (UINT64_C(1) << 13) /* ABI 2 */
#define ACCESS_TRUNCATE	 (UINT64_C(1) << 14) /* ABI 3 */
#define ACCESS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE                                                       \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |     \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | ACCESS_REFER | ACCESS_TRUNCATE)
/* What a rule for a file, rather than a folder, may hold. */
#define ACCESS_OF_FILE                                                  \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    LANDLOCK_ACCESS_FS_EXECUTE | ACCESS_TRUNCATE)

int
privileges_paths_expand(const struct privileges_place *place, const char *path,
    char *out, size_t size)
{
	const char *const names[] = {
	    "$run", "$state", "$mail", "$program", "$lists"};
	const char *const values[] = {place->run, place->state, place->mail,
	    place->program, place->lists};
	size_t length = strcspn(path, "/"), i;
	const char *value = NULL;

	if (*path != '$') {
		value = "";
		length = 0;
	}
	for (i = 0; i < sizeof(names) / sizeof(names[0]) && value == NULL; i++)
		if (strlen(names[i]) == length &&
		    strncmp(path, names[i], length) == 0)
			value = values[i];
	if (value == NULL) {
		errno = EINVAL;
		return -1;
	}
	if ((size_t)snprintf(out, size, "%s%s", value, path + length) >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

/* Opens one: 0, or -1 with errno. */
static int
add_path(struct privileges_paths *paths, const char *name, int access)
{
	int fd = open(name, O_PATH | O_CLOEXEC);

	if (fd == -1)
		return -1;
	paths->access[paths->count] = access;
	paths->fds[paths->count++] = fd;
	return 0;
}

/* "$homes": those that are there. */
static int
add_homes(struct privileges_paths *paths, const struct privileges_place *place,
    int access)
{
	size_t i;

	if (place->homes_count > PRIVILEGES_HOMES) {
		errno = E2BIG;
		return -1;
	}
	for (i = 0; i < place->homes_count; i++)
		if (add_path(paths, place->homes[i], access) == -1 &&
		    errno != ENOENT)
			return -1;
	return 0;
}

/* "$lists": if it is named, and there. */
static int
add_lists(struct privileges_paths *paths, const char *name, int access)
{
	if (name == NULL || name[0] == '\0' ||
	    add_path(paths, name, access) == 0 || errno == ENOENT)
		return 0;
	return -1;
}

/* What one row stands for. */
static int
add_row(struct privileges_paths *paths, const struct privileges_path *path,
    const struct privileges_place *place)
{
	char name[PATH_MAX];

	if (strcmp(path->path, "$homes") == 0)
		return add_homes(paths, place, path->access);
	if (strcmp(path->path, "$lists") == 0)
		return add_lists(paths, place->lists, path->access);
	if (privileges_paths_expand(place, path->path, name, sizeof(name)) ==
	    -1)
		return -1;
	return add_path(paths, name, path->access);
}

int
privileges_paths_open(struct privileges_paths *paths,
    const struct privileges *p, const struct privileges_place *place)
{
	const struct privileges_path *path = p->paths;
	int i, code;

	paths->count = 0;
	for (i = 0; i < PRIVILEGES_PATHS && path->path != NULL; i++, path++)
		if (add_row(paths, path, place) == -1) {
			code = errno;
			log_error("privileges.path",
			    log_text("path", path->path), log_errno(code));
			privileges_paths_close(paths);
			errno = code;
			return -1;
		}
	return 0;
}

/* All rights on files that an ABI knows. */
static uint64_t
known_rights(long abi)
{
	uint64_t rights = ACCESS_REFER - 1;

	if (abi >= 2)
		rights |= ACCESS_REFER;
	if (abi >= 3)
		rights |= ACCESS_TRUNCATE;
	if (abi >= 5)
		rights |= ACCESS_IOCTL_DEV;
	return rights;
}

static int
add_rule(int ruleset, int fd, int access, uint64_t known)
{
	struct landlock_path_beneath_attr rule = {.parent_fd = fd};
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -1;
	if (access & PATH_READ)
		rule.allowed_access |= ACCESS_READ;
	if (access & PATH_WRITE)
		rule.allowed_access |= ACCESS_WRITE;
	if (access & PATH_EXECUTE)
		rule.allowed_access |= LANDLOCK_ACCESS_FS_EXECUTE;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= ACCESS_OF_FILE;
	rule.allowed_access &= known;
	return (int)syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

int
privileges_paths_enforce(const struct privileges_paths *paths)
{
	struct landlock_ruleset_attr attr;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	int ruleset, code, r = 0;
	size_t i;

	if (abi < 1) {
		log_warn("privileges.no_landlock", log_errno(errno));
		return 0;
	}
	memset(&attr, 0, sizeof(attr));
	attr.handled_access_fs = known_rights(abi);
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    sizeof(attr.handled_access_fs), 0);
	if (ruleset == -1)
		return -1;
	for (i = 0; i < paths->count && r == 0; i++)
		r = add_rule(ruleset, paths->fds[i], paths->access[i],
		    attr.handled_access_fs);
	if (r == 0)
		r = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
	code = errno;
	close(ruleset);
	errno = code;
	return r;
}

void
privileges_paths_close(struct privileges_paths *paths)
{
	while (paths->count > 0)
		close(paths->fds[--paths->count]);
}
