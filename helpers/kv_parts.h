/*
 * kv_parts -- what the files of kv share, and nobody else sees.
 */
#ifndef KV_PARTS_H
#define KV_PARTS_H

#include "kv.h"

#include <db.h>
#include <stdint.h>

struct kv {
	DB_ENV *env;
	DB *tables[KV_TABLES];
	DB_TXN *txn;
	int lock; /* holds the lock on LOCK_FILE for as long as it is open */
	int broken;
	void (*behind)(void); /* kv_settle_later; NULL: at once */
	int is_behind;	      /* some changes stand in the log alone */
	int64_t settled;      /* when none did */
	int is_copied;	      /* kv_copy.h: no checkpoint meanwhile */
};

/* The tables' files, in the environment's folder. */
extern const char *const kv_table_files[KV_TABLES];

/* KV_FAILED after a log line; notes whether the environment still works. */
enum kv_status kv_parts_failed(struct kv *kv, const char *step, int code);

#endif
