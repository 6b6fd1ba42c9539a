#include "share.h"

#include <stdint.h>
#include <string.h>

/* FNV-1a, mixed once more, since names often differ in their last octet alone:
 * the same in each process and after each start. */
unsigned
share_of(const char *root, const char *path, unsigned n)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t length = strlen(root);

	if (n <= 1)
		return 0;
	if (strncmp(path, root, length) == 0 && path[length] == '/')
		path += length + 1;
	for (; *path != '\0'; path++)
		hash = (hash ^ (unsigned char)*path) * UINT64_C(0x100000001b3);
	hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
	return (unsigned)((hash ^ hash >> 33) % n);
}
