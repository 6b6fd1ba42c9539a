#include "backup_command.h"

#include "backup_parts.h"
#include "output.h"
#include "progress.h"
#include "program.h"
#include "restore.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 4096

/* In a folder it gets a name of its own, which tells host and time. */
static void
name_file(char path[PATH_SIZE], const char *where)
{
	char host[65] = "", made[32] = "";
	const time_t now = time(NULL);
	struct stat st;
	struct tm tm;

	snprintf(path, PATH_SIZE, "%s", where);
	if (stat(where, &st) == -1 || !S_ISDIR(st.st_mode))
		return;
	if (gethostname(host, sizeof(host) - 1) == -1)
		host[0] = '\0';
	if (gmtime_r(&now, &tm) != NULL)
		strftime(made, sizeof(made), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(path, PATH_SIZE, "%s/ringmail-%s-%s.tar", where, host, made);
}

static void
print_done(const char *what, const char *path, size_t count, uint64_t octets)
{
	if (!output_json)
		printf("%s: %s, %zu files, %" PRIu64 " octets\n", path, what,
		    count, octets);
	output_begin(0);
	output_next();
	output_text("file", path);
	output_text("state", what);
	output_number("files", count);
	output_number("octets", octets);
	output_end();
}

enum client_exit
backup_command_backup(const char *folder, char **args, int count)
{
	static enum client_exit (*const parts[])(
	    struct tarball *, const char *) = {backup_put_info, backup_put_conf,
	    backup_put_folders, backup_put_mailbox, backup_put_accounts};
	enum client_exit code = CLIENT_OK;
	char path[PATH_SIZE];
	struct tarball *t;

	if (count == 0) {
		warnx("backup takes: FILE|FOLDER");
		return CLIENT_USAGE;
	}
	name_file(path, args[0]);
	if ((t = tarball_create(path)) == NULL)
		return CLIENT_REFUSED;
	progress_begin("writing", "octets", 0);
	for (size_t i = 0;
	     i < sizeof(parts) / sizeof(parts[0]) && code == CLIENT_OK; i++)
		code = parts[i](t, folder);
	if (code == CLIENT_OK && tarball_finish(t) == -1)
		code = CLIENT_TEMPORARY;
	progress_end();
	if (code == CLIENT_OK)
		print_done(
		    "written", path, tarball_count(t), tarball_octets(t));
	else
		warnx("%s was not written", path);
	tarball_free(&t);
	return code;
}

enum client_exit
backup_command_restore(const char *folder, char **args, int count)
{
	int is_forced = 0, is_check = 0;
	enum client_exit code = CLIENT_OK;
	struct tarball_reader *r;

	for (; count > 0 && args[0][0] == '-'; args++, count--) {
		if (strcmp(args[0], "--force") == 0)
			is_forced = 1;
		else if (strcmp(args[0], "--check") == 0)
			is_check = 1;
		else
			break;
	}
	if (count != 1 || args[0][0] == '-') {
		warnx("restore takes: " BACKUP_COMMAND_RESTORE_USAGE);
		return CLIENT_USAGE;
	}
	if ((r = tarball_open(args[0])) == NULL)
		return CLIENT_REFUSED;
	if (!is_check)
		code = restore_all(r, folder, is_forced);
	if (code == CLIENT_OK)
		print_done(is_check ? "whole" : "restored", args[0],
		    tarball_reader_count(r), tarball_reader_octets(r));
	tarball_close(&r);
	return code;
}
