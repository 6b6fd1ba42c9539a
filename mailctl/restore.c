#include "restore.h"

#include "backup_parts.h"
#include "progress.h"
#include "restore_parts.h"
#include "super_pid.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fts.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE RESTORE_PATH_MAX
#define PART_SIZE RESTORE_PART_MAX

/* A value of INFO's text to value[PART_SIZE]. */
static enum client_exit
take_value(const char *text, const char *key, char *value)
{
	size_t length = strlen(key);

	for (; text != NULL; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, key, length) == 0 && text[length] == '=') {
			text += length + 1;
			snprintf(value, PART_SIZE, "%.*s",
			    (int)strcspn(text, "\n"), text);
			return CLIENT_OK;
		}
	}
	warnx("the backup's INFO has no %s", key);
	return CLIENT_REFUSED;
}

static enum client_exit
take_user(const char *text, const char *key, struct restore_user *user)
{
	const struct passwd *found;
	enum client_exit code;
	char name[PART_SIZE];

	if ((code = take_value(text, key, name)) != CLIENT_OK)
		return code;
	if ((found = getpwnam(name)) == NULL) {
		warnx(
		    "there is no system user %s: install ringmail first", name);
		return CLIENT_REFUSED;
	}
	*user =
	    (struct restore_user){.uid = found->pw_uid, .gid = found->pw_gid};
	return CLIENT_OK;
}

static enum client_exit
take_folder(const char *text, const char *key, char *value)
{
	enum client_exit code = take_value(text, key, value);

	if (code == CLIENT_OK && value[0] != '/') {
		warnx("the backup's %s is no absolute path: %s", key, value);
		code = CLIENT_REFUSED;
	}
	return code;
}

/* INFO comes first. */
static enum client_exit
take_info(struct restore *r)
{
	char text[BACKUP_INFO_MAX];
	struct tarball_member m;
	enum client_exit code;

	if (tarball_next(r->reader, &m) != 1 ||
	    strcmp(m.name, BACKUP_INFO) != 0 ||
	    tarball_text(r->reader, text, sizeof(text)) == -1) {
		warnx("it does not begin with INFO: it is no backup of ours");
		return CLIENT_REFUSED;
	}
	if ((code = take_folder(text, BACKUP_STATE, r->state)) != CLIENT_OK ||
	    (code = take_folder(text, BACKUP_RUN, r->run)) != CLIENT_OK ||
	    (code = take_user(text, BACKUP_ACCOUNTS_USER, &r->accounts)) !=
		CLIENT_OK ||
	    (code = take_user(text, BACKUP_MAILBOX_USER, &r->mailbox)) !=
		CLIENT_OK)
		return code;
	return CLIENT_OK;
}

/* Whether helpers run over this state, whatever run folder they have now. */
static enum client_exit
check_helpers(struct restore *r, const char *accounts)
{
	pid_t pid = super_pid_read(r->run);

	if (pid == -1) {
		warn("%s.pid", r->run);
		return CLIENT_REFUSED;
	}
	if (pid > 0) {
		warnx("the helpers run (pid %d): stop them first", (int)pid);
		return CLIENT_REFUSED;
	}
	r->lock = restore_place_lock(accounts);
	if (r->lock != -1 || errno == ENOENT)
		return CLIENT_OK;
	if (errno == EAGAIN)
		warnx("%s is used by helpers that run: stop them first",
		    accounts);
	else
		warn("%s", accounts);
	return CLIENT_REFUSED;
}

/* Nothing is changed before this said yes. */
static enum client_exit
check_place(struct restore *r, int is_forced)
{
	char accounts[PATH_SIZE], layout[PATH_SIZE];
	enum client_exit code;

	if (geteuid() != 0) {
		warnx("run mailctl as root");
		return CLIENT_REFUSED;
	}
	snprintf(accounts, sizeof(accounts), "%s/accounts", r->state);
	if ((code = check_helpers(r, accounts)) != CLIENT_OK)
		return code;
	snprintf(layout, sizeof(layout), "%s/mailbox/layout", r->state);
	if (!is_forced && (restore_place_is_used(accounts, "LOCK") ||
			      access(layout, F_OK) == 0)) {
		warnx("%s has accounts or mailboxes of a ringmail: restore "
		      "into an empty machine, or with --force; what is there "
		      "is kept then, under another name",
		    r->state);
		return CLIENT_REFUSED;
	}
	return CLIENT_OK;
}

static int
place_file(const struct restore *r, const FTSENT *e, const char *to)
{
	const struct stat *st = e->fts_parent->fts_statp;

	if (restore_place_parents(
		to, st->st_mode & 0777, st->st_uid, st->st_gid) == -1)
		return -1;
	return restore_place_file(&r->place, e->fts_path, to);
}

/* 0; -1 where the tree can't be read. */
static int
check_entry(const FTSENT *e)
{
	if (e->fts_info != FTS_DNR && e->fts_info != FTS_ERR &&
	    e->fts_info != FTS_NS)
		return 0;
	/* A backup may have nothing of a part. */
	if (e->fts_level == FTS_ROOTLEVEL && e->fts_errno == ENOENT)
		return 0;
	errno = e->fts_errno;
	warn("%s", e->fts_path);
	return -1;
}

