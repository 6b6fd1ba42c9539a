/*
 * directory_next -- what stands in the directory, in order.
 */
#ifndef DIRECTORY_NEXT_H
#define DIRECTORY_NEXT_H

#include "directory.h"

/*
 * The name after `after` ("": the first), in the order of domains, then local
 * parts; it need not exist.  domain: users of this one only, "" for all.
 * OK; NO_USER at the end or where `after` is no name; FAILED.
 */
enum directory_result directory_next_domain(
    struct directory *d, const char *after, char name[WIRE_NAME_MAX]);
enum directory_result directory_next_user(struct directory *d,
    const char *after, const char *domain, char name[WIRE_NAME_MAX]);
/* Likewise; targets as they were given, not what they come down to. */
enum directory_result
directory_next_alias(struct directory *d, const char *after,
    char name[WIRE_NAME_MAX], struct record_targets *targets);

/* The entry of a table behind the key `after`, as kv_next has it: OK; NO_USER
 * at the end; FAILED. */
enum directory_result
directory_next_key(struct kv *kv, enum kv_table table, const char *after,
    char key[KV_KEY_MAX], void *value, size_t size, size_t *length);

#endif
