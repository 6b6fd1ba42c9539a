#include "backup_parts.h"

#include "where.h"
#include "wire.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 1024
/* Files of the database that its helper lists at once, at most. */
#define FILES_MOST 1024
#define NAME_SIZE  64

struct file {
	char name[NAME_SIZE];
	uint64_t size;
};

/* Adds "key=value" of a setting to INFO's text. */
static enum client_exit
add_setting(char *text, const char *folder, const char *key, const char *name)
{
	size_t at = strlen(text);
	char value[PATH_SIZE];
	enum client_exit code;

	code = backup_setting("helpers", folder, name, value, sizeof(value));
	if (code == CLIENT_OK)
		snprintf(
		    text + at, BACKUP_INFO_MAX - at, "%s=%s\n", key, value);
	return code;
}

enum client_exit
backup_put_info(struct tarball *t, const char *folder)
{
	struct tarball_member m = {
	    .name = BACKUP_INFO, .rights = {0600, "root", "root"}};
	char text[BACKUP_INFO_MAX], host[256] = "", made[32] = "";
	const time_t now = time(NULL);
	enum client_exit code;
	struct tm tm;

	if (gethostname(host, sizeof(host) - 1) == -1)
		host[0] = '\0';
	if (gmtime_r(&now, &tm) != NULL)
		strftime(made, sizeof(made), "%FT%TZ", &tm);
	snprintf(text, sizeof(text), "version=%s\nhost=%s\nmade=%s\n", VERSION,
	    host, made);
	if ((code = add_setting(text, folder, BACKUP_STATE, "state")) !=
		CLIENT_OK ||
	    (code = add_setting(text, folder, BACKUP_RUN, "run")) !=
		CLIENT_OK ||
	    (code = add_setting(text, folder, BACKUP_ACCOUNTS_USER,
		 "users.accounts")) != CLIENT_OK ||
	    (code = add_setting(text, folder, BACKUP_MAILBOX_USER,
		 "users.mailbox")) != CLIENT_OK)
		return code;
	m.size = strlen(text);
	return tarball_begin(t, &m) == -1 ||
		       tarball_put(t, text, (size_t)m.size) == -1
		   ? CLIENT_TEMPORARY
		   : CLIENT_OK;
}

/* A part of STATE/mailbox, of which the mailbox helper has all. */
struct part {
	const char *path, *prefix; /* the folder; its members' names */
	const char *digits;	   /* its folders' names are of these */
	const char *begins;	   /* the names of the files in them */
	uid_t owner;		   /* of all */
};

static enum client_exit
put_folders(struct tarball *t, const struct part *p)
{
	char below[PATH_SIZE], member[PATH_SIZE];
	enum client_exit code = CLIENT_OK;
	DIR *dir = opendir(p->path);
	const struct dirent *e;

	if (dir == NULL && errno == ENOENT)
		return CLIENT_OK;
	if (dir == NULL) {
		warn("%s", p->path);
		return CLIENT_REFUSED;
	}
	while (code == CLIENT_OK && (errno = 0, e = readdir(dir)) != NULL) {
		if (e->d_name[strspn(e->d_name, p->digits)] != '\0')
			continue;
		snprintf(below, sizeof(below), "%s/%.16s", p->path, e->d_name);
		snprintf(
		    member, sizeof(member), "%s/%.16s", p->prefix, e->d_name);
		code =
		    backup_put_folder(t, below, member, p->begins, &p->owner);
	}
	if (code == CLIENT_OK && errno != 0) {
		warn("%s", p->path);
		code = CLIENT_TEMPORARY;
	}
	closedir(dir);
	return code;
}

enum client_exit
backup_put_mailbox(struct tarball *t, const char *folder)
{
	char state[PATH_SIZE / 2], mailbox[PATH_SIZE / 2 + 16];
	char path[PATH_SIZE], member[64];
	struct part p = {path, member, "0123456789abcdef", "", 0};
	enum client_exit code;
	struct stat st;

	code = backup_setting("helpers", folder, "state", state, sizeof(state));
	snprintf(mailbox, sizeof(mailbox), "%s/mailbox", state);
	if (code != CLIENT_OK || stat(mailbox, &st) == -1)
		return code; /* no helper has ever run */
	p.owner = st.st_uid;
	for (int i = 0; backup_mailbox_folders[i] != NULL && code == CLIENT_OK;
	     i++) {
		snprintf(path, sizeof(path), "%s/%s", mailbox,
		    backup_mailbox_folders[i]);
		snprintf(member, sizeof(member), "mailbox/%s",
		    backup_mailbox_folders[i]);
		code = put_folders(t, &p);
	}
	if (code != CLIENT_OK)
		return code;
	/* Letters that wait until their owner's Maildir takes them. */
	p = (struct part){mailbox, "mailbox", "0123456789", "aside.", p.owner};
	code = put_folders(t, &p);
	snprintf(path, sizeof(path), "%s/layout", mailbox);
	return code == CLIENT_OK
		   ? backup_put_path(t, path, "mailbox/layout", &p.owner)
		   : code;
}

