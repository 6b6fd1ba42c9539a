/*
 * kv_driver -- fills or shows a Berkeley DB environment of the accounts helper.
 *
 *	kv_driver FOLDER fill N		N users, a transaction each; no close
 *	kv_driver FOLDER fast N		likewise, tables written later: never
 *	kv_driver FOLDER show		each key and value, a line each
 */
#include "../../helpers/kv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
fill(struct kv *kv, unsigned n)
{
	char key[64], value[256];
	unsigned i;

	for (i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "user%06u@example.test", i);
		memset(value, 'a' + (int)(i % 26), sizeof(value));
		if (kv_begin(kv) != KV_OK ||
		    kv_put(kv, KV_USERS, key, value, sizeof(value)) != KV_OK ||
		    kv_commit(kv) != KV_OK)
			return 1;
	}
	return 0;
}

static int
show(struct kv *kv)
{
	static char key[KV_KEY_MAX], value[KV_VALUE_MAX];
	enum kv_status status;
	size_t length;

	while ((status = kv_next(kv, KV_USERS, key, key, value, sizeof(value),
		    &length)) == KV_OK)
		printf("%s %.*s\n", key, (int)length, value);
	return status == KV_NONE ? 0 : 1;
}

static void
later(void)
{
}

int
main(int argc, char **argv)
{
	struct kv *kv;
	int result;

	if (argc < 3 || (kv = kv_open(argv[1], 1 << 20)) == NULL)
		return 2;
	if (argc > 3 && strcmp(argv[2], "fast") == 0)
		kv_settle_later(kv, later);
	if (argc > 3)
		_exit(fill(kv, (unsigned)strtoul(argv[3], NULL, 10)));
	result = show(kv);
	kv_close(&kv);
	return result;
}
