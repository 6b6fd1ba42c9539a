/*
 * metrics -- what the metrics helper shows, fetched and read: OpenMetrics text
 * over HTTP, from a loopback address or a UNIX socket.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stddef.h>

/* One sample; its texts point into the text that was fetched. */
struct metrics_sample {
	const char *name, *labels; /* labels as they stand, "" for none */
	double value;
};

struct metrics {
	char *text;
	struct metrics_sample *samples;
	size_t count;
};

/*
 * Fetches from an address as listen_parse takes it, within some seconds, and
 * reads the samples.  0, or -1 after a line on standard error.  Free with
 * metrics_free.
 */
int metrics_fetch(struct metrics *m, const char *address);

/* The same of a text, which becomes m's own (from malloc): 0, or -1 without
 * memory. */
int metrics_parse(struct metrics *m, char *text);

void metrics_free(struct metrics *m);

/* The value of the sample that has this name and these labels; 0: there is
 * none. */
double
metrics_value(const struct metrics *m, const struct metrics_sample *like);

/* The sum of the samples of that name whose labels have both texts, such as
 * process="smtpd"; NULL: any. */
double metrics_sum(const struct metrics *m, const char *name, const char *one,
    const char *two);

/*
 * A histogram's quantile (0 to 1) from its buckets, those of `before` (NULL:
 * none) taken off: the bound below which it lies; -1 where nothing was counted.
 * name is without _bucket.
 */
double metrics_quantile(const struct metrics *m, const struct metrics *before,
    const char *name, const char *label, double quantile);

#endif
