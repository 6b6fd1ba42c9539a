/*
 * kv -- tables of keys and values that survive a crash, on Berkeley DB.
 *
 * One process owns an environment: nobody else may open its files, and each
 * start recovers what a crash left.  Pages carry checksums.  What kv_commit
 * acknowledged is on the disk.  Calls block on the disk for a moment; they are
 * for one thread only.  At most one transaction is open at a time, and all
 * calls in between belong to it.
 */
#ifndef KV_H
#define KV_H

#include "clock.h"

#include <stddef.h>

struct kv;

enum kv_table { KV_DOMAINS, KV_USERS, KV_ALIASES, KV_RULES, KV_TABLES };

enum kv_status {
	KV_OK,
	KV_NONE,  /* no such key */
	KV_FAILED /* logged; see kv_broken */
};

/* A key (a text), with its NUL; a value. */
#define KV_KEY_MAX   384
#define KV_VALUE_MAX 40960

/*
 * Opens the environment in folder, which must exist, as its sole owner:
 * recovers it, or makes a new one in an empty folder.  Refuses where a
 * DB_CONFIG file stands in the folder (it would change the settings behind our
 * back), where somebody else holds the lock, and where the files are damaged.
 * NULL after a log line that says which.  The caller's; kv_close.
 */
struct kv *kv_open(const char *folder, size_t cache);

/* Aborts an open transaction, writes a checkpoint, closes, sets *kv to NULL. */
void kv_close(struct kv **kv);

/*
 * The value under key: copied to value[size], its length to *length.  A longer
 * one is KV_FAILED.
 */
enum kv_status kv_get(struct kv *kv, enum kv_table table, const char *key,
    void *value, size_t size, size_t *length);

/*
 * The first entry whose key comes after `after` in octet order ("": the very
 * first): its key to key[KV_KEY_MAX], its value as in kv_get.  value NULL: only
 * the key.  KV_NONE at the end.
 */
enum kv_status kv_next(struct kv *kv, enum kv_table table, const char *after,
    char *key, void *value, size_t size, size_t *length);

/* Begins a transaction.  KV_OK or KV_FAILED. */
enum kv_status kv_begin(struct kv *kv);

/* Only in a transaction: sets or replaces a value.  KV_OK or KV_FAILED. */
enum kv_status kv_put(struct kv *kv, enum kv_table table, const char *key,
    const void *value, size_t length);

/* Only in a transaction: removes an entry.  Any result. */
enum kv_status kv_delete(struct kv *kv, enum kv_table table, const char *key);

/*
 * Ends the transaction.  KV_OK: it is durable.  KV_FAILED: nothing of it was
 * done, or the environment is broken and the next start decides.
 *
 * It stands in the log, and in the tables too; but where kv_settle_later has
 * been called, and the last time is less than KV_SETTLE ago, in the log alone.
 */
enum kv_status kv_commit(struct kv *kv);

/*
 * Many changes in a row cost one sync each, not five: behind is called when a
 * change stands in the log alone, and kv_settle is to be called KV_SETTLE ns
 * later.  (Until then recovery depends on the log.)
 */
#define KV_SETTLE (CLOCK_SECOND)
void kv_settle_later(struct kv *kv, void (*behind)(void));

/* Writes all changes to the tables.  KV_OK or KV_FAILED. */
enum kv_status kv_settle(struct kv *kv);

/* Undoes the transaction; nothing to do where none is open. */
void kv_abort(struct kv *kv);

/*
 * Writes changed pages back, so that old log files go and the next start is
 * short.  Costs next to nothing where little changed; call it each minute.
 */
enum kv_status kv_checkpoint(struct kv *kv);

/* Whether the environment must be opened anew: the process should end. */
int kv_broken(const struct kv *kv);

#endif
