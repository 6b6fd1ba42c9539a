#include "backup_parts.h"

#include "program.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const backup_mailbox_folders[] = {"uidl", "visit", NULL};

enum client_exit
backup_setting(const char *program, const char *folder, const char *name,
    char *value, size_t size)
{
	const char *const options[] = {"-d", name, NULL};

	return program_run(program, folder, options, value, size) == 0
		   ? CLIENT_OK
		   : CLIENT_REFUSED;
}

void
backup_rights(struct tarball_rights *r, const struct stat *st)
{
	const struct passwd *user = getpwuid(st->st_uid);
	const struct group *group = getgrgid(st->st_gid);

	r->mode = st->st_mode & 0777;
	snprintf(r->owner, sizeof(r->owner), "%s",
	    user == NULL ? "root" : user->pw_name);
	snprintf(r->group, sizeof(r->group), "%s",
	    group == NULL ? "root" : group->gr_name);
}

enum client_exit
backup_put_path(
    struct tarball *t, const char *path, const char *member, const uid_t *owner)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	struct tarball_member m = {.size = 0};
	enum client_exit code = CLIENT_OK;
	struct stat st;
	int fd;

	if ((size_t)snprintf(m.name, sizeof(m.name), "%s", member) >=
	    sizeof(m.name)) {
		warnx("%s: its name is too long", path);
		return CLIENT_REFUSED;
	}
	/* Two settings may name the same file, or its folder. */
	if (owner == NULL && tarball_has(t, member))
		return CLIENT_OK;
	fd = open(path, owner == NULL ? flags : flags | O_NOFOLLOW);
	if (fd == -1 && (errno == ENOENT || (owner != NULL && errno == ELOOP)))
		return CLIENT_OK;
	if (fd == -1 || fstat(fd, &st) == -1) {
		warn("%s", path);
		code = CLIENT_REFUSED;
	} else if (owner != NULL && st.st_uid != *owner) {
		warnx("%s is not of whom the folder is: left out", path);
	} else if (S_ISREG(st.st_mode)) {
		backup_rights(&m.rights, &st);
		if (tarball_put_file(t, &m, fd) == -1)
			code = CLIENT_TEMPORARY;
	}
	if (fd != -1)
		close(fd);
	return code;
}

enum client_exit
backup_put_folder(struct tarball *t, const char *path, const char *prefix,
    const char *begins, const uid_t *owner)
{
	char file[TARBALL_NAME_MAX], member[TARBALL_NAME_MAX];
	enum client_exit code = CLIENT_OK;
	DIR *dir = opendir(path);
	const struct dirent *e;

	if (dir == NULL && errno == ENOENT)
		return CLIENT_OK;
	if (dir == NULL) {
		warn("%s", path);
		return CLIENT_REFUSED;
	}
	errno = 0;
	while (code == CLIENT_OK && (e = readdir(dir)) != NULL) {
		if (e->d_type == DT_DIR ||
		    strncmp(e->d_name, begins, strlen(begins)) != 0)
			continue;
		if ((size_t)snprintf(file, sizeof(file), "%s/%s", path,
			e->d_name) >= sizeof(file) ||
		    (size_t)snprintf(member, sizeof(member), "%s/%s", prefix,
			e->d_name) >= sizeof(member)) {
			warnx("%s: a name is too long", path);
			code = CLIENT_REFUSED;
		} else {
			code = backup_put_path(t, file, member, owner);
		}
		errno = 0;
	}
	if (code == CLIENT_OK && errno != 0) {
		warn("%s", path);
		code = CLIENT_TEMPORARY;
	}
	closedir(dir);
	return code;
}
