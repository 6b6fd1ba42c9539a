#include "kv_proof.h"

#include "log.h"

#include <db.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Berkeley DB's pages: what stands where. */
enum { META_PAGE_SIZE = 20, PAGE_LEAST = 512, PAGE_MOST = 65536 };

static int
is_later(const DB_LSN *a, const DB_LSN *b)
{
	return a->file != b->file ? a->file > b->file : a->offset > b->offset;
}

static void
quiet(const DB_ENV *env, const char *prefix, const char *message)
{
	(void)env;
	(void)prefix;
	(void)message;
}

/* Where the log ends, as a recovery will see it: 0, or Berkeley DB's code. */
static int
find_end(const char *folder, DB_LSN *end)
{
	DBT record = {.flags = DB_DBT_MALLOC};
	DB_LOGC *cursor;
	DB_ENV *env;
	int code;

	if ((code = db_env_create(&env, 0)) != 0)
		return code;
	env->set_errcall(env, quiet);
	code =
	    env->open(env, folder, DB_CREATE | DB_INIT_LOG | DB_PRIVATE, 0600);
	if (code == 0 && (code = env->log_cursor(env, &cursor, 0)) == 0) {
		code = cursor->get(cursor, end, &record, DB_LAST);
		free(record.data);
		cursor->close(cursor, 0);
	}
	env->close(env, 0);
	return code;
}

/* The latest change that a page of the file has seen; none where the file is
 * no table (opening it says so). */
static void
find_change(int fd, DB_LSN *latest)
{
	uint32_t page;
	DB_LSN lsn;
	off_t at = 0;

	if (pread(fd, &page, sizeof(page), META_PAGE_SIZE) != sizeof(page) ||
	    page < PAGE_LEAST || page > PAGE_MOST)
		return;
	for (; pread(fd, &lsn, sizeof(lsn), at) == sizeof(lsn); at += page)
		if (is_later(&lsn, latest))
			*latest = lsn;
}

int
kv_proof_log(const char *folder, const char *const *tables, int count)
{
	DB_LSN latest = {0, 0}, end = {0, 0};
	int dir, fd, i, code;

	if ((dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return 0;
	for (i = 0; i < count; i++) {
		fd = openat(dir, tables[i], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd == -1)
			continue;
		find_change(fd, &latest);
		close(fd);
	}
	close(dir);
	/* File 0 stands for changes that are not logged. */
	if (latest.file == 0)
		return 0;
	code = find_end(folder, &end);
	if (code != 0 && code != DB_NOTFOUND) {
		log_error("kv.log", log_text("error", db_strerror(code)));
		return code;
	}
	if (!is_later(&latest, &end))
		return 0;
	log_error("kv.log", log_text("error", "it ends before the tables do"),
	    log_int("file", end.file), log_int("offset", end.offset));
	return DB_VERIFY_BAD;
}
