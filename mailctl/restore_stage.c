#include "restore_parts.h"

#include "backup_parts.h"
#include "super_restoring.h"

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

#define PATH_SIZE RESTORE_PATH_MAX
#define UNPACKED  ".restore"

static int
begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

/* A name of the backup's host, on this one. */
static struct restore_user
user_of(const char *what, const struct tarball_rights *rights)
{
	const struct passwd *user = getpwnam(rights->owner);
	const struct group *group = getgrnam(rights->group);

	if (user == NULL)
		warnx("%s: there is no user %s here: it becomes root's", what,
		    rights->owner);
	if (group == NULL)
		warnx("%s: there is no group %s here: it becomes root's", what,
		    rights->group);
	return (struct restore_user){.uid = user == NULL ? 0 : user->pw_uid,
	    .gid = group == NULL ? 0 : group->gr_gid};
}

/* To whom the staged member belongs. */
static struct restore_user
owner_of(const struct restore *r, const struct tarball_member *m)
{
	if (begins(m->name, "accounts/"))
		return r->accounts;
	if (begins(m->name, "mailbox/"))
		return r->mailbox;
	return user_of(m->name, &m->rights);
}

static int
stage_one(struct restore *r, const struct tarball_member *m)
{
	const struct restore_user owner = owner_of(r, m);
	int is_ours =
	    begins(m->name, "accounts/") || begins(m->name, "mailbox/");
	char path[PATH_SIZE];
	int fd, result = -1;

	if (!is_ours && !begins(m->name, BACKUP_CONF "/") &&
	    !begins(m->name, BACKUP_FILES "/") &&
	    strcmp(m->name, BACKUP_FOLDERS) != 0) {
		warnx("%s: that is no part of a backup", m->name);
		return -1;
	}
	snprintf(path, sizeof(path), "%s/%s", r->staged, m->name);
	/* What belongs to conf is only read from here, by root. */
	if (restore_place_parents(path, 0700, is_ours ? owner.uid : 0,
		is_ours ? owner.gid : 0) == -1)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1) {
		warn("%s", path);
		return -1;
	}
	if (tarball_copy(r->reader, fd) == 0) {
		result = fchown(fd, owner.uid, owner.gid);
		if (result == 0)
			result = fchmod(fd, is_ours ? 0600 : m->rights.mode);
		if (result == -1)
			warn("%s", path);
	}
	close(fd);
	return result;
}

/* A line of FOLDERS, which is cut: its folder; NULL where it is none. */
static const char *
take_rights(char *line, struct tarball_rights *rights)
{
	const char *mode = strsep(&line, " "), *owner = strsep(&line, " "),
		   *group = strsep(&line, " ");
	char *end;

	if (line == NULL || strlen(owner) >= sizeof(rights->owner) ||
	    strlen(group) >= sizeof(rights->group) ||
	    !tarball_name_is_plain(line) ||
	    (strcmp(line, BACKUP_CONF) != 0 && !begins(line, BACKUP_FILES "/")))
		return NULL;
	rights->mode = (mode_t)strtoull(mode, &end, 8) & 0777;
	snprintf(rights->owner, sizeof(rights->owner), "%s", owner);
	snprintf(rights->group, sizeof(rights->group), "%s", group);
	return *end == '\0' ? line : NULL;
}

static int
set_rights(const struct restore *r, char *line)
{
	struct tarball_rights rights = {0};
	struct restore_user owner;
	char path[PATH_SIZE];
	const char *name = take_rights(line, &rights);

	if (name == NULL) {
		warnx(BACKUP_FOLDERS " has a line that is no folder's");
		return -1;
	}
	owner = user_of(name, &rights);
	snprintf(path, sizeof(path), "%s/%s", r->staged, name);
	if (chown(path, owner.uid, owner.gid) == 0 &&
	    chmod(path, rights.mode) == 0)
		return 0;
	warn("%s", path);
	return -1;
}

/* The staged folders get the rights that those which are lacking are made
 * with; until they have a name, root alone gets as far as to them. */
static int
set_all_rights(const struct restore *r)
{
	char path[PATH_SIZE], *line = NULL;
	size_t room = 0;
	int result = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/" BACKUP_FOLDERS, r->staged);
	if ((file = fopen(path, "re")) == NULL) {
		warn("%s", path);
		return -1;
	}
	while (result == 0 && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		result = set_rights(r, line);
	}
	if (ferror(file)) {
		warn("%s", path);
		result = -1;
	}
	free(line);
	fclose(file);
	return result;
}

static int
unpack(struct restore *r)
{
	char inside[PATH_SIZE];
	struct tarball_member m;
	int more;

	snprintf(inside, sizeof(inside), "%s/x", r->staged);
	if (restore_place_parents(inside, 0700, 0, 0) == -1)
		return -1;
	while ((more = tarball_next(r->reader, &m)) == 1)
		if (stage_one(r, &m) == -1)
			return -1;
	if (more == -1 || set_all_rights(r) == -1)
		return -1;
	return restore_place_sync(r->staged);
}

int
restore_stage(struct restore *r)
{
	snprintf(r->staged, sizeof(r->staged), "%s/" UNPACKED, r->state);
	if (restore_place_remove(r->staged) == 0 && unpack(r) == 0)
		return 0;
	restore_place_remove(r->staged);
	return -1;
}

static int
rename_staged(struct restore *r, const char *name)
{
	char to[sizeof(r->staged)];

	snprintf(to, sizeof(to), "%s/%s", r->state, name);
	if (rename(r->staged, to) == -1) {
		warn("%s", to);
		return -1;
	}
	memcpy(r->staged, to, sizeof(to));
	return restore_place_sync(r->state);
}

int
restore_stage_open(struct restore *r)
{
	char old[sizeof(r->staged)];

	/* Of a restore that was cut off, which this one does again. */
	snprintf(old, sizeof(old), "%s/" SUPER_RESTORING, r->state);
	return restore_place_remove(old) == -1
		   ? -1
		   : rename_staged(r, SUPER_RESTORING);
}

int
restore_stage_close(struct restore *r)
{
	return rename_staged(r, UNPACKED) == -1
		   ? -1
		   : restore_place_remove(r->staged);
}
