/* Any octets as a head: its surrogate is ASCII, ends in a line's end where the
 * head did, and is left alone by another pass. */
#include "../../pop3d/surrogate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *head = malloc(size + 1), *made, *again;
	size_t n, length, length_again;

	if (head == NULL)
		abort();
	memcpy(head, data, size);
	n = surrogate_head(head, size);
	if (n > size)
		abort();
	made = surrogate_make(head, n, &length);
	if (made == NULL && n > 0)
		abort();
	if (made != NULL) {
		if (surrogate_is_needed(made, length))
			abort();
		if (n > 0 && head[n - 1] == '\n' && made[length - 1] != '\n')
			abort();
		again = surrogate_make(made, length, &length_again);
		if (again == NULL || length_again != length ||
		    memcmp(made, again, length) != 0)
			abort();
		free(again);
	}
	free(made);
	free(head);
	return 0;
}