/* All that lies below a staged folder, as files of the folder `to`. */
static int
place_files(const struct restore *r, char *from, const char *to)
{
	char *const roots[] = {from, NULL};
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	char path[PATH_SIZE];
	int result = 0;
	FTSENT *e;

	if (tree == NULL) {
		warn("%s", from);
		return -1;
	}
	while (result == 0 && (e = fts_read(tree)) != NULL) {
		result = check_entry(e);
		if (e->fts_info != FTS_F)
			continue;
		if ((size_t)snprintf(path, sizeof(path), "%s%s", to,
			e->fts_path + strlen(from)) < sizeof(path)) {
			result = place_file(r, e, path);
		} else {
			errno = ENAMETOOLONG;
			warn("%s", e->fts_path);
			result = -1;
		}
	}
	if (result == 0 && errno != 0) {
		warn("%s", from);
		result = -1;
	}
	fts_close(tree);
	return result;
}

static int
place_folder(const struct restore *r, const char *name)
{
	char from[PATH_SIZE], to[PATH_SIZE];

	snprintf(from, sizeof(from), "%s/%s", r->staged, name);
	snprintf(to, sizeof(to), "%s/%s", r->state, name);
	return restore_place_folder(&r->place, from, to);
}

/* Letters that wait, where no journal of another time is in the way. */
static int
place_waiting(const struct restore *r)
{
	char from[PATH_SIZE], name[PART_SIZE], to[PATH_SIZE];
	const struct dirent *e;
	int result = 0, is_kept;
	DIR *dir;

	snprintf(from, sizeof(from), "%s/mailbox", r->staged);
	snprintf(to, sizeof(to), "%s/mailbox/layout", r->state);
	is_kept = access(to, F_OK) == 0;
	if ((dir = opendir(from)) == NULL)
		return errno == ENOENT ? 0 : -1;
	while (result == 0 && (e = readdir(dir)) != NULL) {
		if (e->d_name[strspn(e->d_name, "0123456789")] != '\0')
			continue;
		snprintf(name, sizeof(name), "mailbox/%.32s", e->d_name);
		if (is_kept)
			warnx("letters that waited for their owners are left "
			      "out: the journals that are there are kept");
		else
			result = place_folder(r, name);
	}
	closedir(dir);
	snprintf(from, sizeof(from), "%s/mailbox/layout", r->staged);
	if (result == 0 && !is_kept && access(from, F_OK) == 0)
		result = restore_place_file(&r->place, from, to);
	return result;
}

static int
place_state(const struct restore *r)
{
	char name[PART_SIZE], path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/mailbox/x", r->state);
	/* The index was one of other files. */
	if (restore_place_parents(path, 0700, r->mailbox.uid, r->mailbox.gid) ==
		-1 ||
	    place_folder(r, "mailbox/index") == -1)
		return -1;
	for (int i = 0; backup_mailbox_folders[i] != NULL; i++) {
		snprintf(name, sizeof(name), "mailbox/%s",
		    backup_mailbox_folders[i]);
		if (place_folder(r, name) == -1)
			return -1;
	}
	return place_waiting(r) == -1 ? -1 : place_folder(r, "accounts");
}

static int
place_all(struct restore *r)
{
	char conf[PATH_SIZE], files[PATH_SIZE];

	if (restore_stage_open(r) == -1)
		return -1;
	snprintf(conf, sizeof(conf), "%s/conf", r->staged);
	snprintf(files, sizeof(files), "%s/files", r->staged);
	if (place_files(r, files, "") == -1 ||
	    place_files(r, conf, r->folder) == -1 || place_state(r) == -1 ||
	    restore_place_sync(r->folder) == -1 ||
	    restore_place_sync(r->state) == -1)
		return -1;
	return restore_stage_close(r);
}

/* In a place that was found good. */
static enum client_exit
restore(struct restore *r)
{
	int result;

	if ((r->claim = restore_place_claim(r->state)) == -1)
		return CLIENT_TEMPORARY;
	progress_begin("unpacking", "octets", tarball_reader_octets(r->reader));
	result = restore_stage(r);
	progress_end();
	if (result == -1) {
		warnx("nothing was changed");
		return CLIENT_TEMPORARY;
	}
	if (place_all(r) == 0)
		return CLIENT_OK;
	warnx("a part was restored: set right what stands above, and restore "
	      "again with --force");
	return CLIENT_TEMPORARY;
}

enum client_exit
restore_all(struct tarball_reader *reader, const char *folder, int is_forced)
{
	struct restore r = {
	    .reader = reader, .folder = folder, .lock = -1, .claim = -1};
	enum client_exit code;

	restore_place_begin(&r.place);
	if ((code = take_info(&r)) == CLIENT_OK &&
	    (code = check_place(&r, is_forced)) == CLIENT_OK)
		code = restore(&r);
	if (r.lock != -1)
		close(r.lock);
	if (r.claim != -1)
		close(r.claim);
	return code;
}