/* A list of files, as both WIRE_BACKUP_BEGIN and _LOG bring it. */
static enum client_exit
list_files(int fd, uint16_t type, struct file *files, uint32_t *count)
{
	struct packet request, reply;
	enum client_exit code;

	packet_init(&request, type);
	packet_init(&reply, 0);
	code = client_call(fd, &request, &reply);
	if (code == CLIENT_OK) {
		*count = type == WIRE_BACKUP_END ? 0 : packet_get_u32(&reply);
		if (*count > FILES_MOST)
			reply.error = EBADMSG;
		for (uint32_t i = 0; i < *count && reply.error == 0; i++) {
			packet_get_text(
			    &reply, files[i].name, sizeof(files[i].name));
			files[i].size = packet_get_u64(&reply);
		}
		code = client_end(&reply);
	}
	packet_free(&request);
	packet_free(&reply);
	return code;
}

/* Some octets of it, from `at` on; *length: how many. */
static enum client_exit
put_piece(struct tarball *t, int fd, const struct file *file, uint64_t at,
    uint64_t *length)
{
	struct packet request, reply;
	enum client_exit code;
	const void *data;
	size_t n = 0;

	packet_init(&request, WIRE_BACKUP_READ);
	packet_init(&reply, 0);
	packet_put_text(&request, file->name);
	packet_put_u64(&request, at);
	code = client_call(fd, &request, &reply);
	if (code == CLIENT_OK) {
		data = packet_get_data(&reply, WIRE_BACKUP_PIECE, &n);
		code = client_end(&reply);
		if (n > file->size - at)
			n = (size_t)(file->size - at);
		if (code == CLIENT_OK && n == 0) {
			warnx("%s has become shorter: try again", file->name);
			code = CLIENT_TEMPORARY;
		}
		if (code == CLIENT_OK && tarball_put(t, data, n) == -1)
			code = CLIENT_TEMPORARY;
	}
	*length = n;
	packet_free(&request);
	packet_free(&reply);
	return code;
}

static enum client_exit
put_file(struct tarball *t, int fd, const struct file *file)
{
	struct tarball_member m = {
	    .size = file->size, .rights = {0600, "root", "root"}};
	enum client_exit code = CLIENT_OK;
	uint64_t length = 0;

	snprintf(
	    m.name, sizeof(m.name), "accounts/%.*s", NAME_SIZE, file->name);
	if (tarball_begin(t, &m) == -1)
		return CLIENT_TEMPORARY;
	for (uint64_t at = 0; at < file->size && code == CLIENT_OK;
	     at += length)
		code = put_piece(t, fd, file, at, &length);
	return code;
}

static enum client_exit
put_database(struct tarball *t, int fd)
{
	static const uint16_t lists[] = {WIRE_BACKUP_BEGIN, WIRE_BACKUP_LOG};
	static struct file files[FILES_MOST];
	enum client_exit code = CLIENT_OK;
	uint32_t count;

	/* The tables, and what has happened until they were read. */
	for (int i = 0; i < 2 && code == CLIENT_OK; i++) {
		count = 0;
		code = list_files(fd, lists[i], files, &count);
		for (uint32_t k = 0; k < count && code == CLIENT_OK; k++)
			code = put_file(t, fd, &files[k]);
	}
	return code == CLIENT_OK
		   ? list_files(fd, WIRE_BACKUP_END, files, &count)
		   : code;
}

enum client_exit
backup_put_accounts(struct tarball *t, const char *folder)
{
	enum client_exit code;
	int fd;

	if ((code = where_connect_accounts(folder, &fd)) != CLIENT_OK)
		return code;
	code = put_database(t, fd);
	close(fd);
	return code;
}
