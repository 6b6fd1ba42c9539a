#include "conf.h"

#include <string.h>

#define NAME_OCTETS 64 /* no name of a setting is longer */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * How many octets to insert, delete, replace or swap with their neighbour to
 * make b of a.  Both are shorter than NAME_OCTETS.
 */
static size_t
distance(const char *a, const char *b)
{
	size_t rows[3][NAME_OCTETS], i, j, n = strlen(b), cost;
	size_t *above, *now, *before;

	for (j = 0; j <= n; j++)
		rows[0][j] = j;
	for (i = 1; a[i - 1] != '\0'; i++) {
		now = rows[i % 3];
		above = rows[(i + 2) % 3];
		before = rows[(i + 1) % 3];
		now[0] = i;
		for (j = 1; j <= n; j++) {
			cost = a[i - 1] != b[j - 1];
			now[j] = least(above[j], now[j - 1]) + 1;
			now[j] = least(now[j], above[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return rows[(i - 1) % 3][n];
}

const char *
conf_nearest(const char *text, const char *const *candidates)
{
	const char *nearest = NULL;
	size_t length = strlen(text), best, d;

	if (length >= NAME_OCTETS)
		return NULL;
	/* Every third octet may be wrong. */
	best = (length + 2) / 3 + 1;
	for (; *candidates != NULL; candidates++) {
		if (strlen(*candidates) >= NAME_OCTETS)
			continue;
		d = distance(text, *candidates);
		if (d < best) {
			best = d;
			nearest = *candidates;
		}
	}
	return nearest;
}
