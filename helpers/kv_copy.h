/*
 * kv_copy -- copies of an environment's files while it is used.
 *
 * At the begin there is a checkpoint, and until the end no other one: then
 * whatever the tables' files hold when they are read, piece by piece, the log
 * from that checkpoint on makes of them what was true when the log was listed.
 * The recovery of kv_open does so, as after a crash.  Pages are never read
 * while they are half written, since one thread does both.
 */
#ifndef KV_COPY_H
#define KV_COPY_H

#include "kv.h"

#include <stddef.h>
#include <stdint.h>

#define KV_COPY_NAME 32	 /* of a file, with its NUL */
#define KV_COPY_MOST 512 /* files that a list may have */

struct kv_copy_file {
	char name[KV_COPY_NAME];
	uint64_t size; /* octets of it that belong to the copy */
};

/*
 * Begins a copy: writes a checkpoint, and lists the tables.  *count: how many
 * of files[KV_TABLES].  There is one copy at a time: the caller sees to it.
 * KV_OK or KV_FAILED; kv_copy_end in both cases.
 */
enum kv_status kv_copy_begin(
    struct kv *kv, struct kv_copy_file files[KV_TABLES], size_t *count);

/*
 * Once all tables are read: lists the log, with all that is acknowledged by
 * now, to files[KV_COPY_MOST].  KV_OK or KV_FAILED.
 */
enum kv_status kv_copy_log(
    struct kv *kv, struct kv_copy_file files[KV_COPY_MOST], size_t *count);

/*
 * Reads of a table's or a log's file, from octet at on, to data[size]; *length:
 * how many there were, fewer at the end alone.  KV_OK; KV_NONE: there is no
 * such file of ours; KV_FAILED.
 */
enum kv_status kv_copy_read(struct kv *kv, const char *name, uint64_t at,
    void *data, size_t size, size_t *length);

/* Checkpoints are written again.  Nothing to do where no copy has begun. */
void kv_copy_end(struct kv *kv);

#endif
