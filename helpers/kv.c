#include "kv.h"
#include "kv_parts.h"
#include "kv_proof.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_FILE "LOCK"
#define LOG_SIZE  (4U << 20)
/* Locks, lockers and locked objects: a transaction of ours takes a few. */
#define LOCKS 5000
/* Log written since the last checkpoint that makes a new one worth it. */
#define CHECKPOINT_KIB 64

const char *const kv_table_files[KV_TABLES] = {
    [KV_DOMAINS] = "domains.db",
    [KV_USERS] = "users.db",
    [KV_ALIASES] = "aliases.db",
    [KV_RULES] = "rules.db",
};

static void
log_berkeley(const DB_ENV *env, const char *prefix, const char *message)
{
	(void)env;
	(void)prefix;
	log_error("kv.db", log_text("message", message));
}

static void
log_nothing(const DB_ENV *env, const char *prefix, const char *message)
{
	(void)env;
	(void)prefix;
	(void)message;
}

enum kv_status
kv_parts_failed(struct kv *kv, const char *step, int code)
{
	if (code == DB_RUNRECOVERY || code == DB_CHKSUM_FAIL ||
	    code == DB_VERIFY_BAD || code == EIO)
		kv->broken = 1;
	log_error("kv.failed", log_text("step", step),
	    log_text("error", db_strerror(code)),
	    log_int("broken", kv->broken));
	return KV_FAILED;
}

/* Takes the folder's lock, which dies with this process and no sooner. */
static int
take_lock(int folder)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd, code;

	fd = openat(
	    folder, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return -1;
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return fd;
	code = errno == EACCES ? EAGAIN : errno;
	close(fd);
	errno = code;
	return -1;
}

/* Checks the folder and takes its lock: the descriptor, or -1 and logged. */
static int
claim_folder(const char *path)
{
	struct stat st;
	int folder, fd = -1;

	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder == -1) {
		log_error(
		    "kv.folder", log_text("path", path), log_errno(errno));
		return -1;
	}
	if (fstatat(folder, "DB_CONFIG", &st, AT_SYMLINK_NOFOLLOW) == 0) {
		log_error("kv.stray_config", log_text("folder", path),
		    log_text("action",
			"remove the file DB_CONFIG: it would change the "
			"settings that keep the data safe"));
	} else if (errno != ENOENT) {
		log_error(
		    "kv.folder", log_text("path", path), log_errno(errno));
	} else if ((fd = take_lock(folder)) == -1) {
		log_error("kv.locked", log_text("folder", path),
		    log_text(
			"why", errno == EAGAIN
				   ? "another process owns this environment"
				   : strerror(errno)));
	}
	close(folder);
	return fd;
}

static int
open_environment(struct kv *kv, const char *path, size_t cache)
{
	const u_int32_t flags = DB_CREATE | DB_RECOVER | DB_INIT_TXN |
				DB_INIT_LOG | DB_INIT_MPOOL | DB_INIT_LOCK |
				DB_PRIVATE;
	DB_ENV *env;
	int code;

	if ((code = db_env_create(&kv->env, 0)) != 0) {
		kv->env = NULL;
		return code;
	}
	env = kv->env;
	env->set_errcall(env, log_berkeley);
	if ((code = env->set_cachesize(env, (u_int32_t)(cache >> 30),
		 (u_int32_t)(cache & ((1U << 30) - 1)), 1)) != 0 ||
	    (code = env->set_lg_max(env, LOG_SIZE)) != 0 ||
	    (code = env->set_lk_max_locks(env, LOCKS)) != 0 ||
	    (code = env->set_lk_max_objects(env, LOCKS)) != 0 ||
	    (code = env->set_lk_max_lockers(env, LOCKS)) != 0)
		return code;
	if ((code = env->open(env, path, flags, 0600)) != 0)
		return code;
	return env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1);
}

static int
open_table(struct kv *kv, enum kv_table table)
{
	DB *db;
	int code;

	if ((code = db_create(&db, kv->env, 0)) != 0)
		return code;
	kv->tables[table] = db;
	if ((code = db->set_flags(db, DB_CHKSUM)) != 0)
		return code;
	return db->open(db, NULL, kv_table_files[table], NULL, DB_BTREE,
	    DB_CREATE | DB_AUTO_COMMIT, 0600);
}

