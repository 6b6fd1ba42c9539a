#include "backup_parts.h"

#include "conf_text.h"
#include "program.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_SIZE  4096
#define VALUE_SIZE 65536

/* Settings that name files, or folders of files. */
static const struct named {
	const char *program, *setting;
	int may_lack; /* it is set by default */
} named[] = {
    {"smtpd", "tls.certificates", 0},
    {"smtpd", "tls.client_ca", 0},
    {"pop3d", "tls.certificates", 0},
    {"pop3d", "tls.client_ca", 0},
    {"pop3d", "backends.ca", 0},
    {"helpers", "resolver.anchor", 1},
    {"helpers", "keys.folder", 1},
    {"helpers", "accounts.lists", 0},
    {"helpers", "tokens.keys", 0},
    {"helpers", "tokens.program", 0},
};

/* What the system itself lays down is its own to bring back. */
static int
is_systems(const char *path)
{
	return (strncmp(path, "/usr/", 5) == 0 &&
		   strncmp(path, "/usr/local/", 11) != 0) ||
	       strncmp(path, "/etc/ssl/certs/", 15) == 0;
}

/* A file, or what lies in a folder, by its absolute path. */
static enum client_exit
put_named(struct tarball *t, const char *path, int may_lack)
{
	char member[TARBALL_NAME_MAX];
	struct stat st;

	if (path[0] != '/' || is_systems(path))
		return CLIENT_OK;
	if (stat(path, &st) == -1 && errno == ENOENT) {
		if (!may_lack)
			warnx("%s is not there, and so not in the backup; but "
			      "the conf names it",
			    path);
		return CLIENT_OK;
	}
	if (stat(path, &st) == -1 ||
	    tarball_name_of(BACKUP_FILES, path, member) == -1) {
		warn("%s", path);
		return CLIENT_REFUSED;
	}
	return S_ISDIR(st.st_mode)
		   ? backup_put_folder(t, path, member, "", NULL)
		   : backup_put_path(t, path, member, NULL);
}

static enum client_exit
put_setting(struct tarball *t, const char *folder, const struct named *n)
{
	static char value[VALUE_SIZE];
	enum client_exit code;
	char *rest = value;
	const char *path;

	code = backup_setting(
	    n->program, folder, n->setting, value, sizeof(value));
	while (code == CLIENT_OK && (path = strsep(&rest, "\n")) != NULL)
		if (path[0] != '\0')
			code = put_named(t, path, n->may_lack);
	return code;
}

/* A program's conf, and what that includes. */
static enum client_exit
put_program(struct tarball *t, const char *folder, const char *program)
{
	char path[PATH_SIZE], member[64], why[1024], whole[PATH_SIZE];
	enum client_exit code = CLIENT_OK;
	struct conf_texts texts;

	snprintf(path, sizeof(path), "%s/%s.conf", folder, program);
	snprintf(member, sizeof(member), "conf/%s.conf", program);
	if (conf_text_read(&texts, path, program, why, sizeof(why)) == -1) {
		warnx("%s", why);
		code = CLIENT_REFUSED;
	}
	for (size_t i = 0; i < texts.count && code == CLIENT_OK; i++) {
		if (strcmp(texts.items[i].path, path) == 0)
			code = backup_put_path(t, path, member, NULL);
		else if (realpath(texts.items[i].path, whole) != NULL)
			code = put_named(t, whole, 0);
	}
	conf_text_free(&texts);
	return code;
}

enum client_exit
backup_put_conf(struct tarball *t, const char *folder)
{
	enum client_exit code = CLIENT_OK;

	for (int i = 0; program_names[i] != NULL && code == CLIENT_OK; i++)
		if (program_has_conf(program_names[i], folder))
			code = put_program(t, folder, program_names[i]);
	for (size_t i = 0;
	     i < sizeof(named) / sizeof(named[0]) && code == CLIENT_OK; i++)
		if (program_has_conf(named[i].program, folder))
			code = put_setting(t, folder, &named[i]);
	return code;
}