struct kv *
kv_open(const char *folder, size_t cache)
{
	struct kv *kv;
	int code, table;

	if ((kv = calloc(1, sizeof(*kv))) == NULL) {
		log_error("kv.folder", log_errno(ENOMEM));
		return NULL;
	}
	if ((kv->lock = claim_folder(folder)) == -1) {
		free(kv);
		return NULL;
	}
	code = kv_proof_log(folder, kv_table_files, KV_TABLES);
	if (code == 0)
		code = open_environment(kv, folder, cache);
	for (table = 0; code == 0 && table < KV_TABLES; table++)
		code = open_table(kv, (enum kv_table)table);
	if (code == 0 && kv_checkpoint(kv) == KV_OK)
		return kv;

	if (code != 0)
		kv_parts_failed(kv, "open", code);
	kv->broken = 1; /* so that closing it writes nothing */
	log_error("kv.damaged", log_text("folder", folder),
	    log_text("action",
		"nothing was changed; if this repeats, put a backup of the "
		"folder in its place"));
	kv_close(&kv);
	return NULL;
}

void
kv_close(struct kv **kvp)
{
	struct kv *kv = *kvp;
	int code, table;

	if (kv == NULL)
		return;
	*kvp = NULL;
	kv_abort(kv);
	/* What is broken was logged; that it can't be closed is no news. */
	if (kv->broken && kv->env != NULL)
		kv->env->set_errcall(kv->env, log_nothing);
	for (table = 0; table < KV_TABLES; table++) {
		DB *db = kv->tables[table];

		if (db != NULL && (code = db->close(db, 0)) != 0 && !kv->broken)
			kv_parts_failed(kv, "close", code);
	}
	if (kv->env != NULL) {
		if (!kv->broken)
			kv->env->txn_checkpoint(kv->env, 0, 0, 0);
		kv->env->close(kv->env, 0);
	}
	close(kv->lock);
	free(kv);
}

/* A key as Berkeley DB sees it: the text without its NUL, only read. */
static DBT
key_of(const char *key)
{
	union {
		const char *in;
		void *data;
	} text = {.in = key};

	return (DBT){.data = text.data, .size = (u_int32_t)strlen(key)};
}

static DBT
room(void *data, size_t size)
{
	return (DBT){
	    .data = data, .ulen = (u_int32_t)size, .flags = DB_DBT_USERMEM};
}

enum kv_status
kv_get(struct kv *kv, enum kv_table table, const char *key, void *value,
    size_t size, size_t *length)
{
	DB *db = kv->tables[table];
	DBT k = key_of(key), v = room(value, size);
	int code;

	*length = 0;
	code = db->get(db, kv->txn, &k, &v, 0);
	if (code == DB_NOTFOUND)
		return KV_NONE;
	if (code != 0)
		return kv_parts_failed(kv, "get", code);
	*length = v.size;
	return KV_OK;
}

/* Steps the cursor to the first key after `after`. */
static int
step_past(DBC *cursor, const char *after, DBT *k, DBT *v)
{
	size_t length = strlen(after);
	int code;

	memcpy(k->data, after, length);
	k->size = (u_int32_t)length;
	code = cursor->get(cursor, k, v, DB_SET_RANGE);
	if (code == 0 && k->size == length &&
	    memcmp(k->data, after, length) == 0)
		code = cursor->get(cursor, k, v, DB_NEXT);
	return code;
}

enum kv_status
kv_next(struct kv *kv, enum kv_table table, const char *after, char *key,
    void *value, size_t size, size_t *length)
{
	DB *db = kv->tables[table];
	DBT k = room(key, KV_KEY_MAX - 1), v = room(value, size);
	DBC *cursor;
	int code, end;

	if (strlen(after) >= KV_KEY_MAX)
		return kv_parts_failed(kv, "next", EINVAL);
	if (value == NULL)
		v.flags |= DB_DBT_PARTIAL; /* of length 0 */
	if ((code = db->cursor(db, kv->txn, &cursor, 0)) != 0)
		return kv_parts_failed(kv, "cursor", code);
	code = step_past(cursor, after, &k, &v);
	end = cursor->close(cursor);
	if (code == DB_NOTFOUND)
		return end == 0 ? KV_NONE : kv_parts_failed(kv, "cursor", end);
	if (code != 0 || (code = end) != 0)
		return kv_parts_failed(kv, "next", code);
	key[k.size] = '\0';
	if (length != NULL)
		*length = v.size;
	return KV_OK;
}

enum kv_status
kv_begin(struct kv *kv)
{
	int code;

	if (kv->txn != NULL)
		panic("kv: a transaction is open already");
	code = kv->env->txn_begin(kv->env, NULL, &kv->txn, DB_TXN_SYNC);
	if (code == 0)
		return KV_OK;
	kv->txn = NULL;
	return kv_parts_failed(kv, "begin", code);
}

enum kv_status
kv_put(struct kv *kv, enum kv_table table, const char *key, const void *value,
    size_t length)
{
	DB *db = kv->tables[table];
	union {
		const void *in;
		void *data;
	} octets = {.in = value};
	DBT k = key_of(key);
	DBT v = {.data = octets.data, .size = (u_int32_t)length};
	int code;

	if (kv->txn == NULL)
		panic("kv: a put outside of any transaction");
	if (k.size == 0 || k.size >= KV_KEY_MAX || length > KV_VALUE_MAX)
		return kv_parts_failed(kv, "put", EINVAL);
	if ((code = db->put(db, kv->txn, &k, &v, 0)) != 0)
		return kv_parts_failed(kv, "put", code);
	return KV_OK;
}

enum kv_status
kv_delete(struct kv *kv, enum kv_table table, const char *key)
{
	DB *db = kv->tables[table];
	DBT k = key_of(key);
	int code;

	if (kv->txn == NULL)
		panic("kv: a delete outside of any transaction");
	code = db->del(db, kv->txn, &k, 0);
	if (code == DB_NOTFOUND)
		return KV_NONE;
	return code == 0 ? KV_OK : kv_parts_failed(kv, "delete", code);
}

enum kv_status
kv_settle(struct kv *kv)
{
	int code = kv->is_copied ? kv->env->memp_sync(kv->env, NULL)
				 : kv->env->txn_checkpoint(kv->env, 0, 0, 0);

	kv->is_behind = 0;
	kv->settled = clock_now();
	return code == 0 ? KV_OK : kv_parts_failed(kv, "checkpoint", code);
}

void
kv_settle_later(struct kv *kv, void (*behind)(void))
{
	kv->behind = behind;
}

/* Changes are rare, mostly.  Recovery takes damage of the log for its end, and
 * would lose what stands in the log alone. */
static void
write_tables(struct kv *kv)
{
	if (kv->behind == NULL || clock_now() >= kv->settled + KV_SETTLE) {
		kv_settle(kv);
	} else if (!kv->is_behind) {
		kv->is_behind = 1;
		kv->behind();
	}
}

enum kv_status
kv_commit(struct kv *kv)
{
	DB_TXN *txn = kv->txn;
	int code;

	if (txn == NULL)
		panic("kv: a commit outside of any transaction");
	kv->txn = NULL;
	if ((code = txn->commit(txn, DB_TXN_SYNC)) == 0) {
		write_tables(kv);
		return KV_OK;
	}
	/* A failed sync is never tried again as if nothing had happened. */
	kv->broken = 1;
	return kv_parts_failed(kv, "commit", code);
}

void
kv_abort(struct kv *kv)
{
	DB_TXN *txn = kv->txn;
	int code;

	if (txn == NULL)
		return;
	kv->txn = NULL;
	if ((code = txn->abort(txn)) != 0) {
		kv->broken = 1;
		kv_parts_failed(kv, "abort", code);
	}
}

enum kv_status
kv_checkpoint(struct kv *kv)
{
	int code;

	if (kv->is_copied)
		return kv_settle(kv);
	code = kv->env->txn_checkpoint(kv->env, CHECKPOINT_KIB, 0, 0);
	return code == 0 ? KV_OK : kv_parts_failed(kv, "checkpoint", code);
}

int
kv_broken(const struct kv *kv)
{
	return kv->broken;
}
